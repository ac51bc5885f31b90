/* GET /_ecs/events: the journal as server-sent events. A stream has a place in the journal and reads on when its client
 * can take more; a client that is slower than the journal forgets is let go, and its next stream tells what is lost. */
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "followers.h"
#include "journal_match.h"

enum {
    STREAMS_MAX = 64,
    PENDING_GOOD = 32 * 1024, /* bytes that are written before the client is asked to take them */
    PENDING_MAX = 32 * 1024 * 1024,
    PING_MS = 15 * 1000, /* so that a client which has gone is noticed */
};

struct event_stream {
    struct event_stream *next;
    struct admin *admin;
    void *exchange;
    struct arena *arena;
    struct journal_match match;
    struct journal_place place;
    struct buf pending;
    size_t sent;     /* of pending */
    int64_t told_ms; /* when the client got something last */
    int64_t wake_ms; /* when to look whether it has been silent for too long */
};

static void write_frame(
    struct event_stream *stream, int64_t seq, const char *name, struct journal_text data) {
    buf_printf(&stream->pending, "id: %lld\nevent: %s\ndata: ", (long long)seq, name);
    buf_append(&stream->pending, data.text, data.length);
    buf_append_text(&stream->pending, "\n\n");
}

/* Entries into the buffer, as far as it is good. False: the stream ends. */
static bool fill(struct event_stream *stream) {
    struct engine *engine = stream->admin->config.engine;
    struct journal_place *place = &stream->place;
    struct journal_bounds bounds;
    struct journal_entry entry;
    if (engine_journal_bounds(engine, &bounds) != 0)
        return false;
    if (journal_place_renew(place, &bounds))
        write_frame(stream, bounds.begin - 1, "reset", (struct journal_text){"{}", 2});
    if (place->next < bounds.first)
        return false;
    for (; place->next <= bounds.committed && stream->pending.length < PENDING_GOOD; place->next++) {
        if (!journal_match_takes(engine, &stream->match, place->next, stream->admin->followers.scratch) ||
            !engine_journal_at(engine, place->next, &entry))
            continue;
        write_frame(stream, entry.seq, journal_kind_name(entry.kind), engine_journal_json(engine, entry.seq));
    }
    return !buf_failed(&stream->pending);
}

static int64_t stream_read(void *context, char *buffer, size_t size) {
    struct event_stream *stream = context;
    if (stream->sent == stream->pending.length) {
        buf_clear(&stream->pending);
        stream->sent = 0;
        if (!fill(stream))
            return -1;
        if (stream->pending.length == 0 && followers_now_ms() - stream->told_ms >= PING_MS)
            buf_append_text(&stream->pending, ":\n\n");
    }
    size_t length = stream->pending.length - stream->sent;
    if (length == 0)
        return 0;
    if (length > size)
        length = size;
    memcpy(buffer, stream->pending.data + stream->sent, length);
    stream->sent += length;
    stream->told_ms = followers_now_ms();
    stream->wake_ms = stream->told_ms + PING_MS;
    return (int64_t)length;
}

static void discard(struct event_stream *stream) {
    buf_done(&stream->pending);
    arena_free(stream->arena);
    free(stream);
}

static void stream_done(void *context) {
    struct event_stream *stream = context;
    struct event_stream **link = &stream->admin->followers.streams;
    while (*link != NULL && *link != stream)
        link = &(*link)->next;
    if (*link != NULL)
        *link = stream->next;
    engine_journal_follow(stream->admin->config.engine, -1);
    stream->admin->followers.stream_count--;
    discard(stream);
}

/* Where to begin: behind the entry that a broken stream has seen last, or `after`, or with what comes from now on. */
static int begin_place(struct admin_call *call, struct event_stream *stream, const char **ret_problem) {
    const char *after = call->request->last_event_id;
    struct journal_bounds bounds;
    int64_t seq = 0;
    int result = engine_journal_bounds(call->engine, &bounds);
    if (result != 0)
        return result;
    if (after == NULL || after[0] == '\0')
        after = admin_query(call, "after");
    if (after != NULL && text_parse_int(after, 0, INT64_MAX - 1, &seq) != 0) {
        *ret_problem = "after and Last-Event-ID must be the cursor of an entry";
        return 1;
    }
    struct journal_position position = journal_position_after(&bounds, after != NULL ? seq : bounds.last);
    stream->place = (struct journal_place){.next = position.next, .epoch = bounds.epoch};
    buf_append_text(&stream->pending, "retry: 1000\n\n");
    if (position.restarted)
        write_frame(stream, position.next - 1, "reset", (struct journal_text){"{}", 2});
    if (position.lost > 0)
        buf_printf(&stream->pending, "id: %lld\nevent: lost\ndata: {\"lost\":%lld}\n\n",
            (long long)(position.next - 1), (long long)position.lost);
    return 0;
}

static int fail(struct admin_call *call, struct event_stream *stream, const char *problem) {
    discard(stream);
    return admin_fail(call, 400, "InvalidQuery", "%s", problem);
}

int admin_events(struct admin_call *call) {
    struct followers *followers = &call->admin->followers;
    const char *problem = NULL;
    if (followers->stream_count >= STREAMS_MAX)
        return admin_fail(call, 503, "TooManyStreams", "there are %d event streams already", STREAMS_MAX);
    struct event_stream *stream = xcalloc(1, sizeof(*stream));
    stream->admin = call->admin;
    stream->exchange = call->request->exchange;
    stream->arena = arena_new_sized(1024);
    stream->pending = (struct buf)BUF_INIT(PENDING_MAX);
    if (journal_filter_read(call, &stream->match.filter, &problem) != 0)
        return fail(call, stream, problem);
    journal_filter_copy(stream->arena, &stream->match.filter);
    int result = begin_place(call, stream, &problem);
    if (result > 0)
        return fail(call, stream, problem);
    if (result < 0) {
        discard(stream);
        return result;
    }
    stream->next = followers->streams;
    followers->streams = stream;
    followers->stream_count++;
    followers->look = true;
    stream->told_ms = followers_now_ms();
    stream->wake_ms = stream->told_ms + PING_MS;
    engine_journal_follow(call->engine, 1);
    call->how = ADMIN_STREAM;
    call->stream = (struct admin_stream){.context = stream, .read = stream_read, .done = stream_done};
    return 0;
}

void streams_wake(struct admin *admin) {
    for (const struct event_stream *stream = admin->followers.streams; stream != NULL; stream = stream->next)
        admin->config.wake(admin->config.context, stream->exchange);
}

int64_t streams_wait_ms(const struct admin *admin) {
    int64_t first_ms = -1;
    for (const struct event_stream *stream = admin->followers.streams; stream != NULL;
         stream = stream->next) {
        if (first_ms < 0 || stream->wake_ms < first_ms)
            first_ms = stream->wake_ms;
    }
    if (first_ms < 0)
        return -1;
    int64_t left_ms = first_ms - followers_now_ms();
    return left_ms > 0 ? left_ms : 0;
}

void streams_run(struct admin *admin) {
    int64_t now_ms = admin->followers.streams != NULL ? followers_now_ms() : 0;
    for (struct event_stream *stream = admin->followers.streams; stream != NULL; stream = stream->next) {
        if (stream->wake_ms > now_ms)
            continue;
        /* One that cannot take anything is not asked again and again. */
        stream->wake_ms = now_ms + PING_MS;
        admin->config.wake(admin->config.context, stream->exchange);
    }
}

void streams_free(struct admin *admin) {
    while (admin->followers.streams != NULL)
        stream_done(admin->followers.streams);
}
