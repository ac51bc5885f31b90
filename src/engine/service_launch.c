/* Starting tasks of services: what they are made of, where they go, and what is said when they find no place. */
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/domain/task_overrides.h"
#include "ecs-local/engine/task_launch.h"
#include "ecs-local/store/task_definition_rows.h"
#include "service_internal.h"

static enum launch_kind kind_named(const char *launch_type) {
    if (text_equal(launch_type, "FARGATE"))
        return LAUNCH_FARGATE;
    if (text_equal(launch_type, "MANAGED_INSTANCES"))
        return LAUNCH_MANAGED_INSTANCES;
    return text_equal(launch_type, "EXTERNAL") ? LAUNCH_EXTERNAL : LAUNCH_EC2;
}

/* The strategy goes on from the tasks that are there. */
static void count_assigned(
    const struct service_entry *entry, const struct deployment *deployment, struct task_launch *launch) {
    for (unsigned index = 0; index < entry->member_count; index++) {
        const struct service_task *task = &entry->members[index]->task;
        if (!task->wanted || task->deployment_id != deployment->id || task->provider == NULL)
            continue;
        for (size_t item = 0; item < value_count(launch->strategy); item++)
            launch->assigned[item] += text_equal(launch->providers[item].name, task->provider);
    }
}

static int read_capacity(struct engine *engine, const struct service_entry *entry,
    const struct deployment *deployment, const struct value *revision, struct task_launch *launch) {
    const struct value *strategy = value_get(revision, "capacityProviderStrategy");
    launch->kind = kind_named(value_string(revision, "launchType"));
    launch->launch_type = task_launch_type_name(launch->kind);
    size_t count = value_count(strategy);
    if (count == 0)
        return 0;
    launch->strategy = strategy;
    launch->providers = arena_new_array(engine->turn, struct capacity_provider, count);
    launch->assigned = arena_new_array(engine->turn, unsigned, count);
    for (size_t index = 0; index < count; index++) {
        const char *name = value_string(value_at(strategy, index), "capacityProvider");
        const char *slash = name != NULL ? strrchr(name, '/') : NULL;
        int result = engine_capacity_provider(engine, entry->service.cluster->scope,
            slash != NULL ? slash + 1 : name, engine->turn, &launch->providers[index]);
        if (result != 0)
            return result;
    }
    launch->kind = task_launch_kind_of_provider(launch->providers[0].kind);
    launch->launch_type = task_launch_type_name(launch->kind);
    count_assigned(entry, deployment, launch);
    return 0;
}

static int read_tags(struct engine *engine, const struct service_entry *entry, const struct value *document,
    struct task_launch *launch) {
    const char *propagate = value_string(document, "propagateTags");
    launch->managed_tags = value_bool(document, "enableECSManagedTags", false);
    launch->propagate_definition = text_equal(propagate, "TASK_DEFINITION");
    if (!text_equal(propagate, "SERVICE"))
        return 0;
    const char *text = NULL;
    const char *tags = NULL;
    const char *created_by = NULL;
    struct value *list = NULL;
    int result = engine_service_document(engine, &entry->service, engine->turn, &text, &tags, &created_by);
    if (result == 0 && value_parse(engine->turn, tags, strlen(tags), &list) == 0)
        launch->tags = list;
    return result;
}

/* Without a strategy of its own a service spreads over zones, then over instances (facts: services 7.4). */
static int read_placement(
    struct engine *engine, const struct value *document, bool daemon, struct task_launch *launch) {
    struct violation violation;
    launch->placement_constraints = value_get(document, "placementConstraints");
    launch->placement_strategy = value_get(document, "placementStrategy");
    bool elsewhere = launch->kind == LAUNCH_FARGATE;
    if (placement_rules_read(engine->turn, elsewhere ? NULL : launch->definition->placement_constraints,
            launch->placement_constraints, launch->placement_strategy, &launch->rules, &violation) != 0)
        return ENGINE_NOT_FOUND;
    if (launch->rules.strategy_count == 0 && !daemon) {
        launch->rules.strategies[0] = (struct placement_strategy){
            .kind = STRATEGY_SPREAD_ATTRIBUTE, .attribute = "ecs.availability-zone"};
        launch->rules.strategies[1] = (struct placement_strategy){.kind = STRATEGY_SPREAD_INSTANCE};
        launch->rules.strategy_count = 2;
    }
    return 0;
}

