/* Placement: which container instance takes a task (facts: tasks 8.3, 8.4). Pure: the caller shows the
 * candidates and gives a random number; the answer depends on nothing else. */
#ifndef ECS_LOCAL_DOMAIN_PLACEMENT_H
#define ECS_LOCAL_DOMAIN_PLACEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "ecs-local/base/value.h"
#include "ecs-local/domain/cluster_query.h"
#include "ecs-local/domain/resources.h"

enum {
    PLACEMENT_NONE = 1,
    PLACEMENT_CONSTRAINTS_MAX = 10, /* those of the task definition included */
    PLACEMENT_STRATEGIES_MAX = 5,
};

enum placement_strategy_kind {
    STRATEGY_RANDOM,
    STRATEGY_SPREAD_INSTANCE, /* over instances: instanceId or host */
    STRATEGY_SPREAD_ATTRIBUTE,
    STRATEGY_BINPACK_CPU,
    STRATEGY_BINPACK_MEMORY,
};

struct placement_strategy {
    enum placement_strategy_kind kind;
    const char *attribute; /* of STRATEGY_SPREAD_ATTRIBUTE */
};

/* Constraints bind, strategies prefer, in order. */
struct placement_rules {
    bool distinct_instance;
    struct cluster_query *members[PLACEMENT_CONSTRAINTS_MAX];
    unsigned member_count;
    struct placement_strategy strategies[PLACEMENT_STRATEGIES_MAX];
    unsigned strategy_count;
};

/* Reads the constraints of a task definition and those of a call (either NULL), and the call's strategy. The
 * rules live in `arena`. 0, or 1 and what is wrong in AWS's words. */
int placement_rules_read(struct arena *arena, const struct value *definition_constraints,
    const struct value *constraints, const struct value *strategies, struct placement_rules *ret_rules,
    struct violation *ret_violation);

/* A candidate, as far as every placement looks at it. */
struct placement_candidate {
    bool active; /* ACTIVE: others are not examined */
    bool agent_connected;
    unsigned group_tasks;   /* tasks of the same group that are on it and wanted RUNNING */
    uint32_t attributes_id; /* as in struct query_subject */
    const struct instance_resources *resources;
};

/* What candidates with the same attributes have in common. */
struct placement_traits {
    bool has_attributes; /* all that the task definition requires */
    bool in_location;    /* in a zone of the task's subnets */
};

/* The candidates, by index. A fleet has thousands of instances and few kinds of them: traits are asked once for all
 * that have the same attributes, subjects only where those do not decide. */
struct placement_view {
    unsigned count;
    const void *context;
    void (*candidate)(const void *context, unsigned index, struct placement_candidate *ret_candidate);
    void (*traits)(const void *context, unsigned index, struct placement_traits *ret_traits);
    void (*subject)(const void *context, unsigned index, struct query_subject *ret_subject);
};

/* Why the candidate cannot take the demand: AGENT, ATTRIBUTE, a constraint, LOCATION, RESOURCE:…; NULL when
 * it can. Checked in this order (facts: tasks 8.4 D). */
const char *placement_refusal(const struct placement_view *view, unsigned index,
    const struct task_demand *demand, const struct placement_rules *rules);

/* The best of the active candidates that can take the demand, ties broken by `random`. Without strategies
 * each has the same chance: few tries when most fit. With strategies one pass, and one for each strategy over
 * what is left. 0 and *ret_index, or PLACEMENT_NONE. `scratch` may be reset afterwards. */
int placement_choose(struct arena *scratch, const struct placement_view *view,
    const struct task_demand *demand, const struct placement_rules *rules, uint64_t random,
    unsigned *ret_index);

#endif
