/* What the files about stages and hooks share. */
#ifndef DEPLOYMENT_HOOKS_INTERNAL_H
#define DEPLOYMENT_HOOKS_INTERNAL_H

#include "ecs-local/domain/traffic_shift.h"
#include "ecs-local/engine/deployment_hooks.h"
#include "service_internal.h"

/* A deployment on its way through its stages, for the time of one look at it. */
struct stage_run {
    struct arena *arena;
    const struct value *configuration; /* deploymentConfiguration */
    struct shift_plan plan;
    struct shift_state state;
    struct value *hooks; /* of the stage, once they are begun; NULL: not yet, or none */
    bool refused;        /* roll back */
    const char *refusal; /* statusReason */
};

/* Begins the hooks of the stage, asks those that are due, ends those that are too late. *ret_changed is only ever set
 * to true. *ret_due_ms: when one of them is to be looked at again; 0: none. */
int stage_hooks_act(struct engine *engine, struct service *service, struct deployment *deployment,
    struct stage_run *run, bool *ret_changed, enum shift_hooks *ret_hooks, int64_t *ret_due_ms);
/* lifecycleHookDetails as the API shows them. */
void stage_hooks_write(const struct stage_run *run, struct writer *writer);

/* What is asked of a Lambda function, and its answer by script; NULL when no script matches. */
struct hook_question {
    const char *account;
    const char *region;
    const char *cluster;
    const char *service;
    const char *stage;
    const char *target;
};
int hook_answer_find(struct engine *engine, const struct hook_question *question, struct arena *arena,
    const char **ret_answer, int64_t *ret_delay_ms);

#endif
