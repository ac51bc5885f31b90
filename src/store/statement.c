#include "statement.h"

#include <string.h>

#include "ecs-local/base/error.h"
#include "late_tasks.h"
#include "store_internal.h"

int store_check(struct store *store, int result, const char *what) {
    if (result == SQLITE_OK || result == SQLITE_ROW || result == SQLITE_DONE)
        return 0;
    /* A statement from a file has lines. */
    return error_raise(ERR_STORE, "database: %.*s: %s", (int)strcspn(what, "\n"), what,
        store->db != NULL ? sqlite3_errmsg(store->db) : "no memory");
}

struct statement statement_begin(struct store *store, enum statement_id id) {
    int late = store_statement_is_about_tasks(id) ? late_tasks_write(store) : 0;
    struct statement statement = statement_begin_as_is(store, id);
    if (late != 0 && statement.result == SQLITE_OK)
        statement.result = SQLITE_ERROR;
    return statement;
}

struct statement statement_begin_as_is(struct store *store, enum statement_id id) {
    struct statement statement = {.store = store};
    statement.prepared = store_statement(store, id, &statement.result);
    statement.handle = statement.prepared->handle;
    return statement;
}

struct statement statement_begin_write(struct store *store, enum statement_id id) {
    struct statement statement = statement_begin(store, id);
    if (store_statement_changes_definitions(id))
        store_forget_definitions(store);
    /* Who writes a single row sees to it alone. */
    if (store_statement_is_about_tasks(id) && id != SQL_TASK_INSERT && id != SQL_TASK_UPDATE)
        store_forget_tasks(store);
    store->only_moved = false;
    if (!store->in_transaction) {
        int result = SQLITE_OK;
        sqlite3_stmt *begin = store_statement(store, SQL_TURN_BEGIN, &result)->handle;
        if (result == SQLITE_OK)
            result = sqlite3_step(begin);
        sqlite3_reset(begin);
        store->in_transaction = result == SQLITE_DONE;
        statement.result = store->in_transaction ? SQLITE_OK : result;
    }
    return statement;
}

void statement_end(struct statement *statement) {
    if (statement->handle == NULL)
        return;
    sqlite3_reset(statement->handle);
    sqlite3_clear_bindings(statement->handle);
}

void statement_again(struct statement *statement) {
    sqlite3_reset(statement->handle);
}

/* Where the name is; -1 when there is none. */
static int find_name(const char *const *names, int count, int *next, const char *name) {
    for (int step = 0; step < count; step++) {
        int index = *next + step < count ? *next + step : *next + step - count;
        if (strcmp(names[index], name) == 0) {
            *next = index + 1 < count ? index + 1 : 0;
            return index;
        }
    }
    return -1;
}

/* 0 is no parameter: binding it fails. */
static int parameter(struct statement *statement, const char *name) {
    const struct prepared *prepared = statement->prepared;
    return find_name(prepared->names, prepared->parameter_count, &statement->next_parameter, name) + 1;
}

static void note(struct statement *statement, int result) {
    if (statement->result == SQLITE_OK)
        statement->result = result;
}

void bind_text_length(struct statement *statement, const char *name, const char *text, size_t length) {
    note(statement, sqlite3_bind_text64(statement->handle, parameter(statement, name), text, length,
                        SQLITE_STATIC, SQLITE_UTF8));
}

void bind_text(struct statement *statement, const char *name, const char *text_or_null) {
    if (text_or_null != NULL)
        bind_text_length(statement, name, text_or_null, strlen(text_or_null));
    else
        note(statement, sqlite3_bind_null(statement->handle, parameter(statement, name)));
}

void bind_blob(struct statement *statement, const char *name, const void *bytes, size_t length) {
    note(statement,
        sqlite3_bind_blob64(statement->handle, parameter(statement, name), bytes, length, SQLITE_STATIC));
}

void bind_int(struct statement *statement, const char *name, int64_t integer) {
    note(statement, sqlite3_bind_int64(statement->handle, parameter(statement, name), integer));
}

void bind_int_or_null(struct statement *statement, const char *name, int64_t integer) {
    if (integer != 0)
        bind_int(statement, name, integer);
    else
        note(statement, sqlite3_bind_null(statement->handle, parameter(statement, name)));
}

void bind_real(struct statement *statement, const char *name, double real) {
    note(statement, sqlite3_bind_double(statement->handle, parameter(statement, name), real));
}

int statement_step(struct statement *statement) {
    if (statement->result == SQLITE_OK) {
        int result = sqlite3_step(statement->handle);
        if (result == SQLITE_ROW)
            return STEP_ROW;
        if (result == SQLITE_DONE)
            return STEP_DONE;
        statement->result = result;
    }
    const char *sql = sqlite3_sql(statement->handle);
    return store_check(statement->store, statement->result, sql != NULL ? sql : "preparing a statement");
}

int statement_run(struct statement *statement) {
    int result = statement_step(statement);
    return result < 0 ? result : 0;
}

static int column(struct statement *statement, const char *name) {
    const struct prepared *prepared = statement->prepared;
    return find_name(
        prepared->names + prepared->parameter_count, prepared->column_count, &statement->next_column, name);
}

const void *column_blob(struct statement *statement, const char *name) {
    return sqlite3_column_blob(statement->handle, column(statement, name));
}

const char *column_text(struct statement *statement, const char *name) {
    return (const char *)sqlite3_column_text(statement->handle, column(statement, name));
}

const char *column_copy(struct statement *statement, struct arena *arena, const char *name) {
    return arena_strdup(arena, column_text(statement, name));
}

size_t column_length(struct statement *statement, const char *name) {
    return (size_t)sqlite3_column_bytes(statement->handle, column(statement, name));
}

int64_t column_int(struct statement *statement, const char *name) {
    return sqlite3_column_int64(statement->handle, column(statement, name));
}

int statement_each_due(struct store *store, enum statement_id id, void *context,
    int (*each)(void *context, int64_t row, int64_t due_ms)) {
    statement_scope struct statement statement = statement_begin(store, id);
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW) {
        int result = each(context, column_int(&statement, "id"), column_int(&statement, "due_ms"));
        if (result != 0)
            return result;
    }
    return step;
}

double column_real(struct statement *statement, const char *name) {
    return sqlite3_column_double(statement->handle, column(statement, name));
}

int statement_run_for(struct store *store, enum statement_id id_of_statement, int64_t id) {
    statement_scope struct statement statement = statement_begin_write(store, id_of_statement);
    bind_int(&statement, "id", id);
    return statement_run(&statement);
}

int statement_run_used(struct store *store, enum statement_id id_of_statement, int64_t id, int64_t used) {
    statement_scope struct statement statement = statement_begin_write(store, id_of_statement);
    bind_int(&statement, "id", id);
    bind_int(&statement, "used", used);
    return statement_run(&statement);
}
