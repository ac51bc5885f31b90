/* Clusters in the database. See store.h for errors and ownership. */
#ifndef ECS_LOCAL_STORE_CLUSTER_ROWS_H
#define ECS_LOCAL_STORE_CLUSTER_ROWS_H

#include "ecs-local/store/store.h"

struct cluster_row {
    int64_t id;
    int64_t scope_id;
    const char *name;
    const char *status;
    const char *document; /* JSON object: the members given at creation and since */
    const char *tags;     /* JSON list */
};

/* Inserts; *ret_id is the new row. */
int cluster_rows_insert(struct store *store, const struct cluster_row *row, int64_t *ret_id);
/* Writes status, document and tags of the row `row->id`. */
int cluster_rows_update(struct store *store, const struct cluster_row *row);
/* Calls `each` for every cluster; the row's text is valid during the call. */
int cluster_rows_each(
    struct store *store, void *context, int (*each)(void *context, const struct cluster_row *row));
/* Names of clusters that are not INACTIVE, after `after` in name order, `limit` at most. */
int cluster_rows_list(struct store *store, int64_t scope_id, const char *after, unsigned limit,
    struct arena *arena, const char **ret_names, unsigned *ret_count);

#endif
