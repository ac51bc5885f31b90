/* Patterns that pick entries of the journal, in the manner of EventBridge's event patterns: a pattern is an object, and
 * every member of it must fit the member of that name.
 *
 *   "text", 5, true       the same value
 *   [A, B, …]             any of them; items may also be one of the objects below
 *   {"name": PATTERN, …}  an object with members that fit
 *   {"prefix": "x"}  {"suffix": "x"}  {"equals-ignore-case": "x"}   of a text
 *   {"anything-but": V}   a value that is not V, or none of V's items
 *   {"exists": true}      or false
 *
 * Where the entry has a list, one fitting item is enough. */
#ifndef ECS_LOCAL_DOMAIN_EVENT_PATTERN_H
#define ECS_LOCAL_DOMAIN_EVENT_PATTERN_H

#include <stdbool.h>

#include "ecs-local/base/value.h"

enum {
    EVENT_PATTERN_DEPTH_MAX = 32
};

/* Does the value fit the pattern? NULL stands for a member that is not there. */
bool event_pattern_fits(const struct value *pattern, const struct value *value_or_null);
/* Can it be a pattern at all? NULL when it can, else what is wrong. */
const char *event_pattern_problem(const struct value *pattern);

#endif
