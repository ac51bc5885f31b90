/* The clock: what time it is, how it goes, moving it. */
#include "admin_internal.h"
#include "ecs-local/base/clock.h"
#include "ecs-local/base/text.h"

enum {
    FIRED_MAX = 10000, /* entries in one answer; what happens beyond is counted */
};

void admin_write_time(struct writer *writer, const char *key, int64_t time_ms) {
    char text[TEXT_ISO8601_SIZE];
    text_format_iso8601(time_ms, text);
    writer_key_string(writer, key, text);
}

void admin_write_clock(struct admin_call *call) {
    struct writer *writer = &call->writer;
    const struct clock *clock = engine_clock(call->engine);
    writer_key_string(writer, "mode", clock_mode_name(clock->mode));
    if (clock->mode == CLOCK_SCALED) {
        writer_key(writer, "factor");
        writer_real(writer, clock->factor);
    }
    admin_write_time(writer, "now", engine_now_ms(call->engine));
    int64_t next_ms = engine_next_due_ms(call->engine);
    writer_key_int(writer, "pendingTimers", engine_timer_count(call->engine));
    writer_key(writer, "nextTimerAt");
    if (next_ms >= 0) {
        char text[TEXT_ISO8601_SIZE];
        text_format_iso8601(next_ms, text);
        writer_string(writer, text);
    } else {
        writer_raw(writer, "null", 4);
    }
}

int admin_clock_get(struct admin_call *call) {
    writer_object_begin(&call->writer);
    admin_write_clock(call);
    writer_object_end(&call->writer);
    return 0;
}

int admin_clock_set(struct admin_call *call) {
    const char *mode = value_string(call->input, "mode");
    struct clock *clock = engine_clock(call->engine);
    if (text_equal(mode, "held")) {
        clock_set_mode(clock, CLOCK_HELD, 1);
    } else if (text_equal(mode, "real")) {
        clock_set_mode(clock, CLOCK_REAL, 1);
    } else if (text_equal(mode, "scaled")) {
        const struct value *factor = value_get(call->input, "factor");
        double times = factor == NULL               ? 0
                       : factor->kind == VALUE_REAL ? factor->real
                                                    : (double)value_int(call->input, "factor", 0);
        if (!(times > 0 && times <= 1e6))
            return admin_fail(
                call, 400, "InvalidFactor", "factor must be a number between 0 and 1000000, such as 60");
        clock_set_mode(clock, CLOCK_SCALED, times);
    } else {
        return admin_fail(call, 400, "InvalidMode", "mode must be one of held, real, scaled");
    }
    int result = engine_keep_clock(call->engine);
    return result == 0 ? admin_clock_get(call) : result;
}

struct fired {
    struct admin_call *call;
    unsigned count;
};

static void note_move(
    void *context, const struct task *task, const char *from, const char *to, int64_t at_ms) {
    struct fired *fired = context;
    if (fired->count++ >= FIRED_MAX)
        return;
    struct writer *writer = &fired->call->writer;
    writer_object_begin(writer);
    admin_write_time(writer, "at", at_ms);
    writer_key_string(writer, "task", task->arn);
    writer_key_string(writer, "from", from);
    writer_key_string(writer, "to", to);
    writer_object_end(writer);
}

/* Where the clock is to go. 0, 1 when nothing waits for "next", or <0 for a request that says nothing valid.
 */
static int target_time(struct admin_call *call, int64_t *ret_ms) {
    const char *by = value_string(call->input, "by");
    const char *to = value_string(call->input, "to");
    int64_t duration_ms = 0;
    if (by != NULL && to == NULL) {
        if (text_parse_duration(by, &duration_ms) != 0)
            return -1;
        *ret_ms = engine_now_ms(call->engine) + duration_ms;
        return 0;
    }
    if (by != NULL || to == NULL)
        return -1;
    if (text_equal(to, "next")) {
        *ret_ms = engine_next_due_ms(call->engine);
        return *ret_ms >= 0 ? 0 : 1;
    }
    return text_parse_iso8601(to, ret_ms) == 0 ? 0 : -1;
}

static int advance(struct admin_call *call, int64_t target_ms, struct fired *fired) {
    struct engine_watcher watcher = {.context = fired, .task_moved = note_move};
    engine_watch(call->engine, &watcher);
    int result = engine_advance_to(call->engine, target_ms);
    engine_watch(call->engine, NULL);
    return result == 0 ? engine_keep_clock(call->engine) : result;
}

int admin_clock_advance(struct admin_call *call) {
    int64_t target_ms = 0;
    struct fired fired = {.call = call};
    if (text_equal(value_string(call->input, "to"), "stable"))
        return admin_fail(call, 501, "NotImplemented", "advance to stable is not there yet; use by or next");
    if (engine_clock(call->engine)->mode == CLOCK_REAL)
        return admin_fail(call, 409, "ClockIsReal",
            "the clock is real; hold it first: POST /_ecs/clock {\"mode\":\"held\"}");
    int outcome = target_time(call, &target_ms);
    if (outcome < 0)
        return admin_fail(call, 400, "InvalidAdvance",
            "give {\"by\":\"90s\"}, {\"to\":\"next\"} or {\"to\":\"2026-01-01T00:00:00Z\"}");
    writer_object_begin(&call->writer);
    writer_key_list_begin(&call->writer, "fired");
    int result = outcome == 0 ? advance(call, target_ms, &fired) : 0;
    if (result != 0)
        return result;
    writer_list_end(&call->writer);
    writer_key_int(&call->writer, "firedCount", fired.count);
    admin_write_clock(call);
    writer_object_end(&call->writer);
    return 0;
}
