#include "ecs-local/domain/placement.h"

#include <stddef.h>
#include <string.h>

enum {
    TRIES = 12,     /* before all candidates are looked at */
    MEMO_SIZE = 64, /* a power of two: sums of recently seen attributes */
};

static const char *constraint_refusal(
    const struct placement_candidate *candidate, const struct placement_rules *rules) {
    if (rules->distinct_instance && candidate->group_tasks != 0)
        return "DistinctInstance placement constraint unsatisfied.";
    for (unsigned index = 0; index < rules->member_count; index++) {
        if (!cluster_query_matches(rules->members[index], &candidate->subject))
            return "MemberOf placement constraint unsatisfied.";
    }
    return NULL;
}

const char *placement_refusal(const struct placement_candidate *candidate, const struct task_demand *demand,
    const struct placement_rules *rules) {
    if (!candidate->subject.agent_connected)
        return "AGENT";
    if (!candidate->has_attributes)
        return "ATTRIBUTE";
    const char *constraint = constraint_refusal(candidate, rules);
    if (constraint != NULL)
        return constraint;
    if (!candidate->in_location)
        return "LOCATION";
    return resources_missing(candidate->resources, demand);
}

/* One placement under way. */
struct choice {
    struct arena *scratch;
    const struct placement_view *view;
    const struct task_demand *demand;
    const struct placement_rules *rules;
    uint64_t random;
    unsigned *fitting; /* indices of the candidates that are left */
    unsigned fitting_count;
};

static bool can_take(const struct choice *choice, unsigned index, struct placement_candidate *candidate) {
    choice->view->candidate(choice->view->context, index, candidate);
    return candidate->active && placement_refusal(candidate, choice->demand, choice->rules) == NULL;
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

static bool prefers_nothing(const struct placement_rules *rules) {
    return rules->strategy_count == 0 || rules->strategies[0].kind == STRATEGY_RANDOM;
}

/* Drawing until one fits gives each that fits the same chance. */
static int draw(struct choice *choice, unsigned *ret_index) {
    for (unsigned attempt = 0; attempt < TRIES && choice->view->count != 0; attempt++) {
        struct placement_candidate candidate;
        unsigned index = below(&choice->random, choice->view->count);
        if (can_take(choice, index, &candidate)) {
            *ret_index = index;
            return 0;
        }
    }
    return PLACEMENT_NONE;
}

static void find_fitting(struct choice *choice) {
    choice->fitting = arena_new_array(choice->scratch, unsigned, choice->view->count);
    for (unsigned index = 0; index < choice->view->count; index++) {
        struct placement_candidate candidate;
        if (can_take(choice, index, &candidate))
            choice->fitting[choice->fitting_count++] = index;
    }
}

/* Tasks of the group, summed over the candidates that share a value of an attribute. */
struct sum {
    const char *value; /* NULL: the slot is free */
    int64_t tasks;
};

struct sums {
    const char *attribute;
    struct sum *slots;
    size_t mask;
    struct {
        uint32_t attributes_id;
        struct sum *sum;
    } memo[MEMO_SIZE];
};

/* Candidates without the attribute are together, too. */
static struct sum *sum_of(struct sums *sums, const struct query_subject *subject) {
    unsigned slot = subject->attributes_id % MEMO_SIZE;
    if (subject->attributes_id != 0 && sums->memo[slot].attributes_id == subject->attributes_id)
        return sums->memo[slot].sum;
    const char *value = subject->attribute(subject->context, sums->attribute);
    if (value == NULL)
        value = "";
    uint64_t hash = 14695981039346656037U; /* FNV-1a */
    for (const char *cursor = value; *cursor != '\0'; cursor++)
        hash = (hash ^ (unsigned char)*cursor) * 1099511628211U;
    size_t place = hash & sums->mask;
    while (sums->slots[place].value != NULL && strcmp(sums->slots[place].value, value) != 0)
        place = (place + 1) & sums->mask;
    sums->slots[place].value = value;
    sums->memo[slot].attributes_id = subject->attributes_id;
    sums->memo[slot].sum = &sums->slots[place];
    return &sums->slots[place];
}

static struct sums *add_up(const struct choice *choice, const char *attribute) {
    struct sums *sums = arena_alloc(choice->scratch, sizeof(*sums));
    size_t capacity = 16;
    while (capacity < 2 * (size_t)choice->view->count)
        capacity *= 2;
    sums->attribute = attribute;
    sums->mask = capacity - 1;
    sums->slots = arena_new_array(choice->scratch, struct sum, capacity);
    for (unsigned index = 0; index < choice->view->count; index++) {
        struct placement_candidate candidate;
        choice->view->candidate(choice->view->context, index, &candidate);
        if (candidate.group_tasks != 0)
            sum_of(sums, &candidate.subject)->tasks += candidate.group_tasks;
    }
    return sums;
}

/* What a strategy wants little of. */
static int64_t cost(const struct placement_strategy *strategy, struct sums *sums,
    const struct placement_candidate *candidate) {
    switch (strategy->kind) {
    case STRATEGY_SPREAD_INSTANCE:
        return candidate->group_tasks;
    case STRATEGY_SPREAD_ATTRIBUTE:
        return sum_of(sums, &candidate->subject)->tasks;
    case STRATEGY_BINPACK_CPU:
        return candidate->resources->cpu_units - candidate->resources->cpu_taken;
    case STRATEGY_BINPACK_MEMORY:
        return candidate->resources->memory_mib - candidate->resources->memory_taken;
    case STRATEGY_RANDOM:
        break;
    }
    return 0;
}

/* Keeps the candidates that cost least. */
static void apply(struct choice *choice, const struct placement_strategy *strategy) {
    struct sums *sums = strategy->kind == STRATEGY_SPREAD_ATTRIBUTE ? add_up(choice, strategy->attribute)
                                                                    : NULL;
    unsigned kept = 0;
    int64_t least = INT64_MAX;
    for (unsigned place = 0; place < choice->fitting_count; place++) {
        struct placement_candidate candidate;
        choice->view->candidate(choice->view->context, choice->fitting[place], &candidate);
        int64_t price = cost(strategy, sums, &candidate);
        if (price > least)
            continue;
        if (price < least)
            kept = 0;
        least = price;
        choice->fitting[kept++] = choice->fitting[place];
    }
    choice->fitting_count = kept;
}

int placement_choose(struct arena *scratch, const struct placement_view *view,
    const struct task_demand *demand, const struct placement_rules *rules, uint64_t random,
    unsigned *ret_index) {
    struct choice choice = {
        .scratch = scratch, .view = view, .demand = demand, .rules = rules, .random = random};
    if (prefers_nothing(rules) && draw(&choice, ret_index) == 0)
        return 0;
    find_fitting(&choice);
    if (choice.fitting_count == 0)
        return PLACEMENT_NONE;
    for (unsigned index = 0; index < rules->strategy_count; index++) {
        if (rules->strategies[index].kind == STRATEGY_RANDOM)
            break; /* any of those that are left */
        apply(&choice, &rules->strategies[index]);
    }
    *ret_index = choice.fitting[below(&choice.random, choice.fitting_count)];
    return 0;
}
