/* Where new tasks go: launch types, capacity providers, zones, instances. */
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/engine/interruptions.h"
#include "ecs-local/engine/task_launch.h"
#include "ecs-local/store/capacity_provider_rows.h"
#include "engine_internal.h"

const char *task_launch_type_name(enum launch_kind kind) {
    static const char *const names[LAUNCH_KIND_COUNT] = {
        [LAUNCH_EC2] = "EC2",
        [LAUNCH_FARGATE] = "FARGATE",
        [LAUNCH_EXTERNAL] = "EXTERNAL",
        [LAUNCH_MANAGED_INSTANCES] = "MANAGED_INSTANCES",
    };
    return names[kind];
}

bool task_launch_supported(const struct task_definition *definition, enum launch_kind kind) {
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

enum launch_kind task_launch_kind_of_provider(enum capacity_provider_kind kind) {
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

/* What Fargate has since platform version 1.4.0 only (facts: tasks 5.3; the list: D). */
static bool needs_newest_platform(const struct task_launch *launch) {
    const struct task_definition *definition = launch->definition;
    const char *cpu = launch->cpu != NULL ? launch->cpu : definition->cpu;
    int64_t cpu_units = 0;
    static const char *const newest[] = {"ecs.capability.efs", "ecs.capability.extensible-ephemeral-storage",
        "ecs.capability.env-files.s3", "ecs.capability.pid-ipc-namespace-sharing",
        "ecs.capability.storage.ebs-task-volume-attach"};
    /* The two largest sizes came with it (facts: tasks 4.5). */
    if (cpu != NULL && task_definition_parse_cpu(cpu, &cpu_units) == 0 && cpu_units >= 8192)
        return true;
    for (unsigned index = 0; index < definition->required_attribute_count; index++) {
        for (size_t name = 0; name < sizeof(newest) / sizeof(newest[0]); name++) {
            if (text_equal(definition->required_attributes[index], newest[name]))
                return true;
        }
    }
    return false;
}

int task_launch_platform(struct task_launch *launch, const char *version_or_null) {
    static const char *const linux_versions[] = {"1.4.0", "1.3.0", "1.2.0", "1.1.0", "1.0.0"};
    static const char *const windows_versions[] = {"1.0.0"};
    bool windows = launch->definition->is_windows;
    const char *const *known = windows ? windows_versions : linux_versions;
    size_t known_count = windows ? array_length(windows_versions) : array_length(linux_versions);
    launch->platform_family = windows ? launch->definition->os_family : "Linux";
    launch->platform_version = windows ? "1.0.0" : "1.4.0";
    if (version_or_null == NULL || text_equal(version_or_null, "LATEST"))
        return 0;
    for (size_t index = 0; index < known_count; index++) {
        if (text_equal(version_or_null, known[index])) {
            launch->platform_version = known[index];
            return index != 0 && needs_newest_platform(launch) ? TASK_PLATFORM_INCOMPATIBLE : 0;
        }
    }
    return TASK_PLATFORM_UNKNOWN;
}

void task_launch_read_zones(
    struct engine *engine, struct scope *scope, struct arena *arena, struct task_launch *launch) {
    launch->zone_count = 0;
    launch->zones = arena_new_array(arena, const char *, value_count(launch->subnets));
    value_for_each(subnet, launch->subnets) {
        const char *zone = engine_subnet_zone(engine, scope, subnet->string);
        if (zone == NULL) {
            launch->zone_count = 0;
            return;
        }
        launch->zones[launch->zone_count++] = zone;
    }
}

const char *task_launch_zone_of_subnet(
    struct engine *engine, const struct scope *scope, struct arena *arena, const char *subnet_id) {
    const char *known = engine_subnet_zone(engine, scope, subnet_id);
    if (known != NULL)
        return arena_strdup(arena, known);
    unsigned sum = 0;
    for (const char *cursor = subnet_id; *cursor != '\0'; cursor++)
        sum = sum * 31 + (unsigned char)*cursor;
    return arena_printf(arena, "%s%c", scope_region(scope), (char)('a' + sum % 3));
}

int engine_capacity_provider(struct engine *engine, const struct scope *scope, const char *name,
    struct arena *arena, struct capacity_provider *ret_provider) {
    if (capacity_provider_built_in(name, ret_provider) == 0)
        return 0;
    struct capacity_provider_row row;
    int result = capacity_provider_rows_get(engine->store, scope->id, name, arena, &row);
    if (result != 0)
        return result;
    struct value *document = NULL;
    if (value_parse(arena, row.document, strlen(row.document), &document) != 0)
        return error_raise(ERR_STORE, "the stored capacity provider %s cannot be read", row.name);
    capacity_provider_read(row.name, text_equal(row.status, "ACTIVE"), document, ret_provider);
    return 0;
}

const struct capacity_provider *task_launch_next_provider(struct task_launch *launch) {
    if (launch->strategy == NULL)
        return NULL;
    const struct capacity_provider *provider =
        &launch->providers[capacity_strategy_next(launch->strategy, launch->assigned)];
    launch->capacity_provider = provider->name;
    launch->kind = task_launch_kind_of_provider(provider->kind);
    return provider;
}

void task_launch_place_request(const struct task_launch *launch, struct place_request *ret_request) {
    *ret_request = (struct place_request){
        .definition_id = launch->definition_id,
        .definition = launch->definition,
        .demand = &launch->demand,
        .rules = &launch->rules,
        .group = launch->group,
        .capacity_provider = launch->capacity_provider,
        .zones = launch->zones,
        .zone_count = launch->zone_count,
    };
}

/* Is there none of the capacity in the zone, by its provider's name or its launch type? */
static bool unavailable_in(const struct engine *engine, const struct cluster *cluster,
    const struct task_launch *launch, const char *zone) {
    const char *capacity = launch->capacity_provider != NULL ? launch->capacity_provider
                                                             : task_launch_type_name(launch->kind);
    return engine_capacity_unavailable(engine, cluster, capacity, zone);
}

/* The first subnet whose zone has capacity, or the one that is asked for; NULL: none has. */
static const char *subnet_with_capacity(
    struct engine *engine, const struct cluster *cluster, const struct task_launch *launch) {
    if (launch->subnet != NULL) {
        const char *zone = task_launch_zone_of_subnet(engine, cluster->scope, engine->turn, launch->subnet);
        return unavailable_in(engine, cluster, launch, zone) ? NULL : launch->subnet;
    }
    value_for_each(subnet, launch->subnets) {
        const char *zone = task_launch_zone_of_subnet(engine, cluster->scope, engine->turn, subnet->string);
        if (!unavailable_in(engine, cluster, launch, zone))
            return subnet->string;
    }
    return NULL;
}

/* Fargate and the like: there is room, unless a fault says otherwise. */
static int place_elsewhere(
    struct engine *engine, struct cluster *cluster, struct task_launch *launch, struct task **ret_task) {
    const char *asked = launch->subnet;
    if (engine_capacity_disturbed(engine)) {
        const char *subnet = subnet_with_capacity(engine, cluster, launch);
        if (subnet == NULL) {
            launch->unavailable = capacity_unavailable_text;
            return ENGINE_NOT_FOUND;
        }
        launch->subnet = subnet;
    }
    int result = engine_task_launch(engine, cluster, NULL, launch, ret_task);
    launch->subnet = asked;
    return result;
}

static int place(struct engine *engine, struct cluster *cluster, struct task_launch *launch, bool may_wait,
    struct task **ret_task) {
    const struct capacity_provider *provider = task_launch_next_provider(launch);
    struct instance *instance = NULL;
    launch->waits = false;
    launch->unavailable = NULL;
    if (launch->kind == LAUNCH_FARGATE)
        return place_elsewhere(engine, cluster, launch, ret_task);
    if (unavailable_in(engine, cluster, launch, NULL)) {
        launch->unavailable = capacity_unavailable_text;
        return ENGINE_NOT_FOUND;
    }
    struct place_request request;
    task_launch_place_request(launch, &request);
    int result = engine_place(engine, cluster, &request, &instance);
    if (result == ENGINE_NOT_FOUND && may_wait && provider != NULL && provider->managed_scaling &&
        !engine_too_many_waiting(cluster)) {
        launch->waits = true;
        result = 0;
    }
    return result == 0 ? engine_task_launch(engine, cluster, instance, launch, ret_task) : result;
}

int engine_task_place(
    struct engine *engine, struct cluster *cluster, struct task_launch *launch, struct task **ret_task) {
    return place(engine, cluster, launch, true, ret_task);
}

int engine_task_fit(
    struct engine *engine, struct cluster *cluster, struct task_launch *launch, struct task **ret_task) {
    return place(engine, cluster, launch, false, ret_task);
}
