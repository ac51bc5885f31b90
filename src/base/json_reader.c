#include "ecs-local/base/json_reader.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/buf.h"
#include "ecs-local/base/plain_text.h"
#include "ecs-local/base/text.h"

struct reader {
    const char *cursor;
    const char *end;
    unsigned depth;
    struct buf scratch; /* of a string with escapes, or of a number */
};

/* A piece of text: within the input when it needs no change, else within the scratch buffer. */
struct piece {
    const char *text;
    size_t length;
};

static json_t *read_value(struct reader *reader);

static void skip_space(struct reader *reader) {
    while (reader->cursor < reader->end && (*reader->cursor == ' ' || *reader->cursor == '\n' ||
                                               *reader->cursor == '\t' || *reader->cursor == '\r'))
        reader->cursor++;
}

static bool take(struct reader *reader, char character) {
    if (reader->cursor == reader->end || *reader->cursor != character)
        return false;
    reader->cursor++;
    return true;
}

static int hex_digit(char character) {
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    return character >= 'A' && character <= 'F' ? character - 'A' + 10 : -1;
}

/* The four digits of \uXXXX. 0 or 1. */
static int read_hex(struct reader *reader, uint32_t *ret_unit) {
    if (reader->end - reader->cursor < 4)
        return 1;
    uint32_t unit = 0;
    for (int index = 0; index < 4; index++) {
        int digit = hex_digit(*reader->cursor++);
        if (digit < 0)
            return 1;
        unit = unit << 4 | (uint32_t)digit;
    }
    *ret_unit = unit;
    return 0;
}

static void append_code_point(struct buf *buf, uint32_t code) {
    char bytes[4];
    size_t count = 0;
    if (code < 0x80) {
        bytes[count++] = (char)code;
    } else if (code < 0x800) {
        bytes[count++] = (char)(0xc0 | code >> 6);
        bytes[count++] = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        bytes[count++] = (char)(0xe0 | code >> 12);
        bytes[count++] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[count++] = (char)(0x80 | (code & 0x3f));
    } else {
        bytes[count++] = (char)(0xf0 | code >> 18);
        bytes[count++] = (char)(0x80 | (code >> 12 & 0x3f));
        bytes[count++] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[count++] = (char)(0x80 | (code & 0x3f));
    }
    buf_append(buf, bytes, count);
}

/* \uXXXX, or a pair of surrogates. A lone one and U+0000 are refused, as the library does. */
static int read_unicode(struct reader *reader) {
    uint32_t code = 0;
    uint32_t low = 0;
    if (read_hex(reader, &code) != 0)
        return 1;
    if (code >= 0xd800 && code < 0xdc00) {
        if (!take(reader, '\\') || !take(reader, 'u') || read_hex(reader, &low) != 0 || low < 0xdc00 ||
            low > 0xdfff)
            return 1;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code == 0 || (code >= 0xdc00 && code <= 0xdfff)) {
        return 1;
    }
    append_code_point(&reader->scratch, code);
    return 0;
}

static int read_escape(struct reader *reader) {
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    if (reader->cursor == reader->end)
        return 1;
    char character = *reader->cursor++;
    if (character == 'u')
        return read_unicode(reader);
    const char *found = character != '\0' ? strchr(from, character) : NULL;
    if (found == NULL)
        return 1;
    buf_append_char(&reader->scratch, to[found - from]);
    return 0;
}

/* Moves over characters that stand for themselves; *high: one of them is not ASCII. */
static void skip_plain(struct reader *reader, bool *high) {
    reader->cursor += plain_text_length(reader->cursor, (size_t)(reader->end - reader->cursor), high);
}

/* The string behind its opening quote. 0 or 1. */
static int read_string(struct reader *reader, struct piece *ret_piece) {
    const char *start = reader->cursor;
    bool high = false;
    skip_plain(reader, &high);
    *ret_piece = (struct piece){.text = start, .length = (size_t)(reader->cursor - start)};
    if (reader->cursor < reader->end && *reader->cursor == '\\') {
        buf_clear(&reader->scratch);
        buf_append(&reader->scratch, start, ret_piece->length);
        while (take(reader, '\\')) {
            if (read_escape(reader) != 0)
                return 1;
            start = reader->cursor;
            skip_plain(reader, &high);
            buf_append(&reader->scratch, start, (size_t)(reader->cursor - start));
        }
        *ret_piece = (struct piece){.text = buf_text(&reader->scratch), .length = reader->scratch.length};
    }
    if (!take(reader, '"'))
        return 1;
    return high && !text_is_utf8(ret_piece->text, ret_piece->length) ? 1 : 0;
}

static json_t *read_string_value(struct reader *reader) {
    struct piece piece;
    return read_string(reader, &piece) == 0 ? json_stringn_nocheck(piece.text, piece.length) : NULL;
}

