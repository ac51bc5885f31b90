/* Managed daemons, their revisions, deployments and tasks in the database. See store.h for errors and ownership. */
#ifndef ECS_LOCAL_STORE_DAEMON_ROWS_H
#define ECS_LOCAL_STORE_DAEMON_ROWS_H

#include "ecs-local/store/store.h"

struct daemon_row {
    int64_t id;
    int64_t scope_id;
    int64_t cluster_id;
    const char *name;
    const char *status; /* ACTIVE or DELETE_IN_PROGRESS */
    int64_t created_ms;
    int64_t updated_ms; /* 0: never */
    int64_t revision_id;
    int64_t deployment_id;
    int64_t failures;
    int64_t failed_ms;
    int64_t due_ms;           /* 0: nothing is due */
    const char *client_token; /* NULL: none */
    const char *request;      /* JSON: that made it, without the token */
    const char *tags;         /* JSON list */
};

int daemon_rows_insert(struct store *store, const struct daemon_row *row, int64_t *ret_id);
/* Writes what can change. */
int daemon_rows_update(struct store *store, const struct daemon_row *row);
/* With its revisions and deployments, and what it knows of its tasks. */
int daemon_rows_delete(struct store *store, int64_t id);
int daemon_rows_get(struct store *store, int64_t cluster_id, const char *name, struct arena *arena,
    struct daemon_row *ret_row);
int daemon_rows_get_by_id(struct store *store, int64_t id, struct arena *arena, struct daemon_row *ret_row);
/* A page in order of names behind `after`: name, status and times only. `providers`: NULL for all, or words between
 * commas. */
int daemon_rows_list(struct store *store, int64_t cluster_id, const char *after,
    const char *providers_or_null, unsigned limit, struct arena *arena, struct daemon_row *ret_rows,
    unsigned *ret_count);
/* Calls `each` for the daemons of a cluster (0: of all), oldest first. It must not write daemons. */
int daemon_rows_each(
    struct store *store, int64_t cluster_id, void *context, int (*each)(void *context, int64_t id));
int daemon_rows_each_due(
    struct store *store, void *context, int (*each)(void *context, int64_t row, int64_t due_ms));
/* Does a daemon of the cluster run on that capacity provider? 0 yes, STORE_NOT_FOUND no. */
int daemon_rows_uses_provider(struct store *store, int64_t cluster_id, const char *provider);
/* Does the cluster have a daemon? 0 yes, STORE_NOT_FOUND no. */
int daemon_rows_uses_cluster(struct store *store, int64_t cluster_id);
/* Does a revision of some daemon refer to the definition? 0 yes, STORE_NOT_FOUND no. */
int daemon_rows_uses_definition(struct store *store, int64_t task_definition_id);

struct daemon_revision_row {
    int64_t id;
    int64_t daemon_id;
    const char *digits;
    int64_t task_definition_id;
    int64_t family_id;
    const char *family; /* as stored, with its prefix */
    int64_t revision;
    int64_t created_ms;
    const char *providers; /* JSON list of names */
    const char *images;    /* JSON list */
    const char *propagate_tags;
    bool managed_tags;
    bool execute_command;
    bool critical;
};
int daemon_revision_rows_insert(struct store *store, const struct daemon_revision_row *row, int64_t *ret_id);
int daemon_revision_rows_get(struct store *store, int64_t daemon_id, const char *digits, struct arena *arena,
    struct daemon_revision_row *ret_row);
int daemon_revision_rows_get_by_id(
    struct store *store, int64_t id, struct arena *arena, struct daemon_revision_row *ret_row);

struct daemon_deployment_row {
    int64_t id;
    int64_t daemon_id;
    const char *uid;
    const char *status;
    const char *reason; /* NULL: none */
    int64_t revision_id;
    int64_t source_revision_id; /* 0: it is the first */
    int64_t created_ms;
    int64_t started_ms;
    int64_t stopped_ms;
    int64_t finished_ms;
    int64_t stable_ms;
    int64_t failures;
    const char *rollback_reason; /* NULL: it was not rolled back */
    int64_t rollback_ms;
    double drain_percent; /* <0: not given */
    int64_t bake_minutes;
    const char *alarms;    /* JSON list of names */
    const char *triggered; /* JSON list of names */
};
int daemon_deployment_rows_insert(
    struct store *store, const struct daemon_deployment_row *row, int64_t *ret_id);
int daemon_deployment_rows_update(struct store *store, const struct daemon_deployment_row *row);
int daemon_deployment_rows_get(struct store *store, int64_t daemon_id, const char *uid, struct arena *arena,
    struct daemon_deployment_row *ret_row);
int daemon_deployment_rows_get_by_id(
    struct store *store, int64_t id, struct arena *arena, struct daemon_deployment_row *ret_row);
/* How many deployments are under way, of all accounts. */
int daemon_deployment_rows_open(struct store *store, unsigned *ret_count);
struct daemon_deployment_filter {
    int64_t daemon_id;
    const char *statuses; /* NULL: all; words between commas */
    int64_t from_ms;
    int64_t to_ms;
    int64_t before; /* row; INT64_MAX: from the newest */
};
/* Newest first. */
int daemon_deployment_rows_list(struct store *store, const struct daemon_deployment_filter *filter,
    unsigned limit, struct arena *arena, struct daemon_deployment_row *ret_rows, unsigned *ret_count);

struct daemon_task_row {
    int64_t task_id;
    int64_t revision_id;
    int64_t container_instance_id;
    bool running;   /* last status RUNNING, and wanted so */
    int64_t due_ms; /* of its next step; 0: none */
    bool wanted;    /* desired status RUNNING */
};
int daemon_task_rows_insert(struct store *store, int64_t task_id, int64_t daemon_id, int64_t revision_id);
/* Whose task it is. STORE_NOT_FOUND: of no daemon. */
int daemon_task_rows_get(
    struct store *store, int64_t task_id, int64_t *ret_daemon_id, int64_t *ret_revision_id);
/* The daemon's tasks that are not STOPPED, oldest first. */
int daemon_task_rows_unfinished(struct store *store, int64_t daemon_id, void *context,
    int (*each)(void *context, const struct daemon_task_row *row));
/* The task is forgotten. */
int daemon_task_rows_delete(struct store *store, int64_t task_id);

#endif
