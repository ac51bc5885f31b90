/* Making tasks: what RunTask, StartTask, services, task sets and daemons have in common.
 *
 * The caller fills a struct task_launch with what it has checked already; nothing here refuses for a reason that
 * AWS has a text for. All text and trees are borrowed for the call. */
#ifndef ECS_LOCAL_ENGINE_TASK_LAUNCH_H
#define ECS_LOCAL_ENGINE_TASK_LAUNCH_H

#include "ecs-local/domain/capacity_provider.h"
#include "ecs-local/engine/engine.h"

struct task_launch {
    int64_t definition_id;
    int64_t family_id;
    const char *definition_arn;
    bool definition_active;
    const struct task_definition *definition;

    enum launch_kind kind;
    const char *launch_type;             /* as the task shows it: task_launch_type_name() */
    const struct value *strategy;        /* capacityProviderStrategy; NULL: a launch type decides */
    struct capacity_provider *providers; /* of the strategy's items */
    unsigned *assigned;                  /* tasks that each item has got */
    const char *capacity_provider;       /* of the next task; NULL: none */
    const char *unavailable;      /* why the last task got no place though nothing was looked at; or NULL */
    bool waits;                   /* the next task waits for capacity */
    const char *platform_version; /* Fargate: task_launch_platform() */
    const char *platform_family;  /* Fargate */

    const struct value *subnets; /* awsvpc: one at least; NULL: no interface of its own */
    const char *subnet;          /* the one to take; NULL: one in the instance's zone, else the first */
    const char **zones;          /* of the subnets, when all are known: task_launch_read_zones() */
    unsigned zone_count;
    const struct value *volume;   /* the volumeConfiguration; NULL: none */
    const struct value *connect;  /* serviceConnectConfiguration of its service; NULL: none */
    const struct value *registry; /* of its service; NULL: none */

    const char *group;
    const char *started_by;                    /* NULL: not given */
    struct placement_rules rules;              /* from the definition and the two lists below */
    const struct value *placement_constraints; /* as given; NULL: none. Kept by a task that waits */
    const struct value *placement_strategy;

    const struct value *overrides; /* as a Task shows it */
    const char *cpu;               /* overridden at the task level; NULL: the definition's */
    const char *memory;
    struct task_demand demand;
    bool enable_execute_command;

    bool managed_tags;         /* aws:ecs:clusterName, and of services aws:ecs:serviceName */
    const char *service_name;  /* NULL: no service */
    const struct value *tags;  /* given for the task; NULL: none */
    bool propagate_definition; /* the definition's tags, too */
    int64_t service_id;        /* row of the service it belongs to; 0: none */
    int64_t deployment_id;     /* row of the deployment or task set that started it; 0: none */
};

const char *task_launch_type_name(enum launch_kind kind);
/* Does the definition run there? */
bool task_launch_supported(const struct task_definition *definition, enum launch_kind kind);
enum launch_kind task_launch_kind_of_provider(enum capacity_provider_kind kind);
enum {
    TASK_PLATFORM_UNKNOWN = 1,      /* a version that is none */
    TASK_PLATFORM_INCOMPATIBLE = 2, /* one that lacks what the definition needs */
};
/* platform_version and _family for what was asked (NULL or LATEST: the newest). 0 or one of the above. */
int task_launch_platform(struct task_launch *launch, const char *version_or_null);
/* Where the subnets are, if the instances tell of all of them; otherwise the task may go anywhere. */
void task_launch_read_zones(
    struct engine *engine, struct scope *scope, struct arena *arena, struct task_launch *launch);
/* The zone of a subnet: its instances say which, else its name decides (D: there is no EC2 to ask). */
const char *task_launch_zone_of_subnet(
    struct engine *engine, const struct scope *scope, struct arena *arena, const char *subnet_id);

/* The provider of the next task, by base and weight (facts: services 11.3); NULL without a strategy. */
const struct capacity_provider *task_launch_next_provider(struct task_launch *launch);
void task_launch_place_request(const struct task_launch *launch, struct place_request *ret_request);

/* Makes one task there (NULL: Fargate and the like, or launch->waits) and sets it going. */
int engine_task_launch(struct engine *engine, struct cluster *cluster, struct instance *instance_or_null,
    struct task_launch *launch, struct task **ret_task);
/* Chooses the next provider and the instance, then launches. Where there is no room, a task of a provider with
 * managed scaling waits for it. ENGINE_NOT_FOUND: no instance takes it, and it may not wait. */
int engine_task_place(
    struct engine *engine, struct cluster *cluster, struct task_launch *launch, struct task **ret_task);

/* The same, but the task does not wait. */
int engine_task_fit(
    struct engine *engine, struct cluster *cluster, struct task_launch *launch, struct task **ret_task);

/* The provider of that name: FARGATE, FARGATE_SPOT or one of the scope's. 0, ENGINE_NOT_FOUND or <0. */
int engine_capacity_provider(struct engine *engine, const struct scope *scope, const char *name,
    struct arena *arena, struct capacity_provider *ret_provider);

#endif
