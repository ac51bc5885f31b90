/* What RunTask and StartTask find out before a task is made, and making it. */
#ifndef TASK_LAUNCH_H
#define TASK_LAUNCH_H

#include "api_lookup.h"

struct launch {
    int64_t definition_id;
    int64_t family_id;
    const char *definition_arn;
    bool definition_active;
    const struct task_definition *definition;
    enum launch_kind kind;
    const char *launch_type;
    const char *capacity_provider; /* NULL: none */
    const char *platform_version;  /* Fargate */
    const char *platform_family;   /* Fargate */
    const struct value *subnets;   /* awsvpc: one at least */
    const char **zones;            /* of the subnets, when all are known */
    unsigned zone_count;
    const char *group;
    struct placement_rules rules;
    const struct value *overrides; /* as a Task shows it */
    struct task_demand demand;
};

/* Does the definition run there? */
bool launch_supported(const struct task_definition *definition, enum launch_kind kind);
/* The cluster's default capacity provider strategy, NULL when it has none. */
const struct value *launch_cluster_strategy(struct api_call *call, const struct cluster *cluster);
/* One of the strategy's providers, by base and weight (facts: tasks 5.3). 0 or API_ERROR. */
int launch_choose_provider(struct api_call *call, const struct value *strategy, struct launch *launch);
/* The platform version that `version` (NULL or LATEST: the newest) stands for. 0 or API_ERROR. */
int launch_choose_platform(struct api_call *call, const char *version, struct launch *launch);
/* Makes one task, sets it going and writes it into the open list of the reply. */
int launch_task(
    struct api_call *call, struct cluster *cluster, struct instance *instance_or_null, struct launch *launch);

#endif
