/* Lifecycle hooks: pauses that wait to be continued, and Lambda functions that are asked (facts: services 8.4). A hook
 * that has begun is a map: hookId, targetType, targetArn, status, expires, timeoutAction, poll. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deployment_hooks_internal.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/engine/journal.h"

enum {
    MINUTE_MS = 60 * 1000,
    LAMBDA_MINUTES = 1440,
    HOOK_ID_LENGTH = 43,
    STATE_TEXT_MAX = 256 * 1024,
    DETAIL_TEXT_MAX = 8 * 1024,
};

struct hook_scene {
    struct engine *engine;
    struct service *service;
    struct deployment *deployment;
    struct stage_run *run;
    int64_t now_ms;
};

static void set_text(struct stage_run *run, struct value *hook, const char *key, const char *text) {
    if (text != NULL)
        value_set(run->arena, hook, key, value_new_string(run->arena, text));
}

static void set_time(struct stage_run *run, struct value *hook, const char *key, int64_t time_ms) {
    value_set(run->arena, hook, key, value_new_int(run->arena, time_ms));
}

static bool is_pause(const struct value *hook) {
    return text_equal(value_string(hook, "targetType"), "PAUSE");
}

static bool is_open(const struct value *hook) {
    const char *status = value_string(hook, "status");
    return text_equal(status, "AWAITING_ACTION") || text_equal(status, "IN_PROGRESS");
}

/* EventBridge hears of pauses (facts: services 15). */
static void announce(const struct hook_scene *scene, const struct value *hook, const char *name) {
    struct service *service = scene->service;
    struct buf buf = BUF_INIT(DETAIL_TEXT_MAX);
    struct writer writer = WRITER_INIT(&buf);
    char expires[TEXT_ISO8601_SIZE];
    char now[TEXT_ISO8601_SIZE];
    if (!is_pause(hook) || scene->deployment->record == NULL)
        return;
    const char *arn = arn_of_service(
        scene->run->arena, service->arn, "service-deployment", scene->deployment->record->uid);
    text_format_iso8601(value_int(hook, "expires", 0), expires);
    text_format_iso8601(scene->now_ms, now);
    writer_object_begin(&writer);
    writer_key_string(&writer, "eventType", "INFO");
    writer_key_string(&writer, "eventName", name);
    writer_key_string(&writer, "hookId", value_string(hook, "hookId"));
    writer_key_string(&writer, "hookType", "PAUSE");
    writer_key_string(&writer, "expiresAt", expires);
    writer_key_string(&writer, "lifecycleStage", shift_stage_name(scene->run->state.stage));
    writer_key_string(&writer, "clusterArn", service->cluster->arn);
    writer_key_string(&writer, "serviceArn", service->arn);
    writer_key_string(&writer, "serviceDeploymentArn", arn);
    writer_key_string(&writer, "updatedAt", now);
    writer_object_end(&writer);
    engine_emit_event(
        scene->engine, service->cluster->scope, "ECS Hook State Change", &arn, 1, buf_text(&buf));
    buf_done(&buf);
}

/* ---- beginning ---- */

static const char *new_hook_id(const struct hook_scene *scene, bool pause) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char id[HOOK_ID_LENGTH + 1] = {0};
    for (unsigned index = 0; index < HOOK_ID_LENGTH; index++)
        id[index] = letters[ids_below(engine_ids(scene->engine), sizeof(letters) - 1)];
    return arena_printf(scene->run->arena, "ecs-%s-%s", pause ? "pause" : "lambda", id);
}

static void begin_hook(const struct hook_scene *scene, const struct value *told) {
    struct stage_run *run = scene->run;
    struct value *hook = value_new_map(run->arena, 8);
    const struct value *timeout = value_get(told, "timeoutConfiguration");
    bool pause = is_pause(told);
    const char *action = value_string(timeout, "action");
    set_text(run, hook, "hookId", new_hook_id(scene, pause));
    set_text(run, hook, "targetType", pause ? "PAUSE" : "AWS_LAMBDA");
    set_text(run, hook, "targetArn", value_string(told, "hookTargetArn"));
    set_text(run, hook, "status", pause ? "AWAITING_ACTION" : "IN_PROGRESS");
    set_time(run, hook, "expires",
        scene->now_ms + value_int(timeout, "timeoutInMinutes", LAMBDA_MINUTES) * MINUTE_MS);
    set_text(run, hook, "timeoutAction", action != NULL ? action : "ROLLBACK");
    set_time(run, hook, "poll", scene->now_ms);
    value_append(run->arena, run->hooks, hook);
    announce(scene, hook, "HOOK_AWAITING_ACTION");
}

