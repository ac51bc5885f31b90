#include "capacity_strategy.h"

#include <string.h>

#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/store/capacity_provider_rows.h"

static int read_provider(
    struct api_call *call, const struct capacity_provider_row *row, struct capacity_provider *ret_provider) {
    struct value *document = NULL;
    if (value_parse(call->arena, row->document, strlen(row->document), &document) != 0)
        return -1;
    const struct value *group = value_get(document, "autoScalingGroupProvider");
    *ret_provider = (struct capacity_provider){
        .kind = group != NULL ? PROVIDER_AUTO_SCALING_GROUP : PROVIDER_MANAGED_INSTANCES,
        .name = row->name,
        .active = text_equal(row->status, "ACTIVE"),
        .managed_scaling = text_equal(value_string(value_get(group, "managedScaling"), "status"), "ENABLED"),
        .managed_draining = text_equal(value_string(group, "managedDraining"), "ENABLED"),
    };
    return 0;
}

int capacity_provider_find(struct api_call *call, const char *text, struct capacity_provider *ret_provider) {
    const char *name = NULL;
    struct violation violation;
    if (arn_resolve_capacity_provider(
            call->arena, text, scope_region(call->scope), scope_account(call->scope), &name, &violation) != 0)
        return api_fail_with(call, &violation);
    bool spot = text_equal(name, "FARGATE_SPOT");
    if (spot || text_equal(name, "FARGATE")) {
        *ret_provider = (struct capacity_provider){
            .kind = spot ? PROVIDER_FARGATE_SPOT : PROVIDER_FARGATE, .name = name, .active = true};
        return 0;
    }
    struct capacity_provider_row row;
    int result = capacity_provider_rows_get(
        engine_store(call->engine), scope_id(call->scope), name, call->arena, &row);
    return result == 0 ? read_provider(call, &row, ret_provider) : result;
}

static bool is_fargate(enum capacity_provider_kind kind) {
    return kind == PROVIDER_FARGATE || kind == PROVIDER_FARGATE_SPOT;
}

/* A cluster may know the provider by ARN and the strategy by name, or the other way round. */
static int check_associated(struct api_call *call, const struct value *associated, const char *name) {
    value_for_each(item, associated) {
        struct capacity_provider provider;
        int result = capacity_provider_find(call, item->string, &provider);
        if (result == 0 && text_equal(provider.name, name))
            return 0;
        if (result < 0)
            return result;
    }
    return api_fail(call, ERROR_STRATEGY_NOT_ASSOCIATED, NULL);
}

int capacity_strategy_check(
    struct api_call *call, const struct value *strategy, const struct value *associated) {
    int64_t weights = 0;
    unsigned bases = 0;
    unsigned fargate = 0;
    if (value_count(strategy) > CAPACITY_PROVIDERS_MAX)
        return api_fail(call, ERROR_PROVIDERS_TOO_MANY, NULL);
    value_for_each(item, strategy) {
        struct capacity_provider provider;
        const char *name = value_string(item, "capacityProvider");
        int result = capacity_provider_find(call, name, &provider);
        if (result == 0 && !provider.active)
            result = STORE_NOT_FOUND;
        if (result == STORE_NOT_FOUND)
            return api_fail(call, ERROR_PROVIDER_NOT_FOUND, name);
        if (result == 0)
            result = check_associated(call, associated, provider.name);
        if (result != 0)
            return result;
        weights += value_int(item, "weight", 0);
        bases += value_int(item, "base", 0) > 0;
        fargate += is_fargate(provider.kind);
    }
    if (fargate != 0 && fargate != value_count(strategy))
        return api_fail(call, ERROR_STRATEGY_MIXED, NULL);
    if (value_count(strategy) > 1 && weights == 0)
        return api_fail(call, ERROR_STRATEGY_WEIGHTS, NULL);
    return bases > 1 ? api_fail(call, ERROR_STRATEGY_BASES, NULL) : 0;
}

size_t capacity_strategy_next(const struct value *strategy, unsigned *assigned) {
    size_t chosen = 0;
    double least = -1;
    for (size_t index = 0; index < value_count(strategy); index++) {
        const struct value *item = value_at(strategy, index);
        int64_t base = value_int(item, "base", 0);
        int64_t weight = value_int(item, "weight", 0);
        if ((int64_t)assigned[index] < base) {
            chosen = index;
            break;
        }
        if (weight == 0 && value_count(strategy) > 1)
            continue;
        double load = (double)((int64_t)assigned[index] - base) / (double)(weight != 0 ? weight : 1);
        if (least < 0 || load < least) {
            least = load;
            chosen = index;
        }
    }
    assigned[chosen]++;
    return chosen;
}
