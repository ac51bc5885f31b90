#include "sink_delivery.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/log.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/outgoing/outgoing.h"
#include "followers.h"
#include "journal_match.h"

enum {
    RETRY_FIRST_MS = 250, /* doubled with each failure in a row */
    RETRY_MAX_MS = 30 * 1000,
    TIMEOUT_DEFAULT_MS = 10 * 1000,
    BATCH_MAX = 10, /* entries of one PutEvents call */
    HEADERS_MAX = 40,
    LINES_GOOD = 256 * 1024, /* bytes that are written to a file in one go */
    LOOK_AT_ONCE = 20000,    /* entries looked at before others have their turn */
    UNWANTED_MAX = 1000,     /* entries that are passed before that is kept */
    BODY_MAX = 64 * 1024 * 1024,
    ERROR_MAX = 200,
};

struct delivery {
    struct delivery *next;
    struct admin *admin;
    struct sink progress; /* its document is the arena's */
    struct arena *arena;
    enum sink_type type;
    struct journal_match match;
    unsigned epoch;
    int64_t looked; /* entries up to here are delivered or not wanted */

    struct outgoing_call *call; /* NULL: nothing is under way */
    int64_t sending_to;         /* the position when it has arrived */
    unsigned sending_count;
    unsigned failures;
    int64_t retry_at_ms; /* 0: at once */
    char error[ERROR_MAX];
};

static int64_t now_ms(void) {
    return followers_now_ms();
}

static struct delivery *find(const struct admin *admin, int64_t sink_id) {
    struct delivery *delivery = admin->deliveries.first;
    while (delivery != NULL && delivery->progress.id != sink_id)
        delivery = delivery->next;
    return delivery;
}

struct delivery_state delivery_state_of(const struct admin *admin, int64_t sink_id) {
    const struct delivery *delivery = find(admin, sink_id);
    struct delivery_state state = {.state = "idle"};
    if (delivery == NULL)
        return state;
    state.failures = delivery->failures;
    state.error = delivery->error[0] != '\0' ? delivery->error : NULL;
    if (delivery->call != NULL) {
        state.state = "sending";
    } else if (delivery->failures != 0) {
        int64_t left_ms = delivery->retry_at_ms - now_ms();
        state.state = "retrying";
        state.retry_ms = left_ms > 0 ? left_ms : 0;
    }
    return state;
}

/* --- keeping up with what sinks there are -------------------------------------------------------------------- */

static void delivery_free(struct delivery *delivery) {
    outgoing_cancel(delivery->admin->config.outgoing, delivery->call);
    engine_journal_follow(delivery->admin->config.engine, -1);
    arena_free(delivery->arena);
    free(delivery);
}

static struct delivery *delivery_new(struct admin *admin, const struct sink *sink) {
    struct delivery *delivery = xcalloc(1, sizeof(*delivery));
    const char *problem = NULL;
    struct journal_bounds bounds;
    delivery->admin = admin;
    delivery->arena = arena_new_sized(1024);
    delivery->progress = *sink;
    delivery->progress.document = value_copy(delivery->arena, sink->document);
    if (sink_type_parse(value_string(sink->document, "type"), &delivery->type) != 0 ||
        journal_match_read(delivery->arena, value_get(sink->document, "match"), &delivery->match, &problem) !=
            0)
        log_error("the sink %lld cannot be read: it gets nothing", (long long)sink->id);
    if (engine_journal_bounds(admin->config.engine, &bounds) == 0)
        delivery->epoch = bounds.epoch;
    delivery->looked = sink->position;
    engine_journal_follow(admin->config.engine, 1);
    return delivery;
}

