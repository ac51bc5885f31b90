/* From the text of a cluster query to its tree: recursive descent (facts: tasks 8.2).
 *
 *   expression := and (("||" | "or") and)*
 *   and        := unary (("&&" | "and") unary)*
 *   unary      := ("!" | "not") unary | "(" expression ")" | predicate
 *   predicate  := subject operator argument | subject ("exists" | "!exists" | "not_exists")
 *               | subject ("in" | "!in" | "not_in") "[" argument ("," argument)* "]"
 */
#include <stdlib.h>
#include <string.h>

#include "cluster_query_internal.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"

enum {
    ARGUMENTS_MAX = 200,
    CHAIN_MAX = 200,     /* of and, or: the tree leans to the left by as much */
    MATCH_LIMIT = 20000, /* steps of one regular expression, so that none can hold the loop */
    MATCH_DEPTH = 1000,
};

struct parser {
    struct arena *arena;
    const char *text;
    const char *cursor;
    unsigned depth;
    unsigned links; /* of all chains together */
    struct violation *violation;
    pcre2_general_context *memory;
};

struct spelling {
    const char *text;
    enum query_operator operator;
    bool is_word; /* must not be followed by more letters */
};

/* Longer ones first where one begins another. */
static const struct spelling spellings[] = {
    {"==", OPERATOR_EQUAL, false},
    {"equals", OPERATOR_EQUAL, true},
    {"!=", OPERATOR_NOT_EQUAL, false},
    {"not_equals", OPERATOR_NOT_EQUAL, true},
    {">=", OPERATOR_GREATER_EQUAL, false},
    {"greater_than_equal", OPERATOR_GREATER_EQUAL, true},
    {">", OPERATOR_GREATER, false},
    {"greater_than", OPERATOR_GREATER, true},
    {"<=", OPERATOR_LESS_EQUAL, false},
    {"less_than_equal", OPERATOR_LESS_EQUAL, true},
    {"<", OPERATOR_LESS, false},
    {"less_than", OPERATOR_LESS, true},
    {"=~", OPERATOR_MATCHES, false},
    {"matches", OPERATOR_MATCHES, true},
    {"!~", OPERATOR_NOT_MATCHES, false},
    {"not_matches", OPERATOR_NOT_MATCHES, true},
    {"in", OPERATOR_IN, true},
    {"!in", OPERATOR_NOT_IN, true},
    {"not_in", OPERATOR_NOT_IN, true},
    {"exists", OPERATOR_EXISTS, true},
    {"!exists", OPERATOR_NOT_EXISTS, true},
    {"not_exists", OPERATOR_NOT_EXISTS, true},
};

#define BIT(operator) (1U << (operator))
#define EQUALITY (BIT(OPERATOR_EQUAL) | BIT(OPERATOR_NOT_EQUAL))
#define ORDERING                                                                                             \
    (BIT(OPERATOR_GREATER) | BIT(OPERATOR_GREATER_EQUAL) | BIT(OPERATOR_LESS) | BIT(OPERATOR_LESS_EQUAL))
#define MEMBERSHIP (BIT(OPERATOR_IN) | BIT(OPERATOR_NOT_IN))
#define MATCHING (BIT(OPERATOR_MATCHES) | BIT(OPERATOR_NOT_MATCHES))
#define EXISTENCE (BIT(OPERATOR_EXISTS) | BIT(OPERATOR_NOT_EXISTS))

struct subject {
    const char *name;
    unsigned operators;
};

