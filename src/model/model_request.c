/* The walker of requests: one pass that copies what the model knows and remembers the first refusal of each
 * rank. A type error ends the pass, since it outranks everything else. */
#include <math.h>
#include <string.h>

#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "model_text.h"

enum model_rank {
    MODEL_RANK_REQUIRED,
    MODEL_RANK_ENUM,
    MODEL_RANK_BOUNDS,
    MODEL_RANK_COUNT,
};

struct model_walk {
    struct arena *arena;
    const char *code; /* of every rule that does not name its own */
    bool nothing_is_absent;
    struct model_violation found[MODEL_RANK_COUNT];
    struct model_violation type_error;
};

static struct value *model_walk_value(struct model_walk *walk, struct model_type type, const json_t *json,
    const struct model_place *place, const struct model_member *owner);

/* ---- refusals ---- */

static const char *model_token(const json_t *json) {
    switch (json_typeof(json)) {
    case JSON_STRING:
        return "STRING_VALUE";
    case JSON_INTEGER:
    case JSON_REAL:
        return "NUMBER_VALUE";
    case JSON_TRUE:
        return "TRUE_VALUE";
    case JSON_FALSE:
        return "FALSE_VALUE";
    case JSON_ARRAY:
        return "START_ARRAY";
    case JSON_OBJECT:
        return "START_OBJECT";
    case JSON_NULL:
        break;
    }
    return "NULL_VALUE";
}

static const char *model_java_class(const json_t *json) {
    switch (json_typeof(json)) {
    case JSON_STRING:
        return "java.lang.String";
    case JSON_INTEGER:
        return "java.lang.Integer";
    case JSON_REAL:
        return "java.lang.Double";
    case JSON_TRUE:
    case JSON_FALSE:
        return "java.lang.Boolean";
    case JSON_ARRAY:
        return "java.util.ArrayList";
    case JSON_OBJECT:
    case JSON_NULL:
        break;
    }
    return "java.util.HashMap";
}

static const char *model_wanted(enum model_kind kind) {
    switch (kind) {
    case MODEL_STRING:
    case MODEL_ENUM:
        return "a String";
    case MODEL_BOOLEAN:
        return "a Boolean";
    case MODEL_INTEGER:
        return "an Integer";
    case MODEL_LONG:
        return "a Long";
    case MODEL_DOUBLE:
        return "a Double";
    case MODEL_TIMESTAMP:
        return "a Timestamp";
    case MODEL_LIST:
        return "a List";
    case MODEL_MAP:
        return "a Map";
    case MODEL_DOCUMENT:
    case MODEL_STRUCTURE:
    case MODEL_UNION:
        break;
    }
    return "a Structure";
}

/* Wording: facts: tasks 1.3. Always answers NULL, so that a caller can return it. */
static struct value *model_refuse_type(
    struct model_walk *walk, enum model_kind kind, const json_t *json, const struct model_place *place) {
    bool collection = kind == MODEL_LIST || kind == MODEL_MAP || kind == MODEL_STRUCTURE ||
                      kind == MODEL_UNION || json_is_array(json) || json_is_object(json);
    const char *what = collection ? arena_printf(walk->arena, "class %s", model_java_class(json))
                                  : model_token(json);
    const char *message = arena_printf(
        walk->arena, "%s can not be converted to %s", what, model_wanted(kind));
    if (place != NULL)
        message = arena_printf(walk->arena, "%s (%s)", message, model_path(walk->arena, place));
    walk->type_error = (struct model_violation){.code = "SerializationException", .message = message};
    return NULL;
}

static struct value *model_refuse_number(
    struct model_walk *walk, enum model_kind kind, const struct model_place *place, const char *number) {
    walk->type_error = (struct model_violation){
        .code = "SerializationException",
        .message = arena_printf(walk->arena, "NUMBER_VALUE %s can not be converted to %s (%s)", number,
            model_wanted(kind), model_path(walk->arena, place)),
    };
    return NULL;
}

