#include "ecs-local/domain/placement.h"

#include <stddef.h>
#include <string.h>

enum {
    TRIES = 12,      /* before all candidates are looked at */
    TABLE_SIZE = 64, /* at first; a power of two */
    RECENT = 64,     /* kinds that are found at once; a power of two */
    KINDS_AT_ONCE = 16,
};

/* Entries by a number, and by their text where several may share the number. */
struct entry {
    uint64_t key;
    const char *text; /* NULL: the number alone is the key */
};

struct table {
    struct entry **slots;
    size_t size; /* a power of two */
    size_t count;
};

static struct entry **slot_of(const struct table *table, uint64_t key, const char *text) {
    size_t place = (key * 0x9e3779b97f4a7c15U >> 32) & (table->size - 1);
    while (table->slots[place] != NULL && (table->slots[place]->key != key ||
                                              (text != NULL && strcmp(table->slots[place]->text, text) != 0)))
        place = (place + 1) & (table->size - 1);
    return &table->slots[place];
}

/* At most half of the slots are taken. */
static void table_grow(struct arena *scratch, struct table *table) {
    struct table old = *table;
    table->size = old.size != 0 ? old.size * 4 : TABLE_SIZE;
    table->slots = arena_new_array(scratch, struct entry *, table->size);
    for (size_t place = 0; place < old.size; place++) {
        if (old.slots[place] != NULL)
            *slot_of(table, old.slots[place]->key, old.slots[place]->text) = old.slots[place];
    }
}

/* Where the entry is, or where a new one may stand. */
static struct entry **table_at(struct arena *scratch, struct table *table, uint64_t key, const char *text) {
    if (table->count * 2 >= table->size)
        table_grow(scratch, table);
    return slot_of(table, key, text);
}

static struct entry *table_put(
    struct table *table, struct entry **slot, struct entry *entry, uint64_t key, const char *text) {
    *entry = (struct entry){.key = key, .text = text};
    table->count++;
    return *slot = entry;
}

/* Tasks of the group, summed over the candidates that share a value of an attribute. */
struct sum {
    struct entry entry;
    int64_t tasks;
};

/* Candidates with the same attributes: what those decide is found out once. */
struct kind {
    struct entry entry; /* by their id */
    bool may_take;      /* nothing about the attributes speaks against it */
    unsigned open_count;
    struct cluster_query *const *open;          /* what each candidate is still to be asked */
    struct sum *sums[PLACEMENT_STRATEGIES_MAX]; /* of the spread over an attribute at that place */
};

/* A candidate that can take the task. */
struct fit {
    unsigned index;
    unsigned group_tasks;
    const struct kind *kind;
    const struct instance_resources *resources;
};

/* One placement under way. */
struct choice {
    struct arena *scratch;
    const struct placement_view *view;
    const struct task_demand *demand;
    const struct placement_rules *rules;
    uint64_t random;
    struct table kinds;
    struct cluster_query **open; /* what the last kind left to be asked; NULL: nothing yet */
    unsigned open_count;
    struct kind *spare; /* kinds that are not used yet */
    unsigned spare_count;
    struct kind *recent[RECENT]; /* by the last bits of their id */
    struct table sums[PLACEMENT_STRATEGIES_MAX];
    struct fit *fitting; /* those that are left */
    unsigned fitting_count;
};

static const char *constraint_refusal(const struct placement_view *view, unsigned index,
    const struct placement_candidate *candidate, const struct placement_rules *rules) {
    if (rules->distinct_instance && candidate->group_tasks != 0)
        return "DistinctInstance placement constraint unsatisfied.";
    struct query_subject subject;
    if (rules->member_count != 0)
        view->subject(view->context, index, &subject);
    for (unsigned member = 0; member < rules->member_count; member++) {
        if (!cluster_query_matches(rules->members[member], &subject))
            return "MemberOf placement constraint unsatisfied.";
    }
    return NULL;
}

