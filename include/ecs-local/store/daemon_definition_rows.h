/* Daemon task definitions. They lie with the task definitions, so that tasks find them there, under a family and with
 * a status of their own, which keeps them out of the lists of those. See store.h for errors and ownership. */
#ifndef ECS_LOCAL_STORE_DAEMON_DEFINITION_ROWS_H
#define ECS_LOCAL_STORE_DAEMON_DEFINITION_ROWS_H

#include "ecs-local/store/task_definition_rows.h"

/* What precedes family and status in their columns. No family can be given a name with a slash. */
#define DAEMON_FAMILY_PREFIX "daemon-task-definition/"
#define DAEMON_STATUS_PREFIX "DAEMON_"

/* Inserts with the next revision, ACTIVE. `row->family` and the rest as for a task definition; family_id, revision,
 * status and id are set. */
int daemon_definition_rows_register(
    struct store *store, struct arena *arena, struct task_definition_row *row);
/* Family and status come without prefixes. Revision 0: the latest ACTIVE one. */
int daemon_definition_rows_get(struct store *store, int64_t scope_id, const char *family, int64_t revision,
    struct arena *arena, struct task_definition_row *ret_row);
int daemon_definition_rows_set_status(
    struct store *store, int64_t id, const char *status, int64_t delete_requested_ms, struct arena *arena);

struct daemon_definition_filter {
    int64_t scope_id;
    const char *prefix;   /* of the family; "" for all */
    const char *family;   /* NULL: all */
    const char *statuses; /* words between commas */
    bool last_only;       /* the last revision of each family that has one of the statuses */
    bool descending;
    const char *after_family; /* NULL: from the start */
    int64_t after_revision;
};
/* Family, revision, status, times and registeredBy. */
int daemon_definition_rows_list(struct store *store, const struct daemon_definition_filter *filter,
    unsigned limit, struct arena *arena, struct task_definition_row *ret_rows, unsigned *ret_count);

/* The row of the next definition behind `after` that is in DELETE_IN_PROGRESS. STORE_NOT_FOUND: there is none. */
int daemon_definition_rows_next_deleting(struct store *store, int64_t after, int64_t *ret_id);

#endif
