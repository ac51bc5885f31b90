#include "ecs-local/domain/traffic_shift.h"

#include "ecs-local/base/text.h"

enum {
    MINUTE_MS = 60 * 1000,
};

static const double all_traffic = 100.0;

/* Which hooks and stages there are, and what follows. */
struct stage_row {
    const char *name;
    bool hooks;               /* lifecycle hooks may be set on it */
    enum shift_stage next;    /* of a deployment that shifts traffic */
    enum shift_stage rolling; /* of one that rolls */
};

static const struct stage_row rows[SHIFT_STAGE_COUNT] = {
    [SHIFT_NONE] = {NULL, false, SHIFT_PRE_SCALE_UP, SHIFT_PRE_SCALE_UP},
    [SHIFT_RECONCILE_SERVICE] = {"RECONCILE_SERVICE", true, SHIFT_PRE_SCALE_UP, SHIFT_PRE_SCALE_UP},
    [SHIFT_PRE_SCALE_UP] = {"PRE_SCALE_UP", true, SHIFT_SCALE_UP, SHIFT_SCALE_UP},
    [SHIFT_SCALE_UP] = {"SCALE_UP", false, SHIFT_POST_SCALE_UP, SHIFT_POST_SCALE_UP},
    [SHIFT_POST_SCALE_UP] = {"POST_SCALE_UP", true, SHIFT_TEST_TRAFFIC, SHIFT_BAKE_TIME},
    [SHIFT_TEST_TRAFFIC] = {"TEST_TRAFFIC_SHIFT", true, SHIFT_POST_TEST_TRAFFIC, SHIFT_BAKE_TIME},
    [SHIFT_POST_TEST_TRAFFIC] = {"POST_TEST_TRAFFIC_SHIFT", true, SHIFT_PRE_PRODUCTION_TRAFFIC,
        SHIFT_BAKE_TIME},
    [SHIFT_PRE_PRODUCTION_TRAFFIC] = {"PRE_PRODUCTION_TRAFFIC_SHIFT", true, SHIFT_PRODUCTION_TRAFFIC,
        SHIFT_BAKE_TIME},
    [SHIFT_PRODUCTION_TRAFFIC] = {"PRODUCTION_TRAFFIC_SHIFT", true, SHIFT_POST_PRODUCTION_TRAFFIC,
        SHIFT_BAKE_TIME},
    [SHIFT_POST_PRODUCTION_TRAFFIC] = {"POST_PRODUCTION_TRAFFIC_SHIFT", true, SHIFT_BAKE_TIME,
        SHIFT_BAKE_TIME},
    [SHIFT_BAKE_TIME] = {"BAKE_TIME", false, SHIFT_CLEAN_UP, SHIFT_CLEAN_UP},
    [SHIFT_CLEAN_UP] = {"CLEAN_UP", false, SHIFT_DONE, SHIFT_DONE},
    [SHIFT_DONE] = {NULL, false, SHIFT_DONE, SHIFT_DONE},
};

const char *shift_stage_name(enum shift_stage stage) {
    return rows[stage].name;
}

const char *shift_stage_shown(enum shift_stage stage) {
    return rows[stage == SHIFT_PRE_PRODUCTION_TRAFFIC ? SHIFT_PRODUCTION_TRAFFIC : stage].name;
}

enum shift_stage shift_stage_of(const char *name) {
    for (int stage = 0; stage < SHIFT_STAGE_COUNT; stage++) {
        if (text_equal(rows[stage].name, name))
            return (enum shift_stage)stage;
    }
    return SHIFT_NONE;
}

static double real_of(const struct value *map, const char *key, double fallback) {
    const struct value *value = value_get(map, key);
    if (value == NULL)
        return fallback;
    return value->kind == VALUE_REAL ? value->real : (double)value->integer;
}

