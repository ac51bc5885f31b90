/* base: arena, buf, text, writer, value, clock, ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "ecs-local/base/arena.h"
#include "ecs-local/base/buf.h"
#include "ecs-local/base/clock.h"
#include "ecs-local/base/ids.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/base/writer.h"

static void arena_gives_zeroed_memory_of_any_size(void **state) {
    (void)state;
    struct arena *arena = arena_new_sized(256);
    for (size_t size = 0; size < 2000; size += 37) {
        unsigned char *bytes = arena_alloc(arena, size);
        for (size_t index = 0; index < size; index++)
            assert_int_equal(bytes[index], 0);
        memset(bytes, 0xff, size);
    }
    arena_reset(arena);
    assert_string_equal(arena_printf(arena, "%s-%d", "a", 7), "a-7");
    assert_null(arena_strdup(arena, NULL));
    arena_free(arena);
    arena_free(NULL);
}

static void buf_stops_at_its_maximum(void **state) {
    (void)state;
    struct buf buf = BUF_INIT(8);
    buf_append_text(&buf, "12345678");
    assert_false(buf_failed(&buf));
    buf_append_char(&buf, '9');
    assert_true(buf_failed(&buf));
    assert_string_equal(buf_text(&buf), "12345678");
    buf_append_text(&buf, "");
    assert_true(buf_failed(&buf));
    buf_clear(&buf);
    assert_false(buf_failed(&buf));
    buf_printf(&buf, "%d", 123);
    assert_string_equal(buf_text(&buf), "123");
    buf_done(&buf);
}

static void writer_writes_compact_json(void **state) {
    (void)state;
    struct buf buf = BUF_INIT(4096);
    struct writer writer = WRITER_INIT(&buf);
    writer_object_begin(&writer);
    writer_key_string(&writer, "text", "a\"b\\c\n\x01ü");
    writer_key_int(&writer, "low", INT64_MIN);
    writer_key_timestamp_opt(&writer, "t", 1560788724507);
    writer_key_timestamp_opt(&writer, "u", 1563421497000);
    writer_key_timestamp_opt(&writer, "v", 1563421497250);
    writer_key_timestamp_opt(&writer, "none", 0);
    writer_key(&writer, "real");
    writer_real(&writer, 0);
    writer_key_list_begin(&writer, "list");
    writer_int(&writer, 1);
    writer_bool(&writer, false);
    writer_list_end(&writer);
    writer_key_empty_list(&writer, "empty");
    writer_object_end(&writer);
    assert_string_equal(buf_text(&buf),
        "{\"text\":\"a\\\"b\\\\c\\n\\u0001ü\",\"low\":-9223372036854775808,\"t\":1560788724.507,\"u\":1563421497,"
        "\"v\":1563421497.25,\"real\":0.0,\"list\":[1,false],\"empty\":[]}");
    buf_done(&buf);
}

static void escape_at(unsigned byte, size_t place, size_t length) {
    char text[21];
    char expected[64];
    memset(text, 'x', length);
    text[length] = '\0';
    text[place] = (char)byte;
    struct buf buf = BUF_INIT(256);
    struct writer writer = WRITER_INIT(&buf);
    writer_string(&writer, text);
    bool escaped = byte < 0x20 || byte == '"' || byte == '\\';
    snprintf(expected, sizeof(expected), "\"%s\"", text);
    assert_int_equal(strcmp(buf_text(&buf), expected) != 0, escaped);
    assert_int_equal(buf.length > length + 2, escaped);
    buf_done(&buf);
}

/* Every byte at every place of words of every length, against a plain reading. */
static void writer_escapes_at_every_place(void **state) {
    (void)state;
    for (unsigned byte = 1; byte < 256; byte++) {
        for (size_t length = 1; length <= 20; length++) {
            for (size_t place = 0; place < length; place++)
                escape_at(byte, place, length);
        }
    }
}

