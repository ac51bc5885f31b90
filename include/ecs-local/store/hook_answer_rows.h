/* Scripted answers of lifecycle hooks in the database. See store.h for errors and ownership. */
#ifndef ECS_LOCAL_STORE_HOOK_ANSWER_ROWS_H
#define ECS_LOCAL_STORE_HOOK_ANSWER_ROWS_H

#include "ecs-local/store/store.h"

struct hook_answer_row {
    int64_t id;
    const char *match;  /* JSON object of texts */
    int64_t times;      /* how often it is given yet; 0: always */
    const char *answer; /* SUCCEEDED, FAILED, IN_PROGRESS */
    int64_t delay_ms;
};

int hook_answer_rows_insert(struct store *store, const struct hook_answer_row *row, int64_t *ret_id);
int hook_answer_rows_count(struct store *store, unsigned *ret_count);
/* Oldest first; what `each` answers ends it. */
int hook_answer_rows_each(
    struct store *store, void *context, int (*each)(void *context, const struct hook_answer_row *row));
int hook_answer_rows_set_times(struct store *store, int64_t id, int64_t times);
/* id 0: all. 0, STORE_NOT_FOUND or <0. */
int hook_answer_rows_delete(struct store *store, int64_t id);

#endif
