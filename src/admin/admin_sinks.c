/* Sinks: POST, GET and DELETE /_ecs/sinks[/ID]. */
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/outgoing/outgoing.h"
#include "journal_match.h"
#include "sink_delivery.h"

enum {
    DOCUMENT_MAX = 64 * 1024,
    PATH_LENGTH_MAX = 4096,
    HEADERS_MAX = 32,
    HEADER_LENGTH_MAX = 4096,
    TIMEOUT_MAX_MS = 10 * 60 * 1000,
};

static int fail(struct admin_call *call, const char *problem) {
    return admin_fail(call, 400, "InvalidSink", "%s", problem);
}

static const char *check_members(struct admin_call *call, const char *const *names, size_t count) {
    for (uint32_t index = 0; index < value_count(call->input); index++) {
        size_t at = 0;
        while (at < count && !text_equal(names[at], call->input->entries[index].key))
            at++;
        if (at == count)
            return arena_printf(
                call->arena, "a sink of this type has no %s", call->input->entries[index].key);
    }
    return NULL;
}

static bool is_header_text(const char *text) {
    size_t length = strnlen(text, HEADER_LENGTH_MAX + 1);
    bool fine = length <= HEADER_LENGTH_MAX;
    for (size_t index = 0; fine && index < length; index++)
        fine = text[index] >= 0x20 && text[index] < 0x7f;
    return fine;
}

static const char *check_headers(const struct value *headers) {
    if (headers == NULL)
        return NULL;
    if (headers->kind != VALUE_MAP || value_count(headers) > HEADERS_MAX)
        return "headers must be an object of at most 32 texts";
    for (uint32_t index = 0; index < headers->count; index++) {
        const struct value *value = headers->entries[index].value;
        const char *name = headers->entries[index].key;
        if (value->kind != VALUE_STRING || !is_header_text(value->string) || !is_header_text(name) ||
            name[0] == '\0' || strpbrk(name, ": ") != NULL)
            return "headers must be names and texts of one line";
    }
    return NULL;
}

static const char *check_url(struct admin_call *call, const char *name) {
    const char *url = value_string(call->input, name);
    return url != NULL && outgoing_check_url(url) == 0
               ? NULL
               : arena_printf(call->arena, "%s must be a URL with http or https", name);
}

static const char *check_timeout(struct admin_call *call) {
    int64_t timeout_ms = 0;
    const char *text = value_string(call->input, "timeout");
    if (!value_has(call->input, "timeout"))
        return NULL;
    bool fine = text != NULL && text_parse_duration(text, &timeout_ms) == 0 && timeout_ms > 0 &&
                timeout_ms <= TIMEOUT_MAX_MS;
    return fine ? NULL : "timeout must be a duration of at most 10m, such as 10s";
}

static const char *check_webhook(struct admin_call *call) {
    static const char *const names[] = {"type", "url", "headers", "timeout", "match", "after"};
    const char *problem = check_members(call, names, array_length(names));
    if (problem == NULL)
        problem = check_url(call, "url");
    if (problem == NULL)
        problem = check_headers(value_get(call->input, "headers"));
    return problem != NULL ? problem : check_timeout(call);
}

static const char *check_eventbridge(struct admin_call *call) {
    static const char *const names[] = {"type", "endpoint", "bus", "timeout", "match", "after"};
    const char *problem = check_members(call, names, array_length(names));
    if (problem == NULL)
        problem = check_url(call, "endpoint");
    if (problem == NULL && value_has(call->input, "bus") && value_string_nonempty(call->input, "bus") == NULL)
        problem = "bus must be the name or the ARN of an event bus";
    return problem != NULL ? problem : check_timeout(call);
}

static const char *check_file(struct admin_call *call) {
    static const char *const names[] = {"type", "path", "match", "after"};
    const char *problem = check_members(call, names, array_length(names));
    const char *path = value_string_nonempty(call->input, "path");
    if (problem == NULL && (path == NULL || strlen(path) >= PATH_LENGTH_MAX))
        problem = "path must be the path of a file";
    return problem;
}

static const char *check_match(
    struct admin_call *call, enum sink_type type, struct journal_match *ret_match) {
    const char *problem = NULL;
    if (journal_match_read(call->arena, value_get(call->input, "match"), ret_match, &problem) != 0)
        return problem;
    if (type == SINK_EVENTBRIDGE && ret_match->filter.kind != NULL &&
        !text_equal(ret_match->filter.kind, "event"))
        return "an event bus takes events only";
    return NULL;
}

/* As given; without a kind it is events that are wanted. */
static void write_match(struct writer *writer, const struct value *match, bool kind_given) {
    writer_key_object_begin(writer, "match");
    if (!kind_given)
        writer_key_string(writer, "kind", "event");
    for (uint32_t index = 0; index < value_count(match); index++) {
        writer_key(writer, match->entries[index].key);
        writer_value(writer, match->entries[index].value);
    }
    writer_object_end(writer);
}

