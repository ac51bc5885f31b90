/* Memory that lives as long as one request or one reconcile run, given back in one go.
 * Nothing in an arena is freed alone; nothing in it outlives arena_reset() or arena_free(). */
#ifndef ECS_LOCAL_BASE_ARENA_H
#define ECS_LOCAL_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* Never NULL. The caller frees with arena_free(). */
struct arena *arena_new(void);
/* As arena_new(), with blocks of `block_bytes` (at least 256): for things that are small and many. */
struct arena *arena_new_sized(size_t block_bytes);
/* Takes NULL. */
void arena_free(struct arena *arena);
/* Drops everything but one block, so that the next request does not ask the allocator. */
void arena_reset(struct arena *arena);

/* Zeroed, aligned for any type, never NULL. Size 0 is allowed. */
void *arena_alloc(struct arena *arena, size_t size);
#define arena_new_array(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (size_t)(count)))

/* Copies; NULL stays NULL. */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t length);
/* The texts one behind the other; the last one is followed by NULL. At most ARENA_JOIN_MAX of them. */
enum {
    ARENA_JOIN_MAX = 16
};
char *arena_join(struct arena *arena, const char *first, ...) __attribute__((sentinel));
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list arguments);

#endif
