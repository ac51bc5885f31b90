/* Service deployments and service revisions: Describe, List, Stop, Continue (facts: services 9). */
#include <math.h>
#include <string.h>

#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/engine/deployment_hooks.h"
#include "ecs-local/store/deployment_rows.h"
#include "express_reply.h"
#include "gateway_lookup.h"
#include "page_token.h"
#include "service_reply.h"

enum {
    DEPLOYMENTS_PAGE = 20, /* facts: services 1.4 */
    ROWS_PAGE = 50,
    MS_PER_SECOND = 1000,
};

/* The service of an ARN's parts; NULL: none. */
static struct service *service_of(struct api_call *call, const struct service_child *child) {
    const struct cluster *cluster = engine_cluster_find(call->scope, child->cluster);
    return cluster != NULL ? engine_service_find(call->engine, cluster, child->service) : NULL;
}

/* One that is not known is a failure, not an error: the newest may be asked for before it is there
 * (facts: services 9.3). */
static int describe_deployment(struct api_call *call, const char *arn, struct value *missing) {
    struct service_child child;
    const char *document = NULL;
    if (service_child_take_apart(call, arn, "service-deployment", &child) != 0)
        return api_fail(call, ERROR_SERVICE_DEPLOYMENT_ARN, NULL);
    const struct service *service = service_of(call, &child);
    int result = STORE_NOT_FOUND;
    if (service != NULL && service->status != SERVICE_INACTIVE) /* they go with the service */
        result = service_deployment_rows_get(
            engine_store(call->engine), service->id, child.id, call->arena, &document);
    if (result == 0)
        writer_raw(&call->writer, document, strlen(document));
    if (result == STORE_NOT_FOUND) {
        value_append(call->arena, missing, value_new_string(call->arena, arn));
        return 0;
    }
    return result;
}

static void write_failures(struct api_call *call, const struct value *missing) {
    writer_list_end(&call->writer);
    writer_key_list_begin(&call->writer, "failures");
    value_for_each(arn, missing) write_failure(&call->writer, arn->string, "MISSING");
    writer_list_end(&call->writer);
    writer_object_end(&call->writer);
}

int api_describe_service_deployments(struct api_call *call) {
    const struct value *arns = value_get(call->input, "serviceDeploymentArns");
    struct value *missing = value_new_list(call->arena, 0);
    int result = engine_flush(call->engine);
    writer_object_begin(&call->writer);
    writer_key_list_begin(&call->writer, "serviceDeployments");
    for (size_t index = 0; result == 0 && index < value_count(arns); index++)
        result = describe_deployment(call, value_string_at(arns, index), missing);
    if (result == 0)
        write_failures(call, missing);
    return result;
}

/* Seconds with a fraction, as the stored document has them. */
static int64_t time_ms(const struct value *map, const char *key, int64_t fallback) {
    const struct value *value = value_get(map, key);
    if (value == NULL)
        return fallback;
    double seconds = value->kind == VALUE_REAL ? value->real : (double)value->integer;
    return (int64_t)floor(seconds * MS_PER_SECOND + 0.5);
}

static void write_brief(struct api_call *call, const struct value *document) {
    static const char *const texts[] = {"serviceDeploymentArn", "serviceArn", "clusterArn"};
    static const char *const times[] = {"startedAt", "createdAt", "finishedAt"};
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    for (size_t index = 0; index < sizeof(texts) / sizeof(texts[0]); index++)
        writer_key_string(writer, texts[index], value_string(document, texts[index]));
    for (size_t index = 0; index < sizeof(times) / sizeof(times[0]); index++)
        writer_key_timestamp_opt(writer, times[index], time_ms(document, times[index], 0));
    writer_key_string(writer, "targetServiceRevisionArn",
        value_string(value_get(document, "targetServiceRevision"), "arn"));
    writer_key_string(writer, "status", value_string(document, "status"));
    writer_key_string_opt(writer, "statusReason", value_string(document, "statusReason"));
    writer_object_end(writer);
}

struct deployment_list {
    const struct value *statuses; /* none: all */
    int64_t after_ms;
    struct service_deployment_cursor cursor;
    unsigned limit;
    unsigned written;
    bool more;
};

static bool wanted(const struct deployment_list *list, const char *status) {
    value_for_each(item, list->statuses) {
        if (text_equal(item->string, status))
            return true;
    }
    return value_count(list->statuses) == 0;
}

