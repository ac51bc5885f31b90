/* Tasks in PROVISIONING that wait for an instance of their capacity provider, as under managed scaling (facts: tasks
 * 5.3, services 11.3). They are tried oldest first, whenever capacity has changed. */
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "engine_internal.h"

void waiting_add(struct engine *engine, struct cluster *cluster, int64_t task_row) {
    cluster->waiting++;
    if (engine->waiting_count == engine->waiting_capacity) {
        engine->waiting_capacity = engine->waiting_capacity != 0 ? engine->waiting_capacity * 2 : 64;
        engine->waiting_tasks = xrealloc(engine->waiting_tasks, engine->waiting_capacity * sizeof(int64_t));
    }
    engine->waiting_tasks[engine->waiting_count++] = task_row;
    engine->capacity_changed = true;
}

void waiting_over(struct engine *engine, struct task *task) {
    if (task->waiting != NULL)
        cluster_by_row(engine, task->cluster_id)->waiting--;
    task->waiting = NULL;
}

/* The zones of the launch's subnets, when all are known. */
static unsigned zones_of(
    struct engine *engine, const struct cluster *cluster, const struct value *subnets, const char **zones) {
    unsigned count = 0;
    value_for_each(subnet, subnets) {
        const char *zone = engine_subnet_zone(engine, cluster->scope, subnet->string);
        if (zone == NULL)
            return 0;
        zones[count++] = zone;
    }
    return count;
}

/* What the task would be placed by. The definition may be gone: then there is nothing to place (1). */
int waiting_request(struct engine *engine, const struct task *task, const struct cluster *cluster,
    struct placement_rules *rules, struct place_request *ret_request) {
    const struct task_definition *definition = NULL;
    struct violation violation;
    const struct value *subnets = value_get(task->waiting, "subnets");
    const char **zones = arena_new_array(engine->turn, const char *, value_count(subnets));
    int result = engine_task_definition(engine, task->task_definition_id, &definition);
    if (result != 0)
        return result;
    if (placement_rules_read(engine->turn, definition->placement_constraints,
            value_get(task->waiting, "placementConstraints"), value_get(task->waiting, "placementStrategy"),
            rules, &violation) != 0)
        return ENGINE_NOT_FOUND;
    *ret_request = (struct place_request){
        .definition_id = task->task_definition_id,
        .definition = definition,
        .demand = &task->demand,
        .rules = rules,
        .group = task->group,
        .capacity_provider = task->capacity_provider,
        .zones = zones,
        .zone_count = zones_of(engine, cluster, subnets, zones),
    };
    return 0;
}

static int settle(struct engine *engine, struct task *task, struct instance *instance) {
    waiting_over(engine, task);
    task->life.since_ms = engine_now_ms(engine);
    /* So far it counts in its cluster only. */
    task_count(engine, task, -1);
    task->container_instance_id = instance->id;
    task_count(engine, task, 1);
    task->container_instance_arn = instance->arn;
    task->availability_zone = instance->zone;
    task->cpu_architecture = instance->cpu_architecture;
    task_forget_stretches(task);
    task_group_join(instance, task->group);
    return task_take(engine, task, instance);
}

/* 0 when the task has its place, ENGINE_NOT_FOUND when it goes on waiting. */
static int place(struct engine *engine, struct task *task) {
    struct cluster *cluster = cluster_by_row(engine, task->cluster_id);
    struct placement_rules rules;
    struct place_request request;
    struct instance *instance = NULL;
    int result = waiting_request(engine, task, cluster, &rules, &request);
    if (result == 0)
        result = engine_place(engine, cluster, &request, &instance);
    if (result != 0)
        return result;
    result = settle(engine, task, instance);
    if (result != 0)
        return result;
    if (task->platform != TASK_ON_INSTANCE)
        return task_schedule(engine, task);
    result = task_move_reported(engine, task, TASK_PENDING, engine_now_ms(engine));
    return result == 0 ? task_schedule(engine, task) : result;
}

int waiting_place(struct engine *engine) {
    if (!engine->capacity_changed)
        return 0;
    engine->capacity_changed = false;
    engine->scaling_changed = engine->scaling_groups != NULL;
    size_t kept = 0;
    int result = 0;
    for (size_t index = 0; index < engine->waiting_count; index++) {
        int64_t row = engine->waiting_tasks[index];
        struct task *task = NULL;
        int found = result == 0 ? task_by_row(engine, row, &task) : 0;
        if (result == 0 && found < 0)
            result = found;
        if (result == 0 && (found != 0 || task->waiting == NULL || task->desired == TASK_STOPPED))
            continue;
        int placed = result == 0 ? place(engine, task) : ENGINE_NOT_FOUND;
        if (placed < 0)
            result = placed;
        if (placed != 0)
            engine->waiting_tasks[kept++] = row;
    }
    engine->waiting_count = kept;
    return result;
}

/* The reason of the first instance that was looked at (facts: tasks 5.6). */
static const char *why(struct engine *engine, const struct task *task) {
    const struct cluster *cluster = cluster_by_row(engine, task->cluster_id);
    struct placement_rules rules;
    struct place_request request;
    if (waiting_request(engine, task, cluster, &rules, &request) != 0)
        return "NO ACTIVE INSTANCES";
    const char *reason = "EMPTY CAPACITY PROVIDER";
    for (unsigned index = 0; index < cluster->instance_count; index++) {
        const struct instance *instance = cluster->instances[index];
        if (instance->status != INSTANCE_ACTIVE ||
            !text_equal(instance->capacity_provider, task->capacity_provider))
            continue;
        const char *refusal = engine_refusal(engine, instance, &request);
        if (refusal != NULL)
            return refusal;
    }
    return reason;
}

int waiting_give_up(struct engine *engine, struct task *task, int64_t now_ms) {
    const char *reason = arena_printf(engine->turn, "TaskFailedToStart: %s", why(engine, task));
    waiting_over(engine, task);
    task_unwant(engine, task, "TaskFailedToStart", reason, now_ms);
    return task_move_reported(engine, task, TASK_STOPPED, now_ms);
}
