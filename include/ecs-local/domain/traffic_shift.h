/* The stages of a service deployment that moves traffic (BLUE_GREEN, LINEAR, CANARY), and those at which hooks
 * hold a ROLLING one, as a table: where it is and what is known now → where it goes. Pure.
 * Source: facts services 8.1. */
#ifndef ECS_LOCAL_DOMAIN_TRAFFIC_SHIFT_H
#define ECS_LOCAL_DOMAIN_TRAFFIC_SHIFT_H

#include <stdbool.h>
#include <stdint.h>

#include "ecs-local/base/value.h"

enum shift_stage {
    SHIFT_NONE, /* not begun */
    SHIFT_RECONCILE_SERVICE,
    SHIFT_PRE_SCALE_UP,
    SHIFT_SCALE_UP,
    SHIFT_POST_SCALE_UP,
    SHIFT_TEST_TRAFFIC,
    SHIFT_POST_TEST_TRAFFIC,
    SHIFT_PRE_PRODUCTION_TRAFFIC,
    SHIFT_PRODUCTION_TRAFFIC,
    SHIFT_POST_PRODUCTION_TRAFFIC,
    SHIFT_BAKE_TIME,
    SHIFT_CLEAN_UP,
    SHIFT_DONE,
    SHIFT_STAGE_COUNT
};

enum shift_strategy {
    SHIFT_ROLLING,
    SHIFT_BLUE_GREEN,
    SHIFT_LINEAR,
    SHIFT_CANARY,
};

struct shift_plan {
    enum shift_strategy strategy;
    double step_percent; /* LINEAR: of every step; CANARY: of the first */
    int64_t step_bake_ms;
    int64_t bake_ms;
    bool has_source;      /* a revision serves already; without one there is nothing to wait for */
    bool several_sources; /* more than one does: they are reconciled first */
};

struct shift_state {
    enum shift_stage stage;
    unsigned round;           /* traffic shifts of production so far */
    double production_weight; /* of the target revision; the sources have the rest of 100 */
    double test_weight;
    int64_t entered_ms; /* when the stage began */
};

enum shift_hooks {
    SHIFT_HOOKS_DONE, /* of this stage; also when it has none */
    SHIFT_HOOKS_OPEN,
    SHIFT_HOOKS_FAILED,
};

struct shift_input {
    int64_t now_ms;
    enum shift_hooks hooks;
    bool scaled_up;  /* the target has all its tasks, healthy */
    bool cleaned_up; /* the sources have no tasks left */
};

enum shift_result {
    SHIFT_WAITS, /* *ret_due_ms: until then at least; 0: for something to happen */
    SHIFT_MOVES, /* to *ret_next */
    SHIFT_FAILS, /* a hook refused: roll back */
};

/* From a complete deploymentConfiguration. */
void shift_plan_read(const struct value *configuration, struct shift_plan *ret_plan);

/* One step. Call again after SHIFT_MOVES; a state in SHIFT_DONE waits for ever. */
enum shift_result shift_step(const struct shift_plan *plan, const struct shift_state *state,
    const struct shift_input *input, struct shift_state *ret_next, int64_t *ret_due_ms);

/* The name as lifecycle hooks use it; NULL for NONE and DONE. */
const char *shift_stage_name(enum shift_stage stage);
/* As lifecycleStage shows it, whose enum lacks PRE_PRODUCTION_TRAFFIC_SHIFT (facts: services 8.1, 19). */
const char *shift_stage_shown(enum shift_stage stage);
/* The stage of a name; SHIFT_NONE for anything else. */
enum shift_stage shift_stage_of(const char *name);

#endif
