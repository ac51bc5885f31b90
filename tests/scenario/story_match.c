#include "story_match.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"

enum {
    SHOWN_MAX = 500, /* characters of a value in a message */
    WHERE_MAX = 512,
};

static int append_text(const char *text, size_t length, void *buf) {
    buf_append(buf, text, length);
    return 0;
}

char *story_text(const json_t *value) {
    struct buf text = BUF_INIT(16 << 20);
    json_dump_callback(value, append_text, &text, JSON_ENCODE_ANY | JSON_COMPACT);
    size_t length = 0;
    char *taken = buf_take(&text, &length);
    return taken == NULL ? xstrdup("") : taken;
}

static bool mismatch(const char *where, const json_t *wanted, const json_t *got, struct buf *problem) {
    cleanup_free char *wanted_text = story_text(wanted);
    cleanup_free char *got_text = got == NULL ? NULL : story_text(got);
    buf_printf(problem, "%s: wanted %.*s, got %.*s", where, SHOWN_MAX, wanted_text, SHOWN_MAX,
        got_text == NULL ? "nothing" : got_text);
    return false;
}

/* --- names ---------------------------------------------------------------------------------------------------- */

static const json_t *name_value(const json_t *names, const char *name, size_t length, struct buf *problem) {
    const json_t *value = json_object_getn(names, name, length);
    if (value == NULL)
        buf_printf(problem, "no earlier step captured \"%.*s\"", (int)length, name);
    return value;
}

static bool append_name(struct buf *text, const json_t *value) {
    if (json_is_string(value))
        buf_append_text(text, json_string_value(value));
    else {
        cleanup_free char *dumped = story_text(value);
        buf_append_text(text, dumped);
    }
    return true;
}

static json_t *fill_text(const char *text, const json_t *names, struct buf *problem) {
    struct buf filled = BUF_INIT(1 << 20);
    const char *rest = text;
    for (const char *start = NULL; (start = strstr(rest, "${")) != NULL;) {
        const char *end = strchr(start, '}');
        if (end == NULL)
            break;
        const json_t *value = name_value(names, start + 2, (size_t)(end - start) - 2, problem);
        if (value == NULL || (start == text && end[1] == '\0')) {
            buf_done(&filled);
            return value == NULL ? NULL : json_deep_copy(value);
        }
        buf_append(&filled, rest, (size_t)(start - rest));
        append_name(&filled, value);
        rest = end + 1;
    }
    buf_append_text(&filled, rest);
    json_t *result = json_string(buf_text(&filled));
    buf_done(&filled);
    return result;
}

static json_t *fill_object(const json_t *object, const json_t *names, struct buf *problem) {
    json_t *result = json_object();
    const char *key = NULL;
    json_t *item = NULL;
    json_object_foreach((json_t *)object, key, item) {
        json_t *filled = story_fill(item, names, problem);
        if (filled == NULL) {
            json_decref(result);
            return NULL;
        }
        json_object_set_new_nocheck(result, key, filled);
    }
    return result;
}

static json_t *fill_array(const json_t *array, const json_t *names, struct buf *problem) {
    json_t *result = json_array();
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach(array, index, item) {
        json_t *filled = story_fill(item, names, problem);
        if (filled == NULL) {
            json_decref(result);
            return NULL;
        }
        json_array_append_new(result, filled);
    }
    return result;
}

json_t *story_fill(const json_t *value, const json_t *names, struct buf *problem) {
    if (json_is_object(value))
        return fill_object(value, names, problem);
    if (json_is_array(value))
        return fill_array(value, names, problem);
    if (json_is_string(value))
        return fill_text(json_string_value(value), names, problem);
    return json_deep_copy(value);
}

json_t *story_pick(json_t *value, const char *path) {
    while (value != NULL && *path != '\0') {
        size_t length = strcspn(path, ".");
        if (json_is_array(value))
            value = json_array_get(value, (size_t)strtoul(path, NULL, 10));
        else
            value = json_object_getn(value, path, length);
        path += length + (path[length] == '.');
    }
    return value;
}

/* --- patterns ------------------------------------------------------------------------------------------------- */

