/* Whole deployments through the stages of traffic_shift.h. */
#include "ecs-local/base/text.h"
#include "ecs-local/domain/service_targets.h"
#include "ecs-local/domain/traffic_shift.h"
#include "golden_services.h"

enum {
    MINUTE_MS = 60 * 1000,
    STEPS_MAX = 400,
};

/* A script: at which stage (and which time it is reached) the hooks do what. */
static enum shift_hooks hooks_at(
    const struct value *script, const struct shift_state *state, int64_t now_ms) {
    value_for_each(told, script) {
        if (!text_equal(value_string(told, "stage"), shift_stage_name(state->stage)) ||
            (value_has(told, "round") && value_int(told, "round", 0) != state->round))
            continue;
        if (text_equal(value_string(told, "answer"), "FAILED"))
            return SHIFT_HOOKS_FAILED;
        if (now_ms < state->entered_ms + value_int(told, "minutes", 0) * MINUTE_MS)
            return SHIFT_HOOKS_OPEN;
    }
    return SHIFT_HOOKS_DONE;
}

static struct value *line(struct arena *arena, const struct shift_state *state, int64_t now_ms) {
    const char *name = shift_stage_name(state->stage);
    return value_new_string(
        arena, arena_printf(arena, "%lld min %s, production %.1f, test %.1f", (long long)(now_ms / MINUTE_MS),
                   name != NULL ? name : "DONE", state->production_weight, state->test_weight));
}

/* traffic_shift: {"configuration", "hasSource", "severalSources", "scaleUpMinutes", "cleanUpMinutes", "hooks"} →
 * {"log": [stage by stage]}; time passes a minute whenever nothing moves. */
struct value *answer_traffic_shift(struct arena *arena, const struct value *input) {
    struct shift_plan plan;
    shift_plan_read(value_get(input, "configuration"), &plan);
    plan.has_source = value_bool(input, "hasSource", true);
    plan.several_sources = value_bool(input, "severalSources", false);
    struct shift_state state = {0};
    struct value *log = value_new_list(arena, 16);
    int64_t now_ms = 0;
    for (unsigned step = 0; step < STEPS_MAX && state.stage != SHIFT_DONE; step++) {
        int64_t due_ms = 0;
        struct shift_input given = {.now_ms = now_ms,
            .hooks = hooks_at(value_get(input, "hooks"), &state, now_ms),
            .scaled_up = now_ms >= value_int(input, "scaleUpMinutes", 0) * MINUTE_MS,
            .cleaned_up = now_ms >= state.entered_ms + value_int(input, "cleanUpMinutes", 0) * MINUTE_MS};
        enum shift_result result = shift_step(&plan, &state, &given, &state, &due_ms);
        if (result == SHIFT_FAILS) {
            value_append(arena, log, value_new_string(arena, "rolled back"));
            break;
        }
        if (result == SHIFT_MOVES)
            value_append(arena, log, line(arena, &state, now_ms));
        else
            now_ms = due_ms != 0 ? due_ms : now_ms + MINUTE_MS;
    }
    return log;
}

/* service_targets: {"deployments": [{"loadBalancers", "rolls"?, "fails"?}]}, one after the other, each beside what the
 * last one that did not fail has → the target groups that each fills. */
struct value *answer_service_targets(struct arena *arena, const struct value *input) {
    struct value *answer = value_new_list(arena, 8);
    const struct value *serving = NULL;
    value_for_each(told, value_get(input, "deployments")) {
        struct value *revision = value_new_map(arena, 2);
        struct value *balancers = value_get(told, "loadBalancers");
        struct value *groups = value_new_list(arena, 2);
        value_add(arena, revision, "loadBalancers",
            balancers != NULL ? balancers : value_get(input, "loadBalancers"));
        service_targets_resolve(arena, revision, serving, !value_bool(told, "rolls", false));
        for (size_t index = 0; index < value_count(value_get(revision, "loadBalancers")); index++) {
            const char *group = service_targets_group(revision, index);
            value_append(arena, groups, value_new_string(arena, group != NULL ? group : "none"));
        }
        value_append(arena, answer, groups);
        if (!value_bool(told, "fails", false))
            serving = revision;
    }
    return answer;
}