static const char *model_default_text(struct model_walk *walk, enum model_rule rule,
    const struct model_place *place, const struct model_rules *rules, bool list) {
    struct arena *arena = walk->arena;
    switch (rule) {
    case MODEL_RULE_REQUIRED:
    case MODEL_RULE_NULL:
        return arena_printf(
            arena, list ? "%s cannot be empty." : "%s can not be blank.", model_noun(arena, place));
    case MODEL_RULE_ITEMS:
        return arena_printf(
            arena, "%s can have at most %u items.", model_field(arena, place), rules->items[1]);
    case MODEL_RULE_LENGTH:
        if (rules->length[0] > 1)
            return arena_printf(arena, "%s length must be between %u and %u", model_noun(arena, place),
                rules->length[0], rules->length[1]);
        return arena_printf(
            arena, "%s length must be at most %u", model_noun(arena, place), rules->length[1]);
    case MODEL_RULE_RANGE:
        return arena_printf(arena, "%s must be between %lld and %lld.", model_noun(arena, place),
            (long long)rules->range[0], (long long)rules->range[1]);
    case MODEL_RULE_PATTERN:
        return arena_printf(arena, "%s must match %s", model_field(arena, place), rules->pattern->text);
    case MODEL_RULE_ABOVE:
    case MODEL_RULE_ENUM:
    case MODEL_RULE_COUNT:
        break;
    }
    return "";
}

static const char *model_code(
    const struct model_walk *walk, enum model_rule rule, const struct model_rules *rules) {
    return rules != NULL && rules->codes[rule] != NULL ? rules->codes[rule] : walk->code;
}

/* Templates: facts: tasks 1.4b. */
static void model_refuse(struct model_walk *walk, enum model_rank rank, enum model_rule rule,
    const struct model_place *place, const struct model_member *member) {
    if (walk->found[rank].code != NULL)
        return;
    const struct model_rules *rules = member->rules;
    const char *text = rules != NULL ? rules->texts[rule] : NULL;
    bool list = member->type.kind == MODEL_LIST || member->type.kind == MODEL_MAP;
    if (text == NULL)
        text = model_default_text(walk, rule, place, rules, list && place->member == member);
    walk->found[rank] = (struct model_violation){.code = model_code(walk, rule, rules), .message = text};
}

static void model_refuse_enum(struct model_walk *walk, const struct model_place *place,
    const struct model_member *owner, const struct model_shape *shape, const char *given) {
    if (walk->found[MODEL_RANK_ENUM].code != NULL)
        return;
    const struct model_rules *rules = owner->rules;
    const char *text = rules != NULL ? rules->texts[MODEL_RULE_ENUM] : NULL;
    if (text == NULL) {
        const char *field = model_field(walk->arena, place);
        bool top = place->parent == NULL;
        /* facts: tasks 10: a setting's refusal begins with the name that was given. */
        if (shape->field != NULL && text_equal(shape->field, "{value}"))
            field = given;
        else if (shape->field != NULL && top && (rules == NULL || rules->field == NULL))
            field = shape->field;
        const char *const *listed = shape->listed != NULL ? shape->listed : shape->values;
        if (rules != NULL && rules->values != NULL)
            listed = rules->values;
        text = arena_printf(walk->arena, "%s should be one of %s", field, model_listing(walk->arena, listed));
    }
    walk->found[MODEL_RANK_ENUM] = (struct model_violation){
        .code = model_code(walk, MODEL_RULE_ENUM, rules), .message = text};
}

/* ---- strings ---- */

static bool model_matches(const struct model_pattern *pattern, const char *text) {
    for (; *text != '\0'; text++) {
        unsigned char character = (unsigned char)*text;
        if (character > 127 || (pattern->set[character / 32] >> (character % 32) & 1) == 0)
            return false;
    }
    return true;
}

static bool model_is_value(const char *const *values, const char *text) {
    for (; *values != NULL; values++) {
        if (strcmp(*values, text) == 0)
            return true;
    }
    return false;
}

/* Lengths are in characters; there are never more of them than bytes. */
static bool model_length_fits(const struct model_rules *rules, const char *text, size_t bytes) {
    if (bytes <= rules->length[1] && rules->length[0] <= 1)
        return true;
    size_t characters = text_utf8_length(text);
    return characters >= rules->length[0] && characters <= rules->length[1];
}

