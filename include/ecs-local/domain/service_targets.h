/* Which target groups the tasks of a service revision register with. Pure.
 *
 * A load balancer with an alternateTargetGroupArn has two target groups; a deployment that shifts traffic fills the one
 * that does not serve production, so their parts change with every deployment that goes through (D: that a first
 * deployment fills targetGroupArn). What a revision has chosen is its resolvedConfiguration.
 * Sources: facts services 2.8, 8, 9.5. */
#ifndef ECS_LOCAL_DOMAIN_SERVICE_TARGETS_H
#define ECS_LOCAL_DOMAIN_SERVICE_TARGETS_H

#include <stdbool.h>
#include <stddef.h>

#include "ecs-local/base/arena.h"
#include "ecs-local/base/value.h"

/* Has it a choice at all? */
bool service_targets_have_choice(const struct value *revision);
/* Sets the resolvedConfiguration of a revision that has a choice. `serving_or_null`: the revision that serves production;
 * `shifts`: the new one comes beside it and takes over its traffic, else it takes its place. */
void service_targets_resolve(
    struct arena *arena, struct value *revision, const struct value *serving_or_null, bool shifts);
/* The target group of its load balancer number `index`; NULL for a Classic Load Balancer. */
const char *service_targets_group(const struct value *revision, size_t index);

#endif
