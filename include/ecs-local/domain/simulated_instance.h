/* What a simulated container instance registers, and which type managed instances take for a task. Pure. */
#ifndef ECS_LOCAL_DOMAIN_SIMULATED_INSTANCE_H
#define ECS_LOCAL_DOMAIN_SIMULATED_INSTANCE_H

#include "ecs-local/base/value.h"
#include "ecs-local/domain/instance_type.h"
#include "ecs-local/domain/resources.h"

struct simulated_instance {
    const struct instance_type *type;
    const char *zone;
    const char *subnet_id;          /* NULL: the simulated one of its zone */
    const char *capacity_provider;  /* NULL: none */
    const char *trunk_id;           /* NULL: no trunk interface */
    const struct value *attributes; /* further ones: a map from name to value or null; NULL: none */
};

/* The document of such an instance: registeredResources, attributes, versionInfo … as JSON. */
const char *simulated_instance_document(struct arena *arena, const struct simulated_instance *instance);

/* The smallest type that takes the demand and meets the InstanceRequirements of a launch template (NULL: none are made).
 * 0, or 1 when there is none. *ret_rank orders types by size. */
int managed_instance_choose(const struct value *requirements, const struct task_demand *demand, bool arm64,
    struct instance_type *ret_type, unsigned *ret_rank);

#endif
