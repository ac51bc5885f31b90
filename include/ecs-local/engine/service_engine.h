/* Services: creating, changing and finding them. Scheduling goes on by itself (src/engine/service_reconcile.c).
 *
 * A service has deployments (controller ECS) or task sets (the other controllers); both are a struct deployment.
 * Documents are JSON texts in the store, made by domain/service_spec.h; what the scheduler reads of them is in
 * `settings`. Pointers are valid until the end of the turn. Functions: 0, <0, or as documented. */
#ifndef ECS_LOCAL_ENGINE_SERVICE_ENGINE_H
#define ECS_LOCAL_ENGINE_SERVICE_ENGINE_H

#include "ecs-local/domain/service.h"
#include "ecs-local/engine/engine.h"

struct service {
    int64_t id; /* row */
    struct cluster *cluster;
    struct service *next_in_cluster; /* in order of creation */
    struct service *previous_in_cluster;
    const char *name;
    const char *arn;
    enum service_status status;
    enum launch_kind counted_as; /* among its cluster's services */
    struct service_settings settings;
    int desired_count;
    int64_t created_ms;
    int64_t inactive_ms; /* when it became INACTIVE */
    unsigned running;    /* tasks RUNNING, of all deployments */
    unsigned pending;
    struct deployment *deployments; /* PRIMARY first, then the younger ones first; task sets by creation */
    struct deployment
        *primary; /* NULL: none (controllers EXTERNAL and CODE_DEPLOY without a primary task set) */
    bool steady;  /* and has said so */
};

/* What a service runs. `document` as service_spec_new() made it, `revision` as service_revision_document() did. */
struct service_spec {
    const char *name;
    const struct value *document;
    const struct value *revision; /* NULL: controller EXTERNAL, no deployment */
    int64_t definition_id;        /* rows; 0: no definition */
    int64_t family_id;
    int desired_count;
    const char *tags;       /* JSON list */
    const char *created_by; /* ARN */
};

/* Makes it ACTIVE, with its first deployment if there is a revision. An INACTIVE service of that name disappears. The caller has made sure
 * that there is no other. */
int engine_service_create(struct engine *engine, struct cluster *cluster, const struct service_spec *spec,
    struct service **ret_service);
/* NULL when there is none of that name; INACTIVE ones are found. */
struct service *engine_service_find(struct engine *engine, const struct cluster *cluster, const char *name);
/* Another document and another desired count (negative: as it is). No new deployment. */
int engine_service_update(
    struct engine *engine, struct service *service, const struct value *document, int desired_count);
/* A new PRIMARY; the old one becomes ACTIVE. `document` as in engine_service_update(), NULL: as it is. */
int engine_service_deploy(struct engine *engine, struct service *service, const struct value *document,
    const struct value *revision, int64_t definition_id, int64_t family_id,
    struct deployment **ret_deployment);
/* DRAINING, and INACTIVE when its last task has ended. No effect on one that is either already. */
int engine_service_delete(struct engine *engine, struct service *service);
int engine_service_set_tags(struct engine *engine, struct service *service, const char *tags);
/* Its stored document and tags, copied. */
int engine_service_document(struct engine *engine, const struct service *service, struct arena *arena,
    const char **ret_document, const char **ret_tags, const char **ret_created_by);
/* The revision document of a deployment, what a task set was made with. */
int engine_deployment_document(struct engine *engine, const struct deployment *deployment,
    struct arena *arena, const char **ret_document);
/* Look at it again: something that it depends on has changed. */
void engine_service_touch(struct engine *engine, struct service *service);
/* A deployment was changed in place: it is written with the turn, and its service looked at again. */
void engine_deployment_touch(struct engine *engine, struct service *service, struct deployment *deployment);
/* One more line of its events. */
int engine_service_event(struct engine *engine, struct service *service, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The first of the cluster's services (see next_in_cluster), whatever its status; NULL: none. */
struct service *engine_services_first(const struct cluster *cluster);

/* Rolls back to the last COMPLETED deployment (facts: services 9.3, StopServiceDeployment). No effect when its
 * record is beyond IN_PROGRESS. */
int engine_service_deployment_stop(
    struct engine *engine, struct service *service, struct deployment *deployment);
/* The same without going back: FAILED, no new tasks, the older ones stay (D). */
int engine_service_deployment_abort(
    struct engine *engine, struct service *service, struct deployment *deployment);
/* FAILED for that reason, and back to the deployment that was COMPLETED last, if there is one. */
int engine_deployment_roll_back(
    struct engine *engine, struct service *service, struct deployment *deployment, const char *status_reason);
/* The deployment whose record has this id; NULL: it is over. */
struct deployment *engine_service_deployment_find(const struct service *service, const char *uid);

/* Task sets (facts: services 10). `document` is kept as it is; launchType, platformVersion, networkConfiguration,
 * capacityProviderStrategy, loadBalancers … are read of it as of a revision. */
struct task_set_spec {
    const struct value *document;
    int64_t definition_id;
    int64_t family_id;
    double scale_percent;
};
int engine_task_set_create(struct engine *engine, struct service *service, const struct task_set_spec *spec,
    struct deployment **ret_task_set);
/* NULL: none of these digits. */
struct deployment *engine_deployment_find(const struct service *service, const char *digits);
int engine_task_set_scale(
    struct engine *engine, struct service *service, struct deployment *task_set, double scale_percent);
/* It becomes PRIMARY; the old one ACTIVE. `document`: the service's, with what it takes over. */
int engine_task_set_make_primary(struct engine *engine, struct service *service, struct deployment *task_set,
    const struct value *document);
/* After engine_service_update() with another controller: deployments become task sets, or the other way round. The tasks
 * of the one that serves stay. */
int engine_service_controller_changed(struct engine *engine, struct service *service);
/* DRAINING; gone when its tasks have stopped. */
int engine_task_set_delete(struct engine *engine, struct service *service, struct deployment *task_set);

/* Alarms, by name within an account and region: "OK", "ALARM" or "INSUFFICIENT_DATA". */
int engine_alarm_set(struct engine *engine, struct scope *scope, const char *name, const char *state);
int engine_alarms_each(struct engine *engine, const struct scope *scope, void *context,
    int (*each)(void *context, const char *name, const char *state));

/* Is nothing on its way: no service rolling, no task between two statuses? */
bool engine_is_stable(struct engine *engine);

#endif
