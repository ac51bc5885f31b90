#include "ecs-local/store/daemon_definition_rows.h"

#include <string.h>

#include "ecs-local/base/text.h"
#include "statement.h"

static const char *stored_family(struct arena *arena, const char *family) {
    return arena_printf(arena, DAEMON_FAMILY_PREFIX "%s", family);
}

static const char *without(const char *prefix, const char *text) {
    return text_starts_with(text, prefix) ? text + strlen(prefix) : text;
}

static int next_revision(struct store *store, struct task_definition_row *row) {
    statement_scope struct statement statement = statement_begin_write(
        store, SQL_DAEMON_FAMILY_NEXT_REVISION);
    bind_int(&statement, "scope_id", row->scope_id);
    bind_text(&statement, "name", row->family);
    int step = statement_step(&statement);
    if (step < 0)
        return step;
    row->family_id = column_int(&statement, "id");
    row->revision = column_int(&statement, "last_revision");
    return 0;
}

int daemon_definition_rows_register(
    struct store *store, struct arena *arena, struct task_definition_row *row) {
    struct task_definition_row stored = *row;
    stored.family = stored_family(arena, row->family);
    stored.status = DAEMON_STATUS_PREFIX "ACTIVE";
    int result = next_revision(store, &stored);
    if (result == 0)
        result = task_definition_rows_insert(store, &stored, &stored.id);
    if (result != 0)
        return result;
    row->family_id = stored.family_id;
    row->revision = stored.revision;
    row->id = stored.id;
    row->status = "ACTIVE";
    return 0;
}

static int latest(struct store *store, int64_t scope_id, const char *stored, int64_t *ret_revision) {
    statement_scope struct statement statement = statement_begin(store, SQL_DAEMON_DEFINITION_GET_LATEST);
    bind_int(&statement, "scope_id", scope_id);
    bind_text(&statement, "family", stored);
    int step = statement_step(&statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_revision = column_int(&statement, "revision");
    return 0;
}

int daemon_definition_rows_get(struct store *store, int64_t scope_id, const char *family, int64_t revision,
    struct arena *arena, struct task_definition_row *ret_row) {
    const char *stored = stored_family(arena, family);
    int result = revision == 0 ? latest(store, scope_id, stored, &revision) : 0;
    if (result == 0)
        result = task_definition_rows_get(store, scope_id, stored, revision, arena, ret_row);
    if (result == 0) {
        ret_row->family = without(DAEMON_FAMILY_PREFIX, ret_row->family);
        ret_row->status = without(DAEMON_STATUS_PREFIX, ret_row->status);
    }
    return result;
}

int daemon_definition_rows_set_status(
    struct store *store, int64_t id, const char *status, int64_t delete_requested_ms, struct arena *arena) {
    statement_scope struct statement statement = statement_begin_write(
        store, SQL_DAEMON_DEFINITION_SET_STATUS);
    bind_int(&statement, "id", id);
    bind_text(&statement, "status", arena_printf(arena, DAEMON_STATUS_PREFIX "%s", status));
    bind_int(&statement, "delete_requested_ms", delete_requested_ms);
    return statement_run(&statement);
}

/* The statuses as they are stored. */
static const char *stored_statuses(struct arena *arena, const char *words) {
    const char *stored = ",";
    while (*words == ',' && words[1] != '\0') {
        size_t length = strcspn(words + 1, ",");
        stored = arena_printf(arena, "%s" DAEMON_STATUS_PREFIX "%.*s,", stored, (int)length, words + 1);
        words += length + 1;
    }
    return stored;
}

static void bind_filter(
    struct statement *statement, const struct daemon_definition_filter *filter, struct arena *arena) {
    /* '~' is behind every character of a name, so prefix + '~' ends the range. */
    const char *low = stored_family(arena, filter->family != NULL ? filter->family : filter->prefix);
    const char *high = arena_printf(arena, filter->family != NULL ? "%s!" : "%s~", low);
    bool from_start = filter->after_family == NULL;
    const char *start = filter->descending ? "~" : "";
    bind_int(statement, "scope_id", filter->scope_id);
    bind_text(statement, "low", low);
    bind_text(statement, "high", high);
    bind_text(statement, "after_family", from_start ? start : stored_family(arena, filter->after_family));
    bind_int(statement, "after_revision", filter->after_revision);
    bind_text(statement, "statuses", stored_statuses(arena, filter->statuses));
    bind_int(statement, "last_only", filter->last_only);
}

int daemon_definition_rows_list(struct store *store, const struct daemon_definition_filter *filter,
    unsigned limit, struct arena *arena, struct task_definition_row *ret_rows, unsigned *ret_count) {
    statement_scope struct statement statement = statement_begin(
        store, filter->descending ? SQL_DAEMON_DEFINITION_LIST_DESC : SQL_DAEMON_DEFINITION_LIST);
    bind_filter(&statement, filter, arena);
    bind_int(&statement, "limit", limit);
    unsigned count = 0;
    int step = STEP_DONE;
    while (count < limit && (step = statement_step(&statement)) == STEP_ROW)
        ret_rows[count++] = (struct task_definition_row){
            .family = without(DAEMON_FAMILY_PREFIX, column_copy(&statement, arena, "family")),
            .revision = column_int(&statement, "revision"),
            .status = without(DAEMON_STATUS_PREFIX, column_copy(&statement, arena, "status")),
            .registered_ms = column_int(&statement, "registered_ms"),
            .delete_requested_ms = column_int(&statement, "delete_requested_ms"),
            .registered_by = column_copy(&statement, arena, "registered_by"),
        };
    *ret_count = count;
    return step < 0 ? step : 0;
}

int daemon_definition_rows_next_deleting(struct store *store, int64_t after, int64_t *ret_id) {
    statement_scope struct statement statement = statement_begin(store, SQL_DAEMON_DEFINITION_NEXT_DELETING);
    bind_int(&statement, "after", after);
    int step = statement_step(&statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_id = column_int(&statement, "id");
    return 0;
}
