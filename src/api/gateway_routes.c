/* DescribeGatewayRoute, ListGatewayRoutes (facts: services 14). The routes themselves come and go with services. */
#include <string.h>

#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/domain/gateway.h"
#include "gateway_lookup.h"
#include "page_token.h"
#include "service_lookup.h"

enum {
    ROUTES_PER_SERVICE = 2 * GATEWAYS_PER_CLUSTER_MAX, /* those that go and those that come */
};

static const char *service_arn(struct api_call *call, const struct gateway_route_row *route) {
    return arn_resource(call->arena, scope_region(call->scope), scope_account(call->scope), "service",
        arena_printf(call->arena, "%s/%s", route->cluster, route->service_name));
}

static int read_balancer(
    struct api_call *call, const struct gateway_route_row *route, struct value **ret_balancer) {
    struct gateway_row gateway;
    int result = gateway_rows_get_by_id(
        engine_store(call->engine), route->gateway_row, call->arena, &gateway);
    if (result != 0)
        return result < 0 ? result : -1;
    return value_parse(call->arena, gateway.balancer, strlen(gateway.balancer), ret_balancer) == 0 ? 0 : -1;
}

/* serviceUrl and resources. What does not exist outside ECS (a certificate) is left out. */
static void write_reach(struct api_call *call, const struct gateway_route_row *route,
    const struct value *balancer, bool as_connection) {
    struct writer *writer = &call->writer;
    struct gateway_balancer_names names = gateway_balancer_names(call->arena, scope_region(call->scope),
        scope_account(call->scope), route->gateway_id, route->balancer, balancer);
    const char *test_rule = value_has(balancer, "testTrafficRules")
                                ? gateway_route_rule_arn(
                                      call->arena, names.listener_arn, route->route_id, true)
                                : NULL;
    writer_key_string(writer, "serviceUrl",
        gateway_route_url(call->arena, scope_region(call->scope), route->route_id, balancer));
    writer_key_object_begin(writer, "resources");
    writer_key_list_begin(writer, "hostSharedAlb");
    writer_object_begin(writer);
    writer_key_string(writer, "loadBalancerArn", names.load_balancer_arn);
    writer_key_string(writer, "listenerArn", names.listener_arn);
    writer_key_string(writer, "listenerRuleArn",
        gateway_route_rule_arn(call->arena, names.listener_arn, route->route_id, false));
    if (!as_connection)
        writer_key_list_begin(writer, "testListenerRuleArns");
    else if (test_rule != NULL)
        writer_key(writer, "testListenerRuleArn");
    if (test_rule != NULL)
        writer_string(writer, test_rule);
    if (!as_connection) {
        writer_list_end(writer);
        writer_key_empty_list(writer, "loadBalancerSecurityGroups");
    }
    writer_object_end(writer);
    writer_list_end(writer);
    writer_object_end(writer);
}

/* The id at the end of gateway-route/<gateway>/<gateway id>/<id>. */
static int find_route(struct api_call *call, const char *arn, struct gateway_route_row *ret_route) {
    const char *rest = NULL;
    int result = lookup_arn_rest(call, arn, "gateway-route", &rest);
    if (result != 0)
        return result;
    const char *slash = strrchr(rest, '/');
    if (slash == NULL)
        return api_fail(call, ERROR_IDENTIFIER, NULL);
    result = gateway_route_rows_get(
        engine_store(call->engine), scope_id(call->scope), slash + 1, call->arena, ret_route);
    if (result == STORE_NOT_FOUND || (result == 0 && !text_equal(arn, gateway_route_arn(call, ret_route))))
        return api_fail(call, ERROR_ROUTE_NOT_FOUND, NULL);
    return result;
}

int api_describe_gateway_route(struct api_call *call) {
    struct gateway_route_row route;
    struct value *balancer = NULL;
    int result = find_route(call, value_string(call->input, "gatewayRouteArn"), &route);
    if (result == 0)
        result = read_balancer(call, &route, &balancer);
    if (result != 0)
        return result;
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_object_begin(writer, "gatewayRoute");
    writer_key_string(writer, "gatewayRouteArn", gateway_route_arn(call, &route));
    writer_key_string(writer, "serviceArn", service_arn(call, &route));
    writer_key_string(writer, "serviceContainerPortName", route.port_name);
    writer_key_string(writer, "status", route.status);
    write_reach(call, &route, balancer, false);
    writer_object_end(writer);
    writer_object_end(writer);
    return 0;
}

