/* The scheduler of services: looks at each service whose surroundings have changed, lets domain/service_plan.h decide,
 * and does what it says. Level-triggered: it needs to know only that something is different, not what. */
#include <string.h>

#include "deployment_stages.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/store/service_rows.h"
#include "service_glance.h"

enum {
    /* So many failed attempts in a row are told (D; facts: services 7.7). */
    IMPAIRED_AFTER = 3,
};

bool services_waiting(const struct engine *engine) {
    return engine->services->dirty.count != 0;
}

bool service_timer_waits(struct engine *engine, int64_t row, int64_t due_ms) {
    const struct service_entry *entry = service_by_row(engine, row);
    return entry != NULL && entry->due_ms == due_ms;
}

int service_timer_fired(struct engine *engine, int64_t row) {
    struct service_entry *entry = service_by_row(engine, row);
    if (entry != NULL) {
        entry->due_ms = 0;
        service_mark(engine, entry);
    }
    return 0;
}

void service_look_again(struct engine *engine, struct service_entry *entry, int64_t at_ms) {
    if (at_ms == 0 || (entry->due_ms != 0 && entry->due_ms <= at_ms))
        return;
    entry->due_ms = at_ms;
    timers_add(&engine->timers, at_ms, TIMER_SERVICE, entry->service.id);
}

/* Was it stopped on purpose, so that its end is no failure? */
static bool is_ours(const struct task *task) {
    static const char *const codes[] = {
        "ServiceSchedulerInitiated", "UserInitiated", "SpotInterruption", "TerminationNotice"};
    for (size_t index = 0; index < array_length(codes); index++) {
        if (text_equal(task->stop_code, codes[index]))
            return true;
    }
    return false;
}

/* What events of services repeat of a task's reason (facts: services 7.9). */
static bool task_could_not_start(const struct task *task) {
    return task->started_ms == 0 && task->stopped_reason != NULL &&
           (text_starts_with(task->stopped_reason, "CannotPullContainerError") ||
               text_starts_with(task->stopped_reason, "ResourceInitializationError"));
}

static void note_news(struct glance *glance, struct service_member *member, const struct task *task) {
    struct deployment *deployment = service_deployment_by_row(glance->service, member->task.deployment_id);
    struct service_task *seen = &member->task;
    bool runs = seen->status == TASK_RUNNING;
    if (member->loaded) {
        member->ran = runs;
        member->left = !seen->wanted;
        member->ails = glance_view(glance, seen) == VIEW_UNHEALTHY;
        member->loaded = false;
    }
    if (deployment == NULL)
        return;
    if (runs && !member->ran) {
        member->ran = true;
        member->left = !seen->wanted;
        deployment->newly_running += seen->wanted;
        deployment_task_started(deployment);
    }
    if (!seen->wanted)
        glance_target_gone(glance, task);
    if (!seen->wanted && !seen->counted) {
        seen->counted = true;
        if (!deployment_counts_failures(
                deployment, &glance->service->settings, glance->service->desired_count))
            return;
        if (task_could_not_start(task))
            glance->start_failure = arena_strdup(glance->engine->turn, task->stopped_reason);
        deployment_task_ended(deployment, seen, member->was_healthy, is_ours(task),
            &glance->engine->services->timing, glance->now_ms);
    }
    if (deployment->dirty)
        service_changed(glance->engine, glance->entry);
}

static int refresh_member(struct glance *glance, struct service_member *member, const struct task *task) {
    struct target_verdict verdict;
    service_member_refresh(glance->engine, member, task);
    int result = glance_ask_target(glance, task, &verdict);
    if (result != 0)
        return result;
    member->task.target_unhealthy = verdict.health == TARGET_UNHEALTHY;
    member->task.target_unknown = verdict.health == TARGET_UNKNOWN;
    note_news(glance, member, task);
    struct deployment *deployment = service_deployment_by_row(glance->service, member->task.deployment_id);
    return deployment != NULL ? revision_note_images(glance->engine, deployment, task) : 0;
}

