/* Writing entries. What they look like to a reader: journal_read.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "engine_internal.h"

enum {
    OUTCOME_ROOM = 64,          /* bytes; enough for a request without an error */
    PARAMETERS_MAX = 64 * 1024, /* bytes of a request body that are kept; a longer one is left out */
};

/* Names that clients make up can hold anything: what is not plain ASCII is not kept. */
static void copy_name(char *to, const char *name, size_t length) {
    unsigned strange = 0;
    for (size_t index = 0; index < length; index++)
        strange |= (unsigned)((unsigned char)name[index] - 0x20) > 0x7e - 0x20;
    memcpy(to, name, length);
    for (size_t index = 0; strange != 0 && index < length; index++)
        to[index] = name[index] >= 0x20 && name[index] < 0x7f ? name[index] : '?';
}

static uint8_t append_name(struct buf *buf, const char *name) {
    size_t length = strnlen(name, UINT8_MAX);
    if (!buf_reserve(buf, length))
        return 0;
    copy_name(buf->data + buf->length, name, length);
    buf->length += length;
    buf->data[buf->length] = '\0';
    return (uint8_t)length;
}

struct journal_origin journal_origin_new(struct arena *arena, const char *account, const char *region) {
    size_t account_length = strnlen(account, UINT8_MAX);
    size_t region_length = strnlen(region, UINT8_MAX);
    char *text = arena_alloc(arena, account_length + region_length);
    copy_name(text, account, account_length);
    copy_name(text + account_length, region, region_length);
    return (struct journal_origin){text, (uint8_t)account_length, (uint8_t)region_length};
}

static struct writer *begin(struct engine *engine, enum journal_kind kind) {
    struct journal *journal = &engine->journal;
    /* Who watches hears of events even when none is kept. */
    if (journal->settings.limit == 0 && !(kind == JOURNAL_EVENT && engine->watcher.announced != NULL)) {
        journal->first_seq++;
        return NULL;
    }
    buf_clear(&journal->scratch);
    journal->writer = (struct writer){.buf = &journal->scratch, .iso_times = true};
    journal->draft = (struct journal_record){.kind = (uint8_t)kind, .time_ms = engine_now_ms(engine)};
    return &journal->writer;
}

