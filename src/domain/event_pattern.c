#include "ecs-local/domain/event_pattern.h"

#include <string.h>
#include <strings.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"

static bool same(const struct value *wanted, const struct value *value) {
    return value != NULL && value_equal(wanted, value);
}

static bool any_same(const struct value *wanted, const struct value *value) {
    if (wanted->kind != VALUE_LIST)
        return same(wanted, value);
    value_for_each(item, wanted) {
        if (same(item, value))
            return true;
    }
    return false;
}

static const char *text_of(const struct value *value) {
    return value != NULL && value->kind == VALUE_STRING ? value->string : NULL;
}

static bool has_prefix(const struct value *argument, const struct value *value) {
    return text_of(value) != NULL && text_starts_with(value->string, argument->string);
}

static bool has_suffix(const struct value *argument, const struct value *value) {
    return text_of(value) != NULL && text_ends_with(value->string, argument->string);
}

static bool same_but_case(const struct value *argument, const struct value *value) {
    return text_of(value) != NULL && strcasecmp(value->string, argument->string) == 0;
}

static bool anything_but(const struct value *argument, const struct value *value) {
    return value != NULL && !any_same(argument, value);
}

static bool exists(const struct value *argument, const struct value *value) {
    return (value != NULL) == argument->boolean;
}

/* Objects with one member of such a name are questions, all others say what members must fit. */
static const struct question {
    const char *name;
    bool (*fits)(const struct value *argument, const struct value *value);
    bool takes_any; /* else the argument is of this kind */
    enum value_kind argument;
} questions[] = {
    {"prefix", has_prefix, false, VALUE_STRING},
    {"suffix", has_suffix, false, VALUE_STRING},
    {"equals-ignore-case", same_but_case, false, VALUE_STRING},
    {"anything-but", anything_but, true, VALUE_STRING},
    {"exists", exists, false, VALUE_BOOL},
};

static const struct question *question_of(const struct value *pattern) {
    if (pattern->kind != VALUE_MAP || value_count(pattern) != 1)
        return NULL;
    for (size_t index = 0; index < array_length(questions); index++) {
        if (text_equal(pattern->entries[0].key, questions[index].name))
            return &questions[index];
    }
    return NULL;
}

static bool fits_one(const struct value *pattern, const struct value *value) {
    const struct question *question = question_of(pattern);
    if (question != NULL)
        return question->fits(pattern->entries[0].value, value);
    if (pattern->kind != VALUE_MAP)
        return same(pattern, value);
    if (value == NULL || value->kind != VALUE_MAP)
        return false;
    for (uint32_t index = 0; index < pattern->count; index++) {
        if (!event_pattern_fits(pattern->entries[index].value, value_get(value, pattern->entries[index].key)))
            return false;
    }
    return true;
}

/* Against the value itself, or against one of its items. */
static bool fits_any(const struct value *pattern, const struct value *value) {
    if (fits_one(pattern, value))
        return true;
    if (value == NULL || value->kind != VALUE_LIST)
        return false;
    value_for_each(item, value) {
        if (fits_one(pattern, item))
            return true;
    }
    return false;
}

bool event_pattern_fits(const struct value *pattern, const struct value *value_or_null) {
    if (pattern->kind != VALUE_LIST)
        return fits_any(pattern, value_or_null);
    value_for_each(alternative, pattern) {
        if (fits_any(alternative, value_or_null))
            return true;
    }
    return false;
}

static const char *problem_at(const struct value *pattern, unsigned depth) {
    if (depth > EVENT_PATTERN_DEPTH_MAX)
        return "the pattern is nested too deeply";
    const struct question *question = question_of(pattern);
    if (question != NULL && !question->takes_any && pattern->entries[0].value->kind != question->argument)
        return "prefix, suffix and equals-ignore-case take a text, exists takes true or false";
    if (question != NULL)
        return NULL;
    const char *problem = NULL;
    if (pattern->kind == VALUE_MAP) {
        for (uint32_t index = 0; problem == NULL && index < pattern->count; index++)
            problem = problem_at(pattern->entries[index].value, depth + 1);
    } else if (pattern->kind == VALUE_LIST) {
        if (pattern->count == 0)
            return "an empty list of alternatives fits nothing";
        for (uint32_t index = 0; problem == NULL && index < pattern->count; index++)
            problem = problem_at(pattern->items[index], depth + 1);
    }
    return problem;
}

const char *event_pattern_problem(const struct value *pattern) {
    return problem_at(pattern, 0);
}
