/* The life cycle of tasks: admits them, asks the runtime what happens next, and lets it happen when it is
 * due. */
#include <stdio.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "engine_internal.h"

enum {
    /* Quota of tasks in PROVISIONING (facts: tasks 14); here of all clusters together. */
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
    }
}

/* An agent of the instance's own says what happens to its tasks, but for what goes on before and after. */
static bool is_reported(struct engine *engine, const struct task *task) {
    const struct instance *instance = instance_by_row(engine, task->container_instance_id);
    return instance != NULL && instance->has_agent && task->status >= TASK_PENDING &&
           task->status <= TASK_STOPPING;
}

int task_schedule(struct engine *engine, struct task *task) {
    if (is_reported(engine, task)) {
        task->due_ms = 0;
        task_touch(engine, task);
        return 0;
    }
    struct runtime_question question = {
        .platform = task->platform,
        .status = task->status,
        .desired = task->desired,
        .stop_timeout_s = task->stop_timeout_s,
        .random = ids_random(&engine->ids),
    };
    struct runtime_step step;
    int result = engine->runtime.next_step(engine->runtime.context, &question, &step);
    if (result < 0)
        return result;
    task->due_ms = result == 0 ? engine_now_ms(engine) + step.after_ms : 0;
    if (task->due_ms != 0)
        timers_add(&engine->timers, task->due_ms, TIMER_TASK, task->id);
    task_touch(engine, task);
    return 0;
}

/* The agent reports what it made: ids of containers, the digest of what it pulled, the ports it bound. */
static void containers_started(struct engine *engine, struct task *task) {
    for (unsigned index = 0; index < task->container_count; index++) {
        struct task_container *container = &task->containers[index];
        char digest[65];
        char runtime_id[65];
        ids_hex_bytes(&engine->ids, digest, 32);
        container->image_digest = arena_printf(task->arena, "sha256:%s", digest);
        if (task->platform == TASK_ON_FARGATE) {
            /* <task id>-<9 or 10 digits> (facts: tasks 5.2) */
            container->runtime_id = arena_printf(task->arena, "%s-%llu", task->task_id,
                (unsigned long long)(100000000 + ids_below(&engine->ids, 4000000000U)));
        } else {
            ids_hex_bytes(&engine->ids, runtime_id, 32);
            container->runtime_id = task_text(task, runtime_id);
        }
    }
}

/* An address of its own within 10.0.0.0/8, from the number of the task: unique as long as it lives. */
static void interface_attached(struct engine *engine, struct task *task) {
    if (task->volume.attachment_id != NULL && task->volume.volume_id == NULL) {
        char volume[18];
        ids_hex_bytes(&engine->ids, volume, 8);
        task->volume.volume_id = arena_printf(task->arena, "vol-0%.16s", volume);
    }
    struct task_interface *interface = &task->interface;
    if (interface->attachment_id == NULL || interface->interface_id != NULL)
        return;
    unsigned host = 4 + (unsigned)(task->id % 0xfffff0);
    unsigned octets[3] = {host >> 16 & 255, host >> 8 & 255, host & 255};
    struct cluster *cluster = cluster_by_row(engine, task->cluster_id);
    const char *domain = text_equal(scope_region(cluster->scope), "us-east-1")
                             ? "ec2.internal"
                             : arena_printf(task->arena, "%s.compute.internal", scope_region(cluster->scope));
    char suffix[18];
    ids_hex_bytes(&engine->ids, suffix, 8);
    interface->interface_id = arena_printf(task->arena, "eni-0%.16s", suffix);
    interface->mac_address = arena_printf(task->arena, "0a:%02x:0a:%02x:%02x:%02x",
        (unsigned)ids_below(&engine->ids, 256), octets[0], octets[1], octets[2]);
    interface->private_ipv4 = arena_printf(task->arena, "10.%u.%u.%u", octets[0], octets[1], octets[2]);
    interface->private_dns_name = arena_printf(
        task->arena, "ip-10-%u-%u-%u.%s", octets[0], octets[1], octets[2], domain);
}

static void told(struct engine *engine, struct task *task, const char *from, const char *to, int64_t at_ms) {
    const struct scope *scope = cluster_by_row(engine, task->cluster_id)->scope;
    bool ends = task->status == TASK_STOPPED;
    engine_journal_transition(engine, scope, "task", task->arn, from, to, ends ? task->stopped_reason : NULL);
    task_announce(engine, task);
    if (engine->watcher.task_moved != NULL)
        engine->watcher.task_moved(engine->watcher.context, task, from, to, at_ms);
}

/* Gives back what the task held, and begins its retention. */
int task_finish(struct engine *engine, struct task *task, int64_t now_ms) {
    struct instance *instance = instance_by_row(engine, task->container_instance_id);
    if (instance != NULL && task->holds) {
        resources_release(&instance->resources, &task->demand);
        instance_touch(engine, instance);
    }
    task->holds = false;
    engine->capacity_changed = true;
    services_room_made(engine);
    struct cluster *cluster = cluster_by_row(engine, task->cluster_id);
    cluster->unfinished--;
    engine->definitions_to_sweep = true;
    task->due_ms = now_ms + TASK_RETENTION_MS;
    timers_add(&engine->timers, task->due_ms, TIMER_TASK, task->id);
    task_touch(engine, task);
    return 0;
}

int task_move_reported(struct engine *engine, struct task *task, enum task_status to, int64_t now_ms) {
    const char *from = task_status_name(task->status);
    if (to != TASK_STOPPED)
        interface_attached(engine, task);
    task_count(engine, task, -1);
    int result = task_move(task, to, now_ms);
    task_count(engine, task, 1);
    if (result != 0)
        return error_raise(
            result, "the task %s cannot go from %s to %s", task->arn, from, task_status_name(to));
    told(engine, task, from, task_status_name(to), now_ms);
    return to == TASK_STOPPED ? task_finish(engine, task, now_ms) : 0;
}

