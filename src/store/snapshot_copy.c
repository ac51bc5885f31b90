/* A database out of bytes, beside the live one: checked, brought up to date, put in its place. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/ids.h"
#include "ecs-local/store/store_snapshots.h"
#include "late_tasks.h"
#include "store_internal.h"

/* The header of a database file (SQLite's file format, 1.3). */
enum {
    HEADER_SIZE = 100,
    HEADER_PAGE_SIZE = 16,
    HEADER_WRITE_VERSION = 18,
    HEADER_READ_VERSION = 19,
    HEADER_PAGE_COUNT = 28,
    HEADER_USER_VERSION = 60,
    HEADER_APPLICATION_ID = 68,
};

static uint32_t big_endian(const char *bytes, unsigned count) {
    uint32_t number = 0;
    for (unsigned index = 0; index < count; index++)
        number = number << 8 | (unsigned char)bytes[index];
    return number;
}

/* What the first page says. NULL when it may be one of ours. */
static const char *check_header(struct arena *arena, const char *bytes, size_t length) {
    if (length < HEADER_SIZE || memcmp(bytes, "SQLite format 3", 16) != 0)
        return "this is not a database";
    if (big_endian(bytes + HEADER_APPLICATION_ID, 4) != APPLICATION_ID)
        return "this database is not one of ecs-local";
    int64_t version = big_endian(bytes + HEADER_USER_VERSION, 4);
    if (version > store_schema_version())
        return arena_printf(arena,
            "this database has schema %lld, newer than this program's %lld: a newer ecs-local is needed",
            (long long)version, (long long)store_schema_version());
    uint64_t page_size = big_endian(bytes + HEADER_PAGE_SIZE, 2);
    if (page_size == 1)
        page_size = 65536;
    if (length < page_size * big_endian(bytes + HEADER_PAGE_COUNT, 4))
        return "this database is broken: its end is missing";
    return NULL;
}

/* For SQL_DOUBTFUL_ROWS. */
static void sql_task_row(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    const char *task_id = (const char *)sqlite3_value_text(values[0]);
    sqlite3_result_int64(context, task_id != NULL ? ids_row(task_id) : 0);
}

