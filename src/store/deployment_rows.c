#include "ecs-local/store/deployment_rows.h"

#include <stdio.h>

#include "statement.h"

static int last_id(struct store *store, enum statement_id id, int64_t *ret_id) {
    statement_scope struct statement statement = statement_begin(store, id);
    int step = statement_step(&statement);
    if (step < 0)
        return step;
    *ret_id = column_int(&statement, "id");
    return 0;
}

int deployment_rows_last_id(struct store *store, int64_t *ret_id) {
    return last_id(store, SQL_DEPLOYMENT_LAST_ID, ret_id);
}

static void bind_state(struct statement *statement, const struct deployment *deployment) {
    bind_int(statement, "id", deployment->id);
    bind_text(statement, "status", deployment_status_name(deployment->status));
    bind_text(statement, "rollout", rollout_state_name(deployment->rollout));
    bind_text(statement, "rollout_reason", deployment->rollout_reason);
    bind_int(statement, "created_ms", deployment->created_ms);
    bind_int(statement, "updated_ms", deployment->updated_ms);
    bind_int(statement, "desired", deployment->desired);
    bind_int(statement, "failed_tasks", deployment->failed_tasks);
    bind_int(statement, "failures", deployment->failures);
    bind_int(statement, "start_failures", deployment->start_failures);
    bind_int(statement, "crashes", deployment->crashes);
    bind_int(statement, "next_start_ms", deployment->next_start_ms);
    bind_int(statement, "ready_ms", deployment->ready_ms);
    bind_int(statement, "early_ms", deployment->early_ms);
    bind_int(statement, "was_completed", deployment->was_completed);
    bind_int(statement, "is_rollback", deployment->is_rollback);
    bind_int(statement, "alarms_ignored", deployment->alarms_ignored);
    bind_int(statement, "holds_old", deployment->holds_old);
    bind_int(statement, "may_complete", deployment->may_complete);
    bind_real(statement, "scale_percent", deployment->scale_percent);
    bind_int(statement, "stable", deployment->stable);
    bind_int(statement, "stable_ms", deployment->stable_ms);
    bind_text(statement, "stage_state", deployment->stage_state);
    bind_int(statement, "is_task_set", deployment->is_task_set);
}

int deployment_rows_insert(struct store *store, const struct deployment *deployment, const char *document) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_DEPLOYMENT_INSERT);
    bind_state(&statement, deployment);
    bind_int(&statement, "service_id", deployment->service_id);
    bind_text(&statement, "digits", deployment->digits);
    bind_int(&statement, "task_definition_id", deployment->definition_id);
    bind_int(&statement, "family_id", deployment->family_id);
    bind_text(&statement, "document", document);
    return statement_run(&statement);
}

int deployment_rows_update(struct store *store, const struct deployment *deployment) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_DEPLOYMENT_UPDATE);
    bind_state(&statement, deployment);
    return statement_run(&statement);
}

int deployment_rows_update_document(struct store *store, int64_t id, const char *document) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_DEPLOYMENT_UPDATE_DOCUMENT);
    bind_int(&statement, "id", id);
    bind_text(&statement, "document", document);
    return statement_run(&statement);
}

int deployment_rows_delete(struct store *store, int64_t id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_DEPLOYMENT_DELETE);
    bind_int(&statement, "id", id);
    return statement_run(&statement);
}

int deployment_rows_document(
    struct store *store, int64_t id, struct arena *arena, const char **ret_document) {
    statement_scope struct statement statement = statement_begin(store, SQL_DEPLOYMENT_DOCUMENT);
    bind_int(&statement, "id", id);
    int step = statement_step(&statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_document = arena_strdup(arena, column_text(&statement, "document"));
    return 0;
}

static void read_deployment(struct statement *statement, struct deployment *ret_deployment) {
    *ret_deployment = (struct deployment){
        .id = column_int(statement, "id"),
        .service_id = column_int(statement, "service_id"),
        .is_task_set = column_int(statement, "is_task_set") != 0,
        .rollout = rollout_state_parse(column_text(statement, "rollout")),
        .definition_id = column_int(statement, "task_definition_id"),
        .family_id = column_int(statement, "family_id"),
        .created_ms = column_int(statement, "created_ms"),
        .updated_ms = column_int(statement, "updated_ms"),
        .desired = (int)column_int(statement, "desired"),
        .failed_tasks = (unsigned)column_int(statement, "failed_tasks"),
        .failures = (unsigned)column_int(statement, "failures"),
        .start_failures = (unsigned)column_int(statement, "start_failures"),
        .crashes = (unsigned)column_int(statement, "crashes"),
        .next_start_ms = column_int(statement, "next_start_ms"),
        .ready_ms = column_int(statement, "ready_ms"),
        .early_ms = column_int(statement, "early_ms"),
        .was_completed = column_int(statement, "was_completed") != 0,
        .is_rollback = column_int(statement, "is_rollback") != 0,
        .alarms_ignored = column_int(statement, "alarms_ignored") != 0,
        .holds_old = column_int(statement, "holds_old") != 0,
        .may_complete = column_int(statement, "may_complete") != 0,
        .scale_percent = column_real(statement, "scale_percent"),
        .stable = column_int(statement, "stable") != 0,
        .stable_ms = column_int(statement, "stable_ms"),
        .stage_state = column_text(statement, "stage_state"),
    };
    snprintf(ret_deployment->digits, sizeof(ret_deployment->digits), "%s", column_text(statement, "digits"));
    snprintf(ret_deployment->rollout_reason, sizeof(ret_deployment->rollout_reason), "%s",
        column_text(statement, "rollout_reason"));
    if (deployment_status_parse(column_text(statement, "status"), &ret_deployment->status) != 0)
        ret_deployment->status = DEPLOYMENT_INACTIVE;
}

int deployment_rows_each(
    struct store *store, void *context, int (*each)(void *context, const struct deployment *deployment)) {
    statement_scope struct statement statement = statement_begin(store, SQL_DEPLOYMENT_EACH);
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW) {
        struct deployment deployment;
        read_deployment(&statement, &deployment);
        int result = each(context, &deployment);
        if (result != 0)
            return result;
    }
    return step;
}

