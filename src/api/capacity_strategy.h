/* Capacity providers by name, and strategies over them (facts: services 11; tasks 5.3). */
#ifndef CAPACITY_STRATEGY_H
#define CAPACITY_STRATEGY_H

#include "api_lookup.h"
#include "ecs-local/engine/task_launch.h"

enum {
    CAPACITY_PROVIDERS_MAX = 20, /* of a cluster or strategy */
};

/* The provider that a name or an ARN means. 0, STORE_NOT_FOUND, API_ERROR (an ARN of somewhere else) or <0. */
int capacity_provider_find(struct api_call *call, const char *text, struct capacity_provider *ret_provider);

/* Every item of the strategy is one of `associated` (names), of one sort, with a weight and at most one base. */
int capacity_strategy_check(
    struct api_call *call, const struct value *strategy, const struct value *associated);

#endif
