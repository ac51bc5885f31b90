#include "ecs-local/store/fault_rows.h"

#include "statement.h"

int fault_rows_insert(struct store *store, const struct fault_row *row) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_FAULT_INSERT);
    bind_int(&statement, "id", row->id);
    bind_text(&statement, "kind", row->kind);
    bind_text(&statement, "document", row->document);
    bind_int(&statement, "used", row->used);
    bind_int(&statement, "created_ms", row->created_ms);
    return statement_run(&statement);
}

int fault_rows_set_used(struct store *store, int64_t id, int64_t used) {
    return statement_run_used(store, SQL_FAULT_SET_USED, id, used);
}

int fault_rows_delete(struct store *store, int64_t id) {
    return statement_run_for(store, SQL_FAULT_DELETE, id);
}

int fault_rows_each(
    struct store *store, void *context, int (*each)(void *context, const struct fault_row *row)) {
    statement_scope struct statement statement = statement_begin(store, SQL_FAULT_EACH);
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW) {
        struct fault_row row = {
            .id = column_int(&statement, "id"),
            .kind = column_text(&statement, "kind"),
            .document = column_text(&statement, "document"),
            .used = column_int(&statement, "used"),
            .created_ms = column_int(&statement, "created_ms"),
        };
        int result = each(context, &row);
        if (result != 0)
            return result;
    }
    return step;
}
