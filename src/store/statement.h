/* Prepared statements, inside the store only. Parameters and columns are named, never counted.
 *
 * Use: statement_begin() → bind_…() → statement_step() … → statement_end(). Errors are sticky: a failed bind
 * shows at the next step, so only the step is checked. */
#ifndef STORE_STATEMENT_H
#define STORE_STATEMENT_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "ecs-local/base/arena.h"
#include "ecs-local/base/buf.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/store/store.h"
#include "ecs-local/store/task_definition_rows.h"
#include "store_sql.h.names.h"

enum {
    STEP_DONE = 0,
    STEP_ROW = 1
};

enum {
    STORE_PATH_MAX = 4096
};

struct snapshot_shelf;
struct late_tasks;
struct task_documents;
struct task_pages;
struct document_packer;

/* A statement that is prepared, and the names of its parameters (from 1 on) and columns (from 0 on): SQLite finds them
 * by a search of its own, each time. */
struct prepared {
    sqlite3_stmt *handle;
    const char **names; /* parameters, then columns; one block with their texts */
    int parameter_count;
    int column_count;
};

/* A task definition that was asked for by its name: mostly the same few are asked for again. */
struct known_definition {
    struct arena *arena;    /* has the row's texts; NULL: none is known */
    int64_t asked_revision; /* 0: the latest */
    struct task_definition_row row;
};
enum {
    KNOWN_DEFINITIONS = 8
};

struct store {
    sqlite3 *db;
    struct snapshot_shelf *snapshots; /* NULL: this is itself a copy */
    struct late_tasks *late_tasks;    /* NULL: rows go into their table at once */
    struct task_documents *documents; /* NULL: none has been asked for */
    struct task_pages *pages;         /* likewise */
    struct document_packer *packer;   /* NULL: nothing has been packed */
    struct buf unpacked;              /* the document that is being read */
    int lock_fd;                      /* -1 in memory */
    bool in_transaction;
    bool only_moved; /* the transaction has put late rows into their table, for a reader, and nothing else */
    int wal_pages;
    struct prepared statements[SQL_COUNT];
    struct known_definition known_definitions[KNOWN_DEFINITIONS];
    const struct task_row *const *rows_to_insert; /* what the statement that runs finds (rows_to_insert.h) */
    unsigned rows_to_insert_count;
    char *packed; /* scratch of packed_bytes.c */
    size_t packed_capacity;
};

struct statement {
    sqlite3_stmt *handle;
    const struct prepared *prepared;
    struct store *store;
    int result; /* SQLITE_OK as long as nothing failed */
    /* Both are mostly named in their order: where the search begins. */
    int next_parameter;
    int next_column;
};

struct statement statement_begin(struct store *store, enum statement_id id);
/* The same for one that has looked at late_tasks.h itself. */
struct statement statement_begin_as_is(struct store *store, enum statement_id id);
/* As statement_begin(), for a statement that writes: opens the turn's transaction when there is none. */
struct statement statement_begin_write(struct store *store, enum statement_id id);
void statement_end(struct statement *statement);
#define statement_scope cleanup_with(statement_end)

void bind_text(struct statement *statement, const char *name, const char *text_or_null);
void bind_text_length(struct statement *statement, const char *name, const char *text, size_t length);
void bind_blob(struct statement *statement, const char *name, const void *bytes, size_t length);
void bind_int(struct statement *statement, const char *name, int64_t integer);
void bind_real(struct statement *statement, const char *name, double real);
/* NULL when zero. */
void bind_int_or_null(struct statement *statement, const char *name, int64_t integer);

/* STEP_ROW, STEP_DONE or <0. */
int statement_step(struct statement *statement);
/* For statements without rows: 0 or <0. */
int statement_run(struct statement *statement);
/* Statements without rows that know only :id, or :id and :used. 0 or <0. */
int statement_run_for(struct store *store, enum statement_id statement, int64_t id);
int statement_run_used(struct store *store, enum statement_id statement, int64_t id, int64_t used);
/* Forgets the row so that the statement can be bound and stepped again. */
void statement_again(struct statement *statement);

/* Calls `each` for every row of a statement without parameters that selects id and due_ms. */
int statement_each_due(struct store *store, enum statement_id id, void *context,
    int (*each)(void *context, int64_t row, int64_t due_ms));

/* Valid until the next step. */
const void *column_blob(struct statement *statement, const char *name);
const char *column_text(struct statement *statement, const char *name);
/* A copy in the arena; NULL for NULL. */
const char *column_copy(struct statement *statement, struct arena *arena, const char *name);
size_t column_length(struct statement *statement, const char *name);
int64_t column_int(struct statement *statement, const char *name);
double column_real(struct statement *statement, const char *name);

/* 0 when the result code is fine, else logged ERR_STORE. */
int store_check(struct store *store, int result, const char *what);

#endif
