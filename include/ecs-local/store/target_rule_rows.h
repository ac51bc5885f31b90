/* Scripted health of targets in the database. See store.h for errors and ownership. */
#ifndef ECS_LOCAL_STORE_TARGET_RULE_ROWS_H
#define ECS_LOCAL_STORE_TARGET_RULE_ROWS_H

#include "ecs-local/store/store.h"

struct target_rule_row {
    int64_t id;
    const char *match;  /* JSON object of texts */
    const char *health; /* healthy, unhealthy, unknown */
    const char *reason; /* NULL: none given */
};

int target_rule_rows_insert(struct store *store, const struct target_rule_row *row, int64_t *ret_id);
/* Oldest first. */
int target_rule_rows_each(
    struct store *store, void *context, int (*each)(void *context, const struct target_rule_row *row));
/* id 0: all. */
int target_rule_rows_delete(struct store *store, int64_t id);

#endif
