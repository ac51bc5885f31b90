#include "ecs-local/base/value.h"

#include <string.h>

static struct value *value_new(struct arena *arena, enum value_kind kind) {
    struct value *value = arena_alloc(arena, sizeof(*value));
    value->kind = kind;
    return value;
}

struct value *value_new_bool(struct arena *arena, bool boolean) {
    struct value *value = value_new(arena, VALUE_BOOL);
    value->boolean = boolean;
    return value;
}

struct value *value_new_int(struct arena *arena, int64_t integer) {
    struct value *value = value_new(arena, VALUE_INT);
    value->integer = integer;
    return value;
}

struct value *value_new_real(struct arena *arena, double real) {
    struct value *value = value_new(arena, VALUE_REAL);
    value->real = real;
    return value;
}

struct value *value_new_string(struct arena *arena, const char *string) {
    struct value *value = value_new(arena, VALUE_STRING);
    value->string = string;
    return value;
}

struct value *value_new_list(struct arena *arena, size_t capacity_hint) {
    struct value *value = value_new(arena, VALUE_LIST);
    value->capacity = (uint32_t)capacity_hint;
    if (capacity_hint != 0)
        value->items = arena_new_array(arena, struct value *, capacity_hint);
    return value;
}

struct value *value_new_map(struct arena *arena, size_t capacity_hint) {
    struct value *value = value_new(arena, VALUE_MAP);
    value->capacity = (uint32_t)capacity_hint;
    if (capacity_hint != 0)
        value->entries = arena_new_array(arena, struct value_entry, capacity_hint);
    return value;
}

static uint32_t grown_capacity(uint32_t capacity) {
    return capacity != 0 ? capacity * 2 : 4;
}

