/* Rules of volumes that are configured at launch, for services and tasks alike (facts: services 2.3 #58 to #60, 2.8).
 * Pure. */
#ifndef ECS_LOCAL_DOMAIN_VOLUME_RULES_H
#define ECS_LOCAL_DOMAIN_VOLUME_RULES_H

#include "ecs-local/base/arena.h"
#include "ecs-local/base/value.h"
#include "ecs-local/domain/violation.h"

/* `configurations`: the request's volumeConfigurations, NULL: none. `configured`: the volume of the task definition that
 * is configured at launch, NULL: none. 0, or 1 and *ret_violation. */
int volume_rules_check(struct arena *arena, const struct value *configurations, const char *configured,
    struct violation *ret_violation);

#endif
