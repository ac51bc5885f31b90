/* How long simulated life-cycle steps take. */
#ifndef SIM_TIMING_H
#define SIM_TIMING_H

#include "ecs-local/base/value.h"
#include "ecs-local/domain/task.h"
#include "ecs-local/runtime/runtime_delay.h"

enum {
    SIM_NEVER_MS = -1
};

struct sim_stage {
    int64_t duration_ms; /* SIM_NEVER_MS: does not end by itself */
    int64_t jitter_ms;   /* up to so much more */
    int exit_code;       /* of RUNNING: how its containers end */
};

struct sim_timing {
    struct sim_stage stages[TASK_PLATFORM_COUNT][TASK_STATUS_COUNT];
    int64_t delays_ms[RUNTIME_DELAY_COUNT];
};

/* "instant" or "realistic" → 0, another name → 1. */
int sim_timing_named(const char *name, struct sim_timing *ret_timing);
/* 0, or 1 and a sentence (static or in the arena) that says what is wrong. */
int sim_timing_parse(
    struct arena *arena, const struct value *file, struct sim_timing *ret_timing, const char **ret_problem);

#endif
