#include "ecs-local/store/gateway_rows.h"

#include "statement.h"

static void bind_changing(struct statement *statement, const struct gateway_row *row) {
    bind_text(statement, "status", row->status);
    bind_int_or_null(statement, "due_ms", row->due_ms);
    bind_int(statement, "updated_ms", row->updated_ms);
    bind_int(statement, "deletion_protection", row->deletion_protection);
    bind_text(statement, "role_arn", row->role_arn);
    bind_text(statement, "propagate_tags", row->propagate_tags);
    bind_text(statement, "balancer", row->balancer);
    bind_text(statement, "tags", row->tags);
    bind_text(statement, "status_reason", row->status_reason);
    bind_text(statement, "failures", row->failures);
}

int gateway_rows_insert(struct store *store, const struct gateway_row *row, int64_t *ret_id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_GATEWAY_INSERT);
    bind_int(&statement, "scope_id", row->scope_id);
    bind_text(&statement, "name", row->name);
    bind_text(&statement, "gateway_id", row->gateway_id);
    bind_int(&statement, "created_ms", row->created_ms);
    bind_text(&statement, "access_type", row->access_type);
    bind_text(&statement, "client_token", row->client_token);
    bind_text(&statement, "request", row->request);
    bind_changing(&statement, row);
    int result = statement_run(&statement);
    if (result == 0)
        *ret_id = sqlite3_last_insert_rowid(store->db);
    return result;
}

int gateway_rows_update(struct store *store, const struct gateway_row *row) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_GATEWAY_UPDATE);
    bind_int(&statement, "id", row->id);
    bind_changing(&statement, row);
    return statement_run(&statement);
}

int gateway_rows_delete(struct store *store, int64_t id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_GATEWAY_DELETE);
    bind_int(&statement, "id", id);
    return statement_run(&statement);
}

static int read_one(struct statement *statement, struct arena *arena, struct gateway_row *ret_row) {
    int step = statement_step(statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_row = (struct gateway_row){
        .id = column_int(statement, "id"),
        .scope_id = column_int(statement, "scope_id"),
        .name = column_copy(statement, arena, "name"),
        .gateway_id = column_copy(statement, arena, "gateway_id"),
        .status = column_copy(statement, arena, "status"),
        .due_ms = column_int(statement, "due_ms"),
        .created_ms = column_int(statement, "created_ms"),
        .updated_ms = column_int(statement, "updated_ms"),
        .deletion_protection = column_int(statement, "deletion_protection") != 0,
        .role_arn = column_copy(statement, arena, "role_arn"),
        .propagate_tags = column_copy(statement, arena, "propagate_tags"),
        .access_type = column_copy(statement, arena, "access_type"),
        .client_token = column_copy(statement, arena, "client_token"),
        .request = column_copy(statement, arena, "request"),
        .balancer = column_copy(statement, arena, "balancer"),
        .tags = column_copy(statement, arena, "tags"),
        .status_reason = column_copy(statement, arena, "status_reason"),
        .failures = column_copy(statement, arena, "failures"),
    };
    return 0;
}

int gateway_rows_get(struct store *store, int64_t scope_id, const char *name, struct arena *arena,
    struct gateway_row *ret_row) {
    statement_scope struct statement statement = statement_begin(store, SQL_GATEWAY_GET);
    bind_int(&statement, "scope_id", scope_id);
    bind_text(&statement, "name", name);
    return read_one(&statement, arena, ret_row);
}

int gateway_rows_get_by_id(
    struct store *store, int64_t id, struct arena *arena, struct gateway_row *ret_row) {
    statement_scope struct statement statement = statement_begin(store, SQL_GATEWAY_GET_BY_ID);
    bind_int(&statement, "id", id);
    return read_one(&statement, arena, ret_row);
}

int gateway_rows_list(struct store *store, int64_t scope_id, const char *after, const char *names_or_null,
    const char *statuses_or_null, unsigned limit, struct arena *arena, struct gateway_row *ret_rows,
    unsigned *ret_count) {
    statement_scope struct statement statement = statement_begin(store, SQL_GATEWAY_LIST);
    bind_int(&statement, "scope_id", scope_id);
    bind_text(&statement, "after", after);
    bind_text(&statement, "names", names_or_null);
    bind_text(&statement, "statuses", statuses_or_null);
    bind_int(&statement, "limit", limit);
    unsigned count = 0;
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW && count < limit)
        ret_rows[count++] = (struct gateway_row){
            .name = column_copy(&statement, arena, "name"),
            .gateway_id = column_copy(&statement, arena, "gateway_id"),
            .status = column_copy(&statement, arena, "status"),
            .created_ms = column_int(&statement, "created_ms"),
        };
    *ret_count = count;
    return step < 0 ? step : 0;
}

