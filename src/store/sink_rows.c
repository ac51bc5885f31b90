#include "ecs-local/store/sink_rows.h"

#include "statement.h"

static void bind_progress(struct statement *statement, const struct sink_row *row) {
    bind_int(statement, "id", row->id);
    bind_int(statement, "position", row->position);
    bind_int(statement, "delivered", row->delivered);
    bind_int(statement, "lost", row->lost);
}

int sink_rows_insert(struct store *store, const struct sink_row *row) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_SINK_INSERT);
    bind_progress(&statement, row);
    bind_text(&statement, "document", row->document);
    bind_int(&statement, "created_ms", row->created_ms);
    return statement_run(&statement);
}

int sink_rows_progress(struct store *store, const struct sink_row *row) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_SINK_PROGRESS);
    bind_progress(&statement, row);
    return statement_run(&statement);
}

int sink_rows_delete(struct store *store, int64_t id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_SINK_DELETE);
    bind_int(&statement, "id", id);
    return statement_run(&statement);
}

int sink_rows_each(
    struct store *store, void *context, int (*each)(void *context, const struct sink_row *row)) {
    statement_scope struct statement statement = statement_begin(store, SQL_SINK_EACH);
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW) {
        struct sink_row row = {
            .id = column_int(&statement, "id"),
            .document = column_text(&statement, "document"),
            .position = column_int(&statement, "position"),
            .delivered = column_int(&statement, "delivered"),
            .lost = column_int(&statement, "lost"),
            .created_ms = column_int(&statement, "created_ms"),
        };
        int result = each(context, &row);
        if (result != 0)
            return result;
    }
    return step;
}
