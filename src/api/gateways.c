/* CreateGateway, DescribeGateway, UpdateGateway, DeleteGateway, ListGateways, DescribeGatewayResources (facts: services
 * 14). Texts of refusals are not established there (D). */
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/gateway.h"
#include "gateway_lookup.h"
#include "page_token.h"

enum {
    NAME_MAX_LENGTH = 255,
    CLIENT_TOKEN_MAX = 36,
    RESOURCES_PAGE = 10,
};

static int reply_brief(struct api_call *call, const struct gateway_row *row, const char *status) {
    writer_object_begin(&call->writer);
    writer_key_string(&call->writer, "gatewayArn", gateway_arn(call, row->name, row->gateway_id));
    writer_key_string(&call->writer, "name", row->name);
    writer_key_string(&call->writer, "status", status);
    writer_object_end(&call->writer);
    return 0;
}

static int check_role(struct api_call *call, const char *role) {
    return text_starts_with(role, "arn:") && strstr(role, ":iam::") != NULL && strstr(role, ":role/") != NULL
               ? 0
               : api_fail(call, ERROR_GATEWAY_ROLE, NULL);
}

static int check_new(struct api_call *call, struct value **ret_balancer) {
    struct violation violation;
    const char *name = value_string(call->input, "name");
    const char *token = value_string_nonempty(call->input, "clientToken");
    if (!text_is_name(name, NAME_MAX_LENGTH))
        return api_fail(call, ERROR_GATEWAY_NAME, name);
    if (token != NULL && strlen(token) > CLIENT_TOKEN_MAX)
        return api_fail(call, ERROR_IDEMPOTENCY_TOKEN, NULL);
    int result = check_role(call, value_string(call->input, "infrastructureRoleArn"));
    if (result == 0 && gateway_balancer_new(call->arena, value_get(call->input, "configuration"),
                           ret_balancer, &violation) != 0)
        return api_fail_with(call, &violation);
    return result == 0 ? check_tags(call, value_get(call->input, "tags")) : result;
}

static const char *text_or(const struct value *map, const char *key, const char *fallback) {
    const char *text = value_string_nonempty(map, key);
    return text != NULL ? text : fallback;
}

/* The name is taken: the same request with the same token gets the same answer. */
static int create_again(struct api_call *call, const struct gateway_row *old, const char *request) {
    const char *token = value_string_nonempty(call->input, "clientToken");
    if (token == NULL || !text_equal(token, old->client_token) || !text_equal(request, old->request))
        return api_fail(call, ERROR_GATEWAY_EXISTS, NULL);
    return reply_brief(call, old, old->status);
}

int api_create_gateway(struct api_call *call) {
    struct value *balancer = NULL;
    struct gateway_row old;
    int result = check_new(call, &balancer);
    if (result != 0)
        return result;
    struct value *request = value_clone(call->arena, call->input);
    value_remove(request, "clientToken");
    char id[ID_HEX_SIZE];
    ids_hex(engine_ids(call->engine), id);
    struct gateway_row row = {
        .scope_id = scope_id(call->scope),
        .name = value_string(call->input, "name"),
        .gateway_id = id,
        .status = "ACTIVE",
        .created_ms = engine_now_ms(call->engine),
        .updated_ms = engine_now_ms(call->engine),
        .deletion_protection = value_bool(call->input, "deletionProtection", true),
        .role_arn = value_string(call->input, "infrastructureRoleArn"),
        .propagate_tags = text_or(call->input, "propagateTags", "GATEWAY"),
        .access_type = gateway_access_type(balancer),
        .client_token = value_string_nonempty(call->input, "clientToken"),
        .request = value_text(call, request),
        .balancer = value_text(call, balancer),
        .tags = tags_text(call, value_get(call->input, "tags")),
    };
    struct store *store = engine_store(call->engine);
    result = gateway_rows_get(store, row.scope_id, row.name, call->arena, &old);
    if (result == 0)
        return create_again(call, &old, row.request);
    if (result == STORE_NOT_FOUND)
        result = gateway_rows_insert(store, &row, &row.id);
    return result == 0 ? reply_brief(call, &row, row.status) : result;
}