const char *placement_refusal(const struct placement_view *view, unsigned index,
    const struct task_demand *demand, const struct placement_rules *rules) {
    struct placement_candidate candidate;
    struct placement_traits traits;
    view->candidate(view->context, index, &candidate);
    view->traits(view->context, index, &traits);
    if (!candidate.agent_connected)
        return "AGENT";
    if (!traits.has_attributes)
        return "ATTRIBUTE";
    const char *constraint = constraint_refusal(view, index, &candidate, rules);
    if (constraint != NULL)
        return constraint;
    if (!traits.in_location)
        return "LOCATION";
    return resources_missing(candidate.resources, demand);
}

/* Candidates without the attribute are together, too. */
static struct sum *sum_of(struct choice *choice, unsigned strategy, const struct query_subject *subject) {
    const char *value = subject->attribute(subject->context, choice->rules->strategies[strategy].attribute);
    if (value == NULL)
        value = "";
    uint64_t hash = 14695981039346656037U; /* FNV-1a */
    for (const char *cursor = value; *cursor != '\0'; cursor++)
        hash = (hash ^ (unsigned char)*cursor) * 1099511628211U;
    struct table *table = &choice->sums[strategy];
    struct entry **slot = table_at(choice->scratch, table, hash, value);
    if (*slot == NULL) {
        struct sum *sum = arena_alloc(choice->scratch, sizeof(*sum));
        table_put(table, slot, &sum->entry, hash, value);
    }
    return (struct sum *)*slot;
}

/* What the constraints say to the attributes: false when one of them refuses. */
static bool ask_attributes(struct choice *choice, const struct query_subject *subject, struct kind *kind) {
    const struct placement_rules *rules = choice->rules;
    struct query_rest rest;
    rest.count = 0;
    rest.incomplete = false;
    for (unsigned member = 0; member < rules->member_count; member++) {
        if (!cluster_query_split(rules->members[member], subject, &rest))
            return false;
    }
    if (rest.count == 0)
        return true;
    kind->open = rules->members;
    kind->open_count = rules->member_count;
    if (rest.incomplete)
        return true;
    /* Most kinds leave the same to be asked. */
    size_t size = rest.count * sizeof(struct cluster_query *);
    if (choice->open_count != rest.count || memcmp(choice->open, rest.parts, size) != 0) {
        choice->open = memcpy(arena_alloc(choice->scratch, size), rest.parts, size);
        choice->open_count = rest.count;
    }
    kind->open = choice->open;
    kind->open_count = rest.count;
    return true;
}

static void find_out(struct choice *choice, unsigned index, struct kind *kind) {
    const struct placement_view *view = choice->view;
    struct placement_traits traits;
    struct query_subject subject;
    view->traits(view->context, index, &traits);
    view->subject(view->context, index, &subject);
    kind->may_take = traits.has_attributes && traits.in_location && ask_attributes(choice, &subject, kind);
    for (unsigned strategy = 0; strategy < choice->rules->strategy_count; strategy++) {
        if (choice->rules->strategies[strategy].kind == STRATEGY_SPREAD_ATTRIBUTE)
            kind->sums[strategy] = sum_of(choice, strategy, &subject);
    }
}

static struct kind *new_kind(struct choice *choice, unsigned index) {
    if (choice->spare_count == 0) {
        choice->spare_count = KINDS_AT_ONCE;
        choice->spare = arena_new_array(choice->scratch, struct kind, KINDS_AT_ONCE);
    }
    choice->spare_count--;
    struct kind *kind = choice->spare++;
    find_out(choice, index, kind);
    return kind;
}

static const struct kind *look_up_kind(struct choice *choice, unsigned index, uint32_t id) {
    if (id == 0)
        return new_kind(choice, index);
    struct entry **slot = table_at(choice->scratch, &choice->kinds, id, NULL);
    if (*slot == NULL)
        table_put(&choice->kinds, slot, &new_kind(choice, index)->entry, id, NULL);
    struct kind *kind = (struct kind *)*slot;
    choice->recent[id % RECENT] = kind;
    return kind;
}

