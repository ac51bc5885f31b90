/* Managed daemons: creating, changing and counting them. That every instance has its task goes on by itself
 * (src/engine/daemon_reconcile.c). Rows borrow from the turn's arena or the one that is given.
 * Functions: 0, <0, or as documented. */
#ifndef ECS_LOCAL_ENGINE_DAEMON_ENGINE_H
#define ECS_LOCAL_ENGINE_DAEMON_ENGINE_H

#include "ecs-local/engine/engine.h"
#include "ecs-local/store/daemon_rows.h"

/* What a daemon is to be made of; checked by the caller. `deployment` gives drain_percent, bake_minutes and alarms. */
struct daemon_spec {
    struct daemon_row daemon;
    struct daemon_revision_row revision;
    struct daemon_deployment_row deployment;
};

/* Makes it ACTIVE, with its first revision and deployment; ids and times of `spec` are set. */
int engine_daemon_create(struct engine *engine, const struct cluster *cluster, struct daemon_spec *spec);
/* Another revision and a deployment to it; one that is under way is stopped. */
int engine_daemon_update(struct engine *engine, struct daemon_spec *spec);
/* DELETE_IN_PROGRESS, and gone when its last task has stopped. */
int engine_daemon_delete(struct engine *engine, struct daemon_row *daemon);

struct daemon_provider_counts {
    const char *name;
    unsigned running;
    unsigned without;
    unsigned draining;
};
/* For each capacity provider of the revision, how many instances have it. */
int engine_daemon_count(struct engine *engine, const struct daemon_row *daemon,
    const struct daemon_revision_row *revision, struct arena *arena,
    struct daemon_provider_counts **ret_counts, unsigned *ret_count);

#endif