/* facts: tasks 8.2, "operators per subject". */
static const struct subject subjects[FIELD_COUNT] = {
    [FIELD_AGENT_CONNECTED] = {"agentConnected", EQUALITY | MEMBERSHIP | MATCHING},
    [FIELD_AGENT_VERSION] = {"agentVersion", EQUALITY | ORDERING},
    [FIELD_ATTRIBUTE] = {"attribute:", EQUALITY | MEMBERSHIP | MATCHING | EXISTENCE},
    [FIELD_EC2_INSTANCE_ID] = {"ec2InstanceId", EQUALITY | MEMBERSHIP | MATCHING},
    [FIELD_REGISTERED_AT] = {"registeredAt", EQUALITY | ORDERING},
    [FIELD_RUNNING_TASKS] = {"runningTasksCount", EQUALITY | ORDERING},
    [FIELD_TASK_GROUP] = {"task:group", EQUALITY | MEMBERSHIP | MATCHING | EXISTENCE},
};

static int refuse(struct parser *parser, const char *problem) {
    parser->violation->code = "InvalidParameterException";
    parser->violation->message = arena_printf(parser->arena, "Invalid expression at position %d: %s.",
        (int)(parser->cursor - parser->text) + 1, problem);
    return 1;
}

static bool is_space(char character) {
    return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

static bool is_word_character(char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '_';
}

static void skip_space(struct parser *parser) {
    while (is_space(*parser->cursor))
        parser->cursor++;
}

/* Steps over `token`, which as a word must not go on with more of a word. */
static bool accept(struct parser *parser, const char *token, bool is_word) {
    skip_space(parser);
    size_t length = strlen(token);
    if (strncmp(parser->cursor, token, length) != 0 || (is_word && is_word_character(parser->cursor[length])))
        return false;
    parser->cursor += length;
    return true;
}

static struct cluster_query *new_query(struct parser *parser, enum query_kind kind,
    struct cluster_query *left_or_null, struct cluster_query *right_or_null) {
    struct cluster_query *query = arena_alloc(parser->arena, sizeof(*query));
    query->kind = kind;
    query->left = left_or_null;
    query->right = right_or_null;
    return query;
}

static int parse_quoted(struct parser *parser, const char **ret_text) {
    const char *begin = ++parser->cursor;
    const char *end = strchr(begin, '\'');
    if (end == NULL)
        return refuse(parser, "the quote is not closed");
    *ret_text = arena_strndup(parser->arena, begin, (size_t)(end - begin));
    parser->cursor = end + 1;
    return 0;
}

/* A bare word ends at a space, at a parenthesis that it did not open, and in a list at a comma or bracket. */
static int parse_argument(struct parser *parser, bool in_list, const char **ret_text) {
    skip_space(parser);
    if (*parser->cursor == '\'')
        return parse_quoted(parser, ret_text);
    const char *begin = parser->cursor;
    const char *end = begin;
    unsigned open = 0;
    for (; *end != '\0' && !is_space(*end); end++) {
        if (in_list && (*end == ',' || *end == ']'))
            break;
        if (*end == ')' && open == 0)
            break;
        open += *end == '(';
        open -= *end == ')';
    }
    if (end == begin)
        return refuse(parser, "a value is missing");
    *ret_text = arena_strndup(parser->arena, begin, (size_t)(end - begin));
    parser->cursor = end;
    return 0;
}

static int parse_list(struct parser *parser, struct cluster_query *query) {
    if (!accept(parser, "[", false))
        return refuse(parser, "expected [ and a list of values");
    const char *arguments[ARGUMENTS_MAX];
    unsigned count = 0;
    do {
        if (count == ARGUMENTS_MAX)
            return refuse(parser, "the list is too long");
        if (parse_argument(parser, true, &arguments[count]) != 0)
            return 1;
        count++;
    } while (accept(parser, ",", false));
    if (!accept(parser, "]", false))
        return refuse(parser, "expected , or ] after a value");
    query->arguments = arena_new_array(parser->arena, const char *, count);
    memcpy(query->arguments, arguments, count * sizeof(arguments[0]));
    query->argument_count = count;
    return 0;
}

static void *allocate(PCRE2_SIZE size, void *arena) {
    return arena_alloc(arena, size);
}

static void release(void *memory, void *arena) {
    (void)memory; /* goes with the arena */
    (void)arena;
}

/* A regular expression must match the whole value (D: matches() of Java, whose syntax PCRE shares). */
static int compile_pattern(struct parser *parser, struct cluster_query *query) {
    if (parser->memory == NULL)
        parser->memory = pcre2_general_context_create(allocate, release, parser->arena);
    pcre2_compile_context *context = pcre2_compile_context_create(parser->memory);
    pcre2_set_compile_extra_options(context, PCRE2_EXTRA_MATCH_LINE);
    pcre2_set_parens_nest_limit(context, CLUSTER_QUERY_DEPTH_MAX);
    int error = 0;
    PCRE2_SIZE offset = 0;
    const char *source = query->arguments[0];
    query->pattern = pcre2_compile((PCRE2_SPTR)source, strlen(source),
        PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY | PCRE2_NO_UTF_CHECK, &error, &offset, context);
    if (query->pattern == NULL)
        return refuse(parser, "the regular expression is not valid");
    query->match_data = pcre2_match_data_create_from_pattern(query->pattern, parser->memory);
    query->match_context = pcre2_match_context_create(parser->memory);
    pcre2_set_match_limit(query->match_context, MATCH_LIMIT);
    pcre2_set_depth_limit(query->match_context, MATCH_DEPTH);
    return 0;
}

/* 2018-06-18T22:28:28+00:00, …Z, without a zone, or only the date (facts: tasks 8.2). */
static int parse_time(struct parser *parser, const char *text, int64_t *ret_ms) {
    const char *full = text;
    if (strlen(text) == 10)
        full = arena_printf(parser->arena, "%sT00:00:00Z", text);
    else if (strlen(text) == 19)
        full = arena_printf(parser->arena, "%sZ", text);
    return text_parse_iso8601(full, ret_ms);
}

/* Arguments that must be more than text. */
static int check_argument(struct parser *parser, struct cluster_query *query) {
    const char *argument = query->arguments[0];
    if (query->field == FIELD_RUNNING_TASKS &&
        text_parse_int(argument, INT32_MIN, INT32_MAX, &query->number) != 0)
        return refuse(parser, "runningTasksCount is compared with a whole number");
    if (query->field == FIELD_REGISTERED_AT && parse_time(parser, argument, &query->number) != 0)
        return refuse(parser, "registeredAt is compared with a time such as 2018-06-18T22:28:28Z");
    if (BIT(query->operator) & MATCHING)
        return compile_pattern(parser, query);
    return 0;
}

static int parse_operator(struct parser *parser, struct cluster_query *query) {
    skip_space(parser);
    const char *begin = parser->cursor;
    for (size_t index = 0; index < array_length(spellings); index++) {
        if (!accept(parser, spellings[index].text, spellings[index].is_word))
            continue;
        query->operator= spellings[index].operator;
        if ((BIT(query->operator) & subjects[query->field].operators) == 0) {
            parser->cursor = begin;
            return refuse(parser, arena_printf(parser->arena, "%s does not support this operator",
                                      subjects[query->field].name));
        }
        return 0;
    }
    return refuse(parser, "expected an operator");
}

/* Letters, digits and - _ . / \ (facts: tasks 8.1). */
static int parse_attribute_name(struct parser *parser, struct cluster_query *query) {
    const char *end = parser->cursor;
    while (is_word_character(*end) || (*end != '\0' && strchr("-./\\", *end) != NULL))
        end++;
    if (end == parser->cursor)
        return refuse(parser, "the attribute's name is missing");
    query->name = arena_strndup(parser->arena, parser->cursor, (size_t)(end - parser->cursor));
    parser->cursor = end;
    return 0;
}

static int parse_subject(struct parser *parser, struct cluster_query *query) {
    skip_space(parser);
    for (unsigned field = 0; field < FIELD_COUNT; field++) {
        if (!accept(parser, subjects[field].name, field != FIELD_ATTRIBUTE))
            continue;
        query->field = (enum query_field)field;
        return field == FIELD_ATTRIBUTE ? parse_attribute_name(parser, query) : 0;
    }
    return refuse(parser,
        *parser->cursor == '\0'
            ? "an expression is missing"
            : "expected agentConnected, agentVersion, attribute:NAME, ec2InstanceId, registeredAt, runningTasksCount or task:group");
}

static int parse_predicate(struct parser *parser, struct cluster_query **ret_query) {
    struct cluster_query *query = new_query(parser, QUERY_PREDICATE, NULL, NULL);
    if (parse_subject(parser, query) != 0 || parse_operator(parser, query) != 0)
        return 1;
    *ret_query = query;
    if (BIT(query->operator) & EXISTENCE)
        return 0;
    if (BIT(query->operator) & MEMBERSHIP)
        return parse_list(parser, query);
    query->arguments = arena_new_array(parser->arena, const char *, 1);
    query->argument_count = 1;
    if (parse_argument(parser, false, &query->arguments[0]) != 0)
        return 1;
    return check_argument(parser, query);
}

static int parse_or(struct parser *parser, struct cluster_query **ret_query);

static int parse_unary(struct parser *parser, struct cluster_query **ret_query) { // NOLINT(misc-no-recursion)
    if (parser->depth == CLUSTER_QUERY_DEPTH_MAX)
        return refuse(parser, "the expression is nested too deeply");
    parser->depth++;
    int result;
    if (accept(parser, "!", false) || accept(parser, "not", true)) {
        struct cluster_query *operand = NULL;
        result = parse_unary(parser, &operand);
        if (result == 0)
            *ret_query = new_query(parser, QUERY_NOT, operand, NULL);
    } else if (accept(parser, "(", false)) {
        result = parse_or(parser, ret_query);
        if (result == 0 && !accept(parser, ")", false))
            result = refuse(parser, "expected )");
    } else {
        result = parse_predicate(parser, ret_query);
    }
    parser->depth--;
    return result;
}

static int count_link(struct parser *parser) {
    return ++parser->links > CHAIN_MAX ? refuse(parser, "the expression has too many parts") : 0;
}

static int parse_and(struct parser *parser, struct cluster_query **ret_query) { // NOLINT(misc-no-recursion)
    struct cluster_query *left = NULL;
    int result = parse_unary(parser, &left);
    while (result == 0 && (accept(parser, "&&", false) || accept(parser, "and", true))) {
        struct cluster_query *right = NULL;
        result = count_link(parser);
        if (result == 0)
            result = parse_unary(parser, &right);
        left = new_query(parser, QUERY_AND, left, right);
    }
    *ret_query = left;
    return result;
}

static int parse_or(struct parser *parser, struct cluster_query **ret_query) { // NOLINT(misc-no-recursion)
    struct cluster_query *left = NULL;
    int result = parse_and(parser, &left);
    while (result == 0 && (accept(parser, "||", false) || accept(parser, "or", true))) {
        struct cluster_query *right = NULL;
        result = count_link(parser);
        if (result == 0)
            result = parse_and(parser, &right);
        left = new_query(parser, QUERY_OR, left, right);
    }
    *ret_query = left;
    return result;
}

int cluster_query_parse(struct arena *arena, const char *text, struct cluster_query **ret_query,
    struct violation *ret_violation) {
    struct parser parser = {.arena = arena, .text = text, .cursor = text, .violation = ret_violation};
    if (strlen(text) > CLUSTER_QUERY_LENGTH_MAX)
        return refuse(&parser, "the expression is longer than 2000 characters");
    struct cluster_query *query = NULL;
    if (parse_or(&parser, &query) != 0)
        return 1;
    skip_space(&parser);
    if (*parser.cursor != '\0')
        return refuse(&parser, "expected and, or, or the end");
    *ret_query = query;
    return 0;
}
