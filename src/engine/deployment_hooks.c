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
    INVOKE_AGAIN_MS = 60 * 1000, /* when no answer has come, as after a restart */
    WHOLE_PERCENT = 100,
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
    if (value_has(told, "hookDetails"))
        value_set(run->arena, hook, "hookDetails", value_get(told, "hookDetails"));
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

static void write_weights(struct writer *writer, const struct hook_scene *scene, const char *key, bool test) {
    const struct service_deployment *record = scene->deployment->record;
    const char *service_arn = scene->service->arn;
    struct arena *arena = scene->run->arena;
    double weight = test ? scene->run->state.test_weight : scene->run->state.production_weight;
    writer_key_object_begin(writer, key);
    writer_key(writer, arn_of_service(arena, service_arn, "service-revision", scene->deployment->digits));
    writer_real(writer, weight);
    if (record->source_count != 0) {
        writer_key(writer, arn_of_service(arena, service_arn, "service-revision", record->sources[0].digits));
        writer_real(writer, WHOLE_PERCENT - weight);
    }
    writer_object_end(writer);
}

/* Tells whoever invokes functions; the answer comes later. */
static void invoke(const struct hook_scene *scene, const struct value *hook) {
    struct buf buf = BUF_INIT(STATE_TEXT_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_object_begin(&writer);
    writer_key_string(&writer, "serviceArn", scene->service->arn);
    writer_key_string(&writer, "targetServiceRevisionArn",
        arn_of_service(
            scene->run->arena, scene->service->arn, "service-revision", scene->deployment->digits));
    writer_key_string(&writer, "lifecycleStage", shift_stage_name(scene->run->state.stage));
    write_weights(&writer, scene, "testTrafficWeights", true);
    write_weights(&writer, scene, "productionTrafficWeights", false);
    writer_key_value_opt(&writer, "hookDetails", value_get(hook, "hookDetails"));
    writer_object_end(&writer);
    const struct hook_call call = {.hook_id = value_string(hook, "hookId"),
        .target = value_string(hook, "targetArn"),
        .payload = buf_text(&buf)};
    scene->engine->hook_caller.call(scene->engine->hook_caller.context, &call);
    buf_done(&buf);
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
    if (answer == NULL && scene->engine->hook_caller.call != NULL) {
        invoke(scene, hook);
        answer = "IN_PROGRESS";
        delay_ms = INVOKE_AGAIN_MS;
    }
    if (text_equal(answer, "IN_PROGRESS"))
        set_time(scene->run, hook, "poll", scene->now_ms + delay_ms);
    else
        end_hook(scene, hook, answer != NULL ? answer : "SUCCEEDED"); /* facts: services 8.4 D */
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

static const char *failure_of(const struct hook_scene *scene, const struct value *hook) {
    const char *stage = shift_stage_name(scene->run->state.stage);
    const char *reason = value_string(hook, "reason");
    struct arena *arena = scene->run->arena;
    if (is_pause(hook))
        return arena_printf(arena,
            "Service deployment rolled back because a rollback was requested at the %s pause hook.", /* D */
            stage);
    if (reason != NULL)
        return arena_printf(arena,
            "Service deployment rolled back because %s lifecycle hook(s) failed. ECS was unable to %s", stage,
            reason);
    return arena_printf(arena,
        "Service deployment rolled back because %s lifecycle hook(s) failed. Lifecycle hook target %s "
        "returned FAILED status.",
        stage, value_string(hook, "targetArn"));
}

static void look_for_failures(const struct hook_scene *scene) {
    value_for_each(hook, scene->run->hooks) {
        if (text_equal(value_string(hook, "status"), "FAILED"))
            refuse(scene, failure_of(scene, hook));
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

/* The hook of that id that is open; NULL: there is none. */
static struct value *find_open(const struct value *hooks, const char *hook_id) {
    value_for_each(hook, hooks) {
        if (text_equal(value_string(hook, "hookId"), hook_id) && is_open(hook))
            return hook;
    }
    return NULL;
}

struct hook_verdict {
    const char *status; /* NULL: it stays open */
    const char *reason;
    int64_t poll_ms;
};

/* Changes what is kept of the deployment's hooks. ENGINE_NOT_FOUND: none of that id is open. */
static int settle(struct engine *engine, struct service *service, struct deployment *deployment,
    const char *hook_id, const struct hook_verdict *verdict) {
    struct value *kept = NULL;
    struct arena *arena = arena_new();
    struct stage_run run = {.arena = arena};
    if (deployment->stage_state != NULL &&
        value_parse(arena, deployment->stage_state, strlen(deployment->stage_state), &kept) == 0)
        run.hooks = value_get(kept, "hooks");
    struct value *hook = find_open(run.hooks, hook_id);
    if (hook == NULL) {
        arena_free(arena);
        return ENGINE_NOT_FOUND;
    }
    run.state.stage = (enum shift_stage)value_int(kept, "stage", 0);
    struct hook_scene scene = {engine, service, deployment, &run, engine_now_ms(engine)};
    set_text(&run, hook, "reason", verdict->reason);
    if (verdict->status != NULL)
        end_hook(&scene, hook, verdict->status);
    else
        set_time(&run, hook, "poll", verdict->poll_ms);
    struct buf buf = BUF_INIT(STATE_TEXT_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_value(&writer, kept);
    free((char *)(uintptr_t)deployment->stage_state);
    deployment->stage_state = xstrdup(buf_text(&buf));
    buf_done(&buf);
    arena_free(arena);
    engine_deployment_touch(engine, service, deployment);
    return 0;
}

int engine_hook_continue(struct engine *engine, struct service *service, struct deployment *deployment,
    const char *hook_id, bool roll_back) {
    const struct hook_verdict verdict = {.status = roll_back ? "FAILED" : "SUCCEEDED"};
    /* Functions answer for themselves. */
    if (!text_starts_with(hook_id, "ecs-pause-"))
        return ENGINE_NOT_FOUND;
    return settle(engine, service, deployment, hook_id, &verdict);
}

int engine_hook_answered(struct engine *engine, const struct hook_reply *reply) {
    bool waits = text_equal(reply->answer, "IN_PROGRESS");
    const struct hook_verdict verdict = {.status = waits ? NULL : reply->answer,
        .reason = reply->reason,
        .poll_ms = engine_now_ms(engine) + reply->delay_ms};
    struct service_entry *entry;
    struct service_entry *next;
    HASH_ITER(by_row, engine->services->by_row, entry, next) {
        struct deployment *primary = entry->service.primary;
        if (primary == NULL || primary->stage_state == NULL ||
            strstr(primary->stage_state, reply->hook_id) == NULL)
            continue;
        int result = settle(engine, &entry->service, primary, reply->hook_id, &verdict);
        return result < 0 ? result : 0;
    }
    return 0;
}
