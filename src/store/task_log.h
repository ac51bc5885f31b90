/* With --data-dir: what makes rows of tasks that are late (late_tasks.h) as durable as those in their table. A turn's
 * rows are one entry of the log, written by the turn's own transaction; an entry goes when all its rows are in the table
 * or in a later entry. So the log is short, and a database that was closed in any way has all rows. */
#ifndef STORE_TASK_LOG_H
#define STORE_TASK_LOG_H

#include "ecs-local/base/buf.h"
#include "ecs-local/store/task_rows.h"

/* Appends a row to an entry. */
void task_log_add(struct buf *entry, const struct task_row *row);
/* Writes the entry. `id` is higher than every one before. */
int task_log_write(struct store *store, int64_t id, const struct buf *entry);
/* Forgets the entries before this one. */
int task_log_prune(struct store *store, int64_t id);
/* When a database is opened: the rows of all entries go into the table, and the log is empty. 0 or <0. */
int task_log_replay(struct store *store);

#endif
