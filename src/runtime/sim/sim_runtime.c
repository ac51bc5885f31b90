#include "ecs-local/runtime/sim_runtime.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/buf.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/value_json.h"
#include "sim_timing.h"

enum {
    TIMING_FILE_MAX = 64 * 1024,
    EXIT_KILLED = 137, /* 128 + SIGKILL */
};

/* Where a task goes from each status when it is to run, and when it is to stop. */
static enum task_status onward(enum task_platform platform, enum task_status status) {
    if (platform == TASK_ON_INSTANCE)
        return status == TASK_PENDING ? TASK_RUNNING : TASK_STOPPED;
    return (enum task_status)(status + 1);
}

static enum task_status towards_stop(enum task_platform platform, enum task_status status) {
    if (platform == TASK_ON_INSTANCE)
        return status == TASK_RUNNING ? TASK_STOPPING : TASK_STOPPED;
    switch (status) {
    case TASK_PROVISIONING:
    case TASK_PENDING:
        return TASK_DEPROVISIONING;
    case TASK_ACTIVATING:
    case TASK_RUNNING:
        return TASK_DEACTIVATING;
    case TASK_DEACTIVATING:
        return TASK_STOPPING;
    case TASK_STOPPING:
        return TASK_DEPROVISIONING;
    case TASK_DEPROVISIONING:
    case TASK_STOPPED:
    case TASK_STATUS_COUNT:
        break;
    }
    return TASK_STOPPED;
}

static int64_t with_jitter(const struct sim_stage *stage, uint64_t random) {
    if (stage->jitter_ms <= 0)
        return stage->duration_ms;
    return stage->duration_ms + (int64_t)(random % (uint64_t)(stage->jitter_ms + 1));
}

static int step_to_stop(
    const struct runtime_question *question, const struct sim_stage *stage, struct runtime_step *ret_step) {
    struct runtime_step step = {
        .kind = RUNTIME_MOVES, .status = towards_stop(question->platform, question->status)};
    /* What has not begun its way down yet goes at once; the stages down take their time. */
    if (question->status >= TASK_DEACTIVATING)
        step.after_ms = with_jitter(stage, question->random);
    if (question->status == TASK_STOPPING && step.after_ms >= (int64_t)question->stop_timeout_s * 1000) {
        step.after_ms = (int64_t)question->stop_timeout_s * 1000;
        step.exit_code = step.after_ms > 0 ? EXIT_KILLED : 0;
    }
    *ret_step = step;
    return 0;
}

static int next_step(void *context, const struct runtime_question *question, struct runtime_step *ret_step) {
    const struct sim_timing *timing = context;
    const struct sim_stage *stage = &timing->stages[question->platform][question->status];
    if (question->status == TASK_STOPPED)
        return RUNTIME_WAITS;
    if (question->desired == TASK_STOPPED)
        return step_to_stop(question, stage, ret_step);
    if (stage->duration_ms == SIM_NEVER_MS)
        return RUNTIME_WAITS;
    *ret_step = (struct runtime_step){
        .kind = question->status == TASK_RUNNING ? RUNTIME_EXITS : RUNTIME_MOVES,
        .after_ms = with_jitter(stage, question->random),
        .status = onward(question->platform, question->status),
        .exit_code = stage->exit_code,
    };
    return 0;
}

static int64_t delay_ms(void *context, enum runtime_delay delay) {
    const struct sim_timing *timing = context;
    return timing->delays_ms[delay];
}

static void sim_close(void *context) {
    free(context);
}

static int read_file(const char *path, struct buf *out) {
    cleanup_fclose FILE *file = fopen(path, "r");
    if (file == NULL)
        return error_raise(ERR_CONFIG,
            "--timing: cannot open %s: %s (it may also be \"instant\" or \"realistic\")", path,
            strerror(errno));
    char chunk[4096];
    size_t length;
    while ((length = fread(chunk, 1, sizeof(chunk), file)) > 0)
        buf_append(out, chunk, length);
    if (buf_failed(out))
        return error_raise(ERR_CONFIG, "--timing: %s is larger than %d bytes", path, TIMING_FILE_MAX);
    return 0;
}

static int load_file(const char *path, struct sim_timing *timing) {
    struct buf text = BUF_INIT(TIMING_FILE_MAX);
    struct arena *arena = arena_new();
    struct value *file = NULL;
    const char *problem = "it is not valid JSON";
    int result = read_file(path, &text);
    if (result == 0 && (value_parse(arena, buf_text(&text), text.length, &file) != 0 ||
                           sim_timing_parse(arena, file, timing, &problem) != 0))
        result = error_raise(ERR_CONFIG, "--timing: %s: %s", path, problem);
    arena_free(arena);
    buf_done(&text);
    return result;
}

int sim_runtime_open(const char *timing, struct runtime_provider *ret_provider) {
    struct sim_timing *loaded = xcalloc(1, sizeof(*loaded));
    if (sim_timing_named(timing, loaded) != 0) {
        int result = load_file(timing, loaded);
        if (result != 0) {
            free(loaded);
            return result;
        }
    }
    *ret_provider = (struct runtime_provider){
        .uri = "sim:",
        .context = loaded,
        .next_step = next_step,
        .delay_ms = delay_ms,
        .close = sim_close,
    };
    return 0;
}
