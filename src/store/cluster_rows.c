#include "ecs-local/store/cluster_rows.h"

#include "statement.h"

int cluster_rows_insert(struct store *store, const struct cluster_row *row, int64_t *ret_id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_CLUSTER_INSERT);
    bind_int(&statement, "scope_id", row->scope_id);
    bind_text(&statement, "name", row->name);
    bind_text(&statement, "status", row->status);
    bind_text(&statement, "document", row->document);
    bind_text(&statement, "tags", row->tags);
    int result = statement_run(&statement);
    if (result == 0)
        *ret_id = sqlite3_last_insert_rowid(store->db);
    return result;
}

int cluster_rows_update(struct store *store, const struct cluster_row *row) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_CLUSTER_UPDATE);
    bind_int(&statement, "id", row->id);
    bind_text(&statement, "status", row->status);
    bind_text(&statement, "document", row->document);
    bind_text(&statement, "tags", row->tags);
    return statement_run(&statement);
}

int cluster_rows_each(
    struct store *store, void *context, int (*each)(void *context, const struct cluster_row *row)) {
    statement_scope struct statement statement = statement_begin(store, SQL_CLUSTER_ALL);
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW) {
        struct cluster_row row = {
            .id = column_int(&statement, "id"),
            .scope_id = column_int(&statement, "scope_id"),
            .name = column_text(&statement, "name"),
            .status = column_text(&statement, "status"),
            .document = column_text(&statement, "document"),
            .tags = column_text(&statement, "tags"),
        };
        int result = each(context, &row);
        if (result != 0)
            return result;
    }
    return step;
}

int cluster_rows_list(struct store *store, int64_t scope_id, const char *after, unsigned limit,
    struct arena *arena, const char **ret_names, unsigned *ret_count) {
    statement_scope struct statement statement = statement_begin(store, SQL_CLUSTER_LIST);
    bind_int(&statement, "scope_id", scope_id);
    bind_text(&statement, "after", after);
    bind_int(&statement, "limit", limit);
    unsigned count = 0;
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW && count < limit)
        ret_names[count++] = arena_strdup(arena, column_text(&statement, "name"));
    *ret_count = count;
    return step < 0 ? step : 0;
}
