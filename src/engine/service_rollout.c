/* How deployments go: begun, completed, failed, rolled back; and the record of it (facts: services 7.1, 7.2, 7.8, 9). */
#include <stdio.h>
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/deployment.h"
#include "ecs-local/store/service_rows.h"
#include "service_internal.h"

static void touch(struct engine *engine, struct service_entry *entry, struct deployment *deployment) {
    deployment->updated_ms = engine_now_ms(engine);
    deployment->dirty = true;
    service_changed(engine, entry);
    service_mark(engine, entry);
}

void record_move(struct engine *engine, struct service_entry *entry, struct service_deployment *record,
    enum service_deployment_status status, const char *status_reason_or_null) {
    if (record == NULL || !service_deployment_move_allowed(record->status, status))
        return;
    int64_t now_ms = engine_now_ms(engine);
    record->status = status;
    record->updated_ms = now_ms;
    if (status == SERVICE_DEPLOYMENT_IN_PROGRESS)
        record->started_ms = now_ms;
    if (service_deployment_is_over(status))
        record->finished_ms = now_ms;
    if (status == SERVICE_DEPLOYMENT_STOPPED)
        record->stopped_ms = now_ms;
    if (status_reason_or_null != NULL)
        snprintf(record->status_reason, sizeof(record->status_reason), "%s", status_reason_or_null);
    if (service_deployment_is_over(status) && text_equal(record->breaker_status, "MONITORING"))
        record->breaker_status = "MONITORING_COMPLETE";
    if (service_deployment_is_over(status) && text_equal(record->alarms_status, "MONITORING"))
        record->alarms_status = "MONITORING_COMPLETE";
    record->dirty = true;
    service_changed(engine, entry);
}

static void count_share(
    const struct service *service, struct service_deployment *record, struct revision_share *share) {
    const struct deployment *deployment = engine_deployment_find(service, share->digits);
    int requested = deployment != NULL ? deployment->desired : 0;
    unsigned running = deployment != NULL ? deployment->running : 0;
    unsigned pending = deployment != NULL ? deployment->pending : 0;
    if (share->requested == requested && share->running == running && share->pending == pending)
        return;
    share->requested = requested;
    share->running = running;
    share->pending = pending;
    record->dirty = true;
}

void record_count(struct engine *engine, struct service_entry *entry, struct deployment *deployment) {
    struct service_deployment *record = deployment->record;
    if (record == NULL)
        return;
    count_share(&entry->service, record, &record->target);
    for (unsigned index = 0; index < record->source_count; index++)
        count_share(&entry->service, record, &record->sources[index]);
    unsigned threshold = service_breaker_threshold(&entry->service.settings, entry->service.desired_count);
    if (record->breaker_failures != deployment->failures || record->breaker_threshold != threshold) {
        record->breaker_failures = deployment->failures;
        record->breaker_threshold = threshold;
        record->dirty = true;
    }
    if (record->dirty) {
        record->updated_ms = engine_now_ms(engine);
        service_changed(engine, entry);
    }
}

/* The record of an older deployment that is rolled back by the completion of this one. */
static struct service_deployment *record_rolled_back(struct service *service) {
    for (struct deployment *item = service->deployments; item != NULL; item = item->next) {
        if (item->record != NULL && item->record->status == SERVICE_DEPLOYMENT_ROLLBACK_IN_PROGRESS)
            return item->record;
    }
    return NULL;
}

/* What has no tasks any more is history; with an early success some may have. */
void rollout_drop_replaced(struct engine *engine, struct service_entry *entry) {
    for (struct deployment *item = entry->service.deployments; item != NULL; item = item->next) {
        if (item == entry->service.primary || item->is_task_set || item->gone ||
            item->running + item->pending != 0)
            continue;
        item->gone = true;
        service_changed(engine, entry);
    }
}

/* Behind a PRIMARY that failed but has its tasks, the empty ones stay to go back to: nothing is shown of them. */
void rollout_retire_replaced(struct engine *engine, struct service_entry *entry) {
    if (entry->service.primary == NULL || entry->service.primary->rollout != ROLLOUT_FAILED)
        return;
    for (struct deployment *item = entry->service.deployments; item != NULL; item = item->next) {
        if (item == entry->service.primary || item->is_task_set || item->gone ||
            item->status == DEPLOYMENT_INACTIVE || item->running + item->pending != 0)
            continue;
        item->status = DEPLOYMENT_INACTIVE;
        item->dirty = true;
        service_changed(engine, entry);
    }
}

