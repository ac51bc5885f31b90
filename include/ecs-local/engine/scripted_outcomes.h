/* Scripts for coming tasks (POST /_ecs/outcomes): kept in the order in which they were made, given to tasks as they are
 * admitted, counted. They are in the store, so a restart and a snapshot keep them.
 *
 * A task takes the first script that matches and is not used up for each of its containers, and the first one that names
 * no container: so scripts with the same match follow one another, and scripts for different containers add up. */
#ifndef ECS_LOCAL_ENGINE_SCRIPTED_OUTCOMES_H
#define ECS_LOCAL_ENGINE_SCRIPTED_OUTCOMES_H

#include "ecs-local/engine/engine.h"

enum {
    SCRIPTS_MAX = 1000,      /* kept at a time, those that are used up included */
    SCRIPT_BYTES_MAX = 8192, /* of a match and of an outcome */
    SCRIPTS_FULL = 2,
};

struct scripted_outcome {
    int64_t id;
    const struct value *match; /* checked; an object, maybe empty */
    const struct value *outcome;
    int64_t times; /* 0: for every task that matches */
    int64_t used;
    int64_t created_ms;
};

/* `match` (NULL: every task) and `outcome` are checked already. 0, SCRIPTS_FULL or <0. */
int engine_script_add(struct engine *engine, const struct value *match, const struct value *outcome,
    int64_t times, const struct scripted_outcome **ret_script);
unsigned engine_script_count(const struct engine *engine);
/* In the order in which they were made. */
const struct scripted_outcome *engine_script_at(const struct engine *engine, unsigned index);
/* 0 or ENGINE_NOT_FOUND. */
int engine_script_find(const struct engine *engine, int64_t id, const struct scripted_outcome **ret_script);
/* Tasks that have got it keep it. 0, ENGINE_NOT_FOUND or <0. */
int engine_script_delete(struct engine *engine, int64_t id);
/* All, or those whose match names this account and region (NULL: any). */
int engine_scripts_delete(struct engine *engine, const char *account_or_null, const char *region_or_null);

#endif
