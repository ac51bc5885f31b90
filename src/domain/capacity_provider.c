#include "ecs-local/domain/capacity_provider.h"

#include <stdint.h>

#include "ecs-local/base/text.h"

int capacity_provider_built_in(const char *name, struct capacity_provider *ret_provider) {
    bool spot = text_equal(name, "FARGATE_SPOT");
    if (!spot && !text_equal(name, "FARGATE"))
        return 1;
    *ret_provider = (struct capacity_provider){
        .kind = spot ? PROVIDER_FARGATE_SPOT : PROVIDER_FARGATE, .name = name, .active = true};
    return 0;
}

void capacity_provider_read(
    const char *name, bool active, const struct value *document, struct capacity_provider *ret_provider) {
    const struct value *group = value_get(document, "autoScalingGroupProvider");
    const struct value *scaling = value_get(group, "managedScaling");
    /* Managed instances are scaled, drained and protected in any case. */
    bool managed = group == NULL;
    *ret_provider = (struct capacity_provider){
        .kind = group != NULL ? PROVIDER_AUTO_SCALING_GROUP : PROVIDER_MANAGED_INSTANCES,
        .name = name,
        .active = active,
        .managed_scaling = managed ||
                           text_equal(value_string(value_get(group, "managedScaling"), "status"), "ENABLED"),
        .managed_draining = managed || text_equal(value_string(group, "managedDraining"), "ENABLED"),
        .termination_protection = managed ||
                                  text_equal(value_string(group, "managedTerminationProtection"), "ENABLED"),
        .target_capacity = (int)value_int(scaling, "targetCapacity", 100),
        .minimum_step = (int)value_int(scaling, "minimumScalingStepSize", 1),
        .maximum_step = (int)value_int(scaling, "maximumScalingStepSize", 10000),
    };
}

size_t capacity_strategy_next(const struct value *strategy, unsigned *assigned) {
    size_t chosen = 0;
    double least = -1;
    for (size_t index = 0; index < value_count(strategy); index++) {
        const struct value *item = value_at(strategy, index);
        int64_t base = value_int(item, "base", 0);
        int64_t weight = value_int(item, "weight", 0);
        if ((int64_t)assigned[index] < base) {
            chosen = index;
            break;
        }
        if (weight == 0 && value_count(strategy) > 1)
            continue;
        double load = (double)((int64_t)assigned[index] - base) / (double)(weight != 0 ? weight : 1);
        if (least < 0 || load < least) {
            least = load;
            chosen = index;
        }
    }
    assigned[chosen]++;
    return chosen;
}