static int refresh_members(struct glance *glance) {
    struct engine *engine = glance->engine;
    struct service_entry *entry = glance->entry;
    unsigned index = 0;
    while (index < entry->member_count) {
        struct service_member *member = entry->members[index];
        struct task *task = NULL;
        int result = member->stale ? task_by_row(engine, member->task.task_row, &task) : 0;
        if (result < 0)
            return result;
        if (result == 0 && task != NULL) {
            result = refresh_member(glance, member, task);
            if (result != 0)
                return result;
        }
        if (result > 0 || (task != NULL && task->status == TASK_STOPPED))
            service_member_remove(engine, member);
        else
            index++;
    }
    return 0;
}

static void count_task(struct glance *glance, struct service_member *member) {
    const struct service_task *task = &member->task;
    struct deployment *deployment = service_deployment_by_row(glance->service, task->deployment_id);
    int64_t again_ms = 0;
    bool healthy = service_task_view(task, &glance->service->settings, &glance->engine->services->timing,
                       glance->now_ms, &again_ms) == VIEW_HEALTHY;
    glance->service->running += task->status == TASK_RUNNING;
    glance->service->pending += task->status < TASK_RUNNING;
    if (deployment == NULL)
        return;
    deployment->running += task->status == TASK_RUNNING;
    deployment->pending += task->status < TASK_RUNNING;
    deployment->healthy += healthy;
    deployment->wanted += task->wanted;
    if (healthy && !member->was_healthy) {
        member->was_healthy = true;
        deployment_task_healthy(deployment, &glance->service->settings);
        if (deployment->dirty)
            service_changed(glance->engine, glance->entry);
    }
}

static void count_tasks(struct glance *glance) {
    struct service *service = glance->service;
    service->running = service->pending = 0;
    for (struct deployment *item = service->deployments; item != NULL; item = item->next)
        item->running = item->pending = item->healthy = item->wanted = 0;
    for (unsigned index = 0; index < glance->entry->member_count; index++)
        count_task(glance, glance->entry->members[index]);
}

/* The first alarm of the service that is in ALARM; NULL: none. */
static int find_alarm(struct glance *glance, const char **ret_name) {
    int result = glance_documents(glance, glance->service->primary);
    *ret_name = NULL;
    if (result != 0)
        return result;
    const struct value *alarms = value_get(
        value_get(glance->documents.service, "deploymentConfiguration"), "alarms");
    value_for_each(name, value_get(alarms, "alarmNames")) {
        const char *state = NULL;
        result = alarm_rows_get(glance->engine->store, glance->service->cluster->scope->id, name->string,
            glance->engine->turn, &state);
        if (result < 0)
            return result;
        if (result == 0 && text_equal(state, "ALARM") && *ret_name == NULL)
            *ret_name = name->string;
    }
    return 0;
}

/* An alarm that was there when the deployment began is ignored (facts: services 7.8). */
static int watch_alarms(struct glance *glance, bool begins) {
    struct deployment *primary = glance->service->primary;
    const char *alarm = NULL;
    if (!glance->service->settings.alarms || primary->alarms_ignored ||
        primary->rollout != ROLLOUT_IN_PROGRESS || primary->is_rollback)
        return 0;
    int result = find_alarm(glance, &alarm);
    if (result != 0 || alarm == NULL)
        return result;
    if (begins) {
        primary->alarms_ignored = true;
        primary->dirty = true;
        service_changed(glance->engine, glance->entry);
        return 0;
    }
    return rollout_alarmed(glance->engine, glance->entry, primary, alarm);
}

