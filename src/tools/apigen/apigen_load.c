/* Reads the model, the overlay and the coverage list, and stops when they do not fit together. */
#include "apigen.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word;
    const char *kind;
} apigen_scalars[] = {
    {"string", "MODEL_STRING"},
    {"boolean", "MODEL_BOOLEAN"},
    {"integer", "MODEL_INTEGER"},
    {"long", "MODEL_LONG"},
    {"double", "MODEL_DOUBLE"},
    {"timestamp", "MODEL_TIMESTAMP"},
    {"document", "MODEL_DOCUMENT"},
};

static const struct {
    const char *word;
    const char *kind;
} apigen_kinds[] = {
    {"structure", "MODEL_STRUCTURE"},
    {"error", "MODEL_STRUCTURE"},
    {"union", "MODEL_UNION"},
    {"list", "MODEL_LIST"},
    {"map", "MODEL_MAP"},
    {"enum", "MODEL_ENUM"},
};

static json_t *apigen_read(const char *path) {
    json_error_t error;
    json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL)
        apigen_fail("%s, line %d: %s.", path, error.line, error.text);
    if (!json_is_object(json))
        apigen_fail("%s must hold one object.", path);
    return json;
}

const char *apigen_string(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

static bool apigen_is_identifier(const char *name) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    if (name == NULL || name[0] == '\0' || strchr(letters, name[0]) == NULL)
        return false;
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")] == '\0';
}

static int apigen_shape_order(const void *left, const void *right) {
    return strcmp(((const struct apigen_shape *)left)->name, ((const struct apigen_shape *)right)->name);
}

static int apigen_operation_order(const void *left, const void *right) {
    return strcmp(
        ((const struct apigen_operation *)left)->name, ((const struct apigen_operation *)right)->name);
}

int apigen_find_shape(const struct apigen *api, const char *name) {
    struct apigen_shape key = {.name = name};
    const struct apigen_shape *found = bsearch(
        &key, api->shapes, api->shape_count, sizeof(key), apigen_shape_order);
    return found != NULL ? (int)(found - api->shapes) : -1;
}

static const char *apigen_kind_of(const char *word) {
    for (size_t index = 0; index < sizeof(apigen_kinds) / sizeof(apigen_kinds[0]); index++) {
        if (word != NULL && strcmp(word, apigen_kinds[index].word) == 0)
            return apigen_kinds[index].kind;
    }
    return NULL;
}

static struct apigen_type apigen_resolve(
    const struct apigen *api, const char *word, const char *owner, const char *part) {
    if (word == NULL)
        apigen_fail("%s.%s has no type.", owner, part);
    for (size_t index = 0; index < sizeof(apigen_scalars) / sizeof(apigen_scalars[0]); index++) {
        if (strcmp(word, apigen_scalars[index].word) == 0)
            return (struct apigen_type){.kind = apigen_scalars[index].kind, .shape = -1};
    }
    int shape = apigen_find_shape(api, word);
    if (shape < 0)
        apigen_fail("%s.%s has the unknown type %s.", owner, part, word);
    return (struct apigen_type){.kind = apigen_kind_of(api->shapes[shape].word), .shape = shape};
}

static void apigen_load_members(const struct apigen *api, struct apigen_shape *shape) {
    const json_t *list = json_object_get(shape->json, "members");
    if (!json_is_array(list))
        apigen_fail("%s has no list of members.", shape->name);
    shape->member_count = json_array_size(list);
    if (shape->member_count > APIGEN_MEMBERS_MAX)
        apigen_fail("%s has more than %d members.", shape->name, APIGEN_MEMBERS_MAX);
    shape->members = calloc(shape->member_count + 1, sizeof(*shape->members));
    if (shape->members == NULL)
        apigen_fail("there is no memory left.");
    size_t index;
    const json_t *json;
    json_array_foreach(list, index, json) {
        struct apigen_member *member = &shape->members[index];
        member->name = apigen_string(json, "name");
        if (!apigen_is_identifier(member->name))
            apigen_fail("member %zu of %s has no usable name.", index, shape->name);
        for (size_t other = 0; other < index; other++) {
            if (strcmp(shape->members[other].name, member->name) == 0)
                apigen_fail("%s has two members %s.", shape->name, member->name);
        }
        const char *type = apigen_string(json, "type");
        char key[256];
        snprintf(key, sizeof(key), "%s.%s", shape->name, member->name);
        member->overlay = json_object_get(api->overlay, key);
        if (apigen_string(member->overlay, "type") != NULL)
            type = apigen_string(member->overlay, "type");
        member->type = apigen_resolve(api, type, shape->name, member->name);
        member->required = json_is_true(json_object_get(json, "required"));
        member->token = json_is_true(json_object_get(json, "idempotencyToken"));
        member->sensitive = json_is_true(json_object_get(json, "sensitive"));
    }
}

