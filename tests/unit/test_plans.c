/* How SQLite goes about the statements on tasks, of which there may be very many: none reads them all, but at the start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ecs-local/base/text.h"
#include "store/store_internal.h"

static bool only_at_the_start(enum statement_id id) {
    return id == SQL_TASK_EACH_DUE || id == SQL_TASK_EACH_ACTIVE;
}

/* Does a line of the plan go over the whole table? Some indexes hold only the few rows that the statement is about. */
static bool reads_all(sqlite3 *db, const char *sql) {
    sqlite3_stmt *plan = NULL;
    char *text = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
    bool all = false;
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &plan, NULL), SQLITE_OK);
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(plan, 3);
        all = all || text_equal(line, "SCAN tasks") || text_equal(line, "SCAN t") ||
              strstr(line, "SCAN tasks USING COVERING INDEX tasks_by_cluster") != NULL;
    }
    sqlite3_finalize(plan);
    sqlite3_free(text);
    return all;
}

static void test_tasks_are_searched(void **state) {
    (void)state;
    struct store store = {.lock_fd = -1};
    unsigned looked_at = 0;
    assert_int_equal(sqlite3_open(":memory:", &store.db), SQLITE_OK);
    assert_int_equal(store_migrate(&store), 0);
    for (unsigned id = 0; id < SQL_COUNT; id++) {
        const char *sql = store_statement_sql((enum statement_id)id);
        if (!store_statement_is_about_tasks((enum statement_id)id))
            continue;
        looked_at++;
        if (reads_all(store.db, sql) != only_at_the_start((enum statement_id)id))
            fail_msg("%s", sql);
    }
    assert_in_range(looked_at, 20, SQL_COUNT);
    sqlite3_close(store.db);
}

/* A task is found by its id with two searches at most: by its row, and among those whose ids do not say it. */
static void test_a_task_is_one_row_away(void **state) {
    (void)state;
    static const enum statement_id by_row[] = {SQL_TASK_GET, SQL_TASK_ROW, SQL_TASK_DOCUMENT};
    struct store store = {.lock_fd = -1};
    sqlite3_stmt *plan = NULL;
    assert_int_equal(sqlite3_open(":memory:", &store.db), SQLITE_OK);
    assert_int_equal(store_migrate(&store), 0);
    for (size_t index = 0; index <= array_length(by_row); index++) {
        bool foreign = index == array_length(by_row);
        char *text = sqlite3_mprintf(
            "EXPLAIN QUERY PLAN %s", store_statement_sql(foreign ? SQL_TASK_FOREIGN_ROW : by_row[index]));
        assert_int_equal(sqlite3_prepare_v2(store.db, text, -1, &plan, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(plan), SQLITE_ROW);
        assert_string_equal(sqlite3_column_text(plan, 3),
            foreign ? "SEARCH tasks USING INDEX tasks_by_foreign_id (task_id=? AND cluster_id=?)"
                    : "SEARCH tasks USING INTEGER PRIMARY KEY (rowid=?)");
        assert_int_equal(sqlite3_step(plan), SQLITE_DONE);
        sqlite3_finalize(plan);
        sqlite3_free(text);
    }
    sqlite3_close(store.db);
}

/* SQLite plans some statements by the values that are bound (those that an index of a single value could be for), and then
 * again for each value: that costs more than to carry them out. */
static void test_no_plan_depends_on_values(void **state) {
    (void)state;
    static const char *const values[] = {"ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS"};
    struct store store = {.lock_fd = -1};
    unsigned looked_at = 0;
    assert_int_equal(sqlite3_open(":memory:", &store.db), SQLITE_OK);
    assert_int_equal(store_migrate(&store), 0);
    for (unsigned id = 0; id < SQL_COUNT; id++) {
        sqlite3_stmt *statement = NULL;
        const char *sql = store_statement_sql((enum statement_id)id);
        assert_int_equal(
            sqlite3_prepare_v3(store.db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL), SQLITE_OK);
        for (size_t value = 0; sqlite3_stmt_readonly(statement) && value < array_length(values); value++) {
            for (int index = 1; index <= sqlite3_bind_parameter_count(statement); index++)
                sqlite3_bind_text(statement, index, values[value], -1, SQLITE_STATIC);
            sqlite3_step(statement);
            sqlite3_reset(statement);
            looked_at++;
        }
        if (sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_REPREPARE, 0) != 0)
            fail_msg("%s", sql);
        sqlite3_finalize(statement);
    }
    assert_in_range(looked_at, 100, 3 * SQL_COUNT);
    sqlite3_close(store.db);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tasks_are_searched),
        cmocka_unit_test(test_a_task_is_one_row_away),
        cmocka_unit_test(test_no_plan_depends_on_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
