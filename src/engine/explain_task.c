/* Why a task is where it is. */
#include "ecs-local/base/text.h"
#include "explain_internal.h"

static void explain_containers(
    struct engine *engine, const struct task *task, struct explanation *explanation) {
    for (unsigned index = 0; index < task->container_count; index++) {
        const struct task_container *container = &task->containers[index];
        if (container->exited)
            explain_because(engine, explanation, "the container %s ended with exit code %d%s%s",
                container->name, container->exit_code, container->reason != NULL ? ": " : "",
                container->reason != NULL ? container->reason : "");
        else if (container->reason != NULL)
            explain_because(engine, explanation, "the container %s: %s", container->name, container->reason);
    }
}

static void explain_stopped(struct engine *engine, const struct task *task, struct explanation *explanation) {
    explanation->summary = arena_printf(engine->turn, "The task is STOPPED since %s: %s",
        explain_time(engine, task->stopped_ms),
        task->stopped_reason != NULL ? task->stopped_reason : "no reason was given");
    if (task->stop_code != NULL)
        explain_because(engine, explanation, "its stop code is %s", task->stop_code);
    explain_containers(engine, task, explanation);
    explanation->next = "it is forgotten";
}

static int explain_waiting(struct engine *engine, const struct task *task, struct explanation *explanation) {
    const struct cluster *cluster = cluster_by_row(engine, task->cluster_id);
    struct placement_rules rules;
    struct place_request request;
    explanation->summary = "The task waits for a container instance that takes it.";
    explanation->waits_for = arena_printf(
        engine->turn, "room on a container instance of the capacity provider %s", task->capacity_provider);
    explanation->next = "it gives up";
    int result = waiting_request(engine, task, cluster, &rules, &request);
    if (result == 0)
        explain_instances(engine, cluster, &request, explanation);
    else if (result > 0)
        explain_because(engine, explanation, "its task definition does not exist any more");
    return result < 0 ? result : 0;
}

/* A script that keeps it where it is. */
static bool is_held(const struct task *task) {
    for (unsigned index = 0; index < task->life.outcome_count; index++) {
        const struct outcome_effects *outcome = &task->life.outcomes[index].outcome;
        if (outcome->stuck && outcome->stuck_at == task->status)
            return true;
    }
    return false;
}

static const char *what_holds(struct engine *engine, const struct task *task) {
    const struct instance *instance = instance_by_row(engine, task->container_instance_id);
    if (instance != NULL && !instance->agent_connected)
        return "the agent of its container instance, which is not connected";
    if (task_awaits_attachment(engine, task))
        return "the agent of its container instance, to say that the network interface is attached";
    if (instance != NULL && instance->has_agent)
        return "the agent of its container instance, which tells what happens to it";
    if (is_held(task))
        return "nothing: a scripted outcome keeps it there (GET /_ecs/outcomes)";
    return NULL;
}

static void explain_on_its_way(
    struct engine *engine, const struct task *task, struct explanation *explanation) {
    bool leaves = task->desired == TASK_STOPPED;
    explanation->summary = arena_printf(engine->turn, "The task is %s, on its way to %s.",
        task_status_name(task->status), leaves ? "STOPPED" : "RUNNING");
    if (leaves)
        explain_because(engine, explanation, "it is being stopped: %s",
            task->stopped_reason != NULL ? task->stopped_reason : "no reason was given");
    for (unsigned index = 0; index < task->container_count; index++) {
        const struct task_container *container = &task->containers[index];
        explain_because(
            engine, explanation, "the container %s is %s", container->name, container->last_status);
    }
    explanation->waits_for = task->due_ms == 0 || task_awaits_attachment(engine, task)
                                 ? what_holds(engine, task)
                                 : NULL;
    explanation->next = "its next step";
}

static void explain_running(struct engine *engine, struct task *task, struct explanation *explanation) {
    const char *health = task_health_status(task);
    const struct instance *instance = instance_by_row(engine, task->container_instance_id);
    explanation->summary = text_equal(health, "UNHEALTHY") ? "The task is RUNNING, but UNHEALTHY."
                                                           : "The task is RUNNING, as it should be.";
    explain_containers(engine, task, explanation);
    if (instance != NULL && !instance->agent_connected)
        explain_because(engine, explanation,
            "the agent of its container instance is not connected: what the task does is not known");
    explanation->next = "its next step";
}

int engine_explain_task(struct engine *engine, struct task *task, struct explanation *ret_explanation) {
    struct explanation *explanation = ret_explanation;
    *explanation = (struct explanation){0};
    int result = 0;
    if (task->status == TASK_STOPPED)
        explain_stopped(engine, task, explanation);
    else if (task->waiting != NULL)
        result = explain_waiting(engine, task, explanation);
    else if (task->status == TASK_RUNNING && task->desired == TASK_RUNNING)
        explain_running(engine, task, explanation);
    else
        explain_on_its_way(engine, task, explanation);
    for (unsigned index = 0; index < task->life.outcome_count; index++)
        explain_because(engine, explanation, "a scripted outcome applies to it (GET /_ecs/outcomes)");
    explanation->next_ms = task->due_ms;
    if (task->due_ms == 0)
        explanation->next = NULL;
    return result;
}
