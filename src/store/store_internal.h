/* What the files about whole databases share. */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include "statement.h"

enum {
    /* Marks a database file as ours (PRAGMA application_id). */
    APPLICATION_ID = 0x6563736c,
};

/* The schema that this program writes: the number of its last migration. */
int64_t store_schema_version(void);
int store_run_sql(struct store *store, const char *sql);
int store_pragma_int(struct store *store, const char *sql, int64_t *ret_value);
/* Brings a database up to store_schema_version(). */
int store_migrate(struct store *store);
/* Makes an empty database one of the first version, for tests. */
int store_migrate_first(struct store *store);
/* Does it read or write the table of tasks? */
bool store_statement_is_about_tasks(enum statement_id id);
bool store_statement_changes_definitions(enum statement_id id);
/* Tasks have changed, or may have: what is kept of answers about them goes (task_rows.c). */
void store_forget_tasks(struct store *store);
/* Task definitions have changed, or may have (task_definition_rows.c). */
void store_forget_definitions(struct store *store);
/* The SQL of a statement. */
const char *store_statement_sql(enum statement_id id);
/* The statement, prepared by its first use and kept (decisions/0010). *ret_result is SQLite's. */
const struct prepared *store_statement(struct store *store, enum statement_id id, int *ret_result);
/* Test builds prepare all of them, so that one which does not fit the schema fails at the start. */
int store_prepare(struct store *store);
void store_unprepare(struct store *store);

#endif
