/* The layout of the generated tables (model_tables.c, written by src/tools/apigen). Private to this room. */
#ifndef ECS_LOCAL_MODEL_TABLES_H
#define ECS_LOCAL_MODEL_TABLES_H

#include <stdint.h>

#include "ecs-local/model/model.h"

enum {
    MODEL_MEMBERS_MAX = 64,  /* of one shape; apigen refuses more */
    MODEL_PATTERN_WORDS = 4, /* bits for the 128 characters of ASCII */
};

/* What a rule refuses; also the index of its own texts and codes. */
enum model_rule {
    MODEL_RULE_REQUIRED,
    MODEL_RULE_NULL,
    MODEL_RULE_ENUM,
    MODEL_RULE_ITEMS,
    MODEL_RULE_LENGTH,
    MODEL_RULE_RANGE,
    MODEL_RULE_PATTERN,
    MODEL_RULE_ABOVE, /* a range's upper end, where it has words of its own */
    MODEL_RULE_COUNT,
};

enum model_flag {
    MODEL_FLAG_REQUIRED = 1 << 0, /* by the model */
    MODEL_FLAG_CHECKED = 1 << 1,  /* required, and the walker says so */
    MODEL_FLAG_TOKEN = 1 << 2,    /* idempotency token */
    MODEL_FLAG_SENSITIVE = 1 << 3,
    MODEL_FLAG_BLANK_ALLOWED = 1 << 4, /* required, but "" is an answer */
    MODEL_FLAG_EMPTY_ALLOWED = 1 << 5, /* required, but [] is an answer */
    MODEL_FLAG_ENUM_OPEN = 1 << 6,     /* any value passes */
    MODEL_FLAG_IN_REPLY = 1 << 7,      /* always in a reply */
};

/* One class of ASCII characters, one or more times: ^[class]+$. The walker needs no more than that. */
struct model_pattern {
    const char *text;
    uint32_t set[MODEL_PATTERN_WORDS];
};

/* What the overlay says of one member. */
struct model_rules {
    const char *noun;  /* begins a sentence: "Tasks"; NULL: the member's name with a capital */
    const char *field; /* inside a template: "taskIds"; NULL: the member's name */
    bool has_range;
    bool has_length;
    bool has_items;
    int64_t range[2];
    uint32_t length[2];
    uint32_t items[2];
    const struct model_pattern *pattern;
    const char *const *values; /* instead of the enum's own */
    const char *texts[MODEL_RULE_COUNT];
    const char *codes[MODEL_RULE_COUNT];
};

struct model_member {
    const char *name;
    size_t name_length;
    struct model_type type;
    unsigned flags;
    const struct model_rules *rules; /* may be NULL */
};

struct model_shape {
    const char *name;
    enum model_kind kind;
    unsigned member_count;
    const struct model_member *members;
    const uint8_t *slots; /* hash table of indexes of members; model_hash.h */
    unsigned slot_mask;   /* its size, a power of two, less one */
    struct model_type element;
    const char *const *values; /* of an enum */
    const char *const *listed; /* of an enum: what a refusal names; NULL: the values */
    const char *field;         /* of an enum: its words in a refusal; NULL: the member's */
    const char *code;          /* of an input: its refusals' code; NULL: InvalidParameterException */
    bool nothing_is_absent;    /* of an input: "" and objects in which is nothing are as if not given */
};

struct model_operation {
    const char *name;
    const struct model_shape *input;
    const struct model_shape *output;
    const char *const *errors;
    const struct model_paginator *paginator;
    enum model_status status;
    const char *note;
};

struct model_error {
    const char *name;
    int status;
};

extern const struct model_operation model_operations[];
extern const size_t model_operations_count;
extern const struct model_shape model_shapes[];
extern const size_t model_shapes_count;
extern const struct model_error model_errors[];
extern const size_t model_errors_count;
extern const char model_target_prefix_text[];
extern const char model_source_text[];

/* As model_shape_member(), for a name of known length. */
const struct model_member *model_find_member(
    const struct model_shape *shape, const char *name, size_t length);

#endif
