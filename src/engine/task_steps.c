/* The life cycle of tasks: admits them, asks the runtime what happens next, and lets it happen when it is
 * due. */
#include <stdio.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "engine_internal.h"

enum {
    /* Of one task, before others have their turn. */
    STEPS_AT_ONCE = 256,
    /* Quota of tasks in PROVISIONING, for each cluster (facts: tasks 14). */
    WAITING_TASKS_MAX = 300,
    /* How long a task waits for capacity before it fails (D). */
    WAIT_FOR_CAPACITY_MS = 15 * 60 * 1000,
};

/* Counts the task in its cluster and on its instance, by its current status. */
void task_count(struct engine *engine, const struct task *task, int by) {
    struct cluster *cluster = cluster_by_row(engine, task->cluster_id);
    struct instance *instance = instance_by_row(engine, task->container_instance_id);
    enum launch_kind kind = launch_kind_of(task->launch_type);
    unsigned change = (unsigned)by; /* modulo arithmetic: −1 wraps to the right sum */
    if (task_counts_pending(task->status)) {
        cluster->pending[kind] += change;
        if (instance != NULL)
            instance->pending += change;
    } else if (task_counts_running(task->status)) {
        cluster->running[kind] += change;
        if (instance != NULL)
            instance->running += change;
        if (task->desired == TASK_STOPPED)
            engine->leaving += change;
    }
}

/* What happens to a task between PENDING and STOPPING is told by the agent: by one of the instance's own, or not at all
 * while a simulated one is gone. */
static bool is_reported(struct engine *engine, const struct task *task) {
    const struct instance *instance = instance_by_row(engine, task->container_instance_id);
    return instance != NULL && (instance->has_agent || (instance->simulated && !instance->agent_connected)) &&
           task->status >= TASK_PENDING && task->status <= TASK_STOPPING;
}

/* What the runtime says: 0 and a step, or LIFE_WAITS. */
static int ask(struct engine *engine, struct task *task, const struct task_definition **ret_definition,
    struct life_step *ret_step) {
    *ret_definition = NULL;
    int result = engine_task_definition(engine, task->task_definition_id, ret_definition);
    if (result < 0)
        return result;
    return engine->runtime.next_step(
        engine->runtime.context, task, *ret_definition, engine_now_ms(engine), ret_step);
}

static void wait_until(struct engine *engine, struct task *task, int64_t due_ms) {
    task->due_ms = due_ms;
    if (due_ms != 0)
        timers_add(&engine->timers, due_ms, TIMER_TASK, task->id);
    task_touch(engine, task);
}

int task_schedule(struct engine *engine, struct task *task) {
    const struct task_definition *definition = NULL;
    struct life_step step;
    int result = is_reported(engine, task) ? LIFE_WAITS : ask(engine, task, &definition, &step);
    if (result < 0)
        return result;
    int64_t now_ms = engine_now_ms(engine);
    int64_t due_ms = result != 0 ? 0 : step.at_ms;
    wait_until(engine, task, result == 0 && due_ms < now_ms ? now_ms : due_ms);
    return 0;
}

static void told(struct engine *engine, struct task *task, const char *from, const char *to) {
    const struct scope *scope = cluster_by_row(engine, task->cluster_id)->scope;
    bool ends = task->status == TASK_STOPPED;
    engine_journal_transition(engine, scope, "task", task->arn, from, to, ends ? task->stopped_reason : NULL);
    task_announce(engine, task);
}

void task_container_told(struct engine *engine, struct task *task, const struct task_container *container,
    const char *from, const char *to) {
    const struct scope *scope = cluster_by_row(engine, task->cluster_id)->scope;
    engine_journal_transition(engine, scope, "container", container->arn, from, to, container->reason);
    task->life.unannounced = true;
}

