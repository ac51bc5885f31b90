/* Small questions about text. None of them allocates. */
#ifndef ECS_LOCAL_BASE_TEXT_H
#define ECS_LOCAL_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool text_equal(const char *left, const char *right) {
    return left != NULL && right != NULL && strcmp(left, right) == 0;
}

bool text_starts_with(const char *text, const char *prefix);
bool text_ends_with(const char *text, const char *suffix);

/* ECS names: letters, digits, '-' and '_', between 1 and `maximum` characters (facts: tasks 2). */
bool text_is_name(const char *text, size_t maximum);
/* Only decimal digits, at least one. */
bool text_is_digits(const char *text);

/* A whole decimal number in [minimum, maximum], with an optional '-'; nothing before or after. 0 or 1. */
int text_parse_int(const char *text, int64_t minimum, int64_t maximum, int64_t *ret_value);
/* The last moment that ISO 8601 can say in the usual form: the end of the year 9999. No duration is longer. */
#define TEXT_TIME_MAX_MS INT64_C(253402300799999)
/* "250ms", "5s", "3m", "1h", "2d", or a bare "0" → milliseconds. 0, or 1 when it is none of these. */
int text_parse_duration(const char *text, int64_t *ret_ms);
/* ISO 8601 in UTC with milliseconds: 2026-11-24T12:00:00.000Z. */
enum {
    TEXT_ISO8601_LENGTH = sizeof("2026-11-24T12:00:00.000Z") - 1,
    TEXT_ISO8601_SIZE = 32
};
/* TEXT_ISO8601_LENGTH characters and NUL, for a time of the years 0 to 9999. */
void text_format_iso8601(int64_t time_ms, char ret_text[TEXT_ISO8601_SIZE]);
/* Accepts what text_format_iso8601 writes, with or without fraction, `Z` or ±hh:mm. 0 or 1. */
int text_parse_iso8601(const char *text, int64_t *ret_ms);

/* Keys of tables, written for every request: therefore without the library's formats. Both return the length, or -1 when
 * `size` bytes are too few. "<row>/<name>", "<first>/<second>". */
int text_row_key(char *key, size_t size, int64_t row, const char *name);
int text_pair_key(char *key, size_t size, const char *first, const char *second);
enum {
    TEXT_INT_SIZE = 21
};
/* Decimal digits, with a '-' where needed, and NUL: at most TEXT_INT_SIZE bytes. Returns how many without the NUL. */
size_t text_put_int(char *ret_text, int64_t number);

/* Valid UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF)? */
bool text_is_utf8(const char *text, size_t length);
/* Code points in valid UTF-8. */
size_t text_utf8_length(const char *text);

#endif