/* The next rows behind the cursor; *ret_count: how many there were. */
static int write_rows(
    struct api_call *call, const struct service *service, struct deployment_list *list, unsigned *ret_count) {
    struct service_deployment_name rows[ROWS_PAGE];
    int result = service_deployment_rows_list(engine_store(call->engine), service->id, &list->cursor,
        list->after_ms, ROWS_PAGE, call->arena, rows, ret_count);
    for (unsigned index = 0; result == 0 && index < *ret_count; index++) {
        struct value *document = NULL;
        if (!wanted(list, rows[index].status)) {
            list->cursor = (struct service_deployment_cursor){
                .created_ms = rows[index].created_ms, .id = rows[index].id};
            continue;
        }
        if (list->written == list->limit) {
            list->more = true;
            return 0;
        }
        if (value_parse(call->arena, rows[index].document, strlen(rows[index].document), &document) != 0)
            return -1;
        write_brief(call, document);
        list->written++;
        list->cursor = (struct service_deployment_cursor){
            .created_ms = rows[index].created_ms, .id = rows[index].id};
    }
    return result;
}

/* The cursor is "MILLISECONDS row". */
static int read_cursor(struct api_call *call, const char *filters, struct deployment_list *list) {
    const char *text = NULL;
    int result = page_token_read(call, filters, &text);
    if (result != 0 || text == NULL)
        return result;
    const char *space = strchr(text, ' ');
    if (space == NULL || text_parse_int(space + 1, 0, INT64_MAX / 10, &list->cursor.id) != 0 ||
        text_parse_int(arena_strndup(call->arena, text, (size_t)(space - text)), 0, INT64_MAX / 10,
            &list->cursor.created_ms) != 0)
        return api_fail(call, ERROR_TOKEN, NULL);
    return 0;
}

static int list_deployments(struct api_call *call, const struct service *service) {
    const struct value *created = value_get(call->input, "createdAt");
    struct deployment_list list = {
        .statuses = value_get(call->input, "status"),
        .after_ms = value_int(created, "after", 0), /* inclusive: Terraform asks from its own start on */
        .cursor = {.created_ms = value_int(created, "before", INT64_MAX), .id = 0},
        .limit = page_size(call, DEPLOYMENTS_PAGE),
    };
    const char *filters = arena_printf(call->arena, "%lld,%s,%lld,%lld", (long long)service->id,
        list.statuses != NULL ? value_text(call, list.statuses) : "", (long long)list.after_ms,
        (long long)list.cursor.created_ms);
    unsigned count = service->status != SERVICE_INACTIVE ? ROWS_PAGE : 0; /* they go with the service */
    int result = read_cursor(call, filters, &list);
    writer_object_begin(&call->writer);
    writer_key_list_begin(&call->writer, "serviceDeployments");
    while (result == 0 && count == ROWS_PAGE && !list.more)
        result = write_rows(call, service, &list, &count);
    writer_list_end(&call->writer);
    if (list.more)
        writer_key_string(&call->writer, "nextToken",
            page_token_make(call, filters,
                arena_printf(
                    call->arena, "%lld %lld", (long long)list.cursor.created_ms, (long long)list.cursor.id)));
    writer_object_end(&call->writer);
    return result;
}

int api_list_service_deployments(struct api_call *call) {
    struct cluster *cluster = NULL;
    struct service *service = NULL;
    int result = lookup_cluster(call, "cluster", &cluster);
    if (result == 0)
        result = lookup_service(call, cluster, &service);
    if (result == 0 && service->settings.controller != CONTROLLER_ECS)
        return api_fail(call, ERROR_SERVICE_DEPLOYMENT_CONTROLLER, NULL);
    if (result == 0)
        result = engine_flush(call->engine);
    return result == 0 ? list_deployments(call, service) : result;
}

/* The service deployment that the request names: its service, and its deployment while it is not over.
 * `over`: what is answered when it is. */