/* Sinks that have gone are let go, new ones are begun; what is under way for the others goes on. */
static void keep_up(struct admin *admin) {
    struct engine *engine = admin->config.engine;
    struct delivery **link = &admin->deliveries.first;
    if (admin->deliveries.version == engine_sinks_version(engine))
        return;
    admin->deliveries.version = engine_sinks_version(engine);
    for (const struct sink *sink = engine_sink_next(engine, 0); sink != NULL || *link != NULL;) {
        struct delivery *delivery = *link;
        bool same = sink != NULL && delivery != NULL && delivery->progress.id == sink->id &&
                    delivery->progress.created_ms == sink->created_ms &&
                    value_equal(delivery->progress.document, sink->document);
        if (same) {
            link = &delivery->next;
            sink = engine_sink_next(engine, sink->id);
        } else if (delivery != NULL && (sink == NULL || delivery->progress.id <= sink->id)) {
            *link = delivery->next;
            delivery_free(delivery);
        } else {
            struct delivery *added = delivery_new(admin, sink);
            added->next = delivery;
            *link = added;
            link = &added->next;
            sink = engine_sink_next(engine, sink->id);
        }
    }
}

void deliveries_free(struct admin *admin) {
    while (admin->deliveries.first != NULL) {
        struct delivery *delivery = admin->deliveries.first;
        admin->deliveries.first = delivery->next;
        delivery_free(delivery);
    }
}

/* --- what comes of a delivery -------------------------------------------------------------------------------- */

static void keep_progress(struct delivery *delivery) {
    if (engine_sink_progress(delivery->admin->config.engine, &delivery->progress) < 0)
        engine_fail_turn(delivery->admin->config.engine);
}

static void arrived(struct delivery *delivery) {
    delivery->progress.position = delivery->looked = delivery->sending_to;
    delivery->progress.delivered += delivery->sending_count;
    delivery->failures = 0;
    delivery->retry_at_ms = 0;
    delivery->error[0] = '\0';
    keep_progress(delivery);
}

static void failed(struct delivery *delivery, const char *why) {
    int64_t pause_ms = RETRY_FIRST_MS;
    for (unsigned failure = 0; failure < delivery->failures && pause_ms < RETRY_MAX_MS; failure++)
        pause_ms *= 2;
    if (pause_ms > RETRY_MAX_MS)
        pause_ms = RETRY_MAX_MS;
    delivery->failures++;
    delivery->retry_at_ms = now_ms() + pause_ms;
    snprintf(delivery->error, sizeof(delivery->error), "%s", why);
    log_debug("sink %lld: %s; again in %lld ms", (long long)delivery->progress.id, delivery->error,
        (long long)pause_ms);
    /* What has been looked at and was not delivered is looked at again. */
    delivery->looked = delivery->progress.position;
}

/* PutEvents answers 200 even when it has taken none of them. */
static const char *put_events_problem(struct delivery *delivery, const struct outgoing_reply *reply) {
    struct value *answer = NULL;
    struct arena *scratch = delivery->admin->followers.scratch;
    arena_reset(scratch);
    if (value_parse(scratch, reply->body, reply->body_length, &answer) != 0 || answer->kind != VALUE_MAP)
        return NULL;
    if (value_int(answer, "FailedEntryCount", 0) == 0)
        return NULL;
    value_for_each(entry, value_get(answer, "Entries")) {
        if (value_string(entry, "ErrorCode") != NULL)
            return value_string(entry, "ErrorCode");
    }
    return "PutEvents refused entries";
}

static void on_done(void *context, const struct outgoing_reply *reply) {
    struct delivery *delivery = context;
    char status[40];
    const char *problem = reply->error;
    delivery->call = NULL;
    if (problem == NULL && (reply->status < 200 || reply->status > 299)) {
        snprintf(status, sizeof(status), "the receiver answers %u", reply->status);
        problem = status;
    }
    if (problem == NULL && delivery->type == SINK_EVENTBRIDGE)
        problem = put_events_problem(delivery, reply);
    if (problem != NULL)
        failed(delivery, problem);
    else
        arrived(delivery);
}

/* --- sending ------------------------------------------------------------------------------------------------- */

static int64_t timeout_of(const struct delivery *delivery) {
    int64_t timeout_ms = TIMEOUT_DEFAULT_MS;
    const char *text = value_string(delivery->progress.document, "timeout");
    if (text != NULL)
        text_parse_duration(text, &timeout_ms);
    return timeout_ms;
}