static int read_network(struct engine *engine, const struct service_entry *entry,
    const struct value *revision, struct task_launch *launch) {
    const struct value *network = value_get(
        value_get(revision, "networkConfiguration"), "awsvpcConfiguration");
    if (launch->definition->network_mode != NETWORK_AWSVPC || value_count(value_get(network, "subnets")) == 0)
        return 0;
    launch->subnets = value_get(network, "subnets");
    task_launch_read_zones(engine, entry->service.cluster->scope, engine->turn, launch);
    return 0;
}

/* ENGINE_NOT_FOUND: something that it names does not exist any more. */
int service_launch_read(struct engine *engine, struct service_entry *entry,
    const struct deployment *deployment, struct service_documents *documents, struct task_launch *launch) {
    const struct scope *scope = entry->service.cluster->scope;
    struct task_definition_row row;
    int result = task_definition_rows_get_by_id(engine->store, deployment->definition_id, engine->turn, &row);
    if (result == 0)
        result = engine_task_definition(engine, deployment->definition_id, &launch->definition);
    if (result != 0)
        return result;
    launch->definition_id = deployment->definition_id;
    launch->family_id = deployment->family_id;
    launch->definition_arn = arn_task_definition(
        engine->turn, scope->region, scope->account, row.family, row.revision);
    result = read_capacity(engine, entry, deployment, documents->revision, launch);
    if (result == 0)
        result = read_placement(engine, documents->service, entry->service.settings.daemon, launch);
    if (result == 0)
        result = read_network(engine, entry, documents->revision, launch);
    if (result == 0)
        result = read_tags(engine, entry, documents->service, launch);
    if (result != 0)
        return result;
    if (launch->kind == LAUNCH_FARGATE &&
        task_launch_platform(launch, value_string(documents->revision, "platformVersion")) != 0)
        task_launch_platform(launch, NULL);
    launch->volume = value_at(value_get(documents->revision, "volumeConfigurations"), 0);
    const struct value *connect = value_get(documents->revision, "serviceConnectConfiguration");
    launch->connect = value_bool(connect, "enabled", false) ? connect : NULL;
    launch->registry = value_at(value_get(documents->revision, "serviceRegistries"), 0);
    launch->group = arena_printf(engine->turn, "service:%s", entry->service.name);
    launch->started_by = arena_printf(engine->turn, "ecs-svc/%s", deployment->digits);
    launch->service_name = entry->service.name;
    launch->service_id = entry->service.id;
    launch->deployment_id = deployment->id;
    launch->enable_execute_command = value_bool(documents->service, "enableExecuteCommand", false);
    launch->overrides = task_overrides_normalise(
        engine->turn, NULL, launch->definition, scope->partition, scope->account);
    task_overrides_demand(engine->turn, NULL, launch->definition, &launch->demand);
    return 0;
}

static unsigned tasks_in_zone(const struct service_entry *entry, const char *zone) {
    unsigned count = 0;
    for (unsigned index = 0; index < entry->member_count; index++) {
        const struct service_member *member = entry->members[index];
        count += member->task.wanted && text_equal(member->task.zone, zone);
    }
    return count;
}

/* Tasks that run on no instance of ours are spread over the zones of their subnets. */
static void choose_subnet(struct engine *engine, const struct service_entry *entry, const char *zone_or_null,
    struct task_launch *launch) {
    unsigned least = UINT32_MAX;
    launch->subnet = NULL;
    if (launch->kind != LAUNCH_FARGATE && launch->kind != LAUNCH_MANAGED_INSTANCES)
        return;
    value_for_each(subnet, launch->subnets) {
        const char *zone = task_launch_zone_of_subnet(
            engine, entry->service.cluster->scope, engine->turn, subnet->string);
        unsigned count = text_equal(zone, zone_or_null) ? 0 : tasks_in_zone(entry, zone) + 1;
        if (count < least) {
            least = count;
            launch->subnet = subnet->string;
        }
    }
}

