#include "ecs-local/base/json_memory.h"

#include <jansson.h>
#include <stdlib.h>

#include "ecs-local/base/error.h"

enum {
    BLOCK_BYTES = 64 * 1024,
    ALIGNMENT = 16,
};

struct block {
    struct block *next;
    size_t size;
    size_t used;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

static struct block *blocks; /* the first one is being cut from */
static bool installed;
static size_t live; /* pieces that have not been freed */

static struct block *block_new(size_t size, struct block *next) {
    struct block *block = xmalloc(sizeof(*block) + size);
    *block = (struct block){.next = next, .size = size};
    return block;
}

static void *piece(size_t size) {
    size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (rounded < size)
        return NULL;
    if (blocks == NULL || blocks->size - blocks->used < rounded)
        blocks = block_new(rounded > BLOCK_BYTES ? rounded : BLOCK_BYTES, blocks);
    void *memory = blocks->bytes + blocks->used;
    blocks->used += rounded;
    live++;
    return memory;
}

/* Keeps one block of the usual size. */
static void reset(void) {
    while (blocks->next != NULL || blocks->size > BLOCK_BYTES) {
        struct block *next = blocks->next;
        free(blocks);
        blocks = next;
        if (blocks == NULL)
            return;
    }
    blocks->used = 0;
}

static void release(void *memory) {
    if (memory != NULL && --live == 0)
        reset();
}

bool json_memory_is_free(void) {
    return installed && live == 0;
}

void json_memory_drop(void) {
    live = 0;
    if (blocks != NULL)
        reset();
}

void json_memory_install(void) {
    installed = true;
    json_set_alloc_funcs(piece, release);
}
