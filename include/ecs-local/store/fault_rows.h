/* Injected faults. */
#ifndef ECS_LOCAL_STORE_FAULT_ROWS_H
#define ECS_LOCAL_STORE_FAULT_ROWS_H

#include "ecs-local/store/store.h"

struct fault_row {
    int64_t id;
    const char *kind;
    const char *document;
    int64_t used;
    int64_t created_ms;
};

int fault_rows_insert(struct store *store, const struct fault_row *row);
int fault_rows_set_used(struct store *store, int64_t id, int64_t used);
int fault_rows_delete(struct store *store, int64_t id);
/* In the order of their ids. Texts are valid during the call. */
int fault_rows_each(
    struct store *store, void *context, int (*each)(void *context, const struct fault_row *row));

#endif
