#include "journal_match.h"

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/event_pattern.h"

/* The filter's place for a member; NULL: it is none of the filter's. */
static const char **place_of(struct journal_filter *filter, const char *name) {
    const struct {
        const char *name;
        const char **place;
    } places[] = {
        {"kind", &filter->kind},
        {"operation", &filter->operation},
        {"arn", &filter->arn},
        {"account", &filter->account},
        {"region", &filter->region},
        {"detailType", &filter->detail_type},
        {"detail-type", &filter->detail_type},
    };
    for (size_t index = 0; index < array_length(places); index++) {
        if (text_equal(places[index].name, name))
            return places[index].place;
    }
    return NULL;
}

int journal_match_read(struct arena *arena, const struct value *input, struct journal_match *ret_match,
    const char **ret_problem) {
    struct journal_match match = {0};
    enum journal_kind kind;
    if (input != NULL && input->kind != VALUE_MAP) {
        *ret_problem = "match must be an object";
        return 1;
    }
    const struct value *copy = input != NULL ? value_copy(arena, input) : NULL;
    struct value *rest = value_new_map(arena, value_count(copy));
    for (uint32_t index = 0; index < value_count(copy); index++) {
        const struct value_entry *entry = &copy->entries[index];
        const char **place = place_of(&match.filter, entry->key);
        *ret_problem = event_pattern_problem(entry->value);
        if (*ret_problem != NULL)
            return 1;
        if (place != NULL && entry->value->kind == VALUE_STRING)
            *place = entry->value->string;
        else
            value_add(arena, rest, entry->key, entry->value);
    }
    if (match.filter.kind != NULL && journal_kind_parse(match.filter.kind, &kind) != 0) {
        *ret_problem = "kind must be one of request, transition, event";
        return 1;
    }
    match.rest = rest;
    *ret_match = match;
    return 0;
}

/* A member of the entry, or of the event in it. */
static const struct value *member(const struct value *entry, const char *name) {
    const struct value *own = value_get(entry, name);
    if (own != NULL)
        return own;
    return value_get(value_get(entry, "event"), text_equal(name, "detailType") ? "detail-type" : name);
}

bool journal_match_takes(
    struct engine *engine, const struct journal_match *match, int64_t seq, struct arena *scratch) {
    struct journal_entry entry;
    if (!engine_journal_at(engine, seq, &entry) || !journal_filter_takes(&match->filter, &entry))
        return false;
    if (match->rest == NULL || value_count(match->rest) == 0)
        return true;
    struct journal_text json = engine_journal_json(engine, seq);
    struct value *tree = NULL;
    arena_reset(scratch);
    if (value_parse(scratch, json.text, json.length, &tree) != 0)
        return false;
    for (uint32_t index = 0; index < match->rest->count; index++) {
        const struct value_entry *wanted = &match->rest->entries[index];
        if (!event_pattern_fits(wanted->value, member(tree, wanted->key)))
            return false;
    }
    return true;
}
