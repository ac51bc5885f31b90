/* What a runtime promises: the thing that makes tasks live and die.
 *
 * The engine owns a task's state and its timers; the runtime decides what happens next to it and to its containers. The
 * engine asks whenever something about the task has changed (it was created, it moved, a container of it ended, it is
 * wanted stopped, the process came back after a crash), so a runtime needs no memory of its own: the same question gets
 * the same answer.
 *
 * A runtime that watches real containers answers LIFE_WAITS and reports by itself.
 *
 * Simulated: `sim:` (src/runtime/sim). */
#ifndef ECS_LOCAL_RUNTIME_RUNTIME_PROVIDER_H
#define ECS_LOCAL_RUNTIME_RUNTIME_PROVIDER_H

#include <stdint.h>

#include "ecs-local/domain/task_life.h"
#include "ecs-local/runtime/runtime_delay.h"

struct runtime_provider {
    const char *uri; /* "sim:" */
    void *context;
    /* 0 and *ret_step: this happens next, at its time. LIFE_WAITS: nothing happens by itself. `definition` is NULL when it
     * does not exist any more. Texts of the step live as long as the task. */
    int (*next_step)(void *context, struct task *task, const struct task_definition *definition,
        int64_t now_ms, struct life_step *ret_step);
    /* Milliseconds that something of the control plane takes. */
    int64_t (*delay_ms)(void *context, enum runtime_delay delay);
    void (*close)(void *context);
};

#endif