/* What becomes of the deployment that is on its way, before anything is planned. */
static int judge_rollout(struct glance *glance) {
    struct service *service = glance->service;
    struct deployment *primary = service->primary;
    struct service_deployment *record = primary != NULL ? primary->record : NULL;
    bool begins = record != NULL && record->status == SERVICE_DEPLOYMENT_PENDING;
    if (primary == NULL || primary->is_task_set)
        return 0;
    bool due = glance->now_ms >= glance->entry->next_act_ms;
    rollout_supersede(glance->engine, glance->entry, due);
    if (record != NULL && record->status == SERVICE_DEPLOYMENT_ROLLBACK_REQUESTED) {
        if (due)
            return rollout_stop_asked(glance->engine, glance->entry, primary);
        service_look_again(glance->engine, glance->entry, glance->entry->next_act_ms);
        return 0;
    }
    rollout_begin(glance->engine, glance->entry, primary);
    int result = watch_alarms(glance, begins);
    if (result == 0 && deployment_breaker_trips(service->primary, &service->settings, service->desired_count))
        result = rollout_breaker_tripped(glance->engine, glance->entry, service->primary);
    int64_t stage_due_ms = 0;
    if (result == 0 && service->primary->rollout == ROLLOUT_IN_PROGRESS)
        result = deployment_stage_act(
            glance->engine, service, service->primary, glance->now_ms, &stage_due_ms);
    service_look_again(glance->engine, glance->entry, stage_due_ms);
    return result;
}

/* Tasks do not come to run. */
static int tell_start_troubles(struct glance *glance) {
    struct engine *engine = glance->engine;
    struct service *service = glance->service;
    const struct deployment *primary = service->primary;
    bool impaired = primary != NULL && primary->start_failures >= IMPAIRED_AFTER &&
                    primary->rollout != ROLLOUT_FAILED && !glance->entry->hungry;
    int result = 0;
    if (glance->start_failure != NULL && service_troubled(engine, glance->entry, TROUBLE_START))
        result = engine_service_event(engine, service, "(service %s) was unable to place a task. Reason: %s.",
            service->name, glance->start_failure);
    if (result != 0 || !impaired || !service_troubled(engine, glance->entry, TROUBLE_IMPAIRED))
        return result;
    service_action(engine, glance->entry, "WARN", "SERVICE_TASK_START_IMPAIRED", NULL);
    return engine_service_event(
        engine, service, "(service %s) is unable to consistently start tasks successfully.", service->name);
}

/* Protected tasks stand in the way. */
static int tell_protected(struct glance *glance) {
    struct service *service = glance->service;
    unsigned kept = glance->plan.kept_by_protection;
    const struct deployment *whose = service_deployment_by_row(service, glance->plan.kept_deployment_id);
    if (whose == NULL || !service_troubled(glance->engine, glance->entry, TROUBLE_PROTECTED))
        return 0;
    service_action(glance->engine, glance->entry, "INFO", "TASKSET_SCALE_IN_FAILURE_BY_TASK_PROTECTION",
        &(struct service_action_detail){.task_set = service_task_set_arn(glance->engine, service, whose),
            .reason = arena_printf(glance->engine->turn, "%u tasks under protection", kept)});
    return engine_service_event(glance->engine, service,
        "(service %s) was unable to %s because (taskSet ecs-svc/%s) was unable to scale in due to (reason %u tasks "
        "under protection)",
        service->name, glance->entry->rebalancing ? "AZ Rebalance" : "reach steady state", whose->digits,
        kept);
}

/* A target group cannot say how its targets are. */
static int tell_health_unknown(struct glance *glance) {
    bool unknown = false;
    for (unsigned index = 0; index < glance->entry->member_count; index++)
        unknown |= glance->entry->members[index]->task.target_unknown;
    if (!unknown)
        service_untroubled(glance->engine, glance->entry, TROUBLE_HEALTH);
    else if (service_troubled(glance->engine, glance->entry, TROUBLE_HEALTH))
        service_action(glance->engine, glance->entry, "ERROR", "SERVICE_HEALTH_UNKNOWN", NULL);
    return 0;
}

