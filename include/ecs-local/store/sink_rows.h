/* Where the journal's entries go, and how far each sink has come. */
#ifndef ECS_LOCAL_STORE_SINK_ROWS_H
#define ECS_LOCAL_STORE_SINK_ROWS_H

#include "ecs-local/store/store.h"

struct sink_row {
    int64_t id;
    const char *document;
    int64_t position; /* number of the last entry that has been dealt with */
    int64_t delivered;
    int64_t lost;
    int64_t created_ms;
};

int sink_rows_insert(struct store *store, const struct sink_row *row);
/* Position, delivered and lost. */
int sink_rows_progress(struct store *store, const struct sink_row *row);
int sink_rows_delete(struct store *store, int64_t id);
/* In the order of their ids. Texts are valid during the call. */
int sink_rows_each(
    struct store *store, void *context, int (*each)(void *context, const struct sink_row *row));

#endif
