/* Scripted outcomes in the database. See store.h for errors and ownership. */
#ifndef ECS_LOCAL_STORE_OUTCOME_ROWS_H
#define ECS_LOCAL_STORE_OUTCOME_ROWS_H

#include "ecs-local/store/store.h"

struct outcome_row {
    int64_t id;
    const char *matches; /* JSON object */
    const char *outcome; /* JSON object */
    int64_t times;       /* 0: for every task that matches */
    int64_t used;
    int64_t created_ms;
};

int outcome_rows_insert(struct store *store, const struct outcome_row *row);
int outcome_rows_set_used(struct store *store, int64_t id, int64_t used);
int outcome_rows_delete(struct store *store, int64_t id);
int outcome_rows_delete_all(struct store *store);
/* In the order in which they were made; the row's text is valid during the call. */
int outcome_rows_each(
    struct store *store, void *context, int (*each)(void *context, const struct outcome_row *row));

#endif