/* Gives back what the task held, and begins its retention. */
int task_finish(struct engine *engine, struct task *task, int64_t now_ms) {
    struct instance *instance = instance_by_row(engine, task->container_instance_id);
    if (instance != NULL && task->holds) {
        resources_release(&instance->resources, &task->demand);
        instance_touch(engine, instance);
    }
    task->holds = false;
    task_interface_released(engine, task);
    engine->capacity_changed = true;
    services_room_made(engine);
    struct cluster *cluster = cluster_by_row(engine, task->cluster_id);
    cluster->unfinished--;
    engine->definitions_to_sweep = true;
    task->due_ms = now_ms + TASK_RETENTION_MS;
    timers_add(&engine->timers, task->due_ms, TIMER_TASK, task->id);
    task_touch(engine, task);
    return daemon_task_finished(engine, task);
}

int task_move_reported(struct engine *engine, struct task *task, enum task_status to, int64_t now_ms) {
    const char *from = task_status_name(task->status);
    if (to != TASK_STOPPED)
        task_interface_attached(engine, task);
    task_count(engine, task, -1);
    int result = task_move(task, to, now_ms);
    task_count(engine, task, 1);
    if (result != 0)
        return error_raise(
            result, "the task %s cannot go from %s to %s", task->arn, from, task_status_name(to));
    told(engine, task, from, task_status_name(to));
    return to == TASK_STOPPED ? task_finish(engine, task, now_ms) : 0;
}

static int move(struct engine *engine, struct task *task, enum task_status to, int64_t now_ms) {
    const char *from = task_status_name(task->status);
    if (to != TASK_STOPPED && to != TASK_DEPROVISIONING)
        task_interface_attached(engine, task);
    task_count(engine, task, -1);
    int result = task_move(task, to, now_ms);
    task_count(engine, task, 1);
    if (result != 0)
        return error_raise(
            result, "the task %s cannot go from %s to %s", task->arn, from, task_status_name(to));
    told(engine, task, from, task_status_name(to));
    return to == TASK_STOPPED ? task_finish(engine, task, now_ms) : 0;
}

void task_unwant(
    struct engine *engine, struct task *task, const char *stop_code, const char *reason, int64_t now_ms) {
    struct instance *instance = instance_by_row(engine, task->container_instance_id);
    if (instance != NULL && task->desired != TASK_STOPPED)
        task_group_leave(instance, task->group);
    if (task_counts_running(task->status) && task->desired != TASK_STOPPED)
        engine->leaving++;
    task_want_stopped(task, stop_code, reason, now_ms);
    task_announce(engine, task);
}

static int expire(struct engine *engine, struct task *task) {
    told(engine, task, "STOPPED", "DELETED");
    task->gone = true;
    if (engine->expired_count == engine->expired_capacity) {
        engine->expired_capacity = engine->expired_capacity != 0 ? engine->expired_capacity * 2 : 64;
        engine->expired_tasks = xrealloc(engine->expired_tasks, engine->expired_capacity * sizeof(int64_t));
    }
    engine->expired_tasks[engine->expired_count++] = task->id;
    return daemon_task_expired(engine, task);
}

int task_abandon(struct engine *engine, struct task *task, const char *stop_code, const char *reason) {
    int64_t now_ms = engine_now_ms(engine);
    const char *from = task_status_name(task->status);
    task_unwant(engine, task, stop_code, reason, now_ms);
    task_count(engine, task, -1);
    int result = task_move(task, TASK_STOPPED, now_ms);
    if (result != 0)
        return error_raise(result, "the task %s cannot go from %s to STOPPED", task->arn, from);
    told(engine, task, from, "STOPPED");
    return task_finish(engine, task, now_ms);
}

/* What became of containers while the task itself did not move is an event of its own (facts: services 15). */
static void containers_announce(struct engine *engine, struct task *task) {
    if (!task->life.unannounced)
        return;
    task->life.unannounced = false;
    task->version++;
    task_announce(engine, task);
}

static int await_attachment(struct engine *engine, struct task *task, int64_t now_ms) {
    int64_t until_ms = 0;
    int result = task_await_attachment(engine, task, now_ms, &until_ms);
    if (result == 0 && until_ms > now_ms)
        wait_until(engine, task, until_ms);
    return result;
}