static void post(struct delivery *delivery, const char *url, const char *const *headers, size_t header_count,
    const char *body, size_t length) {
    struct outgoing_request request = {
        .url = url,
        .headers = headers,
        .header_count = header_count,
        .body = body,
        .body_length = length,
        .timeout_ms = timeout_of(delivery),
        .context = delivery,
        .done = on_done,
    };
    if (outgoing_call(delivery->admin->config.outgoing, &request, &delivery->call) != 0)
        failed(delivery, "the request cannot be made");
}

static void send_webhook(struct delivery *delivery, int64_t seq) {
    struct arena *arena = arena_new_sized(4096);
    const struct value *document = delivery->progress.document;
    const struct value *own = value_get(document, "headers");
    const char *headers[HEADERS_MAX + 2] = {"Content-Type: application/json"};
    size_t count = 1;
    headers[count++] = arena_printf(arena, "X-Ecs-Local-Cursor: %lld", (long long)seq);
    for (uint32_t index = 0; index < value_count(own) && count < array_length(headers); index++)
        headers[count++] = arena_printf(
            arena, "%s: %s", own->entries[index].key, own->entries[index].value->string);
    struct journal_text json = sink_text(delivery->admin->config.engine, seq);
    delivery->sending_to = seq;
    delivery->sending_count = 1;
    post(delivery, value_string(document, "url"), headers, count, json.text, json.length);
    arena_free(arena);
}

static bool same_text(struct journal_text left, struct journal_text right) {
    return left.length == right.length && memcmp(left.text, right.text, left.length) == 0;
}

/* The first entry that the sink wants, behind `after` and up to `last`; 0: there is none. */
static int64_t next_wanted(struct delivery *delivery, int64_t after, int64_t last) {
    struct engine *engine = delivery->admin->config.engine;
    for (int64_t seq = after + 1; seq <= last; seq++) {
        if (journal_match_takes(engine, &delivery->match, seq, delivery->admin->followers.scratch))
            return seq;
    }
    return 0;
}

/* Up to ten entries of one account and region: both are told by the signature's scope. */
static void send_put_events(struct delivery *delivery, int64_t first, int64_t last) {
    struct engine *engine = delivery->admin->config.engine;
    struct arena *scratch = delivery->admin->followers.scratch;
    const struct value *document = delivery->progress.document;
    struct journal_entry begin;
    struct journal_entry entry;
    struct buf body = BUF_INIT(BODY_MAX);
    struct writer writer = WRITER_INIT(&body);
    if (!engine_journal_at(engine, first, &begin))
        return;
    writer_object_begin(&writer);
    writer_key_list_begin(&writer, "Entries");
    delivery->sending_count = 0;
    for (int64_t seq = first; seq != 0 && delivery->sending_count < BATCH_MAX;
         seq = next_wanted(delivery, seq, last)) {
        if (!engine_journal_at(engine, seq, &entry) || !same_text(entry.account, begin.account) ||
            !same_text(entry.region, begin.region))
            break;
        delivery->sending_count += sink_write_put_event(
            engine, seq, value_string(document, "bus"), scratch, &writer);
        delivery->sending_to = seq;
    }
    writer_list_end(&writer);
    writer_object_end(&writer);
    char signature[300];
    snprintf(signature, sizeof(signature),
        "Authorization: AWS4-HMAC-SHA256 Credential=%.*s/20260101/%.*s/events/aws4_request, "
        "SignedHeaders=host, Signature=00",
        (int)begin.account.length, begin.account.text, (int)begin.region.length, begin.region.text);
    const char *const headers[] = {
        "Content-Type: application/x-amz-json-1.1", "X-Amz-Target: AWSEvents.PutEvents", signature};
    if (delivery->sending_count == 0)
        arrived(delivery);
    else
        post(delivery, value_string(document, "endpoint"), headers, array_length(headers), buf_text(&body),
            body.length);
    buf_done(&body);
}

/* A line that a crash has cut off stays as it is; ours begins behind it. */
static void begin_line(int fd, struct buf *lines) {
    struct stat status;
    char last = '\n';
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 &&
        pread(fd, &last, 1, status.st_size - 1) == 1 && last != '\n')
        buf_append_char(lines, '\n');
}

