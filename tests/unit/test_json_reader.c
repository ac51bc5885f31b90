/* json_reader against json_loadb: the same trees, the same refusals, on chosen, generated and damaged texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/buf.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/ids.h"
#include "ecs-local/base/json_reader.h"

enum {
    GENERATED = 3000,
    DAMAGES = 12,
    TEXT_MAX = 1 << 20,
};

/* jansson 2.14 loses a NUL byte behind a number; ours refuses every one outside strings. */
static void compare(const char *text, size_t length) {
    if (memchr(text, '\0', length) != NULL) {
        assert_null(json_reader_parse(text, length));
        return;
    }
    json_error_t error;
    json_t *expected = json_loadb(text, length, JSON_DECODE_ANY, &error);
    json_t *got = json_reader_parse(text, length);
    if ((expected == NULL) != (got == NULL) || (expected != NULL && !json_equal(expected, got)))
        fail_msg("the readers differ (%s) on: %.*s", expected == NULL ? error.text : "accepted", (int)length,
            text);
    json_decref(expected);
    json_decref(got);
}

static void agrees_on_chosen_texts(void **state) {
    (void)state;
    static const char *const texts[] = {"", " ", "{}", "[]", " { } ", "{\"a\":1}", "{\"a\":1,}", "{,}",
        "[1,2,]", "[,1]", "{\"a\":1,\"a\":2}", "\"x\"", "\"", "\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"",
        "\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83d\\u0041\"", "\"\\u0000\"", "\"\\x\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\n\"", "\"\xc3\xa9\"", "\"\xc3\"", "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"", "0", "-0", "00", "01", "-", "+1", "1.", ".5", "1.5", "1e5", "1E+5", "1e-5",
        "1e", "1e999", "-1e999", "1e-999", "9223372036854775807", "9223372036854775808",
        "-9223372036854775808", "-9223372036854775809", "123456789012345678901234567890", "true", "false",
        "null", "tru", "truex", "nul", "NaN", "Infinity", "[true,false,null]", "{\"a\"}", "{\"a\":}", "{a:1}",
        "{1:2}", "[1 2]", "{} {}", "[[[[]]]]", "{\"\\u0061\":1,\"a\":2}", "{\"\":1}", "\xef\xbb\xbf{}",
        "/**/{}", "[1]x", "{\"a\":\"\\u00", "[\"\\"};
    for (size_t index = 0; index < array_length(texts); index++)
        compare(texts[index], strlen(texts[index]));
    compare("{\"a\0b\":1}", 9);
    compare("\"a\0b\"", 5);
    compare("[1\0]", 4);
    compare("\0", 1);
}

static void append_space(struct ids *ids, struct buf *out) {
    static const char spaces[] = " \n\t\r";
    while (ids_below(ids, 8) == 0)
        buf_append_char(out, spaces[ids_below(ids, 4)]);
}

static void append_string(struct ids *ids, struct buf *out) {
    static const char *const pieces[] = {"a", "key", "name", "x y", "\\n", "\\\"", "\\u0041",
        "\\ud83d\\ude00", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "0123456789", "/", "\\/", ""};
    buf_append_char(out, '"');
    for (uint64_t count = ids_below(ids, 5); count > 0; count--)
        buf_append_text(out, pieces[ids_below(ids, array_length(pieces))]);
    buf_append_char(out, '"');
}

static void append_value(struct ids *ids, struct buf *out, unsigned depth) {
    static const char *const plain[] = {
        "0", "-1", "42", "1.5", "-2.5e-3", "1e10", "true", "false", "null", "9007199254740993"};
    append_space(ids, out);
    uint64_t kind = ids_below(ids, depth < 6 ? 5 : 3);
    if (kind < 2) {
        buf_append_text(out, plain[ids_below(ids, array_length(plain))]);
    } else if (kind == 2) {
        append_string(ids, out);
    } else {
        buf_append_char(out, kind == 3 ? '[' : '{');
        for (uint64_t count = ids_below(ids, 5), index = 0; index < count; index++) {
            if (index != 0)
                buf_append_char(out, ',');
            append_space(ids, out);
            if (kind == 4) {
                append_string(ids, out);
                append_space(ids, out);
                buf_append_char(out, ':');
            }
            append_value(ids, out, depth + 1);
        }
        append_space(ids, out);
        buf_append_char(out, kind == 3 ? ']' : '}');
    }
    append_space(ids, out);
}

/* Cut, changed and doubled bytes. */
static void compare_damaged(struct ids *ids, const struct buf *text) {
    char *copy = malloc(text->length + 2);
    for (unsigned damage = 0; damage < DAMAGES && text->length != 0; damage++) {
        size_t length = text->length;
        memcpy(copy, text->data, length);
        size_t at = (size_t)ids_below(ids, length);
        if (damage % 3 == 0)
            length = at;
        else if (damage % 3 == 1)
            copy[at] = (char)ids_below(ids, 256);
        else
            copy[at] = "{}[],:\"\\0-e.u"[ids_below(ids, 13)];
        compare(copy, length);
    }
    free(copy);
}

static void agrees_on_generated_and_damaged_texts(void **state) {
    (void)state;
    struct ids ids;
    ids_init_seeded(&ids, 20160713);
    struct buf text = BUF_INIT(TEXT_MAX);
    for (unsigned round = 0; round < GENERATED; round++) {
        buf_clear(&text);
        append_value(&ids, &text, 0);
        compare(buf_text(&text), text.length);
        compare_damaged(&ids, &text);
    }
    buf_done(&text);
}

static void refuses_depth(void **state) {
    (void)state;
    char text[2 * (JSON_READER_DEPTH_MAX + 1)];
    for (size_t depth = JSON_READER_DEPTH_MAX; depth <= JSON_READER_DEPTH_MAX + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        json_t *value = json_reader_parse(text, 2 * depth);
        assert_int_equal(value != NULL, depth == JSON_READER_DEPTH_MAX);
        json_decref(value);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_on_chosen_texts),
        cmocka_unit_test(agrees_on_generated_and_damaged_texts),
        cmocka_unit_test(refuses_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
