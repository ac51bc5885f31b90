#include "ecs-local/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

bool text_starts_with(const char *text, const char *prefix) {
    return text != NULL && strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_ends_with(const char *text, const char *suffix) {
    if (text == NULL)
        return false;
    size_t length = strlen(text);
    size_t tail = strlen(suffix);
    return length >= tail && strcmp(text + length - tail, suffix) == 0;
}

static bool is_digit(char character) {
    return character >= '0' && character <= '9';
}

static bool is_name_character(char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           is_digit(character) || character == '-' || character == '_';
}

bool text_is_name(const char *text, size_t maximum) {
    if (text == NULL)
        return false;
    size_t length = 0;
    for (; text[length] != '\0'; length++) {
        if (length == maximum || !is_name_character(text[length]))
            return false;
    }
    return length > 0;
}

bool text_is_digits(const char *text) {
    if (text == NULL || *text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (!is_digit(*text))
            return false;
    }
    return true;
}

int text_parse_int(const char *text, int64_t minimum, int64_t maximum, int64_t *ret_value) {
    bool negative = text[0] == '-';
    const char *digits = text + (negative ? 1 : 0);
    if (!text_is_digits(digits) || strlen(digits) > 18)
        return 1;
    int64_t number = 0;
    for (; *digits != '\0'; digits++)
        number = number * 10 + (*digits - '0');
    if (negative)
        number = -number;
    if (number < minimum || number > maximum)
        return 1;
    *ret_value = number;
    return 0;
}

int text_parse_duration(const char *text, int64_t *ret_ms) {
    static const struct {
        const char *suffix;
        int64_t unit_ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 12)
        return 1;
    int64_t number = strtoll(text, NULL, 10);
    if (text[digits] == '\0' && number == 0) {
        *ret_ms = 0;
        return 0;
    }
    for (size_t index = 0; index < sizeof(units) / sizeof(units[0]); index++) {
        if (strcmp(text + digits, units[index].suffix) == 0) {
            if (number > TEXT_TIME_MAX_MS / units[index].unit_ms)
                return 1;
            *ret_ms = number * units[index].unit_ms;
            return 0;
        }
    }
    return 1;
}

static size_t digits_of(uint64_t number) {
    size_t digits = 1;
    for (uint64_t limit = 10; number >= limit;
         limit *= 10) /* never as far as 2^64: the number is at most 2^63 */
        digits++;
    return digits;
}

/* Two digits at a time, the last first. */
size_t text_put_int(char *ret_text, int64_t number) {
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
        "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
        "8081828384858687888990919293949596979899";
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    size_t length = digits_of(rest) + (number < 0 ? 1 : 0);
    char *cursor = ret_text + length;
    *cursor = '\0';
    for (; rest >= 10; rest /= 100) {
        cursor -= 2;
        memcpy(cursor, pairs + rest % 100 * 2, 2);
    }
    if (rest != 0 || number == 0)
        *--cursor = (char)('0' + rest);
    if (number < 0)
        *ret_text = '-';
    return length;
}

static int put_pair(char *key, size_t size, const char *first, size_t first_length, const char *second) {
    size_t second_length = strlen(second);
    if (first_length >= size || second_length >= size || first_length + second_length + 2 > size)
        return -1;
    memcpy(key, first, first_length);
    key[first_length] = '/';
    memcpy(key + first_length + 1, second, second_length + 1);
    return (int)(first_length + 1 + second_length);
}

int text_row_key(char *key, size_t size, int64_t row, const char *name) {
    char digits[TEXT_INT_SIZE];
    size_t length = text_put_int(digits, row);
    return put_pair(key, size, digits, length, name);
}

int text_pair_key(char *key, size_t size, const char *first, const char *second) {
    return put_pair(key, size, first, strlen(first), second);
}

static void put_digits(char *text, unsigned number, unsigned digits) {
    for (unsigned index = digits; index-- > 0; number /= 10)
        text[index] = (char)('0' + number % 10);
}

/* The civil date of a day since 1970-01-01; the year begins in March, so that the leap day is its last. */
static void civil_date(int64_t day, unsigned *ret_year, unsigned *ret_month, unsigned *ret_day) {
    enum {
        DAYS_TO_1970 = 719468, /* from 0000-03-01 */
        DAYS_OF_ERA = 146097,  /* 400 years */
    };
    int64_t shifted = day + DAYS_TO_1970;
    int64_t era = (shifted >= 0 ? shifted : shifted - DAYS_OF_ERA + 1) / DAYS_OF_ERA;
    unsigned of_era = (unsigned)(shifted - era * DAYS_OF_ERA);
    unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
    unsigned month = (5 * of_year + 2) / 153;
    *ret_day = of_year - (153 * month + 2) / 5 + 1;
    *ret_month = month < 10 ? month + 3 : month - 9;
    *ret_year = (unsigned)(era * 400) + year + (*ret_month <= 2);
}

/* Written often (every event has several), so without the library's formats; and mostly the same second again. */
void text_format_iso8601(int64_t time_ms, char ret_text[TEXT_ISO8601_SIZE]) {
    enum {
        DAY_MS = 24 * 3600 * 1000
    };
    static char last_text[TEXT_ISO8601_SIZE];
    static int64_t last_second = -1;
    if (time_ms >= 0 && time_ms / 1000 == last_second) {
        memcpy(ret_text, last_text, sizeof(last_text));
        put_digits(ret_text + 20, (unsigned)(time_ms % 1000), 3);
        return;
    }
    int64_t day = (time_ms >= 0 ? time_ms : time_ms - DAY_MS + 1) / DAY_MS;
    unsigned of_day = (unsigned)(time_ms - day * DAY_MS);
    unsigned year;
    unsigned month;
    unsigned day_of_month;
    civil_date(day, &year, &month, &day_of_month);
    memcpy(ret_text, "0000-00-00T00:00:00.000Z", sizeof("0000-00-00T00:00:00.000Z"));
    put_digits(ret_text, year, 4);
    put_digits(ret_text + 5, month, 2);
    put_digits(ret_text + 8, day_of_month, 2);
    put_digits(ret_text + 11, of_day / 3600000, 2);
    put_digits(ret_text + 14, of_day / 60000 % 60, 2);
    put_digits(ret_text + 17, of_day / 1000 % 60, 2);
    put_digits(ret_text + 20, of_day % 1000, 3);
    memcpy(last_text, ret_text, sizeof("0000-00-00T00:00:00.000Z"));
    last_second = time_ms >= 0 ? time_ms / 1000 : -1;
}

/* The fraction of a second after '.', as milliseconds; moves the cursor behind it. */
static int64_t parse_fraction_ms(const char **cursor) {
    int64_t fraction_ms = 0;
    int64_t scale = 100;
    for ((*cursor)++; is_digit(**cursor); (*cursor)++) {
        fraction_ms += (**cursor - '0') * scale;
        scale /= 10;
    }
    return fraction_ms;
}

/* `Z`, nothing, or ±hh:mm → minutes east of UTC. 0 or 1. */
static int parse_zone(const char *text, int *ret_minutes) {
    if (*text == '\0' || strcmp(text, "Z") == 0) {
        *ret_minutes = 0;
        return 0;
    }
    int hours = 0;
    int minutes = 0;
    int used = 0;
    if ((*text != '+' && *text != '-') || sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 ||
        text[1 + used] != '\0')
        return 1;
    *ret_minutes = (*text == '-' ? -1 : 1) * (hours * 60 + minutes);
    return 0;
}

int text_parse_iso8601(const char *text, int64_t *ret_ms) {
    struct tm fields = {0};
    const char *cursor = strptime(text, "%Y-%m-%dT%H:%M:%S", &fields);
    if (cursor == NULL)
        return 1;
    int64_t fraction_ms = *cursor == '.' ? parse_fraction_ms(&cursor) : 0;
    int zone_minutes = 0;
    if (parse_zone(cursor, &zone_minutes) != 0)
        return 1;
    *ret_ms = ((int64_t)timegm(&fields) - (int64_t)zone_minutes * 60) * 1000 + fraction_ms;
    return 0;
}

/* Length of the sequence that starts with `lead`, 0 when it starts none; *ret_minimum: smallest code point.
 */
static size_t utf8_sequence(unsigned char lead, uint32_t *ret_bits, uint32_t *ret_minimum) {
    if (lead < 0x80) {
        *ret_bits = lead;
        *ret_minimum = 0;
        return 1;
    }
    if ((lead & 0xe0) == 0xc0) {
        *ret_bits = lead & 0x1f;
        *ret_minimum = 0x80;
        return 2;
    }
    if ((lead & 0xf0) == 0xe0) {
        *ret_bits = lead & 0x0f;
        *ret_minimum = 0x800;
        return 3;
    }
    if ((lead & 0xf8) == 0xf0) {
        *ret_bits = lead & 0x07;
        *ret_minimum = 0x10000;
        return 4;
    }
    return 0;
}

bool text_is_utf8(const char *text, size_t length) {
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t index = 0; index < length;) {
        uint32_t code = 0;
        uint32_t minimum = 0;
        size_t size = utf8_sequence(bytes[index], &code, &minimum);
        if (size == 0 || index + size > length)
            return false;
        for (size_t next = 1; next < size; next++) {
            if ((bytes[index + next] & 0xc0) != 0x80)
                return false;
            code = (code << 6) | (bytes[index + next] & 0x3f);
        }
        if (code < minimum || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
            return false;
        index += size;
    }
    return true;
}

size_t text_utf8_length(const char *text) {
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}
