/* Network interfaces of tasks whose container instance has an agent of its own: ECS makes them, the agent says when they
 * are there, and only then does the task go on (facts: agent 1.3 and 3.2, tasks 5.6 and 13). */
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/store/task_rows.h"
#include "engine_internal.h"

enum {
    /* How long an agent has for it (facts: agent 3.2, waitTimeoutMs of the sample). */
    ATTACH_WITHIN_MS = 5 * 60 * 1000,
};

/* The instance whose agent may tell of the task; NULL when nobody but the runtime knows about it. */
static const struct instance *reporting_instance(struct engine *engine, const struct task *task) {
    const struct instance *instance = instance_by_row(engine, task->container_instance_id);
    return instance != NULL && !instance->simulated ? instance : NULL;
}

const char *task_reported_attachment(struct engine *engine, const struct task *task) {
    const char *id = task->interface.attachment_id;
    if (id == NULL)
        id = task->volume.attachment_id;
    return id != NULL && reporting_instance(engine, task) != NULL ? id : NULL;
}

bool task_awaits_attachment(struct engine *engine, const struct task *task) {
    if (task->status != TASK_PROVISIONING || task->desired != TASK_RUNNING ||
        task->interface.attachment_id == NULL || text_equal(task->interface.status, "ATTACHED"))
        return false;
    const struct instance *instance = reporting_instance(engine, task);
    return instance != NULL && instance->has_agent;
}

int task_await_attachment(struct engine *engine, struct task *task, int64_t now_ms, int64_t *ret_until_ms) {
    int64_t until_ms = task->life.since_ms + ATTACH_WITHIN_MS;
    if (text_equal(task->interface.status, "PRECREATED")) {
        task_interface_attached(engine, task);
        task->interface.status = "ATTACHING";
        task_touch(engine, task);
        if (until_ms <= now_ms)
            until_ms = now_ms + ATTACH_WITHIN_MS;
    }
    *ret_until_ms = until_ms;
    if (until_ms > now_ms)
        return 0;
    /* That it ends then: D. */
    return engine_task_stop(
        engine, task, "TaskFailedToStart", "Timeout waiting for network interface provisioning to complete.");
}

int engine_task_of_attachment(
    struct engine *engine, const struct cluster *cluster, const char *attachment_id, struct task **ret_task) {
    int64_t row = 0;
    int result = engine_flush(engine);
    if (result == 0)
        result = task_rows_of_attachment(engine->store, cluster->id, attachment_id, &row);
    return result == 0 ? task_by_row(engine, row, ret_task) : result;
}

/* One that cannot be had ends a task that has not begun (D). */
static int follow(struct engine *engine, struct task *task, const char *status) {
    if (task->desired != TASK_RUNNING || task->status != TASK_PROVISIONING)
        return 0;
    if (text_equal(status, "FAILED"))
        return engine_task_stop(engine, task, "TaskFailedToStart", "Task failed to start");
    if (!text_equal(status, "ATTACHED"))
        return 0;
    int result = task_move_reported(engine, task, TASK_PENDING, engine_now_ms(engine));
    return result == 0 ? task_schedule(engine, task) : result;
}

int engine_task_attachment_report(
    struct engine *engine, struct task *task, const char *attachment_id, const char *status) {
    bool interface = text_equal(task->interface.attachment_id, attachment_id);
    bool volume = text_equal(task->volume.attachment_id, attachment_id);
    if (task->status == TASK_STOPPED || status == NULL || reporting_instance(engine, task) == NULL ||
        (!interface && !volume))
        return 0;
    const char **known = interface ? &task->interface.status : &task->volume.status;
    if (text_equal(*known, status))
        return 0;
    if (!text_equal(status, "PRECREATED") && !text_equal(status, "FAILED"))
        task_interface_attached(engine, task);
    *known = task_text(task, status);
    task->version++;
    int result = interface ? follow(engine, task, status) : 0;
    task_touch(engine, task);
    return result;
}
