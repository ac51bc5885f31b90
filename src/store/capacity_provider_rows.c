#include "ecs-local/store/capacity_provider_rows.h"

#include "statement.h"

static void bind_state(struct statement *statement, const struct capacity_provider_row *row) {
    bind_text(statement, "status", row->status);
    bind_text(statement, "update_status", row->update_status);
    bind_text(statement, "tags", row->tags);
    bind_text(statement, "document", row->document);
}

int capacity_provider_rows_insert(struct store *store, const struct capacity_provider_row *row) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_CAPACITY_PROVIDER_INSERT);
    bind_int(&statement, "scope_id", row->scope_id);
    bind_text(&statement, "name", row->name);
    bind_state(&statement, row);
    return statement_run(&statement);
}

int capacity_provider_rows_update(struct store *store, const struct capacity_provider_row *row) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_CAPACITY_PROVIDER_UPDATE);
    bind_int(&statement, "id", row->id);
    bind_state(&statement, row);
    return statement_run(&statement);
}

static void read_row(struct statement *statement, struct arena *arena, struct capacity_provider_row *row) {
    *row = (struct capacity_provider_row){
        .id = column_int(statement, "id"),
        .name = arena_strdup(arena, column_text(statement, "name")),
        .status = arena_strdup(arena, column_text(statement, "status")),
        .update_status = arena_strdup(arena, column_text(statement, "update_status")),
        .tags = arena_strdup(arena, column_text(statement, "tags")),
        .document = arena_strdup(arena, column_text(statement, "document")),
    };
}

int capacity_provider_rows_get(struct store *store, int64_t scope_id, const char *name, struct arena *arena,
    struct capacity_provider_row *ret_row) {
    statement_scope struct statement statement = statement_begin(store, SQL_CAPACITY_PROVIDER_GET);
    bind_int(&statement, "scope_id", scope_id);
    bind_text(&statement, "name", name);
    int step = statement_step(&statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    read_row(&statement, arena, ret_row);
    ret_row->scope_id = scope_id;
    return 0;
}

int capacity_provider_rows_list(struct store *store, int64_t scope_id, const char *after, unsigned limit,
    struct arena *arena, struct capacity_provider_row *ret_rows, unsigned *ret_count) {
    statement_scope struct statement statement = statement_begin(store, SQL_CAPACITY_PROVIDER_LIST);
    bind_int(&statement, "scope_id", scope_id);
    bind_text(&statement, "after", after);
    bind_int(&statement, "limit", limit);
    unsigned count = 0;
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW && count < limit) {
        read_row(&statement, arena, &ret_rows[count]);
        ret_rows[count++].scope_id = scope_id;
    }
    *ret_count = count;
    return step < 0 ? step : 0;
}
