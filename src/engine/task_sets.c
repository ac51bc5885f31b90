/* Task sets: what services have that something else deploys (facts: services 10). */
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "service_internal.h"

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
