/* What becomes of gateways, their associations and their routes (facts: services 14). */
#include <string.h>

#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/gateway.h"
#include "engine_internal.h"

enum {
    ROUTES_PER_SERVICE = 2 * GATEWAYS_PER_CLUSTER_MAX, /* those that go and those that come */
};

static int load_gateway(void *context, int64_t row, int64_t due_ms) {
    struct engine *engine = context;
    timers_add(&engine->timers, due_ms, TIMER_GATEWAY, row);
    return 0;
}

static int load_route(void *context, int64_t row, int64_t due_ms) {
    struct engine *engine = context;
    timers_add(&engine->timers, due_ms, TIMER_GATEWAY_ROUTE, row);
    return 0;
}

int gateways_load(struct engine *engine) {
    int result = gateway_rows_each_due(engine->store, engine, load_gateway);
    return result == 0 ? gateway_route_rows_each_due(engine->store, engine, load_route) : result;
}

int engine_gateway_update(struct engine *engine, struct gateway_row *row) {
    row->status = "UPDATE_IN_PROGRESS";
    row->due_ms = engine_now_ms(engine) + engine_delay_ms(engine, RUNTIME_DELAY_GATEWAY_UPDATE);
    timers_add(&engine->timers, row->due_ms, TIMER_GATEWAY, row->id);
    return gateway_rows_update(engine->store, row);
}

bool gateway_timer_waits(struct engine *engine, int64_t row, int64_t due_ms) {
    struct gateway_row gateway;
    int result = gateway_rows_get_by_id(engine->store, row, engine->turn, &gateway);
    return result < 0 || (result == 0 && gateway.due_ms == due_ms);
}

int gateway_timer_fired(struct engine *engine, int64_t row) {
    struct gateway_row gateway;
    int result = gateway_rows_get_by_id(engine->store, row, engine->turn, &gateway);
    if (result != 0)
        return result < 0 ? result : 0;
    gateway.status = "UPDATE_COMPLETE";
    gateway.due_ms = 0;
    return gateway_rows_update(engine->store, &gateway);
}

/* The last route into the cluster has gone. */
static int settle(struct engine *engine, int64_t scope_id, int64_t gateway_row, int64_t cluster_id) {
    const char *status = NULL;
    unsigned routes = 0;
    int result = gateway_cluster_rows_status(engine->store, gateway_row, cluster_id, engine->turn, &status);
    if (result != 0 || !text_equal(status, "DISASSOCIATING"))
        return result < 0 ? result : 0;
    result = gateway_route_rows_count(engine->store, gateway_row, cluster_id, &routes);
    if (result != 0 || routes != 0)
        return result;
    return gateway_cluster_rows_set(engine->store, scope_id, gateway_row, cluster_id, "INACTIVE");
}

int engine_gateway_disassociate(
    struct engine *engine, const struct gateway_row *gateway, const struct cluster *cluster) {
    int result = gateway_cluster_rows_set(
        engine->store, gateway->scope_id, gateway->id, cluster->id, "DISASSOCIATING");
    return result == 0 ? settle(engine, gateway->scope_id, gateway->id, cluster->id) : result;
}

/* The first load balancer that has room for one more; 0 when all that may be are full. */
static int choose_balancer(
    struct engine *engine, int64_t gateway_row, unsigned maximum, int64_t *ret_number) {
    struct gateway_balancer *balancers = arena_new_array(engine->turn, struct gateway_balancer, maximum);
    unsigned count = 0;
    int result = gateway_balancer_rows_list(engine->store, gateway_row, 0, maximum, balancers, &count);
    if (result != 0)
        return result;
    int64_t number = 1;
    for (unsigned index = 0; index < count && balancers[index].number == number &&
                             balancers[index].routes >= GATEWAY_ROUTES_PER_BALANCER;
         index++)
        number++;
    *ret_number = number <= (int64_t)maximum ? number : 0;
    return 0;
}

static int route_add(struct engine *engine, const struct gateway_row *gateway, const struct cluster *cluster,
    const char *service_name, const char *port_name) {
    struct value *balancer = NULL;
    if (value_parse(engine->turn, gateway->balancer, strlen(gateway->balancer), &balancer) != 0)
        return -1;
    char id[ID_HEX_SIZE];
    ids_hex(&engine->ids, id);
    struct gateway_route_row route = {
        .scope_id = gateway->scope_id,
        .gateway_row = gateway->id,
        .cluster_id = cluster->id,
        .route_id = id,
        .service_name = service_name,
        .port_name = port_name,
        .status = "CREATE_IN_PROGRESS",
        .due_ms = engine_now_ms(engine) + engine_delay_ms(engine, RUNTIME_DELAY_GATEWAY_ROUTE),
    };
    int result = choose_balancer(
        engine, gateway->id, (unsigned)value_int(balancer, "maxAlbCount", 1), &route.balancer);
    if (result == 0 && route.balancer == 0) {
        route.status = "CREATE_FAILED";
        route.due_ms = 0;
    }
    if (result == 0)
        result = gateway_route_rows_insert(engine->store, &route, &route.id);
    if (result == 0 && route.due_ms != 0)
        timers_add(&engine->timers, route.due_ms, TIMER_GATEWAY_ROUTE, route.id);
    return result;
}

