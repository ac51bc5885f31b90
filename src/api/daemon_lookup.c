#include "daemon_lookup.h"

#include <string.h>

#include "ecs-local/base/text.h"
#include "ecs-local/domain/arn.h"

int daemon_name_read(struct api_call *call, const char *arn, const char *type, struct daemon_name *ret_name) {
    const char *rest = NULL;
    int result = lookup_arn_rest(call, arn, type, &rest);
    if (result != 0)
        return result;
    bool needs_id = !text_equal(type, "daemon");
    const char *slash = strchr(rest, '/');
    const char *second = slash != NULL ? strchr(slash + 1, '/') : NULL;
    if (slash == NULL || (second != NULL) != needs_id || (second != NULL && strchr(second + 1, '/') != NULL))
        return api_fail(call, ERROR_IDENTIFIER, NULL);
    ret_name->cluster = arena_strndup(call->arena, rest, (size_t)(slash - rest));
    ret_name->daemon = second != NULL ? arena_strndup(call->arena, slash + 1, (size_t)(second - slash - 1))
                                      : slash + 1;
    ret_name->id = second != NULL ? second + 1 : NULL;
    return 0;
}

int daemon_find(struct api_call *call, const struct daemon_name *name, struct daemon_row *ret_row) {
    const struct cluster *cluster = engine_cluster_find(call->scope, name->cluster);
    if (cluster == NULL)
        return STORE_NOT_FOUND;
    return daemon_rows_get(engine_store(call->engine), cluster->id, name->daemon, call->arena, ret_row);
}

int lookup_daemon(struct api_call *call, struct daemon_row *ret_row, struct cluster **ret_cluster) {
    struct daemon_name name;
    int result = daemon_name_read(call, value_string(call->input, "daemonArn"), "daemon", &name);
    if (result != 0)
        return result;
    *ret_cluster = engine_cluster_find(call->scope, name.cluster);
    if (*ret_cluster == NULL)
        return api_fail(call, ERROR_CLUSTER_NOT_FOUND, NULL);
    result = daemon_find(call, &name, ret_row);
    return result == STORE_NOT_FOUND ? api_fail(call, ERROR_DAEMON_NOT_FOUND, NULL) : result;
}

const char *daemon_arn(struct api_call *call, const char *type, const char *cluster, const char *daemon,
    const char *id_or_null) {
    const char *rest = id_or_null != NULL ? arena_printf(call->arena, "%s/%s/%s", cluster, daemon, id_or_null)
                                          : arena_printf(call->arena, "%s/%s", cluster, daemon);
    return arn_resource(call->arena, scope_region(call->scope), scope_account(call->scope), type, rest);
}

const char *provider_arn_of(struct api_call *call, const char *name) {
    return arn_capacity_provider(call->arena, scope_region(call->scope), scope_account(call->scope), name);
}
