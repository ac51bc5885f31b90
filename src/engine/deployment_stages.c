#include "deployment_stages.h"

#include <stdlib.h>
#include <string.h>

#include "deployment_hooks_internal.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/base/writer.h"
#include "ecs-local/domain/traffic_shift.h"

enum {
    STATE_TEXT_MAX = 256 * 1024,
};

static const double whole = 100.0;
static const int64_t never_ms = INT64_MAX / 4;

/* ---- what is kept of it ---- */

static double real_of(const struct value *map, const char *key) {
    const struct value *value = value_get(map, key);
    if (value == NULL)
        return 0;
    return value->kind == VALUE_REAL ? value->real : (double)value->integer;
}

static int read_state(struct arena *arena, const struct deployment *deployment, struct stage_run *run) {
    struct value *kept = NULL;
    *run = (struct stage_run){.arena = arena};
    if (deployment->stage_state == NULL)
        return 0;
    if (value_parse(arena, deployment->stage_state, strlen(deployment->stage_state), &kept) != 0)
        return error_raise(ERR_STORE, "the stages of deployment %s cannot be read", deployment->digits);
    run->state.stage = (enum shift_stage)value_int(kept, "stage", 0);
    run->state.round = (unsigned)value_int(kept, "round", 0);
    run->state.production_weight = real_of(kept, "production");
    run->state.test_weight = real_of(kept, "test");
    run->state.entered_ms = value_int(kept, "entered", 0);
    run->hooks = value_get(kept, "hooks");
    return 0;
}

