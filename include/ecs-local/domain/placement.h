/* Placement: which container instance takes a task (facts: tasks 8.3, 8.4). Pure: the caller shows the
 * candidates and gives a random number; the answer depends on nothing else. */
#ifndef ECS_LOCAL_DOMAIN_PLACEMENT_H
#define ECS_LOCAL_DOMAIN_PLACEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "ecs-local/domain/resources.h"

enum {
    PLACEMENT_NONE = 1
};

struct placement_candidate {
    bool active; /* ACTIVE: others are not examined */
    bool agent_connected;
    bool has_attributes; /* all that the task definition requires */
    bool in_location;    /* in a zone of the task's subnets */
    const struct instance_resources *resources;
};

/* The candidates, by index. */
struct placement_view {
    unsigned count;
    const void *context;
    struct placement_candidate (*candidate)(const void *context, unsigned index);
};

/* Why the candidate cannot take the demand: AGENT, ATTRIBUTE, LOCATION, RESOURCE:…; NULL when it can. Checked
 * in this order (facts: tasks 8.4 D). */
const char *placement_refusal(const struct placement_candidate *candidate, const struct task_demand *demand);

/* One of the active candidates that can take the demand, each with the same chance. 0 and *ret_index, or
 * PLACEMENT_NONE. Few tries when most fit; a single pass when few do. */
int placement_random(const struct placement_view *view, const struct task_demand *demand, uint64_t random,
    unsigned *ret_index);

#endif