int rollout_complete(struct engine *engine, struct service_entry *entry, struct deployment *deployment) {
    struct service *service = &entry->service;
    deployment->rollout = ROLLOUT_COMPLETED;
    snprintf(deployment->rollout_reason, sizeof(deployment->rollout_reason),
        "ECS deployment ecs-svc/%s completed.", deployment->digits);
    deployment->was_completed = true;
    if (deployment->is_rollback)
        record_move(engine, entry, record_rolled_back(service), SERVICE_DEPLOYMENT_ROLLBACK_SUCCESSFUL, NULL);
    else
        record_move(engine, entry, deployment->record, SERVICE_DEPLOYMENT_SUCCESSFUL, NULL);
    deployment->is_rollback = false;
    touch(engine, entry, deployment);
    rollout_drop_replaced(engine, entry);
    service_deployment_event(
        engine, entry, deployment, "INFO", "SERVICE_DEPLOYMENT_COMPLETED", deployment->rollout_reason);
    return engine_service_event(engine, service, "(service %s) (deployment ecs-svc/%s) deployment completed.",
        service->name, deployment->digits);
}

/* What a service shows of its deployment, from the revision that it goes back to. */
static void revert_document(struct arena *arena, struct value *document, const struct value *revision) {
    static const char *const lists[] = {"loadBalancers", "serviceRegistries"};
    static const char *const members[] = {"taskDefinition", "launchType", "capacityProviderStrategy",
        "networkConfiguration", "loadBalancers", "serviceRegistries", "serviceConnectConfiguration",
        "volumeConfigurations", "vpcLatticeConfigurations", "monitoring"};
    for (size_t index = 0; index < array_length(members); index++) {
        struct value *value = value_get(revision, members[index]);
        if (value != NULL)
            value_set(arena, document, members[index], value);
        else if (value_has(document, members[index]))
            value_remove(document, members[index]);
    }
    for (size_t index = 0; index < array_length(lists); index++) {
        if (!value_has(document, lists[index]))
            value_set(arena, document, lists[index], value_new_list(arena, 0));
    }
}

static int revert_service(
    struct engine *engine, struct service_entry *entry, const struct deployment *target) {
    struct value *document = NULL;
    struct value *revision = NULL;
    const char *text = NULL;
    int result = service_read_document(engine, entry, &document);
    if (result == 0)
        result = engine_deployment_document(engine, target, engine->turn, &text);
    if (result == 0 && value_parse(engine->turn, text, strlen(text), &revision) != 0)
        result = error_raise(ERR_STORE, "the stored deployment %s cannot be read", target->digits);
    if (result != 0)
        return result;
    revert_document(engine->turn, document, revision);
    return service_write_document(engine, entry, document);
}

/* The deployment that was COMPLETED last is PRIMARY again, under its old id. */
static int go_back(struct engine *engine, struct service_entry *entry, struct deployment *failed,
    struct deployment *target, const char *why) {
    struct service *service = &entry->service;
    struct service_deployment *record = failed->record;
    int64_t now_ms = engine_now_ms(engine);
    failed->status = DEPLOYMENT_ACTIVE;
    failed->holds_old = false;
    target->status = DEPLOYMENT_PRIMARY;
    target->rollout = ROLLOUT_IN_PROGRESS;
    target->is_rollback = true;
    target->holds_old = false;
    target->may_complete = true;
    target->created_ms = now_ms;
    target->failures = target->failed_tasks = target->start_failures = target->crashes = 0;
    target->next_start_ms = target->ready_ms = 0;
    snprintf(target->rollout_reason, sizeof(target->rollout_reason),
        "%s rolling back to deploymentId ecs-svc/%s.", why, target->digits);
    touch(engine, entry, target);
    touch(engine, entry, failed);
    deployment_order(service);
    if (record != NULL) {
        record->rollback_ms = now_ms;
        memcpy(record->rollback_digits, target->digits, sizeof(record->rollback_digits));
    }
    service_deployment_event(
        engine, entry, target, "INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS", target->rollout_reason);
    int result = service_event_after(engine, service, "(service %s) rolling back to deployment ecs-svc/%s.",
        service->name, target->digits);
    return result == 0 ? revert_service(engine, entry, target) : result;
}

