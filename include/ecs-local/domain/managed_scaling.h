/* How many instances an Auto Scaling group should have under ECS managed scaling (facts: services 11; the rule is that of
 * target tracking over CapacityProviderReservation = needed ÷ running × 100: D). Pure. */
#ifndef ECS_LOCAL_DOMAIN_MANAGED_SCALING_H
#define ECS_LOCAL_DOMAIN_MANAGED_SCALING_H

#include <stdint.h>

struct managed_scaling {
    int64_t size;            /* instances that take tasks now */
    int64_t in_use;          /* those of them that have tasks */
    int64_t needed;          /* further ones that the waiting tasks would fill */
    int64_t target_capacity; /* percent, 1–100: less keeps some free */
    int64_t minimum_step;    /* when growing; shrinking goes all the way */
    int64_t maximum_step;
    int64_t minimum; /* of the group */
    int64_t maximum;
};

/* The size after the next step; `size` when there is none to take. */
int64_t managed_scaling_next_size(const struct managed_scaling *scaling);

#endif