static int tell_troubles(struct glance *glance) {
    struct engine *engine = glance->engine;
    struct service_entry *entry = glance->entry;
    struct service *service = glance->service;
    int result = tell_start_troubles(glance);
    if (result == 0 && glance->plan.blocked && service_troubled(engine, entry, TROUBLE_BLOCKED))
        result = engine_service_event(engine, service,
            "(service %s) was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.",
            service->name);
    if (result == 0 && glance->plan.kept_by_protection != 0)
        result = tell_protected(glance);
    return result == 0 ? tell_health_unknown(glance) : result;
}

/* How many each deployment is shown to want. */
static void show_desired(struct glance *glance) {
    for (struct deployment *item = glance->service->deployments; item != NULL; item = item->next) {
        const struct deployment *primary = glance->service->primary;
        bool leads = item == primary || item->is_task_set || (primary != NULL && primary->holds_old);
        int desired = leads ? service_deployment_wants(&glance->view, item) : (int)item->wanted;
        if (item->desired == desired)
            continue;
        item->desired = desired;
        item->updated_ms = glance->now_ms;
        item->dirty = true;
        service_changed(glance->engine, glance->entry);
    }
}

static bool has_tasks(const struct glance *glance, const struct deployment *deployment) {
    for (unsigned index = 0; index < glance->entry->member_count; index++) {
        if (glance->entry->members[index]->task.deployment_id == deployment->id)
            return true;
    }
    return false;
}

static int task_set_steady(struct glance *glance, struct deployment *item) {
    bool stable = item->pending == 0 && (int)item->running == item->desired &&
                  item->healthy == item->running && item->wanted == item->running;
    if (item->status == DEPLOYMENT_DRAINING && !has_tasks(glance, item)) {
        item->gone = true;
        service_changed(glance->engine, glance->entry);
        return 0;
    }
    if (item->stable == stable)
        return 0;
    item->stable = stable;
    item->stable_ms = glance->now_ms;
    item->dirty = true;
    service_changed(glance->engine, glance->entry);
    if (stable)
        service_action(glance->engine, glance->entry, "INFO", "TASKSET_STEADY_STATE",
            &(struct service_action_detail){
                .task_set = service_task_set_arn(glance->engine, glance->service, item)});
    return 0;
}

/* Those of the service's strategy are steady with it. */
static int tell_steady_providers(struct glance *glance) {
    const struct deployment *primary = glance->service->primary;
    int result = primary != NULL ? glance_documents(glance, primary) : 0;
    value_for_each(item, value_get(glance->documents.revision, "capacityProviderStrategy")) {
        const char *name = value_string(item, "capacityProvider");
        const char *slash = name != NULL ? strrchr(name, '/') : NULL;
        service_action(glance->engine, glance->entry, "INFO", "CAPACITY_PROVIDER_STEADY_STATE",
            &(struct service_action_detail){.capacity_provider = slash != NULL ? slash + 1 : name});
    }
    return result;
}

static int steady(struct glance *glance, bool completes) {
    struct service_entry *entry = glance->entry;
    int result = tell_steady_providers(glance);
    if (result != 0)
        return result;
    entry->steady_ms = glance->now_ms;
    glance->service->steady = true;
    rollout_retire_replaced(glance->engine, entry);
    service_calm(glance->engine, entry);
    service_changed(glance->engine, entry);
    service_action(glance->engine, entry, "INFO", "SERVICE_STEADY_STATE", NULL);
    return completes ? service_event_after(glance->engine, glance->service,
                           "(service %s) has reached a steady state.", glance->service->name)
                     : engine_service_event(glance->engine, glance->service,
                           "(service %s) has reached a steady state.", glance->service->name);
}

static bool has_early_success(const struct service *service) {
    const struct deployment *primary = service->primary;
    int needed = service_lower_bound(service->desired_count, service->settings.early_percent);
    if ((int)primary->healthy < needed)
        return false;
    for (const struct deployment *item = service->deployments; item != NULL; item = item->next) {
        if (item != primary && item->running + item->pending != 0 && !service->settings.early_deferred)
            return false;
    }
    return true;
}