static int attach_bytes(struct store *copy, const char *bytes, size_t length) {
    int result = sqlite3_open_v2(
        ":memory:", &copy->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    unsigned char *own = result == SQLITE_OK ? sqlite3_malloc64(length) : NULL;
    if (own == NULL)
        return store_check(copy, SQLITE_NOMEM, "opening a copy");
    memcpy(own, bytes, length);
    /* A database in memory has no write-ahead log: it would not open as one that has. */
    own[HEADER_WRITE_VERSION] = own[HEADER_READ_VERSION] = 1;
    result = sqlite3_deserialize(copy->db, "main", own, (sqlite3_int64)length, (sqlite3_int64)length,
        SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
    if (result == SQLITE_OK)
        result = sqlite3_db_config(copy->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_db_config(copy->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_create_function_v2(
            copy->db, "task_row", 1, SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL, sql_task_row, NULL, NULL, NULL);
    return store_check(copy, result, "opening a copy");
}

/* The text of the query's only row, in `arena`; NULL when it cannot be had. */
static const char *only_text(struct arena *arena, struct store *store, const char *sql) {
    sqlite3_stmt *statement = NULL;
    const char *text = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        text = arena_strdup(arena, (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return text;
}

static const char *check_contents(struct arena *arena, struct store *copy) {
    const char *verdict = only_text(arena, copy, "PRAGMA quick_check(1)");
    if (verdict == NULL || strcmp(verdict, "ok") != 0)
        return arena_printf(
            arena, "this database is broken: %s", verdict != NULL ? verdict : sqlite3_errmsg(copy->db));
    return NULL;
}

static const char *check_shape(struct arena *arena, struct store *copy, struct store *live) {
    const char *sql = store_statement_sql(SQL_SCHEMA_TEXT);
    const char *wanted = only_text(arena, live, sql);
    const char *found = only_text(arena, copy, sql);
    return wanted != NULL && found != NULL && strcmp(wanted, found) == 0
               ? NULL
               : "this database has not the tables that its version has";
}

static const char *check_rows(struct arena *arena, struct store *copy) {
    const char *query = only_text(arena, copy, store_statement_sql(SQL_DOUBTFUL_ROWS));
    const char *table = query != NULL ? only_text(arena, copy, query) : "the schema";
    return table != NULL ? arena_printf(arena, "this database is broken: %s has a row that cannot be", table)
                         : NULL;
}

static int open_copy(struct arena *arena, const char *bytes, size_t length, struct store *live,
    struct store *copy, const char **ret_problem) {
    int result = attach_bytes(copy, bytes, length);
    if (result == 0)
        *ret_problem = check_contents(arena, copy);
    if (result != 0 || *ret_problem != NULL)
        return result;
    if (store_migrate(copy) != 0) {
        *ret_problem = "this database cannot be brought up to this program's schema";
        return 0;
    }
    *ret_problem = check_shape(arena, copy, live);
    if (*ret_problem == NULL)
        *ret_problem = check_rows(arena, copy);
    return *ret_problem == NULL ? store_prepare(copy) : 0;
}

int store_copy_open(struct arena *arena, const char *bytes, size_t length, struct store *live,
    struct store **ret_copy, const char **ret_problem) {
    const char *problem = check_header(arena, bytes, length);
    if (problem != NULL) {
        *ret_problem = problem;
        return STORE_REFUSED;
    }
    struct store *copy = xcalloc(1, sizeof(*copy));
    copy->lock_fd = -1;
    int result = open_copy(arena, bytes, length, live, copy, &problem);
    if (result != 0 || problem != NULL) {
        store_close(copy);
        *ret_problem = problem;
        return result != 0 ? result : STORE_REFUSED;
    }
    *ret_copy = copy;
    return 0;
}

static int copy_pages(struct store *store, sqlite3 *to, sqlite3 *from) {
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (backup == NULL)
        return error_raise(ERR_STORE, "database: copying it: %s", sqlite3_errmsg(to));
    sqlite3_backup_step(backup, -1);
    return store_check(store, sqlite3_backup_finish(backup), "copying it");
}

/* Pages are copied as they are, so both must have them of the same size. Only a database in a file can change it (SQLite
 * leaves those in memory alone), so the contents move to a file that has no name any more. */
static int resize_pages(struct store *copy, int64_t page_size) {
    struct store other = {.lock_fd = -1};
    char path[] = "/tmp/ecs-local-XXXXXX";
    cleanup_close int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return error_raise(ERR_IO, "cannot make a file in /tmp: %s", strerror(errno));
    int result = store_check(&other, sqlite3_open_v2(path, &other.db, SQLITE_OPEN_READWRITE, NULL), path);
    char *sql = sqlite3_mprintf("PRAGMA page_size = %lld; VACUUM", (long long)page_size);
    if (result == 0)
        result = store_run_sql(&other, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
    if (result == 0)
        result = copy_pages(&other, other.db, copy->db);
    if (result == 0)
        result = sql != NULL ? store_run_sql(&other, sql) : store_check(&other, SQLITE_NOMEM, "page size");
    sqlite3_free(sql);
    unlink(path);
    if (result != 0) {
        sqlite3_close(other.db);
        return result;
    }
    store_unprepare(copy);
    sqlite3_close(copy->db);
    copy->db = other.db;
    return 0;
}

int store_become(struct store *store, struct store *copy) {
    int64_t wanted = 0;
    int64_t found = 0;
    int result = late_tasks_settle(store);
    if (result != 0)
        return result;
    if (store->in_transaction || copy->in_transaction)
        return error_raise(ERR_BUG, "a database cannot be replaced in the middle of a transaction");
    result = store_pragma_int(store, "PRAGMA page_size", &wanted);
    if (result == 0)
        result = store_pragma_int(copy, "PRAGMA page_size", &found);
    if (result == 0 && wanted != found)
        result = resize_pages(copy, wanted);
    if (result == 0)
        result = copy_pages(store, store->db, copy->db);
    if (result == 0)
        late_tasks_clear(store->late_tasks);
    store_forget_definitions(store);
    store_forget_tasks(store);
    return result;
}
