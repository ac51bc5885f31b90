#include "ecs-local/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/log.h"
#include "ecs-local/base/text.h"
#include "late_tasks.h"
#include "packed_document.h"
#include "page_cache.h"
#include "rows_to_insert.h"
#include "snapshot_shelf.h"
#include "store_internal.h"
#include "task_documents.h"
#include "task_log.h"
#include "task_pages.h"
#include "wal_writes.h"

struct migration {
    unsigned number;
    const char *name;
    const char *sql;
};

struct statement_source {
    const char *name;
    const char *sql;
    bool about_tasks;
    bool changes_definitions;
};

#include "store_sql.h"

enum {
    /* The log goes into the database when it is this long. A checkpoint waits for the disk, so it must stay rare under load. */
    WAL_PAGES_MAX = 16384,
    DOCUMENT_MAX = 16 * 1024 * 1024,
};

int64_t store_schema_version(void) {
    return migrations[array_length(migrations) - 1].number;
}

int store_run_sql(struct store *store, const char *sql) {
    return store_check(store, sqlite3_exec(store->db, sql, NULL, NULL, NULL), sql);
}

int store_pragma_int(struct store *store, const char *sql, int64_t *ret_value) {
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
    if (result == SQLITE_OK && (result = sqlite3_step(statement)) == SQLITE_ROW)
        *ret_value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return store_check(store, result, sql);
}

static int lock_directory(struct store *store, const char *data_dir) {
    if (mkdir(data_dir, 0777) != 0 && errno != EEXIST)
        return error_raise(ERR_IO, "cannot make the data directory %s: %s", data_dir, strerror(errno));
    char path[STORE_PATH_MAX];
    if ((size_t)snprintf(path, sizeof(path), "%s/ecs-local.lock", data_dir) >= sizeof(path))
        return error_raise(ERR_IO, "the path of the data directory is too long");
    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (store->lock_fd < 0)
        return error_raise(ERR_IO, "cannot open %s: %s", path, strerror(errno));
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return error_raise(ERR_BUSY, "another ecs-local uses the data directory %s", data_dir);
    return 0;
}

static int open_database(struct store *store, const struct store_config *config) {
    char path[STORE_PATH_MAX];
    if (config->data_dir != NULL) {
        if ((size_t)snprintf(path, sizeof(path), "%s/ecs-local.db", config->data_dir) >= sizeof(path))
            return error_raise(ERR_IO, "the path of the data directory is too long");
    } else {
        snprintf(path, sizeof(path), ":memory:");
    }
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int result = sqlite3_open_v2(path, &store->db, flags, config->data_dir != NULL ? wal_writes_vfs() : NULL);
    return store_check(store, result, path);
}

static int note_wal(void *context, sqlite3 *db, const char *name, int pages) {
    (void)db;
    (void)name;
    struct store *store = context;
    store->wal_pages = pages;
    return SQLITE_OK;
}

/* Before anything is written: a database of something else, or of a newer program, stays as it is. */
static int refuse_foreign(struct store *store) {
    int64_t version = 0;
    int result = store_pragma_int(store, "PRAGMA user_version", &version);
    if (result != 0)
        return result;
    int64_t application = 0;
    result = store_pragma_int(store, "PRAGMA application_id", &application);
    if (result != 0)
        return result;
    int64_t tables = 0;
    result = store_pragma_int(store, "SELECT count(*) FROM sqlite_schema", &tables);
    if (result != 0)
        return result;
    if (application != APPLICATION_ID && (application != 0 || tables != 0))
        return error_raise(ERR_SCHEMA, "the database file is not one of ecs-local");
    if (version > store_schema_version())
        return error_raise(ERR_SCHEMA,
            "the database has schema %lld, newer than this program's %lld: use a newer ecs-local or another data directory",
            (long long)version, (long long)store_schema_version());
    return 0;
}

