/* Carrying out what a service has planned: stopping and starting tasks, and telling of it. */
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "service_glance.h"

enum {
    STARTED_TEXT_MAX = 1024 * 1024,
};

/* Who does it: services with task sets name the set as well (facts: services 7.9). */
const char *glance_actor(struct glance *glance, const struct deployment *task_set_or_null) {
    struct arena *arena = glance->engine->turn;
    const char *name = glance->service->name;
    return task_set_or_null != NULL
               ? arena_printf(arena, "service %s, taskSet ecs-svc/%s", name, task_set_or_null->digits)
               : arena_printf(arena, "service %s", name);
}

/* The task set that a task is of; NULL: the service has none. */
static const struct deployment *task_set_of(const struct glance *glance, int64_t deployment_id) {
    const struct deployment *own = service_deployment_by_row(glance->service, deployment_id);
    return own != NULL && own->is_task_set ? own : NULL;
}

static const char *stop_reason(struct glance *glance, const struct service_stop *stop, const char *digits,
    const struct target_verdict *verdict) {
    struct arena *arena = glance->engine->turn;
    switch (stop->why) {
    case STOP_UNHEALTHY:
        return "Task failed container health checks";
    case STOP_TARGET_UNHEALTHY:
        return glance_target_reason(glance, verdict);
    case STOP_REBALANCED:
        return arena_printf(
            arena, "Availability-zone rebalancing initiated by (deployment ecs-svc/%s)", digits);
    case STOP_SCALED:
        break;
    }
    return arena_printf(arena, "Scaling activity initiated by (deployment ecs-svc/%s)", digits);
}

static int tell_unhealthy(
    struct glance *glance, const struct service_task *seen, const struct deployment *own_or_null) {
    struct task *task = NULL;
    struct target_verdict verdict = {0};
    const struct deployment *task_set = task_set_of(glance, seen->deployment_id);
    int result = task_by_row(glance->engine, seen->task_row, &task);
    if (result != 0)
        return result < 0 ? result : 0;
    if (seen->health != HEALTH_UNHEALTHY) {
        result = glance_ask_target(glance, task, &verdict);
        return result == 0 ? glance_tell_unwell(glance, task_set, task, &verdict) : result;
    }
    result = own_or_null != NULL ? glance_documents(glance, own_or_null) : 0;
    if (result != 0)
        return result;
    /* What it is registered with learns of it from ECS. */
    if (own_or_null != NULL && value_count(value_get(glance->documents.revision, "serviceRegistries")) != 0)
        service_action(glance->engine, glance->entry, "WARN", "SERVICE_DISCOVERY_INSTANCE_UNHEALTHY", NULL);
    return engine_service_event(glance->engine, glance->service,
        "(%s) (task %s) failed container health checks.", glance_actor(glance, task_set), task->task_id);
}

enum task_view glance_view(const struct glance *glance, const struct service_task *task) {
    int64_t again_ms = 0;
    return service_task_view(
        task, &glance->service->settings, &glance->engine->services->timing, glance->now_ms, &again_ms);
}

/* Failed when it is found UNHEALTHY, not when it is stopped for that: its replacement may come first. */
int glance_note_unhealthy(struct glance *glance) {
    const struct service *service = glance->service;
    int result = 0;
    for (unsigned index = 0; result == 0 && index < glance->entry->member_count; index++) {
        struct service_member *member = glance->entry->members[index];
        struct deployment *deployment = service_deployment_by_row(service, member->task.deployment_id);
        bool ails = glance_view(glance, &member->task) == VIEW_UNHEALTHY;
        bool known = member->ails;
        member->ails = ails;
        if (known || !ails)
            continue;
        if (deployment != NULL)
            deployment_task_unhealthy(deployment, &member->task,
                deployment_counts_failures(deployment, &service->settings, service->desired_count),
                &glance->engine->services->timing, glance->now_ms);
        service_changed(glance->engine, glance->entry);
        result = tell_unhealthy(glance, &member->task, deployment);
    }
    return result;
}

/* Its deployment's for a task set, else that of the deployment that takes over. */
static const char *initiator(const struct glance *glance, const struct task *task) {
    const struct deployment *own = service_deployment_by_row(glance->service, task->deployment_id);
    if (glance->service->primary != NULL && (own == NULL || !own->is_task_set))
        return glance->service->primary->digits;
    return own != NULL ? own->digits : "0";
}

/* What is stopped together: of one task set, or of a service without. */
struct stopped {
    struct buf ids;   /* " (task T1) (task T2)" */
    const char *zone; /* to even out the zones; NULL: for another reason */
    unsigned running;
    unsigned pending;
};

