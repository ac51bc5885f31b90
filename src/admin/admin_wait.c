/* POST /_ecs/journal/wait: the reply is held until an entry that fits has been committed, or the time is over. */
#include <stdlib.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "followers.h"
#include "journal_match.h"

enum {
    WAITERS_MAX = 256,
    TIMEOUT_DEFAULT_MS = 30 * 1000,
    TIMEOUT_MAX_MS = 10 * 60 * 1000,
    REPLY_MAX = 32 * 1024 * 1024,
};

struct waiter {
    struct waiter *next;
    void *exchange;
    struct arena *arena;
    struct journal_match match;
    int64_t after; /* as asked; -1 once it has become a place */
    struct journal_place place;
    int64_t lost;
    int64_t deadline_ms; /* the machine's clock */
};

static int fail(struct admin_call *call, const char *problem) {
    return admin_fail(call, 400, "InvalidWait", "%s", problem);
}

/* A number, or a text of one. 0 or 1. */
static int read_cursor(const struct value *input, int64_t *ret_after) {
    const struct value *after = value_get(input, "after");
    if (after == NULL)
        return 0;
    if (after->kind == VALUE_STRING)
        return text_parse_int(after->string, 0, INT64_MAX - 1, ret_after);
    if (after->kind != VALUE_INT || after->integer < 0 || after->integer == INT64_MAX)
        return 1;
    *ret_after = after->integer;
    return 0;
}

static int read_timeout(const struct value *input, int64_t *ret_ms) {
    const char *text = value_string(input, "timeout");
    if (!value_has(input, "timeout"))
        return 0;
    return text == NULL || text_parse_duration(text, ret_ms) != 0 || *ret_ms < 0 || *ret_ms > TIMEOUT_MAX_MS;
}

static void append(struct followers *followers, struct waiter *waiter) {
    struct waiter **end = &followers->waiters;
    while (*end != NULL)
        end = &(*end)->next;
    *end = waiter;
    followers->waiter_count++;
    followers->look = true;
}

int admin_journal_wait(struct admin_call *call) {
    struct followers *followers = &call->admin->followers;
    int64_t after = 0;
    int64_t timeout_ms = TIMEOUT_DEFAULT_MS;
    struct journal_match match;
    const char *problem = NULL;
    if (read_cursor(call->input, &after) != 0)
        return fail(call, "after must be a cursor from an earlier answer");
    if (read_timeout(call->input, &timeout_ms) != 0)
        return fail(call, "timeout must be a duration of at most 10m, such as 5s");
    struct arena *arena = arena_new_sized(1024);
    if (journal_match_read(arena, value_get(call->input, "match"), &match, &problem) != 0) {
        arena_free(arena);
        return fail(call, problem);
    }
    if (followers->waiter_count >= WAITERS_MAX) {
        arena_free(arena);
        return admin_fail(call, 503, "TooManyWaiters", "%d requests wait already", WAITERS_MAX);
    }
    struct waiter *waiter = xcalloc(1, sizeof(*waiter));
    waiter->exchange = call->request->exchange;
    waiter->arena = arena;
    waiter->match = match;
    waiter->after = after;
    waiter->deadline_ms = followers_now_ms() + timeout_ms;
    append(followers, waiter);
    engine_journal_follow(call->engine, 1);
    call->how = ADMIN_LATER;
    return 0;
}

static void waiter_free(struct admin *admin, struct waiter *waiter) {
    engine_journal_follow(admin->config.engine, -1);
    admin->followers.waiter_count--;
    arena_free(waiter->arena);
    free(waiter);
}

/* Replies with the entry, or with none when the time is over. */
static void answer(struct admin *admin, struct waiter *waiter, int64_t seq_or_zero) {
    struct buf buf = BUF_INIT(REPLY_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_object_begin(&writer);
    writer_key_list_begin(&writer, "entries");
    if (seq_or_zero != 0) {
        struct journal_text json = engine_journal_json(admin->config.engine, seq_or_zero);
        writer_raw(&writer, json.text, json.length);
    }
    writer_list_end(&writer);
    writer_key_int(&writer, "nextCursor", waiter->place.next - 1);
    writer_key_int(&writer, "lost", waiter->lost);
    writer_key_bool(&writer, "timedOut", seq_or_zero == 0);
    writer_object_end(&writer);
    struct admin_reply reply = {.status = 200, .content_type = "application/json"};
    reply.body = buf_take(&buf, &reply.body_length);
    admin->config.deliver(admin->config.context, waiter->exchange, &reply);
}

/* The first entry that fits, or 0; the place is behind what was looked at. */
static int64_t look(struct admin *admin, struct waiter *waiter, const struct journal_bounds *bounds) {
    struct journal_place *place = &waiter->place;
    if (waiter->after >= 0) {
        struct journal_position position = journal_position_after(bounds, waiter->after);
        *place = (struct journal_place){.next = position.next, .epoch = bounds->epoch};
        waiter->lost = position.lost;
        waiter->after = -1;
    }
    journal_place_renew(place, bounds);
    if (place->next < bounds->first) {
        waiter->lost += bounds->first - place->next;
        place->next = bounds->first;
    }
    while (place->next <= bounds->committed) {
        int64_t seq = place->next++;
        if (journal_match_takes(admin->config.engine, &waiter->match, seq, admin->followers.scratch))
            return seq;
    }
    return 0;
}

void waiters_look(struct admin *admin, const struct journal_bounds *bounds) {
    struct waiter **link = &admin->followers.waiters;
    while (*link != NULL) {
        struct waiter *waiter = *link;
        int64_t seq = look(admin, waiter, bounds);
        if (seq == 0) {
            link = &waiter->next;
            continue;
        }
        *link = waiter->next;
        answer(admin, waiter, seq);
        waiter_free(admin, waiter);
    }
}

int64_t waiters_wait_ms(const struct admin *admin) {
    int64_t first_ms = -1;
    for (const struct waiter *waiter = admin->followers.waiters; waiter != NULL; waiter = waiter->next) {
        if (first_ms < 0 || waiter->deadline_ms < first_ms)
            first_ms = waiter->deadline_ms;
    }
    if (first_ms < 0)
        return -1;
    int64_t left_ms = first_ms - followers_now_ms();
    return left_ms > 0 ? left_ms : 0;
}

void waiters_run(struct admin *admin) {
    struct waiter **link = &admin->followers.waiters;
    int64_t now_ms = *link != NULL ? followers_now_ms() : 0;
    while (*link != NULL) {
        struct waiter *waiter = *link;
        /* Whoever came with this turn gets one look first. */
        if (waiter->after >= 0 || waiter->deadline_ms > now_ms) {
            link = &waiter->next;
            continue;
        }
        *link = waiter->next;
        answer(admin, waiter, 0);
        waiter_free(admin, waiter);
    }
}

void waiters_free(struct admin *admin) {
    while (admin->followers.waiters != NULL) {
        struct waiter *waiter = admin->followers.waiters;
        admin->followers.waiters = waiter->next;
        waiter_free(admin, waiter);
    }
}
