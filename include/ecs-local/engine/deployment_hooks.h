/* Lifecycle hooks of service deployments from outside: answering a pause, and saying what Lambda functions answer. */
#ifndef ECS_LOCAL_ENGINE_DEPLOYMENT_HOOKS_H
#define ECS_LOCAL_ENGINE_DEPLOYMENT_HOOKS_H

#include "ecs-local/base/writer.h"
#include "ecs-local/engine/service_engine.h"

/* Answers a hook that waits. ENGINE_NOT_FOUND: none of that id does. */
int engine_hook_continue(struct engine *engine, struct service *service, struct deployment *deployment,
    const char *hook_id, bool roll_back);

/* What a function answered that hook_caller was asked to invoke: SUCCEEDED, FAILED (`reason`: why, or NULL) or
 * IN_PROGRESS, to be asked again after delay_ms. One that nobody waits for any more changes nothing. */
struct hook_reply {
    const char *hook_id;
    const char *answer;
    const char *reason; /* behind "ECS was unable to "; NULL: the function said FAILED itself */
    int64_t delay_ms;
};
int engine_hook_answered(struct engine *engine, const struct hook_reply *reply);

/* What a Lambda hook is answered that matches; the oldest that does decides. */
struct hook_answer {
    int64_t id;
    const char *match;  /* JSON object of texts: account, region, cluster, service, stage, target */
    int64_t times;      /* how often it is given yet; 0: always */
    const char *answer; /* SUCCEEDED, FAILED, IN_PROGRESS */
    int64_t delay_ms;   /* IN_PROGRESS: before it is asked again */
};
enum {
    HOOK_ANSWERS_MAX = 1000,
    ENGINE_TOO_MANY = 2,
};
/* 0 and *ret_id, ENGINE_TOO_MANY or <0. */
int engine_hook_answer_add(struct engine *engine, const struct hook_answer *answer, int64_t *ret_id);
/* 0, ENGINE_NOT_FOUND or <0; id 0: all. */
int engine_hook_answer_delete(struct engine *engine, int64_t id);
int engine_hook_answers_write(struct engine *engine, struct writer *writer);

#endif