static void model_check_string(struct model_walk *walk, const char *text, size_t length,
    const struct model_place *place, const struct model_member *member) {
    const struct model_rules *rules = member->rules;
    if (rules == NULL)
        return;
    if (rules->has_length && !model_length_fits(rules, text, length))
        model_refuse(walk, MODEL_RANK_BOUNDS, MODEL_RULE_LENGTH, place, member);
    else if (rules->pattern != NULL && !model_matches(rules->pattern, text))
        model_refuse(walk, MODEL_RANK_BOUNDS, MODEL_RULE_PATTERN, place, member);
}

/* The value and its text in one piece of memory: requests are mostly strings. */
static struct value *model_copy_string(struct arena *arena, const char *text, size_t length) {
    struct value *value = arena_alloc(arena, sizeof(*value) + length + 1);
    value->kind = VALUE_STRING;
    value->string = memcpy(value + 1, text, length);
    return value;
}

static struct value *model_walk_string(struct model_walk *walk, struct model_type type, const json_t *json,
    const struct model_place *place, const struct model_member *owner) {
    if (!json_is_string(json))
        return model_refuse_type(walk, type.kind, json, place);
    size_t length = json_string_length(json);
    const char *text = json_string_value(json);
    bool item = place->member == NULL;
    if (length == 0 && !item) {
        if ((owner->flags & (MODEL_FLAG_CHECKED | MODEL_FLAG_BLANK_ALLOWED)) == MODEL_FLAG_CHECKED)
            model_refuse(walk, MODEL_RANK_REQUIRED, MODEL_RULE_REQUIRED, place, owner);
    } else if (type.kind == MODEL_ENUM) {
        const char *const *values = type.shape->values;
        if (owner->rules != NULL && owner->rules->values != NULL)
            values = owner->rules->values;
        if ((owner->flags & MODEL_FLAG_ENUM_OPEN) == 0 && !model_is_value(values, text))
            model_refuse_enum(walk, place, owner, type.shape, text);
    } else if (!item) {
        model_check_string(walk, text, length, place, owner);
    }
    return model_copy_string(walk->arena, text, length);
}

/* ---- numbers ---- */

static void model_check_range(struct model_walk *walk, int64_t number, const struct model_place *place,
    const struct model_member *owner) {
    const struct model_rules *rules = owner->rules;
    if (rules != NULL && rules->has_range && (number < rules->range[0] || number > rules->range[1]))
        model_refuse(walk, MODEL_RANK_BOUNDS,
            number > rules->range[1] && rules->texts[MODEL_RULE_ABOVE] != NULL ? MODEL_RULE_ABOVE
                                                                               : MODEL_RULE_RANGE,
            place, owner);
}

/* A whole number written with a fraction (1.0) is a whole number; 1.5 and what does not fit are not. */
static struct value *model_walk_integer(struct model_walk *walk, enum model_kind kind, const json_t *json,
    const struct model_place *place, const struct model_member *owner) {
    int64_t number = 0;
    if (json_is_integer(json)) {
        number = json_integer_value(json);
    } else if (json_is_real(json)) {
        double real = json_real_value(json);
        if (real != floor(real) || fabs(real) > 9007199254740992.0)
            return model_refuse_number(walk, kind, place, arena_printf(walk->arena, "%g", real));
        number = (int64_t)real;
    } else {
        return model_refuse_type(walk, kind, json, place);
    }
    if (kind == MODEL_INTEGER && (number < INT32_MIN || number > INT32_MAX))
        return model_refuse_number(walk, kind, place, arena_printf(walk->arena, "%lld", (long long)number));
    model_check_range(walk, number, place, owner);
    return value_new_int(walk->arena, number);
}

static struct value *model_walk_real(
    struct model_walk *walk, enum model_kind kind, const json_t *json, const struct model_place *place) {
    if (!json_is_number(json))
        return model_refuse_type(walk, kind, json, place);
    double real = json_number_value(json);
    if (kind == MODEL_DOUBLE)
        return value_new_real(walk->arena, real);
    /* A timestamp: beyond the year 9999 or so nothing is meant. */
    if (fabs(real) > 1e12)
        return model_refuse_number(walk, kind, place, arena_printf(walk->arena, "%g", real));
    return value_new_int(walk->arena, llround(real * 1000.0));
}

/* ---- collections ---- */