static int lookup_deployment(struct api_call *call, enum api_error over, struct service **ret_service,
    struct deployment **ret_deployment) {
    struct service_child child;
    const char *arn = value_string(call->input, "serviceDeploymentArn");
    const char *document = NULL;
    if (service_child_take_apart(call, arn, "service-deployment", &child) != 0)
        return api_fail(call, ERROR_SERVICE_DEPLOYMENT_ARN, NULL);
    struct service *service = service_of(call, &child);
    if (service == NULL || service->status == SERVICE_INACTIVE)
        return api_fail(call, ERROR_SERVICE_DEPLOYMENT_MISSING, NULL);
    struct deployment *deployment = engine_service_deployment_find(service, child.id);
    if (deployment != NULL) {
        *ret_service = service;
        *ret_deployment = deployment;
        return 0;
    }
    int result = engine_flush(call->engine);
    if (result == 0)
        result = service_deployment_rows_get(
            engine_store(call->engine), service->id, child.id, call->arena, &document);
    if (result == STORE_NOT_FOUND)
        return api_fail(call, ERROR_SERVICE_DEPLOYMENT_MISSING, NULL);
    return result == 0 ? api_fail(call, over, NULL) : result;
}

static int reply_deployment_arn(struct api_call *call) {
    writer_object_begin(&call->writer);
    writer_key_string(
        &call->writer, "serviceDeploymentArn", value_string(call->input, "serviceDeploymentArn"));
    writer_object_end(&call->writer);
    return 0;
}

int api_stop_service_deployment(struct api_call *call) {
    struct service *service = NULL;
    struct deployment *deployment = NULL;
    int result = lookup_deployment(call, ERROR_SERVICE_DEPLOYMENT_OVER, &service, &deployment);
    if (result == API_ERROR && text_equal(call->error.code, "ConflictException")) {
        const char **arns = arena_new_array(call->arena, const char *, 2);
        arns[0] = value_string(call->input, "serviceDeploymentArn");
        call->resource_ids = arns;
    }
    if (result != 0)
        return result;
    bool abort = text_equal(value_string_nonempty(call->input, "stopType"), "ABORT");
    result = abort ? engine_service_deployment_abort(call->engine, service, deployment)
                   : engine_service_deployment_stop(call->engine, service, deployment);
    return result == 0 ? reply_deployment_arn(call) : result;
}

/* "ecs-pause-…" (facts: services 1.1, 9.3) */
static bool is_hook_id(const char *text) {
    const char *dash = text_starts_with(text, "ecs-") ? strchr(text + strlen("ecs-"), '-') : NULL;
    return dash != NULL && dash != text + strlen("ecs-") && dash[1] != '\0';
}

int api_continue_service_deployment(struct api_call *call) {
    struct service *service = NULL;
    struct deployment *deployment = NULL;
    const char *hook_id = value_string(call->input, "hookId");
    bool roll_back = text_equal(value_string_nonempty(call->input, "action"), "ROLLBACK");
    if (!is_hook_id(hook_id))
        return api_fail(call, ERROR_HOOK_ID, NULL);
    int result = lookup_deployment(call, ERROR_SERVICE_DEPLOYMENT_DONE, &service, &deployment);
    if (result == 0)
        result = engine_hook_continue(call->engine, service, deployment, hook_id, roll_back);
    if (result == ENGINE_NOT_FOUND)
        return api_fail(call, ERROR_HOOK_UNKNOWN, NULL);
    return result == 0 ? reply_deployment_arn(call) : result;
}

/* ---- revisions ---- */

/* The four checks of the text alone (facts: services 9.4). */
static int check_revision_arns(
    struct api_call *call, const struct value *arns, struct service_child *children) {
    for (size_t index = 0; index < value_count(arns); index++) {
        const char *arn = value_string_at(arns, index);
        if (!text_starts_with(arn, "arn:"))
            return api_fail(call, ERROR_SERVICE_REVISION_SERVICE, NULL);
        if (service_child_take_apart(call, arn, "service-revision", &children[index]) != 0 ||
            !text_is_digits(children[index].id))
            return api_fail(call, ERROR_SERVICE_REVISION_ARN, NULL);
    }
    for (size_t index = 1; index < value_count(arns); index++) {
        if (!text_equal(children[index].cluster, children[0].cluster) ||
            !text_equal(children[index].service, children[0].service))
            return api_fail(call, ERROR_SERVICE_REVISION_CROSS, NULL);
    }
    return 0;
}

