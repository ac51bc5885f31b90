/* Deployments that shift traffic, and those that lifecycle hooks hold: stage by stage (facts: services 8). The table
 * is domain/traffic_shift.h; here is what it needs to know, the hooks, and what follows for the scheduler. */
#ifndef DEPLOYMENT_STAGES_H
#define DEPLOYMENT_STAGES_H

#include "service_internal.h"

/* Lets the PRIMARY deployment of a service go on as far as it can now. Sets holds_old, may_complete and its record's
 * stage, weights and hooks; a hook that refuses rolls it back. *ret_due_ms: when to look again; 0: when something
 * happens. Nothing to do for one that rolls without hooks. */
int deployment_stage_act(struct engine *engine, struct service *service, struct deployment *deployment,
    int64_t now_ms, int64_t *ret_due_ms);

/* Fails the deployment and goes back to the last that was completed (service_rollout.c). */
int engine_deployment_roll_back(
    struct engine *engine, struct service *service, struct deployment *deployment, const char *reason);

#endif