static void model_check_count(struct model_walk *walk, size_t count, const struct model_place *place,
    const struct model_member *owner) {
    if (place->member == NULL)
        return;
    if (count == 0 && (owner->flags & (MODEL_FLAG_CHECKED | MODEL_FLAG_EMPTY_ALLOWED)) == MODEL_FLAG_CHECKED)
        model_refuse(walk, MODEL_RANK_REQUIRED, MODEL_RULE_REQUIRED, place, owner);
    const struct model_rules *rules = owner->rules;
    if (rules != NULL && rules->has_items && count > rules->items[1])
        model_refuse(walk, MODEL_RANK_BOUNDS, MODEL_RULE_ITEMS, place, owner);
}

static struct value *model_walk_list(struct model_walk *walk, struct model_type type, const json_t *json,
    const struct model_place *place, const struct model_member *owner) {
    if (!json_is_array(json))
        return model_refuse_type(walk, type.kind, json, place);
    size_t size = json_array_size(json);
    struct value *list = value_new_list(walk->arena, size);
    for (size_t index = 0; index < size; index++) {
        const json_t *item = json_array_get(json, index);
        if (json_is_null(item))
            continue;
        struct model_place here = {.parent = place, .index = index};
        struct value *value = model_walk_value(walk, type.shape->element, item, &here, owner);
        if (value == NULL)
            return NULL;
        value_append(walk->arena, list, value);
    }
    model_check_count(walk, list->count, place, owner);
    return list;
}

static struct value *model_walk_map(struct model_walk *walk, struct model_type type, const json_t *json,
    const struct model_place *place, const struct model_member *owner) {
    if (!json_is_object(json))
        return model_refuse_type(walk, type.kind, json, place);
    struct value *map = value_new_map(walk->arena, json_object_size(json));
    const char *key;
    json_t *item;
    json_object_foreach((json_t *)json, key, item) {
        if (json_is_null(item))
            continue;
        const char *copy = arena_strdup(walk->arena, key);
        struct model_place here = {.parent = place, .key = copy};
        struct value *value = model_walk_value(walk, type.shape->element, item, &here, owner);
        if (value == NULL)
            return NULL;
        value_add(walk->arena, map, copy, value);
    }
    model_check_count(walk, map->count, place, owner);
    return map;
}

/* A null is no member, except where the service is known to refuse it. */
static void model_check_absent(struct model_walk *walk, const struct model_place *place, bool null) {
    const struct model_member *member = place->member;
    if ((member->flags & MODEL_FLAG_CHECKED) != 0)
        model_refuse(walk, MODEL_RANK_REQUIRED, MODEL_RULE_REQUIRED, place, member);
    else if (null && member->rules != NULL && member->rules->texts[MODEL_RULE_NULL] != NULL)
        model_refuse(walk, MODEL_RANK_REQUIRED, MODEL_RULE_NULL, place, member);
}

/* "", {} and objects of nothing else, where they are of the right type. */
static bool model_is_nothing(const struct model_type type, const json_t *json) {
    if (type.kind == MODEL_STRING || type.kind == MODEL_ENUM)
        return json_is_string(json) && json_string_length(json) == 0;
    if (type.kind == MODEL_MAP)
        return json_is_object(json) && json_object_size(json) == 0;
    if ((type.kind != MODEL_STRUCTURE && type.kind != MODEL_UNION) || !json_is_object(json))
        return false;
    for (void *entry = json_object_iter((json_t *)json); entry != NULL;
         entry = json_object_iter_next((json_t *)json, entry)) {
        const json_t *inner = json_object_iter_value(entry);
        const struct model_member *member = model_find_member(
            type.shape, json_object_iter_key(entry), json_object_iter_key_len(entry));
        if (member != NULL && !json_is_null(inner) && !model_is_nothing(member->type, inner))
            return false;
    }
    return true;
}

static bool model_is_given(
    const struct model_walk *walk, const struct model_member *member, const json_t *json) {
    return json != NULL && !json_is_null(json) &&
           !(walk->nothing_is_absent && model_is_nothing(member->type, json));
}

