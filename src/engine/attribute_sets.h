/* Attributes of container instances. Instances of one kind have the same ones, so each distinct set is kept
 * once; and whether a task definition's are all there is found out once for all sets of the same names. */
#ifndef ATTRIBUTE_SETS_H
#define ATTRIBUTE_SETS_H

#include <stdbool.h>
#include <stdint.h>

#include "ecs-local/base/value.h"

struct attribute_sets;
struct attribute_set;

struct attribute_sets *attribute_sets_new(void);
void attribute_sets_free(struct attribute_sets *sets);

/* The text as it is kept once. */
const char *attribute_sets_text(struct attribute_sets *sets, const char *string);
/* The set of `attributes` (a list of {name, value?}). Lives as long as `sets`. */
struct attribute_set *attribute_sets_intern(struct attribute_sets *sets, const struct value *attributes);
/* The value of an attribute: "" for one without, NULL when the set does not hold the name. Equal values of different
 * sets are the same pointer, which stays as long as `sets`. */
const char *attribute_set_value(const struct attribute_set *set, const char *name);
/* The attribute at a place in the order of names; false behind the last. */
bool attribute_set_at(
    const struct attribute_set *set, unsigned index, const char **ret_name, const char **ret_value);
/* Different sets have different numbers, from 1 on. */
uint32_t attribute_set_id(const struct attribute_set *set);
/* From true to false, whoever asks for a value keeps the text of the name where it is: then places are remembered. */
void attribute_sets_ask(struct attribute_sets *sets, bool open);
/* Does the set hold all of `names`? The answer for the last `definition_id` asked is remembered. */
bool attribute_set_satisfies(
    struct attribute_set *set, int64_t definition_id, const char *const *names, unsigned count);
/* The id of a definition may mean another one from now on. */
void attribute_sets_forget_answers(struct attribute_sets *sets);

#endif
