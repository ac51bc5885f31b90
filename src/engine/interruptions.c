/* What faults of capacity, of hosts and of Spot do (facts: tasks 5.6, 8.4). */
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/engine/interruptions.h"
#include "engine_internal.h"

enum {
    BATCH = 200,
};

const char capacity_unavailable_text[] =
    "Capacity is unavailable at this time. Please try again later or in a different availability zone";

static int64_t warning_of(const struct value *told) {
    int64_t warning_ms = INTERRUPTION_WARNING_MS;
    const char *text = value_string(told, "warning");
    if (text != NULL && text_parse_duration(text, &warning_ms) != 0)
        return INTERRUPTION_WARNING_MS;
    return warning_ms;
}

static bool has_fault(const struct value *told, const char *name) {
    return text_equal(value_string(told, "fault"), name);
}

/* "a" means every zone that ends so; a whole name means itself. */
static bool in_zone(const struct value *told, const char *zone) {
    const char *wanted = value_string(told, "zone");
    if (wanted == NULL || text_equal(wanted, zone))
        return true;
    return strlen(wanted) == 1 && zone != NULL && text_ends_with(zone, wanted);
}

static bool in_cluster(const struct value *told, const struct cluster *cluster) {
    const char *wanted = value_string(told, "cluster");
    return wanted == NULL || text_equal(wanted, cluster->name) || text_equal(wanted, cluster->arn);
}

static bool is_for(const struct fault *fault, const struct scope *scope) {
    return fault_is_for(fault, scope->account, scope->region);
}

bool engine_capacity_unavailable(const struct engine *engine, const struct cluster *cluster,
    const char *capacity, const char *zone_or_null) {
    const struct fault *fault = engine_fault_next(engine, 0);
    for (; fault != NULL; fault = engine_fault_next(engine, fault->id)) {
        const struct value *told = fault->document;
        if (fault->kind == FAULT_CAPACITY && has_fault(told, "unavailable") &&
            text_equal(value_string(told, "capacity"), capacity) && is_for(fault, cluster->scope) &&
            in_cluster(told, cluster) && in_zone(told, zone_or_null))
            return true;
    }
    return false;
}

bool engine_capacity_disturbed(const struct engine *engine) {
    const struct fault *fault = engine_fault_next(engine, 0);
    while (fault != NULL && fault->kind != FAULT_CAPACITY)
        fault = engine_fault_next(engine, fault->id);
    return fault != NULL;
}

/* arn:PARTITION:ecs:REGION:ACCOUNT:TYPE/CLUSTER/ID. NULL when it names no cluster that is there. */
static struct cluster *cluster_of_arn(
    struct engine *engine, const char *text, const char *type, const char **ret_id) {
    const char *parts[6];
    char *cursor = arena_strdup(engine->turn, text);
    for (unsigned part = 0; part < 5; part++) {
        char *colon = strchr(cursor, ':');
        if (colon == NULL)
            return NULL;
        *colon = '\0';
        parts[part] = cursor;
        cursor = colon + 1;
    }
    char *name = strchr(cursor, '/');
    char *id = name != NULL ? strchr(name + 1, '/') : NULL;
    if (id == NULL)
        return NULL;
    *name++ = '\0';
    *id++ = '\0';
    *ret_id = id;
    struct scope *next = NULL;
    for (struct scope *scope = engine->scopes; scope != NULL && text_equal(cursor, type); scope = next) {
        next = scope->hh.next;
        if (text_equal(scope->region, parts[3]) && text_equal(scope->account, parts[4]))
            return engine_cluster_find(scope, name);
    }
    return NULL;
}

static struct instance *instance_of(struct engine *engine, const struct value *told) {
    const char *id = NULL;
    struct cluster *cluster = cluster_of_arn(
        engine, value_string(told, "containerInstance"), "container-instance", &id);
    struct instance *instance = cluster != NULL ? engine_instance_find(engine, cluster, id) : NULL;
    return instance != NULL && instance->status != INSTANCE_INACTIVE ? instance : NULL;
}

/* While the agent is away nothing moves; when it is back, it tells what has become of the task. */
static int note_connection(
    struct engine *engine, struct instance *instance, struct task *task, const char *unused) {
    (void)unused;
    if (task->platform == TASK_ON_FARGATE || task->connectivity_ms == 0)
        return task_schedule(engine, task);
    task->disconnected = !instance->agent_connected;
    if (instance->agent_connected)
        task->connectivity_ms = engine_now_ms(engine);
    task->version++;
    task_announce(engine, task);
    return task_schedule(engine, task);
}

int engine_instance_connect(struct engine *engine, struct instance *instance, bool connected) {
    if (instance->agent_connected == connected)
        return 0;
    int result = engine_instance_update(engine, instance, instance->status, connected, NULL);
    return result == 0 ? instance_for_tasks(engine, instance, note_connection, NULL) : result;
}

int engine_task_interrupt(struct engine *engine, struct task *task, int64_t warning_ms) {
    if (task->desired == TASK_STOPPED)
        return 0;
    task->life.stop_at_ms = engine_now_ms(engine) + warning_ms;
    return engine_task_stop(engine, task, "SpotInterruption", "Your Spot Task was interrupted.");
}

