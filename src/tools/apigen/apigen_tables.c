/* Writes model_tables.c: operations, shapes, members and errors, each sorted by name. */
#include "apigen.h"

#include <string.h>

#include "model_hash.h"

void apigen_write_text(FILE *out, const char *text_or_null) {
    if (text_or_null == NULL) {
        fputs("NULL", out);
        return;
    }
    fputc('"', out);
    for (const char *text = text_or_null; *text != '\0'; text++) {
        unsigned char character = (unsigned char)*text;
        if (character == '"' || character == '\\')
            fprintf(out, "\\%c", character);
        else if (character < 32 || character > 126)
            fprintf(out, "\\%03o", character);
        else
            fputc(character, out);
    }
    fputc('"', out);
}

static void apigen_write_strings(FILE *out, const char *prefix, const char *name, const json_t *strings) {
    fprintf(out, "static const char *const %s_%s[] = {", prefix, name);
    size_t index;
    const json_t *string;
    json_array_foreach(strings, index, string) {
        apigen_write_text(out, json_string_value(string));
        fputs(", ", out);
    }
    fputs("NULL};\n", out);
}

static void apigen_write_type(FILE *out, const struct apigen_type *type) {
    if (type->shape < 0)
        fprintf(out, "{%s, NULL}", type->kind);
    else
        fprintf(out, "{%s, &model_shapes[%d]}", type->kind, type->shape);
}

static unsigned apigen_slot_mask(const struct apigen_shape *shape) {
    unsigned size = 4;
    while (size < shape->member_count * 3)
        size *= 2;
    return size - 1;
}

static void apigen_write_slots(FILE *out, const struct apigen_shape *shape) {
    unsigned slots[4 * APIGEN_MEMBERS_MAX];
    unsigned mask = apigen_slot_mask(shape);
    for (unsigned slot = 0; slot <= mask; slot++)
        slots[slot] = MODEL_SLOT_FREE;
    for (unsigned index = 0; index < shape->member_count; index++) {
        const char *name = shape->members[index].name;
        unsigned slot = model_hash(name, strlen(name)) & mask;
        while (slots[slot] != MODEL_SLOT_FREE)
            slot = (slot + 1) & mask;
        slots[slot] = index;
    }
    fprintf(out, "static const uint8_t slots_%s[] = {", shape->name);
    for (unsigned slot = 0; slot <= mask; slot++)
        fprintf(out, "%s%u", slot != 0 ? ", " : "", slots[slot]);
    fputs("};\n", out);
}

static void apigen_write_members(FILE *out, const struct apigen_shape *shape) {
    if (shape->member_count == 0)
        return;
    for (size_t index = 0; index < shape->member_count; index++) {
        if (apigen_has_rules(&shape->members[index]))
            apigen_write_rules(out, shape->name, &shape->members[index]);
    }
    fprintf(out, "static const struct model_member members_%s[] = {\n", shape->name);
    for (size_t index = 0; index < shape->member_count; index++) {
        const struct apigen_member *member = &shape->members[index];
        fprintf(out, "    {\"%s\", %zu, ", member->name, strlen(member->name));
        apigen_write_type(out, &member->type);
        fputs(", ", out);
        apigen_write_flags(out, member);
        if (apigen_has_rules(member))
            fprintf(out, ", &rules_%s_%s},\n", shape->name, member->name);
        else
            fputs(", NULL},\n", out);
    }
    fputs("};\n", out);
    apigen_write_slots(out, shape);
}

static void apigen_write_shape(FILE *out, const struct apigen_shape *shape) {
    struct apigen_type self = {.kind = "MODEL_STRUCTURE", .shape = -1};
    if (strcmp(shape->word, "error") != 0 && strcmp(shape->word, "structure") != 0)
        self.kind = strcmp(shape->word, "union") == 0  ? "MODEL_UNION"
                    : strcmp(shape->word, "list") == 0 ? "MODEL_LIST"
                    : strcmp(shape->word, "map") == 0  ? "MODEL_MAP"
                                                       : "MODEL_ENUM";
    fprintf(out, "    {.name = \"%s\", .kind = %s", shape->name, self.kind);
    if (shape->member_count != 0)
        fprintf(out, ", .member_count = %zu, .members = members_%s, .slots = slots_%s, .slot_mask = %u",
            shape->member_count, shape->name, shape->name, apigen_slot_mask(shape));
    fputs(", .element = ", out);
    apigen_write_type(out, &shape->element);
    if (strcmp(shape->word, "enum") == 0)
        fprintf(out, ", .values = values_%s", shape->name);
    if (json_object_get(shape->overlay, "listed") != NULL)
        fprintf(out, ", .listed = listed_%s", shape->name);
    if (apigen_string(shape->overlay, "field") != NULL) {
        fputs(", .field = ", out);
        apigen_write_text(out, apigen_string(shape->overlay, "field"));
    }
    if (apigen_string(shape->overlay, "code") != NULL) {
        fputs(", .code = ", out);
        apigen_write_text(out, apigen_string(shape->overlay, "code"));
    }
    if (apigen_string(shape->overlay, "nothing") != NULL)
        fputs(", .nothing_is_absent = true", out);
    fputs("},\n", out);
}