static inline const struct kind *kind_of(
    struct choice *choice, unsigned index, const struct placement_candidate *candidate) {
    uint32_t id = candidate->attributes_id;
    const struct kind *recent = choice->recent[id % RECENT];
    return recent != NULL && id != 0 && recent->entry.key == id ? recent : look_up_kind(choice, index, id);
}

static bool meets_open(const struct choice *choice, unsigned index, const struct kind *kind) {
    struct query_subject subject;
    choice->view->subject(choice->view->context, index, &subject);
    for (unsigned member = 0; member < kind->open_count; member++) {
        if (!cluster_query_matches(kind->open[member], &subject))
            return false;
    }
    return true;
}

/* The same as placement_refusal() without a reason; what is cheap to see comes first. */
static inline bool can_take(const struct choice *choice, unsigned index,
    const struct placement_candidate *candidate, const struct kind *kind) {
    return candidate->active && candidate->agent_connected && kind->may_take &&
           !(choice->rules->distinct_instance && candidate->group_tasks != 0) &&
           resources_fit(candidate->resources, choice->demand) &&
           (kind->open_count == 0 || meets_open(choice, index, kind));
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
        choice->view->candidate(choice->view->context, index, &candidate);
        if (can_take(choice, index, &candidate, kind_of(choice, index, &candidate))) {
            *ret_index = index;
            return 0;
        }
    }
    return PLACEMENT_NONE;
}

/* The group's tasks on a candidate count wherever it is spread over values, whether or not one more fits. */
static void add_up(
    const struct choice *choice, const struct placement_candidate *candidate, const struct kind *kind) {
    for (unsigned strategy = 0; strategy < choice->rules->strategy_count; strategy++) {
        if (kind->sums[strategy] != NULL)
            kind->sums[strategy]->tasks += candidate->group_tasks;
    }
}

static void find_fitting(struct choice *choice) {
    choice->fitting = arena_new_array(choice->scratch, struct fit, choice->view->count);
    for (unsigned index = 0; index < choice->view->count; index++) {
        struct placement_candidate candidate;
        choice->view->candidate(choice->view->context, index, &candidate);
        const struct kind *kind = kind_of(choice, index, &candidate);
        if (candidate.group_tasks != 0)
            add_up(choice, &candidate, kind);
        if (!can_take(choice, index, &candidate, kind))
            continue;
        choice->fitting[choice->fitting_count++] = (struct fit){
            .index = index,
            .group_tasks = candidate.group_tasks,
            .kind = kind,
            .resources = candidate.resources,
        };
    }
}

/* What a strategy wants little of. */
static int64_t cost(const struct choice *choice, unsigned strategy, const struct fit *fit) {
    switch (choice->rules->strategies[strategy].kind) {
    case STRATEGY_SPREAD_INSTANCE:
        return fit->group_tasks;
    case STRATEGY_SPREAD_ATTRIBUTE:
        return fit->kind->sums[strategy]->tasks;
    case STRATEGY_BINPACK_CPU:
        return fit->resources->cpu_units - fit->resources->cpu_taken;
    case STRATEGY_BINPACK_MEMORY:
        return fit->resources->memory_mib - fit->resources->memory_taken;
    case STRATEGY_RANDOM:
        break;
    }
    return 0;
}

/* Keeps the candidates that cost least. */
static void apply(struct choice *choice, unsigned strategy) {
    unsigned kept = 0;
    int64_t least = INT64_MAX;
    for (unsigned place = 0; place < choice->fitting_count; place++) {
        int64_t price = cost(choice, strategy, &choice->fitting[place]);
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
    for (unsigned strategy = 0; strategy < rules->strategy_count; strategy++) {
        if (rules->strategies[strategy].kind == STRATEGY_RANDOM)
            break; /* any of those that are left */
        apply(&choice, strategy);
    }
    *ret_index = choice.fitting[below(&choice.random, choice.fitting_count)].index;
    return 0;
}
