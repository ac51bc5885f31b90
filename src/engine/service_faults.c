/* What the scheduler of a service cannot do because a fault says so (POST /_ecs/faults), and what it tells of it
 * (facts: services 7.9, 15). */
#include "ecs-local/base/text.h"
#include "ecs-local/engine/faults.h"
#include "service_glance.h"

/* D */
static const char broken_configuration[] =
    "ECS was unable to assume the role that was provided for this task. Please verify that the role being passed has "
    "the proper trust relationship and permissions.";

/* The first one of that name that is not spent; NULL: none. */
static const struct fault *find(
    const struct engine *engine, const struct service *service, const char *name) {
    const struct cluster *cluster = service->cluster;
    const struct fault *fault = engine_fault_next(engine, 0);
    for (; fault != NULL; fault = engine_fault_next(engine, fault->id)) {
        if (fault->kind == FAULT_SERVICE && text_equal(value_string(fault->document, "fault"), name) &&
            fault_is_for(fault, cluster->scope->account, cluster->scope->region) &&
            fault_means(fault, "service", service->name, service->arn) &&
            fault_means(fault, "cluster", cluster->name, cluster->arn) && !fault_is_spent(fault))
            return fault;
    }
    return NULL;
}

int service_misconfigured(
    struct engine *engine, struct service_entry *entry, const char *error_or_null, bool *ret_misconfigured) {
    const struct fault *fault = find(engine, &entry->service, "configuration");
    const char *error = error_or_null;
    *ret_misconfigured = fault != NULL || error != NULL;
    if (!*ret_misconfigured) {
        service_untroubled(engine, entry, TROUBLE_CONFIGURATION);
        return 0;
    }
    int result = fault != NULL ? engine_fault_used(engine, fault) : 0;
    if (result != 0 || !service_troubled(engine, entry, TROUBLE_CONFIGURATION))
        return result;
    if (fault != NULL) {
        const char *message = value_string(fault->document, "message");
        error = message != NULL ? message : broken_configuration;
    }
    service_action(engine, entry, "ERROR", "SERVICE_TASK_CONFIGURATION_FAILURE",
        &(struct service_action_detail){.reason = error});
    return engine_service_event(engine, &entry->service,
        "(service %s) failed to launch a task with (error %s).", entry->service.name, error);
}

/* What ECS would find out about listeners and target groups when it begins (facts: services 8.3). */
int service_networking_refused(struct engine *engine, struct service *service, struct deployment *deployment,
    const char **ret_reason_or_null) {
    const struct fault *fault = find(engine, service, "networking");
    const struct deployment_targets *targets = NULL;
    *ret_reason_or_null = NULL;
    int result = fault != NULL ? deployment_targets(engine, deployment, &targets) : 0;
    if (result != 0 || fault == NULL || targets->count == 0)
        return result;
    const char *message = value_string(fault->document, "message");
    *ret_reason_or_null = message != NULL
                              ? arena_strdup(engine->turn, message)
                              : arena_printf(engine->turn,
                                    "Service deployment rolled back because of invalid networking "
                                    "configuration: Target group %s is not associated with either "
                                    "productionListenerRule or testListenerRule.",
                                    targets->items[0].name);
    return engine_fault_used(engine, fault);
}

/* Cloud Map holds up only those that register there. */
static int find_throttle(struct glance *glance, const struct fault **ret_fault, const char **ret_name) {
    const struct deployment *first = glance->service->deployments;
    *ret_name = "ECS_OPERATION_THROTTLED";
    *ret_fault = find(glance->engine, glance->service, "throttled");
    if (*ret_fault != NULL || first == NULL)
        return 0;
    const struct fault *fault = find(glance->engine, glance->service, "discoveryThrottled");
    int result = fault != NULL ? glance_documents(glance, first) : 0;
    if (result != 0 || fault == NULL ||
        value_count(value_get(glance->documents.revision, "serviceRegistries")) == 0)
        return result;
    *ret_name = "SERVICE_DISCOVERY_OPERATION_THROTTLED";
    *ret_fault = fault;
    return 0;
}

int glance_throttled(struct glance *glance, bool *ret_throttled) {
    struct engine *engine = glance->engine;
    const struct service_timing *timing = &engine->services->timing;
    const struct fault *fault = NULL;
    const char *name = NULL;
    int result = find_throttle(glance, &fault, &name);
    *ret_throttled = fault != NULL;
    if (result != 0)
        return result;
    if (fault == NULL) {
        service_untroubled(engine, glance->entry, TROUBLE_THROTTLED);
        return 0;
    }
    glance->entry->next_act_ms = glance->now_ms +
                                 (timing->tick_ms > timing->retry_ms ? timing->tick_ms : timing->retry_ms);
    service_look_again(engine, glance->entry, glance->entry->next_act_ms);
    service_changed(engine, glance->entry);
    result = engine_fault_used(engine, fault);
    if (result != 0 || !service_troubled(engine, glance->entry, TROUBLE_THROTTLED))
        return result;
    service_action(engine, glance->entry, "ERROR", name, NULL);
    return engine_service_event(engine, glance->service,
        "(service %s) operations are being throttled. Will try again later.", glance->service->name);
}
