/* Writes compact JSON into a bounded buffer, in the order of the calls; commas are its own business.
 * The reply path uses this and stored text only, never a tree of the JSON library. */
#ifndef ECS_LOCAL_BASE_WRITER_H
#define ECS_LOCAL_BASE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ecs-local/base/buf.h"
#include "ecs-local/base/value.h"

struct writer {
    struct buf *buf;
    bool comma;     /* the next key or item needs a comma before it */
    bool iso_times; /* timestamps as ISO 8601 texts, as in events, instead of numbers */
};

#define WRITER_INIT(target)                                                                                  \
    { .buf = (target), .comma = false }

void writer_object_begin(struct writer *writer);
void writer_object_end(struct writer *writer);
void writer_list_begin(struct writer *writer);
void writer_list_end(struct writer *writer);
void writer_key(struct writer *writer, const char *key);

void writer_string(struct writer *writer, const char *text); /* escapes */
/* A text that is known to need no escapes: an enum's, an ARN, an id. */
void writer_word(struct writer *writer, const char *text);
void writer_int(struct writer *writer, int64_t integer);
void writer_real(struct writer *writer, double real); /* always with a fraction: 0.0 */
void writer_bool(struct writer *writer, bool boolean);
/* Milliseconds since the epoch as seconds with up to three decimals (facts: tasks 1.2); with iso_times as text
 * (facts: services 15). */
void writer_timestamp(struct writer *writer, int64_t time_ms);
/* JSON text that is already valid, as it is. */
void writer_raw(struct writer *writer, const char *text, size_t length);
void writer_value(struct writer *writer, const struct value *value);

/* A key of `length` characters of which none needs an escape. */
static inline __attribute__((always_inline)) void writer_key_plain(
    struct writer *writer, const char *key, size_t length) {
    struct buf *buf = writer->buf;
    if (!buf_has_room(buf, length + sizeof(",\"\":")))
        return;
    char *out = buf->data + buf->length;
    if (writer->comma)
        *out++ = ',';
    *out++ = '"';
    memcpy(out, key, length);
    memcpy(out + length, "\":", sizeof("\":"));
    buf->length = (size_t)(out + length + 2 - buf->data);
    writer->comma = false;
}

/* A key with its value. The _opt forms write nothing when there is nothing: NULL text, time 0. They are inline
 * because nearly every key is a literal: then nobody counts its characters or looks for some that need an escape. */
#define writer_key_of_(writer, key)                                                                          \
    (__builtin_constant_p(strlen(key)) ? writer_key_plain((writer), (key), strlen(key))                      \
                                       : writer_key((writer), (key)))

static inline __attribute__((always_inline)) void writer_key_string(
    struct writer *writer, const char *key, const char *text) {
    writer_key_of_(writer, key);
    writer_string(writer, text);
}

static inline __attribute__((always_inline)) void writer_key_string_opt(
    struct writer *writer, const char *key, const char *text_or_null) {
    if (text_or_null != NULL)
        writer_key_string(writer, key, text_or_null);
}

static inline __attribute__((always_inline)) void writer_key_word(
    struct writer *writer, const char *key, const char *text) {
    writer_key_of_(writer, key);
    writer_word(writer, text);
}

static inline __attribute__((always_inline)) void writer_key_word_opt(
    struct writer *writer, const char *key, const char *text_or_null) {
    if (text_or_null != NULL)
        writer_key_word(writer, key, text_or_null);
}

static inline __attribute__((always_inline)) void writer_key_int(
    struct writer *writer, const char *key, int64_t integer) {
    writer_key_of_(writer, key);
    writer_int(writer, integer);
}

static inline __attribute__((always_inline)) void writer_key_bool(
    struct writer *writer, const char *key, bool boolean) {
    writer_key_of_(writer, key);
    writer_bool(writer, boolean);
}

static inline __attribute__((always_inline)) void writer_key_timestamp_opt(
    struct writer *writer, const char *key, int64_t time_ms) {
    if (time_ms == 0)
        return;
    writer_key_of_(writer, key);
    writer_timestamp(writer, time_ms);
}

static inline __attribute__((always_inline)) void writer_key_raw(
    struct writer *writer, const char *key, const char *json_text) {
    writer_key_of_(writer, key);
    writer_raw(writer, json_text, strlen(json_text));
}

static inline __attribute__((always_inline)) void writer_key_value_opt(
    struct writer *writer, const char *key, const struct value *value_or_null) {
    if (value_or_null == NULL)
        return;
    writer_key_of_(writer, key);
    writer_value(writer, value_or_null);
}

static inline __attribute__((always_inline)) void writer_key_empty_list(
    struct writer *writer, const char *key) {
    writer_key_of_(writer, key);
    buf_append(writer->buf, "[]", 2);
    writer->comma = true;
}

static inline __attribute__((always_inline)) void writer_key_object_begin(
    struct writer *writer, const char *key) {
    writer_key_of_(writer, key);
    writer_object_begin(writer);
}

static inline __attribute__((always_inline)) void writer_key_list_begin(
    struct writer *writer, const char *key) {
    writer_key_of_(writer, key);
    writer_list_begin(writer);
}

#endif
