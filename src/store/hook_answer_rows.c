#include "ecs-local/store/hook_answer_rows.h"

#include "statement.h"

int hook_answer_rows_insert(struct store *store, const struct hook_answer_row *row, int64_t *ret_id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_HOOK_ANSWER_INSERT);
    bind_text(&statement, "match", row->match);
    bind_int(&statement, "times", row->times);
    bind_text(&statement, "answer", row->answer);
    bind_int(&statement, "delay_ms", row->delay_ms);
    int result = statement_run(&statement);
    if (result == 0)
        *ret_id = sqlite3_last_insert_rowid(store->db);
    return result;
}

int hook_answer_rows_count(struct store *store, unsigned *ret_count) {
    statement_scope struct statement statement = statement_begin(store, SQL_HOOK_ANSWER_COUNT);
    int step = statement_step(&statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_count = (unsigned)column_int(&statement, "answers");
    return 0;
}

int hook_answer_rows_each(
    struct store *store, void *context, int (*each)(void *context, const struct hook_answer_row *row)) {
    statement_scope struct statement statement = statement_begin(store, SQL_HOOK_ANSWER_ALL);
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW) {
        struct hook_answer_row row = {
            .id = column_int(&statement, "id"),
            .match = column_text(&statement, "match"),
            .times = column_int(&statement, "times"),
            .answer = column_text(&statement, "answer"),
            .delay_ms = column_int(&statement, "delay_ms"),
        };
        int result = each(context, &row);
        if (result != 0)
            return result;
    }
    return step;
}

int hook_answer_rows_set_times(struct store *store, int64_t id, int64_t times) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_HOOK_ANSWER_SET_TIMES);
    bind_int(&statement, "id", id);
    bind_int(&statement, "times", times);
    return statement_run(&statement);
}

int hook_answer_rows_delete(struct store *store, int64_t id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_HOOK_ANSWER_DELETE);
    bind_int(&statement, "id", id);
    int result = statement_run(&statement);
    if (result != 0)
        return result;
    return id != 0 && sqlite3_changes(store->db) == 0 ? STORE_NOT_FOUND : 0;
}
