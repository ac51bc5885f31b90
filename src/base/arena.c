#include "ecs-local/base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"

enum {
    BLOCK_SIZE = 8192 - 64,
    ALIGNMENT = 16,
    SPARE_MAX = 16, /* blocks that arena_reset() keeps */
    KEPT_MAX = 32,  /* arenas that arena_free() keeps */
};

#ifdef __SANITIZE_ADDRESS__
static const bool keeps = false; /* a use after arena_free() is to be seen */
#else
static const bool keeps = true;
#endif

struct block {
    struct block *next;
    size_t size;
    size_t used;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

struct arena {
    size_t block_bytes;
    struct block *current; /* the first of the chain: allocations come from here */
    struct block *spare;   /* blocks of the usual size, kept for the next use */
    unsigned spare_count;
};

/* Small arenas that were freed, the last one on top: a task's comes and goes with nearly every request. */
static struct arena *kept[KEPT_MAX];
static unsigned kept_count;

static struct block *block_new(size_t size, struct block *next) {
    struct block *block = xmalloc(sizeof(*block) + size);
    block->next = next;
    block->size = size;
    block->used = 0;
    return block;
}

struct arena *arena_new_sized(size_t block_bytes) {
    if (kept_count > 0 && kept[kept_count - 1]->block_bytes == block_bytes)
        return kept[--kept_count];
    struct arena *arena = xcalloc(1, sizeof(*arena));
    arena->block_bytes = block_bytes;
    arena->current = block_new(block_bytes, NULL);
    return arena;
}

struct arena *arena_new(void) {
    return arena_new_sized(BLOCK_SIZE);
}

static void blocks_free(struct block *block) {
    while (block != NULL) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_reset(struct arena *arena) {
    struct block *block = arena->current->next;
    while (block != NULL) {
        struct block *next = block->next;
        if (block->size == arena->block_bytes && arena->spare_count < SPARE_MAX) {
            block->next = arena->spare;
            arena->spare = block;
            arena->spare_count++;
        } else {
            free(block);
        }
        block = next;
    }
    arena->current->next = NULL;
    arena->current->used = 0;
}

void arena_free(struct arena *arena) {
    if (arena == NULL)
        return;
    if (keeps && arena->block_bytes < BLOCK_SIZE && kept_count < KEPT_MAX) {
        arena_reset(arena);
        blocks_free(arena->spare);
        arena->spare = NULL;
        arena->spare_count = 0;
        kept[kept_count++] = arena;
        return;
    }
    blocks_free(arena->current);
    blocks_free(arena->spare);
    free(arena);
}

/* A block of the usual size in front of the chain. */
static struct block *next_block(struct arena *arena) {
    struct block *block = arena->spare;
    if (block == NULL)
        return block_new(arena->block_bytes, arena->current);
    arena->spare = block->next;
    arena->spare_count--;
    block->next = arena->current;
    block->used = 0;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size) {
    size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (rounded < size)
        memory_die();
    struct block *block = arena->current;
    if (block->size - block->used < rounded) {
        if (rounded > arena->block_bytes / 4) {
            /* A large piece gets a block of its own behind the current one, which keeps serving. */
            struct block *large = block_new(rounded, block->next);
            block->next = large;
            large->used = rounded;
            return memset(large->bytes, 0, rounded);
        }
        block = next_block(arena);
        arena->current = block;
    }
    void *pointer = block->bytes + block->used;
    block->used += rounded;
    return memset(pointer, 0, rounded);
}

char *arena_strndup(struct arena *arena, const char *text, size_t length) {
    if (text == NULL)
        return NULL;
    char *copy = arena_alloc(arena, length + 1);
    memcpy(copy, text, length);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text) {
    return text != NULL ? arena_strndup(arena, text, strlen(text)) : NULL;
}

char *arena_join(struct arena *arena, const char *first, ...) {
    const char *parts[ARENA_JOIN_MAX];
    size_t lengths[ARENA_JOIN_MAX];
    size_t length = 0;
    unsigned count = 0;
    va_list arguments;
    va_start(arguments, first);
    for (const char *part = first; part != NULL && count < ARENA_JOIN_MAX;
         part = va_arg(arguments, const char *)) {
        parts[count] = part;
        lengths[count] = strlen(part);
        length += lengths[count++];
    }
    va_end(arguments);
    char *text = arena_alloc(arena, length + 1);
    char *out = text;
    for (unsigned index = 0; index < count; index++)
        out = (char *)memcpy(out, parts[index], lengths[index]) + lengths[index];
    return text;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list arguments) {
    /* Straight into what is left of the block; a second pass only when it does not fit. */
    struct block *block = arena->current;
    size_t left = block->size - block->used;
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf((char *)block->bytes + block->used, left, format, again);
    va_end(again);
    if (length < 0)
        memory_die();
    if ((size_t)length < left) {
        char *text = (char *)block->bytes + block->used;
        size_t rounded = ((size_t)length + ALIGNMENT) & ~(size_t)(ALIGNMENT - 1);
        block->used += rounded < left ? rounded : left;
        return text;
    }
    char *text = arena_alloc(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    return text;
}
