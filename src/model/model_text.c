#include "model_text.h"

#include <string.h>

enum {
    MODEL_PATH_MAX = 1024,
};

const char *model_path(struct arena *arena, const struct model_place *place) {
    if (place == NULL)
        return "";
    const char *parent = model_path(arena, place->parent);
    if (place->member != NULL)
        return arena_printf(arena, "%s%s%s", parent, parent[0] != '\0' ? "." : "", place->member->name);
    if (place->key != NULL)
        return arena_printf(arena, "%s[\"%.*s\"]", parent, MODEL_PATH_MAX, place->key);
    return arena_printf(arena, "%s[%zu]", parent, place->index);
}

/* The member of the request itself that the place stands for, NULL when it is deeper. */
static const struct model_member *model_top_member(const struct model_place *place) {
    if (place->member == NULL && place->key == NULL && place->parent != NULL)
        place = place->parent;
    return place->parent == NULL ? place->member : NULL;
}

const char *model_noun(struct arena *arena, const struct model_place *place) {
    const struct model_member *member = model_top_member(place);
    if (member == NULL)
        return model_path(arena, place);
    if (member->rules != NULL && member->rules->noun != NULL)
        return member->rules->noun;
    char *noun = arena_strdup(arena, member->name);
    if (noun[0] >= 'a' && noun[0] <= 'z')
        noun[0] = (char)(noun[0] - 'a' + 'A');
    return noun;
}

const char *model_field(struct arena *arena, const struct model_place *place) {
    const struct model_member *member = model_top_member(place);
    if (member == NULL)
        return model_path(arena, place);
    return member->rules != NULL && member->rules->field != NULL ? member->rules->field : member->name;
}

const char *model_listing(struct arena *arena, const char *const *values) {
    size_t length = 3;
    for (const char *const *value = values; *value != NULL; value++)
        length += strlen(*value) + 1;
    char *text = arena_alloc(arena, length);
    char *end = text;
    *end++ = '[';
    for (const char *const *value = values; *value != NULL; value++) {
        if (value != values)
            *end++ = ',';
        size_t size = strlen(*value);
        memcpy(end, *value, size);
        end += size;
    }
    *end++ = ']';
    *end = '\0';
    return text;
}
