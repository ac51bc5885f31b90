#include "ecs-local/store/gateway_rows.h"
#include "statement.h"

int gateway_route_rows_insert(struct store *store, const struct gateway_route_row *row, int64_t *ret_id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_GATEWAY_ROUTE_INSERT);
    bind_int(&statement, "scope_id", row->scope_id);
    bind_int(&statement, "gateway_row", row->gateway_row);
    bind_int(&statement, "cluster_id", row->cluster_id);
    bind_text(&statement, "route_id", row->route_id);
    bind_text(&statement, "service_name", row->service_name);
    bind_text(&statement, "port_name", row->port_name);
    bind_text(&statement, "status", row->status);
    bind_int(&statement, "balancer", row->balancer);
    bind_int_or_null(&statement, "due_ms", row->due_ms);
    int result = statement_run(&statement);
    if (result == 0)
        *ret_id = sqlite3_last_insert_rowid(store->db);
    return result;
}

int gateway_route_rows_set_status(struct store *store, int64_t id, const char *status, int64_t due_ms) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_GATEWAY_ROUTE_SET_STATUS);
    bind_int(&statement, "id", id);
    bind_text(&statement, "status", status);
    bind_int_or_null(&statement, "due_ms", due_ms);
    return statement_run(&statement);
}

int gateway_route_rows_delete(struct store *store, int64_t id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_GATEWAY_ROUTE_DELETE);
    bind_int(&statement, "id", id);
    return statement_run(&statement);
}

static void read_route(struct statement *statement, struct arena *arena, struct gateway_route_row *row) {
    *row = (struct gateway_route_row){
        .id = column_int(statement, "id"),
        .scope_id = column_int(statement, "scope_id"),
        .gateway_row = column_int(statement, "gateway_row"),
        .gateway = column_copy(statement, arena, "gateway"),
        .gateway_id = column_copy(statement, arena, "gateway_id"),
        .cluster_id = column_int(statement, "cluster_id"),
        .cluster = column_copy(statement, arena, "cluster"),
        .route_id = column_copy(statement, arena, "route_id"),
        .service_name = column_copy(statement, arena, "service_name"),
        .port_name = column_copy(statement, arena, "port_name"),
        .status = column_copy(statement, arena, "status"),
        .balancer = column_int(statement, "balancer"),
        .due_ms = column_int(statement, "due_ms"),
        .access_type = column_copy(statement, arena, "access_type"),
    };
}

static int read_one(struct statement *statement, struct arena *arena, struct gateway_route_row *ret_row) {
    int step = statement_step(statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    read_route(statement, arena, ret_row);
    return 0;
}

static int read_rows(struct statement *statement, unsigned limit, struct arena *arena,
    struct gateway_route_row *ret_rows, unsigned *ret_count) {
    unsigned count = 0;
    int step = STEP_DONE;
    while (count < limit && (step = statement_step(statement)) == STEP_ROW)
        read_route(statement, arena, &ret_rows[count++]);
    *ret_count = count;
    return step < 0 ? step : 0;
}

int gateway_route_rows_get(struct store *store, int64_t scope_id, const char *route_id, struct arena *arena,
    struct gateway_route_row *ret_row) {
    statement_scope struct statement statement = statement_begin(store, SQL_GATEWAY_ROUTE_GET);
    bind_int(&statement, "scope_id", scope_id);
    bind_text(&statement, "route_id", route_id);
    return read_one(&statement, arena, ret_row);
}

int gateway_route_rows_get_by_id(
    struct store *store, int64_t id, struct arena *arena, struct gateway_route_row *ret_row) {
    statement_scope struct statement statement = statement_begin(store, SQL_GATEWAY_ROUTE_GET_BY_ID);
    bind_int(&statement, "id", id);
    return read_one(&statement, arena, ret_row);
}

int gateway_route_rows_of_service(struct store *store, int64_t cluster_id, const char *service_name,
    unsigned limit, struct arena *arena, struct gateway_route_row *ret_rows, unsigned *ret_count) {
    statement_scope struct statement statement = statement_begin(store, SQL_GATEWAY_ROUTES_OF_SERVICE);
    bind_int(&statement, "cluster_id", cluster_id);
    bind_text(&statement, "service_name", service_name);
    return read_rows(&statement, limit, arena, ret_rows, ret_count);
}

int gateway_route_rows_list(struct store *store, const struct gateway_filter *filter, unsigned limit,
    struct arena *arena, struct gateway_route_row *ret_rows, unsigned *ret_count) {
    statement_scope struct statement statement = statement_begin(store, SQL_GATEWAY_ROUTES_LIST);
    bind_int(&statement, "scope_id", filter->scope_id);
    bind_int(&statement, "after", filter->after);
    bind_int_or_null(&statement, "gateway_row", filter->gateway_row);
    bind_int_or_null(&statement, "cluster_id", filter->cluster_id);
    bind_text(&statement, "service_name", filter->service_name);
    bind_text(&statement, "port_name", filter->port_name);
    bind_text(&statement, "statuses", filter->statuses);
    bind_int(&statement, "limit", limit);
    return read_rows(&statement, limit, arena, ret_rows, ret_count);
}

int gateway_route_rows_count(
    struct store *store, int64_t gateway_row, int64_t cluster_id, unsigned *ret_count) {
    statement_scope struct statement statement = statement_begin(store, SQL_GATEWAY_ROUTES_OF_CLUSTER);
    bind_int(&statement, "gateway_row", gateway_row);
    bind_int(&statement, "cluster_id", cluster_id);
    int step = statement_step(&statement);
    if (step == STEP_ROW)
        *ret_count = (unsigned)column_int(&statement, "routes");
    return step < 0 ? step : 0;
}

int gateway_balancer_rows_list(struct store *store, int64_t gateway_row, int64_t after, unsigned limit,
    struct gateway_balancer *ret_balancers, unsigned *ret_count) {
    statement_scope struct statement statement = statement_begin(store, SQL_GATEWAY_BALANCERS);
    bind_int(&statement, "gateway_row", gateway_row);
    bind_int(&statement, "after", after);
    bind_int(&statement, "limit", limit);
    unsigned count = 0;
    int step = STEP_DONE;
    while (count < limit && (step = statement_step(&statement)) == STEP_ROW)
        ret_balancers[count++] = (struct gateway_balancer){
            .number = column_int(&statement, "balancer"),
            .routes = (unsigned)column_int(&statement, "routes"),
        };
    *ret_count = count;
    return step < 0 ? step : 0;
}

int gateway_balancer_rows_routes(struct store *store, int64_t gateway_row, int64_t number, unsigned limit,
    struct arena *arena, const char **ret_route_ids, unsigned *ret_count) {
    statement_scope struct statement statement = statement_begin(store, SQL_GATEWAY_ROUTES_ON_BALANCER);
    bind_int(&statement, "gateway_row", gateway_row);
    bind_int(&statement, "balancer", number);
    unsigned count = 0;
    int step = STEP_DONE;
    while (count < limit && (step = statement_step(&statement)) == STEP_ROW)
        ret_route_ids[count++] = column_copy(&statement, arena, "route_id");
    *ret_count = count;
    return step < 0 ? step : 0;
}

int gateway_route_rows_each_due(
    struct store *store, void *context, int (*each)(void *context, int64_t row, int64_t due_ms)) {
    return statement_each_due(store, SQL_GATEWAY_ROUTE_ALL_DUE, context, each);
}