static void begin_hooks(const struct hook_scene *scene, bool *ret_changed) {
    const char *stage = shift_stage_name(scene->run->state.stage);
    if (scene->run->hooks != NULL || stage == NULL)
        return;
    value_for_each(told, value_get(scene->run->configuration, "lifecycleHooks")) {
        value_for_each(name, value_get(told, "lifecycleStages")) {
            if (!text_equal(name->string, stage))
                continue;
            if (scene->run->hooks == NULL)
                scene->run->hooks = value_new_list(scene->run->arena, 1);
            begin_hook(scene, told);
            *ret_changed = true;
        }
    }
}

/* ---- going on ---- */

static void refuse(const struct hook_scene *scene, const char *why) {
    if (scene->run->refusal == NULL)
        scene->run->refusal = why;
}

static void end_hook(const struct hook_scene *scene, struct value *hook, const char *status) {
    set_text(scene->run, hook, "status", status);
    announce(scene, hook, arena_printf(scene->run->arena, "HOOK_%s", status));
}

static void expire(const struct hook_scene *scene, struct value *hook) {
    end_hook(scene, hook, "TIMED_OUT");
    if (text_equal(value_string(hook, "timeoutAction"), "CONTINUE"))
        return;
    refuse(
        scene, arena_printf(scene->run->arena, "Service deployment rolled back because %s %s hook timed out.",
                   shift_stage_name(scene->run->state.stage), is_pause(hook) ? "pause" : "lifecycle"));
}

static int ask(const struct hook_scene *scene, struct value *hook) {
    const struct cluster *cluster = scene->service->cluster;
    const struct hook_question question = {
        .account = scope_account(cluster->scope),
        .region = scope_region(cluster->scope),
        .cluster = cluster->name,
        .service = scene->service->name,
        .stage = shift_stage_name(scene->run->state.stage),
        .target = value_string(hook, "targetArn"),
    };
    const char *answer = NULL;
    int64_t delay_ms = 0;
    int result = hook_answer_find(scene->engine, &question, scene->run->arena, &answer, &delay_ms);
    if (result != 0)
        return result;
    if (text_equal(answer, "IN_PROGRESS")) {
        set_time(scene->run, hook, "poll", scene->now_ms + delay_ms);
        return 0;
    }
    end_hook(scene, hook, answer);
    if (text_equal(answer, "FAILED"))
        refuse(scene,
            arena_printf(scene->run->arena,
                "Service deployment rolled back because %s lifecycle hook(s) failed. Lifecycle hook target %s "
                "returned FAILED status.",
                question.stage, question.target));
    return 0;
}

static void sooner(int64_t *due_ms, int64_t at_ms) {
    if (*due_ms == 0 || at_ms < *due_ms)
        *due_ms = at_ms;
}

static int act_on(
    const struct hook_scene *scene, struct value *hook, bool *ret_changed, int64_t *ret_due_ms) {
    int64_t expires_ms = value_int(hook, "expires", 0);
    if (!is_open(hook))
        return 0;
    if (scene->now_ms >= expires_ms) {
        expire(scene, hook);
        *ret_changed = true;
        return 0;
    }
    if (!is_pause(hook) && scene->now_ms >= value_int(hook, "poll", 0)) {
        int result = ask(scene, hook);
        *ret_changed = true;
        if (result != 0 || !is_open(hook))
            return result;
    }
    sooner(ret_due_ms, expires_ms);
    if (!is_pause(hook))
        sooner(ret_due_ms, value_int(hook, "poll", 0));
    return 0;
}

