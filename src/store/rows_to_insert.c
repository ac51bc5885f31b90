#include "rows_to_insert.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/buf.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "packed_document.h"
#include "statement.h"
#include "task_row_members.h"

enum kind {
    INTEGER,
    INTEGER_OR_NULL, /* NULL when zero */
    TEXT_OR_NULL,
    PACKED_DOCUMENT,
    NUMBERED /* 1, or NULL: its id does not say its row */
};

static const struct column {
    const char *name;
    enum kind kind;
    size_t offset;
} columns[] = {
    {"id", INTEGER, offsetof(struct task_row, id)},
    {"cluster_id", INTEGER, offsetof(struct task_row, cluster_id)},
    {"task_id", TEXT_OR_NULL, offsetof(struct task_row, task_id)},
    {"desired_status", TEXT_OR_NULL, offsetof(struct task_row, desired_status)},
    {"last_status", TEXT_OR_NULL, offsetof(struct task_row, last_status)},
    {"launch_type", TEXT_OR_NULL, offsetof(struct task_row, launch_type)},
    {"family_id", INTEGER, offsetof(struct task_row, family_id)},
    {"task_definition_id", INTEGER, offsetof(struct task_row, task_definition_id)},
    {"started_by", TEXT_OR_NULL, offsetof(struct task_row, started_by)},
    {"task_group", TEXT_OR_NULL, offsetof(struct task_row, task_group)},
    {"capacity_provider", TEXT_OR_NULL, offsetof(struct task_row, capacity_provider)},
    {"service_id", INTEGER_OR_NULL, offsetof(struct task_row, service_id)},
    {"deployment_id", INTEGER_OR_NULL, offsetof(struct task_row, deployment_id)},
    {"container_instance_id", INTEGER_OR_NULL, offsetof(struct task_row, container_instance_id)},
    {"protected_until_ms", INTEGER_OR_NULL, offsetof(struct task_row, protected_until_ms)},
    {"waiting", TEXT_OR_NULL, offsetof(struct task_row, waiting)},
    {"reservation", TEXT_OR_NULL, offsetof(struct task_row, reservation)},
    {"due_ms", INTEGER_OR_NULL, offsetof(struct task_row, due_ms)},
    {"tags", TEXT_OR_NULL, offsetof(struct task_row, tags)},
    {"life", TEXT_OR_NULL, offsetof(struct task_row, life)},
    {"attachment_id", TEXT_OR_NULL, offsetof(struct task_row, attachment_id)},
    {"packed_document", PACKED_DOCUMENT, 0},
    {"numbered", NUMBERED, 0},
    {"instance_version", INTEGER_OR_NULL, offsetof(struct task_row, instance_version)},
};

struct table {
    sqlite3_vtab base;
    struct store *store;
};

struct cursor {
    sqlite3_vtab_cursor base;
    unsigned index;
};

static const struct task_row *row_at(const struct cursor *cursor, struct store **ret_store) {
    *ret_store = ((struct table *)cursor->base.pVtab)->store;
    return (*ret_store)->rows_to_insert[cursor->index];
}

static int table_connect(sqlite3 *db, void *store, int count, const char *const *arguments,
    sqlite3_vtab **ret_table, char **error) {
    (void)count;
    (void)arguments;
    (void)error;
    struct buf sql = BUF_INIT(4096);
    for (size_t index = 0; index < array_length(columns); index++)
        buf_printf(&sql, "%s%s", index == 0 ? "CREATE TABLE rows_to_insert (" : ", ", columns[index].name);
    buf_append_char(&sql, ')');
    int result = sqlite3_declare_vtab(db, buf_text(&sql));
    buf_done(&sql);
    if (result != SQLITE_OK)
        return result;
    struct table *table = xcalloc(1, sizeof(*table));
    table->store = store;
    *ret_table = &table->base;
    return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *table) {
    free(table);
    return SQLITE_OK;
}

