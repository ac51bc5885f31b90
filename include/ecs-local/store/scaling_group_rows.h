/* Simulated Auto Scaling groups in the database. See store.h for errors and ownership. */
#ifndef ECS_LOCAL_STORE_SCALING_GROUP_ROWS_H
#define ECS_LOCAL_STORE_SCALING_GROUP_ROWS_H

#include "ecs-local/store/store.h"

struct scaling_group_row {
    int64_t id;
    int64_t cluster_id;
    const char *capacity_provider;
    int64_t minimum;
    int64_t maximum;
    const char *documents; /* JSON list: of new instances, one a zone */
    int64_t due_ms;        /* 0: nothing is due */
    int64_t direction;     /* what is due: 1 more, -1 fewer instances */
};

/* Makes it, or replaces the bounds and documents of the one that is there. */
int scaling_group_rows_set(struct store *store, const struct scaling_group_row *row, int64_t *ret_id);
int scaling_group_rows_set_due(struct store *store, int64_t id, int64_t due_ms, int64_t direction);
int scaling_group_rows_delete(struct store *store, int64_t id);
int scaling_group_rows_each(
    struct store *store, void *context, int (*each)(void *context, const struct scaling_group_row *row));

#endif
