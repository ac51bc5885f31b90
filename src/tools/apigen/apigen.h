/* apigen: turns api-models/ into tables and headers at build time. What its files share.
 *
 * It runs once and ends; its memory belongs to one global and is given back by the exit. Input that does not
 * fit together stops it with one sentence and exit status 1. */
#ifndef ECS_LOCAL_TOOLS_APIGEN_H
#define ECS_LOCAL_TOOLS_APIGEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

enum {
    APIGEN_MEMBERS_MAX = 64, /* as MODEL_MEMBERS_MAX of the walker */
};

struct apigen_type {
    const char *kind; /* the constant's name: "MODEL_STRING" */
    int shape;        /* index, -1 for scalars */
};

struct apigen_member {
    const char *name;
    struct apigen_type type;
    bool required;
    bool token;
    bool sensitive;
    const json_t *overlay; /* NULL when there is none */
};

struct apigen_shape {
    const char *name;
    const char *word; /* "structure", "union", "error", "list", "map", "enum" */
    const json_t *json;
    size_t member_count;
    struct apigen_member *members;
    struct apigen_type element;
    const json_t *overlay;
};

struct apigen_operation {
    const char *name;
    const json_t *json;
    int input;
    int output;
    const char *status; /* "implemented", "partial" or NULL */
    const char *missing;
};

struct apigen {
    json_t *model;
    json_t *overlay;
    json_t *coverage;
    size_t shape_count;
    struct apigen_shape *shapes; /* sorted by name */
    size_t operation_count;
    struct apigen_operation *operations; /* sorted by name */
};

_Noreturn void apigen_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* apigen_load.c: reads and checks the three files. */
void apigen_load(struct apigen *api, const char *model, const char *overlay, const char *coverage);
int apigen_find_shape(const struct apigen *api, const char *name); /* -1 when unknown */
const char *apigen_string(const json_t *object, const char *key);  /* NULL when absent */

/* apigen_check.c: whether the model agrees with itself. */
void apigen_check_model(const struct apigen *api);

/* apigen_tables.c: model_tables.c of the model room. */
void apigen_write_tables(const struct apigen *api, FILE *out);
void apigen_write_text(FILE *out, const char *text_or_null); /* a C string literal, or NULL */

/* apigen_rules.c: what the overlay says of one member. */
void apigen_check_overlay(const struct apigen *api);
bool apigen_has_rules(const struct apigen_member *member);
void apigen_write_rules(FILE *out, const char *shape, const struct apigen_member *member);
void apigen_write_flags(FILE *out, const struct apigen_member *member);

/* apigen_bindings.c: the headers, the handlers' table, and COVERAGE.md. */
void apigen_write_keys(const struct apigen *api, FILE *out);
void apigen_write_operations_header(const struct apigen *api, FILE *out);
void apigen_write_operations(const struct apigen *api, FILE *out);
void apigen_write_coverage(const struct apigen *api, FILE *out);

#endif