void value_append(struct arena *arena, struct value *list, struct value *item) {
    if (list->count == list->capacity) {
        uint32_t capacity = grown_capacity(list->capacity);
        struct value **items = arena_new_array(arena, struct value *, capacity);
        if (list->count != 0)
            memcpy(items, list->items, list->count * sizeof(struct value *));
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = item;
}

void value_add(struct arena *arena, struct value *map, const char *key, struct value *value) {
    if (map->count == map->capacity) {
        uint32_t capacity = grown_capacity(map->capacity);
        struct value_entry *entries = arena_new_array(arena, struct value_entry, capacity);
        if (map->count != 0)
            memcpy(entries, map->entries, map->count * sizeof(*entries));
        map->entries = entries;
        map->capacity = capacity;
    }
    map->entries[map->count++] = (struct value_entry){.key = key, .value = value};
}

static struct value_entry *value_entry_find(const struct value *map, const char *key) {
    if (map == NULL || map->kind != VALUE_MAP)
        return NULL;
    for (uint32_t index = 0; index < map->count; index++) {
        const char *candidate = map->entries[index].key;
        /* Most keys differ in their first character. */
        if (candidate == key || (candidate[0] == key[0] && strcmp(candidate, key) == 0))
            return &map->entries[index];
    }
    return NULL;
}

void value_set(struct arena *arena, struct value *map, const char *key, struct value *value) {
    struct value_entry *entry = value_entry_find(map, key);
    if (entry != NULL)
        entry->value = value;
    else
        value_add(arena, map, key, value);
}

void value_remove(struct value *map, const char *key) {
    struct value_entry *entry = value_entry_find(map, key);
    if (entry == NULL)
        return;
    size_t behind = (size_t)(map->entries + map->count - (entry + 1));
    memmove(entry, entry + 1, behind * sizeof(*entry));
    map->count--;
}

struct value *value_clone(struct arena *arena, const struct value *value) {
    if (value == NULL)
        return NULL;
    if (value->kind == VALUE_LIST) {
        struct value *copy = value_new_list(arena, value->count);
        for (uint32_t index = 0; index < value->count; index++)
            value_append(arena, copy, value_clone(arena, value->items[index]));
        return copy;
    }
    if (value->kind == VALUE_MAP) {
        struct value *copy = value_new_map(arena, value->count);
        for (uint32_t index = 0; index < value->count; index++)
            value_add(
                arena, copy, value->entries[index].key, value_clone(arena, value->entries[index].value));
        return copy;
    }
    struct value *copy = value_new(arena, value->kind);
    *copy = *value;
    return copy;
}

struct value *value_copy(struct arena *arena, const struct value *value) {
    if (value == NULL)
        return NULL;
    struct value *copy = value_new(arena, value->kind);
    *copy = *value;
    copy->capacity = copy->count;
    if (value->kind == VALUE_STRING)
        copy->string = arena_strdup(arena, value->string);
    if (value->kind == VALUE_LIST) {
        copy->items = arena_new_array(arena, struct value *, value->count);
        for (uint32_t index = 0; index < value->count; index++)
            copy->items[index] = value_copy(arena, value->items[index]);
    }
    if (value->kind == VALUE_MAP) {
        copy->entries = arena_new_array(arena, struct value_entry, value->count);
        for (uint32_t index = 0; index < value->count; index++) {
            copy->entries[index].key = arena_strdup(arena, value->entries[index].key);
            copy->entries[index].value = value_copy(arena, value->entries[index].value);
        }
    }
    return copy;
}

struct value *value_get(const struct value *map, const char *key) {
    const struct value_entry *entry = value_entry_find(map, key);
    return entry != NULL ? entry->value : NULL;
}

bool value_has(const struct value *map, const char *key) {
    return value_entry_find(map, key) != NULL;
}

const char *value_string(const struct value *map, const char *key) {
    const struct value *value = value_get(map, key);
    return value != NULL && value->kind == VALUE_STRING ? value->string : NULL;
}

const char *value_string_nonempty(const struct value *map, const char *key) {
    const char *string = value_string(map, key);
    return string != NULL && string[0] != '\0' ? string : NULL;
}

int64_t value_int(const struct value *map, const char *key, int64_t fallback) {
    const struct value *value = value_get(map, key);
    return value != NULL && value->kind == VALUE_INT ? value->integer : fallback;
}

bool value_bool(const struct value *map, const char *key, bool fallback) {
    const struct value *value = value_get(map, key);
    return value != NULL && value->kind == VALUE_BOOL ? value->boolean : fallback;
}

size_t value_count(const struct value *list_or_map) {
    if (list_or_map == NULL || (list_or_map->kind != VALUE_LIST && list_or_map->kind != VALUE_MAP))
        return 0;
    return list_or_map->count;
}

struct value *value_at(const struct value *list, size_t index) {
    if (list == NULL || list->kind != VALUE_LIST || index >= list->count)
        return NULL;
    return list->items[index];
}

const char *value_string_at(const struct value *list, size_t index) {
    const struct value *value = value_at(list, index);
    return value != NULL && value->kind == VALUE_STRING ? value->string : NULL;
}

static bool value_equal_lists(const struct value *left, const struct value *right) {
    if (left->count != right->count)
        return false;
    for (uint32_t index = 0; index < left->count; index++) {
        if (!value_equal(left->items[index], right->items[index]))
            return false;
    }
    return true;
}

static bool value_equal_maps(const struct value *left, const struct value *right) {
    if (left->count != right->count)
        return false;
    for (uint32_t index = 0; index < left->count; index++) {
        const struct value *other = value_get(right, left->entries[index].key);
        if (other == NULL || !value_equal(left->entries[index].value, other))
            return false;
    }
    return true;
}

static bool value_is_number(const struct value *value) {
    return value->kind == VALUE_INT || value->kind == VALUE_REAL;
}

static double value_number(const struct value *value) {
    return value->kind == VALUE_INT ? (double)value->integer : value->real;
}

bool value_equal(const struct value *left, const struct value *right) {
    if (left == NULL || right == NULL)
        return left == right;
    if (left->kind != right->kind)
        return value_is_number(left) && value_is_number(right) && value_number(left) == value_number(right);
    switch (left->kind) {
    case VALUE_BOOL:
        return left->boolean == right->boolean;
    case VALUE_INT:
        return left->integer == right->integer;
    case VALUE_REAL:
        return left->real == right->real;
    case VALUE_STRING:
        return strcmp(left->string, right->string) == 0;
    case VALUE_LIST:
        return value_equal_lists(left, right);
    case VALUE_MAP:
        return value_equal_maps(left, right);
    }
    return false;
}
