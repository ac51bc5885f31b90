/* From placementConstraints and placementStrategy to rules (facts: tasks 5.3, 8.3; services 2.3). */
#include <string.h>
#include <strings.h>

#include "ecs-local/base/text.h"
#include "ecs-local/domain/placement.h"

static int refuse(struct violation *violation, const char *message) {
    violation->code = "InvalidParameterException";
    violation->message = message;
    return 1;
}

static int read_constraint(struct arena *arena, const struct value *constraint, struct placement_rules *rules,
    struct violation *violation) {
    const char *type = value_string(constraint, "type");
    const char *expression = value_string(constraint, "expression");
    if (text_equal(type, "distinctInstance")) {
        if (expression != NULL)
            return refuse(violation, "distinctInstance expression should not be specified.");
        rules->distinct_instance = true;
        return 0;
    }
    if (!text_equal(type, "memberOf"))
        return refuse(violation, "constraint type should be one of [distinctInstance,memberOf]");
    if (expression == NULL || expression[0] == '\0')
        return refuse(violation, "The memberOf constraint requires an expression.");
    return cluster_query_parse(arena, expression, &rules->members[rules->member_count++], violation);
}

static int read_field(struct arena *arena, const char *type, const char *field,
    struct placement_strategy *strategy, struct violation *violation) {
    if (text_equal(type, "binpack")) {
        bool cpu = field != NULL && strcasecmp(field, "cpu") == 0;
        if (field == NULL || field[0] == '\0')
            return refuse(violation, "The binpack strategy requires the field cpu or memory.");
        if (!cpu && strcasecmp(field, "memory") != 0) /* facts: services 2.3 #30 */
            return refuse(violation, arena_printf(arena, "binpack field '%s' is invalid.", field));
        strategy->kind = cpu ? STRATEGY_BINPACK_CPU : STRATEGY_BINPACK_MEMORY;
        return 0;
    }
    if (field == NULL || field[0] == '\0')
        return refuse(violation, "The spread strategy requires a field.");
    strategy->kind = STRATEGY_SPREAD_INSTANCE;
    if (strcasecmp(field, "instanceId") == 0 || strcasecmp(field, "host") == 0)
        return 0;
    if (!text_starts_with(field, "attribute:") || field[strlen("attribute:")] == '\0')
        return refuse(violation,
            arena_printf(arena,
                "Invalid field for the spread strategy: %s. Use instanceId, host or attribute:NAME.", field));
    strategy->kind = STRATEGY_SPREAD_ATTRIBUTE;
    strategy->attribute = arena_strdup(arena, field + strlen("attribute:"));
    return 0;
}

static int read_strategy(struct arena *arena, const struct value *item, struct placement_rules *rules,
    struct violation *violation) {
    struct placement_strategy *strategy = &rules->strategies[rules->strategy_count++];
    const char *type = value_string(item, "type");
    if (text_equal(type, "random")) {
        const char *field = value_string_nonempty(item, "field");
        if (field != NULL) /* facts: services 2.3 #29 */
            return refuse(violation, "random field should not be specified.");
        strategy->kind = STRATEGY_RANDOM;
        return 0;
    }
    if (!text_equal(type, "spread") && !text_equal(type, "binpack"))
        return refuse(violation, "strategy type should be one of [random,spread,binpack]");
    return read_field(arena, type, value_string(item, "field"), strategy, violation);
}

int placement_rules_read(struct arena *arena, const struct value *definition_constraints,
    const struct value *constraints, const struct value *strategies, struct placement_rules *ret_rules,
    struct violation *ret_violation) {
    struct placement_rules rules = {0};
    if (value_count(definition_constraints) + value_count(constraints) > PLACEMENT_CONSTRAINTS_MAX)
        return refuse(ret_violation, "placement constraints can have at most 10 items.");
    if (value_count(strategies) > PLACEMENT_STRATEGIES_MAX)
        return refuse(ret_violation, "Maximum number of strategies is 5.");
    const struct value *lists[] = {definition_constraints, constraints};
    for (unsigned list = 0; list < 2; list++) {
        value_for_each(constraint, lists[list]) {
            if (read_constraint(arena, constraint, &rules, ret_violation) != 0)
                return 1;
        }
    }
    value_for_each(strategy, strategies) {
        if (read_strategy(arena, strategy, &rules, ret_violation) != 0)
            return 1;
    }
    *ret_rules = rules;
    return 0;
}
