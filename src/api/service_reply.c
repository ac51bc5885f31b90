#include "service_reply.h"

#include <string.h>

#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/service_spec.h"
#include "ecs-local/store/deployment_rows.h"
#include "ecs-local/store/service_rows.h"

static void write_list(struct writer *writer, const char *key, const struct value *list_or_null) {
    if (list_or_null != NULL)
        writer_key_value_opt(writer, key, list_or_null);
    else
        writer_key_empty_list(writer, key);
}

static void write_member(struct writer *writer, const struct value *document, const char *key) {
    writer_key_value_opt(writer, key, value_get(document, key));
}

/* Where tasks go: a strategy, or else a launch type. */
static void write_capacity(struct writer *writer, const struct value *document) {
    if (value_has(document, "capacityProviderStrategy"))
        write_member(writer, document, "capacityProviderStrategy");
    else
        write_member(writer, document, "launchType");
    write_member(writer, document, "platformVersion");
    write_member(writer, document, "platformFamily");
}

int deployment_document(
    struct api_call *call, const struct deployment *deployment, const struct value **ret_document) {
    const char *text = NULL;
    struct value *document = NULL;
    int result = engine_deployment_document(call->engine, deployment, call->arena, &text);
    if (result != 0)
        return result;
    if (value_parse(call->arena, text, strlen(text), &document) != 0)
        return -1;
    *ret_document = document;
    return 0;
}

static uint64_t hash_text(uint64_t state, const char *text) {
    for (; *text != '\0'; text++)
        state = (state ^ (unsigned char)*text) * 0x100000001b3U;
    return (state ^ 0xff) * 0x100000001b3U;
}

/* A discovery service has an id of its own for every name in a namespace; the same names have the same id. */
static const char *discovery_arn(struct api_call *call, const char *name_space, const char *name) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    char id[17] = {0};
    uint64_t state = hash_text(hash_text(0xcbf29ce484222325U, name_space), name);
    for (size_t index = 0; index < sizeof(id) - 1; index++) {
        id[index] = letters[(state >> 40) % 32];
        state = state * 6364136223846793005U + 1442695040888963407U;
    }
    return arena_printf(call->arena, "arn:%s:servicediscovery:%s:%s:service/srv-%s",
        scope_partition(call->scope), scope_region(call->scope), scope_account(call->scope), id);
}

static void write_connect_resources(struct api_call *call, const struct value *connect) {
    struct writer *writer = &call->writer;
    const char *name_space = value_string(connect, "namespace");
    if (value_count(value_get(connect, "services")) == 0)
        return;
    writer_key_list_begin(writer, "serviceConnectResources");
    value_for_each(service, value_get(connect, "services")) {
        const char *name = value_string(service, "discoveryName");
        if (name == NULL)
            name = value_string(service, "portName");
        writer_object_begin(writer);
        writer_key_string(writer, "discoveryName", name);
        writer_key_string(
            writer, "discoveryArn", discovery_arn(call, name_space != NULL ? name_space : "", name));
        writer_object_end(writer);
    }
    writer_list_end(writer);
}

static void write_deployment_counts(struct writer *writer, const struct deployment *deployment) {
    writer_key_int(writer, "desiredCount", deployment->desired);
    writer_key_int(writer, "pendingCount", deployment->pending);
    writer_key_int(writer, "runningCount", deployment->running);
    writer_key_int(writer, "failedTasks", deployment->failed_tasks);
    writer_key_timestamp_opt(writer, "createdAt", deployment->created_ms);
    writer_key_timestamp_opt(writer, "updatedAt", deployment->updated_ms);
}

static bool is_classic(const struct value *document) {
    value_for_each(balancer, value_get(document, "loadBalancers")) {
        if (value_has(balancer, "loadBalancerName"))
            return true;
    }
    return false;
}

static int write_deployment(struct api_call *call, const struct deployment *deployment) {
    struct writer *writer = &call->writer;
    const struct value *document = NULL;
    int result = deployment_document(call, deployment, &document);
    if (result != 0)
        return result;
    writer_object_begin(writer);
    writer_key_string(writer, "id", deployment_id_text(call, deployment->digits));
    writer_key_string(writer, "status", deployment_status_name(deployment->status));
    write_member(writer, document, "taskDefinition");
    write_deployment_counts(writer, deployment);
    write_capacity(writer, document);
    write_member(writer, document, "networkConfiguration");
    /* Not behind a Classic Load Balancer (facts: services 7.1). */
    if (rollout_state_name(deployment->rollout) != NULL && !is_classic(document)) {
        writer_key_string(writer, "rolloutState", rollout_state_name(deployment->rollout));
        writer_key_string(writer, "rolloutStateReason", deployment->rollout_reason);
    }
    write_member(writer, document, "serviceConnectConfiguration");
    if (value_bool(value_get(document, "serviceConnectConfiguration"), "enabled", false))
        write_connect_resources(call, value_get(document, "serviceConnectConfiguration"));
    write_member(writer, document, "volumeConfigurations");
    write_member(writer, document, "vpcLatticeConfigurations");
    writer_object_end(writer);
    return 0;
}

