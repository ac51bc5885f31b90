/* Where the walker is, and how a refusal names that place. Private to this room. */
#ifndef ECS_LOCAL_MODEL_TEXT_H
#define ECS_LOCAL_MODEL_TEXT_H

#include "model_tables.h"

/* One step from the top of the request to where the walker is: a member, an item of a list or an entry of a
 * map. The steps live on the stack of the walk. */
struct model_place {
    const struct model_place *parent; /* NULL for the members of the request itself */
    const struct model_member *member;
    const char *key; /* of a map's entry */
    size_t index;    /* of a list's item, when there is neither member nor key */
};

/* containerDefinitions[0].portMappings[1].hostPort */
const char *model_path(struct arena *arena, const struct model_place *place);

/* The name as it begins a sentence ("Tasks"), and inside a template ("taskIds"). Members of the request
 * itself, and the items of their lists, have words; everything deeper is named by its path. */
const char *model_noun(struct arena *arena, const struct model_place *place);
const char *model_field(struct arena *arena, const struct model_place *place);

/* "[A,B]" */
const char *model_listing(struct arena *arena, const char *const *values);

#endif
