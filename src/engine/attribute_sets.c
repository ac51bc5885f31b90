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

struct attribute_set {
    const char **names; /* sorted */
    unsigned count;
    int64_t asked_definition;
    bool answer;
    char *key; /* the sorted names, a line each */
    UT_hash_handle hh;
};

struct attribute_sets {
    struct attribute_set *sets;
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
        free(set->names);
        free(set->key);
        free(set);
    }
    free(sets);
}

static int compare(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The key holds the names themselves: lines of it become the set's names. */
static struct attribute_set *make_set(char *key, size_t length, unsigned count) {
    struct attribute_set *set = xcalloc(1, sizeof(*set));
    set->key = key;
    set->names = xcalloc(count, sizeof(char *));
    char *line = key;
    while (line < key + length) {
        char *end = strchr(line, '\n');
        *end = '\0';
        set->names[set->count++] = line;
        line = end + 1;
    }
    return set;
}

struct attribute_set *attribute_sets_intern(struct attribute_sets *sets, const struct value *attributes) {
    unsigned count = 0;
    const char **names = xcalloc(value_count(attributes), sizeof(char *));
    value_for_each(attribute, attributes) {
        const char *name = value_string(attribute, "name");
        if (name != NULL)
            names[count++] = name;
    }
    qsort(names, count, sizeof(char *), compare);
    struct buf key = BUF_INIT(KEY_MAX);
    for (unsigned index = 0; index < count; index++) {
        buf_append_text(&key, names[index]);
        buf_append_char(&key, '\n');
    }
    free(names);
    struct attribute_set *set = NULL;
    for (size_t index = 0; index < key.length; index++) {
        if (key.data[index] == '\n')
            key.data[index] = '\0';
    }
    HASH_FIND(hh, sets->sets, buf_text(&key), (unsigned)key.length, set);
    for (size_t index = 0; index < key.length; index++) {
        if (key.data[index] == '\0')
            key.data[index] = '\n';
    }
    if (set != NULL) {
        buf_done(&key);
        return set;
    }
    size_t length = 0;
    char *text = buf_take(&key, &length);
    if (text == NULL)
        text = xstrdup("");
    set = make_set(text, length, count);
    HASH_ADD_KEYPTR(hh, sets->sets, set->key, (unsigned)length, set);
    return set;
}

bool attribute_set_has(const struct attribute_set *set, const char *name) {
    return bsearch(&name, set->names, set->count, sizeof(char *), compare) != NULL;
}

bool attribute_set_satisfies(
    struct attribute_set *set, int64_t definition_id, const char *const *names, unsigned count) {
    if (set->asked_definition == definition_id)
        return set->answer;
    set->asked_definition = definition_id;
    set->answer = true;
    for (unsigned index = 0; index < count && set->answer; index++)
        set->answer = attribute_set_has(set, names[index]);
    return set->answer;
}
