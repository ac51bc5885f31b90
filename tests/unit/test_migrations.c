/* A database that came a long way has the tables of a new one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/store_internal.h"

static void open_empty(struct store *store) {
    memset(store, 0, sizeof(*store));
    store->lock_fd = -1;
    assert_int_equal(sqlite3_open(":memory:", &store->db), SQLITE_OK);
}

static char *schema_of(struct store *store) {
    sqlite3_stmt *statement = NULL;
    assert_int_equal(
        sqlite3_prepare_v2(store->db, store_statement_sql(SQL_SCHEMA_TEXT), -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    char *text = strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return text;
}

static void test_old_and_new_are_the_same(void **state) {
    (void)state;
    struct store old;
    struct store fresh;
    int64_t old_version = 0;
    int64_t fresh_version = 0;
    open_empty(&old);
    open_empty(&fresh);
    assert_int_equal(store_migrate_first(&old), 0);
    assert_int_equal(store_migrate(&old), 0);
    assert_int_equal(store_migrate(&fresh), 0);
    assert_int_equal(store_pragma_int(&old, "PRAGMA user_version", &old_version), 0);
    assert_int_equal(store_pragma_int(&fresh, "PRAGMA user_version", &fresh_version), 0);
    assert_int_equal(old_version, store_schema_version());
    assert_int_equal(fresh_version, store_schema_version());
    char *old_schema = schema_of(&old);
    char *fresh_schema = schema_of(&fresh);
    assert_string_equal(old_schema, fresh_schema);
    free(old_schema);
    free(fresh_schema);
    sqlite3_close(old.db);
    sqlite3_close(fresh.db);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_old_and_new_are_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