static int load(struct api_call *call, struct gateway_row *ret_row, struct value **ret_balancer) {
    int result = lookup_gateway(call, value_string(call->input, "gateway"), false, ret_row);
    if (result != 0)
        return result;
    return value_parse(call->arena, ret_row->balancer, strlen(ret_row->balancer), ret_balancer) == 0 ? 0 : -1;
}

static void write_configuration(struct api_call *call, const struct value *balancer, unsigned balancers) {
    struct value *shown = value_clone(call->arena, balancer);
    value_set(call->arena, shown, "currentAlbCount", value_new_int(call->arena, balancers));
    writer_key_object_begin(&call->writer, "configuration");
    writer_key_value_opt(&call->writer, "hostSharedAlb", shown);
    writer_object_end(&call->writer);
}

int api_describe_gateway(struct api_call *call) {
    struct gateway_row row;
    struct value *balancer = NULL;
    int result = load(call, &row, &balancer);
    if (result != 0)
        return result;
    unsigned limit = (unsigned)value_int(balancer, "maxAlbCount", 1);
    struct gateway_balancer *balancers = arena_new_array(call->arena, struct gateway_balancer, limit);
    unsigned count = 0;
    result = gateway_balancer_rows_list(engine_store(call->engine), row.id, 0, limit, balancers, &count);
    if (result != 0)
        return result;
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_object_begin(writer, "gateway");
    writer_key_string(writer, "gatewayArn", gateway_arn(call, row.name, row.gateway_id));
    writer_key_string(writer, "name", row.name);
    writer_key_string(writer, "status", row.status);
    writer_key_string_opt(writer, "statusReason", row.status_reason);
    if (row.failures != NULL)
        writer_key_raw(writer, "failures", row.failures);
    writer_key_string(writer, "infrastructureRoleArn", row.role_arn);
    writer_key_bool(writer, "deletionProtection", row.deletion_protection);
    write_configuration(call, balancer, count);
    writer_key_string(writer, "accessType", row.access_type);
    writer_key_string(writer, "propagateTags", row.propagate_tags);
    writer_key_raw(writer, "tags", row.tags);
    writer_key_timestamp_opt(writer, "createdAt", row.created_ms);
    writer_key_timestamp_opt(writer, "updatedAt", row.updated_ms);
    writer_object_end(writer);
    writer_object_end(writer);
    return 0;
}

int api_update_gateway(struct api_call *call) {
    struct gateway_row row;
    struct value *balancer = NULL;
    struct violation violation;
    int result = load(call, &row, &balancer);
    if (result != 0)
        return result;
    row.role_arn = text_or(call->input, "infrastructureRoleArn", row.role_arn);
    result = check_role(call, row.role_arn);
    if (result != 0)
        return result;
    if (gateway_balancer_updated(
            call->arena, balancer, value_get(call->input, "configuration"), &balancer, &violation) != 0)
        return api_fail_with(call, &violation);
    row.deletion_protection = value_bool(call->input, "deletionProtection", row.deletion_protection);
    row.propagate_tags = text_or(call->input, "propagateTags", row.propagate_tags);
    row.balancer = value_text(call, balancer);
    row.updated_ms = engine_now_ms(call->engine);
    result = engine_gateway_update(call->engine, &row);
    return result == 0 ? reply_brief(call, &row, row.status) : result;
}

int api_delete_gateway(struct api_call *call) {
    struct gateway_row row;
    unsigned uses = 0;
    int result = lookup_gateway(call, value_string(call->input, "gateway"), false, &row);
    if (result != 0)
        return result;
    if (row.deletion_protection)
        return api_fail(call, ERROR_GATEWAY_PROTECTED, NULL);
    struct store *store = engine_store(call->engine);
    result = gateway_cluster_rows_used(store, row.id, &uses);
    if (result == 0 && uses != 0)
        return api_fail(call, ERROR_GATEWAY_ASSOCIATED, NULL);
    if (result == 0)
        result = gateway_cluster_rows_forget(store, row.id);
    if (result == 0)
        result = gateway_rows_delete(store, row.id);
    return result == 0 ? reply_brief(call, &row, "DELETED") : result;
}

