/* Services as the scheduler sees them: settings, deployments, tasks, and what is to be done next.
 *
 * Pure. What is to be done next is decided in domain/service_plan.h.
 * Sources: facts services 7 (scheduler), 10 (task sets). */
#ifndef ECS_LOCAL_DOMAIN_SERVICE_H
#define ECS_LOCAL_DOMAIN_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "ecs-local/base/arena.h"
#include "ecs-local/base/value.h"
#include "ecs-local/base/writer.h"
#include "ecs-local/domain/task.h"

enum service_status {
    SERVICE_ACTIVE,
    SERVICE_DRAINING,
    SERVICE_INACTIVE,
    SERVICE_STATUS_COUNT
};

enum service_controller {
    CONTROLLER_ECS,
    CONTROLLER_CODE_DEPLOY,
    CONTROLLER_EXTERNAL,
    CONTROLLER_COUNT
};

enum deployment_strategy {
    STRATEGY_ROLLING,
    STRATEGY_BLUE_GREEN,
    STRATEGY_LINEAR,
    STRATEGY_CANARY,
    STRATEGY_COUNT
};

enum threshold_kind {
    THRESHOLD_BOUNDED_PERCENT,
    THRESHOLD_UNBOUNDED_PERCENT,
    THRESHOLD_COUNT_OF_TASKS,
};

/* What the scheduler reads of a service document. */
struct service_settings {
    bool daemon; /* schedulingStrategy */
    enum service_controller controller;
    enum deployment_strategy strategy;
    int minimum_percent;
    int maximum_percent;
    bool breaker;          /* deploymentCircuitBreaker.enable */
    bool breaker_rollback; /* deploymentCircuitBreaker.rollback */
    bool breaker_resets;   /* resetOnHealthyTask */
    enum threshold_kind threshold_kind;
    int64_t threshold_value;
    bool alarms;          /* alarms.enable, and there are some */
    bool alarms_rollback; /* alarms.rollback */
    int64_t bake_ms;      /* bakeTimeInMinutes */
    bool early;           /* earlySuccessCriteria.enable: with that share healthy it is a success … */
    int early_percent;
    bool early_deferred; /* … although older tasks are there still */
    int64_t grace_ms;    /* healthCheckGracePeriodSeconds */
    bool rebalance;      /* availabilityZoneRebalancing */
    bool has_targets;    /* it has load balancers or VPC Lattice: their health counts */
};

/* From a complete service document (domain/service_spec.h). What is absent has AWS's default. */
void service_settings_read(const struct value *document, struct service_settings *ret_settings);

/* So many failures trip the circuit breaker (facts: services 7.8). */
unsigned service_breaker_threshold(const struct service_settings *settings, int desired_count);

const char *service_status_name(enum service_status status);
/* 0, or 1 for a name that is none. */
int service_status_parse(const char *name, enum service_status *ret_status);

enum deployment_status {
    DEPLOYMENT_PRIMARY,
    DEPLOYMENT_ACTIVE,
    DEPLOYMENT_DRAINING, /* a task set that is being deleted; what is left of a failed deployment */
    DEPLOYMENT_INACTIVE, /* replaced: not shown any more */
    DEPLOYMENT_STATUS_COUNT
};

enum rollout_state {
    ROLLOUT_IN_PROGRESS,
    ROLLOUT_COMPLETED,
    ROLLOUT_FAILED,
    ROLLOUT_NONE, /* of task sets, and of services that others deploy */
    ROLLOUT_STATE_COUNT
};

const char *deployment_status_name(enum deployment_status status);
int deployment_status_parse(const char *name, enum deployment_status *ret_status);
const char *rollout_state_name(enum rollout_state state); /* NULL for ROLLOUT_NONE */
enum rollout_state rollout_state_parse(const char *name_or_null);

/* How long the scheduler takes for what (facts: services 2.4, 2.6, 7.5 – 7.7). */
struct service_timing {
    int64_t tick_ms;     /* between two rounds of starting and stopping */
    int64_t settle_ms;   /* RUNNING without health checks counts as healthy after that */
    int64_t steady_ms;   /* counts must meet for that long */
    int64_t inactive_ms; /* between the last task's end and INACTIVE */
    int64_t retry_ms; /* before the next attempt after a task that failed to start; doubled each time … */
    int64_t retry_max_ms; /* … up to this */
    int64_t crash_ms;     /* before a task that crashed soon is started again; doubled each time … */
    int64_t crash_max_ms; /* … up to this */
    unsigned start_batch; /* tasks started in one round */
};

