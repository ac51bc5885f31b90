/* Where tasks may go: launch types and capacity provider strategies (facts: tasks 5.3, services 11.3), and the volume
 * that is configured at launch. */
#include <string.h>

#include "cluster_reply.h"
#include "ecs-local/base/text.h"
#include "task_launch.h"

bool launch_supported(const struct task_definition *definition, enum launch_kind kind) {
    switch (kind) {
    case LAUNCH_FARGATE:
        return definition->supports_fargate;
    case LAUNCH_EXTERNAL:
        return definition->supports_external;
    case LAUNCH_MANAGED_INSTANCES:
        return definition->supports_managed_instances;
    case LAUNCH_EC2:
    case LAUNCH_KIND_COUNT:
        break;
    }
    return definition->supports_ec2;
}

static enum launch_kind kind_of(enum capacity_provider_kind kind) {
    switch (kind) {
    case PROVIDER_FARGATE:
    case PROVIDER_FARGATE_SPOT:
        return LAUNCH_FARGATE;
    case PROVIDER_MANAGED_INSTANCES:
        return LAUNCH_MANAGED_INSTANCES;
    case PROVIDER_AUTO_SCALING_GROUP:
        break;
    }
    return LAUNCH_EC2;
}

static int read_strategy(struct api_call *call, const struct value *strategy, const struct value *associated,
    struct launch *launch) {
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
    launch->kind = kind_of(launch->providers[0].kind);
    return 0;
}

int launch_choose_capacity(struct api_call *call, const struct cluster *cluster, struct launch *launch) {
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

const struct capacity_provider *launch_next_provider(struct launch *launch) {
    if (launch->strategy == NULL)
        return NULL;
    const struct capacity_provider *provider =
        &launch->providers[capacity_strategy_next(launch->strategy, launch->assigned)];
    launch->capacity_provider = provider->name;
    launch->kind = kind_of(provider->kind);
    return provider;
}

int launch_check_volumes(struct api_call *call, struct launch *launch) {
    const struct value *list = value_get(call->input, "volumeConfigurations");
    const char *configured = launch->definition->volume_configured_at_launch;
    if (value_count(list) == 0)
        return configured != NULL ? api_fail(call, ERROR_VOLUME_MISSING, configured) : 0;
    const struct value *volume = value_at(list, 0);
    const char *name = value_string(volume, "name");
    if (value_count(list) > 1)
        return api_fail(call, ERROR_VOLUMES_TOO_MANY, NULL);
    if (!text_equal(name, configured))
        return api_fail(call, ERROR_VOLUME_UNKNOWN, name);
    const struct value *managed = value_get(volume, "managedEBSVolume");
    if (managed == NULL)
        return api_fail(call, ERROR_VOLUME_MISSING, name);
    if (!value_has(managed, "sizeInGiB") && !value_has(managed, "snapshotId"))
        return api_fail(call, ERROR_VOLUME_SIZE, NULL);
    launch->volume = volume;
    return 0;
}

const struct value *launch_waiting_value(struct api_call *call, const struct launch *launch) {
    static const char *const kept[] = {"placementConstraints", "placementStrategy"};
    struct value *waiting = value_new_map(call->arena, 3);
    for (size_t index = 0; index < sizeof(kept) / sizeof(kept[0]); index++) {
        struct value *given = value_get(call->input, kept[index]);
        if (given != NULL)
            value_add(call->arena, waiting, kept[index], given);
    }
    if (launch->subnets != NULL)
        value_add(call->arena, waiting, "subnets", value_clone(call->arena, launch->subnets));
    return waiting;
}