/* What is missing in words of a service event (facts: services 7.9). */
static const char *complaint_of(struct arena *arena, const char *refusal) {
    if (text_equal(refusal, "RESOURCE:CPU"))
        return "has insufficient CPU units available.";
    if (text_equal(refusal, "RESOURCE:MEMORY"))
        return "has insufficient memory available.";
    if (text_starts_with(refusal, "RESOURCE:PORT"))
        return "is already using a port required by your task.";
    if (text_equal(refusal, "AGENT"))
        return "doesn't have the agent connected.";
    if (text_starts_with(refusal, "ATTRIBUTE"))
        return "is missing an attribute required by your task.";
    if (text_starts_with(refusal, "MemberOf") || text_starts_with(refusal, "memberOf"))
        return "encountered error \"MemberOf placement constraint unsatisfied.\"";
    return arena_printf(arena, "encountered error \"%s\".", refusal);
}

struct misplacement {
    const struct instance *closest; /* NULL: there is no instance */
    const char *refusal;
};

/* The instance that only lacks resources is the closest. */
static struct misplacement find_closest(
    struct engine *engine, const struct cluster *cluster, const struct place_request *request) {
    struct misplacement found = {0};
    for (unsigned index = 0; index < cluster->instance_count; index++) {
        const struct instance *instance = cluster->instances[index];
        if (instance->status != INSTANCE_ACTIVE ||
            (request->capacity_provider != NULL &&
                !text_equal(instance->capacity_provider, request->capacity_provider)))
            continue;
        const char *refusal = engine_refusal(engine, instance, request);
        if (refusal == NULL)
            continue;
        if (found.closest == NULL ||
            (text_starts_with(refusal, "RESOURCE:") && !text_starts_with(found.refusal, "RESOURCE:")))
            found = (struct misplacement){instance, refusal};
    }
    return found;
}

static int complain(struct engine *engine, struct service_entry *entry, const struct task_launch *launch) {
    static const char tail[] =
        "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.";
    struct place_request request;
    task_launch_place_request(launch, &request);
    struct misplacement found = find_closest(engine, entry->service.cluster, &request);
    const char *head = arena_printf(engine->turn,
        "(service %s) was unable to place a task because no container instance met all of its requirements.",
        entry->service.name);
    service_action(engine, entry, "ERROR", "SERVICE_TASK_PLACEMENT_FAILURE",
        &(struct service_action_detail){.reason = launch->unavailable != NULL ? "RESOURCE:FARGATE"
                                                  : found.refusal != NULL     ? found.refusal
                                                                              : "NO_CONTAINER_INSTANCES",
            .container_instance = found.closest != NULL ? found.closest->arn : NULL,
            .capacity_provider = launch->capacity_provider});
    if (launch->unavailable != NULL)
        return engine_service_event(engine, &entry->service,
            "(service %s) was unable to place a task. Reason: %s.", entry->service.name, launch->unavailable);
    if (launch->strategy != NULL && engine_too_many_waiting(entry->service.cluster))
        return engine_service_event(engine, &entry->service,
            "(service %s) was unable to place tasks in your cluster because the tasks provisioning capacity limit was exceeded.",
            entry->service.name);
    if (found.closest == NULL)
        return engine_service_event(engine, &entry->service,
            "%s Reason: No Container Instances were found in your %s. %s", head,
            launch->capacity_provider != NULL ? "capacity provider" : "cluster", tail);
    return engine_service_event(engine, &entry->service,
        "%s The closest matching (container-instance %s) %s %s", head, found.closest->instance_id,
        complaint_of(engine->turn, found.refusal), tail);
}

