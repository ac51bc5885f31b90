/* What the model says twice must agree, and its marks must be what the tables take them for. The first thing that does
 * not fit stops the build. */
#include "apigen.h"

#include <string.h>

static const char *const apigen_member_marks[] = {"required", "idempotencyToken", "sensitive"};

static const struct apigen_member *apigen_member_of(const struct apigen_shape *shape, const char *name) {
    for (size_t index = 0; name != NULL && index < shape->member_count; index++) {
        if (strcmp(shape->members[index].name, name) == 0)
            return &shape->members[index];
    }
    return NULL;
}

static void apigen_check_marks(const char *owner, const json_t *json) {
    for (size_t index = 0; index < sizeof(apigen_member_marks) / sizeof(apigen_member_marks[0]); index++) {
        const json_t *mark = json_object_get(json, apigen_member_marks[index]);
        if (mark != NULL && !json_is_boolean(mark))
            apigen_fail(
                "\"%s\" of a member of %s is neither true nor false.", apigen_member_marks[index], owner);
    }
}

static void apigen_check_enum(const struct apigen_shape *shape) {
    const json_t *values = json_object_get(shape->json, "values");
    for (size_t index = 0; index < json_array_size(values); index++) {
        const json_t *value = json_array_get(values, index);
        if (!json_is_string(value) || json_string_length(value) == 0)
            apigen_fail("value %zu of the enum %s is no text.", index, shape->name);
        for (size_t other = 0; other < index; other++) {
            if (json_equal(value, json_array_get(values, other)))
                apigen_fail("the enum %s has two values %s.", shape->name, json_string_value(value));
        }
    }
}

static void apigen_check_shape(const struct apigen *api, const struct apigen_shape *shape) {
    for (size_t index = 0; index < shape->member_count; index++)
        apigen_check_marks(shape->name, json_array_get(json_object_get(shape->json, "members"), index));
    if (strcmp(shape->word, "enum") == 0)
        apigen_check_enum(shape);
    const char *key = apigen_string(shape->json, "key");
    if (strcmp(shape->word, "map") == 0 &&
        (key == NULL || (strcmp(key, "string") != 0 && apigen_find_shape(api, key) < 0)))
        apigen_fail("the keys of the map %s are of an unknown type.", shape->name);
    const char *fault = apigen_string(shape->json, "fault");
    if (strcmp(shape->word, "error") == 0 &&
        (fault == NULL || (strcmp(fault, "client") != 0 && strcmp(fault, "server") != 0)))
        apigen_fail("the error %s does not say whose fault it is.", shape->name);
}

static void apigen_check_page_member(const struct apigen *api, const struct apigen_operation *operation,
    int shape, const char *name, const char *kind) {
    const struct apigen_member *member = apigen_member_of(&api->shapes[shape], name);
    if (member == NULL)
        apigen_fail("the paginator of %s names %s, which %s does not have.", operation->name,
            name != NULL ? name : "nothing", api->shapes[shape].name);
    if (strcmp(member->type.kind, kind) != 0)
        apigen_fail("the paginator of %s names %s, which is of the wrong type.", operation->name, name);
}

static void apigen_check_paginator(const struct apigen *api, const struct apigen_operation *operation) {
    const json_t *paginator = json_object_get(operation->json, "paginator");
    if (paginator == NULL)
        return;
    apigen_check_page_member(
        api, operation, operation->input, apigen_string(paginator, "inputToken"), "MODEL_STRING");
    apigen_check_page_member(
        api, operation, operation->input, apigen_string(paginator, "pageSize"), "MODEL_INTEGER");
    apigen_check_page_member(
        api, operation, operation->output, apigen_string(paginator, "outputToken"), "MODEL_STRING");
    const json_t *lists = json_object_get(paginator, "resultKeys");
    if (json_array_size(lists) == 0)
        apigen_fail("the paginator of %s names no list.", operation->name);
    for (size_t index = 0; index < json_array_size(lists); index++)
        apigen_check_page_member(
            api, operation, operation->output, json_string_value(json_array_get(lists, index)), "MODEL_LIST");
}

void apigen_check_model(const struct apigen *api) {
    for (size_t index = 0; index < api->shape_count; index++)
        apigen_check_shape(api, &api->shapes[index]);
    for (size_t index = 0; index < api->operation_count; index++)
        apigen_check_paginator(api, &api->operations[index]);
}
