/* What a service does next. A view of it goes in, a plan comes out; who carries the plan out is of no concern here.
 * Sources: facts services 7.3 – 7.6, 7.10, 7.12, 10. */
#ifndef ECS_LOCAL_DOMAIN_SERVICE_PLAN_H
#define ECS_LOCAL_DOMAIN_SERVICE_PLAN_H

#include "ecs-local/domain/service.h"

/* How a task is seen. */
enum task_view {
    VIEW_DOWN,      /* on its way to STOPPED */
    VIEW_PENDING,   /* not RUNNING yet */
    VIEW_EXCUSED,   /* RUNNING and unhealthy, within the grace period */
    VIEW_UNSETTLED, /* RUNNING, and not known to be healthy */
    VIEW_HEALTHY,
    VIEW_UNHEALTHY,
};

/* *ret_look_again_ms: when time alone makes a difference; 0: never. */
enum task_view service_task_view(const struct service_task *task, const struct service_settings *settings,
    const struct service_timing *timing, int64_t now_ms, int64_t *ret_look_again_ms);

/* Bounds of a deployment (facts: services 7.3). */
int service_lower_bound(int desired, int minimum_percent);
int service_upper_bound(int desired, int maximum_percent);

struct service_view {
    const struct service_settings *settings;
    const struct service_timing *timing;
    enum service_status status;
    int desired;                          /* REPLICA */
    const struct deployment *deployments; /* PRIMARY first */
    const struct service_task *tasks;     /* in the order of their rows */
    unsigned task_count;
    const int64_t *places; /* DAEMON: instances that are to have a task each */
    unsigned place_count;
    const char *const *zones; /* where tasks are or can be started; for rebalancing */
    unsigned zone_count;
    unsigned open_zone_count; /* of those, which come first, one more can be started in each */
    bool rebalancing;         /* one task more than desired was started on purpose */
    int64_t now_ms;
};

enum service_stop_why {
    STOP_SCALED,           /* it is one too many, or of an older deployment */
    STOP_UNHEALTHY,        /* its container health checks failed */
    STOP_TARGET_UNHEALTHY, /* a target group says so */
    STOP_REBALANCED,
};

struct service_stop {
    unsigned task; /* index in the view */
    bool pending;  /* it has not been RUNNING */
    enum service_stop_why why;
};

struct service_start {
    const struct deployment *deployment;
    unsigned count;
    int64_t instance_id; /* DAEMON: there; 0: anywhere */
    const char *zone;    /* to even out the zones: there; NULL: anywhere */
    bool replaces;       /* unhealthy tasks */
};

struct service_plan {
    struct service_start *starts;
    unsigned start_count;
    struct service_stop *stops;
    unsigned stop_count;
    unsigned kept_by_protection; /* would have been stopped */
    int64_t kept_deployment_id;  /* whose is the first of those */
    bool missing;                /* tasks are to be started, now or when next_start_ms has come */
    bool blocked;                /* the deployment's percentages allow neither */
    bool settled;                /* all is as wanted */
    bool unbalanced;             /* zones differ by more than one */
    int64_t look_again_ms;       /* 0: when something happens */
};

/* The plan lives in `arena`. */
void service_plan_make(struct arena *arena, const struct service_view *view, struct service_plan *ret_plan);

/* How many tasks the deployment or task set is to have. */
int service_deployment_wants(const struct service_view *view, const struct deployment *deployment);

#endif