static int place_on(struct engine *engine, struct service_entry *entry, int64_t instance_id,
    struct task_launch *launch, struct task **ret_task) {
    struct instance *instance = instance_by_row(engine, instance_id);
    struct place_request request;
    task_launch_place_request(launch, &request);
    if (instance == NULL || engine_refusal(engine, instance, &request) != NULL)
        return ENGINE_NOT_FOUND;
    launch->waits = false;
    return engine_task_launch(engine, entry->service.cluster, instance, launch, ret_task);
}

enum {
    PLACE_AGAIN_MS = 30 * 1000, /* at least, whatever the timing: who brings instances needs time (D) */
};

/* The circuit breaker counts attempts that found no place, too, until the first task runs (facts: services 7.1, 7.8): so
 * a deployment that it watches does not wait for ever. */
static void try_again(
    struct engine *engine, struct service_entry *entry, struct deployment *deployment, unsigned placed) {
    const struct service *service = &entry->service;
    int64_t at_ms = engine_now_ms(engine) + PLACE_AGAIN_MS;
    if (!service->settings.breaker || deployment->rollout != ROLLOUT_IN_PROGRESS ||
        deployment->running + deployment->pending + placed != 0)
        return;
    if (deployment->next_start_ms < at_ms)
        deployment->next_start_ms = at_ms;
    if (deployment_breaker_trips(deployment, &service->settings, service->desired_count))
        service_mark(engine, entry);
    else
        service_look_again(engine, entry, deployment->next_start_ms);
}

/* No place: the service waits for room, and tries again from time to time. */
static int note_misplaced(struct engine *engine, struct service_entry *entry, struct deployment *deployment,
    const struct task_launch *launch, unsigned placed, unsigned left) {
    service_hungry(engine, entry);
    deployment_failed_to_place(deployment, &engine->services->timing, engine_now_ms(engine));
    try_again(engine, entry, deployment, placed);
    service_changed(engine, entry);
    if (!service_troubled(engine, entry, TROUBLE_PLACEMENT))
        return 0;
    int result = complain(engine, entry, launch);
    if (result != 0 || placed == 0 || !entry->service.settings.breaker)
        return result;
    /* Only some found a place (how AWS words the reason is not known: D). */
    return engine_service_event(engine, &entry->service,
        "(service %s) could not launch %u tasks for deployment ecs-svc/%s. Reason: %s.", entry->service.name,
        left, deployment->digits,
        launch->unavailable != NULL ? launch->unavailable
                                    : "No container instance met all of its requirements");
}

enum {
    ZONES_MAX = 32,
};

/* A zone where the task could go, and how many of its deployment are there. */
struct zone_choice {
    const char *zone;
    unsigned tasks;
    uint64_t chance;
};

static bool zone_allowed(const struct task_launch *launch, const char *zone) {
    for (unsigned index = 0; index < launch->zone_count; index++) {
        if (text_equal(launch->zones[index], zone))
            return true;
    }
    return launch->zone_count == 0;
}

static unsigned find_zones(struct engine *engine, const struct service_entry *entry,
    const struct task_launch *launch, struct zone_choice choices[ZONES_MAX]) {
    const struct cluster *cluster = entry->service.cluster;
    unsigned count = 0;
    for (unsigned index = 0; index < cluster->instance_count; index++) {
        const struct instance *instance = cluster->instances[index];
        unsigned known = 0;
        while (known < count && !text_equal(choices[known].zone, instance->zone))
            known++;
        if (known < count || count == ZONES_MAX || instance->zone == NULL ||
            instance->status != INSTANCE_ACTIVE || !zone_allowed(launch, instance->zone))
            continue;
        choices[count++] = (struct zone_choice){.zone = instance->zone, .chance = ids_random(&engine->ids)};
    }
    for (unsigned index = 0; index < entry->member_count; index++) {
        const struct service_task *task = &entry->members[index]->task;
        for (unsigned zone = 0; zone < count && task->wanted && task->deployment_id == launch->deployment_id;
             zone++)
            choices[zone].tasks += text_equal(choices[zone].zone, task->zone);
    }
    return count;
}

static int by_tasks(const void *left, const void *right) {
    const struct zone_choice *one = left;
    const struct zone_choice *other = right;
    if (one->tasks != other->tasks)
        return one->tasks < other->tasks ? -1 : 1;
    return one->chance < other->chance ? -1 : one->chance > other->chance;
}

