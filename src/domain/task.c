#include "ecs-local/domain/task.h"

#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"

static const char *const status_names[TASK_STATUS_COUNT] = {
    [TASK_PROVISIONING] = "PROVISIONING",
    [TASK_PENDING] = "PENDING",
    [TASK_ACTIVATING] = "ACTIVATING",
    [TASK_RUNNING] = "RUNNING",
    [TASK_DEACTIVATING] = "DEACTIVATING",
    [TASK_STOPPING] = "STOPPING",
    [TASK_DEPROVISIONING] = "DEPROVISIONING",
    [TASK_STOPPED] = "STOPPED",
};

#define TO(status) (1U << TASK_##status)

/* The allowed moves (facts: tasks 5.6). A task that is stopped before it runs skips what it does not need. */
static const unsigned moves_on_instance[TASK_STATUS_COUNT] = {
    [TASK_PROVISIONING] = TO(PENDING) | TO(STOPPED), /* while it waits for capacity */
    [TASK_PENDING] = TO(RUNNING) | TO(STOPPING) | TO(STOPPED),
    [TASK_RUNNING] = TO(STOPPING) | TO(STOPPED),
    [TASK_STOPPING] = TO(STOPPED),
};
static const unsigned moves_with_interface[TASK_STATUS_COUNT] = {
    [TASK_PROVISIONING] = TO(PENDING) | TO(DEPROVISIONING) | TO(STOPPED),
    [TASK_PENDING] = TO(ACTIVATING) | TO(STOPPING) | TO(DEPROVISIONING) | TO(STOPPED),
    [TASK_ACTIVATING] = TO(RUNNING) | TO(DEACTIVATING) | TO(STOPPED),
    [TASK_RUNNING] = TO(DEACTIVATING) | TO(STOPPED),
    [TASK_DEACTIVATING] = TO(STOPPING) | TO(STOPPED),
    [TASK_STOPPING] = TO(DEPROVISIONING) | TO(STOPPED),
    [TASK_DEPROVISIONING] = TO(STOPPED),
};
static const unsigned *const moves[TASK_PLATFORM_COUNT] = {
    [TASK_ON_INSTANCE] = moves_on_instance,
    [TASK_ON_INSTANCE_AWSVPC] = moves_with_interface,
    [TASK_ON_FARGATE] = moves_with_interface,
};

const char *task_status_name(enum task_status status) {
    return status_names[status];
}

int task_status_parse(const char *name, enum task_status *ret_status) {
    for (unsigned status = 0; status < TASK_STATUS_COUNT; status++) {
        if (text_equal(name, status_names[status])) {
            *ret_status = (enum task_status)status;
            return 0;
        }
    }
    return 1;
}

struct task *task_new(void) {
    struct arena *arena = arena_new_sized(4000);
    struct task *task = arena_alloc(arena, sizeof(*task));
    task->arena = arena;
    task->stretches = arena_new_array(arena, struct task_stretch, TASK_STRETCHES);
    return task;
}

void task_free(struct task *task) {
    if (task != NULL)
        arena_free(task->arena);
}

char *task_text(struct task *task, const char *text) {
    return arena_strdup(task->arena, text);
}

bool task_move_allowed(enum task_platform platform, enum task_status from, enum task_status to) {
    return (moves[platform][from] & (1U << to)) != 0;
}

/* Only moves that AWS announces as an event count (facts: tasks 5.1: RUNNING 2 on EC2 and 3 on Fargate,
 * STOPPED 6). */
static bool move_counts_version(enum task_status to) {
    return to != TASK_ACTIVATING && to != TASK_DEACTIVATING && to != TASK_STOPPING;
}