static void writer_keeps_times_apart(void **state) {
    (void)state;
    struct buf buf = BUF_INIT(4096);
    struct writer writer = WRITER_INIT(&buf);
    writer_list_begin(&writer);
    for (unsigned round = 0; round < 4; round++) {
        writer.iso_times = round % 2 == 1;
        writer_timestamp(&writer, 1764000000000);
        writer_timestamp(&writer, 1764000000008);
    }
    writer_list_end(&writer);
    assert_string_equal(buf_text(&buf),
        "[1764000000,1764000000.008,\"2025-11-24T16:00:00.000Z\",\"2025-11-24T16:00:00.008Z\","
        "1764000000,1764000000.008,\"2025-11-24T16:00:00.000Z\",\"2025-11-24T16:00:00.008Z\"]");
    buf_done(&buf);
}

static void value_round_trips(void **state) {
    (void)state;
    static const char text[] = "{\"a\":1,\"b\":[true,\"x\",2.5],\"n\":null,\"m\":{\"k\":\"v\"}}";
    struct arena *arena = arena_new();
    struct value *value = NULL;
    assert_int_equal(value_parse(arena, text, strlen(text), &value), 0);
    assert_false(value_has(value, "n"));
    assert_int_equal(value_int(value, "a", 0), 1);
    assert_string_equal(value_string_at(value_get(value, "b"), 1), "x");
    assert_null(value_string_at(value_get(value, "b"), 9));
    struct value *copy = value_clone(arena, value);
    assert_true(value_equal(value, copy));
    value_set(arena, copy, "a", value_new_int(arena, 2));
    assert_false(value_equal(value, copy));
    value_remove(copy, "m");
    assert_int_equal(value_count(copy), 2);
    struct buf buf = BUF_INIT(4096);
    struct writer writer = WRITER_INIT(&buf);
    writer_value(&writer, value);
    assert_string_equal(buf_text(&buf), "{\"a\":1,\"b\":[true,\"x\",2.5],\"m\":{\"k\":\"v\"}}");
    buf_done(&buf);
    arena_free(arena);
}

static void value_refuses_depth_and_garbage(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    struct value *value = NULL;
    char deep[400];
    memset(deep, '[', 200);
    memset(deep + 200, ']', 200);
    assert_int_equal(value_parse(arena, deep, sizeof(deep), &value), 1);
    assert_int_equal(value_parse(arena, "{", 1, &value), 1);
    assert_null(value);
    arena_free(arena);
}

static void text_checks_names_numbers_durations(void **state) {
    (void)state;
    int64_t number = 7;
    assert_true(text_is_name("a-B_9", 5));
    assert_false(text_is_name("a-B_9x", 5));
    assert_false(text_is_name("", 5));
    assert_false(text_is_name("a.b", 5));
    assert_int_equal(text_parse_int("12x", 0, 100, &number), 1);
    assert_int_equal(text_parse_int("101", 0, 100, &number), 1);
    assert_int_equal(number, 7);
    assert_int_equal(text_parse_int("-3", -5, 100, &number), 0);
    assert_int_equal(number, -3);
    static const struct {
        const char *text;
        int64_t ms;
    } fine[] = {{"250ms", 250}, {"5s", 5000}, {"3m", 180000}, {"1h", 3600000}, {"0", 0}};
    for (size_t index = 0; index < sizeof(fine) / sizeof(fine[0]); index++) {
        assert_int_equal(text_parse_duration(fine[index].text, &number), 0);
        assert_int_equal(number, fine[index].ms);
    }
    assert_int_equal(text_parse_duration("5", &number), 1);
    assert_int_equal(text_parse_duration("s", &number), 1);
    assert_int_equal(text_parse_duration("-5s", &number), 1);
}

static void text_knows_iso8601_and_utf8(void **state) {
    (void)state;
    char text[TEXT_ISO8601_SIZE];
    int64_t time_ms = 0;
    text_format_iso8601(1764000000123, text);
    assert_string_equal(text, "2025-11-24T16:00:00.123Z");
    assert_int_equal(text_parse_iso8601(text, &time_ms), 0);
    assert_int_equal(time_ms, 1764000000123);
    assert_int_equal(text_parse_iso8601("2025-11-24T17:00:00+01:00", &time_ms), 0);
    assert_int_equal(time_ms, 1764000000000);
    assert_int_equal(text_parse_iso8601("yesterday", &time_ms), 1);
    assert_true(text_is_utf8("grün", 5));
    assert_false(text_is_utf8("\xc0\xaf", 2));
    assert_false(text_is_utf8("\xed\xa0\x80", 3));
    assert_int_equal(text_utf8_length("grün"), 4);
}