/* A daemon's task that its instance, although ACTIVE, does not suit any more (facts: services 7.12). */
static void tell_violation(struct glance *glance, const struct service_task *task) {
    const struct service *service = glance->service;
    const struct instance *instance = instance_by_row(glance->engine, task->instance_id);
    if (!service->settings.daemon || service->status != SERVICE_ACTIVE || !task->displaced ||
        instance == NULL || instance->status != INSTANCE_ACTIVE)
        return;
    service_action(glance->engine, glance->entry, "ERROR", "SERVICE_DAEMON_PLACEMENT_CONSTRAINT_VIOLATED",
        &(struct service_action_detail){.container_instance = instance->arn});
}

static int stop_one(struct glance *glance, const struct service_stop *stop, struct stopped *stopped) {
    struct task *task = NULL;
    struct target_verdict verdict = {0};
    int result = task_by_row(glance->engine, glance->tasks[stop->task].task_row, &task);
    if (result != 0)
        return result < 0 ? result : 0;
    if (stop->why == STOP_TARGET_UNHEALTHY)
        result = glance_ask_target(glance, task, &verdict);
    if (result != 0)
        return result;
    glance_target_gone(glance, task);
    tell_violation(glance, &glance->tasks[stop->task]);
    stopped->pending += stop->pending;
    stopped->running += !stop->pending;
    if (!stop->pending)
        buf_printf(&stopped->ids, " (task %s)", task->task_id);
    return engine_task_stop(glance->engine, task, "ServiceSchedulerInitiated",
        stop_reason(glance, stop, initiator(glance, task), &verdict));
}

static int tell_stopped(
    struct glance *glance, const struct deployment *task_set_or_null, struct stopped *stopped) {
    const char *who = glance_actor(glance, task_set_or_null);
    int result = glance_tell_targets(glance);
    const char *why = stopped->zone == NULL
                          ? ""
                          : arena_printf(glance->engine->turn, " in %s due to AZ rebalancing", stopped->zone);
    if (result == 0 && stopped->running != 0 && stopped->zone != NULL)
        service_action(glance->engine, glance->entry, "INFO", "TASKS_STOPPED", NULL);
    if (result == 0 && stopped->running != 0)
        result = engine_service_event(glance->engine, glance->service,
            "(%s) has stopped %u running tasks%s:%s.", who, stopped->running, why, buf_text(&stopped->ids));
    if (result == 0 && stopped->pending != 0)
        result = engine_service_event(
            glance->engine, glance->service, "(%s) stopped %u pending tasks.", who, stopped->pending);
    buf_clear(&stopped->ids);
    stopped->running = stopped->pending = 0;
    return result;
}

static int carry_out_stops(struct glance *glance) {
    const struct service_plan *plan = &glance->plan;
    struct stopped stopped = {.ids = BUF_INIT(STARTED_TEXT_MAX)};
    const struct deployment *task_set = NULL;
    int result = 0;
    for (unsigned index = 0; result == 0 && index < plan->stop_count; index++) {
        const struct service_task *task = &glance->tasks[plan->stops[index].task];
        const char *zone = plan->stops[index].why == STOP_REBALANCED ? task->zone : NULL;
        const struct deployment *own = task_set_of(glance, task->deployment_id);
        if (own != task_set || zone != stopped.zone) /* both are interned */
            result = tell_stopped(glance, task_set, &stopped);
        task_set = own;
        stopped.zone = zone;
        if (result == 0)
            result = stop_one(glance, &plan->stops[index], &stopped);
    }
    if (result == 0)
        result = tell_stopped(glance, task_set, &stopped);
    buf_done(&stopped.ids);
    return result;
}

/* "2 tasks in az-a, 1 tasks in az-b", the fullest first. */
static const char *zones_text(struct glance *glance) {
    struct arena *arena = glance->engine->turn;
    const struct service_view *view = &glance->view;
    unsigned *counts = arena_new_array(arena, unsigned, view->zone_count);
    const char *text = "";
    unsigned most = 0;
    for (unsigned zone = 0; zone < view->zone_count; zone++) {
        for (unsigned index = 0; index < view->task_count; index++)
            counts[zone] += view->tasks[index].wanted &&
                            text_equal(view->tasks[index].zone, view->zones[zone]);
        most = counts[zone] > most ? counts[zone] : most;
    }
    for (unsigned count = most + 1; count-- > 0;) {
        for (unsigned zone = 0; zone < view->zone_count; zone++) {
            if (counts[zone] == count)
                text = arena_printf(
                    arena, "%s%s%u tasks in %s", text, text[0] != '\0' ? ", " : "", count, view->zones[zone]);
        }
    }
    return text;
}

