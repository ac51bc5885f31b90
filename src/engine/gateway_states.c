/* What becomes of gateways, their associations and their routes (facts: services 14). */
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/domain/gateway.h"
#include "ecs-local/engine/faults.h"
#include "engine_internal.h"

enum {
    FAILURES_MAX = 16 * 1024,
    LEFT_OVER_BATCH = 32,
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

static const char *gateway_arn_of(
    struct engine *engine, const struct scope *scope, const char *name, const char *gateway_id) {
    return arn_resource(engine->turn, scope_region(scope), scope_account(scope), "gateway",
        arena_printf(engine->turn, "%s/%s", name, gateway_id));
}

/* What a test wants to go wrong with the gateway (POST /_ecs/faults); NULL: nothing. */
static const struct fault *find_fault(
    struct engine *engine, int64_t scope_row, const char *name, const char *gateway_id, const char *what) {
    const struct scope *scope = engine_fault_next(engine, 0) != NULL ? scope_by_row(engine, scope_row) : NULL;
    return scope == NULL ? NULL
                         : engine_fault_of(engine, FAULT_GATEWAY, what, scope, "gateway", name,
                               gateway_arn_of(engine, scope, name, gateway_id));
}

/* The update failed at its load balancer. Texts: D. */
static int fail_update(struct engine *engine, struct gateway_row *gateway, const struct fault *fault) {
    struct value *balancer = NULL;
    const char *told = value_string(fault->document, "message");
    const char *message = told != NULL ? told : "The load balancer of the gateway could not be modified.";
    const struct scope *scope = scope_by_row(engine, gateway->scope_id);
    if (value_parse(engine->turn, gateway->balancer, strlen(gateway->balancer), &balancer) != 0)
        return error_raise(ERR_STORE, "the stored gateway %s cannot be read", gateway->name);
    struct gateway_balancer_names names = gateway_balancer_names(
        engine->turn, scope_region(scope), scope_account(scope), gateway->gateway_id, 1, balancer);
    struct buf buf = BUF_INIT(FAILURES_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_list_begin(&writer);
    writer_object_begin(&writer);
    writer_key_string(&writer, "arn", names.load_balancer_arn);
    writer_key_list_begin(&writer, "errors");
    writer_object_begin(&writer);
    writer_key_string(&writer, "operation", "ModifyLoadBalancerAttributes");
    writer_key_string(&writer, "code", "AccessDenied");
    writer_key_string(&writer, "message", message);
    writer_object_end(&writer);
    writer_list_end(&writer);
    writer_object_end(&writer);
    writer_list_end(&writer);
    gateway->status = "UPDATE_FAILED";
    gateway->status_reason = message;
    gateway->failures = arena_strndup(engine->turn, buf_text(&buf), buf.length);
    buf_done(&buf);
    return engine_fault_used(engine, fault);
}

int gateway_timer_fired(struct engine *engine, int64_t row) {
    struct gateway_row gateway;
    int result = gateway_rows_get_by_id(engine->store, row, engine->turn, &gateway);
    if (result != 0)
        return result < 0 ? result : 0;
    gateway.due_ms = 0;
    gateway.status = "UPDATE_COMPLETE";
    gateway.status_reason = gateway.failures = NULL;
    const struct fault *fault = find_fault(
        engine, gateway.scope_id, gateway.name, gateway.gateway_id, "update");
    if (fault != NULL)
        result = fail_update(engine, &gateway, fault);
    return result == 0 ? gateway_rows_update(engine->store, &gateway) : result;
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

/* Those that could not be deleted are tried again. */
static int remove_left_over(
    struct engine *engine, const struct gateway_row *gateway, const struct cluster *cluster) {
    struct gateway_route_row routes[LEFT_OVER_BATCH];
    struct gateway_filter filter = {.scope_id = gateway->scope_id,
        .gateway_row = gateway->id,
        .cluster_id = cluster->id,
        .statuses = ",DELETE_FAILED,"};
    unsigned count = LEFT_OVER_BATCH;
    int result = 0;
    while (result == 0 && count == LEFT_OVER_BATCH) {
        result = gateway_route_rows_list(
            engine->store, &filter, LEFT_OVER_BATCH, engine->turn, routes, &count);
        for (unsigned index = 0; result == 0 && index < count; index++)
            result = route_remove(engine, &routes[index]);
    }
    return result;
}

int engine_gateway_disassociate(
    struct engine *engine, const struct gateway_row *gateway, const struct cluster *cluster) {
    int result = gateway_cluster_rows_set(
        engine->store, gateway->scope_id, gateway->id, cluster->id, "DISASSOCIATING");
    if (result == 0)
        result = remove_left_over(engine, gateway, cluster);
    return result == 0 ? settle(engine, gateway->scope_id, gateway->id, cluster->id) : result;
}

bool gateway_route_timer_waits(struct engine *engine, int64_t row, int64_t due_ms) {
    struct gateway_route_row route;
    int result = gateway_route_rows_get_by_id(engine->store, row, engine->turn, &route);
    return result < 0 || (result == 0 && route.due_ms == due_ms);
}

/* Does the step that the route is in fail, as a test wants it? It stays as it is then, until it is tried again. */
static int route_step_failed(struct engine *engine, const struct gateway_route_row *route, bool *ret_failed) {
    static const struct {
        const char *status;
        const char *fault;
        const char *failed;
    } steps[] = {
        {"CREATE_IN_PROGRESS", "routeCreate", "CREATE_FAILED"},
        {"UPDATE_IN_PROGRESS", "routeUpdate", "UPDATE_FAILED"},
        {"DELETE_IN_PROGRESS", "routeDelete", "DELETE_FAILED"},
    };
    *ret_failed = false;
    for (size_t index = 0; index < array_length(steps); index++) {
        if (!text_equal(route->status, steps[index].status))
            continue;
        const struct fault *fault = find_fault(
            engine, route->scope_id, route->gateway, route->gateway_id, steps[index].fault);
        if (fault == NULL)
            return 0;
        *ret_failed = true;
        int result = gateway_route_rows_set_status(engine->store, route->id, steps[index].failed, 0);
        return result == 0 ? engine_fault_used(engine, fault) : result;
    }
    return 0;
}

int gateway_route_timer_fired(struct engine *engine, int64_t row) {
    struct gateway_route_row route;
    int result = gateway_route_rows_get_by_id(engine->store, row, engine->turn, &route);
    if (result != 0)
        return result < 0 ? result : 0;
    bool failed = false;
    result = route_step_failed(engine, &route, &failed);
    if (result != 0 || failed)
        return result;
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

static int route_begin(struct engine *engine, struct gateway_route_row *route, const char *status) {
    route->status = status;
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

/* One that is there: it comes back, is tried again, or learns what has changed. */
static int route_again(struct engine *engine, struct gateway_route_row *route, bool changed) {
    if (text_starts_with(route->status, "DELETE_") || text_equal(route->status, "CREATE_FAILED"))
        return route_begin(engine, route, "CREATE_IN_PROGRESS");
    if (text_equal(route->status, "UPDATE_FAILED") || (changed && text_equal(route->status, "ACTIVE")))
        return route_begin(engine, route, "UPDATE_IN_PROGRESS");
    return 0;
}

/* Brings routes into being that are not there yet. */
static int add_missing(struct engine *engine, const struct cluster *cluster, const char *service_name,
    const struct value *connector, bool changed, struct gateway_route_row *routes, unsigned route_count) {
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
        else
            result = route_again(engine, route, changed);
    }
    return result;
}

int engine_gateway_routes_set(struct engine *engine, const struct cluster *cluster, const char *service_name,
    const struct value *connectors_or_null, bool changed) {
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
    return add_missing(engine, cluster, service_name, connector, changed, routes, count);
}

int engine_gateways_leave_cluster(struct engine *engine, const struct cluster *cluster) {
    return gateway_cluster_rows_end(engine->store, cluster->id);
}