/* Does the regular expression occur in the text? */
static bool occurs(const char *pattern, const char *text) {
    int error = 0;
    PCRE2_SIZE offset = 0;
    pcre2_code *code = pcre2_compile(
        (PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &error, &offset, NULL);
    if (code == NULL)
        return false;
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
    bool found = pcre2_match(code, (PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, 0, data, NULL) > 0;
    pcre2_match_data_free(data);
    pcre2_code_free(code);
    return found;
}

static bool fits(const json_t *wanted, const json_t *got) {
    struct buf unused = BUF_INIT(1 << 16);
    bool fine = story_match(wanted, got, "", &unused);
    buf_done(&unused);
    return fine;
}

static bool has_all(const json_t *wanted, const json_t *got) {
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach(wanted, index, item) {
        bool found = false;
        for (size_t place = 0; place < json_array_size(got) && !found; place++)
            found = fits(item, json_array_get(got, place));
        if (!found)
            return false;
    }
    return true;
}

static size_t length_of(const json_t *value) {
    if (json_is_string(value))
        return text_utf8_length(json_string_value(value));
    return json_is_object(value) ? json_object_size(value) : json_array_size(value);
}

/* The one member of {"$kind": argument}; NULL when the value is no such pattern. */
static const char *pattern_kind(const json_t *wanted, const json_t **ret_argument) {
    if (!json_is_object(wanted) || json_object_size(wanted) != 1)
        return NULL;
    void *member = json_object_iter((json_t *)wanted);
    const char *kind = json_object_iter_key(member);
    *ret_argument = json_object_iter_value(member);
    return kind[0] == '$' ? kind : NULL;
}

static bool fits_pattern(const char *kind, const json_t *argument, const json_t *got) {
    if (text_equal(kind, "$any"))
        return true;
    if (text_equal(kind, "$match"))
        return json_is_string(got) && occurs(json_string_value(argument), json_string_value(got));
    if (text_equal(kind, "$length"))
        return length_of(got) == (size_t)json_integer_value(argument);
    if (text_equal(kind, "$above"))
        return json_is_number(got) && json_number_value(got) > json_number_value(argument);
    if (text_equal(kind, "$has"))
        return json_is_array(got) && has_all(argument, got);
    if (text_equal(kind, "$not"))
        return !fits(argument, got);
    return false;
}

static bool is_absent(const json_t *wanted) {
    const json_t *argument = NULL;
    return text_equal(pattern_kind(wanted, &argument), "$absent");
}

static bool match_object(const json_t *wanted, const json_t *got, const char *where, struct buf *problem) {
    if (!json_is_object(got))
        return mismatch(where, wanted, got, problem);
    const char *key = NULL;
    json_t *item = NULL;
    json_object_foreach((json_t *)wanted, key, item) {
        char place[WHERE_MAX];
        snprintf(place, sizeof(place), "%s.%s", where, key);
        const json_t *member = json_object_get(got, key);
        if (is_absent(item) != (member == NULL))
            return mismatch(place, item, member == NULL ? got : member, problem);
        if (member != NULL && !story_match(item, member, place, problem))
            return false;
    }
    return true;
}

static bool match_array(const json_t *wanted, const json_t *got, const char *where, struct buf *problem) {
    if (!json_is_array(got) || json_array_size(got) != json_array_size(wanted))
        return mismatch(where, wanted, got, problem);
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach(wanted, index, item) {
        char place[WHERE_MAX];
        snprintf(place, sizeof(place), "%s[%zu]", where, index);
        if (!story_match(item, json_array_get(got, index), place, problem))
            return false;
    }
    return true;
}

bool story_match(const json_t *wanted, const json_t *got, const char *where, struct buf *problem) {
    const json_t *argument = NULL;
    const char *kind = pattern_kind(wanted, &argument);
    if (kind != NULL)
        return fits_pattern(kind, argument, got) || mismatch(where, wanted, got, problem);
    if (json_is_object(wanted))
        return match_object(wanted, got, where, problem);
    if (json_is_array(wanted))
        return match_array(wanted, got, where, problem);
    bool same = json_is_number(wanted) && json_is_number(got)
                    ? json_number_value(wanted) == json_number_value(got)
                    : json_equal(wanted, got) != 0;
    return same || mismatch(where, wanted, got, problem);
}