static void apigen_write_shapes(const struct apigen *api, FILE *out) {
    for (size_t index = 0; index < api->shape_count; index++) {
        const struct apigen_shape *shape = &api->shapes[index];
        if (strcmp(shape->word, "enum") == 0)
            apigen_write_strings(out, "values", shape->name, json_object_get(shape->json, "values"));
        if (json_object_get(shape->overlay, "listed") != NULL)
            apigen_write_strings(out, "listed", shape->name, json_object_get(shape->overlay, "listed"));
        apigen_write_members(out, shape);
    }
    fputs("const struct model_shape model_shapes[] = {\n", out);
    for (size_t index = 0; index < api->shape_count; index++)
        apigen_write_shape(out, &api->shapes[index]);
    fprintf(out, "};\nconst size_t model_shapes_count = %zu;\n", api->shape_count);
}

static void apigen_write_errors(const struct apigen *api, FILE *out) {
    size_t count = 0;
    fputs("const struct model_error model_errors[] = {\n", out);
    for (size_t index = 0; index < api->shape_count; index++) {
        const struct apigen_shape *shape = &api->shapes[index];
        if (strcmp(shape->word, "error") != 0)
            continue;
        const char *fault = apigen_string(shape->json, "fault");
        /* facts: tasks 1.3: no error of this service has a status of its own on the wire. */
        fprintf(out, "    {\"%s\", %d},\n", shape->name, strcmp(fault, "server") == 0 ? 500 : 400);
        count++;
    }
    fprintf(out, "};\nconst size_t model_errors_count = %zu;\n", count);
}

static void apigen_write_paginator(FILE *out, const struct apigen_operation *operation) {
    const json_t *paginator = json_object_get(operation->json, "paginator");
    if (paginator == NULL)
        return;
    apigen_write_strings(out, "result_keys", operation->name, json_object_get(paginator, "resultKeys"));
    fprintf(out, "static const struct model_paginator paginator_%s = {", operation->name);
    static const char *const keys[] = {"inputToken", "outputToken", "pageSize"};
    for (size_t index = 0; index < 3; index++) {
        apigen_write_text(out, apigen_string(paginator, keys[index]));
        fputs(", ", out);
    }
    fprintf(out, "result_keys_%s};\n", operation->name);
}

static void apigen_write_operation(FILE *out, const struct apigen_operation *operation) {
    const char *status = operation->status == NULL    ? "MODEL_NOT_IMPLEMENTED"
                         : operation->missing != NULL ? "MODEL_PARTIAL"
                                                      : "MODEL_IMPLEMENTED";
    fprintf(out, "    {\"%s\", &model_shapes[%d], &model_shapes[%d], errors_%s, ", operation->name,
        operation->input, operation->output, operation->name);
    if (json_object_get(operation->json, "paginator") != NULL)
        fprintf(out, "&paginator_%s, ", operation->name);
    else
        fputs("NULL, ", out);
    fprintf(out, "%s, ", status);
    apigen_write_text(out, operation->missing);
    fputs("},\n", out);
}

void apigen_write_tables(const struct apigen *api, FILE *out) {
    fputs("/* Written by apigen from api-models/. Do not edit. */\n#include \"model_tables.h\"\n\n", out);
    fputs("const char model_target_prefix_text[] = ", out);
    apigen_write_text(out, apigen_string(api->model, "targetPrefix"));
    fputs(";\nconst char model_source_text[] = ", out);
    apigen_write_text(out, apigen_string(api->model, "source"));
    fputs(";\n\n", out);
    apigen_write_shapes(api, out);
    apigen_write_errors(api, out);
    for (size_t index = 0; index < api->operation_count; index++) {
        const struct apigen_operation *operation = &api->operations[index];
        apigen_write_strings(out, "errors", operation->name, json_object_get(operation->json, "errors"));
        apigen_write_paginator(out, operation);
    }
    fputs("const struct model_operation model_operations[] = {\n", out);
    for (size_t index = 0; index < api->operation_count; index++)
        apigen_write_operation(out, &api->operations[index]);
    fprintf(out, "};\nconst size_t model_operations_count = %zu;\n", api->operation_count);
}