static int lookup_revision_service(
    struct api_call *call, const struct service_child *child, struct service **ret_service) {
    const struct cluster *cluster = engine_cluster_find(call->scope, child->cluster);
    if (cluster == NULL)
        return api_fail(call, ERROR_CLUSTER_NOT_FOUND, NULL);
    if (!cluster->active)
        return api_fail(call, ERROR_CLUSTER_INACTIVE, NULL);
    struct service *service = engine_service_find(call->engine, cluster, child->service);
    if (service == NULL)
        return api_fail(call, ERROR_SERVICE_NOT_FOUND, NULL);
    if (service->status == SERVICE_INACTIVE)
        return api_fail(call, ERROR_SERVICE_REVISION_INACTIVE, NULL);
    *ret_service = service;
    return 0;
}

/* What ECS keeps for the service elsewhere: the resources of an Express service, routes of gateways. */
static int write_managed_resources(
    struct api_call *call, const struct service *service, const struct value *document, int64_t created_ms) {
    struct writer *writer = &call->writer;
    const struct value *connectors = value_get(document, "gatewayConnectors");
    const struct value *express = value_get(document, EXPRESS_MEMBER);
    if (value_count(connectors) == 0 && express == NULL)
        return 0;
    writer_key_object_begin(writer, "ecsManagedResources");
    if (express != NULL)
        write_express_resources(call, service, express, created_ms);
    int result = write_gateway_connections(call, service->cluster, service->name);
    writer_object_end(writer);
    if (value_count(connectors) != 0)
        writer_key_value_opt(writer, "gatewayConnectors", connectors);
    return result;
}

static int write_revision(struct api_call *call, const struct service *service, const char *arn,
    int64_t created_ms, const struct value *document) {
    static const char *const first[] = {"taskDefinition", "capacityProviderStrategy", "launchType",
        "platformVersion", "platformFamily", "loadBalancers", "serviceRegistries", "networkConfiguration",
        "containerImages"};
    static const char *const second[] = {"serviceConnectConfiguration", "volumeConfigurations"};
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_string(writer, "serviceRevisionArn", arn);
    writer_key_string(writer, "serviceArn", service->arn);
    writer_key_string(writer, "clusterArn", service->cluster->arn);
    for (size_t index = 0; index < sizeof(first) / sizeof(first[0]); index++)
        writer_key_value_opt(writer, first[index], value_get(document, first[index]));
    writer_key_bool(writer, "guardDutyEnabled", false);
    for (size_t index = 0; index < sizeof(second) / sizeof(second[0]); index++)
        writer_key_value_opt(writer, second[index], value_get(document, second[index]));
    writer_key_timestamp_opt(writer, "createdAt", created_ms);
    writer_key_value_opt(writer, "vpcLatticeConfigurations", value_get(document, "vpcLatticeConfigurations"));
    writer_key_value_opt(writer, "resolvedConfiguration", value_get(document, "resolvedConfiguration"));
    int result = write_managed_resources(call, service, document, created_ms);
    writer_key_value_opt(writer, "monitoring", value_get(document, "monitoring"));
    writer_object_end(writer);
    return result;
}

static int describe_revision(struct api_call *call, const struct service *service, const char *arn,
    const char *digits, struct value *missing) {
    int64_t created_ms = 0;
    const char *text = NULL;
    struct value *document = NULL;
    int result = service_revision_rows_get(
        engine_store(call->engine), service->id, digits, call->arena, &created_ms, &text);
    if (result == STORE_NOT_FOUND) {
        value_append(call->arena, missing, value_new_string(call->arena, arn));
        return 0;
    }
    if (result != 0)
        return result;
    if (value_parse(call->arena, text, strlen(text), &document) != 0)
        return -1;
    return write_revision(call, service, arn, created_ms, document);
}

int api_describe_service_revisions(struct api_call *call) {
    const struct value *arns = value_get(call->input, "serviceRevisionArns");
    struct value *missing = value_new_list(call->arena, 0);
    struct service_child *children = arena_new_array(call->arena, struct service_child, value_count(arns));
    struct service *service = NULL;
    int result = check_revision_arns(call, arns, children);
    if (result == 0)
        result = lookup_revision_service(call, &children[0], &service);
    if (result == 0)
        result = engine_flush(call->engine);
    if (result != 0)
        return result;
    writer_object_begin(&call->writer);
    writer_key_list_begin(&call->writer, "serviceRevisions");
    for (size_t index = 0; result == 0 && index < value_count(arns); index++)
        result = describe_revision(call, service, value_string_at(arns, index), children[index].id, missing);
    if (result == 0)
        write_failures(call, missing);
    return result;
}