/* There is one way to read it: from the first row to the last. */
static int table_best_index(sqlite3_vtab *table, sqlite3_index_info *info) {
    (void)table;
    info->estimatedCost = 100;
    return SQLITE_OK;
}

static int cursor_open(sqlite3_vtab *table, sqlite3_vtab_cursor **ret_cursor) {
    (void)table;
    struct cursor *cursor = xcalloc(1, sizeof(*cursor));
    *ret_cursor = &cursor->base;
    return SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *cursor) {
    free(cursor);
    return SQLITE_OK;
}

static int cursor_first(
    sqlite3_vtab_cursor *cursor, int plan, const char *name, int count, sqlite3_value **values) {
    (void)plan;
    (void)name;
    (void)count;
    (void)values;
    ((struct cursor *)cursor)->index = 0;
    return SQLITE_OK;
}

static int cursor_next(sqlite3_vtab_cursor *cursor) {
    ((struct cursor *)cursor)->index++;
    return SQLITE_OK;
}

static int cursor_at_end(sqlite3_vtab_cursor *cursor) {
    return ((struct cursor *)cursor)->index >= ((struct table *)cursor->pVtab)->store->rows_to_insert_count;
}

/* Texts and blobs are borrowed: what SQLite keeps of them it copies before it asks for the next row. */
static int cursor_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int index) {
    struct store *store = NULL;
    const struct task_row *row = row_at((struct cursor *)cursor, &store);
    const void *member = (const char *)row + columns[index].offset;
    size_t length = 0;
    switch (columns[index].kind) {
    case INTEGER:
        sqlite3_result_int64(context, *(const int64_t *)member);
        break;
    case INTEGER_OR_NULL:
        if (*(const int64_t *)member != 0)
            sqlite3_result_int64(context, *(const int64_t *)member);
        break;
    case TEXT_OR_NULL:
        if (*(const char *const *)member != NULL)
            sqlite3_result_text(context, *(const char *const *)member, -1, SQLITE_STATIC);
        break;
    case PACKED_DOCUMENT: {
        const void *packed = document_pack(&store->packer, row->document, row->document_length, &length);
        sqlite3_result_blob64(context, packed, length, SQLITE_STATIC);
        break;
    }
    case NUMBERED:
        if (task_row_is_numbered(row))
            sqlite3_result_int(context, 1);
        break;
    }
    return SQLITE_OK;
}

static int cursor_row(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret_row) {
    *ret_row = ((struct cursor *)cursor)->index;
    return SQLITE_OK;
}

int rows_to_insert_install(struct store *store) {
    static const sqlite3_module module = {
        .xConnect = table_connect,
        .xDisconnect = table_disconnect,
        .xBestIndex = table_best_index,
        .xOpen = cursor_open,
        .xClose = cursor_close,
        .xFilter = cursor_first,
        .xNext = cursor_next,
        .xEof = cursor_at_end,
        .xColumn = cursor_column,
        .xRowid = cursor_row,
    };
    return store_check(
        store, sqlite3_create_module(store->db, "rows_to_insert", &module, store), "rows_to_insert");
}

/* Beginning a statement may write what is late, which comes by here as well: the rows are set behind it. */
static int run(
    struct store *store, enum statement_id id, const struct task_row *const rows[], unsigned count) {
    statement_scope struct statement statement = statement_begin_write(store, id);
    store->rows_to_insert = rows;
    store->rows_to_insert_count = count;
    int result = statement_run(&statement);
    store->rows_to_insert = NULL;
    store->rows_to_insert_count = 0;
    return result;
}

int task_table_insert(struct store *store, const struct task_row *const rows[], unsigned count) {
    if (count == 0)
        return 0;
    bool with_versions = false;
    for (unsigned index = 0; index < count; index++)
        with_versions = with_versions || rows[index]->instance_version != 0;
    int result = run(store, SQL_TASK_INSERT, rows, count);
    return result == 0 && with_versions ? run(store, SQL_TASK_INSERT_VERSIONS, rows, count) : result;
}
