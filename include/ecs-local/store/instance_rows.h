/* Container instances in the database. See store.h for errors and ownership. */
#ifndef ECS_LOCAL_STORE_INSTANCE_ROWS_H
#define ECS_LOCAL_STORE_INSTANCE_ROWS_H

#include "ecs-local/store/store.h"

struct instance_row {
    int64_t id;
    int64_t cluster_id;
    const char *instance_id; /* the last part of its ARN */
    const char *status;
    bool agent_connected;
    const char *ec2_instance_id; /* NULL: none */
    int64_t registered_ms;
    bool simulated;
    bool has_agent; /* an agent of its own reports what its tasks do */
    int64_t version;
    const char *tags;     /* JSON list */
    const char *document; /* JSON object: registeredResources, attributes, versionInfo */
};

int instance_rows_insert(struct store *store, const struct instance_row *row, int64_t *ret_id);
/* Writes status, agent_connected, version, tags, document of the row `row->id`. */
int instance_rows_update(struct store *store, const struct instance_row *row);
/* Writes the version alone, which changes with every task. */
/* Versions only grow: an earlier one changes nothing. */
int instance_rows_set_version(struct store *store, int64_t id, int64_t version);
int instance_rows_each(
    struct store *store, void *context, int (*each)(void *context, const struct instance_row *row));
/* The document and tags of one row. */
int instance_rows_document(
    struct store *store, int64_t id, struct arena *arena, const char **ret_document, const char **ret_tags);
#endif