int api_list_gateways(struct api_call *call) {
    const char *names = filter_words(call, value_get(call->input, "names"));
    const char *statuses = filter_words(call, value_get(call->input, "status"));
    const char *filters = arena_printf(
        call->arena, "%s %s", names != NULL ? names : "", statuses != NULL ? statuses : "");
    const char *after = NULL;
    int result = page_token_read(call, filters, &after);
    if (result != 0)
        return result;
    unsigned limit = page_size(call, PAGE_DEFAULT);
    unsigned count = 0;
    struct gateway_row *rows = arena_new_array(call->arena, struct gateway_row, limit + 1);
    result = gateway_rows_list(engine_store(call->engine), scope_id(call->scope), after != NULL ? after : "",
        names, statuses, limit + 1, call->arena, rows, &count);
    if (result != 0)
        return result;
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_list_begin(writer, "gateways");
    for (unsigned index = 0; index < count && index < limit; index++) {
        writer_object_begin(writer);
        writer_key_string(writer, "gatewayArn", gateway_arn(call, rows[index].name, rows[index].gateway_id));
        writer_key_string(writer, "name", rows[index].name);
        writer_key_string(writer, "status", rows[index].status);
        writer_key_timestamp_opt(writer, "createdAt", rows[index].created_ms);
        writer_object_end(writer);
    }
    writer_list_end(writer);
    if (count > limit)
        writer_key_string(writer, "nextToken", page_token_make(call, filters, rows[limit - 1].name));
    writer_object_end(writer);
    return 0;
}

static int write_balancer(struct api_call *call, const struct gateway_row *row, const struct value *balancer,
    const struct gateway_balancer *one) {
    struct writer *writer = &call->writer;
    struct gateway_balancer_names names = gateway_balancer_names(call->arena, scope_region(call->scope),
        scope_account(call->scope), row->gateway_id, one->number, balancer);
    const char **ids = arena_new_array(call->arena, const char *, one->routes);
    unsigned count = 0;
    int result = gateway_balancer_rows_routes(
        engine_store(call->engine), row->id, one->number, one->routes, call->arena, ids, &count);
    writer_object_begin(writer);
    writer_key_string(writer, "loadBalancerArn", names.load_balancer_arn);
    writer_key_string(writer, "listenerArn", names.listener_arn);
    writer_key_string(writer, "securityGroup", names.security_group);
    writer_key_list_begin(writer, "gatewayRouteArns");
    for (unsigned index = 0; index < count; index++) {
        struct gateway_route_row route = {
            .gateway = row->name, .gateway_id = row->gateway_id, .route_id = ids[index]};
        writer_string(writer, gateway_route_arn(call, &route));
    }
    writer_list_end(writer);
    writer_object_end(writer);
    return result;
}

int api_describe_gateway_resources(struct api_call *call) {
    struct gateway_row row;
    struct value *balancer = NULL;
    int64_t after = 0;
    int result = load(call, &row, &balancer);
    if (result == 0)
        result = row_page_begin(call, row.gateway_id, &after);
    if (result != 0)
        return result;
    unsigned limit = page_size(call, RESOURCES_PAGE);
    unsigned count = 0;
    struct gateway_balancer *balancers = arena_new_array(call->arena, struct gateway_balancer, limit + 1);
    result = gateway_balancer_rows_list(
        engine_store(call->engine), row.id, after, limit + 1, balancers, &count);
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_object_begin(writer, "gatewayResources");
    writer_key_string(writer, "gatewayArn", gateway_arn(call, row.name, row.gateway_id));
    writer_key_object_begin(writer, "resources");
    writer_key_list_begin(writer, "hostSharedAlb");
    for (unsigned index = 0; result == 0 && index < count && index < limit; index++)
        result = write_balancer(call, &row, balancer, &balancers[index]);
    writer_list_end(writer);
    writer_object_end(writer);
    writer_object_end(writer);
    if (count > limit)
        writer_key_string(writer, "nextToken",
            page_token_make(call, row.gateway_id,
                arena_printf(call->arena, "%lld", (long long)balancers[limit - 1].number)));
    writer_object_end(writer);
    return result;
}