/* A deployment that need not wait for all of its tasks (facts: services 7.11). */
static int succeed_early(struct glance *glance) {
    struct service *service = glance->service;
    struct deployment *primary = service->primary;
    if (primary == NULL || primary->is_task_set)
        return 0;
    if (primary->rollout == ROLLOUT_COMPLETED)
        rollout_drop_replaced(glance->engine, glance->entry);
    if (!service->settings.early || service->settings.strategy != STRATEGY_ROLLING ||
        primary->rollout != ROLLOUT_IN_PROGRESS || primary->is_rollback || !primary->may_complete)
        return 0;
    bool reached = has_early_success(service);
    if (reached != (primary->early_ms != 0)) {
        primary->early_ms = reached ? glance->now_ms : 0;
        primary->dirty = true;
        service_changed(glance->engine, glance->entry);
    }
    int64_t at_ms = primary->early_ms + service->settings.bake_ms;
    if (!reached)
        return 0;
    if (glance->now_ms < at_ms) {
        service_look_again(glance->engine, glance->entry, at_ms);
        return 0;
    }
    return rollout_complete(glance->engine, glance->entry, primary);
}

/* All is as wanted: since when, and does that end the deployment? */
static int conclude(struct glance *glance) {
    struct engine *engine = glance->engine;
    struct service_entry *entry = glance->entry;
    struct deployment *primary = glance->service->primary;
    const struct service_timing *timing = &engine->services->timing;
    bool completes = primary != NULL && primary->rollout == ROLLOUT_IN_PROGRESS;
    if (primary == NULL)
        return 0;
    if (primary->ready_ms == 0) {
        primary->ready_ms = glance->now_ms;
        primary->dirty = true;
        service_changed(engine, entry);
    }
    if (completes && !primary->may_complete)
        return 0;
    int64_t wait_ms = timing->steady_ms;
    if (completes && glance->service->settings.strategy == STRATEGY_ROLLING && !primary->is_rollback &&
        glance->service->settings.bake_ms > wait_ms)
        wait_ms = glance->service->settings.bake_ms;
    int64_t at_ms = primary->ready_ms + wait_ms;
    if (entry->steady_ms != 0 && !completes)
        at_ms = entry->steady_ms + SERVICE_STEADY_AGAIN_MS;
    if (glance->now_ms < at_ms) {
        service_look_again(engine, entry, at_ms);
        return 0;
    }
    int result = completes ? rollout_complete(engine, entry, primary) : 0;
    if (result == 0)
        result = steady(glance, completes);
    service_look_again(engine, entry, entry->steady_ms + SERVICE_STEADY_AGAIN_MS);
    return result;
}

static void unsettle(struct glance *glance) {
    struct deployment *primary = glance->service->primary;
    if (primary != NULL && primary->ready_ms != 0) {
        primary->ready_ms = 0;
        primary->dirty = true;
        service_changed(glance->engine, glance->entry);
    }
    if (glance->entry->steady_ms != 0) {
        glance->entry->steady_ms = 0;
        service_changed(glance->engine, glance->entry);
    }
    glance->service->steady = false;
}

/* A service that is being deleted is INACTIVE when its last task has gone, and forgotten later. */
static int wind_up(struct glance *glance) {
    struct engine *engine = glance->engine;
    struct service_entry *entry = glance->entry;
    struct service *service = glance->service;
    if (service->status == SERVICE_INACTIVE) {
        if (glance->now_ms >= service->inactive_ms + TASK_RETENTION_MS)
            return service_forget(engine, entry);
        service_look_again(engine, entry, service->inactive_ms + TASK_RETENTION_MS);
        return 0;
    }
    if (entry->member_count != 0)
        return 0;
    if (service->inactive_ms == 0) {
        service->inactive_ms = glance->now_ms + engine->services->timing.inactive_ms;
        service_changed(engine, entry);
    }
    if (glance->now_ms < service->inactive_ms) {
        service_look_again(engine, entry, service->inactive_ms);
        return 0;
    }
    service->inactive_ms = glance->now_ms;
    service_set_status(engine, entry, SERVICE_INACTIVE);
    for (struct deployment *item = service->deployments; item != NULL; item = item->next)
        item->gone = true;
    service_look_again(engine, entry, service->inactive_ms + TASK_RETENTION_MS);
    return 0;
}

