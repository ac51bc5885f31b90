#include "capacity_strategy.h"

#include <string.h>

#include "ecs-local/base/text.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/store/capacity_provider_rows.h"

int capacity_provider_find(struct api_call *call, const char *text, struct capacity_provider *ret_provider) {
    const char *name = NULL;
    struct violation violation;
    if (arn_resolve_capacity_provider(
            call->arena, text, scope_region(call->scope), scope_account(call->scope), &name, &violation) != 0)
        return api_fail_with(call, &violation);
    return engine_capacity_provider(call->engine, call->scope, name, call->arena, ret_provider);
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
