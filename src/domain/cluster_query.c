/* Asking a parsed query about a container instance (facts: tasks 8.2). */
#include <string.h>

#include "cluster_query_internal.h"
#include "ecs-local/base/text.h"

static const char *skip_zeros(const char *text) {
    while (text[0] == '0' && text[1] >= '0' && text[1] <= '9')
        text++;
    return text;
}

int cluster_query_compare_versions(const char *left, const char *right) {
    while (*left != '\0' || *right != '\0') {
        /* What is missing counts as 0: 1.10 is 1.10.0. */
        const char *left_part = *left != '\0' ? skip_zeros(left) : "0";
        const char *right_part = *right != '\0' ? skip_zeros(right) : "0";
        size_t left_length = strcspn(left_part, ".");
        size_t right_length = strcspn(right_part, ".");
        if (left_length != right_length)
            return left_length < right_length ? -1 : 1;
        int order = strncmp(left_part, right_part, left_length);
        if (order != 0)
            return order;
        left += strcspn(left, ".");
        left += *left == '.';
        right += strcspn(right, ".");
        right += *right == '.';
    }
    return 0;
}

static bool ordered(enum query_operator operator, int order) {
    switch (operator) {
    case OPERATOR_EQUAL:
        return order == 0;
    case OPERATOR_NOT_EQUAL:
        return order != 0;
    case OPERATOR_GREATER:
        return order > 0;
    case OPERATOR_GREATER_EQUAL:
        return order >= 0;
    case OPERATOR_LESS:
        return order < 0;
    case OPERATOR_LESS_EQUAL:
        return order <= 0;
    case OPERATOR_MATCHES:
    case OPERATOR_NOT_MATCHES:
    case OPERATOR_IN:
    case OPERATOR_NOT_IN:
    case OPERATOR_EXISTS:
    case OPERATOR_NOT_EXISTS:
    case OPERATOR_COUNT:
        break;
    }
    return false;
}

static int order_of(int64_t left, int64_t right) {
    return (left > right) - (left < right);
}

static bool pattern_matches(const struct cluster_query *query, const char *value) {
    int found = pcre2_match(
        query->pattern, (PCRE2_SPTR)value, strlen(value), 0, 0, query->match_data, query->match_context);
    return found >= 0;
}

static bool argument_is(const struct cluster_query *query, const char *value) {
    for (unsigned index = 0; index < query->argument_count; index++) {
        if (strcmp(query->arguments[index], value) == 0)
            return true;
    }
    return false;
}

/* The positive question: equal, one of, matching. Its negation is the caller's. */
static bool text_matches(const struct cluster_query *query, const char *value) {
    if (query->operator== OPERATOR_MATCHES || query->operator== OPERATOR_NOT_MATCHES)
        return pattern_matches(query, value);
    return argument_is(query, value);
}

static bool is_negative(enum query_operator operator) {
    return operator== OPERATOR_NOT_EQUAL || operator== OPERATOR_NOT_IN || operator== OPERATOR_NOT_MATCHES;
}

/* What is absent matches no operator but the two that ask for absence: "attribute:x != v" does not hold
 * without x (facts: tasks 8.2 A). */
static bool text_predicate(const struct cluster_query *query, const char *value) {
    if (query->operator== OPERATOR_EXISTS)
        return value != NULL;
    if (query->operator== OPERATOR_NOT_EXISTS)
        return value == NULL;
    return value != NULL && text_matches(query, value) != is_negative(query->operator);
}

/* Subjects that differ may well share this value. */
static bool value_predicate(struct cluster_query *query, const char *value,
    bool (*ask)(const struct cluster_query *query, const char *value)) {
    uint64_t hash = (uintptr_t)value * 0x9e3779b97f4a7c15U >> (64 - QUERY_VALUES_BITS);
    struct query_value_memo *memo = &query->values[hash];
    if (value == NULL || memo->value != value)
        *memo = (struct query_value_memo){.value = value, .answer = ask(query, value)};
    return memo->answer;
}

static bool attribute_predicate(struct cluster_query *query, const struct query_subject *subject) {
    struct query_memo *memo = &query->memo[subject->attributes_id % QUERY_MEMO_SIZE];
    if (subject->attributes_id != 0 && memo->attributes_id == subject->attributes_id)
        return memo->answer;
    bool answer = value_predicate(query, subject->attribute(subject->context, query->name), text_predicate);
    *memo = (struct query_memo){.attributes_id = subject->attributes_id, .answer = answer};
    return answer;
}

