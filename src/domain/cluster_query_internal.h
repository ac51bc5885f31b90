/* The tree that the parser makes and the matcher walks. */
#ifndef CLUSTER_QUERY_INTERNAL_H
#define CLUSTER_QUERY_INTERNAL_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "ecs-local/domain/cluster_query.h"

enum query_kind {
    QUERY_OR,
    QUERY_AND,
    QUERY_NOT,
    QUERY_PREDICATE,
};

enum query_field {
    FIELD_AGENT_CONNECTED,
    FIELD_AGENT_VERSION,
    FIELD_ATTRIBUTE,
    FIELD_EC2_INSTANCE_ID,
    FIELD_REGISTERED_AT,
    FIELD_RUNNING_TASKS,
    FIELD_TASK_GROUP,
    FIELD_COUNT
};

enum query_operator {
    OPERATOR_EQUAL,
    OPERATOR_NOT_EQUAL,
    OPERATOR_GREATER,
    OPERATOR_GREATER_EQUAL,
    OPERATOR_LESS,
    OPERATOR_LESS_EQUAL,
    OPERATOR_MATCHES,
    OPERATOR_NOT_MATCHES,
    OPERATOR_IN,
    OPERATOR_NOT_IN,
    OPERATOR_EXISTS,
    OPERATOR_NOT_EXISTS,
    OPERATOR_COUNT
};

enum {
    QUERY_MEMO_SIZE = 16, /* a power of two */
    QUERY_VALUES_BITS = 6,
};

/* The last answers of a predicate over attributes, by the id of the attributes. */
struct query_memo {
    uint32_t attributes_id;
    bool answer;
};

/* Likewise, by where the value is. */
struct query_value_memo {
    const char *value;
    bool answer;
};

struct cluster_query {
    enum query_kind kind;
    struct cluster_query *left; /* of OR, AND; the operand of NOT */
    struct cluster_query *right;

    /* A predicate. */
    enum query_field field;
    enum query_operator operator;
    const char *name;       /* of the attribute */
    const char **arguments; /* one, or the list of in */
    unsigned argument_count;
    int64_t number; /* the argument of runningTasksCount, or of registeredAt in ms */
    pcre2_code *pattern;
    pcre2_match_data *match_data;
    pcre2_match_context *match_context;
    struct query_memo memo[QUERY_MEMO_SIZE];
    struct query_value_memo values[1 << QUERY_VALUES_BITS];
};

#endif
