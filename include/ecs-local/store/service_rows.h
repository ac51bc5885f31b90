/* Services and their events in the database. See store.h for errors and ownership. */
#ifndef ECS_LOCAL_STORE_SERVICE_ROWS_H
#define ECS_LOCAL_STORE_SERVICE_ROWS_H

#include "ecs-local/base/writer.h"
#include "ecs-local/store/store.h"

struct service_row {
    int64_t id;
    int64_t cluster_id;
    const char *name;
    const char *status;
    int64_t desired_count;
    int64_t created_ms;
    int64_t inactive_ms;
    int64_t next_act_ms;
    int64_t steady_ms;
    const char *trouble; /* NULL: none */
    int64_t trouble_ms;
    bool rebalancing;
    const char *created_by; /* NULL: unknown */
    const char *tags;       /* JSON list */
    const char *document;   /* JSON object */
    /* Out of the document, for lists: */
    const char *launch_type; /* as lists filter by it; NULL: none */
    const char *scheduling_strategy;
    const char *resource_management;
    const char *name_space; /* NULL: none */
};

int service_rows_last_id(struct store *store, int64_t *ret_id);
/* The id is the caller's. */
int service_rows_insert(struct store *store, const struct service_row *row);
/* Status, count, moments, trouble. */
int service_rows_update(struct store *store, const struct service_row *row);
/* The document and what is out of it. */
int service_rows_update_document(struct store *store, const struct service_row *row);
int service_rows_update_tags(struct store *store, int64_t id, const char *tags);
/* 0, STORE_NOT_FOUND or <0. */
int service_rows_document(struct store *store, int64_t id, struct arena *arena, const char **ret_document,
    const char **ret_tags, const char **ret_created_by);
/* With all that belongs to it. */
int service_rows_delete(struct store *store, int64_t id);
int service_rows_each(
    struct store *store, void *context, int (*each)(void *context, const struct service_row *row));

struct service_filter {
    int64_t cluster_id;              /* unless name_space is given */
    int64_t scope_id;                /* with name_space */
    const char *name_space;          /* NULL: any */
    const char *launch_type;         /* NULL: any */
    const char *scheduling_strategy; /* NULL: any */
    const char *resource_management; /* NULL: any */
};
struct service_name {
    int64_t id;
    int64_t cluster_id;
    const char *name;
};
/* ACTIVE services behind the row `after`, in order of creation. */
int service_rows_list(struct store *store, const struct service_filter *filter, int64_t after, unsigned limit,
    struct arena *arena, struct service_name *ret_names, unsigned *ret_count);

/* Adds an event and forgets those that are not among the newest `kept`. */
int service_event_rows_add(struct store *store, int64_t service_id, const char *event_id, int64_t created_ms,
    const char *message, unsigned kept);
/* ServiceEvents into the open list of the writer, newest first. */
int service_event_rows_write(struct store *store, int64_t service_id, unsigned limit, struct writer *writer);

/* "OK", "ALARM" … as it was set. 0, STORE_NOT_FOUND or <0. */
int alarm_rows_get(
    struct store *store, int64_t scope_id, const char *name, struct arena *arena, const char **ret_state);
int alarm_rows_set(struct store *store, int64_t scope_id, const char *name, const char *state);
int alarm_rows_each(struct store *store, int64_t scope_id, void *context,
    int (*each)(void *context, const char *name, const char *state));

#endif
