/* The cluster query language: which container instances an expression means (facts: tasks 8.2). Pure.
 *
 * Expressions come from memberOf constraints and from ListContainerInstances. A parsed query may be asked any
 * number of times; it keeps small notes of its last answers, so it is not shared between threads. */
#ifndef ECS_LOCAL_DOMAIN_CLUSTER_QUERY_H
#define ECS_LOCAL_DOMAIN_CLUSTER_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "ecs-local/base/arena.h"
#include "ecs-local/domain/violation.h"

enum {
    CLUSTER_QUERY_LENGTH_MAX = 2000, /* characters; the bound of PlacementConstraint.expression */
    CLUSTER_QUERY_DEPTH_MAX = 32,    /* parentheses and negations within each other */
};

struct cluster_query;

/* What a query asks about one container instance. The functions get `context`. */
struct query_subject {
    const void *context;
    /* All text stays where it is for as long as the query is asked. */
    /* Its attribute's value, "" for one without a value, NULL when it lacks it. */
    const char *(*attribute)(const void *context, const char *name);
    bool (*in_task_group)(const void *context, const char *group); /* has it a task of that group? */
    /* Has it a task of a group for which `test` says yes? */
    bool (*any_task_group)(
        const void *context, bool (*test)(void *test_context, const char *group), void *test_context);
    uint32_t attributes_id; /* subjects of the same id have the same attributes; 0: not known */
    bool agent_connected;
    const char *agent_version;   /* NULL: not known */
    const char *ec2_instance_id; /* NULL: none */
    int64_t registered_ms;
    unsigned running_tasks;
};

/* Parses `text`; the query lives in `arena`. 0, or 1 and an InvalidParameterException that says where. */
int cluster_query_parse(
    struct arena *arena, const char *text, struct cluster_query **ret_query, struct violation *ret_violation);

bool cluster_query_matches(struct cluster_query *query, const struct query_subject *subject);

enum {
    QUERY_REST_MAX = 16
};

/* What attributes leave to be asked of each subject: all parts have to match. */
struct query_rest {
    struct cluster_query *parts[QUERY_REST_MAX];
    unsigned count;
    bool incomplete; /* there are more parts than fit: ask the whole query */
};
/* Adds the rest of the query for subjects that have the attributes of this one; false when it matches none of them. */
bool cluster_query_split(
    struct cluster_query *query, const struct query_subject *subject, struct query_rest *rest);

/* Version numbers, part by part: "1.9.0" is less than "1.10.0". <0, 0, >0. */
int cluster_query_compare_versions(const char *left, const char *right);

#endif
