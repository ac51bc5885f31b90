/* `rows_to_insert` is a table that is not stored: a statement finds in it the rows of tasks that are about to go into
 * theirs. So one statement inserts many, which costs SQLite much less than many statements. */
#ifndef STORE_ROWS_TO_INSERT_H
#define STORE_ROWS_TO_INSERT_H

#include "ecs-local/store/task_rows.h"

/* Makes the table known to the store's database. 0 or <0. */
int rows_to_insert_install(struct store *store);
/* Inserts the rows into the table of tasks, with the versions of their instances. 0; <0: some may be there, the transaction
 * must be rolled back. */
int task_table_insert(struct store *store, const struct task_row *const rows[], unsigned count);

#endif