static void keep_state(struct deployment *deployment, const struct stage_run *run) {
    struct buf buf = BUF_INIT(STATE_TEXT_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_object_begin(&writer);
    writer_key_int(&writer, "stage", run->state.stage);
    writer_key_int(&writer, "round", run->state.round);
    writer_key(&writer, "production");
    writer_real(&writer, run->state.production_weight);
    writer_key(&writer, "test");
    writer_real(&writer, run->state.test_weight);
    writer_key_int(&writer, "entered", run->state.entered_ms);
    writer_key_value_opt(&writer, "hooks", run->hooks);
    writer_object_end(&writer);
    free((char *)(uintptr_t)deployment->stage_state);
    deployment->stage_state = xstrdup(buf_text(&buf));
    deployment->dirty = true;
    buf_done(&buf);
}

/* ---- what the world says ---- */

static bool others_have_tasks(const struct service *service, const struct deployment *deployment) {
    for (const struct deployment *item = service->deployments; item != NULL; item = item->next) {
        if (item != deployment && item->running + item->pending != 0)
            return true;
    }
    return false;
}

static bool is_scaled_up(const struct service *service, const struct deployment *deployment) {
    unsigned wanted = (unsigned)service->desired_count;
    return deployment->pending == 0 && deployment->running == wanted && deployment->healthy >= wanted;
}

/* A deployment of a strategy that rolls bakes where it completes, not here. */
static void read_plan(struct stage_run *run, const struct service_deployment *record) {
    shift_plan_read(run->configuration, &run->plan);
    run->plan.has_source = record->source_count != 0;
    run->plan.several_sources = record->source_count > 1;
    if (run->plan.strategy == SHIFT_ROLLING)
        run->plan.bake_ms = 0;
}

/* ---- what follows ---- */

static const char *details_text(struct arena *arena, const struct stage_run *run) {
    struct buf buf = BUF_INIT(STATE_TEXT_MAX);
    struct writer writer = WRITER_INIT(&buf);
    stage_hooks_write(run, &writer);
    const char *text = arena_strdup(arena, buf_text(&buf));
    buf_done(&buf);
    return text;
}

static void show_weights(struct service_deployment *record, const struct stage_run *run) {
    if (run->plan.strategy == SHIFT_ROLLING)
        return;
    record->target.test_weight = run->state.test_weight;
    record->target.production_weight = run->state.production_weight;
    for (unsigned index = 0; index < record->source_count; index++) {
        record->sources[index].test_weight = index == 0 ? whole - run->state.test_weight : 0;
        record->sources[index].production_weight = index == 0 ? whole - run->state.production_weight : 0;
    }
}

static void show(
    struct deployment *deployment, const struct stage_run *run, int64_t now_ms, struct arena *scratch) {
    struct service_deployment *record = deployment->record;
    bool shifts = run->plan.strategy != SHIFT_ROLLING;
    deployment->holds_old = shifts && run->state.stage < SHIFT_CLEAN_UP;
    deployment->may_complete = run->state.stage == SHIFT_DONE;
    if (run->state.stage < SHIFT_SCALE_UP)
        deployment->next_start_ms = never_ms;
    else if (deployment->next_start_ms == never_ms)
        deployment->next_start_ms = 0;
    if (record == NULL)
        return;
    /* What is over has its last stage (D). */
    record->lifecycle_stage = shift_stage_shown(
        run->state.stage == SHIFT_DONE ? SHIFT_CLEAN_UP : run->state.stage);
    record->hook_details = NULL;
    if (value_count(run->hooks) != 0)
        record->hook_details = arena_strdup(record->arena, details_text(scratch, run));
    show_weights(record, run);
    record->updated_ms = now_ms;
    record->dirty = true;
}

/* A pause was answered while others are still open. */
static bool hooks_differ(const struct service_deployment *record, const struct stage_run *run) {
    return value_count(run->hooks) != 0 && !text_equal(record->hook_details, details_text(run->arena, run));
}

static int roll_back(
    struct engine *engine, struct service *service, struct deployment *deployment, struct stage_run *run) {
    run->state.production_weight = 0;
    run->state.test_weight = 0;
    show(deployment, run, engine_now_ms(engine), run->arena);
    keep_state(deployment, run);
    return engine_deployment_roll_back(engine, service, deployment, run->refusal);
}

/* As far as it goes. *ret_moved: something is different. */
static int step_on(struct engine *engine, struct service *service, struct deployment *deployment,
    struct stage_run *run, bool *ret_moved, int64_t *ret_due_ms) {
    enum shift_result verdict = SHIFT_MOVES;
    while (verdict == SHIFT_MOVES) {
        int64_t hooks_due_ms = 0;
        struct shift_input input = {
            .now_ms = engine_now_ms(engine),
            .scaled_up = is_scaled_up(service, deployment),
            .cleaned_up = !others_have_tasks(service, deployment),
        };
        int result = stage_hooks_act(
            engine, service, deployment, run, ret_moved, &input.hooks, &hooks_due_ms);
        if (result != 0)
            return result;
        verdict = shift_step(&run->plan, &run->state, &input, &run->state, ret_due_ms);
        if (verdict == SHIFT_MOVES) {
            *ret_moved = true;
            run->hooks = NULL;
        } else if (hooks_due_ms != 0 && (*ret_due_ms == 0 || hooks_due_ms < *ret_due_ms)) {
            *ret_due_ms = hooks_due_ms;
        }
    }
    run->refused = verdict == SHIFT_FAILS;
    return 0;
}

static bool has_stages(const struct service *service, const struct deployment *deployment) {
    return deployment->record != NULL && deployment->rollout == ROLLOUT_IN_PROGRESS &&
           !deployment->is_rollback && service->settings.controller == CONTROLLER_ECS &&
           (service->settings.strategy != STRATEGY_ROLLING ||
               strstr(deployment->record->configuration, "\"lifecycleHooks\"") != NULL);
}

int deployment_stage_act(struct engine *engine, struct service *service, struct deployment *deployment,
    int64_t now_ms, int64_t *ret_due_ms) {
    struct stage_run run;
    struct value *configuration = NULL;
    bool moved = false;
    *ret_due_ms = 0;
    if (!has_stages(service, deployment))
        return 0;
    struct service_deployment *record = deployment->record;
    struct arena *arena = arena_new();
    int result = read_state(arena, deployment, &run);
    if (result == 0 &&
        value_parse(arena, record->configuration, strlen(record->configuration), &configuration) != 0)
        result = error_raise(
            ERR_STORE, "the configuration of deployment %s cannot be read", deployment->digits);
    if (result == 0) {
        run.configuration = configuration;
        read_plan(&run, record);
        if (run.plan.strategy != SHIFT_ROLLING)
            result = service_networking_refused(engine, service, deployment, &run.refusal);
        run.refused = run.refusal != NULL;
    }
    if (result == 0 && !run.refused) {
        result = step_on(engine, service, deployment, &run, &moved, ret_due_ms);
        moved = moved || hooks_differ(record, &run);
    }
    if (result == 0 && run.refused) {
        *ret_due_ms = 0;
        result = roll_back(engine, service, deployment, &run);
    } else if (result == 0 && (moved || deployment->stage_state == NULL)) {
        show(deployment, &run, now_ms, arena);
        keep_state(deployment, &run);
    }
    arena_free(arena);
    return result;
}