/* Nobody asks for even zones any more. */
static int stop_balancing(struct glance *glance) {
    service_action(glance->engine, glance->entry, "INFO", "SERVICE_REBALANCING_STOPPED", NULL);
    service_untroubled(glance->engine, glance->entry, TROUBLE_UNBALANCED);
    return engine_service_event(
        glance->engine, glance->service, "(service %s) stopped AZ Rebalancing.", glance->service->name);
}

/* Once when it begins and once when it is over (facts: services 7.9, 7.10). */
int glance_tell_balance(struct glance *glance, bool balanced) {
    struct service *service = glance->service;
    bool known = glance->entry->trouble != NULL && strchr(glance->entry->trouble, TROUBLE_UNBALANCED) != NULL;
    if (known != balanced)
        return 0;
    if (balanced && glance->view.zone_count == 0)
        return stop_balancing(glance);
    service_action(glance->engine, glance->entry, "INFO",
        balanced ? "SERVICE_REBALANCING_COMPLETED" : "SERVICE_REBALANCING_STARTED", NULL);
    if (balanced)
        service_untroubled(glance->engine, glance->entry, TROUBLE_UNBALANCED);
    else
        service_troubled(glance->engine, glance->entry, TROUBLE_UNBALANCED);
    return balanced ? engine_service_event(glance->engine, service, "(service %s) is AZ balanced with %s.",
                          service->name, zones_text(glance))
                    : engine_service_event(glance->engine, service,
                          "(service %s) is not AZ balanced with %s. AZ Rebalancing in progress.",
                          service->name, zones_text(glance));
}

static int tell_started(
    struct glance *glance, const struct service_start *start, const struct started *started) {
    const char *who = glance_actor(glance, start->deployment->is_task_set ? start->deployment : NULL);
    const char *ids = buf_text(&started->ids);
    if (start->zone != NULL)
        service_action(glance->engine, glance->entry, "INFO", "TASKS_STARTED", NULL);
    if (start->zone != NULL)
        return engine_service_event(glance->engine, glance->service,
            "(%s) has started %u tasks in %s to AZ Rebalance:%s.", who, started->count, start->zone, ids);
    if (start->replaces)
        return engine_service_event(glance->engine, glance->service,
            "(%s) has started %u tasks:%s. Amazon ECS replaced %u tasks due to an unhealthy status.", who,
            started->count, ids, started->count);
    return engine_service_event(
        glance->engine, glance->service, "(%s) has started %u tasks:%s.", who, started->count, ids);
}

/* Starts for the same deployment are one batch. */
static int carry_out_starts(struct glance *glance) {
    int result = 0;
    struct started started = {.ids = BUF_INIT(STARTED_TEXT_MAX)};
    for (unsigned index = 0; result == 0 && index < glance->plan.start_count; index++) {
        const struct service_start *start = &glance->plan.starts[index];
        struct deployment *deployment = service_deployment_by_row(glance->service, start->deployment->id);
        result = glance_documents(glance, deployment);
        if (result == 0)
            result = service_start_tasks(
                glance->engine, glance->entry, deployment, start, &glance->documents, &started);
        bool last = index + 1 == glance->plan.start_count ||
                    glance->plan.starts[index + 1].deployment != start->deployment;
        if (result != 0 || !last)
            continue;
        if (started.count != 0 && start->zone != NULL)
            result = glance_tell_balance(glance, false);
        if (started.count != 0 && result == 0)
            result = tell_started(glance, start, &started);
        if (start->zone != NULL && started.count != 0)
            glance->entry->rebalancing = true;
        buf_clear(&started.ids);
        started.count = 0;
    }
    buf_done(&started.ids);
    return result;
}

int glance_act(struct glance *glance) {
    struct service_entry *entry = glance->entry;
    if (glance->plan.start_count == 0 && glance->plan.stop_count == 0)
        return 0;
    if (glance->now_ms < entry->next_act_ms) {
        service_look_again(glance->engine, entry, entry->next_act_ms);
        return 0;
    }
    bool throttled = false;
    int result = glance_throttled(glance, &throttled);
    if (result != 0 || throttled)
        return result;
    result = carry_out_stops(glance);
    if (result == 0)
        result = carry_out_starts(glance);
    entry->next_act_ms = glance->now_ms + glance->engine->services->timing.tick_ms;
    service_changed(glance->engine, entry);
    return result;
}