enum {
    /* A task without health checks is healthy so long after RUNNING (facts: services 7.5). Simulated tasks whose end
     * within that time is settled already do not become healthy before, whatever settle_ms says. */
    SERVICE_HEALTHY_AFTER_MS = 40 * 1000,
    /* "periodically" (facts: services 7.6): the steady state is told again. */
    SERVICE_STEADY_AGAIN_MS = 6 * 3600 * 1000,
    SERVICE_EVENTS_KEPT = 100,
};
/* 90 days (facts: services 9.1). */
#define SERVICE_DEPLOYMENTS_KEPT_MS (INT64_C(90) * 24 * 3600 * 1000)

enum task_health {
    HEALTH_UNCHECKED, /* no essential container has a health check */
    HEALTH_UNKNOWN,
    HEALTH_HEALTHY,
    HEALTH_UNHEALTHY,
};

/* An unfinished task of a service. */
struct service_task {
    int64_t task_row;
    int64_t deployment_id; /* row of the deployment or task set that it belongs to */
    int64_t instance_id;   /* row; 0: none */
    const char *zone;      /* NULL: unknown; lives as long as the engine */
    const char *provider;  /* capacity provider, NULL: none; lives as long as the engine */
    enum task_status status;
    bool wanted;  /* desired RUNNING */
    bool waiting; /* for capacity */
    enum task_health health;
    bool target_unhealthy; /* a target group says so */
    bool target_unknown;   /* a target group cannot say */
    int64_t created_ms;
    int64_t started_ms; /* 0: it has not been RUNNING */
    int64_t ends_ms;    /* what is settled to happen to it next while it is RUNNING; 0: nothing */
    int64_t fails_ms;   /* a script makes it fail then, so soon that it never was well; 0: none does */
    int64_t protected_until_ms;
    /* Filled in before planning: */
    bool displaced; /* its instance is DRAINING, or no place for it any more: to be replaced */
    bool counted;   /* its failure is in its deployment's numbers */
};

enum {
    DEPLOYMENT_DIGITS_SIZE = 20,     /* 19 digits and NUL */
    SERVICE_DEPLOYMENT_ID_SIZE = 22, /* 21 url-safe characters and NUL */
    ROLLOUT_REASON_SIZE = 160,
    STATUS_REASON_SIZE = 512,
    SOURCE_REVISIONS_MAX = 8,
};

enum service_deployment_status {
    SERVICE_DEPLOYMENT_PENDING,
    SERVICE_DEPLOYMENT_IN_PROGRESS,
    SERVICE_DEPLOYMENT_STOP_REQUESTED,
    SERVICE_DEPLOYMENT_ROLLBACK_REQUESTED,
    SERVICE_DEPLOYMENT_ROLLBACK_IN_PROGRESS,
    SERVICE_DEPLOYMENT_SUCCESSFUL, /* from here on it is over */
    SERVICE_DEPLOYMENT_STOPPED,
    SERVICE_DEPLOYMENT_ROLLBACK_SUCCESSFUL,
    SERVICE_DEPLOYMENT_ROLLBACK_FAILED,
    SERVICE_DEPLOYMENT_STATUS_COUNT
};
const char *service_deployment_status_name(enum service_deployment_status status);
int service_deployment_status_parse(const char *name, enum service_deployment_status *ret_status);
bool service_deployment_is_over(enum service_deployment_status status);
/* May it go from one to the other (facts: services 9.1)? */
bool service_deployment_move_allowed(enum service_deployment_status from, enum service_deployment_status to);

/* A revision's part in a service deployment. */
struct revision_share {
    char digits[DEPLOYMENT_DIGITS_SIZE];
    int requested;
    unsigned running;
    unsigned pending;
    double test_weight; /* percent; negative: not shown (a rolling deployment) */
    double production_weight;
};

