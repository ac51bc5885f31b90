/* The overlay: which entries there may be, and how those of a member become one row of rules.
 * The format is described in api-models/README.md. */
#include "apigen.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char *const apigen_member_keys[] = {"noun", "field", "required", "range", "length", "items",
    "pattern", "enum", "values", "type", "blank", "empty", "null", "reply", "text", "code", "source", NULL};
static const char *const apigen_shape_keys[] = {"field", "listed", "code", "nothing", "source", NULL};

/* In the order of enum model_rule. */
static const char *const apigen_rule_names[] = {
    "required", "null", "enum", "items", "length", "range", "pattern", "above", NULL};

static bool apigen_one_of(const char *word, const char *const *words) {
    for (; *words != NULL; words++) {
        if (strcmp(word, *words) == 0)
            return true;
    }
    return false;
}

static bool apigen_says(const struct apigen_member *member, const char *key, const char *word) {
    const char *text = apigen_string(member->overlay, key);
    return text != NULL && strcmp(text, word) == 0;
}

static void apigen_check_word(const char *name, const json_t *entry, const char *key, const char *word) {
    const json_t *value = json_object_get(entry, key);
    if (value != NULL && (json_string_value(value) == NULL || strcmp(json_string_value(value), word) != 0))
        apigen_fail("the overlay's \"%s\" of %s can only be \"%s\".", key, name, word);
}

static void apigen_check_bounds(const char *name, const json_t *entry, const char *key) {
    const json_t *bounds = json_object_get(entry, key);
    if (bounds == NULL)
        return;
    const json_t *low = json_array_get(bounds, 0);
    const json_t *high = json_array_get(bounds, 1);
    if (json_array_size(bounds) != 2 || !json_is_integer(low) || !json_is_integer(high) ||
        json_integer_value(low) > json_integer_value(high))
        apigen_fail("the overlay's \"%s\" of %s must be two numbers in order.", key, name);
    if (json_integer_value(low) < 0 && strcmp(key, "range") != 0)
        apigen_fail("the overlay's \"%s\" of %s begins below 0.", key, name);
}

static void apigen_check_texts(const char *name, const json_t *entry) {
    static const char *const keys[] = {"noun", "field", "pattern", "null", NULL};
    for (const char *const *key = keys; *key != NULL; key++) {
        const json_t *value = json_object_get(entry, *key);
        if (value != NULL && json_string_length(value) == 0)
            apigen_fail("the overlay's \"%s\" of %s is no text.", *key, name);
    }
}

static void apigen_check_code(const struct apigen *api, const char *name, const json_t *code) {
    int shape = json_is_string(code) ? apigen_find_shape(api, json_string_value(code)) : -1;
    if (shape < 0 || strcmp(api->shapes[shape].word, "error") != 0)
        apigen_fail("the overlay's \"code\" of %s is no error of the model.", name);
}

static void apigen_check_codes(const struct apigen *api, const char *name, const json_t *entry) {
    json_t *code = json_object_get(entry, "code");
    if (code == NULL)
        return;
    const char *rule;
    json_t *value;
    if (!json_is_object(code))
        apigen_check_code(api, name, code);
    json_object_foreach(code, rule, value) apigen_check_code(api, name, value);
}

static void apigen_check_rule_map(const char *name, const json_t *map, const char *key) {
    if (map == NULL || (json_is_string(map) && strcmp(key, "code") == 0))
        return;
    if (!json_is_object(map))
        apigen_fail("the overlay's \"%s\" of %s must say it for each rule.", key, name);
    const char *rule;
    json_t *text;
    json_object_foreach((json_t *)map, rule, text) {
        if (!apigen_one_of(rule, apigen_rule_names) || !json_is_string(text))
            apigen_fail("the overlay's \"%s\" of %s names the unknown rule %s.", key, name, rule);
    }
}

