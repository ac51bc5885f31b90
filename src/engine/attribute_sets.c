#include "attribute_sets.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "ecs-local/base/arena.h"
#include "ecs-local/base/buf.h"
#include "ecs-local/base/error.h"

enum {
    KEY_MAX = 1024 * 1024,
};

struct attribute {
    const char *name;
    const char *value; /* "" without one */
};

struct attribute_set {
    struct attribute *attributes; /* by name */
    unsigned count;
    uint32_t id;
    int64_t asked_definition;
    bool answer;
    char *key; /* names and values, sorted: each ends with a NUL */
    UT_hash_handle hh;
};

struct attribute_sets {
    struct attribute_set *sets;
    uint32_t last_id;
};

struct attribute_sets *attribute_sets_new(void) {
    return xcalloc(1, sizeof(struct attribute_sets));
}

void attribute_sets_free(struct attribute_sets *sets) {
    if (sets == NULL)
        return;
    struct attribute_set *set;
    struct attribute_set *next;
    HASH_ITER(hh, sets->sets, set, next) {
        HASH_DEL(sets->sets, set);
        free(set->attributes);
        free(set->key);
        free(set);
    }
    free(sets);
}

static int compare(const void *left, const void *right) {
    return strcmp(((const struct attribute *)left)->name, ((const struct attribute *)right)->name);
}

static struct attribute_set *make_set(char *key, size_t length, unsigned count) {
    struct attribute_set *set = xcalloc(1, sizeof(*set));
    set->key = key;
    set->attributes = xcalloc(count, sizeof(struct attribute));
    for (char *cursor = key; cursor < key + length;) {
        struct attribute *attribute = &set->attributes[set->count++];
        attribute->name = cursor;
        cursor += strlen(cursor) + 1;
        attribute->value = cursor;
        cursor += strlen(cursor) + 1;
    }
    return set;
}

/* Sorted by name; the order of what has the same name stays, which qsort() alone does not promise. */
static unsigned sort_attributes(const struct value *list, struct attribute *attributes) {
    unsigned count = 0;
    value_for_each(item, list) {
        const char *name = value_string(item, "name");
        const char *value = value_string(item, "value");
        if (name != NULL)
            attributes[count++] = (struct attribute){.name = name, .value = value != NULL ? value : ""};
    }
    qsort(attributes, count, sizeof(struct attribute), compare);
    return count;
}

struct attribute_set *attribute_sets_intern(struct attribute_sets *sets, const struct value *attributes) {
    struct attribute *sorted = xcalloc(value_count(attributes), sizeof(struct attribute));
    unsigned count = sort_attributes(attributes, sorted);
    struct buf key = BUF_INIT(KEY_MAX);
    for (unsigned index = 0; index < count; index++) {
        buf_append(&key, sorted[index].name, strlen(sorted[index].name) + 1);
        buf_append(&key, sorted[index].value, strlen(sorted[index].value) + 1);
    }
    free(sorted);
    struct attribute_set *set = NULL;
    HASH_FIND(hh, sets->sets, buf_text(&key), (unsigned)key.length, set);
    if (set != NULL) {
        buf_done(&key);
        return set;
    }
    size_t length = 0;
    char *text = buf_take(&key, &length);
    if (text == NULL)
        text = xstrdup("");
    set = make_set(text, length, count);
    set->id = ++sets->last_id;
    HASH_ADD_KEYPTR(hh, sets->sets, set->key, (unsigned)length, set);
    return set;
}

bool attribute_set_at(
    const struct attribute_set *set, unsigned index, const char **ret_name, const char **ret_value) {
    if (index >= set->count)
        return false;
    *ret_name = set->attributes[index].name;
    *ret_value = set->attributes[index].value;
    return true;
}

uint32_t attribute_set_id(const struct attribute_set *set) {
    return set->id;
}

const char *attribute_set_value(const struct attribute_set *set, const char *name) {
    struct attribute wanted = {.name = name};
    const struct attribute *found = set->count != 0 ? bsearch(&wanted, set->attributes, set->count,
                                                          sizeof(wanted), compare)
                                                    : NULL;
    return found != NULL ? found->value : NULL;
}

bool attribute_set_satisfies(
    struct attribute_set *set, int64_t definition_id, const char *const *names, unsigned count) {
    if (set->asked_definition == definition_id)
        return set->answer;
    set->asked_definition = definition_id;
    set->answer = true;
    for (unsigned index = 0; index < count && set->answer; index++)
        set->answer = attribute_set_value(set, names[index]) != NULL;
    return set->answer;
}
