/* What sinks get. */
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "sink_delivery.h"

enum {
    DETAIL_MAX = 16 * 1024 * 1024
};

static const char *const type_names[SINK_TYPE_COUNT] = {
    [SINK_WEBHOOK] = "webhook",
    [SINK_EVENTBRIDGE] = "eventbridge",
    [SINK_FILE] = "file",
};

const char *sink_type_name(enum sink_type type) {
    return type_names[type];
}

int sink_type_parse(const char *name, enum sink_type *ret_type) {
    for (unsigned type = 0; type < SINK_TYPE_COUNT; type++) {
        if (text_equal(name, type_names[type])) {
            *ret_type = (enum sink_type)type;
            return 0;
        }
    }
    return 1;
}

struct journal_text sink_text(struct engine *engine, int64_t seq) {
    struct journal_entry entry;
    bool is_event = engine_journal_at(engine, seq, &entry) && entry.kind == JOURNAL_EVENT;
    return is_event ? engine_journal_envelope(engine, seq) : engine_journal_json(engine, seq);
}

/* PutEvents: {"Time", "Source", "Resources", "DetailType", "Detail" (a text), "EventBusName"}. */
bool sink_write_put_event(struct engine *engine, int64_t seq, const char *bus_or_null, struct arena *scratch,
    struct writer *writer) {
    struct journal_entry entry;
    if (!engine_journal_at(engine, seq, &entry) || entry.kind != JOURNAL_EVENT)
        return false;
    struct journal_text json = engine_journal_envelope(engine, seq);
    struct value *event = NULL;
    arena_reset(scratch);
    if (value_parse(scratch, json.text, json.length, &event) != 0)
        return false;
    struct buf detail = BUF_INIT(DETAIL_MAX);
    struct writer detail_writer = WRITER_INIT(&detail);
    writer_value(&detail_writer, value_get(event, "detail"));
    writer_object_begin(writer);
    writer_key_int(writer, "Time", entry.time_ms / 1000);
    writer_key_string(writer, "Source", value_string(event, "source"));
    writer_key_value_opt(writer, "Resources", value_get(event, "resources"));
    writer_key_string(writer, "DetailType", value_string(event, "detail-type"));
    writer_key_string(writer, "Detail", buf_text(&detail));
    writer_key_string_opt(writer, "EventBusName", bus_or_null);
    writer_object_end(writer);
    buf_done(&detail);
    return true;
}