struct failure {
    const char *event;         /* behind "deployment failed: " */
    const char *rollout;       /* rolloutStateReason */
    const char *event_bridge;  /* reason of the event */
    const char *back;          /* begins the reason of the revived deployment */
    const char *status_reason; /* of the record, when it is rolled back */
    const char *stopped;       /* of the record, when it is not; NULL: none */
    bool rolls_back;
    bool user; /* no failure: somebody asked for it */
};

/* All of it goes to the revision that the service goes back to; a rolling deployment shifts none. */
static void give_traffic_back(struct service_deployment *record, const struct deployment *target) {
    if (record == NULL || record->target.test_weight < 0)
        return;
    record->target.test_weight = record->target.production_weight = 0;
    for (unsigned index = 0; index < record->source_count; index++) {
        struct revision_share *source = &record->sources[index];
        double weight = text_equal(source->digits, target->digits) ? 100 : 0;
        source->test_weight = source->production_weight = weight;
    }
    record->dirty = true;
}

static int fail(struct engine *engine, struct service_entry *entry, struct deployment *deployment,
    const struct failure *failure) {
    struct service *service = &entry->service;
    struct service_deployment *record = deployment->record;
    struct deployment *target = failure->rolls_back
                                    ? deployment_to_go_back_to(service->deployments, deployment)
                                    : NULL;
    deployment->rollout = ROLLOUT_FAILED;
    snprintf(deployment->rollout_reason, sizeof(deployment->rollout_reason), "%s", failure->rollout);
    touch(engine, entry, deployment);
    service_deployment_event(
        engine, entry, deployment, "ERROR", "SERVICE_DEPLOYMENT_FAILED", failure->event_bridge);
    int result = failure->user ? 0
                               : engine_service_event(engine, service,
                                     "(service %s) (deployment ecs-svc/%s) deployment failed: %s",
                                     service->name, deployment->digits, failure->event);
    if (deployment->is_rollback)
        record_move(engine, entry, record_rolled_back(service), SERVICE_DEPLOYMENT_ROLLBACK_FAILED, NULL);
    if (result != 0 || target == NULL) {
        record_move(engine, entry, record, SERVICE_DEPLOYMENT_STOP_REQUESTED, NULL);
        record_move(engine, entry, record, SERVICE_DEPLOYMENT_STOPPED, failure->stopped);
        return result;
    }
    record_move(engine, entry, record, SERVICE_DEPLOYMENT_ROLLBACK_IN_PROGRESS, failure->status_reason);
    give_traffic_back(record, target);
    if (record != NULL)
        snprintf(record->rollback_reason, sizeof(record->rollback_reason), "%s", failure->status_reason);
    return go_back(engine, entry, deployment, target, failure->back);
}

int rollout_breaker_tripped(
    struct engine *engine, struct service_entry *entry, struct deployment *deployment) {
    if (deployment->record != NULL)
        deployment->record->breaker_status = "TRIGGERED";
    record_count(engine, entry, deployment);
    return fail(engine, entry, deployment,
        &(struct failure){
            .event = "tasks failed to start.",
            .rollout = "ECS deployment circuit breaker: tasks failed to start.",
            .event_bridge = "ECS deployment circuit breaker: task failed to start.",
            .back = "ECS deployment circuit breaker:",
            .status_reason =
                "Service deployment rolled back because the circuit breaker threshold was exceeded.",
            .rolls_back = entry->service.settings.breaker_rollback,
        });
}

int rollout_alarmed(
    struct engine *engine, struct service_entry *entry, struct deployment *deployment, const char *alarm) {
    struct service_deployment *record = deployment->record;
    if (record != NULL) {
        struct value *names = value_new_list(record->arena, 1);
        value_append(record->arena, names, value_new_string(record->arena, alarm));
        record->alarms_status = "TRIGGERED";
        record->triggered_alarms = service_json(record->arena, names);
        record->dirty = true;
    }
    return fail(engine, entry, deployment,
        &(struct failure){
            .event = "alarm detected.",
            .rollout = "ECS deployment alarm: alarm detected.",      /* D */
            .event_bridge = "ECS deployment alarm: alarm detected.", /* D */
            .back = "ECS deployment alarm:",
            .status_reason = "Service deployment rolled back because an alarm was detected.", /* D */
            .rolls_back = entry->service.settings.alarms_rollback,
        });
}

int engine_deployment_roll_back(struct engine *engine, struct service *service, struct deployment *deployment,
    const char *status_reason) {
    return fail(engine, service_entry_of(service), deployment,
        &(struct failure){
            .event = status_reason,
            .rollout = status_reason,
            .event_bridge = status_reason,
            .back = "ECS deployment:", /* D */
            .status_reason = status_reason,
            .stopped = status_reason,
            .rolls_back = true,
        });
}