/* A service's name, or its ARN, which names the cluster, too. STORE_NOT_FOUND: there is no such cluster. */
static int read_service(struct api_call *call, struct gateway_filter *filter) {
    const char *text = value_string_nonempty(call->input, "service");
    struct cluster *cluster = NULL;
    filter->service_name = text;
    if (text == NULL || !text_starts_with(text, "arn:"))
        return 0;
    int result = service_arn_read(call, text, &cluster, &filter->service_name);
    if (result != 0)
        return result;
    if (cluster == NULL || (filter->cluster_id != 0 && filter->cluster_id != cluster->id))
        return STORE_NOT_FOUND;
    filter->cluster_id = cluster->id;
    return 0;
}

/* A cluster or service that is not there has no routes: STORE_NOT_FOUND. */
static int read_filter(struct api_call *call, struct gateway_filter *filter) {
    struct gateway_row gateway = {.id = 0};
    const char *text = value_string_nonempty(call->input, "gateway");
    *filter = (struct gateway_filter){
        .scope_id = scope_id(call->scope),
        .port_name = value_string_nonempty(call->input, "serviceContainerPortName"),
        .statuses = filter_words(call, value_get(call->input, "status")),
    };
    int result = text != NULL ? lookup_gateway(call, text, false, &gateway) : 0;
    filter->gateway_row = gateway.id;
    if (result == 0)
        result = filter_cluster(call, &filter->cluster_id);
    return result == 0 ? read_service(call, filter) : result;
}

static const char *words(const char *text_or_null) {
    return text_or_null != NULL ? text_or_null : "";
}

static void write_summary(struct api_call *call, const struct gateway_route_row *route) {
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_string(writer, "gatewayRouteArn", gateway_route_arn(call, route));
    writer_key_string(writer, "gatewayArn", gateway_arn(call, route->gateway, route->gateway_id));
    writer_key_string(writer, "clusterArn",
        arn_cluster(call->arena, scope_region(call->scope), scope_account(call->scope), route->cluster));
    writer_key_string(writer, "serviceArn", service_arn(call, route));
    writer_key_string(writer, "serviceContainerPortName", route->port_name);
    writer_key_string(writer, "status", route->status);
    writer_object_end(writer);
}

int api_list_gateway_routes(struct api_call *call) {
    struct gateway_filter filter;
    unsigned limit = page_size(call, PAGE_DEFAULT);
    unsigned count = 0;
    struct gateway_route_row *rows = arena_new_array(call->arena, struct gateway_route_row, limit + 1);
    int result = read_filter(call, &filter);
    const char *filters = arena_printf(call->arena, "%lld %lld %s %s %s", (long long)filter.gateway_row,
        (long long)filter.cluster_id, words(filter.service_name), words(filter.port_name),
        words(filter.statuses));
    if (result == 0)
        result = row_page_begin(call, filters, &filter.after);
    if (result == 0)
        result = gateway_route_rows_list(
            engine_store(call->engine), &filter, limit + 1, call->arena, rows, &count);
    if (result != 0 && result != STORE_NOT_FOUND)
        return result;
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_list_begin(writer, "gatewayRoutes");
    for (unsigned index = 0; index < count && index < limit; index++)
        write_summary(call, &rows[index]);
    writer_list_end(writer);
    if (count > limit)
        writer_key_string(writer, "nextToken",
            page_token_make(call, filters, arena_printf(call->arena, "%lld", (long long)rows[limit - 1].id)));
    writer_object_end(writer);
    return 0;
}

int write_gateway_connections(
    struct api_call *call, const struct cluster *cluster, const char *service_name) {
    struct gateway_route_row routes[ROUTES_PER_SERVICE];
    unsigned count = 0;
    struct writer *writer = &call->writer;
    int result = gateway_route_rows_of_service(engine_store(call->engine), cluster->id, service_name,
        ROUTES_PER_SERVICE, call->arena, routes, &count);
    if (result != 0 || count == 0)
        return result;
    writer_key_list_begin(writer, "gatewayConnections");
    for (unsigned index = 0; result == 0 && index < count; index++) {
        struct value *balancer = NULL;
        result = read_balancer(call, &routes[index], &balancer);
        writer_object_begin(writer);
        writer_key_string(
            writer, "gatewayArn", gateway_arn(call, routes[index].gateway, routes[index].gateway_id));
        writer_key_string(writer, "gatewayRouteArn", gateway_route_arn(call, &routes[index]));
        writer_key_string(writer, "portName", routes[index].port_name);
        writer_key_string(writer, "accessType", routes[index].access_type);
        writer_key_string(writer, "status", routes[index].status);
        if (result == 0)
            write_reach(call, &routes[index], balancer, true);
        writer_object_end(writer);
    }
    writer_list_end(writer);
    return result;
}
