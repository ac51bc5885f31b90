/* The walker of replies: what we send must be what the model promises. Runs in test builds on every reply. */
#include <string.h>

#include "model_text.h"

struct model_reply_walk {
    struct arena *arena;
    const char *problem;
};

static int model_reply_value(struct model_reply_walk *walk, struct model_type type, const json_t *json,
    const struct model_place *place, const struct model_member *owner);

static int model_reply_problem(
    struct model_reply_walk *walk, const struct model_place *place, const char *what) {
    const char *path = model_path(walk->arena, place);
    walk->problem = arena_printf(walk->arena, "%s %s", path[0] != '\0' ? path : "The reply", what);
    return 1;
}

static int model_reply_enum(struct model_reply_walk *walk, const struct model_shape *shape,
    const json_t *json, const struct model_place *place, const struct model_member *owner) {
    if ((owner->flags & MODEL_FLAG_ENUM_OPEN) != 0)
        return 0;
    for (const char *const *value = shape->values; *value != NULL; value++) {
        if (strcmp(*value, json_string_value(json)) == 0)
            return 0;
    }
    return model_reply_problem(walk, place, "is not a value of its enum.");
}

static int model_reply_list(struct model_reply_walk *walk, const struct model_shape *shape,
    const json_t *json, const struct model_place *place, const struct model_member *owner) {
    size_t index;
    const json_t *item;
    json_array_foreach(json, index, item) {
        struct model_place here = {.parent = place, .index = index};
        if (model_reply_value(walk, shape->element, item, &here, owner) != 0)
            return 1;
    }
    return 0;
}

static int model_reply_map(struct model_reply_walk *walk, const struct model_shape *shape, const json_t *json,
    const struct model_place *place, const struct model_member *owner) {
    const char *key;
    json_t *item;
    json_object_foreach((json_t *)json, key, item) {
        struct model_place here = {.parent = place, .key = key};
        if (model_reply_value(walk, shape->element, item, &here, owner) != 0)
            return 1;
    }
    return 0;
}

static int model_reply_structure(struct model_reply_walk *walk, const struct model_shape *shape,
    const json_t *json, const struct model_place *place) {
    const char *key;
    json_t *item;
    json_object_foreach((json_t *)json, key, item) {
        const struct model_member *member = model_shape_member(shape, key);
        if (member == NULL)
            return model_reply_problem(
                walk, place, arena_printf(walk->arena, "has the unknown member %s.", key));
        struct model_place here = {.parent = place, .member = member};
        if (model_reply_value(walk, member->type, item, &here, member) != 0)
            return 1;
    }
    for (unsigned index = 0; index < shape->member_count; index++) {
        const struct model_member *member = &shape->members[index];
        struct model_place here = {.parent = place, .member = member};
        if ((member->flags & (MODEL_FLAG_REQUIRED | MODEL_FLAG_IN_REPLY)) != 0 &&
            json_object_get(json, member->name) == NULL)
            return model_reply_problem(walk, &here, "is missing.");
    }
    return 0;
}

static bool model_reply_has_type(enum model_kind kind, const json_t *json) {
    switch (kind) {
    case MODEL_STRING:
    case MODEL_ENUM:
        return json_is_string(json);
    case MODEL_BOOLEAN:
        return json_is_boolean(json);
    case MODEL_INTEGER:
        return json_is_integer(json) && json_integer_value(json) >= INT32_MIN &&
               json_integer_value(json) <= INT32_MAX;
    case MODEL_LONG:
        return json_is_integer(json);
    case MODEL_DOUBLE:
    case MODEL_TIMESTAMP:
        return json_is_number(json);
    case MODEL_LIST:
        return json_is_array(json);
    case MODEL_MAP:
    case MODEL_STRUCTURE:
        return json_is_object(json);
    case MODEL_UNION:
        return json_is_object(json) && json_object_size(json) == 1;
    case MODEL_DOCUMENT:
        break;
    }
    return true;
}

static int model_reply_value(struct model_reply_walk *walk, struct model_type type, const json_t *json,
    const struct model_place *place, const struct model_member *owner) {
    if (json_is_null(json))
        return model_reply_problem(walk, place, "is null.");
    if (!model_reply_has_type(type.kind, json))
        return model_reply_problem(walk, place, "has the wrong type.");
    switch (type.kind) {
    case MODEL_ENUM:
        return model_reply_enum(walk, type.shape, json, place, owner);
    case MODEL_LIST:
        return model_reply_list(walk, type.shape, json, place, owner);
    case MODEL_MAP:
        return model_reply_map(walk, type.shape, json, place, owner);
    case MODEL_STRUCTURE:
    case MODEL_UNION:
        return model_reply_structure(walk, type.shape, json, place);
    case MODEL_STRING:
    case MODEL_BOOLEAN:
    case MODEL_INTEGER:
    case MODEL_LONG:
    case MODEL_DOUBLE:
    case MODEL_TIMESTAMP:
    case MODEL_DOCUMENT:
        break;
    }
    return 0;
}

int model_check_reply(const struct model_operation *operation, const json_t *reply, struct arena *arena,
    const char **ret_problem) {
    struct model_reply_walk walk = {.arena = arena};
    struct model_type type = {.kind = MODEL_STRUCTURE, .shape = operation->output};
    if (model_reply_value(&walk, type, reply, NULL, NULL) == 0)
        return 0;
    *ret_problem = walk.problem;
    return 1;
}