static bool group_matches(void *context, const char *group) {
    return value_predicate(context, group, text_matches);
}

static bool any_group(void *context, const char *group) {
    (void)context;
    (void)group;
    return true;
}

static bool in_any_group(struct cluster_query *query, const struct query_subject *subject) {
    if (query->pattern != NULL)
        return subject->any_task_group(subject->context, group_matches, query);
    for (unsigned index = 0; index < query->argument_count; index++) {
        if (subject->in_task_group(subject->context, query->arguments[index]))
            return true;
    }
    return false;
}

static bool group_predicate(struct cluster_query *query, const struct query_subject *subject) {
    if (query->operator== OPERATOR_EXISTS || query->operator== OPERATOR_NOT_EXISTS)
        return subject->any_task_group(subject->context, any_group, NULL) ==
               (query->operator== OPERATOR_EXISTS);
    return in_any_group(query, subject) != is_negative(query->operator);
}

static bool version_predicate(const struct cluster_query *query, const char *version) {
    if (version == NULL || query->operator== OPERATOR_EXISTS || query->operator== OPERATOR_NOT_EXISTS)
        return text_predicate(query, version);
    return ordered(query->operator, cluster_query_compare_versions(version, query->arguments[0]));
}

static bool predicate(struct cluster_query *query, const struct query_subject *subject) {
    switch (query->field) {
    case FIELD_AGENT_CONNECTED:
        return text_predicate(query, subject->agent_connected ? "true" : "false");
    case FIELD_AGENT_VERSION:
        return value_predicate(query, subject->agent_version, version_predicate);
    case FIELD_ATTRIBUTE:
        return attribute_predicate(query, subject);
    case FIELD_EC2_INSTANCE_ID:
        return text_predicate(query, subject->ec2_instance_id);
    case FIELD_REGISTERED_AT:
        return ordered(query->operator, order_of(subject->registered_ms, query->number));
    case FIELD_RUNNING_TASKS:
        return ordered(query->operator, order_of(subject->running_tasks, query->number));
    case FIELD_TASK_GROUP:
        return group_predicate(query, subject);
    case FIELD_COUNT:
        break;
    }
    return false;
}

/* As deep as the parser allowed. */
bool cluster_query_matches( // NOLINT(misc-no-recursion)
    struct cluster_query *query, const struct query_subject *subject) {
    switch (query->kind) {
    case QUERY_OR:
        return cluster_query_matches(query->left, subject) || cluster_query_matches(query->right, subject);
    case QUERY_AND:
        return cluster_query_matches(query->left, subject) && cluster_query_matches(query->right, subject);
    case QUERY_NOT:
        return !cluster_query_matches(query->left, subject);
    case QUERY_PREDICATE:
        break;
    }
    return predicate(query, subject);
}

enum query_answer {
    QUERY_NO,
    QUERY_YES,
    QUERY_DEPENDS, /* on more than attributes */
};

static enum query_answer yes_or_no(bool yes) {
    return yes ? QUERY_YES : QUERY_NO;
}

/* What attributes alone say. As deep as the parser allowed. */
static enum query_answer answer_of_attributes( // NOLINT(misc-no-recursion)
    struct cluster_query *query, const struct query_subject *subject) {
    if (query->kind == QUERY_PREDICATE)
        return query->field == FIELD_ATTRIBUTE ? yes_or_no(attribute_predicate(query, subject))
                                               : QUERY_DEPENDS;
    enum query_answer left = answer_of_attributes(query->left, subject);
    if (query->kind == QUERY_NOT)
        return left == QUERY_DEPENDS ? left : yes_or_no(left == QUERY_NO);
    enum query_answer decisive = yes_or_no(query->kind == QUERY_OR);
    if (left == decisive)
        return left;
    enum query_answer right = answer_of_attributes(query->right, subject);
    return right == decisive || left != QUERY_DEPENDS ? right : left;
}

bool cluster_query_split( // NOLINT(misc-no-recursion)
    struct cluster_query *query, const struct query_subject *subject, struct query_rest *rest) {
    if (query->kind == QUERY_AND)
        return cluster_query_split(query->left, subject, rest) &&
               cluster_query_split(query->right, subject, rest);
    enum query_answer answer = answer_of_attributes(query, subject);
    if (answer != QUERY_DEPENDS)
        return answer == QUERY_YES;
    if (rest->count < QUERY_REST_MAX)
        rest->parts[rest->count++] = query;
    else
        rest->incomplete = true;
    return true;
}
