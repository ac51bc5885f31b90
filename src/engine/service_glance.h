/* One look at a service: what service_reconcile.c (judging), service_surroundings.c (looking round) and
 * service_acts.c (starting and stopping) share. */
#ifndef SERVICE_GLANCE_H
#define SERVICE_GLANCE_H

#include "service_internal.h"

struct glance {
    struct engine *engine;
    struct service_entry *entry;
    struct service *service;
    int64_t now_ms;
    const char *start_failure; /* why the last of them could not be started; NULL: none */
    struct service_view view;
    struct service_task *tasks;
    struct service_plan plan;
    struct service_documents documents; /* read when they are needed */
};

/* Its own document, and the revision of `deployment`, parsed. */
int glance_documents(struct glance *glance, const struct deployment *deployment);
/* The view: tasks, instances, zones as they are. */
int glance_look_round(struct glance *glance);
/* Carries out the plan, unless it is too early. */
int glance_act(struct glance *glance);
/* How the task is seen now. */
enum task_view glance_view(const struct glance *glance, const struct service_task *task);
/* Tasks that have become unhealthy since the last look. */
int glance_note_unhealthy(struct glance *glance);
int glance_tell_balance(struct glance *glance, bool balanced);
/* service_faults.c: a fault holds it up; told, and looked at again later. */
int glance_throttled(struct glance *glance, bool *ret_throttled);

/* Who does it, at the beginning of an event. */
const char *glance_actor(struct glance *glance, const struct deployment *task_set_or_null);

/* deployment_targets.c */
/* The targets that have come and gone since they were last told of. */
int glance_tell_targets(struct glance *glance);
/* A task does not serve any more. */
void glance_target_gone(struct glance *glance, const struct task *task);
/* What its targets say of a task, why it is stopped for that, and the event. */
int glance_ask_target(struct glance *glance, const struct task *task, struct target_verdict *ret_verdict);
const char *glance_target_reason(struct glance *glance, const struct target_verdict *verdict);
int glance_tell_unwell(struct glance *glance, const struct deployment *task_set_or_null,
    const struct task *task, const struct target_verdict *verdict);

#endif
