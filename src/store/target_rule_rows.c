#include "ecs-local/store/target_rule_rows.h"

#include "statement.h"

int target_rule_rows_insert(struct store *store, const struct target_rule_row *row, int64_t *ret_id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_TARGET_RULE_INSERT);
    bind_text(&statement, "match", row->match);
    bind_text(&statement, "health", row->health);
    bind_text(&statement, "reason", row->reason);
    int result = statement_run(&statement);
    if (result == 0)
        *ret_id = sqlite3_last_insert_rowid(store->db);
    return result;
}

int target_rule_rows_each(
    struct store *store, void *context, int (*each)(void *context, const struct target_rule_row *row)) {
    statement_scope struct statement statement = statement_begin(store, SQL_TARGET_RULE_ALL);
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW) {
        struct target_rule_row row = {
            .id = column_int(&statement, "id"),
            .match = column_text(&statement, "match"),
            .health = column_text(&statement, "health"),
            .reason = column_text(&statement, "reason"),
        };
        int result = each(context, &row);
        if (result != 0)
            return result;
    }
    return step;
}

int target_rule_rows_delete(struct store *store, int64_t id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_TARGET_RULE_DELETE);
    bind_int(&statement, "id", id);
    return statement_run(&statement);
}