static void write_sink(struct admin_call *call, const struct sink *sink) {
    struct writer *writer = &call->writer;
    struct delivery_state state = delivery_state_of(call->admin, sink->id);
    char created[TEXT_ISO8601_SIZE];
    text_format_iso8601(sink->created_ms, created);
    writer_object_begin(writer);
    writer_key_int(writer, "id", sink->id);
    for (uint32_t index = 0; index < value_count(sink->document); index++) {
        writer_key(writer, sink->document->entries[index].key);
        writer_value(writer, sink->document->entries[index].value);
    }
    writer_key_string(writer, "state", state.state);
    writer_key_int(writer, "cursor", sink->position);
    writer_key_int(writer, "delivered", sink->delivered);
    writer_key_int(writer, "lost", sink->lost);
    writer_key_int(writer, "failures", state.failures);
    writer_key_string_opt(writer, "lastError", state.error);
    writer_key_string(writer, "createdAt", created);
    writer_object_end(writer);
}

/* Where it begins: behind `after`, or with what happens from now on. 0, 1 or <0. */
static int first_position(struct admin_call *call, int64_t *ret_position) {
    struct journal_bounds bounds;
    const struct value *after = value_get(call->input, "after");
    int result = engine_journal_bounds(call->engine, &bounds);
    if (result != 0)
        return result;
    *ret_position = bounds.last;
    if (after == NULL)
        return 0;
    if (after->kind != VALUE_INT || after->integer < 0)
        return 1;
    *ret_position = after->integer < bounds.last ? after->integer : bounds.last;
    return 0;
}

static int keep(struct admin_call *call, const struct journal_match *match, int64_t position) {
    const struct sink *sink = NULL;
    struct buf buf = BUF_INIT(DOCUMENT_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_object_begin(&writer);
    for (uint32_t index = 0; index < call->input->count; index++) {
        const struct value_entry *entry = &call->input->entries[index];
        if (text_equal(entry->key, "match") || text_equal(entry->key, "after"))
            continue;
        writer_key(&writer, entry->key);
        writer_value(&writer, entry->value);
    }
    bool kind_given = match->filter.kind != NULL || value_has(match->rest, "kind");
    write_match(&writer, value_get(call->input, "match"), kind_given);
    writer_object_end(&writer);
    int result = buf_failed(&buf) ? fail(call, "a sink takes at most 64 KiB")
                                  : engine_sink_add(call->engine, buf_text(&buf), position, &sink);
    buf_done(&buf);
    if (result == 0 && sink != NULL)
        write_sink(call, sink);
    return result;
}

int admin_sink_add(struct admin_call *call) {
    static const char *(*const checks[SINK_TYPE_COUNT])(struct admin_call * call) = {
        [SINK_WEBHOOK] = check_webhook,
        [SINK_EVENTBRIDGE] = check_eventbridge,
        [SINK_FILE] = check_file,
    };
    enum sink_type type = SINK_WEBHOOK;
    struct journal_match match;
    int64_t position = 0;
    if (sink_type_parse(value_string(call->input, "type"), &type) != 0)
        return fail(call, "type must be one of webhook, eventbridge, file");
    const char *problem = checks[type](call);
    if (problem == NULL)
        problem = check_match(call, type, &match);
    if (problem != NULL)
        return fail(call, problem);
    int result = first_position(call, &position);
    if (result != 0)
        return result < 0 ? result : fail(call, "after must be a cursor from an earlier answer");
    int count = 0;
    for (const struct sink *sink = engine_sink_next(call->engine, 0); sink != NULL;
         sink = engine_sink_next(call->engine, sink->id))
        count++;
    if (count >= SINKS_MAX)
        return admin_fail(call, 409, "TooManySinks", "there are %d sinks already; delete some", SINKS_MAX);
    return keep(call, &match, position);
}

int admin_sinks(struct admin_call *call) {
    writer_object_begin(&call->writer);
    writer_key_list_begin(&call->writer, "sinks");
    for (const struct sink *sink = engine_sink_next(call->engine, 0); sink != NULL;
         sink = engine_sink_next(call->engine, sink->id))
        write_sink(call, sink);
    writer_list_end(&call->writer);
    writer_object_end(&call->writer);
    return 0;
}

static const struct sink *sink_of(struct admin_call *call) {
    int64_t id = 0;
    if (text_parse_int(call->segment, 1, INT64_MAX, &id) != 0)
        return NULL;
    const struct sink *sink = engine_sink_next(call->engine, id - 1);
    return sink != NULL && sink->id == id ? sink : NULL;
}

int admin_sink_get(struct admin_call *call) {
    const struct sink *sink = sink_of(call);
    if (sink == NULL)
        return admin_fail(call, 404, "NotFound", "there is no sink %s", call->segment);
    write_sink(call, sink);
    return 0;
}

int admin_sink_delete(struct admin_call *call) {
    const struct sink *sink = sink_of(call);
    if (sink == NULL)
        return admin_fail(call, 404, "NotFound", "there is no sink %s", call->segment);
    call->status = 204;
    return engine_sink_delete(call->engine, sink->id);
}

int admin_sinks_delete(struct admin_call *call) {
    call->status = 204;
    int result = 0;
    const struct sink *sink;
    while (result == 0 && (sink = engine_sink_next(call->engine, 0)) != NULL)
        result = engine_sink_delete(call->engine, sink->id);
    return result;
}
