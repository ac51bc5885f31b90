/* What can happen to capacity, hosts and Spot (POST /_ecs/faults):
 *
 *   {"capacity": "FARGATE", "zone": "a", "fault": "unavailable"}
 *                                       no place for new tasks of that launch type or capacity provider
 *   {"capacity": "FARGATE_SPOT", "zone": "a", "fault": "spotInterruption", "warning": "2m"}
 *                                       its tasks are warned now and stopped then
 *   {"task": ARN, "fault": "spotInterruption", "warning": "2m"}
 *   {"containerInstance": ARN, "fault": "agentDisconnect"}   until the fault is removed
 *   {"containerInstance": ARN, "fault": "spotInterruption", "warning": "2m"}   DRAINING now, gone then
 *   {"containerInstance": ARN, "fault": "terminate"}         gone at once
 *
 * All but the last two kinds may name "cluster", "account" and "region", too. */
#ifndef ECS_LOCAL_ENGINE_INTERRUPTIONS_H
#define ECS_LOCAL_ENGINE_INTERRUPTIONS_H

#include "ecs-local/engine/engine.h"
#include "ecs-local/engine/faults.h"

enum {
    /* The two-minute warning of Spot. */
    INTERRUPTION_WARNING_MS = 2 * 60 * 1000,
    INTERRUPTION_POINTLESS = 2, /* what the fault names is not there, or not alive */
};

/* What AWS says when there is no capacity (facts: tasks 5.3). */
extern const char capacity_unavailable_text[];
/* Is there none of `capacity` (a launch type or capacity provider) in the zone (NULL: of the whole region)? */
bool engine_capacity_unavailable(const struct engine *engine, const struct cluster *cluster,
    const char *capacity, const char *zone_or_null);
/* Is there any fault of capacity at all? */
bool engine_capacity_disturbed(const struct engine *engine);

/* A Spot interruption: the task is wanted stopped now, and begins its way down when the warning is over. */
int engine_task_interrupt(struct engine *engine, struct task *task, int64_t warning_ms);

/* Lets a fault of these kinds (checked) take effect. *ret_struck: what it has struck at once; *ret_due_ms: when the rest
 * is due, 0: never. 0, INTERRUPTION_POINTLESS or <0. */
int engine_interrupt(struct engine *engine, enum fault_kind kind, const struct value *document,
    unsigned *ret_struck, int64_t *ret_due_ms);

#endif
