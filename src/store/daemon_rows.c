#include "ecs-local/store/daemon_rows.h"

#include "ecs-local/base/text.h"
#include "statement.h"

int daemon_rows_insert(struct store *store, const struct daemon_row *row, int64_t *ret_id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_DAEMON_INSERT);
    bind_int(&statement, "scope_id", row->scope_id);
    bind_int(&statement, "cluster_id", row->cluster_id);
    bind_text(&statement, "name", row->name);
    bind_text(&statement, "status", row->status);
    bind_int(&statement, "created_ms", row->created_ms);
    bind_int(&statement, "updated_ms", row->updated_ms);
    bind_text(&statement, "client_token", row->client_token);
    bind_text(&statement, "request", row->request);
    bind_text(&statement, "tags", row->tags);
    int result = statement_run(&statement);
    if (result == 0)
        *ret_id = sqlite3_last_insert_rowid(store->db);
    return result;
}

int daemon_rows_update(struct store *store, const struct daemon_row *row) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_DAEMON_UPDATE);
    bind_int(&statement, "id", row->id);
    bind_text(&statement, "status", row->status);
    bind_int(&statement, "updated_ms", row->updated_ms);
    bind_int(&statement, "daemon_revision_id", row->revision_id);
    bind_int(&statement, "daemon_deployment_id", row->deployment_id);
    bind_int(&statement, "failures", row->failures);
    bind_int(&statement, "failed_ms", row->failed_ms);
    bind_int_or_null(&statement, "due_ms", row->due_ms);
    bind_text(&statement, "tags", row->tags);
    return statement_run(&statement);
}

static int delete_by_daemon(struct store *store, enum statement_id id, int64_t daemon_id) {
    statement_scope struct statement statement = statement_begin_write(store, id);
    bind_int(&statement, "daemon_id", daemon_id);
    return statement_run(&statement);
}

int daemon_rows_delete(struct store *store, int64_t id) {
    int result = delete_by_daemon(store, SQL_DAEMON_DEPLOYMENTS_DELETE, id);
    if (result == 0)
        result = delete_by_daemon(store, SQL_DAEMON_REVISIONS_DELETE, id);
    if (result == 0)
        result = delete_by_daemon(store, SQL_DAEMON_TASKS_DELETE, id);
    if (result != 0)
        return result;
    statement_scope struct statement statement = statement_begin_write(store, SQL_DAEMON_DELETE);
    bind_int(&statement, "id", id);
    return statement_run(&statement);
}

