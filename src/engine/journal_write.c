/* How entries of the journal look.
 *
 *   {"cursor":7,"kind":"request","time":…,"account":…,"region":…,"requestId":…,"operation":"RunTask","accessKey":…,
 *    "parameters":{…},"status":200,"result":"ok","durationMs":0}          "error":{"code":…,"message":…} when it failed
 *   {"cursor":8,"kind":"transition",…,"resourceType":"task","arn":…,"from":"PENDING","to":"RUNNING"}   "reason" at its end
 *   {"cursor":9,"kind":"event",…,"event":{…}}                              EventBridge's envelope (facts: services 15)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "engine_internal.h"

enum {
    PARAMETERS_MAX = 64 * 1024, /* bytes of a request body that are kept; a longer one is left out */
    NAME_MAX_LENGTH = 256,      /* of an operation that nobody knows, or a key */
    SECONDS_LENGTH = 19,        /* of an ISO time without its fraction */
    PURPOSE_REQUEST = 1,
    PURPOSE_EVENT = 2,
};

static void key_span(
    struct journal *journal, const char *key, const char *text, uint16_t *ret_at, uint16_t *ret_length) {
    writer_key(&journal->writer, key);
    *ret_at = (uint16_t)(journal->scratch.length + 1);
    writer_string(&journal->writer, text);
    *ret_length = (uint16_t)(journal->scratch.length - 1 - *ret_at);
}

void journal_subject(struct journal *journal, const char *key, const char *subject) {
    key_span(journal, key, subject, &journal->draft.subject_at, &journal->draft.subject_length);
}

struct writer *journal_begin(
    struct engine *engine, enum journal_kind kind, const char *account, const char *region) {
    struct journal *journal = &engine->journal;
    if (journal->settings.limit == 0 && !(kind == JOURNAL_EVENT && engine->watcher.announced != NULL)) {
        journal->first_seq++;
        return NULL;
    }
    struct writer *writer = &journal->writer;
    char time[TEXT_ISO8601_SIZE];
    text_format_iso8601(engine_now_ms(engine), time);
    buf_clear(&journal->scratch);
    *writer = (struct writer){.buf = &journal->scratch, .iso_times = true};
    journal->draft = (struct journal_record){.kind = (uint8_t)kind};
    writer_object_begin(writer);
    writer_key_int(writer, "cursor", journal_last_seq(journal) + 1);
    writer_key_string(writer, "kind", journal_kind_name(kind));
    writer_key_string(writer, "time", time);
    key_span(journal, "account", account, &journal->draft.account_at, &journal->draft.account_length);
    key_span(journal, "region", region, &journal->draft.region_at, &journal->draft.region_length);
    return writer;
}

void journal_share(struct journal *journal, struct journal_shared *shared) {
    struct writer *writer = &journal->writer;
    if (writer->comma)
        buf_append_char(writer->buf, ',');
    writer->comma = true;
    shared->references++;
    journal->draft.shared = shared;
    journal->draft.shared_at = (uint32_t)journal->scratch.length;
}

/* An entry that cannot be told (beyond every limit) still has its number. */
static void put(struct journal *journal) {
    struct journal_record *record = NULL;
    if (journal->settings.limit == 0) { /* it was for the watcher */
        journal->first_seq++;
        return;
    }
    journal->draft.length = (uint32_t)journal->scratch.length;
    if (!buf_failed(&journal->scratch))
        record = journal_record_new(&journal->draft, buf_text(&journal->scratch));
    else
        journal_shared_release(journal->draft.shared);
    journal_push(journal, record);
}

void journal_end(struct engine *engine) {
    writer_object_end(&engine->journal.writer);
    put(&engine->journal);
}

/* --- requests ------------------------------------------------------------------------------------------------ */

/* The body as it was sent. Line ends can only be between its tokens, so that they may become spaces. */
static void write_parameters(struct journal *journal, const struct journal_request *request) {
    struct writer *writer = &journal->writer;
    if (request->body_length > PARAMETERS_MAX) {
        writer_key_int(writer, "parametersBytes", (int64_t)request->body_length);
        return;
    }
    writer_key(writer, "parameters");
    size_t begin = journal->scratch.length;
    writer_raw(writer, request->body, request->body_length);
    for (size_t at = begin; at < journal->scratch.length; at++) {
        if (journal->scratch.data[at] == '\n' || journal->scratch.data[at] == '\r')
            journal->scratch.data[at] = ' ';
    }
}

void engine_journal_request(
    struct engine *engine, const struct journal_request *request, char ret_request_id[ID_UUID_SIZE]) {
    struct journal *journal = &engine->journal;
    int64_t seq = journal_last_seq(journal) + 1;
    journal_id(journal, seq, PURPOSE_REQUEST, ret_request_id);
    struct writer *writer = journal_begin(engine, JOURNAL_REQUEST, request->account, request->region);
    journal->request_seq = seq;
    journal->request_ms = engine_now_ms(engine);
    journal->request_machine_us = machine_monotonic_us();
    if (writer == NULL)
        return;
    char operation[NAME_MAX_LENGTH];
    snprintf(operation, sizeof(operation), "%s", request->operation);
    writer_key_string(writer, "requestId", ret_request_id);
    journal_subject(journal, "operation", operation);
    writer_key_string_opt(writer, "accessKey", request->access_key);
    if (request->body != NULL)
        write_parameters(journal, request);
    journal->draft.outcome_at = (uint32_t)journal->scratch.length;
    put(journal);
}