/* What a service that is gone had is history (facts: services 4 D). */
static int write_deployments(struct api_call *call, const struct service *service) {
    int result = 0;
    writer_key_list_begin(&call->writer, "deployments");
    for (const struct deployment *deployment = service->deployments; deployment != NULL && result == 0;
         deployment = deployment->next) {
        if (!deployment->is_task_set && deployment->status != DEPLOYMENT_INACTIVE &&
            service->status != SERVICE_INACTIVE)
            result = write_deployment(call, deployment);
    }
    writer_list_end(&call->writer);
    return result;
}

int write_task_set(
    struct api_call *call, const struct service *service, const struct deployment *task_set, bool tags) {
    struct writer *writer = &call->writer;
    const struct value *document = NULL;
    int result = deployment_document(call, task_set, &document);
    if (result != 0)
        return result;
    const char *id = deployment_id_text(call, task_set->digits);
    writer_object_begin(writer);
    writer_key_string(writer, "id", id);
    writer_key_string(writer, "taskSetArn", service_child_arn(call, service, "task-set", id));
    writer_key_string(writer, "serviceArn", service->arn);
    writer_key_string(writer, "clusterArn", service->cluster->arn);
    write_member(writer, document, "startedBy");
    write_member(writer, document, "externalId");
    writer_key_string(writer, "status", deployment_status_name(task_set->status));
    write_member(writer, document, "taskDefinition");
    writer_key_int(writer, "computedDesiredCount", task_set->desired);
    writer_key_int(writer, "pendingCount", task_set->pending);
    writer_key_int(writer, "runningCount", task_set->running);
    writer_key_timestamp_opt(writer, "createdAt", task_set->created_ms);
    writer_key_timestamp_opt(writer, "updatedAt", task_set->updated_ms);
    if (value_has(document, "capacityProviderStrategy"))
        write_member(writer, document, "capacityProviderStrategy");
    else
        write_member(writer, document, "launchType");
    write_member(writer, document, "platformVersion");
    write_member(writer, document, "platformFamily");
    write_member(writer, document, "networkConfiguration");
    write_list(writer, "loadBalancers", value_get(document, "loadBalancers"));
    write_list(writer, "serviceRegistries", value_get(document, "serviceRegistries"));
    writer_key_object_begin(writer, "scale");
    writer_key(writer, "value");
    writer_real(writer, task_set->scale_percent);
    writer_key_string(writer, "unit", "PERCENT");
    writer_object_end(writer);
    writer_key_string(writer, "stabilityStatus", task_set->stable ? "STEADY_STATE" : "STABILIZING");
    writer_key_timestamp_opt(
        writer, "stabilityStatusAt", task_set->stable_ms != 0 ? task_set->stable_ms : task_set->updated_ms);
    if (tags)
        write_list(writer, "tags", value_get(document, "tags"));
    writer_object_end(writer);
    return 0;
}

static int write_task_sets(struct api_call *call, const struct service *service) {
    int result = 0;
    writer_key_list_begin(&call->writer, "taskSets");
    for (const struct deployment *deployment = service->deployments; deployment != NULL && result == 0;
         deployment = deployment->next) {
        if (deployment->is_task_set && deployment->status != DEPLOYMENT_INACTIVE)
            result = write_task_set(call, service, deployment, false);
    }
    writer_list_end(&call->writer);
    return result;
}

/* DeleteService shows less of it (facts: services 4). */
static void write_configuration(struct api_call *call, const struct value *document, bool narrow) {
    struct value *configuration = value_get(document, "deploymentConfiguration");
    if (narrow) {
        configuration = value_clone(call->arena, configuration);
        value_remove(configuration, "bakeTimeInMinutes");
        struct value *breaker = value_get(configuration, "deploymentCircuitBreaker");
        if (breaker != NULL) {
            value_remove(breaker, "resetOnHealthyTask");
            value_remove(breaker, "thresholdConfiguration");
        }
    }
    writer_key_value_opt(&call->writer, "deploymentConfiguration", configuration);
}

static void write_revision_counts(struct writer *writer, const struct deployment *deployment) {
    writer_key_int(writer, "requestedTaskCount", deployment->desired);
    writer_key_int(writer, "runningTaskCount", deployment->running);
    writer_key_int(writer, "pendingTaskCount", deployment->pending);
}

static void write_revisions(struct api_call *call, const struct service *service) {
    struct writer *writer = &call->writer;
    writer_key_list_begin(writer, "currentServiceRevisions");
    for (const struct deployment *deployment = service->deployments; deployment != NULL;
         deployment = deployment->next) {
        if (deployment->is_task_set || deployment->status == DEPLOYMENT_INACTIVE ||
            service->status == SERVICE_INACTIVE)
            continue;
        writer_object_begin(writer);
        writer_key_string(
            writer, "arn", service_child_arn(call, service, "service-revision", deployment->digits));
        write_revision_counts(writer, deployment);
        writer_object_end(writer);
    }
    writer_list_end(writer);
}