int service_revision_rows_insert(
    struct store *store, int64_t service_id, const char *digits, int64_t created_ms, const char *document) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_SERVICE_REVISION_INSERT);
    bind_int(&statement, "service_id", service_id);
    bind_text(&statement, "digits", digits);
    bind_int(&statement, "created_ms", created_ms);
    bind_text(&statement, "document", document);
    return statement_run(&statement);
}

int service_revision_rows_get(struct store *store, int64_t service_id, const char *digits,
    struct arena *arena, int64_t *ret_created_ms, const char **ret_document) {
    statement_scope struct statement statement = statement_begin(store, SQL_SERVICE_REVISION_GET);
    bind_int(&statement, "service_id", service_id);
    bind_text(&statement, "digits", digits);
    int step = statement_step(&statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_created_ms = column_int(&statement, "created_ms");
    *ret_document = arena_strdup(arena, column_text(&statement, "document"));
    return 0;
}

int service_deployment_rows_last_id(struct store *store, int64_t *ret_id) {
    return last_id(store, SQL_SERVICE_DEPLOYMENT_LAST_ID, ret_id);
}

static void bind_record(
    struct statement *statement, const struct service_deployment *record, const char *document) {
    bind_int(statement, "id", record->id);
    bind_text(statement, "status", service_deployment_status_name(record->status));
    bind_int(statement, "is_over", service_deployment_is_over(record->status));
    bind_text(statement, "document", document);
}

int service_deployment_rows_insert(
    struct store *store, const struct service_deployment *record, const char *document) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_SERVICE_DEPLOYMENT_INSERT);
    bind_record(&statement, record, document);
    bind_int(&statement, "service_id", record->service_id);
    bind_text(&statement, "uid", record->uid);
    bind_text(&statement, "target", record->target.digits);
    bind_int(&statement, "created_ms", record->created_ms);
    return statement_run(&statement);
}

int service_deployment_rows_update(
    struct store *store, const struct service_deployment *record, const char *document) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_SERVICE_DEPLOYMENT_UPDATE);
    bind_record(&statement, record, document);
    return statement_run(&statement);
}

int service_deployment_rows_prune(struct store *store, int64_t service_id, int64_t before_ms) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_SERVICE_DEPLOYMENT_PRUNE);
    bind_int(&statement, "service_id", service_id);
    bind_int(&statement, "before_ms", before_ms);
    return statement_run(&statement);
}

int service_deployment_rows_get(struct store *store, int64_t service_id, const char *uid, struct arena *arena,
    const char **ret_document) {
    statement_scope struct statement statement = statement_begin(store, SQL_SERVICE_DEPLOYMENT_GET);
    bind_int(&statement, "service_id", service_id);
    bind_text(&statement, "uid", uid);
    int step = statement_step(&statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_document = arena_strdup(arena, column_text(&statement, "document"));
    return 0;
}

int service_deployment_rows_list(struct store *store, int64_t service_id,
    const struct service_deployment_cursor *cursor, int64_t after_ms, unsigned limit, struct arena *arena,
    struct service_deployment_name *ret_rows, unsigned *ret_count) {
    statement_scope struct statement statement = statement_begin(store, SQL_SERVICE_DEPLOYMENT_LIST);
    bind_int(&statement, "service_id", service_id);
    bind_int(&statement, "before_ms", cursor->created_ms);
    bind_int(&statement, "before_id", cursor->id);
    bind_int(&statement, "after_ms", after_ms);
    bind_int(&statement, "limit", limit);
    unsigned count = 0;
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW && count < limit) {
        ret_rows[count++] = (struct service_deployment_name){
            .id = column_int(&statement, "id"),
            .created_ms = column_int(&statement, "created_ms"),
            .status = arena_strdup(arena, column_text(&statement, "status")),
            .document = arena_strdup(arena, column_text(&statement, "document")),
        };
    }
    *ret_count = count;
    return step < 0 ? step : 0;
}

int service_deployment_rows_each_open(struct store *store, void *context,
    int (*each)(void *context, int64_t id, int64_t service_id, const char *document)) {
    statement_scope struct statement statement = statement_begin(store, SQL_SERVICE_DEPLOYMENT_OPEN);
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW) {
        int result = each(context, column_int(&statement, "id"), column_int(&statement, "service_id"),
            column_text(&statement, "document"));
        if (result != 0)
            return result;
    }
    return step;
}

int service_revision_rows_update(
    struct store *store, int64_t service_id, const char *digits, const char *document) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_SERVICE_REVISION_UPDATE);
    bind_int(&statement, "service_id", service_id);
    bind_text(&statement, "digits", digits);
    bind_text(&statement, "document", document);
    return statement_run(&statement);
}
