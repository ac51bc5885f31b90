#include "ecs-local/domain/service_targets.h"

#include "ecs-local/base/text.h"

static const struct value *advanced(const struct value *balancer) {
    return value_get(balancer, "advancedConfiguration");
}

bool service_targets_have_choice(const struct value *revision) {
    value_for_each(balancer, value_get(revision, "loadBalancers")) {
        if (advanced(balancer) != NULL)
            return true;
    }
    return false;
}

const char *service_targets_group(const struct value *revision, size_t index) {
    const struct value *resolved = value_get(value_get(revision, "resolvedConfiguration"), "loadBalancers");
    const char *group = value_string(value_at(resolved, index), "targetGroupArn");
    return group != NULL
               ? group
               : value_string(value_at(value_get(revision, "loadBalancers"), index), "targetGroupArn");
}

static bool serves(const struct value *revision, const char *group) {
    for (size_t index = 0; index < value_count(value_get(revision, "loadBalancers")); index++) {
        if (text_equal(service_targets_group(revision, index), group))
            return true;
    }
    return false;
}

static const char *choose(const struct value *balancer, const struct value *serving, bool shifts) {
    const char *main = value_string(balancer, "targetGroupArn");
    const char *alternate = value_string(advanced(balancer), "alternateTargetGroupArn");
    if (alternate == NULL)
        return main;
    if (shifts)
        return serves(serving, main) ? alternate : main;
    return serves(serving, alternate) ? alternate : main;
}

void service_targets_resolve(
    struct arena *arena, struct value *revision, const struct value *serving_or_null, bool shifts) {
    const struct value *balancers = value_get(revision, "loadBalancers");
    struct value *list = value_new_list(arena, value_count(balancers));
    if (!service_targets_have_choice(revision))
        return;
    value_for_each(balancer, balancers) {
        struct value *item = value_new_map(arena, 2);
        struct value *rule = value_get(advanced(balancer), "productionListenerRule");
        const char *group = choose(balancer, serving_or_null, shifts);
        if (group != NULL)
            value_add(arena, item, "targetGroupArn", value_new_string(arena, group));
        if (rule != NULL)
            value_add(arena, item, "productionListenerRule", rule);
        value_append(arena, list, item);
    }
    struct value *resolved = value_new_map(arena, 1);
    value_add(arena, resolved, "loadBalancers", list);
    value_set(arena, revision, "resolvedConfiguration", resolved);
}
