#include "ecs-local/domain/placement.h"

#include <stddef.h>

enum {
    TRIES = 12, /* before all candidates are looked at */
};

const char *placement_refusal(const struct placement_candidate *candidate, const struct task_demand *demand) {
    if (!candidate->agent_connected)
        return "AGENT";
    if (!candidate->has_attributes)
        return "ATTRIBUTE";
    if (!candidate->in_location)
        return "LOCATION";
    return resources_missing(candidate->resources, demand);
}

static bool can_take(const struct placement_view *view, const struct task_demand *demand, unsigned index) {
    struct placement_candidate candidate = view->candidate(view->context, index);
    return candidate.active && placement_refusal(&candidate, demand) == NULL;
}

/* The next number of a sequence that the first one decides (splitmix64). */
static uint64_t next_random(uint64_t *state) {
    uint64_t mixed = (*state += 0x9e3779b97f4a7c15U);
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31);
}

/* Uniform below `bound` to within one part in 2^32, which is enough for a choice. */
static unsigned below(uint64_t *state, unsigned bound) {
    return (unsigned)(((next_random(state) >> 32) * bound) >> 32);
}

int placement_random(const struct placement_view *view, const struct task_demand *demand, uint64_t random,
    unsigned *ret_index) {
    uint64_t state = random;
    /* Drawing until one fits gives each that fits the same chance. */
    for (unsigned attempt = 0; attempt < TRIES && view->count != 0; attempt++) {
        unsigned index = below(&state, view->count);
        if (can_take(view, demand, index)) {
            *ret_index = index;
            return 0;
        }
    }
    /* So does keeping the k-th that fits with a chance of 1/k. */
    unsigned fitting = 0;
    unsigned chosen = 0;
    for (unsigned index = 0; index < view->count; index++) {
        if (can_take(view, demand, index) && below(&state, ++fitting) == 0)
            chosen = index;
    }
    if (fitting == 0)
        return PLACEMENT_NONE;
    *ret_index = chosen;
    return 0;
}
