/* Capacity providers by name, and strategies over them (facts: services 11; tasks 5.3). */
#ifndef CAPACITY_STRATEGY_H
#define CAPACITY_STRATEGY_H

#include "api_lookup.h"

enum {
    CAPACITY_PROVIDERS_MAX = 20, /* of a cluster or strategy */
};

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
};

/* The provider that a name or an ARN means. 0, STORE_NOT_FOUND, API_ERROR (an ARN of somewhere else) or <0. */
int capacity_provider_find(struct api_call *call, const char *text, struct capacity_provider *ret_provider);

/* Every item of the strategy is one of `associated` (names), of one sort, with a weight and at most one base. */
int capacity_strategy_check(
    struct api_call *call, const struct value *strategy, const struct value *associated);

/* Which item of the strategy takes the next task: bases first, then the smallest (assigned − base) ÷ weight
 * (facts: services 11.3 D). `assigned` counts per item and is counted on. */
size_t capacity_strategy_next(const struct value *strategy, unsigned *assigned);

#endif
