#include "gateway_lookup.h"

#include <string.h>

#include "ecs-local/base/text.h"
#include "ecs-local/domain/arn.h"
#include "page_token.h"

enum {
    NAME_MAX_LENGTH = 255,
};

const char *gateway_arn(struct api_call *call, const char *name, const char *gateway_id) {
    return arn_resource(call->arena, scope_region(call->scope), scope_account(call->scope), "gateway",
        arena_printf(call->arena, "%s/%s", name, gateway_id));
}

const char *gateway_route_arn(struct api_call *call, const struct gateway_route_row *route) {
    return arn_resource(call->arena, scope_region(call->scope), scope_account(call->scope), "gateway-route",
        arena_printf(call->arena, "%s/%s/%s", route->gateway, route->gateway_id, route->route_id));
}

/* Name and, of an ARN, id. */
static int take_apart(
    struct api_call *call, const char *text, const char **ret_name, const char **ret_gateway_id) {
    struct violation violation;
    const char *type = NULL;
    const char *rest = text;
    *ret_gateway_id = NULL;
    if (text_starts_with(text, "arn:")) {
        if (arn_take_apart(call->arena, text, scope_region(call->scope), scope_account(call->scope), &type,
                &rest, &violation) != 0)
            return api_fail_with(call, &violation);
        const char *slash = strchr(rest, '/');
        if (!text_equal(type, "gateway"))
            return api_fail(call, ERROR_RESOURCE_TYPE, type);
        if (slash == NULL)
            return api_fail(call, ERROR_IDENTIFIER, NULL);
        *ret_gateway_id = slash + 1;
        rest = arena_strndup(call->arena, rest, (size_t)(slash - rest));
    }
    *ret_name = rest;
    return text_is_name(rest, NAME_MAX_LENGTH) ? 0 : api_fail(call, ERROR_GATEWAY_NAME, rest);
}

int lookup_gateway(struct api_call *call, const char *text, bool optional, struct gateway_row *ret_row) {
    const char *name = NULL;
    const char *id = NULL;
    int result = take_apart(call, text, &name, &id);
    if (result == 0)
        result = gateway_rows_get(
            engine_store(call->engine), scope_id(call->scope), name, call->arena, ret_row);
    if (result == 0 && id != NULL && !text_equal(id, ret_row->gateway_id))
        result = STORE_NOT_FOUND;
    if (result == STORE_NOT_FOUND && !optional)
        return api_fail(call, ERROR_GATEWAY_NOT_FOUND, NULL);
    return result;
}

const char *filter_words(struct api_call *call, const struct value *list) {
    const char *words = NULL;
    value_for_each(item, list) {
        if (item->kind == VALUE_STRING)
            words = arena_printf(call->arena, "%s%s,", words != NULL ? words : ",", item->string);
    }
    return words;
}

int filter_cluster(struct api_call *call, int64_t *ret_cluster_id) {
    const char *name = NULL;
    *ret_cluster_id = 0;
    if (value_string_nonempty(call->input, "cluster") == NULL)
        return 0;
    int result = lookup_cluster_name(call, "cluster", &name);
    if (result != 0)
        return result;
    const struct cluster *cluster = engine_cluster_find(call->scope, name);
    if (cluster == NULL)
        return STORE_NOT_FOUND;
    *ret_cluster_id = cluster->id;
    return 0;
}

int row_page_begin(struct api_call *call, const char *filters, int64_t *ret_after) {
    const char *cursor = NULL;
    *ret_after = 0;
    int result = page_token_read(call, filters, &cursor);
    if (result == 0 && cursor != NULL && text_parse_int(cursor, 0, INT64_MAX / 10, ret_after) != 0)
        return api_fail(call, ERROR_TOKEN, NULL);
    return result;
}
