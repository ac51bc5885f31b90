#include "service_lookup.h"

#include <string.h>

#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/arn.h"

int lookup_service_name(
    struct api_call *call, const struct cluster *cluster, const char *text, const char **ret_name) {
    struct violation violation;
    if (arn_resolve_in_cluster(call->arena, ARN_SERVICE, "service", text, cluster->name,
            scope_region(call->scope), scope_account(call->scope), ret_name, &violation) != 0)
        return api_fail_with(call, &violation);
    return 0;
}

int lookup_service(struct api_call *call, const struct cluster *cluster, struct service **ret_service) {
    const char *name = NULL;
    int result = lookup_service_name(call, cluster, value_string(call->input, "service"), &name);
    if (result != 0)
        return result;
    struct service *service = engine_service_find(call->engine, cluster, name);
    if (service == NULL)
        return api_fail(call, ERROR_SERVICE_NOT_FOUND, NULL);
    *ret_service = service;
    return 0;
}

int lookup_active_service(
    struct api_call *call, const struct cluster *cluster, struct service **ret_service) {
    int result = lookup_service(call, cluster, ret_service);
    if (result == 0 && (*ret_service)->status != SERVICE_ACTIVE)
        return api_fail(call, ERROR_SERVICE_NOT_ACTIVE, NULL);
    return result;
}

const char *service_child_arn(
    struct api_call *call, const struct service *service, const char *type, const char *id) {
    return arena_printf(call->arena, "arn:%s:ecs:%s:%s:%s/%s/%s/%s", scope_partition(call->scope),
        scope_region(call->scope), scope_account(call->scope), type, service->cluster->name, service->name,
        id);
}

const char *deployment_id_text(struct api_call *call, const char *digits) {
    return arena_printf(call->arena, "ecs-svc/%s", digits);
}

int service_child_take_apart(
    struct api_call *call, const char *arn, const char *type, struct service_child *ret_child) {
    const char *found = NULL;
    const char *rest = NULL;
    struct violation violation;
    if (!text_starts_with(arn, "arn:") ||
        arn_take_apart(call->arena, arn, scope_region(call->scope), scope_account(call->scope), &found, &rest,
            &violation) != 0 ||
        !text_equal(found, type))
        return 1;
    const char *service = strchr(rest, '/');
    const char *id = service != NULL ? strchr(service + 1, '/') : NULL;
    if (id == NULL || id[1] == '\0')
        return 1;
    *ret_child = (struct service_child){
        .cluster = arena_strndup(call->arena, rest, (size_t)(service - rest)),
        .service = arena_strndup(call->arena, service + 1, (size_t)(id - service - 1)),
        .id = id + 1,
    };
    return 0;
}

int service_arn_read(
    struct api_call *call, const char *arn, struct cluster **ret_cluster, const char **ret_name) {
    const char *rest = NULL;
    int result = lookup_arn_rest(call, arn, "service", &rest);
    if (result != 0)
        return result;
    const char *slash = strchr(rest, '/');
    if (slash == NULL)
        return api_fail(call, ERROR_IDENTIFIER, NULL);
    *ret_cluster = engine_cluster_find(call->scope, arena_strndup(call->arena, rest, (size_t)(slash - rest)));
    *ret_name = slash + 1;
    return 0;
}

int service_contents_read(
    struct api_call *call, const struct service *service, struct service_contents *ret_contents) {
    const char *text = NULL;
    struct value *document = NULL;
    struct service_contents contents = {0};
    int result = engine_service_document(
        call->engine, service, call->arena, &text, &contents.tags, &contents.created_by);
    if (result != 0)
        return result;
    if (value_parse(call->arena, text, strlen(text), &document) != 0)
        return -1;
    contents.document = document;
    *ret_contents = contents;
    return 0;
}

struct deployment *task_set_find(const struct service *service, const char *text) {
    const char *slash = strrchr(text, '/');
    struct deployment *task_set = engine_deployment_find(service, slash != NULL ? slash + 1 : text);
    bool shown = task_set != NULL && task_set->is_task_set && task_set->status != DEPLOYMENT_INACTIVE;
    return shown ? task_set : NULL;
}
