/* How entries of the journal look:
 *
 *   {"cursor":7,"kind":"request","time":…,"account":…,"region":…,"requestId":…,"operation":"RunTask","accessKey":…,
 *    "parameters":{…},"status":200,"result":"ok","durationMs":0}          "error":{"code":…,"message":…} when it failed
 *   {"cursor":8,"kind":"transition",…,"resourceType":"task","arn":…,"from":"PENDING","to":"RUNNING"}   "reason" at its end
 *   {"cursor":9,"kind":"event",…,"event":{…}}                              EventBridge's envelope (facts: services 15)
 *
 * Most entries are never read, so this is written for a reader and not when something happens. */
#include <string.h>

#include "ecs-local/base/text.h"
#include "engine_internal.h"

enum {
    SECONDS_LENGTH = 19, /* of an ISO time without its fraction */
    NAME_SIZE = UINT8_MAX + 1,
    PURPOSE_REQUEST = 1,
    PURPOSE_EVENT = 2,
};

static void make_id(
    const struct journal *journal, int64_t seq, unsigned purpose, char ret_text[ID_UUID_SIZE]) {
    struct ids ids;
    ids_init_seeded(&ids, journal->settings.id_base ^ ((uint64_t)seq << 8 | purpose));
    ids_uuid(&ids, ret_text);
}

void journal_request_id(const struct journal *journal, int64_t seq, char ret_text[ID_UUID_SIZE]) {
    make_id(journal, seq, PURPOSE_REQUEST, ret_text);
}

static void key_text(struct writer *writer, const char *key, struct journal_text text) {
    char name[NAME_SIZE];
    memcpy(name, text.text, text.length);
    name[text.length] = '\0';
    writer_key_string(writer, key, name);
}

static void write_body(struct writer *writer, const struct journal_record *record) {
    buf_append_char(writer->buf, ',');
    journal_append_body(record, writer->buf);
    writer->comma = true;
}

static void write_envelope(const struct journal *journal, struct writer *writer,
    const struct journal_entry *entry, const struct journal_record *record) {
    char id[ID_UUID_SIZE];
    char time[TEXT_ISO8601_SIZE];
    make_id(journal, entry->seq, PURPOSE_EVENT, id);
    text_format_iso8601(entry->time_ms, time);
    memcpy(time + SECONDS_LENGTH, "Z", sizeof("Z"));
    writer_object_begin(writer);
    writer_key_string(writer, "version", "0");
    writer_key_string(writer, "id", id);
    key_text(writer, "detail-type", entry->subject);
    writer_key_string(writer, "source", "aws.ecs");
    key_text(writer, "account", entry->account);
    writer_key_string(writer, "time", time);
    key_text(writer, "region", entry->region);
    write_body(writer, record);
    writer_object_end(writer);
}

static void write_entry(const struct journal *journal, struct writer *writer,
    const struct journal_entry *entry, const struct journal_record *record) {
    writer_object_begin(writer);
    writer_key_int(writer, "cursor", entry->seq);
    writer_key_string(writer, "kind", journal_kind_name(entry->kind));
    writer_key_timestamp_opt(writer, "time", entry->time_ms);
    key_text(writer, "account", entry->account);
    key_text(writer, "region", entry->region);
    if (entry->kind == JOURNAL_EVENT) {
        writer_key(writer, "event");
        write_envelope(journal, writer, entry, record);
    } else if (entry->kind == JOURNAL_REQUEST) {
        char id[ID_UUID_SIZE];
        journal_request_id(journal, entry->seq, id);
        writer_key_string(writer, "requestId", id);
        key_text(writer, "operation", entry->subject);
        write_body(writer, record);
    } else {
        key_text(writer, "resourceType", entry->subject);
        write_body(writer, record);
    }
    writer_object_end(writer);
}

typedef void entry_writer(const struct journal *journal, struct writer *writer,
    const struct journal_entry *entry, const struct journal_record *record);

static struct journal_text read_with(
    struct journal *journal, int64_t seq, const struct journal_record *record, entry_writer *write) {
    struct writer writer = {.buf = &journal->told, .iso_times = true};
    buf_clear(&journal->told);
    if (record != NULL) {
        struct journal_entry entry = journal_entry_of(seq, record);
        write(journal, &writer, &entry, record);
    }
    return (struct journal_text){buf_text(&journal->told), journal->told.length};
}

struct journal_text journal_envelope_of(
    struct journal *journal, int64_t seq, const struct journal_record *record) {
    return read_with(journal, seq, record, write_envelope);
}

struct journal_text engine_journal_json(struct engine *engine, int64_t seq) {
    struct journal *journal = &engine->journal;
    return read_with(journal, seq, journal_record_at(journal, seq), write_entry);
}

struct journal_text engine_journal_envelope(struct engine *engine, int64_t seq) {
    struct journal *journal = &engine->journal;
    return read_with(journal, seq, journal_record_at(journal, seq), write_envelope);
}