/* The tasks of one cluster. */
static int interrupt_tasks(
    struct engine *engine, const struct cluster *cluster, const struct value *told, unsigned *ret_struck) {
    int64_t rows[BATCH];
    int64_t after = 0;
    unsigned count = BATCH;
    int result = 0;
    while (result == 0 && count == BATCH) {
        result = task_rows_of_provider(
            engine->store, cluster->id, value_string(told, "capacity"), after, BATCH, rows, &count);
        for (unsigned index = 0; result == 0 && index < count; index++) {
            struct task *task = NULL;
            after = rows[index];
            result = task_by_row(engine, rows[index], &task);
            if (result == 0 && task->desired == TASK_RUNNING && in_zone(told, task->availability_zone)) {
                *ret_struck += 1;
                result = engine_task_interrupt(engine, task, warning_of(told));
            } else if (result > 0) {
                result = 0;
            }
        }
    }
    return result;
}

static int interrupt_capacity(struct engine *engine, const struct value *told, unsigned *ret_struck) {
    struct fault probe = {.account = value_string(told, "account"), .region = value_string(told, "region")};
    int result = engine_flush(engine);
    for (int64_t row = 0; result == 0 && row < engine->clusters_by_row_size; row++) {
        struct cluster *cluster = engine->clusters_by_row[row];
        if (cluster != NULL && cluster->unfinished != 0 && is_for(&probe, cluster->scope) &&
            in_cluster(told, cluster))
            result = interrupt_tasks(engine, cluster, told, ret_struck);
    }
    return result;
}

static int begin_at_instance(
    struct engine *engine, const struct value *told, unsigned *ret_struck, int64_t *ret_due_ms) {
    struct instance *instance = instance_of(engine, told);
    if (instance == NULL)
        return INTERRUPTION_POINTLESS;
    *ret_struck = 1;
    if (has_fault(told, "agentDisconnect"))
        return engine_instance_connect(engine, instance, false);
    if (has_fault(told, "terminate"))
        return engine_instance_terminate(engine, instance);
    *ret_due_ms = engine_now_ms(engine) + warning_of(told);
    return engine_instance_update(engine, instance, INSTANCE_DRAINING, instance->agent_connected, NULL);
}

static int begin_at_task(struct engine *engine, const struct value *told, unsigned *ret_struck) {
    const char *id = NULL;
    struct task *task = NULL;
    struct cluster *cluster = cluster_of_arn(engine, value_string(told, "task"), "task", &id);
    int result = cluster != NULL ? engine_task_find(engine, cluster, id, &task) : INTERRUPTION_POINTLESS;
    if (result != 0)
        return result < 0 ? result : INTERRUPTION_POINTLESS;
    if (task->status == TASK_STOPPED)
        return INTERRUPTION_POINTLESS;
    *ret_struck = 1;
    return engine_task_interrupt(engine, task, warning_of(told));
}

int engine_interrupt(struct engine *engine, enum fault_kind kind, const struct value *document,
    unsigned *ret_struck, int64_t *ret_due_ms) {
    *ret_struck = 0;
    *ret_due_ms = 0;
    switch (kind) {
    case FAULT_CAPACITY:
        return has_fault(document, "unavailable") ? 0 : interrupt_capacity(engine, document, ret_struck);
    case FAULT_INSTANCE:
        return begin_at_instance(engine, document, ret_struck, ret_due_ms);
    case FAULT_TASK:
        return begin_at_task(engine, document, ret_struck);
    case FAULT_REQUEST:
    case FAULT_VISIBILITY:
    case FAULT_SERVICE:
    case FAULT_GATEWAY:
    case FAULT_KIND_COUNT:
        break;
    }
    return 0;
}

/* When the host of a warned instance goes; 0: it is gone, or never will. */
static int64_t due_of(const struct fault *fault) {
    int64_t due_ms = 0;
    const char *due_at = value_string(fault->document, "dueAt");
    if (fault->kind != FAULT_INSTANCE || due_at == NULL || fault->used != 0 ||
        text_parse_iso8601(due_at, &due_ms) != 0)
        return 0;
    return due_ms;
}

static const struct fault *fault_of(const struct engine *engine, int64_t id) {
    const struct fault *fault = engine_fault_next(engine, id - 1);
    return fault != NULL && fault->id == id ? fault : NULL;
}

void interruption_set(struct engine *engine, const struct fault *fault) {
    int64_t due_ms = due_of(fault);
    if (due_ms != 0)
        timers_add(&engine->timers, due_ms, TIMER_INTERRUPTION, fault->id);
}

bool interruption_timer_waits(struct engine *engine, int64_t row, int64_t due_ms) {
    const struct fault *fault = fault_of(engine, row);
    return fault != NULL && due_of(fault) == due_ms;
}

int interruption_timer_fired(struct engine *engine, int64_t row) {
    const struct fault *fault = fault_of(engine, row);
    struct instance *instance = instance_of(engine, fault->document);
    int result = engine_fault_used(engine, fault);
    return result == 0 && instance != NULL ? instance_lost(engine, instance, "SpotInterruption") : result;
}

int interruption_ended(struct engine *engine, const struct fault *fault) {
    engine->capacity_changed = true;
    if (fault->kind == FAULT_CAPACITY)
        services_room_made(engine);
    struct instance *instance = fault->kind == FAULT_INSTANCE ? instance_of(engine, fault->document) : NULL;
    if (instance != NULL && has_fault(fault->document, "agentDisconnect"))
        return engine_instance_connect(engine, instance, true);
    if (instance != NULL && due_of(fault) != 0 && instance->status == INSTANCE_DRAINING)
        return engine_instance_update(engine, instance, INSTANCE_ACTIVE, instance->agent_connected, NULL);
    return 0;
}