void task_container_started(struct task *task, unsigned index, int64_t now_ms) {
    struct task_container *container = &task->containers[index];
    container->last_status = "RUNNING";
    container->health_status = "UNKNOWN";
    container->life.started_ms = now_ms;
    container->life.healthy_ms = 0;
    container->life.health_done = false;
    if (container->agent_status != NULL) {
        container->agent_status = "RUNNING";
        container->agent_started_ms = now_ms;
    }
    task->dirty = true;
}

/* A task that is said to be RUNNING has started its containers, whoever saw it. */
static void containers_run(struct task *task, int64_t now_ms) {
    for (unsigned index = 0; index < task->container_count; index++) {
        struct task_container *container = &task->containers[index];
        if (!text_equal(container->last_status, "PENDING"))
            continue;
        task_container_started(task, index, now_ms);
        if (container->has_health_check)
            container->health_status = "HEALTHY";
    }
}

void task_add_managed_agents(struct task *task) {
    for (unsigned index = 0; task->enable_execute_command && index < task->container_count; index++)
        task->containers[index].agent_status = "PENDING";
}

const char *task_managed_agent_status(const struct task *task, const struct task_container *container) {
    return task->enable_execute_command ? container->agent_status : NULL;
}

static void containers_stop(struct task *task) {
    for (unsigned index = 0; index < task->container_count; index++) {
        struct task_container *container = &task->containers[index];
        if (container->health_status != NULL)
            container->health_status = "UNKNOWN";
        if (container->agent_status != NULL)
            container->agent_status = "STOPPED";
        container->last_status = "STOPPED";
    }
}

static void stamp_connection(struct task *task, int64_t now_ms) {
    /* On an instance the agent was there all along (facts: tasks 5.6: created = connectivity). */
    int64_t since_ms = task->platform == TASK_ON_INSTANCE ? task->created_ms : now_ms;
    if (task->connectivity_ms == 0)
        task->connectivity_ms = since_ms;
    if (task->pull_started_ms == 0)
        task->pull_started_ms = since_ms;
}

static void stamp_running(struct task *task, int64_t now_ms) {
    stamp_connection(task, now_ms);
    task->started_ms = now_ms;
    containers_run(task, now_ms);
}

/* Containers that ran have stopped by now, and those that could not start never will (facts: tasks 6.9). */
static void stamp_execution(struct task *task, int64_t now_ms) {
    bool failed = text_equal(task->stop_code, "TaskFailedToStart");
    if ((task->started_ms != 0 || failed) && task->execution_stopped_ms == 0)
        task->execution_stopped_ms = now_ms;
}

static void move_endpoints(struct task *task, const char *status) {
    for (unsigned index = 0; index < task->endpoint_count; index++)
        task->endpoints[index].status = status;
}

static void stamp(struct task *task, enum task_status status, int64_t now_ms) {
    bool attached = task->interface.attachment_id != NULL;
    if ((status == TASK_ACTIVATING || status == TASK_RUNNING) && task->pull_stopped_ms == 0)
        task->pull_stopped_ms = now_ms;
    if (status == TASK_PENDING) {
        stamp_connection(task, now_ms);
        if (attached)
            task->interface.status = "ATTACHED";
        if (task->volume.attachment_id != NULL)
            task->volume.status = "ATTACHED";
    } else if (status == TASK_RUNNING) {
        move_endpoints(task, "ATTACHED");
        stamp_running(task, now_ms);
    } else if (status == TASK_DEPROVISIONING) {
        stamp_execution(task, now_ms);
        if (attached && text_equal(task->interface.status, "ATTACHED"))
            task->interface.status = "DETACHING"; /* D: DELETED is what is known, once it is STOPPED */
    } else if (status == TASK_STOPPED) {
        stamp_execution(task, now_ms);
        task->stopped_ms = now_ms;
        containers_stop(task);
        move_endpoints(task, "DELETED");
        if (attached)
            task->interface.status = "DELETED";
        if (task->volume.attachment_id != NULL && task->volume.delete_on_termination)
            task->volume.status = "DELETED";
    }
}

