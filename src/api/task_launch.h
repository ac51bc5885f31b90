/* What RunTask and StartTask find out before a task is made, and making it. */
#ifndef TASK_LAUNCH_H
#define TASK_LAUNCH_H

#include "capacity_strategy.h"

struct launch {
    int64_t definition_id;
    int64_t family_id;
    const char *definition_arn;
    bool definition_active;
    const struct task_definition *definition;
    enum launch_kind kind;
    const char *launch_type;
    const struct value *strategy;        /* NULL: a launch type decides */
    struct capacity_provider *providers; /* of the strategy's items */
    unsigned *assigned;                  /* tasks that each item has got */
    const char *capacity_provider;       /* of the next task; NULL: none */
    bool waits;                          /* the next task waits for capacity */
    const struct value *volume;          /* the volumeConfiguration; NULL: none */
    const char *platform_version;        /* Fargate */
    const char *platform_family;         /* Fargate */
    const struct value *subnets;         /* awsvpc: one at least */
    const char **zones;                  /* of the subnets, when all are known */
    unsigned zone_count;
    const char *group;
    struct placement_rules rules;
    const struct value *overrides; /* as a Task shows it */
    struct task_demand demand;
};

/* Does the definition run there? */
bool launch_supported(const struct task_definition *definition, enum launch_kind kind);
/* The launch type of the request, its capacity provider strategy, or the cluster's. 0, API_ERROR or <0. */
int launch_choose_capacity(struct api_call *call, const struct cluster *cluster, struct launch *launch);
/* The provider of the next task, by base and weight (facts: services 11.3); NULL without a strategy. */
const struct capacity_provider *launch_next_provider(struct launch *launch);
/* The volumeConfigurations of the request against the definition's volume. 0 or API_ERROR. */
int launch_check_volumes(struct api_call *call, struct launch *launch);

/* RunTask with a clientToken (facts: tasks 5.3). 0: the token is new; CLIENT_TOKEN_REPLAYED: the answer of the first
 * call is written; API_ERROR: it was another request. */
enum {
    CLIENT_TOKEN_REPLAYED = 1
};
int client_token_replay(struct api_call *call, struct cluster *cluster);
/* Keeps what the call has answered (the reply is complete). */
int client_token_keep(struct api_call *call, const struct cluster *cluster);

/* The platform version that `version` (NULL or LATEST: the newest) stands for. 0 or API_ERROR. */
int launch_choose_platform(struct api_call *call, const char *version, struct launch *launch);
/* Makes one task, sets it going and writes it into the open list of the reply. */
int launch_task(
    struct api_call *call, struct cluster *cluster, struct instance *instance_or_null, struct launch *launch);
/* The request's placementStrategy and so on, as a task that waits keeps it. */
const struct value *launch_waiting_value(struct api_call *call, const struct launch *launch);

#endif