/* A pause that was answered with ROLLBACK has failed. */
static void look_for_failures(const struct hook_scene *scene) {
    value_for_each(hook, scene->run->hooks) {
        if (text_equal(value_string(hook, "status"), "FAILED"))
            refuse(scene,
                arena_printf(scene->run->arena,
                    "Service deployment rolled back because a rollback was requested at the %s pause hook.", /* D */
                    shift_stage_name(scene->run->state.stage)));
    }
}

int stage_hooks_act(struct engine *engine, struct service *service, struct deployment *deployment,
    struct stage_run *run, bool *ret_changed, enum shift_hooks *ret_hooks, int64_t *ret_due_ms) {
    struct hook_scene scene = {engine, service, deployment, run, engine_now_ms(engine)};
    begin_hooks(&scene, ret_changed);
    *ret_hooks = SHIFT_HOOKS_DONE;
    value_for_each(hook, run->hooks) {
        int result = act_on(&scene, hook, ret_changed, ret_due_ms);
        if (result != 0)
            return result;
        if (is_open(hook))
            *ret_hooks = SHIFT_HOOKS_OPEN;
    }
    look_for_failures(&scene);
    if (run->refusal != NULL)
        *ret_hooks = SHIFT_HOOKS_FAILED;
    return 0;
}

void stage_hooks_write(const struct stage_run *run, struct writer *writer) {
    writer_list_begin(writer);
    value_for_each(hook, run->hooks) {
        writer_object_begin(writer);
        writer_key_value_opt(writer, "hookId", value_get(hook, "hookId"));
        writer_key_value_opt(writer, "targetType", value_get(hook, "targetType"));
        writer_key_value_opt(writer, "targetArn", value_get(hook, "targetArn"));
        writer_key_value_opt(writer, "status", value_get(hook, "status"));
        writer_key_timestamp_opt(writer, "expiresAt", value_int(hook, "expires", 0));
        writer_key_value_opt(writer, "timeoutAction", value_get(hook, "timeoutAction"));
        writer_object_end(writer);
    }
    writer_list_end(writer);
}

/* ---- from outside ---- */

/* The kept state with the hook of that id answered. ENGINE_NOT_FOUND: none of it waits. */
static int answer_kept(struct arena *arena, struct value *kept, const char *hook_id, bool roll_back) {
    value_for_each(hook, value_get(kept, "hooks")) {
        if (!text_equal(value_string(hook, "hookId"), hook_id) ||
            !text_equal(value_string(hook, "status"), "AWAITING_ACTION"))
            continue;
        value_set(arena, hook, "status", value_new_string(arena, roll_back ? "FAILED" : "SUCCEEDED"));
        return 0;
    }
    return ENGINE_NOT_FOUND;
}

int engine_hook_continue(struct engine *engine, struct service *service, struct deployment *deployment,
    const char *hook_id, bool roll_back) {
    struct value *kept = NULL;
    if (deployment->stage_state == NULL)
        return ENGINE_NOT_FOUND;
    struct arena *arena = arena_new();
    int result = ENGINE_NOT_FOUND;
    if (value_parse(arena, deployment->stage_state, strlen(deployment->stage_state), &kept) == 0)
        result = answer_kept(arena, kept, hook_id, roll_back);
    if (result == 0) {
        struct buf buf = BUF_INIT(STATE_TEXT_MAX);
        struct writer writer = WRITER_INIT(&buf);
        struct stage_run run = {.arena = arena, .hooks = value_get(kept, "hooks")};
        run.state.stage = (enum shift_stage)value_int(kept, "stage", 0);
        struct hook_scene scene = {engine, service, deployment, &run, engine_now_ms(engine)};
        value_for_each(hook, run.hooks) {
            if (text_equal(value_string(hook, "hookId"), hook_id))
                announce(&scene, hook, roll_back ? "HOOK_FAILED" : "HOOK_SUCCEEDED");
        }
        writer_value(&writer, kept);
        free((char *)(uintptr_t)deployment->stage_state);
        deployment->stage_state = xstrdup(buf_text(&buf));
        buf_done(&buf);
        engine_deployment_touch(engine, service, deployment);
    }
    arena_free(arena);
    return result;
}