/* With a held clock the world's time, which is the same in every run; else the machine's (decisions/0005). */
static void write_duration(struct engine *engine, struct writer *writer) {
    const struct journal *journal = &engine->journal;
    writer_key(writer, "durationMs");
    if (engine->clock.mode == CLOCK_HELD) {
        writer_int(writer, engine_now_ms(engine) - journal->request_ms);
        return;
    }
    char text[40];
    int64_t elapsed_us = machine_monotonic_us() - journal->request_machine_us;
    int length = snprintf(
        text, sizeof(text), "%lld.%03d", (long long)(elapsed_us / 1000), (int)(elapsed_us % 1000));
    writer_raw(writer, text, (size_t)length);
}

/* Puts what the scratch buffer holds behind the record's beginning. */
static void set_outcome(struct journal *journal, int64_t seq) {
    const struct buf *outcome = &journal->scratch;
    struct journal_record *record = journal_take(journal, seq);
    size_t length = record->outcome_at + outcome->length;
    record = xrealloc(record, sizeof(*record) + length);
    memcpy(record->text + record->outcome_at, buf_text(outcome), outcome->length);
    record->length = (uint32_t)length;
    journal_replace(journal, seq, record);
}

static struct writer *begin_outcome(
    struct journal *journal, unsigned status, const char *code_or_null, const char *message_or_null) {
    struct writer *writer = &journal->writer;
    buf_clear(&journal->scratch);
    *writer = (struct writer){.buf = &journal->scratch, .comma = true, .iso_times = true};
    writer_key_int(writer, "status", status);
    writer_key_string(writer, "result", code_or_null == NULL ? "ok" : "error");
    if (code_or_null == NULL)
        return writer;
    writer_key_object_begin(writer, "error");
    writer_key_string(writer, "code", code_or_null);
    writer_key_string_opt(writer, "message", message_or_null);
    writer_object_end(writer);
    return writer;
}

void engine_journal_outcome(
    struct engine *engine, unsigned status, const char *code_or_null, const char *message_or_null) {
    struct journal *journal = &engine->journal;
    int64_t seq = journal->request_seq;
    journal->request_seq = 0;
    if (seq == 0 || journal_record_at(journal, seq) == NULL)
        return;
    struct writer *writer = begin_outcome(journal, status, code_or_null, message_or_null);
    write_duration(engine, writer);
    writer_object_end(writer);
    set_outcome(journal, seq);
}

void journal_outcome_failed(struct journal *journal, int64_t seq) {
    struct writer *writer = begin_outcome(journal, 500, "ServerException", NULL);
    writer_object_end(writer);
    set_outcome(journal, seq);
}

/* --- transitions and events ---------------------------------------------------------------------------------- */

void engine_journal_transition(struct engine *engine, const struct scope *scope, const char *resource_type,
    const char *arn, const char *from, const char *to, const char *reason_or_null) {
    const struct engine_watcher *watcher = &engine->watcher;
    if (watcher->moved != NULL)
        watcher->moved(watcher->context, journal_last_seq(&engine->journal) + 1, engine_now_ms(engine),
            resource_type, arn, from, to);
    struct writer *writer = journal_begin(engine, JOURNAL_TRANSITION, scope->account, scope->region);
    if (writer == NULL)
        return;
    journal_subject(&engine->journal, "resourceType", resource_type);
    writer_key_string(writer, "arn", arn);
    writer_key_string(writer, "from", from);
    writer_key_string(writer, "to", to);
    writer_key_string_opt(writer, "reason", reason_or_null);
    journal_end(engine);
}

struct writer *journal_event_begin(struct engine *engine, const struct scope *scope, const char *detail_type,
    const char *const *resources, size_t resource_count) {
    struct journal *journal = &engine->journal;
    struct writer *writer = journal_begin(engine, JOURNAL_EVENT, scope->account, scope->region);
    if (writer == NULL)
        return NULL;
    char id[ID_UUID_SIZE];
    char time[TEXT_ISO8601_SIZE];
    journal_id(journal, journal_last_seq(journal) + 1, PURPOSE_EVENT, id);
    text_format_iso8601(engine_now_ms(engine), time);
    memcpy(time + SECONDS_LENGTH, "Z", sizeof("Z"));
    writer_key_object_begin(writer, "event");
    journal->event_at = journal->scratch.length - 1;
    writer_key_string(writer, "version", "0");
    writer_key_string(writer, "id", id);
    journal_subject(journal, "detail-type", detail_type);
    writer_key_string(writer, "source", "aws.ecs");
    writer_key_string(writer, "account", scope->account);
    writer_key_string(writer, "time", time);
    writer_key_string(writer, "region", scope->region);
    writer_key_list_begin(writer, "resources");
    for (size_t index = 0; index < resource_count; index++)
        writer_string(writer, resources[index]);
    writer_list_end(writer);
    writer_key(writer, "detail");
    return writer;
}

void journal_event_end(struct engine *engine) {
    const struct journal *journal = &engine->journal;
    const struct engine_watcher *watcher = &engine->watcher;
    writer_object_end(&engine->journal.writer);
    if (watcher->announced != NULL && !buf_failed(&journal->scratch))
        watcher->announced(watcher->context, journal_last_seq(journal) + 1, engine_now_ms(engine),
            journal->scratch.data + journal->event_at, journal->scratch.length - journal->event_at);
    journal_end(engine);
}

void engine_emit_event(struct engine *engine, const struct scope *scope, const char *detail_type,
    const char *const *resources, size_t resource_count, const char *detail) {
    struct writer *writer = journal_event_begin(engine, scope, detail_type, resources, resource_count);
    if (writer == NULL)
        return;
    writer_raw(writer, detail, strlen(detail));
    journal_event_end(engine);
}
