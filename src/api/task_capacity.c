/* Where tasks may go: launch types and capacity provider strategies (facts: tasks 5.3, services 11.3), and the volume
 * that is configured at launch. */
#include <string.h>

#include "cluster_reply.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/volume_rules.h"
#include "task_request.h"

static int read_strategy(struct api_call *call, const struct value *strategy, const struct value *associated,
    struct task_launch *launch) {
    int result = capacity_strategy_check(call, strategy, associated);
    size_t count = value_count(strategy);
    if (result != 0)
        return result;
    launch->strategy = strategy;
    launch->providers = arena_new_array(call->arena, struct capacity_provider, count);
    launch->assigned = arena_new_array(call->arena, unsigned, count);
    for (size_t index = 0; index < count; index++) {
        result = capacity_provider_find(
            call, value_string(value_at(strategy, index), "capacityProvider"), &launch->providers[index]);
        if (result != 0)
            return result;
    }
    launch->kind = task_launch_kind_of_provider(launch->providers[0].kind);
    return 0;
}

int launch_choose_capacity(struct api_call *call, const struct cluster *cluster, struct task_launch *launch) {
    const char *type = value_string_nonempty(call->input, "launchType");
    const struct value *strategy = value_get(call->input, "capacityProviderStrategy");
    if (type != NULL && value_count(strategy) != 0)
        return api_fail(call, ERROR_LAUNCH_AND_STRATEGY, NULL);
    if (text_equal(type, "MANAGED_INSTANCES"))
        return api_fail(call, ERROR_LAUNCH_MANAGED, NULL);
    if (text_equal(type, "FARGATE"))
        launch->kind = LAUNCH_FARGATE;
    else
        launch->kind = text_equal(type, "EXTERNAL") ? LAUNCH_EXTERNAL : LAUNCH_EC2;
    if (type != NULL)
        return 0;
    const struct value *document = cluster_document(call, cluster);
    if (value_count(strategy) == 0)
        strategy = value_get(document, "defaultCapacityProviderStrategy");
    if (value_count(strategy) == 0)
        return 0;
    return read_strategy(call, strategy, value_get(document, "capacityProviders"), launch);
}

int launch_check_volumes(struct api_call *call, struct task_launch *launch) {
    const struct value *list = value_get(call->input, "volumeConfigurations");
    struct violation violation;
    if (volume_rules_check(call->arena, list, launch->definition->volume_configured_at_launch, &violation) !=
        0)
        return api_fail_with(call, &violation);
    launch->volume = value_at(list, 0);
    return 0;
}