static void text_puts_integers(void **state) {
    (void)state;
    int64_t power = 1;
    for (unsigned digits = 1; digits < 19; digits++, power *= 10) {
        const int64_t numbers[] = {0, power - 1, power, power + 1, power / 7 * 5, INT64_MAX, INT64_MIN};
        for (size_t index = 0; index < sizeof(numbers) / sizeof(numbers[0]); index++) {
            for (int sign = -1; sign <= 1; sign += 2) {
                int64_t number = numbers[index] == INT64_MIN ? INT64_MIN : sign * numbers[index];
                char text[TEXT_INT_SIZE];
                char expected[32];
                snprintf(expected, sizeof(expected), "%lld", (long long)number);
                assert_int_equal(text_put_int(text, number), strlen(expected));
                assert_string_equal(text, expected);
            }
        }
    }
}

static void clock_is_held_until_told(void **state) {
    (void)state;
    struct clock clock;
    clock_init(&clock, CLOCK_HELD, 1);
    int64_t start_ms = clock_now_ms(&clock);
    assert_int_equal(clock_wait_ms(&clock, start_ms), 0);
    assert_int_equal(clock_wait_ms(&clock, start_ms + 1), -1);
    clock_advance_to(&clock, start_ms + 5000);
    assert_int_equal(clock_now_ms(&clock), start_ms + 5000);
    clock_advance_to(&clock, start_ms);
    assert_int_equal(clock_now_ms(&clock), start_ms + 5000);
    enum clock_mode mode = CLOCK_REAL;
    double factor = 0;
    assert_int_equal(clock_mode_parse("x60", &mode, &factor), 0);
    assert_int_equal(mode, CLOCK_SCALED);
    assert_int_equal(clock_mode_parse("x", &mode, &factor), 1);
    assert_int_equal(clock_mode_parse("x-1", &mode, &factor), 1);
}

static void clock_moves_when_looked_at(void **state) {
    (void)state;
    struct clock clock;
    clock_init(&clock, CLOCK_SCALED, 1e6);
    int64_t start_ms = clock_now_ms(&clock);
    int64_t start_us = machine_monotonic_us();
    while (machine_monotonic_us() < start_us + 2000)
        ;
    assert_int_equal(clock_now_ms(&clock), start_ms);
    clock_look(&clock);
    int64_t later_ms = clock_now_ms(&clock);
    assert_true(later_ms >= start_ms + 1000000);
    clock_advance_to(&clock, later_ms + 5000);
    assert_int_equal(clock_now_ms(&clock), later_ms + 5000);
    clock_look(&clock);
    assert_true(clock_now_ms(&clock) >= later_ms + 5000);
    /* Real: the machine's time, from this moment on. */
    clock_set_mode(&clock, CLOCK_REAL, 1);
    assert_in_range(clock_now_ms(&clock), machine_now_ms() - 60000, machine_now_ms());
}

static void ids_repeat_with_a_seed(void **state) {
    (void)state;
    struct ids first;
    struct ids second;
    char one[ID_UUID_SIZE];
    char two[ID_UUID_SIZE];
    ids_init_seeded(&first, 42);
    ids_init_seeded(&second, 42);
    ids_uuid(&first, one);
    ids_uuid(&second, two);
    assert_string_equal(one, two);
    assert_int_equal(one[14], '4');
    assert_non_null(strchr("89ab", one[19]));
    unsigned counts[10] = {0};
    for (unsigned drawn = 0; drawn < 10000; drawn++)
        counts[ids_below(&first, 10)]++;
    for (unsigned index = 0; index < 10; index++)
        assert_in_range(counts[index], 850, 1150);
    ids_init_random(&second);
    ids_uuid(&second, two);
    assert_string_not_equal(one, two);
}

static unsigned hex_digit(char digit) {
    return (unsigned)(strchr("0123456789abcdef", digit) - "0123456789abcdef");
}

