#include "ecs-local/store/account_rows.h"

#include "statement.h"

static void bind_setting(
    struct statement *statement, int64_t scope_id, const char *principal_arn, const char *name) {
    bind_int(statement, "scope_id", scope_id);
    bind_text(statement, "principal_arn", principal_arn);
    bind_text(statement, "name", name);
}

int account_setting_rows_set(struct store *store, int64_t scope_id, const char *principal_arn,
    const char *name, const char *value_or_null) {
    enum statement_id id = value_or_null != NULL ? SQL_ACCOUNT_SETTING_SET : SQL_ACCOUNT_SETTING_DELETE;
    statement_scope struct statement statement = statement_begin_write(store, id);
    bind_setting(&statement, scope_id, principal_arn, name);
    if (value_or_null != NULL)
        bind_text(&statement, "value", value_or_null);
    return statement_run(&statement);
}

int account_setting_rows_get(struct store *store, int64_t scope_id, const char *principal_arn,
    const char *name, struct arena *arena, const char **ret_value) {
    statement_scope struct statement statement = statement_begin(store, SQL_ACCOUNT_SETTING_GET);
    bind_setting(&statement, scope_id, principal_arn, name);
    int step = statement_step(&statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_value = arena_strdup(arena, column_text(&statement, "value"));
    return 0;
}

int account_setting_rows_each(struct store *store, int64_t scope_id, const char *principal_arn, void *context,
    void (*each)(void *context, const char *name, const char *value)) {
    statement_scope struct statement statement = statement_begin(store, SQL_ACCOUNT_SETTING_EACH);
    bind_int(&statement, "scope_id", scope_id);
    bind_text(&statement, "principal_arn", principal_arn);
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW)
        each(context, column_text(&statement, "name"), column_text(&statement, "value"));
    return step;
}

int request_token_rows_insert(struct store *store, const struct request_token_row *row) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_REQUEST_TOKEN_INSERT);
    bind_int(&statement, "scope_id", row->scope_id);
    bind_int(&statement, "cluster_id", row->cluster_id);
    bind_text(&statement, "token", row->token);
    bind_text(&statement, "request", row->request);
    bind_int(&statement, "created_ms", row->created_ms);
    bind_text(&statement, "task_ids", row->task_ids);
    bind_text(&statement, "failures", row->failures);
    return statement_run(&statement);
}

int request_token_rows_get(struct store *store, int64_t scope_id, const char *token, struct arena *arena,
    struct request_token_row *ret_row) {
    statement_scope struct statement statement = statement_begin(store, SQL_REQUEST_TOKEN_GET);
    bind_int(&statement, "scope_id", scope_id);
    bind_text(&statement, "token", token);
    int step = statement_step(&statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_row = (struct request_token_row){
        .scope_id = scope_id,
        .cluster_id = column_int(&statement, "cluster_id"),
        .token = token,
        .request = arena_strdup(arena, column_text(&statement, "request")),
        .created_ms = column_int(&statement, "created_ms"),
        .task_ids = arena_strdup(arena, column_text(&statement, "task_ids")),
        .failures = arena_strdup(arena, column_text(&statement, "failures")),
    };
    return 0;
}

int request_token_rows_delete(struct store *store, int64_t scope_id, const char *token) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_REQUEST_TOKEN_DELETE);
    bind_int(&statement, "scope_id", scope_id);
    bind_text(&statement, "token", token);
    return statement_run(&statement);
}

int request_token_rows_expire(struct store *store, int64_t before_ms) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_REQUEST_TOKEN_EXPIRE);
    bind_int(&statement, "before_ms", before_ms);
    return statement_run(&statement);
}