static void apigen_check_member_entry(
    const char *name, const json_t *entry, const struct apigen_member *member) {
    apigen_check_word(name, entry, "required", "domain");
    apigen_check_word(name, entry, "enum", "open");
    apigen_check_word(name, entry, "blank", "allowed");
    apigen_check_word(name, entry, "empty", "allowed");
    apigen_check_word(name, entry, "reply", "always");
    apigen_check_bounds(name, entry, "range");
    apigen_check_bounds(name, entry, "length");
    apigen_check_bounds(name, entry, "items");
    apigen_check_rule_map(name, json_object_get(entry, "text"), "text");
    apigen_check_rule_map(name, json_object_get(entry, "code"), "code");
    bool number = strcmp(member->type.kind, "MODEL_INTEGER") == 0 ||
                  strcmp(member->type.kind, "MODEL_LONG") == 0;
    bool string = strcmp(member->type.kind, "MODEL_STRING") == 0;
    bool list = strcmp(member->type.kind, "MODEL_LIST") == 0 || strcmp(member->type.kind, "MODEL_MAP") == 0;
    if (json_object_get(entry, "range") != NULL && !number)
        apigen_fail("the overlay gives %s a range, but it is no number.", name);
    if ((json_object_get(entry, "length") != NULL || json_object_get(entry, "pattern") != NULL) && !string)
        apigen_fail("the overlay gives %s a length or pattern, but it is no string.", name);
    if (json_object_get(entry, "items") != NULL && !list)
        apigen_fail("the overlay gives %s a count of items, but it is no list.", name);
}

static const struct apigen_member *apigen_find_member(const struct apigen *api, const char *name) {
    const char *dot = strchr(name, '.');
    char shape_name[256];
    if (snprintf(shape_name, sizeof(shape_name), "%.*s", (int)(dot - name), name) >= (int)sizeof(shape_name))
        return NULL;
    int shape = apigen_find_shape(api, shape_name);
    if (shape < 0)
        return NULL;
    for (size_t index = 0; index < api->shapes[shape].member_count; index++) {
        if (strcmp(api->shapes[shape].members[index].name, dot + 1) == 0)
            return &api->shapes[shape].members[index];
    }
    return NULL;
}

static void apigen_check_values(
    const struct apigen *api, const char *name, const struct apigen_member *member) {
    const json_t *values = json_object_get(member->overlay, "values");
    if (values == NULL)
        return;
    if (strcmp(member->type.kind, "MODEL_ENUM") != 0)
        apigen_fail("the overlay lists values of %s, but it is no enum.", name);
    const json_t *known = json_object_get(api->shapes[member->type.shape].json, "values");
    size_t index;
    const json_t *value;
    json_array_foreach(values, index, value) {
        size_t place = 0;
        while (place < json_array_size(known) && !json_equal(json_array_get(known, place), value))
            place++;
        if (place == json_array_size(known))
            apigen_fail("the overlay lists a value of %s that its enum does not have.", name);
    }
}

void apigen_check_overlay(const struct apigen *api) {
    const char *name;
    json_t *entry;
    json_object_foreach(api->overlay, name, entry) {
        bool of_member = strchr(name, '.') != NULL;
        const struct apigen_member *member = of_member ? apigen_find_member(api, name) : NULL;
        if (of_member ? member == NULL : apigen_find_shape(api, name) < 0)
            apigen_fail("the overlay names %s, which the model does not have.", name);
        const char *key;
        json_t *value;
        json_object_foreach(entry, key, value) {
            if (!apigen_one_of(key, of_member ? apigen_member_keys : apigen_shape_keys))
                apigen_fail("the overlay's entry %s has the unknown key \"%s\".", name, key);
        }
        if (json_string_length(json_object_get(entry, "source")) == 0)
            apigen_fail("the overlay's entry %s does not name its source.", name);
        apigen_check_texts(name, entry);
        apigen_check_codes(api, name, entry);
        if (of_member) {
            apigen_check_member_entry(name, entry, member);
            apigen_check_values(api, name, member);
        }
    }
}

static int apigen_class_character(const char **text) {
    if (**text == '\\')
        (*text)++;
    int character = (unsigned char)**text;
    (*text)++;
    return character;
}

/* ^[class]+$ with ranges and backslashes → the set of its characters. */
static void apigen_write_pattern(FILE *out, const char *name, const char *pattern) {
    uint32_t set[4] = {0};
    size_t length = strlen(pattern);
    if (length < 6 || strncmp(pattern, "^[", 2) != 0 || strcmp(pattern + length - 3, "]+$") != 0)
        apigen_fail(
            "the pattern %s is not of the form ^[class]+$, the only one that is known here.", pattern);
    const char *text = pattern + 2;
    const char *end = pattern + length - 3;
    while (text < end) {
        int first = apigen_class_character(&text);
        int last = first;
        if (text + 1 < end && *text == '-') {
            text++;
            last = apigen_class_character(&text);
        }
        if (last < first || last > 127)
            apigen_fail("the pattern %s has a range that is not ordered ASCII.", pattern);
        for (int character = first; character <= last; character++)
            set[character / 32] |= UINT32_C(1) << (character % 32);
    }
    fprintf(out, "static const struct model_pattern pattern_%s = {.text = ", name);
    apigen_write_text(out, pattern);
    fprintf(out, ", .set = {0x%xu, 0x%xu, 0x%xu, 0x%xu}};\n", set[0], set[1], set[2], set[3]);
}