int rollout_stop_asked(struct engine *engine, struct service_entry *entry, struct deployment *deployment) {
    return fail(engine, entry, deployment,
        &(struct failure){
            .rollout = "ECS deployment stopped by user.",                                          /* D */
            .event_bridge = "ECS deployment stopped by user.",                                     /* D */
            .back = "ECS deployment stopped by user:",                                             /* D */
            .status_reason = "Service deployment rolled back because it was stopped by the user.", /* D */
            .stopped =
                "Service deployment stopped: there is no completed deployment to roll back to.", /* D */
            .rolls_back = true,
            .user = true,
        });
}

void rollout_begin(struct engine *engine, struct service_entry *entry, struct deployment *deployment) {
    struct service_deployment *record = deployment->record;
    if (record == NULL || record->status != SERVICE_DEPLOYMENT_PENDING)
        return;
    record_move(engine, entry, record, SERVICE_DEPLOYMENT_IN_PROGRESS, NULL);
    service_deployment_event(
        engine, entry, deployment, "INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS", deployment->rollout_reason);
}

/* A newer deployment takes over from those that are not finished: they are asked to stop at once, and have stopped when
 * the scheduler acts again (facts: services 9.1). */
void rollout_supersede(struct engine *engine, struct service_entry *entry, bool due) {
    for (struct deployment *item = entry->service.deployments; item != NULL; item = item->next) {
        struct service_deployment *record = item->record;
        if (item != entry->service.primary && item->is_rollback) {
            item->is_rollback = false;
            item->dirty = true;
            service_changed(engine, entry);
        }
        if (item == entry->service.primary || record == NULL ||
            (record->status == SERVICE_DEPLOYMENT_ROLLBACK_IN_PROGRESS && entry->service.primary != NULL &&
                entry->service.primary->is_rollback))
            continue;
        if (record->status == SERVICE_DEPLOYMENT_ROLLBACK_IN_PROGRESS) {
            record_move(engine, entry, record, SERVICE_DEPLOYMENT_ROLLBACK_FAILED, NULL);
            continue;
        }
        record_move(engine, entry, record, SERVICE_DEPLOYMENT_STOP_REQUESTED, NULL);
        if (due)
            record_move(engine, entry, record, SERVICE_DEPLOYMENT_STOPPED, NULL);
    }
}

int engine_service_deployment_stop(
    struct engine *engine, struct service *service, struct deployment *deployment) {
    struct service_entry *entry = service_entry_of(service);
    if (deployment->record == NULL ||
        !service_deployment_move_allowed(deployment->record->status, SERVICE_DEPLOYMENT_ROLLBACK_REQUESTED))
        return 0;
    record_move(engine, entry, deployment->record, SERVICE_DEPLOYMENT_ROLLBACK_REQUESTED, NULL);
    entry->next_act_ms = engine_now_ms(engine) + engine->services->timing.tick_ms;
    service_mark(engine, entry);
    return 0;
}

int engine_service_deployment_abort(
    struct engine *engine, struct service *service, struct deployment *deployment) {
    struct service_entry *entry = service_entry_of(service);
    struct service_deployment *record = deployment->record;
    if (record == NULL ||
        (record->status != SERVICE_DEPLOYMENT_PENDING && record->status != SERVICE_DEPLOYMENT_IN_PROGRESS))
        return 0;
    service_mark(engine, entry);
    return fail(engine, entry, deployment,
        &(struct failure){
            .rollout = "ECS deployment stopped by user.",      /* D */
            .event_bridge = "ECS deployment stopped by user.", /* D */
            .stopped = "Service deployment stopped by user.",  /* D */
            .user = true,
        });
}

int engine_alarm_set(struct engine *engine, struct scope *scope, const char *name, const char *state) {
    int result = alarm_rows_set(engine->store, scope->id, name, state);
    for (struct cluster_entry *cluster = scope->clusters; cluster != NULL; cluster = cluster->hh.next) {
        services_instances_changed(engine, &cluster->cluster);
        daemons_instances_changed(engine, &cluster->cluster);
    }
    return result;
}

int engine_alarms_each(struct engine *engine, const struct scope *scope, void *context,
    int (*each)(void *context, const char *name, const char *state)) {
    return alarm_rows_each(engine->store, scope->id, context, each);
}