/* ServiceDeployment of the API (facts: services 9.2). */
struct service_deployment {
    int64_t id;                           /* row */
    int64_t service_id;                   /* row */
    struct arena *arena;                  /* of the two JSON texts */
    char uid[SERVICE_DEPLOYMENT_ID_SIZE]; /* the last part of its ARN */
    enum service_deployment_status status;
    char status_reason[STATUS_REASON_SIZE]; /* "": none */
    const char *lifecycle_stage;            /* a constant; NULL: none */
    int64_t created_ms;
    int64_t started_ms;
    int64_t finished_ms;
    int64_t stopped_ms;
    int64_t updated_ms;
    struct revision_share target;
    struct revision_share sources[SOURCE_REVISIONS_MAX];
    unsigned source_count;
    const char *breaker_status; /* DISABLED, MONITORING, MONITORING_COMPLETE, TRIGGERED: a constant */
    unsigned breaker_failures;
    unsigned breaker_threshold;
    const char *alarms_status;    /* the same */
    const char *alarm_names;      /* JSON list */
    const char *triggered_alarms; /* JSON list */
    const char *configuration;    /* JSON: deploymentConfiguration */
    const char *hook_details;     /* JSON list: lifecycleHookDetails; NULL: not shown */
    char rollback_reason[STATUS_REASON_SIZE];
    int64_t rollback_ms; /* 0: none */
    char rollback_digits[DEPLOYMENT_DIGITS_SIZE];
    bool is_new;
    bool dirty;
};

/* An empty one with an arena of its own; service_deployment_free() takes NULL. */
struct service_deployment *service_deployment_new(void);
void service_deployment_free(struct service_deployment *record);
/* The ServiceDeployment of the API. `service_arn` is the long ARN of its service. */
void service_deployment_write(
    const struct service_deployment *record, const char *service_arn, struct writer *writer);
/* Reads what service_deployment_write() wrote, but for row and service. 0, or 1 when it is not that. */
int service_deployment_read(struct service_deployment *record, const struct value *document);

struct deployment_targets;

/* A deployment of a service, or one of its task sets. */
struct deployment {
    int64_t id;         /* row; creation order */
    int64_t service_id; /* row */
    struct deployment *next;
    bool is_task_set;
    char digits[DEPLOYMENT_DIGITS_SIZE]; /* its id is "ecs-svc/" and these; its revision's, too */
    enum deployment_status status;
    enum rollout_state rollout;
    char rollout_reason[ROLLOUT_REASON_SIZE];
    int64_t definition_id; /* row */
    int64_t family_id;
    int64_t created_ms;
    int64_t updated_ms;
    int desired; /* as shown */
    unsigned running;
    unsigned pending;
    unsigned wanted;         /* tasks that are not to be stopped */
    unsigned healthy;        /* RUNNING, wanted, and healthy */
    unsigned newly_running;  /* since targets were last told of */
    unsigned newly_gone;     /* the same */
    unsigned failed_tasks;   /* as shown: in a row */
    unsigned failures;       /* as the circuit breaker counts them */
    unsigned start_failures; /* in a row, for the delay before the next attempt */
    unsigned crashes;        /* soon after RUNNING, in a row */
    int64_t next_start_ms;   /* no attempt before */
    int64_t ready_ms;        /* all it wants is there since; 0: not yet */
    int64_t early_ms;        /* what earlySuccessCriteria ask for is there since; 0: not yet */
    bool was_completed;      /* a rollback may go back to it */
    bool is_rollback;        /* it is PRIMARY again because a younger one failed */
    bool alarms_ignored;     /* one was in ALARM when it began */

    /* Blue/green and the like: the stage machine decides, the scheduler obeys. */
    bool holds_old;          /* older deployments keep their tasks */
    bool may_complete;       /* false: IN_PROGRESS although its tasks are all there */
    bool images_known;       /* its revision has the digests; found out again after a restart */
    const char *stage_state; /* JSON of the stage machine; NULL: none. Owned (malloc) */
    struct deployment_targets
        *targets; /* the engine's: where its tasks register; NULL: not read yet. Owned */

    /* Task sets. */
    double scale_percent;
    bool stable; /* STEADY_STATE */
    int64_t stable_ms;

    struct service_deployment *record; /* while it is not over; NULL otherwise */
    bool is_new;
    bool gone;
    bool dirty;
};

#endif