static int read_daemon(struct statement *statement, struct arena *arena, struct daemon_row *ret_row) {
    int step = statement_step(statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_row = (struct daemon_row){
        .id = column_int(statement, "id"),
        .scope_id = column_int(statement, "scope_id"),
        .cluster_id = column_int(statement, "cluster_id"),
        .name = column_copy(statement, arena, "name"),
        .status = column_copy(statement, arena, "status"),
        .created_ms = column_int(statement, "created_ms"),
        .updated_ms = column_int(statement, "updated_ms"),
        .revision_id = column_int(statement, "daemon_revision_id"),
        .deployment_id = column_int(statement, "daemon_deployment_id"),
        .failures = column_int(statement, "failures"),
        .failed_ms = column_int(statement, "failed_ms"),
        .due_ms = column_int(statement, "due_ms"),
        .client_token = column_copy(statement, arena, "client_token"),
        .request = column_copy(statement, arena, "request"),
        .tags = column_copy(statement, arena, "tags"),
    };
    return 0;
}

int daemon_rows_get(struct store *store, int64_t cluster_id, const char *name, struct arena *arena,
    struct daemon_row *ret_row) {
    statement_scope struct statement statement = statement_begin(store, SQL_DAEMON_GET);
    bind_int(&statement, "cluster_id", cluster_id);
    bind_text(&statement, "name", name);
    return read_daemon(&statement, arena, ret_row);
}

int daemon_rows_get_by_id(struct store *store, int64_t id, struct arena *arena, struct daemon_row *ret_row) {
    statement_scope struct statement statement = statement_begin(store, SQL_DAEMON_GET_BY_ID);
    bind_int(&statement, "id", id);
    return read_daemon(&statement, arena, ret_row);
}

int daemon_rows_list(struct store *store, int64_t cluster_id, const char *after,
    const char *providers_or_null, unsigned limit, struct arena *arena, struct daemon_row *ret_rows,
    unsigned *ret_count) {
    statement_scope struct statement statement = statement_begin(store, SQL_DAEMON_LIST);
    bind_int(&statement, "cluster_id", cluster_id);
    bind_text(&statement, "after", after);
    bind_text(&statement, "providers", providers_or_null);
    bind_int(&statement, "limit", limit);
    unsigned count = 0;
    int step = STEP_DONE;
    while (count < limit && (step = statement_step(&statement)) == STEP_ROW)
        ret_rows[count++] = (struct daemon_row){
            .name = column_copy(&statement, arena, "name"),
            .status = column_copy(&statement, arena, "status"),
            .created_ms = column_int(&statement, "created_ms"),
            .updated_ms = column_int(&statement, "updated_ms"),
        };
    *ret_count = count;
    return step < 0 ? step : 0;
}

int daemon_rows_each(
    struct store *store, int64_t cluster_id, void *context, int (*each)(void *context, int64_t id)) {
    statement_scope struct statement statement = statement_begin(
        store, cluster_id != 0 ? SQL_DAEMON_IDS_OF_CLUSTER : SQL_DAEMON_IDS);
    if (cluster_id != 0)
        bind_int(&statement, "cluster_id", cluster_id);
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW) {
        int result = each(context, column_int(&statement, "id"));
        if (result != 0)
            return result;
    }
    return step;
}

int daemon_rows_each_due(
    struct store *store, void *context, int (*each)(void *context, int64_t row, int64_t due_ms)) {
    return statement_each_due(store, SQL_DAEMON_ALL_DUE, context, each);
}

static int is_there(struct statement *statement) {
    int step = statement_step(statement);
    if (step < 0)
        return step;
    return step == STEP_ROW ? 0 : STORE_NOT_FOUND;
}

int daemon_rows_uses_provider(struct store *store, int64_t cluster_id, const char *provider) {
    statement_scope struct statement statement = statement_begin(store, SQL_DAEMON_USES_PROVIDER);
    bind_int(&statement, "cluster_id", cluster_id);
    bind_text(&statement, "provider", provider);
    return is_there(&statement);
}

int daemon_rows_uses_cluster(struct store *store, int64_t cluster_id) {
    statement_scope struct statement statement = statement_begin(store, SQL_DAEMON_IDS_OF_CLUSTER);
    bind_int(&statement, "cluster_id", cluster_id);
    return is_there(&statement);
}

int daemon_rows_uses_definition(struct store *store, int64_t task_definition_id) {
    statement_scope struct statement statement = statement_begin(store, SQL_DAEMON_USES_DEFINITION);
    bind_int(&statement, "task_definition_id", task_definition_id);
    return is_there(&statement);
}

int daemon_revision_rows_insert(struct store *store, const struct daemon_revision_row *row, int64_t *ret_id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_DAEMON_REVISION_INSERT);
    bind_int(&statement, "daemon_id", row->daemon_id);
    bind_text(&statement, "digits", row->digits);
    bind_int(&statement, "task_definition_id", row->task_definition_id);
    bind_int(&statement, "family_id", row->family_id);
    bind_int(&statement, "created_ms", row->created_ms);
    bind_text(&statement, "providers", row->providers);
    bind_text(&statement, "images", row->images);
    bind_text(&statement, "propagate_tags", row->propagate_tags);
    bind_int(&statement, "managed_tags", row->managed_tags);
    bind_int(&statement, "execute_command", row->execute_command);
    bind_int(&statement, "critical", row->critical);
    int result = statement_run(&statement);
    if (result == 0)
        *ret_id = sqlite3_last_insert_rowid(store->db);
    return result;
}