bool apigen_has_rules(const struct apigen_member *member) {
    static const char *const keys[] = {
        "noun", "field", "range", "length", "items", "pattern", "values", "null", "text", "code", NULL};
    for (const char *const *key = keys; *key != NULL; key++) {
        if (json_object_get(member->overlay, *key) != NULL)
            return true;
    }
    return false;
}

static void apigen_write_bounds(FILE *out, const json_t *overlay, const char *key) {
    const json_t *bounds = json_object_get(overlay, key);
    if (bounds == NULL)
        return;
    fprintf(out, "    .has_%s = true,\n    .%s = {%" JSON_INTEGER_FORMAT ", %" JSON_INTEGER_FORMAT "},\n",
        key, key, json_integer_value(json_array_get(bounds, 0)),
        json_integer_value(json_array_get(bounds, 1)));
}

static void apigen_write_per_rule(FILE *out, const json_t *overlay, const char *key) {
    const json_t *given = json_object_get(overlay, key);
    fprintf(out, "    .%ss = {", key);
    for (const char *const *rule = apigen_rule_names; *rule != NULL; rule++) {
        const char *text = json_is_string(given) ? json_string_value(given) : apigen_string(given, *rule);
        if (strcmp(*rule, "null") == 0 && strcmp(key, "text") == 0)
            text = apigen_string(overlay, "null");
        fputs(rule == apigen_rule_names ? "" : ", ", out);
        apigen_write_text(out, text);
    }
    fputs("},\n", out);
}

void apigen_write_rules(FILE *out, const char *shape, const struct apigen_member *member) {
    char name[256];
    snprintf(name, sizeof(name), "%s_%s", shape, member->name);
    const json_t *overlay = member->overlay;
    const char *pattern = apigen_string(overlay, "pattern");
    const json_t *values = json_object_get(overlay, "values");
    if (pattern != NULL)
        apigen_write_pattern(out, name, pattern);
    if (values != NULL) {
        fprintf(out, "static const char *const rule_values_%s[] = {", name);
        size_t index;
        const json_t *value;
        json_array_foreach(values, index, value) {
            apigen_write_text(out, json_string_value(value));
            fputs(", ", out);
        }
        fputs("NULL};\n", out);
    }
    fprintf(out, "static const struct model_rules rules_%s = {\n    .noun = ", name);
    apigen_write_text(out, apigen_string(overlay, "noun"));
    fputs(",\n    .field = ", out);
    apigen_write_text(out, apigen_string(overlay, "field"));
    fputs(",\n", out);
    apigen_write_bounds(out, overlay, "range");
    apigen_write_bounds(out, overlay, "length");
    apigen_write_bounds(out, overlay, "items");
    if (pattern != NULL)
        fprintf(out, "    .pattern = &pattern_%s,\n", name);
    if (values != NULL)
        fprintf(out, "    .values = rule_values_%s,\n", name);
    apigen_write_per_rule(out, overlay, "text");
    apigen_write_per_rule(out, overlay, "code");
    fputs("};\n", out);
}

void apigen_write_flags(FILE *out, const struct apigen_member *member) {
    bool domain = apigen_says(member, "required", "domain");
    fputs("0", out);
    if (member->required)
        fputs(" | MODEL_FLAG_REQUIRED", out);
    if (member->required && !domain)
        fputs(" | MODEL_FLAG_CHECKED", out);
    if (member->token)
        fputs(" | MODEL_FLAG_TOKEN", out);
    if (member->sensitive)
        fputs(" | MODEL_FLAG_SENSITIVE", out);
    if (apigen_says(member, "blank", "allowed"))
        fputs(" | MODEL_FLAG_BLANK_ALLOWED", out);
    if (apigen_says(member, "empty", "allowed"))
        fputs(" | MODEL_FLAG_EMPTY_ALLOWED", out);
    if (apigen_says(member, "enum", "open"))
        fputs(" | MODEL_FLAG_ENUM_OPEN", out);
    if (apigen_says(member, "reply", "always"))
        fputs(" | MODEL_FLAG_IN_REPLY", out);
}
