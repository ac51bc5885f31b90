/* The clock: what time it is, how it goes, moving it. */
#include "admin_internal.h"
#include "ecs-local/base/clock.h"
#include "ecs-local/base/text.h"

enum {
    FIRED_MAX = 10000, /* entries of one answer's lists; what happens beyond is counted, and in the journal */
    EVENTS_BYTES_MAX = 16 * 1024 * 1024,
    STABLE_LIMIT_MS = 3600 * 1000,
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

static int read_mode(const struct value *input, enum clock_mode *ret_mode, double *ret_factor) {
    const char *mode = value_string(input, "mode");
    const struct value *factor = value_get(input, "factor");
    *ret_factor = 1;
    if (text_equal(mode, "held")) {
        *ret_mode = CLOCK_HELD;
    } else if (text_equal(mode, "real")) {
        *ret_mode = CLOCK_REAL;
    } else if (text_equal(mode, "scaled")) {
        *ret_mode = CLOCK_SCALED;
        *ret_factor = factor == NULL               ? 0
                      : factor->kind == VALUE_REAL ? factor->real
                                                   : (double)value_int(input, "factor", 0);
    } else {
        return 1;
    }
    return 0;
}

/* {"now": TIME} sets a clock that is not real. */
static int read_now(struct admin_call *call, enum clock_mode mode, int64_t *ret_ms) {
    const struct value *now = value_get(call->input, "now");
    *ret_ms = -1;
    if (now == NULL)
        return 0;
    return mode != CLOCK_REAL && now->kind == VALUE_STRING && text_parse_iso8601(now->string, ret_ms) == 0 &&
                   *ret_ms >= 0 && *ret_ms <= TEXT_TIME_MAX_MS
               ? 0
               : 1;
}

int admin_clock_set(struct admin_call *call) {
    struct clock *clock = engine_clock(call->engine);
    enum clock_mode mode = CLOCK_REAL;
    double factor = 1;
    int64_t now_ms = -1;
    if (read_mode(call->input, &mode, &factor) != 0)
        return admin_fail(call, 400, "InvalidMode", "mode must be one of held, real, scaled");
    if (!(factor > 0 && factor <= 1e6))
        return admin_fail(
            call, 400, "InvalidFactor", "factor must be a number between 0 and 1000000, such as 60");
    if (read_now(call, mode, &now_ms) != 0)
        return admin_fail(call, 400, "InvalidTime",
            "now must be a time such as 2026-01-01T00:00:00Z, and the clock held or scaled");
    clock_set_mode(clock, mode, factor);
    if (now_ms >= 0)
        clock->base_world_ms = now_ms;
    int result = engine_keep_clock(call->engine);
    return result == 0 ? admin_clock_get(call) : result;
}

/* What happens on the way: moves go into the reply at once, events into a list of their own behind them. */
struct fired {
    struct admin_call *call;
    struct buf events_text;
    struct writer events;
    unsigned moves;
    unsigned event_count;
};

static void note_move(void *context, int64_t seq, int64_t at_ms, const char *resource_type, const char *arn,
    const char *from, const char *to) {
    struct fired *fired = context;
    /* Containers follow their task; events and the journal have them. */
    if (text_equal(resource_type, "container") || fired->moves++ >= FIRED_MAX)
        return;
    struct writer *writer = &fired->call->writer;
    writer_object_begin(writer);
    admin_write_time(writer, "at", at_ms);
    writer_key_int(writer, "cursor", seq);
    writer_key_string(writer, "resourceType", resource_type);
    if (text_equal(resource_type, "task"))
        writer_key_string(writer, "task", arn);
    writer_key_string(writer, "arn", arn);
    writer_key_string(writer, "from", from);
    writer_key_string(writer, "to", to);
    writer_object_end(writer);
}

static void note_event(void *context, int64_t seq, int64_t at_ms, const char *event, size_t length) {
    struct fired *fired = context;
    if (fired->event_count++ >= FIRED_MAX || fired->events_text.length + length > EVENTS_BYTES_MAX)
        return;
    struct writer *writer = &fired->events;
    writer_object_begin(writer);
    admin_write_time(writer, "at", at_ms);
    writer_key_int(writer, "cursor", seq);
    writer_key(writer, "event");
    writer_raw(writer, event, length);
    writer_object_end(writer);
}

struct target {
    enum advance_goal goal;
    int64_t world_ms;
    bool nothing; /* "next", and nothing waits */
};

/* Until when to try: `limit` from now on. */
static int read_limit(struct admin_call *call, int64_t *ret_ms) {
    const char *limit = value_string(call->input, "limit");
    int64_t duration_ms = STABLE_LIMIT_MS;
    if (value_get(call->input, "limit") != NULL &&
        (limit == NULL || text_parse_duration(limit, &duration_ms) != 0))
        return 1;
    *ret_ms = engine_now_ms(call->engine) + duration_ms;
    return *ret_ms <= TEXT_TIME_MAX_MS ? 0 : 1;
}

/* Where the clock is to go. 0, or 1 for a request that says nothing valid. */
static int read_target(struct admin_call *call, struct target *ret_target) {
    const char *by = value_string(call->input, "by");
    const char *to = value_string(call->input, "to");
    int64_t duration_ms = 0;
    *ret_target = (struct target){.goal = ADVANCE_TO_TIME};
    if ((by != NULL) == (to != NULL))
        return 1;
    if (by != NULL) {
        if (text_parse_duration(by, &duration_ms) != 0)
            return 1;
        ret_target->world_ms = engine_now_ms(call->engine) + duration_ms;
        return ret_target->world_ms <= TEXT_TIME_MAX_MS ? 0 : 1;
    }
    if (text_equal(to, "stable")) {
        ret_target->goal = ADVANCE_TO_STABLE;
        return read_limit(call, &ret_target->world_ms);
    }
    if (text_equal(to, "next")) {
        ret_target->world_ms = engine_next_due_ms(call->engine);
        ret_target->nothing = ret_target->world_ms < 0;
        return 0;
    }
    return text_parse_iso8601(to, &ret_target->world_ms) == 0 && ret_target->world_ms <= TEXT_TIME_MAX_MS ? 0
                                                                                                          : 1;
}

static int advance(
    struct admin_call *call, const struct target *target, struct fired *fired, bool *ret_reached) {
    struct engine_watcher watcher = {.context = fired, .moved = note_move, .announced = note_event};
    *ret_reached = true;
    if (target->nothing)
        return 0;
    engine_watch(call->engine, &watcher);
    int result = engine_advance(call->engine, target->goal, target->world_ms, ret_reached);
    engine_watch(call->engine, NULL);
    return result == 0 ? engine_keep_clock(call->engine) : result;
}

static void write_outcome(struct admin_call *call, const struct target *target, bool reached) {
    struct writer *writer = &call->writer;
    struct engine_unrest unrest;
    if (target->goal == ADVANCE_TO_TIME) {
        writer_key_bool(writer, "complete", reached);
        return;
    }
    engine_unrest(call->engine, &unrest);
    writer_key_bool(writer, "stable", reached);
    writer_key_int(writer, "tasksInTransition", unrest.tasks);
    writer_key_int(writer, "servicesRolling", unrest.services);
    writer_key_int(writer, "daemonsRolling", unrest.daemons);
}

int admin_clock_advance(struct admin_call *call) {
    struct fired fired = {.call = call, .events_text = BUF_INIT(2 * EVENTS_BYTES_MAX)};
    struct writer *writer = &call->writer;
    struct target target;
    bool reached = false;
    if (engine_clock(call->engine)->mode == CLOCK_REAL)
        return admin_fail(call, 409, "ClockIsReal",
            "the clock is real; hold it first: POST /_ecs/clock {\"mode\":\"held\"}");
    if (read_target(call, &target) != 0)
        return admin_fail(call, 400, "InvalidAdvance",
            "give {\"by\":\"90s\"}, {\"to\":\"next\"}, {\"to\":\"stable\",\"limit\":\"1h\"} or {\"to\":\"2026-01-01T00:00:00Z\"}");
    fired.events = (struct writer)WRITER_INIT(&fired.events_text);
    writer_list_begin(&fired.events);
    writer_object_begin(writer);
    writer_key_list_begin(writer, "fired");
    int result = advance(call, &target, &fired, &reached);
    writer_list_end(writer);
    writer_list_end(&fired.events);
    writer_key_int(writer, "firedCount", fired.moves);
    writer_key(writer, "events");
    writer_raw(writer, buf_text(&fired.events_text), fired.events_text.length);
    writer_key_int(writer, "eventCount", fired.event_count);
    buf_done(&fired.events_text);
    write_outcome(call, &target, reached);
    admin_write_clock(call);
    writer_object_end(writer);
    return result;
}
