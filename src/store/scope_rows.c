/* Scopes, meta facts and reset. */
#include "statement.h"

int store_meta_get(struct store *store, struct arena *arena, const char *key, const char **ret_value) {
    statement_scope struct statement statement = statement_begin(store, SQL_META_GET);
    bind_text(&statement, "key", key);
    int step = statement_step(&statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_value = arena_strdup(arena, column_text(&statement, "value"));
    return 0;
}

int store_meta_set(struct store *store, const char *key, const char *value) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_META_SET);
    bind_text(&statement, "key", key);
    bind_text(&statement, "value", value);
    return statement_run(&statement);
}

int store_meta_delete(struct store *store, const char *key) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_META_DELETE);
    bind_text(&statement, "key", key);
    return statement_run(&statement);
}

static int scope_insert(struct store *store, const char *account, const char *region, int64_t *ret_id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_SCOPE_INSERT);
    bind_text(&statement, "account", account);
    bind_text(&statement, "region", region);
    int result = statement_run(&statement);
    if (result == 0)
        *ret_id = sqlite3_last_insert_rowid(store->db);
    return result;
}

int store_scope_id(struct store *store, const char *account, const char *region, int64_t *ret_id) {
    statement_scope struct statement statement = statement_begin(store, SQL_SCOPE_GET);
    bind_text(&statement, "account", account);
    bind_text(&statement, "region", region);
    int step = statement_step(&statement);
    if (step < 0)
        return step;
    if (step == STEP_DONE)
        return scope_insert(store, account, region, ret_id);
    *ret_id = column_int(&statement, "id");
    return 0;
}

int store_scopes(
    struct store *store, void *context, int (*each)(void *context, const struct store_scope *scope)) {
    statement_scope struct statement statement = statement_begin(store, SQL_SCOPE_ALL);
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW) {
        struct store_scope scope = {
            .id = column_int(&statement, "id"),
            .account = column_text(&statement, "account"),
            .region = column_text(&statement, "region"),
        };
        int result = each(context, &scope);
        if (result != 0)
            return result;
    }
    return step;
}

int store_reset(struct store *store, const char *account_or_null, const char *region_or_null) {
    /* From the leaves to the root: each statement finds its rows through its parents. */
    static const enum statement_id steps[] = {SQL_RESET_DAEMON_TASKS, SQL_RESET_DAEMON_DEPLOYMENTS,
        SQL_RESET_DAEMON_REVISIONS, SQL_RESET_DAEMONS, SQL_RESET_SERVICE_EVENTS, SQL_RESET_SERVICE_REVISIONS,
        SQL_RESET_SERVICE_DEPLOYMENTS, SQL_RESET_DEPLOYMENTS, SQL_RESET_SERVICES, SQL_RESET_ALARMS,
        SQL_RESET_TASKS, SQL_RESET_SCALING_GROUPS, SQL_RESET_INSTANCE_VERSIONS, SQL_RESET_INSTANCES,
        SQL_RESET_CLUSTERS, SQL_RESET_TASK_DEFINITIONS, SQL_RESET_FAMILIES, SQL_RESET_CAPACITY_PROVIDERS,
        SQL_RESET_GATEWAY_ROUTES, SQL_RESET_GATEWAY_CLUSTERS, SQL_RESET_GATEWAYS, SQL_RESET_ACCOUNT_SETTINGS,
        SQL_RESET_REQUEST_TOKENS, SQL_RESET_HOOK_ANSWERS, SQL_RESET_TARGET_RULES, SQL_RESET_SCOPES};
    for (size_t index = 0; index < array_length(steps); index++) {
        statement_scope struct statement statement = statement_begin_write(store, steps[index]);
        bind_text(&statement, "account", account_or_null);
        bind_text(&statement, "region", region_or_null);
        int result = statement_run(&statement);
        if (result != 0)
            return result;
    }
    return 0;
}
