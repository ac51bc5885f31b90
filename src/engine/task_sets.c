/* Task sets: what services have that something else deploys (facts: services 10). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/store/deployment_rows.h"
#include "service_internal.h"

enum {
    WHOLE_PERCENT = 100,
};

int engine_task_set_create(struct engine *engine, struct service *service, const struct task_set_spec *spec,
    struct deployment **ret_task_set) {
    struct deployment *task_set = xcalloc(1, sizeof(*task_set));
    task_set->is_task_set = true;
    task_set->status = DEPLOYMENT_ACTIVE;
    task_set->rollout = ROLLOUT_NONE;
    task_set->definition_id = spec->definition_id;
    task_set->family_id = spec->family_id;
    task_set->scale_percent = spec->scale_percent;
    task_set->stable_ms = engine_now_ms(engine);
    *ret_task_set = task_set;
    return deployment_add(engine, service_entry_of(service), spec->document, task_set);
}

static void unsettle(struct engine *engine, struct service *service, struct deployment *task_set) {
    task_set->stable = false;
    task_set->stable_ms = engine_now_ms(engine);
    task_set->updated_ms = engine_now_ms(engine);
    service_entry_of(service)->steady_ms = 0;
    service->steady = false;
    engine_deployment_touch(engine, service, task_set);
}

int engine_task_set_scale(
    struct engine *engine, struct service *service, struct deployment *task_set, double scale_percent) {
    task_set->scale_percent = scale_percent;
    unsettle(engine, service, task_set);
    return 0;
}

int engine_task_set_make_primary(struct engine *engine, struct service *service, struct deployment *task_set,
    const struct value *document) {
    if (service->primary != NULL && service->primary != task_set) {
        service->primary->status = DEPLOYMENT_ACTIVE;
        service->primary->updated_ms = engine_now_ms(engine);
        service->primary->dirty = true;
    }
    task_set->status = DEPLOYMENT_PRIMARY;
    task_set->updated_ms = engine_now_ms(engine);
    deployment_order(service);
    engine_deployment_touch(engine, service, task_set);
    return service_write_document(engine, service_entry_of(service), document);
}

int engine_task_set_delete(struct engine *engine, struct service *service, struct deployment *task_set) {
    task_set->status = DEPLOYMENT_DRAINING;
    task_set->scale_percent = 0;
    deployment_order(service);
    unsettle(engine, service, task_set);
    return 0;
}

/* Somebody else deploys from now on: what the service has become task sets, the one that serves at full scale. */
static void become_task_set(struct engine *engine, struct service_entry *entry, struct deployment *item) {
    bool serves = item->status == DEPLOYMENT_PRIMARY;
    record_move(engine, entry, item->record, SERVICE_DEPLOYMENT_STOP_REQUESTED, NULL);
    record_move(engine, entry, item->record, SERVICE_DEPLOYMENT_STOPPED, NULL);
    item->is_task_set = true;
    item->rollout = ROLLOUT_NONE;
    item->rollout_reason[0] = '\0';
    item->holds_old = false;
    item->scale_percent = serves ? WHOLE_PERCENT : 0;
    if (!serves)
        item->status = DEPLOYMENT_DRAINING;
}

/* ECS deploys from now on: it goes on with the set that serves, the others go. */
static int become_deployment(struct engine *engine, struct service_entry *entry, struct deployment *item) {
    const char *text = NULL;
    int64_t created_ms = 0;
    item->is_task_set = false;
    item->holds_old = false;
    item->may_complete = true;
    if (item->status != DEPLOYMENT_PRIMARY) {
        item->status = DEPLOYMENT_ACTIVE;
        item->was_completed = false;
        return 0;
    }
    item->rollout = ROLLOUT_IN_PROGRESS;
    item->was_completed = true;
    snprintf(item->rollout_reason, sizeof(item->rollout_reason), "ECS deployment ecs-svc/%s in progress.",
        item->digits);
    int result = service_revision_rows_get(
        engine->store, entry->service.id, item->digits, engine->turn, &created_ms, &text);
    if (result != STORE_NOT_FOUND)
        return result;
    result = engine_deployment_document(engine, item, engine->turn, &text);
    return result == 0 ? service_revision_rows_insert(
                             engine->store, entry->service.id, item->digits, item->created_ms, text)
                       : result;
}

int engine_service_controller_changed(struct engine *engine, struct service *service) {
    struct service_entry *entry = service_entry_of(service);
    bool ecs = service->settings.controller == CONTROLLER_ECS;
    int result = 0;
    for (struct deployment *item = service->deployments; result == 0 && item != NULL; item = item->next) {
        if (item->is_task_set != ecs)
            continue;
        if (ecs)
            result = become_deployment(engine, entry, item);
        else
            become_task_set(engine, entry, item);
        unsettle(engine, service, item);
    }
    deployment_order(service);
    return result;
}
