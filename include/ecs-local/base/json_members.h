/* The members of a JSON object as text, found without building a tree: for documents that are only echoed. */
#ifndef ECS_LOCAL_BASE_JSON_MEMBERS_H
#define ECS_LOCAL_BASE_JSON_MEMBERS_H

#include <stddef.h>

struct json_member {
    const char *text; /* of the value, within the object's text; NULL: the object has no such member */
    size_t length;
};

/* The values of `count` names in an object's text. Names are compared as they are written: those with escapes in
 * them are not found. 0, or 1 when the text does not look like an object. The text need not be checked otherwise:
 * it has been written by ourselves. */
int json_members(const char *text, const char *const *names, unsigned count, struct json_member *ret_members);

#endif
