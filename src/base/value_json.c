#include "ecs-local/base/value_json.h"

#include <string.h>

#include "ecs-local/base/json_reader.h"

static struct value *list_from_json(struct arena *arena, const json_t *json) {
    struct value *list = value_new_list(arena, json_array_size(json));
    for (size_t index = 0; index < json_array_size(json); index++) {
        struct value *item = value_from_json(arena, json_array_get(json, index));
        if (item != NULL)
            value_append(arena, list, item);
    }
    return list;
}

static struct value *map_from_json(struct arena *arena, const json_t *json) {
    struct value *map = value_new_map(arena, json_object_size(json));
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)json, key, member) {
        struct value *value = value_from_json(arena, member);
        if (value != NULL)
            value_add(arena, map, arena_strdup(arena, key), value);
    }
    return map;
}

struct value *value_from_json(struct arena *arena, const json_t *json) {
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return map_from_json(arena, json);
    case JSON_ARRAY:
        return list_from_json(arena, json);
    case JSON_STRING:
        return value_new_string(
            arena, arena_strndup(arena, json_string_value(json), json_string_length(json)));
    case JSON_INTEGER:
        return value_new_int(arena, json_integer_value(json));
    case JSON_REAL:
        return value_new_real(arena, json_real_value(json));
    case JSON_TRUE:
    case JSON_FALSE:
        return value_new_bool(arena, json_is_true(json));
    case JSON_NULL:
        break;
    }
    return NULL;
}

int value_parse(struct arena *arena, const char *text, size_t length, struct value **ret_value) {
    json_t *json = json_reader_parse(text, length);
    struct value *value = json != NULL ? value_from_json(arena, json) : NULL;
    json_decref(json);
    if (value == NULL)
        return 1;
    *ret_value = value;
    return 0;
}
