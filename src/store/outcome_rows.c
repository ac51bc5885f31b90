#include "ecs-local/store/outcome_rows.h"

#include "statement.h"

int outcome_rows_insert(struct store *store, const struct outcome_row *row) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_OUTCOME_INSERT);
    bind_int(&statement, "id", row->id);
    bind_text(&statement, "matches", row->matches);
    bind_text(&statement, "outcome", row->outcome);
    bind_int_or_null(&statement, "times", row->times);
    bind_int(&statement, "used", row->used);
    bind_int(&statement, "created_ms", row->created_ms);
    return statement_run(&statement);
}

int outcome_rows_set_used(struct store *store, int64_t id, int64_t used) {
    return statement_run_used(store, SQL_OUTCOME_SET_USED, id, used);
}

int outcome_rows_delete(struct store *store, int64_t id) {
    return statement_run_for(store, SQL_OUTCOME_DELETE, id);
}

int outcome_rows_delete_all(struct store *store) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_OUTCOME_DELETE_ALL);
    return statement_run(&statement);
}

int outcome_rows_each(
    struct store *store, void *context, int (*each)(void *context, const struct outcome_row *row)) {
    statement_scope struct statement statement = statement_begin(store, SQL_OUTCOME_EACH);
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW) {
        struct outcome_row row = {
            .id = column_int(&statement, "id"),
            .matches = column_text(&statement, "matches"),
            .outcome = column_text(&statement, "outcome"),
            .times = column_int(&statement, "times"),
            .used = column_int(&statement, "used"),
            .created_ms = column_int(&statement, "created_ms"),
        };
        int result = each(context, &row);
        if (result != 0)
            return result;
    }
    return step;
}
