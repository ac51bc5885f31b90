/* What the files about daemons share within this room. */
#ifndef DAEMON_INTERNAL_H
#define DAEMON_INTERNAL_H

#include "ecs-local/domain/daemon.h"
#include "ecs-local/engine/daemon_engine.h"
#include "engine_internal.h"

/* A daemon with what is wanted of it, read anew for every look. */
struct daemon_view {
    struct daemon_row daemon;
    struct daemon_revision_row revision; /* the wanted one */
    struct daemon_deployment_row deployment;
    struct cluster *cluster;
    const struct value *providers; /* names */
    struct daemon_slot *slots;     /* by the place of the instance in its cluster … */
    unsigned slot_count;           /* … when it was read */
    struct daemon_task_row *tasks; /* unfinished */
    unsigned task_count;
    bool health_checked; /* essential containers of the wanted revision have health checks */
};

/* daemon_registry.c */
/* Reads the daemon's rows. STORE_NOT_FOUND: it is gone. */
int daemon_view_read(struct engine *engine, int64_t daemon_id, struct daemon_view *ret_view);
/* Fills slots and tasks, as of what has been flushed. */
int daemon_view_count(struct engine *engine, struct daemon_view *view);
/* Is the instance, ACTIVE, to have a task of the daemon? */
bool daemon_serves_instance(const struct daemon_view *view, const struct instance *instance);
void daemon_transition(struct engine *engine, const struct daemon_view *view, const char *from);
const char *daemon_arn_of(struct engine *engine, const struct cluster *cluster, const char *name);
/* What is in DELETE_IN_PROGRESS and not needed any more is DELETED. */
int daemon_definitions_sweep(struct engine *engine);

/* daemon_deployments.c: where the deployment stands; changes its row. *ret_act: may tasks be started and stopped?
 * *ret_due_ms: when to look again; 0: when something happens. */
int daemon_deployment_step(struct engine *engine, struct daemon_view *view,
    const struct daemon_counts *counts, bool *ret_act, int64_t *ret_due_ms);

/* daemon_reconcile.c */
void daemon_mark(struct engine *engine, int64_t daemon_id);

#endif
