/* Rows of tasks that are kept beside their table and written into it later (decisions/0011). With --data-dir the turn
 * writes them into a log as well (task_log.h), so they are as durable as if they were in the table.
 *
 * A row is here from task_rows_insert() or _update() on. What a statement about tasks would find in the table is written
 * into it first, by statement_begin(); so nobody can tell the difference. A turn that is rolled back takes back what it
 * has put here, and nothing else. */
#ifndef STORE_LATE_TASKS_H
#define STORE_LATE_TASKS_H

#include <stdbool.h>

#include "ecs-local/store/task_rows.h"

struct late_tasks;

struct late_tasks *late_tasks_new(bool logged);
void late_tasks_free(struct late_tasks *late_or_null);

/* A copy of the row, whose task id must say which it is: nobody would find it by another. */
void late_tasks_put(struct late_tasks *late, const struct task_row *row, bool is_new);
/* The row as it was put last, borrowed until the next change. NULL: what the table says holds. */
const struct task_row *late_tasks_get(const struct late_tasks *late, int64_t id);

/* Has this turn put something here? */
bool late_tasks_changed(const struct late_tasks *late);
/* The whole database has been replaced. */
void late_tasks_clear(struct late_tasks *late_or_null);
/* Writes all rows into the table: within the turn's transaction, if there is one, else at once and for good. 0 or <0. */
int late_tasks_write(struct store *store);
/* For who needs that no transaction is open: ends the one that readers go on with when it could not be committed. 0, or <0:
 * it still cannot. */
int late_tasks_settle(struct store *store);
/* Before the turn's transaction is committed: writes the oldest rows when there are many, and the log. 0 or <0. */
int late_tasks_prepare_commit(struct store *store);
/* The turn is over, and its transaction with it. */
void late_tasks_committed(struct late_tasks *late);
void late_tasks_rolled_back(struct late_tasks *late);

/* The table itself (task_rows.c). */
/* STORE_NOT_FOUND: there is no such row. */
int task_table_update(struct store *store, const struct task_row *row);

#endif
