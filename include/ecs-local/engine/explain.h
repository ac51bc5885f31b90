/* Why a task or a service is not where it should be: said from the world as it is, for people.
 *
 * Everything in an explanation lives until the end of the turn. Nothing is changed. 0, or <0 a failure of ours. */
#ifndef ECS_LOCAL_ENGINE_EXPLAIN_H
#define ECS_LOCAL_ENGINE_EXPLAIN_H

#include "ecs-local/engine/service_engine.h"

enum {
    EXPLAIN_BECAUSE_MAX = 32,
};

struct explained_instance {
    const struct instance *instance;
    const char *reason; /* "RESOURCE:CPU" …; NULL: it would take the task */
    const char *detail; /* a sentence about the reason; NULL without one */
};

struct explanation {
    const char *summary; /* one sentence */
    const char *because[EXPLAIN_BECAUSE_MAX];
    unsigned because_count;
    const char *waits_for; /* NULL: for nothing */
    int64_t next_ms;       /* when something is due; 0: nothing is */
    const char *next;      /* what */
    bool placement;        /* the instances have been looked at */
    struct explained_instance *instances;
    unsigned instance_count;
};

int engine_explain_task(struct engine *engine, struct task *task, struct explanation *ret_explanation);
int engine_explain_service(
    struct engine *engine, struct service *service, struct explanation *ret_explanation);

#endif
