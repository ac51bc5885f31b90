#include "attribute_sets.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "ecs-local/base/error.h"

enum {
    PLACES_BITS = 5, /* of the number of names whose place a shape remembers */
    PLACES = 1 << PLACES_BITS,
    PROBES = 4,
};

/* A name or a value. Each is kept once, so equal ones are the same pointer. */
struct text {
    UT_hash_handle hh;
    char text[];
};

struct attribute {
    const char *name;
    const char *value; /* "" without one */
};

/* Where a name is that was asked for. While the asker keeps his text where it is, the pointer is enough. */
struct place {
    const char *asked;
    uint32_t questions; /* since when it holds */
    unsigned index;     /* as many as there are names: nowhere */
};

/* The names of a set. A fleet has many sets when every instance has some value of its own, but few shapes. */
struct shape {
    const char **names; /* ascending */
    unsigned count;
    int64_t asked_definition;
    bool answer;
    struct place places[PLACES];
    UT_hash_handle hh; /* by the pointers */
};

struct attribute_set {
    UT_hash_handle hh; /* by the pointers from `shape` on */
    const struct attribute_sets *owner;
    uint32_t id;
    struct shape *shape;
    const char *values[]; /* in the order of the names; "" without one */
};

struct attribute_sets {
    bool questions_open;
    uint32_t questions;
    struct text *texts;
    struct shape *shapes;
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
        free(set);
    }
    struct shape *shape;
    struct shape *next_shape;
    HASH_ITER(hh, sets->shapes, shape, next_shape) {
        HASH_DEL(sets->shapes, shape);
        free(shape->names);
        free(shape);
    }
    struct text *text;
    struct text *next_text;
    HASH_ITER(hh, sets->texts, text, next_text) {
        HASH_DEL(sets->texts, text);
        free(text);
    }
    free(sets);
}

const char *attribute_sets_text(struct attribute_sets *sets, const char *string) {
    struct text *text = NULL;
    size_t length = strlen(string);
    HASH_FIND(hh, sets->texts, string, (unsigned)length, text);
    if (text == NULL) {
        text = xcalloc(1, sizeof(*text) + length + 1);
        memcpy(text->text, string, length + 1);
        HASH_ADD_KEYPTR(hh, sets->texts, text->text, (unsigned)length, text);
    }
    return text->text;
}

static struct shape *intern_shape(
    struct attribute_sets *sets, const struct attribute *attributes, unsigned count) {
    struct shape *shape = NULL;
    const char **names = xcalloc(count, sizeof(*names));
    unsigned length = count * (unsigned)sizeof(*names);
    for (unsigned index = 0; index < count; index++)
        names[index] = attributes[index].name;
    HASH_FIND(hh, sets->shapes, names, length, shape);
    if (shape != NULL) {
        free(names);
        return shape;
    }
    shape = xcalloc(1, sizeof(*shape));
    shape->names = names;
    shape->count = count;
    HASH_ADD_KEYPTR(hh, sets->shapes, shape->names, length, shape);
    return shape;
}

static int compare(const void *left, const void *right) {
    return strcmp(((const struct attribute *)left)->name, ((const struct attribute *)right)->name);
}

/* Sorted by name; the order of what has the same name stays, which qsort() alone does not promise. */
static unsigned sort_attributes(
    struct attribute_sets *sets, const struct value *list, struct attribute *attributes) {
    unsigned count = 0;
    value_for_each(item, list) {
        const char *name = value_string(item, "name");
        const char *value = value_string(item, "value");
        if (name != NULL)
            attributes[count++] = (struct attribute){.name = attribute_sets_text(sets, name),
                .value = attribute_sets_text(sets, value != NULL ? value : "")};
    }
    qsort(attributes, count, sizeof(struct attribute), compare);
    return count;
}

struct attribute_set *attribute_sets_intern(struct attribute_sets *sets, const struct value *attributes) {
    struct attribute *sorted = xcalloc(value_count(attributes), sizeof(struct attribute));
    unsigned count = sort_attributes(sets, attributes, sorted);
    size_t length = sizeof(struct shape *) + count * sizeof(const char *);
    struct attribute_set *set = xcalloc(1, sizeof(*set) + count * sizeof(const char *));
    set->shape = intern_shape(sets, sorted, count);
    for (unsigned index = 0; index < count; index++)
        set->values[index] = sorted[index].value;
    free(sorted);
    struct attribute_set *known = NULL;
    HASH_FIND(hh, sets->sets, &set->shape, (unsigned)length, known);
    if (known != NULL) {
        free(set);
        return known;
    }
    set->owner = sets;
    set->id = ++sets->last_id;
    HASH_ADD(hh, sets->sets, shape, (unsigned)length, set);
    return set;
}

bool attribute_set_at(
    const struct attribute_set *set, unsigned index, const char **ret_name, const char **ret_value) {
    if (index >= set->shape->count)
        return false;
    *ret_name = set->shape->names[index];
    *ret_value = set->values[index];
    return true;
}

uint32_t attribute_set_id(const struct attribute_set *set) {
    return set->id;
}

static int compare_names(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static unsigned find_name(const struct shape *shape, const char *name) {
    const char *const *found = shape->count != 0
                                   ? bsearch(&name, shape->names, shape->count, sizeof(name), compare_names)
                                   : NULL;
    return found != NULL ? (unsigned)(found - (const char *const *)shape->names) : shape->count;
}

static unsigned find_asked(struct shape *shape, uint32_t questions, const char *name) {
    uint64_t hash = (uintptr_t)name * 0x9e3779b97f4a7c15U >> (64 - PLACES_BITS);
    for (unsigned probe = 0; probe < PROBES; probe++) {
        struct place *place = &shape->places[(hash + probe) % PLACES];
        if (place->questions != questions)
            *place = (struct place){.asked = name, .questions = questions, .index = find_name(shape, name)};
        if (place->asked == name)
            return place->index;
    }
    return find_name(shape, name);
}

const char *attribute_set_value(const struct attribute_set *set, const char *name) {
    const struct attribute_sets *owner = set->owner;
    unsigned index = owner->questions_open ? find_asked(set->shape, owner->questions, name)
                                           : find_name(set->shape, name);
    return index < set->shape->count ? set->values[index] : NULL;
}

void attribute_sets_ask(struct attribute_sets *sets, bool open) {
    sets->questions_open = open;
    sets->questions += open;
}

bool attribute_set_satisfies(
    struct attribute_set *set, int64_t definition_id, const char *const *names, unsigned count) {
    struct shape *shape = set->shape;
    if (shape->asked_definition == definition_id)
        return shape->answer;
    shape->asked_definition = definition_id;
    shape->answer = true;
    for (unsigned index = 0; index < count && shape->answer; index++)
        shape->answer = find_name(shape, names[index]) < shape->count;
    return shape->answer;
}

void attribute_sets_forget_answers(struct attribute_sets *sets) {
    for (struct shape *shape = sets->shapes; shape != NULL; shape = shape->hh.next)
        shape->asked_definition = 0;
}
