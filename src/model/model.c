/* Accessors of the generated tables. */
#include "ecs-local/model/model.h"

#include <string.h>

#include "model_hash.h"
#include "model_tables.h"

const char *model_target_prefix(void) {
    return model_target_prefix_text;
}

const char *model_source(void) {
    return model_source_text;
}

/* All three tables are sorted by name, and the name is the first member of their rows. */
static const void *model_find(const void *rows, size_t count, size_t row_size, const char *name) {
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const void *row = (const char *)rows + middle * row_size;
        int order = strcmp(name, *(const char *const *)row);
        if (order == 0)
            return row;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

size_t model_operation_count(void) {
    return model_operations_count;
}

const struct model_operation *model_operation_at(size_t index) {
    return index < model_operations_count ? &model_operations[index] : NULL;
}

const struct model_operation *model_operation(const char *name) {
    return model_find(model_operations, model_operations_count, sizeof(model_operations[0]), name);
}

const char *model_operation_name(const struct model_operation *operation) {
    return operation->name;
}

size_t model_operation_index(const struct model_operation *operation) {
    return (size_t)(operation - model_operations);
}

enum model_status model_operation_status(const struct model_operation *operation) {
    return operation->status;
}

const char *model_status_name(enum model_status status) {
    switch (status) {
    case MODEL_IMPLEMENTED:
        return "implemented";
    case MODEL_PARTIAL:
        return "partial";
    case MODEL_NOT_IMPLEMENTED:
        break;
    }
    return "not implemented";
}

const char *model_operation_note(const struct model_operation *operation) {
    return operation->note;
}

const struct model_shape *model_operation_input(const struct model_operation *operation) {
    return operation->input;
}

const struct model_shape *model_operation_output(const struct model_operation *operation) {
    return operation->output;
}

const char *const *model_operation_errors(const struct model_operation *operation) {
    return operation->errors;
}

bool model_operation_declares(const struct model_operation *operation, const char *error_name) {
    for (const char *const *error = operation->errors; *error != NULL; error++) {
        if (strcmp(*error, error_name) == 0)
            return true;
    }
    return false;
}

const struct model_paginator *model_operation_paginator(const struct model_operation *operation) {
    return operation->paginator;
}

size_t model_error_count(void) {
    return model_errors_count;
}

const char *model_error_at(size_t index) {
    return index < model_errors_count ? model_errors[index].name : NULL;
}

int model_error_status(const char *error_name) {
    const struct model_error *error = model_find(
        model_errors, model_errors_count, sizeof(model_errors[0]), error_name);
    return error != NULL ? error->status : 400;
}

size_t model_shape_count(void) {
    return model_shapes_count;
}

const struct model_shape *model_shape_at(size_t index) {
    return index < model_shapes_count ? &model_shapes[index] : NULL;
}

const struct model_shape *model_shape(const char *name) {
    return model_find(model_shapes, model_shapes_count, sizeof(model_shapes[0]), name);
}

const char *model_shape_name(const struct model_shape *shape) {
    return shape->name;
}

enum model_kind model_shape_kind(const struct model_shape *shape) {
    return shape->kind;
}

struct model_type model_shape_element(const struct model_shape *shape) {
    return shape->element;
}

const char *const *model_shape_values(const struct model_shape *shape) {
    return shape->values;
}

size_t model_shape_member_count(const struct model_shape *shape) {
    return shape->member_count;
}

const struct model_member *model_shape_member_at(const struct model_shape *shape, size_t index) {
    return index < shape->member_count ? &shape->members[index] : NULL;
}

const struct model_member *model_find_member(
    const struct model_shape *shape, const char *name, size_t length) {
    if (shape->member_count == 0)
        return NULL;
    unsigned slot = model_hash(name, length) & shape->slot_mask;
    while (shape->slots[slot] != MODEL_SLOT_FREE) {
        const struct model_member *member = &shape->members[shape->slots[slot]];
        if (member->name_length == length && memcmp(member->name, name, length) == 0)
            return member;
        slot = (slot + 1) & shape->slot_mask;
    }
    return NULL;
}

const struct model_member *model_shape_member(const struct model_shape *shape, const char *name) {
    return model_find_member(shape, name, strlen(name));
}

const char *model_member_name(const struct model_member *member) {
    return member->name;
}

struct model_type model_member_type(const struct model_member *member) {
    return member->type;
}

bool model_member_required(const struct model_member *member) {
    return (member->flags & MODEL_FLAG_REQUIRED) != 0;
}

bool model_member_checked(const struct model_member *member) {
    return (member->flags & MODEL_FLAG_CHECKED) != 0;
}

bool model_member_idempotency_token(const struct model_member *member) {
    return (member->flags & MODEL_FLAG_TOKEN) != 0;
}

bool model_member_sensitive(const struct model_member *member) {
    return (member->flags & MODEL_FLAG_SENSITIVE) != 0;
}