static void ids_carry_a_row(void **state) {
    (void)state;
    static const int64_t rows[] = {1, 2, 255, 256, 65536, 1000000007, IDS_ROW_MAX - 1, IDS_ROW_MAX};
    struct ids ids;
    struct ids same;
    char id[ID_HEX_SIZE];
    char plain[ID_HEX_SIZE];
    ids_init_seeded(&ids, 7);
    ids_init_seeded(&same, 7);
    for (unsigned index = 0; index < sizeof(rows) / sizeof(rows[0]); index++) {
        ids_hex_of_row(&ids, rows[index], id);
        assert_int_equal(ids_row(id), rows[index]);
        ids_hex(&same, plain); /* as much of the sequence is used up, and it begins alike */
        assert_memory_equal(id, plain, 20);
        assert_int_equal(id[12], '4');
        assert_non_null(strchr("89ab", id[16]));
    }
    assert_int_equal(ids_random(&ids), ids_random(&same));
    /* A row that does not fit is not there: it is another number, and the caller sees that. */
    ids_hex_of_row(&ids, IDS_ROW_MAX + 10, id);
    assert_int_equal(ids_row(id), 9);
}

/* Rows are counted upwards; what shows of them must not look like it. */
static void ids_with_rows_look_like_any(void **state) {
    (void)state;
    enum {
        DRAWN = 16000
    };
    static unsigned counts[32][16];
    struct ids ids;
    ids_init_seeded(&ids, 1);
    unsigned equal = 0; /* digits of the end that are those of the id before */
    char before[ID_HEX_SIZE] = "00000000000000000000000000000000";
    for (int64_t row = 1; row <= DRAWN; row++) {
        char id[ID_HEX_SIZE];
        ids_hex_of_row(&ids, row, id);
        assert_int_equal(strspn(id, "0123456789abcdef"), ID_HEX_SIZE - 1);
        for (unsigned index = 0; index < 32; index++)
            counts[index][hex_digit(id[index])]++;
        for (unsigned index = 20; index < 32; index++)
            equal += id[index] == before[index];
        memcpy(before, id, sizeof(before));
    }
    for (unsigned index = 0; index < 32; index++) {
        for (unsigned digit = 0; digit < 16 && index != 12 && index != 16; digit++)
            assert_in_range(counts[index][digit], DRAWN / 16 - 160, DRAWN / 16 + 160);
    }
    assert_in_range(equal, 12 * DRAWN / 16 - 600, 12 * DRAWN / 16 + 600);
}

static void ids_of_others_lead_nowhere(void **state) {
    (void)state;
    static const char *const others[] = {"", "1", "task0001", "2b1f0e3c9d8a4b7cb1d2e3f40516273",
        "2b1f0e3c9d8a4b7cb1d2e3f4051627389", "2b1f0e3c-9d8a-4b7c-b1d2-e3f405162738"};
    for (unsigned index = 0; index < sizeof(others) / sizeof(others[0]); index++)
        assert_int_equal(ids_row(others[index]), 0);
    /* As long as one: a number that is not a row of ours, but within bounds. */
    static const char *const alike[] = {"2b1f0e3c9d8a4b7cb1d2e3f405162738",
        "gggggggggggggggggggggggggggggggg",
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"};
    for (unsigned index = 0; index < sizeof(alike) / sizeof(alike[0]); index++)
        assert_in_range(ids_row(alike[index]), 1 << 24, IDS_ROW_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_gives_zeroed_memory_of_any_size),
        cmocka_unit_test(buf_stops_at_its_maximum),
        cmocka_unit_test(writer_writes_compact_json),
        cmocka_unit_test(writer_escapes_at_every_place),
        cmocka_unit_test(writer_keeps_times_apart),
        cmocka_unit_test(value_round_trips),
        cmocka_unit_test(value_refuses_depth_and_garbage),
        cmocka_unit_test(text_checks_names_numbers_durations),
        cmocka_unit_test(text_knows_iso8601_and_utf8),
        cmocka_unit_test(text_puts_integers),
        cmocka_unit_test(clock_is_held_until_told),
        cmocka_unit_test(clock_moves_when_looked_at),
        cmocka_unit_test(ids_repeat_with_a_seed),
        cmocka_unit_test(ids_carry_a_row),
        cmocka_unit_test(ids_with_rows_look_like_any),
        cmocka_unit_test(ids_of_others_lead_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
