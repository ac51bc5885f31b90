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
};

static int next_step(void *context, struct task *task, const struct task_definition *definition,
    int64_t now_ms, struct life_step *ret_step) {
    const struct sim_timing *timing = context;
    return life_next(task, definition, &timing->platforms[task->platform], now_ms, ret_step);
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