static size_t skip_digits(struct reader *reader) {
    const char *start = reader->cursor;
    while (reader->cursor < reader->end && *reader->cursor >= '0' && *reader->cursor <= '9')
        reader->cursor++;
    return (size_t)(reader->cursor - start);
}

/* Moves over a number; *real: it has a fraction or an exponent. 0 or 1. */
static int scan_number(struct reader *reader, bool *real) {
    take(reader, '-');
    if (!take(reader, '0') && skip_digits(reader) == 0)
        return 1;
    *real = false;
    if (take(reader, '.')) {
        *real = true;
        if (skip_digits(reader) == 0)
            return 1;
    }
    if (take(reader, 'e') || take(reader, 'E')) {
        *real = true;
        if (!take(reader, '+'))
            take(reader, '-');
        if (skip_digits(reader) == 0)
            return 1;
    }
    return 0;
}

static json_t *read_number(struct reader *reader) {
    const char *start = reader->cursor;
    bool real = false;
    if (scan_number(reader, &real) != 0)
        return NULL;
    buf_clear(&reader->scratch);
    buf_append(&reader->scratch, start, (size_t)(reader->cursor - start));
    errno = 0;
    if (!real) {
        long long integer = strtoll(buf_text(&reader->scratch), NULL, 10);
        return errno == 0 ? json_integer(integer) : NULL;
    }
    double number = strtod(buf_text(&reader->scratch), NULL);
    return isfinite(number) ? json_real(number) : NULL;
}

static json_t *read_literal(struct reader *reader) {
    static const struct {
        const char *word;
        size_t length;
    } words[] = {{"true", 4}, {"false", 5}, {"null", 4}};
    for (size_t index = 0; index < 3; index++) {
        if ((size_t)(reader->end - reader->cursor) < words[index].length ||
            memcmp(reader->cursor, words[index].word, words[index].length) != 0)
            continue;
        reader->cursor += words[index].length;
        return index == 0 ? json_true() : index == 1 ? json_false() : json_null();
    }
    return NULL;
}

static json_t *refuse(json_t *half) {
    json_decref(half);
    return NULL;
}

/* One member into the object. 0 or 1. */
static int read_member(struct reader *reader, json_t *object) {
    struct piece key;
    char kept[256];
    char *copy = NULL;
    skip_space(reader);
    if (!take(reader, '"') || read_string(reader, &key) != 0)
        return 1;
    /* A key with escapes stands in the scratch buffer, which the value needs, too. */
    if (key.text == buf_text(&reader->scratch)) {
        copy = key.length < sizeof(kept) ? kept : malloc(key.length + 1);
        if (copy == NULL)
            return 1;
        memcpy(copy, key.text, key.length);
        key.text = copy;
    }
    skip_space(reader);
    json_t *value = take(reader, ':') ? read_value(reader) : NULL;
    int result = value != NULL ? json_object_setn_new_nocheck(object, key.text, key.length, value) : 1;
    if (copy != kept)
        free(copy);
    return result;
}

static json_t *read_object(struct reader *reader) {
    json_t *object = json_object();
    skip_space(reader);
    if (take(reader, '}'))
        return object;
    do {
        if (read_member(reader, object) != 0)
            return refuse(object);
        skip_space(reader);
    } while (take(reader, ','));
    return take(reader, '}') ? object : refuse(object);
}

static json_t *read_array(struct reader *reader) {
    json_t *array = json_array();
    skip_space(reader);
    if (take(reader, ']'))
        return array;
    do {
        json_t *item = read_value(reader);
        if (item == NULL || json_array_append_new(array, item) != 0)
            return refuse(array);
        skip_space(reader);
    } while (take(reader, ','));
    return take(reader, ']') ? array : refuse(array);
}

static json_t *read_nested(struct reader *reader, json_t *(*read)(struct reader *reader)) {
    if (++reader->depth > JSON_READER_DEPTH_MAX)
        return NULL;
    reader->cursor++;
    json_t *value = read(reader);
    reader->depth--;
    return value;
}

static json_t *read_value(struct reader *reader) {
    skip_space(reader);
    if (reader->cursor == reader->end)
        return NULL;
    char first = *reader->cursor;
    if (first == '{')
        return read_nested(reader, read_object);
    if (first == '[')
        return read_nested(reader, read_array);
    if (first == '"') {
        reader->cursor++;
        return read_string_value(reader);
    }
    return first == '-' || (first >= '0' && first <= '9') ? read_number(reader) : read_literal(reader);
}

json_t *json_reader_parse(const char *text, size_t length) {
    struct reader reader = {.cursor = text, .end = text + length, .scratch = BUF_INIT(length + 1)};
    json_t *value = read_value(&reader);
    skip_space(&reader);
    if (value != NULL && reader.cursor != reader.end)
        value = refuse(value);
    buf_done(&reader.scratch);
    return value;
}