/* Everything of the task that is due at `now_ms`, one thing after the other. */
static int step_at(struct engine *engine, struct task *task, int64_t now_ms) {
    if (task->status == TASK_STOPPED)
        return expire(engine, task);
    if (task->waiting != NULL)
        return waiting_give_up(engine, task, now_ms);
    for (unsigned steps = 0; steps < STEPS_AT_ONCE; steps++) {
        const struct task_definition *definition = NULL;
        struct life_step step;
        int result = is_reported(engine, task) ? LIFE_WAITS : ask(engine, task, &definition, &step);
        if (result != 0 || step.at_ms > now_ms) {
            containers_announce(engine, task);
            if (result >= 0)
                wait_until(engine, task, result == 0 ? step.at_ms : 0);
            return result < 0 ? result : 0;
        }
        if (task_awaits_attachment(engine, task))
            return await_attachment(engine, task, now_ms);
        result = step.kind == LIFE_TASK_MOVES ? move(engine, task, step.status, now_ms)
                                              : task_container_step(engine, task, definition, &step, now_ms);
        if (result != 0 || task->status == TASK_STOPPED)
            return result;
    }
    wait_until(engine, task, now_ms);
    return 0;
}

int task_step(struct engine *engine, struct task *task) {
    return step_at(engine, task, engine_now_ms(engine));
}

bool task_timer_waits(struct engine *engine, int64_t row, int64_t due_ms) {
    struct task *task = NULL;
    int result = task_by_row(engine, row, &task);
    return result < 0 || (result == 0 && task->due_ms == due_ms);
}

int task_timer_fired(struct engine *engine, int64_t row) {
    struct task *task = NULL;
    int result = task_by_row(engine, row, &task);
    return result == 0 ? task_step(engine, task) : result;
}

static int wait_for_capacity(struct engine *engine, struct task *task) {
    task->due_ms = task->created_ms + WAIT_FOR_CAPACITY_MS;
    timers_add(&engine->timers, task->due_ms, TIMER_TASK, task->id);
    waiting_add(engine, cluster_by_row(engine, task->cluster_id), task->id);
    task_touch(engine, task);
    return 0;
}

bool engine_too_many_waiting(const struct cluster *cluster) {
    return cluster->waiting >= WAITING_TASKS_MAX;
}

int engine_task_admit(
    struct engine *engine, struct cluster *cluster, struct instance *instance_or_null, struct task *task) {
    engine->last_task_row = task->id;
    task->cluster_id = cluster->id;
    task->is_new = true;
    task->version = 1;
    task->created_ms = engine_now_ms(engine);
    task->life.since_ms = task->created_ms;
    task->desired = TASK_RUNNING;
    task->status = task->platform == TASK_ON_INSTANCE && task->waiting == NULL ? TASK_PENDING
                                                                               : TASK_PROVISIONING;
    task_cache_add(engine, task);
    int result = scripts_give(engine, cluster, task);
    if (result != 0)
        return result;
    if (instance_or_null != NULL) {
        task->container_instance_id = instance_or_null->id;
        task_group_join(instance_or_null, task->group);
        result = task_take(engine, task, instance_or_null);
        if (result != 0)
            return result;
    }
    cluster->unfinished++;
    task_count(engine, task, 1);
    told(engine, task, "", task_status_name(task->status));
    if (task->waiting != NULL)
        return wait_for_capacity(engine, task);
    return task_schedule(engine, task);
}

void engine_task_set_tags(struct engine *engine, struct task *task, const char *tags) {
    task->tags = task_text(task, tags);
    task_touch(engine, task);
}

void engine_task_protect(struct engine *engine, struct task *task, int64_t until_ms) {
    task->protected_until_ms = until_ms;
    task_touch(engine, task);
}

int engine_task_stop(struct engine *engine, struct task *task, const char *stop_code, const char *reason) {
    if (task->desired == TASK_STOPPED)
        return 0;
    waiting_over(engine, task);
    task_unwant(engine, task, stop_code, reason, engine_now_ms(engine));
    return task_schedule(engine, task);
}
