#include "golden_life.h"

#include <stdarg.h>
#include <string.h>

#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/base/writer.h"
#include "ecs-local/domain/task_life.h"
#include "sim_timing.h"

enum {
    BEGIN_MS = 1000000,
    STEPS_MAX = 500,
};

struct play {
    struct arena *arena;
    struct task *task;
    const struct task_definition *definition;
    struct sim_timing timing;
    int64_t stop_at_ms; /* 0: nobody stops it */
    int64_t until_ms;
    int64_t now_ms;
    struct value *log;
};

__attribute__((format(printf, 2, 3))) static void note(struct play *play, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const char *what = arena_vprintf(play->arena, format, arguments);
    va_end(arguments);
    value_append(play->arena, play->log,
        value_new_string(play->arena,
            arena_printf(play->arena, "%6.1f s  %s", (double)(play->now_ms - BEGIN_MS) / 1000, what)));
}

static int64_t duration(const struct value *input, const char *key) {
    int64_t duration_ms = 0;
    const char *text = value_string(input, key);
    return text != NULL && text_parse_duration(text, &duration_ms) == 0 ? duration_ms : 0;
}

static const char *read_timing(struct play *play, const struct value *input) {
    const struct value *timing = value_get(input, "timing");
    const char *problem = NULL;
    if (timing == NULL || timing->kind == VALUE_STRING)
        return sim_timing_named(timing != NULL ? timing->string : "instant", &play->timing) == 0
                   ? NULL
                   : "there is no such timing";
    return sim_timing_parse(play->arena, timing, &play->timing, &problem) == 0 ? NULL : problem;
}

static const char *read_definition(struct play *play, const struct value *input) {
    struct value *request = value_new_map(play->arena, 2);
    struct violation violation;
    struct task_definition *definition = NULL;
    value_set(play->arena, request, "family", value_new_string(play->arena, "f"));
    value_set(play->arena, request, "containerDefinitions", value_get(input, "containerDefinitions"));
    if (task_definition_check(play->arena, request, &violation) != 0)
        return violation.message;
    const struct value *document = task_definition_normalise(play->arena, request, "aws", "000000000000");
    if (task_definition_summarise(play->arena, document, &definition) != 0)
        return "the definition cannot be read";
    play->definition = definition;
    return NULL;
}

static void make_task(struct play *play, const struct value *input) {
    static const char *const names[] = {"ec2", "awsvpc", "fargate"};
    struct task *task = task_new();
    for (unsigned platform = 0; platform < TASK_PLATFORM_COUNT; platform++) {
        if (text_equal(value_string(input, "platform"), names[platform]))
            task->platform = (enum task_platform)platform;
    }
    task->task_id = "0123456789abcdef0123456789abcdef";
    task->desired = TASK_RUNNING;
    task->status = task->platform == TASK_ON_INSTANCE ? TASK_PENDING : TASK_PROVISIONING;
    task->created_ms = task->life.since_ms = BEGIN_MS;
    task->container_count = play->definition->container_count;
    task->containers = arena_new_array(task->arena, struct task_container, task->container_count);
    for (unsigned index = 0; index < task->container_count; index++) {
        task->containers[index].name = task_text(task, play->definition->containers[index].name);
        task->containers[index].last_status = "PENDING";
    }
    task_complete(task, play->definition);
    play->task = task;
}

static const char *bind_outcomes(struct play *play, const struct value *input) {
    value_for_each(script, value_get(input, "outcomes")) {
        struct outcome_effects effects;
        const char *problem = NULL;
        if (outcome_read(play->arena, value_get(script, "outcome"), &effects, &problem) != 0)
            return problem;
        if (outcome_bind(play->task, value_get(script, "outcome"), value_string(script, "container")) != 0)
            note(play, "a script found nothing to do");
    }
    return NULL;
}

