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
int glance_tell_balance(struct glance *glance, bool balanced);
/* The targets that have come since the last look. */
int glance_tell_new_targets(struct glance *glance);

#endif