static struct value *model_walk_structure(
    struct model_walk *walk, struct model_type type, const json_t *json, const struct model_place *parent) {
    if (!json_is_object(json))
        return model_refuse_type(walk, type.kind, json, parent);
    const struct model_shape *shape = type.shape;
    const json_t *given[MODEL_MEMBERS_MAX];
    memset(given, 0, shape->member_count * sizeof(given[0]));
    size_t count = 0;
    for (void *entry = json_object_iter((json_t *)json); entry != NULL;
         entry = json_object_iter_next((json_t *)json, entry)) {
        const struct model_member *member = model_find_member(
            shape, json_object_iter_key(entry), json_object_iter_key_len(entry));
        if (member == NULL)
            continue;
        given[member - shape->members] = json_object_iter_value(entry);
        count++;
    }
    struct value *map = value_new_map(walk->arena, count);
    for (unsigned index = 0; index < shape->member_count; index++) {
        const struct model_member *member = &shape->members[index];
        if (given[index] == NULL && (member->flags & MODEL_FLAG_CHECKED) == 0)
            continue;
        struct model_place here = {.parent = parent, .member = member};
        if (!model_is_given(walk, member, given[index])) {
            model_check_absent(walk, &here, json_is_null(given[index]));
            continue;
        }
        struct value *value = model_walk_value(walk, member->type, given[index], &here, member);
        if (value == NULL)
            return NULL;
        if (member->type.kind == MODEL_ENUM && value->string[0] == '\0')
            continue; /* a choice of "" was not made (facts: services 1.2) */
        value_add(walk->arena, map, member->name, value);
    }
    return map;
}

static struct value *model_walk_union(
    struct model_walk *walk, struct model_type type, const json_t *json, const struct model_place *place) {
    struct value *map = model_walk_structure(walk, type, json, place);
    if (map != NULL && map->count > 1 && walk->found[MODEL_RANK_BOUNDS].code == NULL)
        walk->found[MODEL_RANK_BOUNDS] = (struct model_violation){
            .code = walk->code,
            .message = arena_printf(
                walk->arena, "%s can have only one member.", model_path(walk->arena, place)),
        };
    return map;
}

/* NULL after a type error. `owner` is the member that the value belongs to, also for the items of its list.
 */
static struct value *model_walk_value(struct model_walk *walk, struct model_type type, const json_t *json,
    const struct model_place *place, const struct model_member *owner) {
    switch (type.kind) {
    case MODEL_STRING:
    case MODEL_ENUM:
        return model_walk_string(walk, type, json, place, owner);
    case MODEL_BOOLEAN:
        if (!json_is_boolean(json))
            return model_refuse_type(walk, type.kind, json, place);
        return value_new_bool(walk->arena, json_is_true(json));
    case MODEL_INTEGER:
    case MODEL_LONG:
        return model_walk_integer(walk, type.kind, json, place, owner);
    case MODEL_DOUBLE:
    case MODEL_TIMESTAMP:
        return model_walk_real(walk, type.kind, json, place);
    case MODEL_LIST:
        return model_walk_list(walk, type, json, place, owner);
    case MODEL_MAP:
        return model_walk_map(walk, type, json, place, owner);
    case MODEL_STRUCTURE:
        return model_walk_structure(walk, type, json, place);
    case MODEL_UNION:
        return model_walk_union(walk, type, json, place);
    case MODEL_DOCUMENT:
        break;
    }
    return value_from_json(walk->arena, json);
}

int model_check_request(const struct model_operation *operation, const json_t *body, struct arena *arena,
    struct value **ret_input, struct model_violation *ret_violation) {
    struct model_walk walk = {.arena = arena, .code = "InvalidParameterException"};
    if (operation->input->code != NULL)
        walk.code = operation->input->code;
    walk.nothing_is_absent = operation->input->nothing_is_absent;
    json_t *empty = body == NULL ? json_object() : NULL;
    struct model_type type = {.kind = MODEL_STRUCTURE, .shape = operation->input};
    struct value *input = model_walk_structure(&walk, type, body != NULL ? body : empty, NULL);
    json_decref(empty);
    if (input == NULL) {
        *ret_violation = walk.type_error;
        return 1;
    }
    for (unsigned rank = 0; rank < MODEL_RANK_COUNT; rank++) {
        if (walk.found[rank].code != NULL) {
            *ret_violation = walk.found[rank];
            return 1;
        }
    }
    *ret_input = input;
    return 0;
}
