/* What a runtime promises: the thing that makes tasks live and die.
 *
 * The engine owns a task's state and its timers; the runtime decides what happens to it next. The engine asks
 * whenever something about the task has changed (it was created, it moved, it is wanted stopped, the process
 * came back after a crash), so a runtime needs no memory of its own: the same question gets the same answer.
 *
 * A runtime that watches real containers answers RUNTIME_WAITS and reports by itself.
 *
 * Simulated: `sim:` (src/runtime/sim). */
#ifndef ECS_LOCAL_RUNTIME_RUNTIME_PROVIDER_H
#define ECS_LOCAL_RUNTIME_RUNTIME_PROVIDER_H

#include <stdint.h>

#include "ecs-local/domain/task.h"
#include "ecs-local/runtime/runtime_delay.h"

enum {
    RUNTIME_WAITS = 1
};

struct runtime_question {
    enum task_platform platform;
    enum task_status status;
    enum task_status desired; /* TASK_RUNNING or TASK_STOPPED */
    int stop_timeout_s;       /* between SIGTERM and SIGKILL */
    uint64_t random;          /* for jitter; the same for the same question is fine */
};

enum runtime_step_kind {
    RUNTIME_MOVES, /* the task goes to `status` */
    RUNTIME_EXITS, /* its containers end by themselves with `exit_code` */
};

struct runtime_step {
    enum runtime_step_kind kind;
    int64_t after_ms;
    enum task_status status;
    int exit_code; /* of containers that end with this step */
};

struct runtime_provider {
    const char *uri; /* "sim:" */
    void *context;
    /* 0 and *ret_step: this happens next, `after_ms` from now. RUNTIME_WAITS: nothing happens by itself. */
    int (*next_step)(void *context, const struct runtime_question *question, struct runtime_step *ret_step);
    /* Milliseconds that something of the control plane takes. */
    int64_t (*delay_ms)(void *context, enum runtime_delay delay);
    void (*close)(void *context);
};

#endif
