#include "ecs-local/store/daemon_rows.h"
#include "statement.h"

/* What changes while it goes on. */
static void bind_progress(struct statement *statement, const struct daemon_deployment_row *row) {
    bind_text(statement, "status", row->status);
    bind_text(statement, "reason", row->reason);
    bind_int(statement, "started_ms", row->started_ms);
    bind_int(statement, "stopped_ms", row->stopped_ms);
    bind_int(statement, "finished_ms", row->finished_ms);
    bind_int(statement, "stable_ms", row->stable_ms);
    bind_int(statement, "failures", row->failures);
    bind_text(statement, "rollback_reason", row->rollback_reason);
    bind_int(statement, "rollback_ms", row->rollback_ms);
    bind_text(statement, "triggered", row->triggered);
}

int daemon_deployment_rows_insert(
    struct store *store, const struct daemon_deployment_row *row, int64_t *ret_id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_DAEMON_DEPLOYMENT_INSERT);
    bind_int(&statement, "daemon_id", row->daemon_id);
    bind_text(&statement, "uid", row->uid);
    bind_int(&statement, "daemon_revision_id", row->revision_id);
    bind_int_or_null(&statement, "source_revision_id", row->source_revision_id);
    bind_int(&statement, "created_ms", row->created_ms);
    if (row->drain_percent >= 0)
        bind_real(&statement, "drain_percent", row->drain_percent);
    else
        bind_text(&statement, "drain_percent", NULL);
    bind_int(&statement, "bake_minutes", row->bake_minutes);
    bind_text(&statement, "alarms", row->alarms);
    bind_progress(&statement, row);
    int result = statement_run(&statement);
    if (result == 0)
        *ret_id = sqlite3_last_insert_rowid(store->db);
    return result;
}

int daemon_deployment_rows_update(struct store *store, const struct daemon_deployment_row *row) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_DAEMON_DEPLOYMENT_UPDATE);
    bind_int(&statement, "id", row->id);
    bind_progress(&statement, row);
    return statement_run(&statement);
}

static void read_row(struct statement *statement, struct arena *arena, struct daemon_deployment_row *row) {
    bool drains = column_text(statement, "drain_percent") != NULL;
    *row = (struct daemon_deployment_row){
        .id = column_int(statement, "id"),
        .daemon_id = column_int(statement, "daemon_id"),
        .uid = column_copy(statement, arena, "uid"),
        .status = column_copy(statement, arena, "status"),
        .reason = column_copy(statement, arena, "reason"),
        .revision_id = column_int(statement, "daemon_revision_id"),
        .source_revision_id = column_int(statement, "source_revision_id"),
        .created_ms = column_int(statement, "created_ms"),
        .started_ms = column_int(statement, "started_ms"),
        .stopped_ms = column_int(statement, "stopped_ms"),
        .finished_ms = column_int(statement, "finished_ms"),
        .stable_ms = column_int(statement, "stable_ms"),
        .failures = column_int(statement, "failures"),
        .rollback_reason = column_copy(statement, arena, "rollback_reason"),
        .rollback_ms = column_int(statement, "rollback_ms"),
        .drain_percent = drains ? column_real(statement, "drain_percent") : -1,
        .bake_minutes = column_int(statement, "bake_minutes"),
        .alarms = column_copy(statement, arena, "alarms"),
        .triggered = column_copy(statement, arena, "triggered"),
    };
}

static int read_one(struct statement *statement, struct arena *arena, struct daemon_deployment_row *ret_row) {
    int step = statement_step(statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    read_row(statement, arena, ret_row);
    return 0;
}

int daemon_deployment_rows_get(struct store *store, int64_t daemon_id, const char *uid, struct arena *arena,
    struct daemon_deployment_row *ret_row) {
    statement_scope struct statement statement = statement_begin(store, SQL_DAEMON_DEPLOYMENT_GET);
    bind_int(&statement, "daemon_id", daemon_id);
    bind_text(&statement, "uid", uid);
    return read_one(&statement, arena, ret_row);
}

int daemon_deployment_rows_get_by_id(
    struct store *store, int64_t id, struct arena *arena, struct daemon_deployment_row *ret_row) {
    statement_scope struct statement statement = statement_begin(store, SQL_DAEMON_DEPLOYMENT_GET_BY_ID);
    bind_int(&statement, "id", id);
    return read_one(&statement, arena, ret_row);
}

int daemon_deployment_rows_list(struct store *store, const struct daemon_deployment_filter *filter,
    unsigned limit, struct arena *arena, struct daemon_deployment_row *ret_rows, unsigned *ret_count) {
    statement_scope struct statement statement = statement_begin(store, SQL_DAEMON_DEPLOYMENT_LIST);
    bind_int(&statement, "daemon_id", filter->daemon_id);
    bind_int(&statement, "before", filter->before);
    bind_int(&statement, "from_ms", filter->from_ms);
    bind_int(&statement, "to_ms", filter->to_ms);
    bind_text(&statement, "statuses", filter->statuses);
    bind_int(&statement, "limit", limit);
    unsigned count = 0;
    int step = STEP_DONE;
    while (count < limit && (step = statement_step(&statement)) == STEP_ROW)
        read_row(&statement, arena, &ret_rows[count++]);
    *ret_count = count;
    return step < 0 ? step : 0;
}

int daemon_deployment_rows_open(struct store *store, unsigned *ret_count) {
    statement_scope struct statement statement = statement_begin(store, SQL_DAEMON_DEPLOYMENTS_OPEN);
    int step = statement_step(&statement);
    if (step == STEP_ROW)
        *ret_count = (unsigned)column_int(&statement, "deployments");
    return step < 0 ? step : 0;
}
