/* Gateways, their clusters and their routes in the database. See store.h for errors and ownership. */
#ifndef ECS_LOCAL_STORE_GATEWAY_ROWS_H
#define ECS_LOCAL_STORE_GATEWAY_ROWS_H

#include "ecs-local/store/store.h"

struct gateway_row {
    int64_t id;
    int64_t scope_id;
    const char *name;
    const char *gateway_id;
    const char *status;
    int64_t due_ms; /* 0: no update is under way */
    int64_t created_ms;
    int64_t updated_ms;
    bool deletion_protection;
    const char *role_arn;
    const char *propagate_tags;
    const char *access_type;
    const char *client_token;  /* NULL: none */
    const char *request;       /* JSON: that made it, without the token */
    const char *balancer;      /* JSON object: hostSharedAlb */
    const char *tags;          /* JSON list */
    const char *status_reason; /* NULL: none */
    const char *failures;      /* JSON list; NULL: none */
};

int gateway_rows_insert(struct store *store, const struct gateway_row *row, int64_t *ret_id);
/* Writes what can change. */
int gateway_rows_update(struct store *store, const struct gateway_row *row);
int gateway_rows_delete(struct store *store, int64_t id);
int gateway_rows_get(struct store *store, int64_t scope_id, const char *name, struct arena *arena,
    struct gateway_row *ret_row);
int gateway_rows_get_by_id(struct store *store, int64_t id, struct arena *arena, struct gateway_row *ret_row);
/* A page in order of names behind `after`: name, id, status and creation only. `names` and `statuses`: NULL for all,
 * or words between commas (",a,b,"). */
int gateway_rows_list(struct store *store, int64_t scope_id, const char *after, const char *names_or_null,
    const char *statuses_or_null, unsigned limit, struct arena *arena, struct gateway_row *ret_rows,
    unsigned *ret_count);

/* What a gateway has to do with a cluster: ACTIVE, DISASSOCIATING or INACTIVE. */
struct gateway_cluster_row {
    int64_t id;
    int64_t gateway_row;
    const char *gateway;
    const char *gateway_id;
    const char *cluster;
    const char *status;
};
int gateway_cluster_rows_set(
    struct store *store, int64_t scope_id, int64_t gateway_row, int64_t cluster_id, const char *status);
int gateway_cluster_rows_status(struct store *store, int64_t gateway_row, int64_t cluster_id,
    struct arena *arena, const char **ret_status);
/* The gateways of a cluster that are not INACTIVE there; at most `limit`. Row and status only. */
int gateway_cluster_rows_of(struct store *store, int64_t cluster_id, unsigned limit, struct arena *arena,
    struct gateway_cluster_row *ret_rows, unsigned *ret_count);
/* The cluster is gone. */
int gateway_cluster_rows_end(struct store *store, int64_t cluster_id);
/* In how many clusters the gateway is not INACTIVE. */
int gateway_cluster_rows_used(struct store *store, int64_t gateway_row, unsigned *ret_count);
int gateway_cluster_rows_forget(struct store *store, int64_t gateway_row);
struct gateway_filter {
    int64_t scope_id;
    int64_t gateway_row;      /* 0: all */
    int64_t cluster_id;       /* 0: all */
    const char *service_name; /* NULL: all */
    const char *port_name;    /* NULL: all */
    const char *statuses;     /* NULL: all; words between commas */
    int64_t after;            /* row */
};
int gateway_cluster_rows_list(struct store *store, const struct gateway_filter *filter, unsigned limit,
    struct arena *arena, struct gateway_cluster_row *ret_rows, unsigned *ret_count);

struct gateway_route_row {
    int64_t id;
    int64_t scope_id;
    int64_t gateway_row;
    const char *gateway;
    const char *gateway_id;
    int64_t cluster_id;
    const char *cluster;
    const char *route_id;
    const char *service_name;
    const char *port_name;
    const char *status;
    int64_t balancer; /* counts from 1 */
    int64_t due_ms;   /* 0: nothing is due */
    const char *access_type;
};
int gateway_route_rows_insert(struct store *store, const struct gateway_route_row *row, int64_t *ret_id);
int gateway_route_rows_set_status(struct store *store, int64_t id, const char *status, int64_t due_ms);
int gateway_route_rows_delete(struct store *store, int64_t id);
int gateway_route_rows_get(struct store *store, int64_t scope_id, const char *route_id, struct arena *arena,
    struct gateway_route_row *ret_row);
int gateway_route_rows_get_by_id(
    struct store *store, int64_t id, struct arena *arena, struct gateway_route_row *ret_row);
int gateway_route_rows_of_service(struct store *store, int64_t cluster_id, const char *service_name,
    unsigned limit, struct arena *arena, struct gateway_route_row *ret_rows, unsigned *ret_count);
int gateway_route_rows_list(struct store *store, const struct gateway_filter *filter, unsigned limit,
    struct arena *arena, struct gateway_route_row *ret_rows, unsigned *ret_count);
/* How many routes the gateway has into the cluster. */
int gateway_route_rows_count(
    struct store *store, int64_t gateway_row, int64_t cluster_id, unsigned *ret_count);

/* Load balancers of a gateway that have routes, in order of their numbers behind `after`. */
struct gateway_balancer {
    int64_t number;
    unsigned routes;
};
int gateway_balancer_rows_list(struct store *store, int64_t gateway_row, int64_t after, unsigned limit,
    struct gateway_balancer *ret_balancers, unsigned *ret_count);
int gateway_balancer_rows_routes(struct store *store, int64_t gateway_row, int64_t number, unsigned limit,
    struct arena *arena, const char **ret_route_ids, unsigned *ret_count);

/* Calls `each` for what waits for a moment. */
int gateway_rows_each_due(
    struct store *store, void *context, int (*each)(void *context, int64_t row, int64_t due_ms));
int gateway_route_rows_each_due(
    struct store *store, void *context, int (*each)(void *context, int64_t row, int64_t due_ms));

#endif
