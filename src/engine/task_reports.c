/* What agents report about the tasks of their container instances (facts: tasks 13, agent 1.3). */
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "engine_internal.h"

static void take_bindings(struct task *task, struct task_container *container, const struct value *list) {
    container->binding_count = (unsigned)value_count(list);
    container->bindings = arena_new_array(task->arena, struct task_binding, container->binding_count);
    value_for_each(entry, list) {
        const char *protocol = value_string(entry, "protocol");
        container->bindings[entry_index] = (struct task_binding){
            .bind_ip = task_text(task, value_string(entry, "bindIP")),
            .container_port = (int)value_int(entry, "containerPort", 0),
            .host_port = (int)value_int(entry, "hostPort", 0),
            .protocol = text_equal(protocol, "udp") ? "udp" : "tcp",
            .container_port_range = task_text(task, value_string(entry, "containerPortRange")),
            .host_port_range = task_text(task, value_string(entry, "hostPortRange")),
        };
        if (container->bindings[entry_index].bind_ip == NULL)
            container->bindings[entry_index].bind_ip = "0.0.0.0";
    }
}

static void take_container(struct task *task, const struct container_report *report, int64_t now_ms) {
    struct task_container *container = report->name != NULL ? task_container_named(task, report->name) : NULL;
    if (container == NULL)
        return;
    if (report->runtime_id != NULL)
        container->runtime_id = task_text(task, report->runtime_id);
    if (report->image_digest != NULL)
        container->image_digest = task_text(task, report->image_digest);
    task_container_forget_run(container);
    if (report->reason != NULL)
        container->reason = task_text(task, report->reason);
    if (value_count(report->bindings) != 0)
        take_bindings(task, container, report->bindings);
    if (report->exited) {
        task_container_exited(
            task, (unsigned)(container - task->containers), report->exit_code, report->reason, now_ms);
    } else if (text_equal(report->status, "STOPPED")) {
        container->last_status = "STOPPED";
    } else if (text_equal(report->status, "RUNNING") && !text_equal(container->last_status, "STOPPED")) {
        container->last_status = "RUNNING";
        if (container->health_status == NULL)
            container->health_status = "UNKNOWN";
    }
}

/* After the containers: that they run says nothing about what runs in them. */
static void take_agent(struct task *task, const struct container_report *report, int64_t now_ms) {
    struct task_container *container = report->name != NULL ? task_container_named(task, report->name) : NULL;
    if (container == NULL || container->agent_status == NULL || report->agent_status == NULL)
        return;
    container->agent_status = task_text(task, report->agent_status);
    container->agent_reason = task_text(task, report->agent_reason);
    if (text_equal(report->agent_status, "RUNNING"))
        container->agent_started_ms = now_ms;
}

/* An essential container that has ended ends the task. */
static bool essential_ended(const struct task *task) {
    for (unsigned index = 0; index < task->container_count; index++) {
        if (task->containers[index].essential && text_equal(task->containers[index].last_status, "STOPPED"))
            return true;
    }
    return false;
}

static bool all_started(const struct task *task) {
    for (unsigned index = 0; index < task->container_count; index++) {
        if (text_equal(task->containers[index].last_status, "PENDING"))
            return false;
    }
    return true;
}

static const char *status_from_containers(const struct task *task) {
    if (essential_ended(task))
        return "STOPPED";
    return all_started(task) ? "RUNNING" : NULL;
}

/* Up to RUNNING, through every status on the way. A container that ended before has ended all the same. */
static int run(struct engine *engine, struct task *task, int64_t now_ms) {
    struct task_container *kept = arena_new_array(engine->turn, struct task_container, task->container_count);
    if (task->container_count != 0)
        memcpy(kept, task->containers, task->container_count * sizeof(*kept));
    while (task->status < TASK_RUNNING && task->desired == TASK_RUNNING) {
        enum task_status next = (enum task_status)(task->status + 1);
        if (!task_move_allowed(task->platform, task->status, next))
            next = TASK_RUNNING;
        int result = task_move_reported(engine, task, next, now_ms);
        if (result != 0)
            return result;
    }
    for (unsigned index = 0; index < task->container_count; index++) {
        if (kept[index].exited || text_equal(kept[index].last_status, "STOPPED"))
            task->containers[index] = kept[index];
    }
    return 0;
}

static int stop(struct engine *engine, struct task *task, const char *reason, int64_t now_ms) {
    bool exited = task->started_ms != 0 && essential_ended(task);
    const char *text = reason;
    if (text == NULL)
        text = exited ? "Essential container in task exited" : "Task failed to start";
    task_unwant(engine, task, exited ? "EssentialContainerExited" : "TaskFailedToStart", text, now_ms);
    return task_move_reported(engine, task, TASK_STOPPED, now_ms);
}

static bool container_differs(const struct task_container *left, const struct task_container *right) {
    return left->exited != right->exited || left->exit_code != right->exit_code ||
           left->binding_count != right->binding_count ||
           strcmp(left->last_status, right->last_status) != 0 ||
           (left->agent_status != right->agent_status &&
               !text_equal(left->agent_status, right->agent_status)) ||
           (left->reason != right->reason && !text_equal(left->reason, right->reason)) ||
           (left->runtime_id != right->runtime_id && !text_equal(left->runtime_id, right->runtime_id));
}

/* News of containers alone are an event, too (facts: services 15). */
static void count_news(struct task *task, const struct task_container *before, int64_t version) {
    for (unsigned index = 0; task->version == version && index < task->container_count; index++) {
        if (container_differs(&before[index], &task->containers[index]))
            task->version++;
    }
}

static void take_times(struct task *task, const struct task_report *report) {
    if (report->pull_started_ms != 0)
        task->pull_started_ms = report->pull_started_ms;
    if (report->pull_stopped_ms != 0)
        task->pull_stopped_ms = report->pull_stopped_ms;
    if (report->execution_stopped_ms != 0)
        task->execution_stopped_ms = report->execution_stopped_ms;
}

/* Whose tasks the runtime does not know better: a container instance that registered itself. */
static bool is_told_of(struct engine *engine, const struct task *task) {
    const struct instance *instance = instance_by_row(engine, task->container_instance_id);
    return task->status != TASK_STOPPED && instance != NULL && !instance->simulated;
}

int engine_task_report(struct engine *engine, struct task *task, const struct task_report *report) {
    int64_t now_ms = engine_now_ms(engine);
    if (!is_told_of(engine, task))
        return 0;
    /* The agent knows what the runtime only imagined; it has its time for the network interface all the same. */
    if ((report->status != NULL || report->container_count != 0) && !task_awaits_attachment(engine, task))
        task->due_ms = 0;
    take_times(task, report);
    const char *status = report->status;
    struct task_container *before = arena_new_array(
        engine->turn, struct task_container, task->container_count);
    int64_t version = task->version;
    int result = 0;
    if (task->container_count != 0)
        memcpy(before, task->containers, task->container_count * sizeof(*before));
    for (unsigned index = 0; index < report->container_count; index++)
        take_container(task, &report->containers[index], now_ms);
    if (report->task_follows)
        status = status_from_containers(task);
    if (text_equal(status, "RUNNING")) {
        result = run(engine, task, now_ms);
    } else if (text_equal(status, "STOPPED")) {
        result = stop(engine, task, report->reason, now_ms);
    }
    for (unsigned index = 0; index < report->container_count; index++)
        take_agent(task, &report->containers[index], now_ms);
    count_news(task, before, version);
    task_touch(engine, task);
    return result;
}
