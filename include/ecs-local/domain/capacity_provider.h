/* Capacity providers and strategies over them (facts: services 11; tasks 5.3). Pure. */
#ifndef ECS_LOCAL_DOMAIN_CAPACITY_PROVIDER_H
#define ECS_LOCAL_DOMAIN_CAPACITY_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>

#include "ecs-local/base/value.h"

enum capacity_provider_kind {
    PROVIDER_FARGATE,
    PROVIDER_FARGATE_SPOT,
    PROVIDER_AUTO_SCALING_GROUP,
    PROVIDER_MANAGED_INSTANCES,
};

struct capacity_provider {
    enum capacity_provider_kind kind;
    const char *name;
    bool active;
    bool managed_scaling;
    bool managed_draining;
    bool termination_protection; /* managed: no instance with tasks is ended */
    int target_capacity;         /* percent */
    int minimum_step;
    int maximum_step;
};

/* FARGATE and FARGATE_SPOT, which exist everywhere. 0, or 1 for any other name. */
int capacity_provider_built_in(const char *name, struct capacity_provider *ret_provider);
/* One that a user made, from its document. */
void capacity_provider_read(
    const char *name, bool active, const struct value *document, struct capacity_provider *ret_provider);

/* Which item of the strategy takes the next task: bases first, then the smallest (assigned − base) ÷ weight
 * (facts: services 11.3 D). `assigned` counts per item and is counted on. */
size_t capacity_strategy_next(const struct value *strategy, unsigned *assigned);

#endif
