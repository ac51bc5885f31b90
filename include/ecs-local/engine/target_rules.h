/* What target groups say about the tasks behind them: there is no load balancer, so it is told. Rules are for the tasks
 * that are there and those to come; the youngest that matches a task in a target group decides, and without one it is
 * healthy there. A task is unhealthy when one of its target groups says so. */
#ifndef ECS_LOCAL_ENGINE_TARGET_RULES_H
#define ECS_LOCAL_ENGINE_TARGET_RULES_H

#include "ecs-local/base/value.h"
#include "ecs-local/base/writer.h"
#include "ecs-local/engine/engine.h"

enum {
    TARGET_RULES_MAX = 1000,
    TARGET_RULES_FULL = 2,
};

enum target_health {
    TARGET_HEALTHY,
    TARGET_UNHEALTHY,
    TARGET_UNKNOWN, /* the health cannot be found out */
    TARGET_HEALTH_COUNT
};
const char *target_health_name(enum target_health health);
/* 0, or 1 when it is no such name. */
int target_health_parse(const char *name, enum target_health *ret_health);

/* `match`: an object of texts: account, region, cluster, service (names), taskDefinition ("web:2"), task (id),
 * taskSet, deployment (ids), targetGroup (ARN). Older rules that say no more than this one are forgotten.
 * 0, TARGET_RULES_FULL or <0. */
int engine_target_rule_add(
    struct engine *engine, const struct value *match, enum target_health health, const char *reason_or_null);
/* Everything is healthy again. */
int engine_target_rules_clear(struct engine *engine);
/* Into the open list: {"match", "health", "reason"}. */
void engine_target_rules_write(struct engine *engine, struct writer *writer);

#endif