struct writer *journal_begin(
    struct engine *engine, enum journal_kind kind, const struct scope *scope, const char *subject) {
    const struct journal_origin *origin = &scope->origin;
    struct writer *writer = begin(engine, kind);
    struct journal_record *draft = &engine->journal.draft;
    if (writer == NULL)
        return NULL;
    draft->account_length = origin->account_length;
    draft->region_length = origin->region_length;
    draft->subject_length = (uint8_t)strlen(subject);
    buf_append(writer->buf, origin->text, (size_t)origin->account_length + origin->region_length);
    buf_append(writer->buf, subject, draft->subject_length);
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

static void tell_watcher(struct engine *engine, const struct journal_record *record) {
    const struct engine_watcher *watcher = &engine->watcher;
    if (watcher->announced == NULL || record->kind != JOURNAL_EVENT)
        return;
    int64_t seq = journal_last_seq(&engine->journal) + 1;
    struct journal_text event = journal_envelope_of(&engine->journal, seq, record);
    watcher->announced(watcher->context, seq, record->time_ms, event.text, event.length);
}

/* An entry that cannot be told (beyond every limit) still has its number. */
void journal_end(struct engine *engine) {
    struct journal *journal = &engine->journal;
    struct journal_record *record = NULL;
    bool is_request = journal->draft.kind == JOURNAL_REQUEST;
    journal->draft.length = (uint32_t)journal->scratch.length;
    if (!buf_failed(&journal->scratch))
        record = journal_record_new(
            journal, &journal->draft, buf_text(&journal->scratch), is_request ? OUTCOME_ROOM : 0);
    else
        journal_shared_release(journal->draft.shared);
    if (record != NULL)
        tell_watcher(engine, record);
    if (journal->settings.limit != 0) {
        journal_push(journal, record);
    } else {
        journal->first_seq++;
        journal_record_free(record);
    }
}

/* --- requests ------------------------------------------------------------------------------------------------ */

/* The body as it was sent. Line ends can only be between its tokens, so that they may become spaces. */
static void write_parameters(struct journal *journal, const struct journal_request *request) {
    struct writer *writer = &journal->writer;
    if (request->body_length > PARAMETERS_MAX) {
        writer_key_int(writer, "parametersBytes", (int64_t)request->body_length);
        return;
    }
    writer_key_raw(writer, "parameters", "");
    size_t begin = journal->scratch.length;
    buf_append(&journal->scratch, request->body, request->body_length);
    if (buf_failed(&journal->scratch) || (memchr(request->body, '\n', request->body_length) == NULL &&
                                             memchr(request->body, '\r', request->body_length) == NULL))
        return;
    for (size_t at = begin; at < journal->scratch.length; at++) {
        if (journal->scratch.data[at] == '\n' || journal->scratch.data[at] == '\r')
            journal->scratch.data[at] = ' ';
    }
}

void engine_journal_request(
    struct engine *engine, const struct journal_request *request, char ret_request_id[ID_UUID_SIZE]) {
    struct journal *journal = &engine->journal;
    journal->request_seq = journal_last_seq(journal) + 1;
    journal->request_ms = engine_now_ms(engine);
    journal->request_machine_us = engine->clock.mode != CLOCK_HELD ? machine_monotonic_us() : 0;
    journal_request_id(journal, journal->request_seq, ret_request_id);
    struct writer *writer = begin(engine, JOURNAL_REQUEST);
    if (writer == NULL)
        return;
    journal->draft.account_length = append_name(writer->buf, request->account);
    journal->draft.region_length = append_name(writer->buf, request->region);
    journal->draft.subject_length = append_name(writer->buf, request->operation);
    if (request->access_key != NULL) {
        char access_key[UINT8_MAX + 1] = "";
        copy_name(access_key, request->access_key, strnlen(request->access_key, UINT8_MAX));
        writer_key_string(writer, "accessKey", access_key);
    }
    if (request->body != NULL)
        write_parameters(journal, request);
    journal->draft.outcome_at = (uint32_t)journal->scratch.length;
    journal_end(engine);
}

/* With a held clock the world's time, which is the same in every run; else the machine's (decisions/0005). */
static void write_duration(struct engine *engine, struct writer *writer, int64_t latency_ms) {
    const struct journal *journal = &engine->journal;
    if (engine->clock.mode == CLOCK_HELD) {
        writer_key_int(writer, "durationMs", engine_now_ms(engine) - journal->request_ms + latency_ms);
        return;
    }
    int64_t elapsed_us = machine_monotonic_us() - journal->request_machine_us + latency_ms * 1000;
    int millis = (int)(elapsed_us % 1000);
    char fraction[4] = {
        '.', (char)('0' + millis / 100), (char)('0' + millis / 10 % 10), (char)('0' + millis % 10)};
    writer_key_int(writer, "durationMs", elapsed_us / 1000);
    buf_append(writer->buf, fraction, sizeof(fraction));
}

/* Puts what the scratch buffer holds behind the record's beginning. */
static void set_outcome(struct journal *journal, int64_t seq) {
    const struct buf *outcome = &journal->scratch;
    struct journal_record *record = journal_take(journal, seq);
    size_t length = record->outcome_at + outcome->length;
    if (length > record->room) {
        struct journal_record *old = record;
        record = journal_record_new(journal, old, old->text, length - old->length);
        old->shared = NULL; /* the new one's */
        journal_record_free(old);
    }
    memcpy(record->text + record->outcome_at, buf_text(outcome), outcome->length);
    record->length = (uint32_t)length;
    journal_replace(journal, seq, record);
}

static struct writer *begin_outcome(
    struct journal *journal, const struct journal_record *record, const struct journal_outcome *outcome) {
    struct writer *writer = &journal->writer;
    size_t names = (size_t)record->account_length + record->region_length + record->subject_length;
    buf_clear(&journal->scratch);
    *writer = (struct writer){
        .buf = &journal->scratch, .comma = record->outcome_at != names, .iso_times = true};
    writer_key_int(writer, "status", outcome->status);
    writer_key_string(writer, "result", outcome->code == NULL ? "ok" : "error");
    if (outcome->code == NULL)
        return writer;
    writer_key_object_begin(writer, "error");
    writer_key_string(writer, "code", outcome->code);
    writer_key_string_opt(writer, "message", outcome->message);
    writer_object_end(writer);
    return writer;
}

void engine_journal_outcome(struct engine *engine, const struct journal_outcome *outcome) {
    struct journal *journal = &engine->journal;
    int64_t seq = journal->request_seq;
    const struct journal_record *record = journal_record_at(journal, seq);
    journal->request_seq = 0;
    if (seq == 0 || record == NULL)
        return;
    write_duration(engine, begin_outcome(journal, record, outcome), outcome->latency_ms);
    set_outcome(journal, seq);
}

void journal_outcome_failed(struct journal *journal, int64_t seq) {
    struct journal_outcome failed = {.status = 500, .code = "ServerException"};
    begin_outcome(journal, journal_record_at(journal, seq), &failed);
    set_outcome(journal, seq);
}

/* --- transitions and events ---------------------------------------------------------------------------------- */

void engine_journal_transition(struct engine *engine, const struct scope *scope, const char *resource_type,
    const char *arn, const char *from, const char *to, const char *reason_or_null) {
    const struct engine_watcher *watcher = &engine->watcher;
    if (watcher->moved != NULL)
        watcher->moved(watcher->context, journal_last_seq(&engine->journal) + 1, engine_now_ms(engine),
            resource_type, arn, from, to);
    struct writer *writer = journal_begin(engine, JOURNAL_TRANSITION, scope, resource_type);
    if (writer == NULL)
        return;
    writer_key_string(writer, "arn", arn);
    writer_key_word(writer, "from", from);
    writer_key_word(writer, "to", to);
    writer_key_string_opt(writer, "reason", reason_or_null);
    journal_end(engine);
}

struct writer *journal_event_begin(struct engine *engine, const struct scope *scope, const char *detail_type,
    const char *const *resources, size_t resource_count) {
    struct writer *writer = journal_begin(engine, JOURNAL_EVENT, scope, detail_type);
    if (writer == NULL)
        return NULL;
    writer_key_list_begin(writer, "resources");
    for (size_t index = 0; index < resource_count; index++)
        writer_string(writer, resources[index]);
    writer_list_end(writer);
    writer_key_raw(writer, "detail", "");
    writer->comma = false;
    return writer;
}

void engine_emit_event(struct engine *engine, const struct scope *scope, const char *detail_type,
    const char *const *resources, size_t resource_count, const char *detail) {
    struct writer *writer = journal_event_begin(engine, scope, detail_type, resources, resource_count);
    if (writer == NULL)
        return;
    writer_raw(writer, detail, strlen(detail));
    journal_end(engine);
}