/* Is something on its way that time or a task will bring further? */
static void note_unsettled(struct glance *glance) {
    struct service *service = glance->service;
    bool failed = service->primary != NULL && service->primary->rollout == ROLLOUT_FAILED;
    bool apart = service->primary == NULL && (glance->plan.settled || service->deployments == NULL);
    bool idle = service->status == SERVICE_INACTIVE ||
                (service->status == SERVICE_ACTIVE && (service->steady || failed || apart));
    service_set_unsettled(glance->engine, glance->entry, !idle);
}

static int follow_task_sets(struct glance *glance) {
    int result = 0;
    for (struct deployment *item = glance->service->deployments; result == 0 && item != NULL;
         item = item->next) {
        if (item->is_task_set)
            result = task_set_steady(glance, item);
    }
    return result;
}

static int look_at_active(struct glance *glance) {
    int result = glance_note_unhealthy(glance);
    if (result == 0)
        result = judge_rollout(glance);
    if (result == 0)
        result = glance_tell_targets(glance);
    if (result == 0)
        result = glance_look_round(glance);
    if (result != 0)
        return result;
    service_plan_make(glance->engine->services->scratch, &glance->view, &glance->plan);
    service_look_again(glance->engine, glance->entry, glance->plan.look_again_ms);
    show_desired(glance);
    result = follow_task_sets(glance);
    if (result == 0)
        result = succeed_early(glance);
    if (result == 0)
        result = tell_troubles(glance);
    glance->entry->rebalancing &= !glance->plan.settled;
    if (result == 0 && glance->plan.settled && !glance->plan.unbalanced)
        result = glance_tell_balance(glance, true);
    if (result == 0 && glance->plan.settled && glance->plan.start_count == 0)
        result = conclude(glance);
    else
        unsettle(glance);
    return result == 0 ? glance_act(glance) : result;
}

static int look_at_draining(struct glance *glance) {
    int result = glance_tell_targets(glance);
    if (result == 0)
        result = glance_look_round(glance);
    if (result != 0)
        return result;
    service_plan_make(glance->engine->services->scratch, &glance->view, &glance->plan);
    show_desired(glance);
    result = glance_act(glance);
    return result == 0 ? wind_up(glance) : result;
}

static int look_at(struct engine *engine, struct service_entry *entry) {
    struct glance glance = {
        .engine = engine, .entry = entry, .service = &entry->service, .now_ms = engine_now_ms(engine)};
    int64_t row = entry->service.id;
    int result = refresh_members(&glance);
    if (result != 0)
        return result;
    count_tasks(&glance);
    if (entry->service.status == SERVICE_ACTIVE)
        result = look_at_active(&glance);
    else
        result = look_at_draining(&glance);
    if (result != 0 || service_by_row(engine, row) == NULL)
        return result;
    for (struct deployment *item = entry->service.deployments; item != NULL; item = item->next)
        record_count(engine, entry, item);
    note_unsettled(&glance);
    return 0;
}

int services_reconcile(struct engine *engine) {
    struct services *services = engine->services;
    int result = 0;
    if (services->dirty.count == 0)
        return 0;
    /* In the order of their rows, so that a run can be repeated. */
    service_list_sort(&services->dirty);
    size_t count = services->dirty.count;
    struct service_entry **items = arena_new_array(engine->turn, struct service_entry *, count);
    memcpy(items, services->dirty.items, count * sizeof(struct service_entry *));
    services->dirty.count = 0;
    for (size_t index = 0; index < count; index++)
        items[index]->dirty = false;
    for (size_t index = 0; result == 0 && index < count; index++) {
        result = look_at(engine, items[index]);
        arena_reset(services->scratch);
    }
    return result;
}
