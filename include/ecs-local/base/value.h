/* A JSON-like tree of plain C in an arena: what a checked request becomes. Read-only for most of the house.
 *
 * A member that is absent (or null in the request) is not in its map, so value_get() answers NULL for it:
 * absent, zero and empty stay apart. Strings are NUL-terminated UTF-8 without embedded NULs.
 * The tree never owns anything: it lives as long as its arena. */
#ifndef ECS_LOCAL_BASE_VALUE_H
#define ECS_LOCAL_BASE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ecs-local/base/arena.h"

enum value_kind {
    VALUE_BOOL,
    VALUE_INT,
    VALUE_REAL,
    VALUE_STRING,
    VALUE_LIST,
    VALUE_MAP, /* a structure or a map; entries keep their order */
};

struct value;

struct value_entry {
    const char *key;
    struct value *value;
};

struct value {
    enum value_kind kind;
    uint32_t count;    /* of items or entries */
    uint32_t capacity; /* of items or entries */
    union {
        bool boolean;
        int64_t integer;
        double real;
        const char *string;
        struct value **items;
        struct value_entry *entries;
    };
};

/* Building. Strings given to value_new_string() and keys given to value_set() are borrowed: they must live as
 * long as the arena. value_set() replaces an existing entry of the same key. */
struct value *value_new_bool(struct arena *arena, bool boolean);
struct value *value_new_int(struct arena *arena, int64_t integer);
struct value *value_new_real(struct arena *arena, double real);
struct value *value_new_string(struct arena *arena, const char *string);
struct value *value_new_list(struct arena *arena, size_t capacity_hint);
struct value *value_new_map(struct arena *arena, size_t capacity_hint);
void value_append(struct arena *arena, struct value *list, struct value *item);
void value_set(struct arena *arena, struct value *map, const char *key, struct value *value);
/* As value_set(), but the caller knows that the key is not there yet (no search). */
void value_add(struct arena *arena, struct value *map, const char *key, struct value *value);
void value_remove(struct value *map, const char *key);
/* A copy that shares the leaves: its maps and lists can be changed without changing the original's. */
struct value *value_clone(struct arena *arena, const struct value *value);

/* A copy down to the last character, for another arena. */
struct value *value_copy(struct arena *arena, const struct value *value);

/* Reading. All take a NULL tree. The typed forms answer their default when the member is absent or of another
 * kind. value_items()/value_count() answer an empty list for NULL. */
struct value *value_get(const struct value *map, const char *key);
bool value_has(const struct value *map, const char *key);
const char *value_string(const struct value *map, const char *key); /* NULL when absent */
/* NULL when absent or "": clients send "" and mean "not given" (facts: services 1.2). */
const char *value_string_nonempty(const struct value *map, const char *key);
int64_t value_int(const struct value *map, const char *key, int64_t fallback);
bool value_bool(const struct value *map, const char *key, bool fallback);
size_t value_count(const struct value *list_or_map);                 /* 0 for NULL */
struct value *value_at(const struct value *list, size_t index);      /* NULL out of range */
const char *value_string_at(const struct value *list, size_t index); /* NULL out of range or another kind */

/* Deep equality: numbers by value, maps regardless of the order of their entries. */
bool value_equal(const struct value *left, const struct value *right);

#define value_for_each(item, list)                                                                           \
    for (size_t item##_index = 0; item##_index < value_count(list); item##_index++)                          \
        for (struct value *item = value_at((list), item##_index), *item##_once = item; item##_once != NULL;  \
             item##_once = NULL)

#endif