static int move(struct engine *engine, struct task *task, enum task_status to, int64_t now_ms) {
    const char *from = task_status_name(task->status);
    if (to == TASK_RUNNING) {
        containers_started(engine, task);
        int result = bind_ports(engine, task);
        if (result != 0)
            return result;
    }
    if (to != TASK_STOPPED && to != TASK_DEPROVISIONING)
        interface_attached(engine, task);
    task_count(engine, task, -1);
    int result = task_move(task, to, now_ms);
    task_count(engine, task, 1);
    if (result != 0)
        return error_raise(
            result, "the task %s cannot go from %s to %s", task->arn, from, task_status_name(to));
    told(engine, task, from, task_status_name(to), now_ms);
    return to == TASK_STOPPED ? task_finish(engine, task, now_ms) : task_schedule(engine, task);
}

/* Containers that still run end with `exit_code`; those that never ran have no exit code (facts: tasks 5.2).
 */
static void containers_end(struct task *task, int exit_code, int64_t now_ms) {
    for (unsigned index = 0; index < task->container_count && task->started_ms != 0; index++) {
        if (!task->containers[index].exited)
            task_container_exited(task, index, exit_code, NULL, now_ms);
    }
}

void task_unwant(
    struct engine *engine, struct task *task, const char *stop_code, const char *reason, int64_t now_ms) {
    struct instance *instance = instance_by_row(engine, task->container_instance_id);
    if (instance != NULL && task->desired != TASK_STOPPED)
        task_group_leave(engine, instance, task->group);
    task_want_stopped(task, stop_code, reason, now_ms);
    task_announce(engine, task);
}

static int exit_by_itself(struct engine *engine, struct task *task, int exit_code, int64_t now_ms) {
    containers_end(task, exit_code, now_ms);
    task_unwant(engine, task, "EssentialContainerExited", "Essential container in task exited", now_ms);
    return task_schedule(engine, task);
}

static int expire(struct engine *engine, struct task *task, int64_t now_ms) {
    told(engine, task, "STOPPED", "DELETED", now_ms);
    task->gone = true;
    if (engine->expired_count == engine->expired_capacity) {
        engine->expired_capacity = engine->expired_capacity != 0 ? engine->expired_capacity * 2 : 64;
        engine->expired_tasks = xrealloc(engine->expired_tasks, engine->expired_capacity * sizeof(int64_t));
    }
    engine->expired_tasks[engine->expired_count++] = task->id;
    return 0;
}

int task_abandon(struct engine *engine, struct task *task, const char *reason) {
    int64_t now_ms = engine_now_ms(engine);
    const char *from = task_status_name(task->status);
    task_unwant(engine, task, "UserInitiated", reason, now_ms);
    task_count(engine, task, -1);
    int result = task_move(task, TASK_STOPPED, now_ms);
    if (result != 0)
        return error_raise(result, "the task %s cannot go from %s to STOPPED", task->arn, from);
    told(engine, task, from, "STOPPED", now_ms);
    return task_finish(engine, task, now_ms);
}

/* The step of the task that is due at `now_ms`. */
static int step_at(struct engine *engine, struct task *task, int64_t now_ms) {
    if (task->status == TASK_STOPPED)
        return expire(engine, task, now_ms);
    if (task->waiting != NULL)
        return waiting_give_up(engine, task, now_ms);
    struct runtime_question question = {
        .platform = task->platform,
        .status = task->status,
        .desired = task->desired,
        .stop_timeout_s = task->stop_timeout_s,
    };
    struct runtime_step step;
    int result = engine->runtime.next_step(engine->runtime.context, &question, &step);
    if (result != 0) {
        /* The runtime has changed its mind (another --timing after a restart): nothing happens by itself. */
        task->due_ms = 0;
        task_touch(engine, task);
        return result < 0 ? result : 0;
    }
    if (step.kind == RUNTIME_EXITS)
        return exit_by_itself(engine, task, step.exit_code, now_ms);
    if (task->status == TASK_STOPPING)
        containers_end(task, step.exit_code, now_ms);
    return move(engine, task, step.status, now_ms);
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
    waiting_add(engine, task->id);
    task_touch(engine, task);
    return 0;
}

bool engine_too_many_waiting(const struct engine *engine) {
    return engine->waiting_count >= WAITING_TASKS_MAX;
}

int engine_task_admit(
    struct engine *engine, struct cluster *cluster, struct instance *instance_or_null, struct task *task) {
    task->id = ++engine->last_task_row;
    task->cluster_id = cluster->id;
    task->is_new = true;
    task->version = 1;
    task->created_ms = engine_now_ms(engine);
    task->desired = TASK_RUNNING;
    task->status = task->platform == TASK_ON_INSTANCE && task->waiting == NULL ? TASK_PENDING
                                                                               : TASK_PROVISIONING;
    int result = task_cache_add(engine, task);
    if (result != 0) {
        task_free(task);
        return result;
    }
    if (instance_or_null != NULL) {
        task->container_instance_id = instance_or_null->id;
        task_group_join(engine, instance_or_null, task->group);
        result = task_take(engine, task, instance_or_null);
        if (result != 0)
            return result;
    }
    cluster->unfinished++;
    task_count(engine, task, 1);
    told(engine, task, "", task_status_name(task->status), task->created_ms);
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
    task->waiting = NULL;
    task_unwant(engine, task, stop_code, reason, engine_now_ms(engine));
    return task_schedule(engine, task);
}
