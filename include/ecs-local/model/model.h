/* The API model: every operation, shape, member, enum and error of Amazon ECS, as constant tables, and the
 * walker that checks requests and replies against them.
 *
 * The tables are made at build time by src/tools/apigen from api-models/ (see its README.md). Everything
 * returned here is constant, lives as long as the program and is never freed. */
#ifndef ECS_LOCAL_MODEL_MODEL_H
#define ECS_LOCAL_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "ecs-local/base/arena.h"
#include "ecs-local/base/value.h"

struct model_operation;
struct model_shape;
struct model_member;

enum model_kind {
    MODEL_STRING,
    MODEL_BOOLEAN,
    MODEL_INTEGER, /* 32 bits */
    MODEL_LONG,    /* 64 bits */
    MODEL_DOUBLE,
    MODEL_TIMESTAMP, /* JSON number, seconds since the epoch */
    MODEL_DOCUMENT,  /* any JSON */
    MODEL_ENUM,
    MODEL_STRUCTURE,
    MODEL_UNION,
    MODEL_LIST,
    MODEL_MAP,
};

enum model_status {
    MODEL_NOT_IMPLEMENTED,
    MODEL_PARTIAL, /* model_operation_note() says what is missing */
    MODEL_IMPLEMENTED,
};

/* What a shape holds at one place; `shape` is NULL for scalars. */
struct model_type {
    enum model_kind kind;
    const struct model_shape *shape;
};

struct model_paginator {
    const char *input_token;
    const char *output_token;
    const char *page_size;
    const char *const *result_keys; /* ends with NULL */
};

/* The part of X-Amz-Target before the dot, and the package that the model was made from. */
const char *model_target_prefix(void);
const char *model_source(void);

/* Operations, in the order of their names; the index also counts the generated table api_operations. */
size_t model_operation_count(void);
const struct model_operation *model_operation_at(size_t index);  /* NULL out of range */
const struct model_operation *model_operation(const char *name); /* NULL when the model does not know it */
const char *model_operation_name(const struct model_operation *operation);
size_t model_operation_index(const struct model_operation *operation);
enum model_status model_operation_status(const struct model_operation *operation);
const char *model_status_name(enum model_status status); /* "implemented", "partial", "not implemented" */
const char *model_operation_note(const struct model_operation *operation); /* NULL when there is none */
const struct model_shape *model_operation_input(const struct model_operation *operation);
const struct model_shape *model_operation_output(const struct model_operation *operation);
const char *const *model_operation_errors(const struct model_operation *operation); /* ends with NULL */
bool model_operation_declares(const struct model_operation *operation, const char *error_name);
const struct model_paginator *model_operation_paginator(
    const struct model_operation *operation); /* or NULL */

/* Errors of the model, by name. */
size_t model_error_count(void);
const char *model_error_at(size_t index); /* NULL out of range */
/* HTTP status: 500 for the server's faults, 400 for all others, also those that the model does not know and
 * AccessDeniedException (facts: tasks 1.3). */
int model_error_status(const char *error_name);

/* Shapes: structures, unions, errors, lists, maps and enums. */
size_t model_shape_count(void);
const struct model_shape *model_shape_at(size_t index);  /* NULL out of range */
const struct model_shape *model_shape(const char *name); /* NULL when unknown */
const char *model_shape_name(const struct model_shape *shape);
enum model_kind model_shape_kind(const struct model_shape *shape);
/* Of a list its elements, of a map its values. */
struct model_type model_shape_element(const struct model_shape *shape);
const char *const *model_shape_values(const struct model_shape *shape); /* of an enum; ends with NULL */

/* Members of a structure, union or error, in the model's order. */
size_t model_shape_member_count(const struct model_shape *shape);
const struct model_member *model_shape_member_at(const struct model_shape *shape, size_t index);
const struct model_member *model_shape_member(
    const struct model_shape *shape, const char *name); /* or NULL */
const char *model_member_name(const struct model_member *member);
struct model_type model_member_type(const struct model_member *member);
/* Required by the model; and required in a request as far as this walker checks it (the domain checks the
 * rest with texts of its own). */
bool model_member_required(const struct model_member *member);
bool model_member_checked(const struct model_member *member);
bool model_member_idempotency_token(const struct model_member *member);
bool model_member_sensitive(const struct model_member *member);

/* A refusal in AWS's words. */
struct model_violation {
    const char *code;    /* SerializationException, InvalidParameterException or ClientException */
    const char *message; /* in the arena */
};

/* Checks `body` (NULL stands for an empty object; no NUL inside its strings, which is how jansson parses
 * unless told otherwise) against the input of `operation` and projects it: only members of the model, in the
 * model's order, without nulls. Keys of structures are the table's own strings; all other strings are copied
 * into the arena. Integers and longs become VALUE_INT, doubles VALUE_REAL, timestamps VALUE_INT in
 * milliseconds since the epoch. 0 and *ret_input, or 1 and *ret_violation: the first type error in the order
 * of the model if there is any, else the first missing member, else the first unknown enum value, else the
 * first range, length, item count or pattern. An empty string of an optional member counts as not given
 * (facts: services 1.2) but is projected. */
int model_check_request(const struct model_operation *operation, const json_t *body, struct arena *arena,
    struct value **ret_input, struct model_violation *ret_violation);

/* Checks a reply of ours against the output of `operation`: no unknown member, no wrong type, no null, no
 * unknown enum value, nothing missing that the model requires or the overlay says is always there. 0, or 1
 * and *ret_problem: a sentence with the path of the first offender, in the arena. */
int model_check_reply(const struct model_operation *operation, const json_t *reply, struct arena *arena,
    const char **ret_problem);

#endif