void shift_plan_read(const struct value *configuration, struct shift_plan *ret_plan) {
    const char *strategy = value_string(configuration, "strategy");
    const struct value *linear = value_get(configuration, "linearConfiguration");
    const struct value *canary = value_get(configuration, "canaryConfiguration");
    struct shift_plan plan = {
        .strategy = SHIFT_ROLLING,
        .step_percent = all_traffic,
        .bake_ms = value_int(configuration, "bakeTimeInMinutes", 0) * MINUTE_MS,
    };
    if (text_equal(strategy, "BLUE_GREEN"))
        plan.strategy = SHIFT_BLUE_GREEN;
    if (text_equal(strategy, "LINEAR")) {
        plan.strategy = SHIFT_LINEAR;
        plan.step_percent = real_of(linear, "stepPercent", all_traffic);
        plan.step_bake_ms = value_int(linear, "stepBakeTimeInMinutes", 0) * MINUTE_MS;
    }
    if (text_equal(strategy, "CANARY")) {
        plan.strategy = SHIFT_CANARY;
        plan.step_percent = real_of(canary, "canaryPercent", all_traffic);
        plan.step_bake_ms = value_int(canary, "canaryBakeTimeInMinutes", 0) * MINUTE_MS;
    }
    *ret_plan = plan;
}

/* How much of production goes to the target after so many shifts. */
static double weight_after(const struct shift_plan *plan, unsigned round) {
    double weight = plan->step_percent * round;
    bool at_once = !plan->has_source || plan->strategy == SHIFT_BLUE_GREEN || plan->strategy == SHIFT_ROLLING;
    if (at_once || weight > all_traffic || (plan->strategy == SHIFT_CANARY && round > 1))
        return all_traffic;
    return weight;
}

/* When the stage may be left at the earliest, as far as the clock is concerned. Nothing bakes beside nothing. */
static int64_t earliest_ms(const struct shift_plan *plan, const struct shift_state *state) {
    if (!plan->has_source)
        return state->entered_ms;
    if (state->stage == SHIFT_BAKE_TIME)
        return state->entered_ms + plan->bake_ms;
    if (state->stage == SHIFT_PRODUCTION_TRAFFIC && state->production_weight < all_traffic)
        return state->entered_ms + plan->step_bake_ms;
    return state->entered_ms;
}

static enum shift_stage stage_after(const struct shift_plan *plan, const struct shift_state *state) {
    bool rolls = plan->strategy == SHIFT_ROLLING;
    if (state->stage == SHIFT_NONE && plan->several_sources)
        return SHIFT_RECONCILE_SERVICE;
    if (!rolls && state->stage == SHIFT_PRODUCTION_TRAFFIC && state->production_weight < all_traffic)
        return SHIFT_PRE_PRODUCTION_TRAFFIC;
    return rolls ? rows[state->stage].rolling : rows[state->stage].next;
}

enum shift_result shift_step(const struct shift_plan *plan, const struct shift_state *state,
    const struct shift_input *input, struct shift_state *ret_next, int64_t *ret_due_ms) {
    *ret_due_ms = 0;
    if (rows[state->stage].hooks && input->hooks == SHIFT_HOOKS_FAILED)
        return SHIFT_FAILS;
    if ((rows[state->stage].hooks && input->hooks == SHIFT_HOOKS_OPEN) || state->stage == SHIFT_DONE ||
        (state->stage == SHIFT_SCALE_UP && !input->scaled_up) ||
        (state->stage == SHIFT_CLEAN_UP && !input->cleaned_up))
        return SHIFT_WAITS;
    int64_t earliest = earliest_ms(plan, state);
    if (input->now_ms < earliest) {
        *ret_due_ms = earliest;
        return SHIFT_WAITS;
    }
    struct shift_state next = *state;
    next.stage = stage_after(plan, state);
    next.entered_ms = input->now_ms;
    if (next.stage == SHIFT_TEST_TRAFFIC)
        next.test_weight = all_traffic;
    if (next.stage == SHIFT_PRODUCTION_TRAFFIC)
        next.production_weight = weight_after(plan, ++next.round);
    *ret_next = next;
    return SHIFT_MOVES;
}
