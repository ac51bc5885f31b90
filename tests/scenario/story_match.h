/* The small language of expectations in a story: names that stand for captured values, paths into a reply, and
 * patterns. tests/scenario/README.md describes it; test_scenarios.py has the same rules in Python. */
#ifndef STORY_MATCH_H
#define STORY_MATCH_H

#include <jansson.h>
#include <stdbool.h>

#include "ecs-local/base/buf.h"

/* The value as compact JSON: from malloc, the caller's. (What json_dumps() gives does not come from malloc.) */
char *story_text(const json_t *value);
/* The value with every ${name} replaced; a text that is nothing else takes the captured value as it is. A new
 * reference, or NULL and a sentence in `problem` when a name is unknown. */
json_t *story_fill(const json_t *value, const json_t *names, struct buf *problem);
/* "tasks.0.taskArn" in the value: borrowed, NULL when there is nothing. */
json_t *story_pick(json_t *value, const char *path);
/* Does `got` satisfy `wanted`? If not, `problem` says where it does not. `where` names the value. */
bool story_match(const json_t *wanted, const json_t *got, const char *where, struct buf *problem);

#endif