static void note_container(struct play *play, const struct life_step *step, bool restarted) {
    const struct task_container *container = &play->task->containers[step->container];
    const char *text = "starts";
    if (step->kind == LIFE_CONTAINER_FAILS)
        text = arena_printf(play->arena, "cannot start (%s%s)", step->exited ? "143, " : "", step->reason);
    else if (step->kind == LIFE_CONTAINER_EXITS)
        text = arena_printf(play->arena, "exits with %d%s%s%s", step->exit_code,
            step->reason != NULL ? ", " : "", step->reason != NULL ? step->reason : "",
            restarted ? ", and is restarted" : "");
    else if (step->kind == LIFE_CONTAINER_HEALTH)
        text = arena_printf(play->arena, "is %s", step->health);
    note(play, "%s %s", container->name, text);
}

static void stop(struct play *play, const char *code, const char *reason) {
    task_want_stopped(play->task, code, reason, play->now_ms);
    note(play, "the task is to stop: %s, %s", code, reason);
}

/* Every step goes through the text of the column, as over a restart. */
static const char *forget(struct play *play) {
    struct buf buf = BUF_INIT(1024 * 1024);
    struct writer writer = WRITER_INIT(&buf);
    struct value *life = NULL;
    task_life_write(play->task, &writer);
    const char *text = arena_strdup(play->task->arena, buf_text(&buf));
    int result = value_parse(play->task->arena, text, strlen(text), &life);
    play->task->life = (struct task_life){0};
    for (unsigned index = 0; index < play->task->container_count; index++)
        play->task->containers[index].life = (struct container_life){0};
    if (result == 0)
        result = task_life_read(play->task, life);
    buf_done(&buf);
    return result == 0 ? NULL : "the life cannot be read back";
}

static const char *happen(struct play *play, const struct life_step *step) {
    bool restarted = false;
    const char *code = NULL;
    const char *reason = NULL;
    if (step->kind == LIFE_TASK_MOVES) {
        note(play, "the task is %s", task_status_name(step->status));
        return task_move(play->task, step->status, play->now_ms) == 0 ? NULL : "the move is not allowed";
    }
    life_apply(play->task, play->definition, step, play->now_ms, &restarted);
    note_container(play, step, restarted);
    if (life_must_stop(play->task, &code, &reason))
        stop(play, code, reason);
    return NULL;
}

static const char *run(struct play *play) {
    for (unsigned steps = 0; steps < STEPS_MAX; steps++) {
        struct life_step step;
        const char *problem = forget(play);
        if (problem != NULL)
            return problem;
        int result = life_next(
            play->task, play->definition, &play->timing.platforms[play->task->platform], play->now_ms, &step);
        if (play->stop_at_ms != 0 && (result != 0 || step.at_ms >= play->stop_at_ms)) {
            play->now_ms = play->stop_at_ms;
            play->stop_at_ms = 0;
            if (play->task->desired == TASK_RUNNING)
                stop(play, "UserInitiated", "Task stopped by user");
            continue;
        }
        if (result != 0 || step.at_ms > play->until_ms)
            return NULL;
        if (step.at_ms > play->now_ms)
            play->now_ms = step.at_ms;
        problem = happen(play, &step);
        if (problem != NULL)
            return problem;
    }
    return "it does not come to rest";
}

struct value *answer_life(struct arena *arena, const struct value *input) {
    struct play play = {.arena = arena, .now_ms = BEGIN_MS, .log = value_new_list(arena, 16)};
    int64_t stop_ms = duration(input, "stopAt");
    int64_t until_ms = duration(input, "until");
    play.stop_at_ms = stop_ms != 0 ? BEGIN_MS + stop_ms : 0;
    play.until_ms = BEGIN_MS + (until_ms != 0 ? until_ms : 3600 * 1000);
    const char *problem = read_timing(&play, input);
    if (problem == NULL)
        problem = read_definition(&play, input);
    if (problem == NULL) {
        make_task(&play, input);
        problem = bind_outcomes(&play, input);
        if (problem == NULL)
            problem = run(&play);
        task_free(play.task);
    }
    if (problem != NULL)
        value_append(arena, play.log, value_new_string(arena, problem));
    return play.log;
}