int task_move(struct task *task, enum task_status status, int64_t now_ms) {
    if (!task_move_allowed(task->platform, task->status, status))
        return ERR_BUG;
    task->status = status;
    task->life.since_ms = now_ms;
    task->life.unannounced = false;
    if (move_counts_version(status))
        task->version++;
    stamp(task, status, now_ms);
    task->dirty = true;
    return 0;
}

void task_want_stopped(struct task *task, const char *stop_code, const char *reason, int64_t now_ms) {
    if (task->desired == TASK_STOPPED)
        return;
    task->desired = TASK_STOPPED;
    task->stop_code = stop_code;
    task->stopped_reason = task_text(task, reason);
    task->stopping_ms = now_ms;
    task->version++;
    task->dirty = true;
}

void task_container_exited(
    struct task *task, unsigned index, int exit_code, const char *reason, int64_t now_ms) {
    struct task_container *container = &task->containers[index];
    container->last_status = "STOPPED";
    container->exited = true;
    container->exit_code = exit_code;
    container->life.ended_ms = now_ms;
    if (container->health_status != NULL)
        container->health_status = "UNKNOWN";
    if (container->agent_status != NULL)
        container->agent_status = "STOPPED";
    if (reason != NULL)
        container->reason = task_text(task, reason);
    if (container->essential && task->execution_stopped_ms == 0)
        task->execution_stopped_ms = now_ms;
    task->dirty = true;
}

void task_container_failed(
    struct task *task, unsigned index, bool exited, int exit_code, const char *reason, int64_t now_ms) {
    struct task_container *container = &task->containers[index];
    container->last_status = "STOPPED";
    container->exited = exited;
    container->exit_code = exit_code;
    container->reason = reason;
    container->life.ended_ms = now_ms;
    if (container->agent_status != NULL)
        container->agent_status = "STOPPED";
    task->dirty = true;
}

bool task_counts_pending(enum task_status status) {
    return status == TASK_PROVISIONING || status == TASK_PENDING || status == TASK_ACTIVATING;
}

bool task_counts_running(enum task_status status) {
    return status == TASK_RUNNING;
}

static bool is_checked(const struct task_container *container) {
    return container->has_health_check || container->life.health_done;
}

static const char *essential_health(const struct task *task, bool checked_only) {
    const char *health = NULL;
    for (unsigned index = 0; index < task->container_count; index++) {
        const struct task_container *container = &task->containers[index];
        if (container->health_status == NULL || !container->essential ||
            (checked_only && !is_checked(container)))
            continue;
        if (text_equal(container->health_status, "UNHEALTHY"))
            return "UNHEALTHY";
        if (health == NULL || text_equal(container->health_status, "UNKNOWN"))
            health = container->health_status;
    }
    return health;
}

const char *task_health_status(const struct task *task) {
    return essential_health(task, false);
}

const char *task_checked_health(const struct task *task) {
    return essential_health(task, true);
}

bool task_has_health_checks(const struct task *task) {
    for (unsigned index = 0; index < task->container_count; index++) {
        if (task->containers[index].essential && is_checked(&task->containers[index]))
            return true;
    }
    return false;
}

struct task_container *task_container_named(struct task *task, const char *name) {
    for (unsigned index = 0; index < task->container_count; index++) {
        if (text_equal(task->containers[index].name, name))
            return &task->containers[index];
    }
    return NULL;
}

void task_add_dynamic_ports(struct task *task, enum port_protocol protocol, uint16_t first, unsigned count) {
    struct port_list *list = &task->demand.dynamic[protocol];
    uint16_t *ports = arena_new_array(task->arena, uint16_t, list->count + count);
    if (list->count != 0)
        memcpy(ports, list->ports, list->count * sizeof(*ports));
    for (unsigned index = 0; index < count; index++)
        ports[list->count + index] = (uint16_t)(first + index);
    list->ports = ports;
    list->count += count;
}
