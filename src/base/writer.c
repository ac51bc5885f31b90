#include "ecs-local/base/writer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ecs-local/base/plain_text.h"
#include "ecs-local/base/text.h"

static inline void separate(struct writer *writer) {
    if (writer->comma)
        buf_append_char(writer->buf, ',');
    writer->comma = true;
}

static void open_with(struct writer *writer, char bracket) {
    separate(writer);
    buf_append_char(writer->buf, bracket);
    writer->comma = false;
}

static void close_with(struct writer *writer, char bracket) {
    buf_append_char(writer->buf, bracket);
    writer->comma = true;
}

void writer_object_begin(struct writer *writer) {
    open_with(writer, '{');
}

void writer_object_end(struct writer *writer) {
    close_with(writer, '}');
}

void writer_list_begin(struct writer *writer) {
    open_with(writer, '[');
}

void writer_list_end(struct writer *writer) {
    close_with(writer, ']');
}

static void append_escape(struct buf *buf, unsigned char byte) {
    static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *pair = shorts; *pair != '\0'; pair += 2) {
        if ((unsigned char)pair[0] == byte) {
            char escape[2] = {'\\', pair[1]};
            buf_append(buf, escape, 2);
            return;
        }
    }
    buf_printf(buf, "\\u%04x", byte);
}

static void append_escaped(struct buf *buf, const char *text) {
    for (; *text != '\0'; text++) {
        if (plain_text_has((unsigned char)*text))
            buf_append_char(buf, *text);
        else
            append_escape(buf, (unsigned char)*text);
    }
}

/* Puts quotes around the `length` bytes of a text that need no escapes. */
static inline void append_plain(struct buf *buf, const char *text, size_t length) {
    if (!buf_has_room(buf, length + 2))
        return;
    char *out = buf->data + buf->length;
    out[0] = '"';
    memcpy(out + 1, text, length);
    memcpy(out + 1 + length, "\"", sizeof("\""));
    buf->length += length + 2;
}

static inline void append_quoted(struct buf *buf, const char *text) {
    size_t length = strlen(text);
    bool high = false;
    size_t plain = plain_text_length(text, length, &high); /* nearly always all of it */
    append_plain(buf, text, plain);
    if (plain == length || buf_failed(buf))
        return;
    buf->length--; /* the rest goes before the closing quote */
    append_escaped(buf, text + plain);
    buf_append_char(buf, '"');
}

void writer_key(struct writer *writer, const char *key) {
    separate(writer);
    append_quoted(writer->buf, key);
    buf_append_char(writer->buf, ':');
    writer->comma = false;
}

void writer_string(struct writer *writer, const char *text) {
    separate(writer);
    append_quoted(writer->buf, text);
}

void writer_word(struct writer *writer, const char *text) {
    separate(writer);
    append_plain(writer->buf, text, strlen(text));
}

static void append_int(struct buf *buf, int64_t integer) {
    if (buf_has_room(buf, TEXT_INT_SIZE - 1))
        buf->length += text_put_int(buf->data + buf->length, integer);
}

void writer_int(struct writer *writer, int64_t integer) {
    separate(writer);
    append_int(writer->buf, integer);
}

void writer_real(struct writer *writer, double real) {
    separate(writer);
    if (!isfinite(real))
        real = 0;
    char text[40];
    snprintf(text, sizeof(text), "%.15g", real);
    buf_append_text(writer->buf, text);
    if (strpbrk(text, ".e") == NULL)
        buf_append_text(writer->buf, ".0");
}

void writer_bool(struct writer *writer, bool boolean) {
    separate(writer);
    buf_append(writer->buf, boolean ? "true" : "false", boolean ? 4 : 5);
}

struct timestamp {
    int64_t time_ms;
    size_t length; /* 0: none is kept here */
    char text[TEXT_ISO8601_SIZE + 1];
};

static void put_iso8601(struct timestamp *timestamp) {
    timestamp->text[0] = '"';
    text_format_iso8601(timestamp->time_ms, timestamp->text + 1);
    timestamp->text[1 + TEXT_ISO8601_LENGTH] = '"';
    timestamp->length = TEXT_ISO8601_LENGTH + 2;
}

static void put_seconds(struct timestamp *timestamp) {
    char *text = timestamp->text;
    size_t length = text_put_int(text, timestamp->time_ms / 1000);
    int millis = (int)(timestamp->time_ms % 1000);
    if (millis != 0) {
        text[length++] = '.';
        text[length++] = (char)('0' + millis / 100);
        text[length++] = (char)('0' + millis / 10 % 10);
        text[length++] = (char)('0' + millis % 10);
        while (text[length - 1] == '0')
            length--;
    }
    timestamp->length = length;
}

/* What happens in one turn has one time, and a document has many of them: the last ones are kept as texts. */
void writer_timestamp(struct writer *writer, int64_t time_ms) {
    enum {
        KEPT = 8
    };
    static struct timestamp kept[2][KEPT];
    struct timestamp *timestamp = &kept[writer->iso_times][(uint64_t)time_ms % KEPT];
    if (timestamp->time_ms != time_ms || timestamp->length == 0) {
        timestamp->time_ms = time_ms;
        if (writer->iso_times)
            put_iso8601(timestamp);
        else
            put_seconds(timestamp);
    }
    struct buf *buf = writer->buf;
    if (!buf_has_room(buf, 1 + sizeof(timestamp->text)))
        return;
    separate(writer);
    /* All of it, because copying a fixed number of bytes takes no call. */
    memcpy(buf->data + buf->length, timestamp->text, sizeof(timestamp->text));
    buf->length += timestamp->length;
    buf->data[buf->length] = '\0';
}

void writer_raw(struct writer *writer, const char *text, size_t length) {
    separate(writer);
    buf_append(writer->buf, text, length);
}

static void write_map(struct writer *writer, const struct value *map) {
    writer_object_begin(writer);
    for (uint32_t index = 0; index < map->count; index++) {
        writer_key(writer, map->entries[index].key);
        writer_value(writer, map->entries[index].value);
    }
    writer_object_end(writer);
}

static void write_list(struct writer *writer, const struct value *list) {
    writer_list_begin(writer);
    for (uint32_t index = 0; index < list->count; index++)
        writer_value(writer, list->items[index]);
    writer_list_end(writer);
}

void writer_value(struct writer *writer, const struct value *value) {
    switch (value->kind) {
    case VALUE_BOOL:
        writer_bool(writer, value->boolean);
        break;
    case VALUE_INT:
        writer_int(writer, value->integer);
        break;
    case VALUE_REAL:
        writer_real(writer, value->real);
        break;
    case VALUE_STRING:
        writer_string(writer, value->string);
        break;
    case VALUE_LIST:
        write_list(writer, value);
        break;
    case VALUE_MAP:
        write_map(writer, value);
        break;
    }
}
