/* Sinks: where entries of the journal are forwarded to (POST /_ecs/sinks). The engine keeps what they are and how far they
 * have come, in memory and in the store; delivering is the admin room's. A complete reset drops them. */
#ifndef ECS_LOCAL_ENGINE_SINKS_H
#define ECS_LOCAL_ENGINE_SINKS_H

#include <stdint.h>

#include "ecs-local/base/value.h"

struct engine;

enum {
    SINKS_MAX = 32
};

struct sink {
    int64_t id;
    const struct value *document; /* as given, defaults filled in */
    int64_t position;             /* number of the last entry that has been dealt with */
    int64_t delivered;            /* entries */
    int64_t lost;                 /* entries that the journal dropped before they were delivered */
    int64_t created_ms;
};

/* Keeps a sink that begins behind `position`. The document is a JSON object that has been checked. */
int engine_sink_add(
    struct engine *engine, const char *document, int64_t position, const struct sink **ret_sink);
/* ENGINE_NOT_FOUND when there is none. */
int engine_sink_delete(struct engine *engine, int64_t id);
/* The sink with the smallest id above `after`; NULL: there is none. Valid until sinks change: engine_sinks_version()
 * counts that, also when a turn was rolled back, after a reset and when a snapshot was restored. */
const struct sink *engine_sink_next(const struct engine *engine, int64_t after);
unsigned engine_sinks_version(const struct engine *engine);
/* It has come further: position, delivered and lost of `progress`. */
int engine_sink_progress(struct engine *engine, const struct sink *progress);

#endif