static int write_all(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return 1;
        bytes += written;
        length -= (size_t)written;
    }
    return 0;
}

static void append_to_file(struct delivery *delivery, int64_t first, int64_t last) {
    struct engine *engine = delivery->admin->config.engine;
    const char *path = value_string(delivery->progress.document, "path");
    cleanup_close int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    if (fd < 0) {
        failed(delivery, strerror(errno));
        return;
    }
    struct buf lines = BUF_INIT(BODY_MAX);
    begin_line(fd, &lines);
    delivery->sending_count = 0;
    for (int64_t seq = first; seq != 0 && lines.length < LINES_GOOD; seq = next_wanted(delivery, seq, last)) {
        struct journal_text json = sink_text(engine, seq);
        buf_append(&lines, json.text, json.length);
        buf_append_char(&lines, '\n');
        delivery->sending_to = seq;
        delivery->sending_count++;
    }
    if (write_all(fd, buf_text(&lines), lines.length) != 0)
        failed(delivery, strerror(errno));
    else
        arrived(delivery);
    buf_done(&lines);
}

/* --- each in its turn ---------------------------------------------------------------------------------------- */

/* Where the sink stands, after resets and losses. */
static void find_place(struct delivery *delivery, const struct journal_bounds *bounds) {
    struct sink *progress = &delivery->progress;
    if (delivery->epoch != bounds->epoch) {
        delivery->epoch = bounds->epoch;
        progress->position = delivery->looked = bounds->begin - 1;
    }
    if (progress->position > bounds->last)
        progress->position = bounds->last;
    if (delivery->looked < progress->position)
        delivery->looked = progress->position;
    if (delivery->looked >= bounds->first - 1)
        return;
    progress->lost += bounds->first - 1 - delivery->looked;
    progress->position = delivery->looked = bounds->first - 1;
    keep_progress(delivery);
}

/* True when there may be more to do at once. */
static bool pump_one(struct delivery *delivery, const struct journal_bounds *bounds) {
    if (delivery->call != NULL || (delivery->failures != 0 && delivery->retry_at_ms > now_ms()))
        return false;
    find_place(delivery, bounds);
    int64_t last = bounds->committed;
    if (last - delivery->looked > LOOK_AT_ONCE)
        last = delivery->looked + LOOK_AT_ONCE;
    int64_t first = next_wanted(delivery, delivery->looked, last);
    if (first == 0) {
        delivery->looked = last > delivery->looked ? last : delivery->looked;
        if (delivery->looked - delivery->progress.position >= UNWANTED_MAX) {
            delivery->progress.position = delivery->looked;
            keep_progress(delivery);
        }
        return last < bounds->committed;
    }
    if (delivery->type == SINK_WEBHOOK)
        send_webhook(delivery, first);
    else if (delivery->type == SINK_EVENTBRIDGE)
        send_put_events(delivery, first, last);
    else
        append_to_file(delivery, first, last);
    return delivery->call == NULL && delivery->failures == 0;
}

void deliveries_pump(struct admin *admin) {
    struct journal_bounds bounds;
    keep_up(admin);
    if (admin->deliveries.first == NULL || engine_journal_bounds(admin->config.engine, &bounds) != 0)
        return;
    admin->deliveries.more = false;
    for (struct delivery *delivery = admin->deliveries.first; delivery != NULL; delivery = delivery->next)
        admin->deliveries.more |= pump_one(delivery, &bounds);
}

int64_t deliveries_wait_ms(const struct admin *admin) {
    int64_t first_ms = -1;
    if (admin->deliveries.more)
        return 0;
    for (const struct delivery *delivery = admin->deliveries.first; delivery != NULL;
         delivery = delivery->next) {
        if (delivery->call != NULL || delivery->failures == 0)
            continue;
        int64_t left_ms = delivery->retry_at_ms - now_ms();
        left_ms = left_ms > 0 ? left_ms : 0;
        if (first_ms < 0 || left_ms < first_ms)
            first_ms = left_ms;
    }
    return first_ms;
}