static void apigen_load_shape(const struct apigen *api, struct apigen_shape *shape) {
    shape->element = (struct apigen_type){.kind = "MODEL_STRING", .shape = -1};
    shape->overlay = json_object_get(api->overlay, shape->name);
    if (strcmp(shape->word, "list") == 0) {
        shape->element = apigen_resolve(api, apigen_string(shape->json, "element"), shape->name, "element");
    } else if (strcmp(shape->word, "map") == 0) {
        shape->element = apigen_resolve(api, apigen_string(shape->json, "value"), shape->name, "value");
    } else if (strcmp(shape->word, "enum") == 0) {
        if (json_array_size(json_object_get(shape->json, "values")) == 0)
            apigen_fail("the enum %s has no values.", shape->name);
    } else {
        apigen_load_members(api, shape);
    }
}

static void apigen_load_shapes(struct apigen *api) {
    json_t *shapes = json_object_get(api->model, "shapes");
    if (!json_is_object(shapes))
        apigen_fail("the model has no shapes.");
    api->shapes = calloc(json_object_size(shapes) + 1, sizeof(*api->shapes));
    if (api->shapes == NULL)
        apigen_fail("there is no memory left.");
    const char *name;
    json_t *json;
    json_object_foreach(shapes, name, json) {
        struct apigen_shape *shape = &api->shapes[api->shape_count++];
        shape->name = name;
        shape->json = json;
        shape->word = apigen_string(json, "kind");
        if (!apigen_is_identifier(name))
            apigen_fail("%s is no usable name of a shape.", name);
        if (apigen_kind_of(shape->word) == NULL)
            apigen_fail("the shape %s is of unknown kind.", name);
    }
    qsort(api->shapes, api->shape_count, sizeof(*api->shapes), apigen_shape_order);
    for (size_t index = 0; index < api->shape_count; index++)
        apigen_load_shape(api, &api->shapes[index]);
}

static int apigen_named_shape(
    const struct apigen *api, const struct apigen_operation *operation, const char *part) {
    const char *name = apigen_string(operation->json, part);
    int shape = name != NULL ? apigen_find_shape(api, name) : -1;
    if (shape < 0 || strcmp(api->shapes[shape].word, "structure") != 0)
        apigen_fail("the %s of operation %s is not a structure of the model.", part, operation->name);
    return shape;
}

static void apigen_check_operation(const struct apigen *api, struct apigen_operation *operation) {
    operation->input = apigen_named_shape(api, operation, "input");
    operation->output = apigen_named_shape(api, operation, "output");
    size_t index;
    const json_t *error;
    json_array_foreach(json_object_get(operation->json, "errors"), index, error) {
        const char *name = json_string_value(error);
        int shape = name != NULL ? apigen_find_shape(api, name) : -1;
        if (shape < 0 || strcmp(api->shapes[shape].word, "error") != 0)
            apigen_fail("operation %s declares %s, which is no error of the model.", operation->name,
                name != NULL ? name : "something");
    }
}

static void apigen_load_operations(struct apigen *api) {
    const json_t *list = json_object_get(api->model, "operations");
    if (json_array_size(list) == 0)
        apigen_fail("the model has no operations.");
    api->operations = calloc(json_array_size(list), sizeof(*api->operations));
    if (api->operations == NULL)
        apigen_fail("there is no memory left.");
    size_t index;
    const json_t *json;
    json_array_foreach(list, index, json) {
        struct apigen_operation *operation = &api->operations[api->operation_count++];
        operation->json = json;
        operation->name = apigen_string(json, "name");
        if (!apigen_is_identifier(operation->name))
            apigen_fail("operation %zu of the model has no usable name.", index);
        apigen_check_operation(api, operation);
    }
    qsort(api->operations, api->operation_count, sizeof(*api->operations), apigen_operation_order);
    for (index = 1; index < api->operation_count; index++) {
        if (strcmp(api->operations[index - 1].name, api->operations[index].name) == 0)
            apigen_fail("the model has two operations %s.", api->operations[index].name);
    }
}

static void apigen_load_coverage(struct apigen *api) {
    const char *name;
    json_t *json;
    json_object_foreach(api->coverage, name, json) {
        struct apigen_operation key = {.name = name};
        struct apigen_operation *operation = bsearch(
            &key, api->operations, api->operation_count, sizeof(key), apigen_operation_order);
        if (operation == NULL)
            apigen_fail("the coverage list names %s, which is no operation of the model.", name);
        operation->status = apigen_string(json, "status");
        operation->missing = apigen_string(json, "missing");
        bool partial = operation->status != NULL && strcmp(operation->status, "partial") == 0;
        if (!partial && (operation->status == NULL || strcmp(operation->status, "implemented") != 0))
            apigen_fail("the status of %s in the coverage list is neither implemented nor partial.", name);
        if (json_object_size(json) != (partial ? 2u : 1u) || partial != (operation->missing != NULL))
            apigen_fail("the coverage list must say of %s what is missing exactly when it is partial.", name);
    }
}

void apigen_load(struct apigen *api, const char *model, const char *overlay, const char *coverage) {
    api->model = apigen_read(model);
    api->overlay = apigen_read(overlay);
    api->coverage = apigen_read(coverage);
    apigen_load_shapes(api);
    apigen_load_operations(api);
    apigen_check_model(api);
    apigen_load_coverage(api);
}