static int read_revision(
    struct statement *statement, struct arena *arena, struct daemon_revision_row *ret_row) {
    int step = statement_step(statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_row = (struct daemon_revision_row){
        .id = column_int(statement, "id"),
        .daemon_id = column_int(statement, "daemon_id"),
        .digits = column_copy(statement, arena, "digits"),
        .task_definition_id = column_int(statement, "task_definition_id"),
        .family_id = column_int(statement, "family_id"),
        .family = column_copy(statement, arena, "family"),
        .revision = column_int(statement, "revision"),
        .created_ms = column_int(statement, "created_ms"),
        .providers = column_copy(statement, arena, "providers"),
        .images = column_copy(statement, arena, "images"),
        .propagate_tags = column_copy(statement, arena, "propagate_tags"),
        .managed_tags = column_int(statement, "managed_tags") != 0,
        .execute_command = column_int(statement, "execute_command") != 0,
        .critical = column_int(statement, "critical") != 0,
    };
    return 0;
}

int daemon_revision_rows_get(struct store *store, int64_t daemon_id, const char *digits, struct arena *arena,
    struct daemon_revision_row *ret_row) {
    statement_scope struct statement statement = statement_begin(store, SQL_DAEMON_REVISION_GET);
    bind_int(&statement, "daemon_id", daemon_id);
    bind_text(&statement, "digits", digits);
    return read_revision(&statement, arena, ret_row);
}

int daemon_revision_rows_get_by_id(
    struct store *store, int64_t id, struct arena *arena, struct daemon_revision_row *ret_row) {
    statement_scope struct statement statement = statement_begin(store, SQL_DAEMON_REVISION_GET_BY_ID);
    bind_int(&statement, "id", id);
    return read_revision(&statement, arena, ret_row);
}

int daemon_task_rows_insert(struct store *store, int64_t task_id, int64_t daemon_id, int64_t revision_id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_DAEMON_TASK_INSERT);
    bind_int(&statement, "task_id", task_id);
    bind_int(&statement, "daemon_id", daemon_id);
    bind_int(&statement, "daemon_revision_id", revision_id);
    return statement_run(&statement);
}

int daemon_task_rows_get(
    struct store *store, int64_t task_id, int64_t *ret_daemon_id, int64_t *ret_revision_id) {
    statement_scope struct statement statement = statement_begin(store, SQL_DAEMON_TASK_GET);
    bind_int(&statement, "task_id", task_id);
    int result = is_there(&statement);
    if (result != 0)
        return result;
    *ret_daemon_id = column_int(&statement, "daemon_id");
    *ret_revision_id = column_int(&statement, "daemon_revision_id");
    return 0;
}

int daemon_task_rows_unfinished(struct store *store, int64_t daemon_id, void *context,
    int (*each)(void *context, const struct daemon_task_row *row)) {
    statement_scope struct statement statement = statement_begin(store, SQL_DAEMON_TASK_UNFINISHED);
    bind_int(&statement, "daemon_id", daemon_id);
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW) {
        bool wanted = text_equal(column_text(&statement, "desired_status"), "RUNNING");
        struct daemon_task_row row = {
            .task_id = column_int(&statement, "task_id"),
            .revision_id = column_int(&statement, "daemon_revision_id"),
            .container_instance_id = column_int(&statement, "container_instance_id"),
            .running = wanted && text_equal(column_text(&statement, "last_status"), "RUNNING"),
            .wanted = wanted,
            .due_ms = column_int(&statement, "due_ms"),
        };
        int result = each(context, &row);
        if (result != 0)
            return result;
    }
    return step;
}

int daemon_task_rows_delete(struct store *store, int64_t task_id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_DAEMON_TASK_DELETE);
    bind_int(&statement, "task_id", task_id);
    return statement_run(&statement);
}
