/* How deployments go: begun, completed, failed, rolled back; and the record of it (facts: services 7.1, 7.2, 7.8, 9). */
#include <stdio.h>

#include "ecs-local/base/error.h"
#include "ecs-local/store/service_rows.h"
#include "service_internal.h"

int engine_service_deployment_stop(
    struct engine *engine, struct service *service, struct deployment *deployment) {
    struct service_deployment *record = deployment->record;
    if (record == NULL ||
        !service_deployment_move_allowed(record->status, SERVICE_DEPLOYMENT_ROLLBACK_REQUESTED))
        return 0;
    record->status = SERVICE_DEPLOYMENT_ROLLBACK_REQUESTED;
    record->updated_ms = engine_now_ms(engine);
    record->dirty = true;
    engine_deployment_touch(engine, service, deployment);
    return 0;
}

int engine_alarm_set(struct engine *engine, struct scope *scope, const char *name, const char *state) {
    int result = alarm_rows_set(engine->store, scope->id, name, state);
    for (struct cluster_entry *cluster = scope->clusters; cluster != NULL; cluster = cluster->hh.next)
        services_instances_changed(engine, &cluster->cluster);
    return result;
}
