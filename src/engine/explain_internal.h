/* What explanations of tasks and of services share. */
#ifndef EXPLAIN_INTERNAL_H
#define EXPLAIN_INTERNAL_H

#include "ecs-local/engine/explain.h"
#include "engine_internal.h"

/* One more sentence; those beyond the limit are left out. */
void explain_because(struct engine *engine, struct explanation *explanation, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "2026-01-01T00:00:00Z", in the turn's arena. */
const char *explain_time(struct engine *engine, int64_t time_ms);
/* Instance by instance: would it take what the request asks for? */
void explain_instances(struct engine *engine, const struct cluster *cluster,
    const struct place_request *request, struct explanation *explanation);

#endif
