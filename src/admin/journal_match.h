/* What a follower of the journal waits for: {"kind", "operation", "arn", "account", "region", "detailType"} as in the query
 * of GET /_ecs/journal, and any other member of an entry (or of its event) with a pattern (domain/event_pattern.h). */
#ifndef JOURNAL_MATCH_H
#define JOURNAL_MATCH_H

#include "ecs-local/base/arena.h"
#include "ecs-local/base/value.h"
#include "journal_filter.h"

struct journal_match {
    struct journal_filter filter; /* what can be seen without reading the entry */
    const struct value *rest;     /* a map of patterns */
};

/* Reads `input` (NULL fits everything), copied into the arena. 0, or 1 and what is wrong. */
int journal_match_read(struct arena *arena, const struct value *input, struct journal_match *ret_match,
    const char **ret_problem);
/* Takes the entry? `scratch` is for reading it. */
bool journal_match_takes(
    struct engine *engine, const struct journal_match *match, int64_t seq, struct arena *scratch);

#endif
