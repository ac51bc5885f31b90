/* The one bridge between the JSON library and our tree. Only rooms that may know jansson include this. */
#ifndef ECS_LOCAL_BASE_VALUE_JSON_H
#define ECS_LOCAL_BASE_VALUE_JSON_H

#include <jansson.h>

#include "ecs-local/base/value.h"

/* Copies a tree of the library; nulls become absent members and disappear from lists. */
struct value *value_from_json(struct arena *arena, const json_t *json);

/* Parses text of ours or of a user's file. 0, or 1 when it is not valid JSON of allowed depth. */
int value_parse(struct arena *arena, const char *text, size_t length, struct value **ret_value);

#endif
