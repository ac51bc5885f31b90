/* Capacity providers in the database: those that users made. See store.h for errors and ownership. */
#ifndef ECS_LOCAL_STORE_CAPACITY_PROVIDER_ROWS_H
#define ECS_LOCAL_STORE_CAPACITY_PROVIDER_ROWS_H

#include "ecs-local/store/store.h"

struct capacity_provider_row {
    int64_t id;
    int64_t scope_id;
    const char *name;
    const char *status;
    const char *update_status; /* NULL: never updated */
    const char *tags;          /* JSON list */
    const char *document; /* JSON object: autoScalingGroupProvider, managedInstancesProvider, type, cluster */
};

int capacity_provider_rows_insert(struct store *store, const struct capacity_provider_row *row);
/* Writes all but scope and name of the row `row->id`. */
int capacity_provider_rows_update(struct store *store, const struct capacity_provider_row *row);
/* 0, STORE_NOT_FOUND or <0. INACTIVE ones are found, too. */
int capacity_provider_rows_get(struct store *store, int64_t scope_id, const char *name, struct arena *arena,
    struct capacity_provider_row *ret_row);
/* Those that are not INACTIVE, by name, behind `after`. */
int capacity_provider_rows_list(struct store *store, int64_t scope_id, const char *after, unsigned limit,
    struct arena *arena, struct capacity_provider_row *ret_rows, unsigned *ret_count);

#endif