int service_current_deployment(
    struct api_call *call, const struct service *service, bool begun, const char **ret_arn) {
    enum {
        LOOK_AT = 4, /* of those that came within one moment */
    };
    const struct service_deployment_cursor newest = {.created_ms = INT64_MAX, .id = INT64_MAX};
    struct service_deployment_name rows[LOOK_AT];
    struct value *document = NULL;
    unsigned count = 0;
    unsigned index = 0;
    *ret_arn = NULL;
    int result = service_deployment_rows_list(
        engine_store(call->engine), service->id, &newest, 0, begun ? LOOK_AT : 1, call->arena, rows, &count);
    while (result == 0 && begun && index < count && text_equal(rows[index].status, "PENDING"))
        index++;
    if (result != 0 || index == count)
        return result;
    if (value_parse(call->arena, rows[index].document, strlen(rows[index].document), &document) != 0)
        return -1;
    *ret_arn = value_string(document, "serviceDeploymentArn");
    return 0;
}

/* A creation does not show it yet, an update still the one before (facts: services 2.4, 3.4). */
static int write_current_deployment(
    struct api_call *call, const struct service *service, const struct service_view *view) {
    const char *arn = NULL;
    if (view->created || view->deleted || service->status == SERVICE_INACTIVE)
        return 0;
    int result = service_current_deployment(call, service, true, &arn);
    if (result == 0)
        writer_key_string_opt(&call->writer, "currentServiceDeployment", arn);
    return result;
}

static int write_story(struct api_call *call, const struct service *service) {
    writer_key_list_begin(&call->writer, "events");
    int result = service_event_rows_write(
        engine_store(call->engine), service->id, SERVICE_EVENTS_KEPT, &call->writer);
    writer_list_end(&call->writer);
    return result;
}

static void write_head(struct api_call *call, const struct service *service, const struct value *document) {
    struct writer *writer = &call->writer;
    writer_key_string(writer, "serviceArn", service->arn);
    writer_key_string(writer, "serviceName", service->name);
    writer_key_string(writer, "clusterArn", service->cluster->arn);
    write_list(writer, "loadBalancers", value_get(document, "loadBalancers"));
    write_list(writer, "serviceRegistries", value_get(document, "serviceRegistries"));
    writer_key_string(writer, "status", service_status_name(service->status));
    writer_key_int(writer, "desiredCount", service->desired_count);
    writer_key_int(writer, "runningCount", service->running);
    writer_key_int(writer, "pendingCount", service->pending);
    write_capacity(writer, document);
    write_member(writer, document, "taskDefinition");
}

static void write_tail(
    struct api_call *call, const struct service_contents *contents, const struct service_view *view) {
    static const char *const before_tags[] = {"placementConstraints", "placementStrategy",
        "networkConfiguration", "healthCheckGracePeriodSeconds", "schedulingStrategy",
        "deploymentController"};
    static const char *const behind_tags[] = {
        "enableECSManagedTags", "propagateTags", "enableExecuteCommand", "availabilityZoneRebalancing"};
    struct writer *writer = &call->writer;
    const struct value *document = contents->document;
    const char *managed = value_string(document, "resourceManagementType");
    for (size_t index = 0; index < sizeof(before_tags) / sizeof(before_tags[0]); index++)
        write_member(writer, document, before_tags[index]);
    if (view->tags || (view->some_tags && !text_equal(contents->tags, "[]")))
        writer_key_raw(writer, "tags", contents->tags);
    writer_key_string_opt(writer, "createdBy", contents->created_by);
    for (size_t index = 0; index < sizeof(behind_tags) / sizeof(behind_tags[0]); index++)
        write_member(writer, document, behind_tags[index]);
    writer_key_string(writer, "resourceManagementType", managed != NULL ? managed : "CUSTOMER");
}

int write_service(struct api_call *call, const struct service *service, const struct service_view *view) {
    struct writer *writer = &call->writer;
    struct service_contents contents;
    int result = service_contents_read(call, service, &contents);
    if (result != 0)
        return result;
    const struct value *document = contents.document;
    writer_object_begin(writer);
    write_head(call, service, document);
    write_configuration(call, document, view->deleted);
    if (service->settings.controller != CONTROLLER_ECS)
        result = write_task_sets(call, service);
    if (result == 0)
        result = write_deployments(call, service);
    write_member(writer, document, "roleArn");
    if (result == 0)
        result = write_story(call, service);
    writer_key_timestamp_opt(writer, "createdAt", service->created_ms);
    if (result == 0)
        result = write_current_deployment(call, service, view);
    if (!view->deleted && service->settings.controller == CONTROLLER_ECS)
        write_revisions(call, service);
    if (service->status == SERVICE_INACTIVE)
        contents.tags = "[]"; /* they went with it (facts: services 4) */
    write_tail(call, &contents, view);
    writer_object_end(writer);
    return result;
}

int reply_service(struct api_call *call, const struct service *service, const struct service_view *view) {
    int result = engine_flush(call->engine);
    if (result != 0)
        return result;
    writer_object_begin(&call->writer);
    writer_key(&call->writer, "service");
    result = write_service(call, service, view);
    writer_object_end(&call->writer);
    return result;
}
