/* How long simulated life-cycle steps take: the durations of task_life.h for each platform. The format of a file:
 * sim_runtime.h. */
#ifndef SIM_TIMING_H
#define SIM_TIMING_H

#include "ecs-local/base/value.h"
#include "ecs-local/domain/task_life.h"
#include "ecs-local/runtime/runtime_delay.h"

struct sim_timing {
    struct life_timing platforms[TASK_PLATFORM_COUNT];
    int64_t delays_ms[RUNTIME_DELAY_COUNT];
};

/* "instant" or "realistic" → 0, another name → 1. */
int sim_timing_named(const char *name, struct sim_timing *ret_timing);
/* 0, or 1 and a sentence (static or in the arena) that says what is wrong. */
int sim_timing_parse(
    struct arena *arena, const struct value *file, struct sim_timing *ret_timing, const char **ret_problem);

#endif