static int configure(struct store *store, const struct store_config *config) {
    /* Some builds of SQLite write zeros over what is deleted, which then has to go through the log. */
    int result = store_run_sql(store, "PRAGMA secure_delete = OFF");
    if (result != 0 || config->data_dir == NULL)
        return result != 0
                   ? result
                   : store_run_sql(store,
                         "PRAGMA page_size = 2048; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF");
    result = store_run_sql(store, "PRAGMA locking_mode = EXCLUSIVE");
    /* The first look into the file: what is wrong with it is said with its name. */
    if (result == 0)
        result = store_check(store, sqlite3_exec(store->db, "PRAGMA user_version", NULL, NULL, NULL),
            sqlite3_db_filename(store->db, "main"));
    if (result == 0)
        result = refuse_foreign(store);
    if (result == 0)
        result = store_run_sql(store, "PRAGMA journal_mode = WAL; PRAGMA cache_size = -16384");
    if (result == 0)
        result = store_run_sql(
            store, config->full_durability ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    sqlite3_wal_hook(store->db, note_wal, store);
    return result;
}

static int run_stamped(struct store *store, const char *sql, const char *what, unsigned number) {
    char stamp[128];
    snprintf(stamp, sizeof(stamp), "PRAGMA user_version = %u; PRAGMA application_id = %d; COMMIT", number,
        APPLICATION_ID);
    int result = store_run_sql(store, "BEGIN IMMEDIATE");
    if (result == 0)
        result = store_check(store, sqlite3_exec(store->db, sql, NULL, NULL, NULL), what);
    return result == 0 ? store_run_sql(store, stamp) : result;
}

int store_migrate(struct store *store) {
    int64_t version = 0;
    int result = store_check(store, document_functions(store->db), "functions");
    if (result == 0)
        result = rows_to_insert_install(store);
    if (result == 0)
        result = store_pragma_int(store, "PRAGMA user_version", &version);
    if (result == 0 && version == 0)
        return run_stamped(store, newest_schema, "the schema", (unsigned)store_schema_version());
    for (size_t index = 0; result == 0 && index < array_length(migrations); index++) {
        if ((int64_t)migrations[index].number > version)
            result = run_stamped(
                store, migrations[index].sql, migrations[index].name, migrations[index].number);
    }
    return result;
}

int store_migrate_first(struct store *store) {
    return run_stamped(store, migrations[0].sql, migrations[0].name, migrations[0].number);
}

bool store_statement_is_about_tasks(enum statement_id id) {
    return statement_sources[id].about_tasks;
}

bool store_statement_changes_definitions(enum statement_id id) {
    return statement_sources[id].changes_definitions;
}

const char *store_statement_sql(enum statement_id id) {
    return statement_sources[id].sql;
}

static size_t copy_name(const struct prepared *prepared, int index, char *out, const char *name) {
    size_t size = strlen(name) + 1;
    if (out != NULL)
        prepared->names[index] = memcpy(out, name, size);
    return size;
}

/* Copies the names to `out`, parameters without their colon; returns the size of all. */
static size_t copy_names(const struct prepared *prepared, char *out_or_null) {
    size_t size = 0;
    for (int index = 0; index < prepared->parameter_count; index++)
        size += copy_name(prepared, index, out_or_null != NULL ? out_or_null + size : NULL,
            sqlite3_bind_parameter_name(prepared->handle, index + 1) + 1);
    for (int index = 0; index < prepared->column_count; index++)
        size += copy_name(prepared, prepared->parameter_count + index,
            out_or_null != NULL ? out_or_null + size : NULL, sqlite3_column_name(prepared->handle, index));
    return size;
}

static void note_names(struct prepared *prepared) {
    prepared->parameter_count = sqlite3_bind_parameter_count(prepared->handle);
    prepared->column_count = sqlite3_column_count(prepared->handle);
    size_t pointers = (size_t)(prepared->parameter_count + prepared->column_count) * sizeof(*prepared->names);
    prepared->names = xmalloc(pointers + copy_names(prepared, NULL) + 1);
    copy_names(prepared, (char *)prepared->names + pointers);
}

const struct prepared *store_statement(struct store *store, enum statement_id id, int *ret_result) {
    _Static_assert(array_length(statement_sources) == SQL_COUNT, "one source per statement");
    struct prepared *prepared = &store->statements[id];
    *ret_result = SQLITE_OK;
    if (prepared->handle == NULL) {
        *ret_result = sqlite3_prepare_v3(
            store->db, statement_sources[id].sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared->handle, NULL);
        if (*ret_result == SQLITE_OK)
            note_names(prepared);
    }
    return prepared;
}

int store_prepare(struct store *store) {
#ifdef ECS_LOCAL_CHECK_REPLIES
    for (unsigned index = 0; index < SQL_COUNT; index++) {
        int result = SQLITE_OK;
        store_statement(store, (enum statement_id)index, &result);
        if (store_check(store, result, statement_sources[index].name) != 0)
            return ERR_STORE;
    }
    store_unprepare(store); /* only checked: from here on as in a release */
#else
    (void)store;
#endif
    return 0;
}

void store_unprepare(struct store *store) {
    for (unsigned index = 0; index < SQL_COUNT; index++) {
        sqlite3_finalize(store->statements[index].handle);
        free(store->statements[index].names);
        store->statements[index] = (struct prepared){0};
    }
}

int store_open(const struct store_config *config, struct store **ret_store) {
    struct store *store = xcalloc(1, sizeof(*store));
    store->lock_fd = -1;
    store->unpacked = (struct buf)BUF_INIT(DOCUMENT_MAX);
    int result = page_cache_install();
    if (result == 0 && config->data_dir != NULL)
        result = lock_directory(store, config->data_dir);
    if (result == 0)
        result = open_database(store, config);
    if (result == 0)
        result = configure(store, config);
    if (result == 0)
        result = store_migrate(store);
    if (result == 0)
        result = store_prepare(store);
    if (result == 0)
        result = snapshot_shelf_open(store, config->data_dir);
    if (result == 0)
        result = task_log_replay(store);
    if (result == 0)
        store->late_tasks = late_tasks_new(config->data_dir != NULL);
    if (result != 0) {
        store_close(store);
        return result;
    }
    *ret_store = store;
    return 0;
}

void store_close(struct store *store) {
    if (store == NULL)
        return;
    store_unprepare(store);
    late_tasks_free(store->late_tasks);
    task_documents_free(store->documents);
    task_pages_free(store->pages);
    store_forget_definitions(store);
    document_packer_free(store->packer);
    buf_done(&store->unpacked);
    if (sqlite3_close(store->db) != SQLITE_OK)
        log_error("database: closed with statements left");
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    snapshot_shelf_close(store);
    free(store->packed);
    free(store);
}

bool store_in_transaction(const struct store *store) {
    return (store->in_transaction && !store->only_moved) ||
           (store->late_tasks != NULL && late_tasks_changed(store->late_tasks));
}

void store_rollback(struct store *store) {
    store_forget_definitions(store);
    store_forget_tasks(store);
    if (store->late_tasks != NULL)
        late_tasks_rolled_back(store->late_tasks);
    if (!store->in_transaction)
        return;
    store->only_moved = false;
    store->in_transaction = false;
    /* SQLite has rolled back by itself after some errors; then this says so, and that is all right. */
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

static int commit_turn(struct store *store) {
    statement_scope struct statement statement = statement_begin(store, SQL_TURN_COMMIT);
    return statement_run(&statement);
}

static void checkpoint(struct store *store) {
    int result = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    if (result != SQLITE_OK)
        log_warn("database: checkpoint: %s", sqlite3_errmsg(store->db));
    store->wal_pages = 0;
}

int store_commit(struct store *store) {
    if (!store_in_transaction(store))
        return 0;
    store->only_moved = false;
    int result = store->late_tasks != NULL ? late_tasks_prepare_commit(store) : 0;
    if (result == 0 && store->in_transaction)
        result = commit_turn(store);
    if (result != 0) {
        store_rollback(store);
        return result;
    }
    store->in_transaction = false;
    if (store->late_tasks != NULL)
        late_tasks_committed(store->late_tasks);
    if (store->wal_pages >= WAL_PAGES_MAX)
        checkpoint(store);
    return 0;
}