int gateway_cluster_rows_set(
    struct store *store, int64_t scope_id, int64_t gateway_row, int64_t cluster_id, const char *status) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_GATEWAY_CLUSTER_SET);
    bind_int(&statement, "scope_id", scope_id);
    bind_int(&statement, "gateway_row", gateway_row);
    bind_int(&statement, "cluster_id", cluster_id);
    bind_text(&statement, "status", status);
    return statement_run(&statement);
}

int gateway_cluster_rows_status(struct store *store, int64_t gateway_row, int64_t cluster_id,
    struct arena *arena, const char **ret_status) {
    statement_scope struct statement statement = statement_begin(store, SQL_GATEWAY_CLUSTER_GET);
    bind_int(&statement, "gateway_row", gateway_row);
    bind_int(&statement, "cluster_id", cluster_id);
    int step = statement_step(&statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_status = column_copy(&statement, arena, "status");
    return 0;
}

int gateway_cluster_rows_of(struct store *store, int64_t cluster_id, unsigned limit, struct arena *arena,
    struct gateway_cluster_row *ret_rows, unsigned *ret_count) {
    statement_scope struct statement statement = statement_begin(store, SQL_GATEWAY_CLUSTERS_OF_CLUSTER);
    bind_int(&statement, "cluster_id", cluster_id);
    unsigned count = 0;
    int step = STEP_DONE;
    while (count < limit && (step = statement_step(&statement)) == STEP_ROW)
        ret_rows[count++] = (struct gateway_cluster_row){
            .gateway_row = column_int(&statement, "gateway_row"),
            .status = column_copy(&statement, arena, "status"),
        };
    *ret_count = count;
    return step < 0 ? step : 0;
}

int gateway_cluster_rows_end(struct store *store, int64_t cluster_id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_GATEWAY_CLUSTERS_END);
    bind_int(&statement, "cluster_id", cluster_id);
    return statement_run(&statement);
}

int gateway_cluster_rows_used(struct store *store, int64_t gateway_row, unsigned *ret_count) {
    statement_scope struct statement statement = statement_begin(store, SQL_GATEWAY_CLUSTERS_USED);
    bind_int(&statement, "gateway_row", gateway_row);
    int step = statement_step(&statement);
    if (step == STEP_ROW)
        *ret_count = (unsigned)column_int(&statement, "uses");
    return step < 0 ? step : 0;
}

int gateway_cluster_rows_forget(struct store *store, int64_t gateway_row) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_GATEWAY_CLUSTERS_FORGET);
    bind_int(&statement, "gateway_row", gateway_row);
    return statement_run(&statement);
}

int gateway_cluster_rows_list(struct store *store, const struct gateway_filter *filter, unsigned limit,
    struct arena *arena, struct gateway_cluster_row *ret_rows, unsigned *ret_count) {
    enum statement_id id = SQL_GATEWAY_CLUSTERS_LIST;
    if (filter->gateway_row != 0)
        id = SQL_GATEWAY_CLUSTERS_LIST_GATEWAY;
    else if (filter->cluster_id != 0)
        id = SQL_GATEWAY_CLUSTERS_LIST_CLUSTER;
    statement_scope struct statement statement = statement_begin(store, id);
    if (id == SQL_GATEWAY_CLUSTERS_LIST)
        bind_int(&statement, "scope_id", filter->scope_id);
    else
        bind_int_or_null(&statement, "cluster_id", filter->cluster_id);
    if (filter->gateway_row != 0)
        bind_int(&statement, "gateway_row", filter->gateway_row);
    bind_int(&statement, "after", filter->after);
    bind_text(&statement, "statuses", filter->statuses);
    bind_int(&statement, "limit", limit);
    unsigned count = 0;
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW && count < limit)
        ret_rows[count++] = (struct gateway_cluster_row){
            .id = column_int(&statement, "id"),
            .gateway = column_copy(&statement, arena, "gateway"),
            .gateway_id = column_copy(&statement, arena, "gateway_id"),
            .cluster = column_copy(&statement, arena, "cluster"),
            .status = column_copy(&statement, arena, "status"),
        };
    *ret_count = count;
    return step < 0 ? step : 0;
}

int gateway_rows_each_due(
    struct store *store, void *context, int (*each)(void *context, int64_t row, int64_t due_ms)) {
    return statement_each_due(store, SQL_GATEWAY_ALL_DUE, context, each);
}
