#include "ecs-local/store/scaling_group_rows.h"

#include "statement.h"

int scaling_group_rows_set(struct store *store, const struct scaling_group_row *row, int64_t *ret_id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_SCALING_GROUP_SET);
    bind_int(&statement, "cluster_id", row->cluster_id);
    bind_text(&statement, "capacity_provider", row->capacity_provider);
    bind_int(&statement, "minimum", row->minimum);
    bind_int(&statement, "maximum", row->maximum);
    bind_text(&statement, "documents", row->documents);
    int step = statement_step(&statement);
    if (step != STEP_ROW)
        return step;
    *ret_id = column_int(&statement, "id");
    return 0;
}

int scaling_group_rows_set_due(struct store *store, int64_t id, int64_t due_ms, int64_t direction) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_SCALING_GROUP_SET_DUE);
    bind_int(&statement, "id", id);
    bind_int_or_null(&statement, "due_ms", due_ms);
    bind_int(&statement, "direction", direction);
    return statement_run(&statement);
}

int scaling_group_rows_delete(struct store *store, int64_t id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_SCALING_GROUP_DELETE);
    bind_int(&statement, "id", id);
    return statement_run(&statement);
}

int scaling_group_rows_each(
    struct store *store, void *context, int (*each)(void *context, const struct scaling_group_row *row)) {
    statement_scope struct statement statement = statement_begin(store, SQL_SCALING_GROUP_ALL);
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW) {
        struct scaling_group_row row = {
            .id = column_int(&statement, "id"),
            .cluster_id = column_int(&statement, "cluster_id"),
            .capacity_provider = column_text(&statement, "capacity_provider"),
            .minimum = column_int(&statement, "minimum"),
            .maximum = column_int(&statement, "maximum"),
            .documents = column_text(&statement, "documents"),
            .due_ms = column_int(&statement, "due_ms"),
            .direction = column_int(&statement, "direction"),
        };
        int result = each(context, &row);
        if (result != 0)
            return result;
    }
    return step;
}
