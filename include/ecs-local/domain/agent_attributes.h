/* The capabilities that a Linux agent registers (facts: tasks 7.2), so that everything a task definition can
 * require (facts: tasks 4.9) is there on a simulated instance. Names without values. */
#ifndef ECS_LOCAL_DOMAIN_AGENT_ATTRIBUTES_H
#define ECS_LOCAL_DOMAIN_AGENT_ATTRIBUTES_H

#include <stddef.h>

#include "ecs-local/base/arena.h"

/* NULL behind the last one. */
const char *agent_attribute(size_t index);

/* The version of simulated agents, which have nothing to update. */
#define AGENT_VERSION_NEWEST "1.98.0"

/* Where simulated instances are, and those whose identity document does not say: one VPC, a subnet a zone. */
#define SIMULATED_VPC_ID "vpc-0ec51000000000001"
const char *simulated_subnet_id(struct arena *arena, const char *zone);

#endif