/* Into the zone that has the fewest tasks of the deployment, if there is room; else into the next. What older
 * deployments have does not count, so that zones are even when those have gone. */
static int place_evenly(
    struct engine *engine, struct service_entry *entry, struct task_launch *launch, struct task **ret_task) {
    struct zone_choice choices[ZONES_MAX];
    unsigned count = find_zones(engine, entry, launch, choices);
    const char **zones = launch->zones;
    unsigned zone_count = launch->zone_count;
    size_t items = value_count(launch->strategy);
    unsigned *assigned = arena_new_array(engine->turn, unsigned, items);
    int result = ENGINE_NOT_FOUND;
    qsort(choices, count, sizeof(choices[0]), by_tasks);
    if (items != 0)
        memcpy(assigned, launch->assigned, items * sizeof(unsigned));
    launch->zone_count = 1;
    for (unsigned index = 0; result == ENGINE_NOT_FOUND && index < count && count > 1; index++) {
        launch->zones = &choices[index].zone;
        if (items != 0)
            memcpy(launch->assigned, assigned, items * sizeof(unsigned));
        result = engine_task_fit(engine, entry->service.cluster, launch, ret_task);
    }
    launch->zones = zones;
    launch->zone_count = zone_count;
    if (result != ENGINE_NOT_FOUND)
        return result;
    if (items != 0)
        memcpy(launch->assigned, assigned, items * sizeof(unsigned));
    return engine_task_place(engine, entry->service.cluster, launch, ret_task);
}

static int place_one(struct engine *engine, struct service_entry *entry, const struct service_start *start,
    struct task_launch *launch, struct task **ret_task) {
    choose_subnet(engine, entry, start->zone, launch);
    if (start->instance_id != 0)
        return place_on(engine, entry, start->instance_id, launch, ret_task);
    bool on_instances = launch->kind == LAUNCH_EC2 || launch->kind == LAUNCH_EXTERNAL;
    if (on_instances && value_count(launch->placement_strategy) == 0 && start->zone == NULL)
        return place_evenly(engine, entry, launch, ret_task);
    return engine_task_place(engine, entry->service.cluster, launch, ret_task);
}

/* D */
static const char gone[] =
    "ClientException: The task definition or a capacity provider of the service does not exist any more";

int service_start_tasks(struct engine *engine, struct service_entry *entry, struct deployment *deployment,
    const struct service_start *start, struct service_documents *documents, struct started *started) {
    struct task_launch launch = {0};
    bool misconfigured = false;
    int result = service_launch_read(engine, entry, deployment, documents, &launch);
    if (result >= 0)
        result = service_misconfigured(
            engine, entry, result == ENGINE_NOT_FOUND ? gone : NULL, &misconfigured);
    if (result != 0)
        return result;
    if (misconfigured) {
        deployment_failed_to_place(deployment, &engine->services->timing, engine_now_ms(engine));
        service_look_again(engine, entry, deployment->next_start_ms);
        service_changed(engine, entry);
        return 0;
    }
    if (start->zone != NULL) {
        launch.zones = arena_new_array(engine->turn, const char *, 1);
        launch.zones[0] = start->zone;
        launch.zone_count = 1;
    }
    unsigned placed = 0;
    for (; result == 0 && placed < start->count; placed++) {
        struct task *task = NULL;
        result = place_one(engine, entry, start, &launch, &task);
        if (result != 0)
            break;
        buf_printf(&started->ids, " (task %s)", task->task_id);
        started->count++;
        struct service_member *member = service_member_find(engine, task->id);
        if (member != NULL)
            service_member_refresh(engine, member, task);
        if (member != NULL)
            member->stale = true;
    }
    if (result == ENGINE_NOT_FOUND)
        return note_misplaced(engine, entry, deployment, &launch, placed, start->count - placed);
    if (result == 0) {
        service_not_hungry(engine, entry);
        service_untroubled(engine, entry, TROUBLE_PLACEMENT);
    }
    return result;
}
