/* How a member's name finds its place in the table of its shape. Shared with apigen, which fills the tables.
 */
#ifndef ECS_LOCAL_MODEL_HASH_H
#define ECS_LOCAL_MODEL_HASH_H

#include <stddef.h>

enum {
    MODEL_SLOT_FREE = 255,
};

/* Four numbers tell the members of a shape apart nearly always; the table steps on where they do not. */
static inline unsigned model_hash(const char *name, size_t length) {
    if (length == 0)
        return 0;
    unsigned first = (unsigned char)name[0];
    unsigned middle = (unsigned char)name[length / 2];
    unsigned last = (unsigned char)name[length - 1];
    return (unsigned)length * 5u + first * 31u + middle * 17u + last * 7u;
}

#endif