static int route_remove(struct engine *engine, const struct gateway_route_row *route) {
    if (text_equal(route->status, "DELETE_IN_PROGRESS"))
        return 0;
    int64_t due_ms = engine_now_ms(engine) + engine_delay_ms(engine, RUNTIME_DELAY_GATEWAY_ROUTE);
    timers_add(&engine->timers, due_ms, TIMER_GATEWAY_ROUTE, route->id);
    return gateway_route_rows_set_status(engine->store, route->id, "DELETE_IN_PROGRESS", due_ms);
}

bool gateway_route_timer_waits(struct engine *engine, int64_t row, int64_t due_ms) {
    struct gateway_route_row route;
    int result = gateway_route_rows_get_by_id(engine->store, row, engine->turn, &route);
    return result < 0 || (result == 0 && route.due_ms == due_ms);
}

int gateway_route_timer_fired(struct engine *engine, int64_t row) {
    struct gateway_route_row route;
    int result = gateway_route_rows_get_by_id(engine->store, row, engine->turn, &route);
    if (result != 0)
        return result < 0 ? result : 0;
    if (!text_equal(route.status, "DELETE_IN_PROGRESS"))
        return gateway_route_rows_set_status(engine->store, row, "ACTIVE", 0);
    result = gateway_route_rows_delete(engine->store, row);
    return result == 0 ? settle(engine, route.scope_id, route.gateway_row, route.cluster_id) : result;
}

/* Does the connector want a gateway of this sort? Without a filter any will do. */
static bool accepts(const struct value *connector, const char *access_type) {
    const struct value *types = value_get(value_get(connector, "filters"), "accessTypes");
    bool found = value_count(types) == 0;
    value_for_each(type, types) found = found || text_equal(type->string, access_type);
    return found;
}

static int route_begin(struct engine *engine, struct gateway_route_row *route) {
    route->status = "CREATE_IN_PROGRESS";
    route->due_ms = engine_now_ms(engine) + engine_delay_ms(engine, RUNTIME_DELAY_GATEWAY_ROUTE);
    timers_add(&engine->timers, route->due_ms, TIMER_GATEWAY_ROUTE, route->id);
    return gateway_route_rows_set_status(engine->store, route->id, route->status, route->due_ms);
}

/* One that is there already, or on its way out, when it stays or comes back. */
static struct gateway_route_row *find_route(
    struct gateway_route_row *routes, unsigned count, int64_t gateway_row, const char *port_name) {
    for (unsigned index = 0; index < count; index++) {
        if (routes[index].gateway_row == gateway_row && text_equal(routes[index].port_name, port_name))
            return &routes[index];
    }
    return NULL;
}

/* Brings routes into being that are not there yet. */
static int add_missing(struct engine *engine, const struct cluster *cluster, const char *service_name,
    const struct value *connector, struct gateway_route_row *routes, unsigned route_count) {
    struct gateway_cluster_row associations[GATEWAYS_PER_CLUSTER_MAX];
    const char *port_name = value_string(connector, "portName");
    unsigned count = 0;
    int result = gateway_cluster_rows_of(
        engine->store, cluster->id, GATEWAYS_PER_CLUSTER_MAX, engine->turn, associations, &count);
    for (unsigned index = 0; result == 0 && index < count; index++) {
        struct gateway_row gateway;
        if (!text_equal(associations[index].status, "ACTIVE"))
            continue;
        struct gateway_route_row *route = find_route(
            routes, route_count, associations[index].gateway_row, port_name);
        result = gateway_rows_get_by_id(
            engine->store, associations[index].gateway_row, engine->turn, &gateway);
        if (result != 0 || !accepts(connector, gateway.access_type))
            continue;
        if (route == NULL)
            result = route_add(engine, &gateway, cluster, service_name, port_name);
        else if (text_equal(route->status, "DELETE_IN_PROGRESS"))
            result = route_begin(engine, route);
    }
    return result;
}

int engine_gateway_routes_set(struct engine *engine, const struct cluster *cluster, const char *service_name,
    const struct value *connectors_or_null) {
    struct gateway_route_row routes[ROUTES_PER_SERVICE];
    unsigned count = 0;
    const struct value *connector = value_at(connectors_or_null, 0);
    int result = gateway_route_rows_of_service(
        engine->store, cluster->id, service_name, ROUTES_PER_SERVICE, engine->turn, routes, &count);
    for (unsigned index = 0; result == 0 && index < count; index++) {
        if (connector == NULL || !text_equal(routes[index].port_name, value_string(connector, "portName")) ||
            !accepts(connector, routes[index].access_type))
            result = route_remove(engine, &routes[index]);
    }
    if (result != 0 || connector == NULL)
        return result;
    return add_missing(engine, cluster, service_name, connector, routes, count);
}

int engine_gateways_leave_cluster(struct engine *engine, const struct cluster *cluster) {
    return gateway_cluster_rows_end(engine->store, cluster->id);
}
