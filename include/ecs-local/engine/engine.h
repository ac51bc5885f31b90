/* The brain of the loop: the world in memory, the timers, the runtime, and the turn.
 *
 * Clusters and container instances live in memory and in the store; tasks live in the store, and those
 * touched lately also in a bounded cache. Whatever changes in a turn is written before the turn commits; when
 * the commit fails, memory is thrown away and read again from the store, so the two never differ.
 *
 * All functions: 0 ok, <0 a failure of ours (the turn will be rolled back), >0 as documented. Pointers to
 * clusters, instances and tasks are valid until the end of the turn (engine_turn_end). */
#ifndef ECS_LOCAL_ENGINE_ENGINE_H
#define ECS_LOCAL_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "ecs-local/base/arena.h"
#include "ecs-local/base/clock.h"
#include "ecs-local/base/ids.h"
#include "ecs-local/domain/placement.h"
#include "ecs-local/domain/resources.h"
#include "ecs-local/domain/task.h"
#include "ecs-local/domain/task_definition.h"
#include "ecs-local/engine/journal.h"
#include "ecs-local/runtime/runtime_provider.h"
#include "ecs-local/store/gateway_rows.h"
#include "ecs-local/store/store.h"

struct engine;

enum {
    ENGINE_NOT_FOUND = 1
};

/* Invokes a Lambda function for a lifecycle hook; the answer comes through engine_hook_answered(), later. */
struct hook_call {
    const char *hook_id;
    const char *target;  /* its ARN */
    const char *payload; /* JSON */
};
struct hook_caller {
    void *context;
    /* NULL: there is nobody to call, and functions that no script speaks for succeed. */
    void (*call)(void *context, const struct hook_call *call);
};

struct engine_config {
    struct store *store;             /* borrowed */
    struct runtime_provider runtime; /* borrowed */
    enum clock_mode clock_mode;
    double clock_factor;
    bool seeded;
    uint64_t seed;
    int64_t journal_limit; /* entries of the journal that are kept; 0: none */
    struct hook_caller hook_caller;
    bool journal_stored; /* the store outlives the process, and the journal with it */
};

/* An account in a region: what is separate from everything else. */
struct scope;

/* Launch types that are counted apart (facts: tasks 3.1, STATISTICS). */
enum launch_kind {
    LAUNCH_EC2,
    LAUNCH_FARGATE,
    LAUNCH_EXTERNAL,
    LAUNCH_MANAGED_INSTANCES, /* instances that AWS looks after: no container instance is shown for them */
    LAUNCH_KIND_COUNT
};

struct cluster {
    int64_t id;
    struct scope *scope;
    const char *name;
    const char *arn;
    bool active;          /* ACTIVE; otherwise INACTIVE */
    const char *document; /* JSON object: what was given at creation and since */
    const char *tags;     /* JSON list */
    unsigned running[LAUNCH_KIND_COUNT];
    unsigned pending[LAUNCH_KIND_COUNT];
    unsigned unfinished;         /* tasks that are not STOPPED */
    unsigned waiting;            /* those of them that wait for capacity */
    unsigned registered;         /* container instances that are ACTIVE or DRAINING */
    struct instance **instances; /* in order of registration, INACTIVE ones too */
    unsigned instance_count;
    struct task_group *task_groups; /* of the tasks on them, by name */
    struct service *services;       /* the first; engine/service_engine.h */
    struct service *last_service;
    unsigned services_active;
    unsigned services_draining;
    unsigned active_services[LAUNCH_KIND_COUNT]; /* those on managed instances count as EC2 */
    unsigned draining_services[LAUNCH_KIND_COUNT];
};

enum instance_status {
    INSTANCE_ACTIVE,
    INSTANCE_DRAINING,
    INSTANCE_INACTIVE,
    INSTANCE_STATUS_COUNT
};

struct instance {
    /* What placement reads of every instance lies together. */
    enum instance_status status;
    bool agent_connected;
    bool simulated;
    bool has_agent; /* an agent of its own reports what its tasks do: the runtime leaves them alone */
    bool version_dirty;
    uint32_t attributes_id;           /* instances of the same have the same attributes; never 0 */
    struct attribute_set *attributes; /* shared by instances that have the same */
    struct instance_resources resources;
    unsigned index; /* in cluster->instances */
    unsigned running;
    unsigned pending;
    unsigned group_count;
    struct instance_group *groups; /* groups of the tasks on it that are wanted RUNNING */

    int64_t id;
    struct cluster *cluster;
    const char *instance_id;
    const char *arn;
    const char *ec2_instance_id;   /* NULL: none */
    const char *capacity_provider; /* NULL: none */
    const char *zone;              /* NULL: unknown */
    const char *subnet_id;         /* NULL: unknown */
    const char *agent_version;     /* NULL: unknown */
    const char *cpu_architecture;
    int64_t registered_ms;
    int64_t version;
    const char *identity; /* members of its events, once there was one */
    size_t identity_length;
    struct journal_shared *description; /* likewise */
};

const char *instance_status_name(enum instance_status status);
/* Registers, in the order of the store's columns; text is copied. */
struct instance_spec {
    const char *instance_id; /* NULL: a new one */
    const char *ec2_instance_id;
    bool agent_connected;
    bool simulated;
    const char *document; /* JSON: registeredResources, attributes, versionInfo */
    const char *tags;
};

int engine_open(const struct engine_config *config, struct engine **ret_engine);
/* Takes NULL. Writes nothing. */
void engine_close(struct engine *engine);

struct store *engine_store(struct engine *engine);
struct ids *engine_ids(struct engine *engine);

/* The turn. engine_turn_end() writes what changed and commits; <0: everything of the turn is undone. */
int engine_turn_end(struct engine *engine);
/* Has this turn changed anything that is not committed yet? */
bool engine_has_changes(const struct engine *engine);
/* A request of this turn failed half-way: engine_turn_end() will undo the turn. */
void engine_fail_turn(struct engine *engine);
/* Writes what changed into the open transaction, so that queries of this turn see it. */
int engine_flush(struct engine *engine);

/* Time. */
int64_t engine_now_ms(const struct engine *engine);
struct clock *engine_clock(struct engine *engine);
/* Keeps a held clock's time in the store, so that a restart goes on from it. */
int engine_keep_clock(struct engine *engine);
/* Machine milliseconds until the next step is due; 0 now, -1 never by itself. */
int64_t engine_wait_ms(struct engine *engine);
/* Everything that is due now, in order. */
int engine_run_due(struct engine *engine);
/* The next step that is due: world time, or -1 when there is none. */
int64_t engine_next_due_ms(struct engine *engine);
enum advance_goal {
    ADVANCE_TO_TIME,   /* to `world_ms` */
    ADVANCE_TO_STABLE, /* until nothing is on its way any more, at most to `world_ms` */
};
/* Moves a held or scaled clock, and lets everything on the way happen in order, each at its time. *ret_reached: the
 * goal is reached; false when it is not stable by then, or when so much happens on the way that the call ends early
 * (the clock then says how far it got). */
int engine_advance(struct engine *engine, enum advance_goal goal, int64_t world_ms, bool *ret_reached);
/* What keeps the world from being stable. */
struct engine_unrest {
    unsigned tasks;    /* not STOPPED, and not RUNNING as they should be */
    unsigned services; /* whose deployment is not through */
    unsigned daemons;  /* likewise */
};
void engine_unrest(const struct engine *engine, struct engine_unrest *ret_unrest);
/* Timers that somebody waits for. */
unsigned engine_timer_count(struct engine *engine);
/* Told of everything that moves and of every event, in order, while set. NULL stops it. `seq`: the entry's number in
 * the journal. */
struct engine_watcher {
    void *context;
    void (*moved)(void *context, int64_t seq, int64_t at_ms, const char *resource_type, const char *arn,
        const char *from, const char *to);
    void (*announced)(void *context, int64_t seq, int64_t at_ms, const char *event, size_t length);
};
void engine_watch(struct engine *engine, const struct engine_watcher *watcher_or_null);

/* How long that takes with the runtime's timing. */
int64_t engine_delay_ms(struct engine *engine, enum runtime_delay delay);

/* Scopes and clusters. */
int engine_scope(struct engine *engine, const char *account, const char *region, struct scope **ret_scope);
/* Calls `each` for every scope that there has been anything in. */
void engine_scopes_each(
    struct engine *engine, void *context, void (*each)(void *context, struct scope *scope));
/* NULL: it has never been spoken of. */
struct scope *engine_scope_find(struct engine *engine, const char *account, const char *region);
int64_t scope_id(const struct scope *scope);
const char *scope_account(const struct scope *scope);
const char *scope_region(const struct scope *scope);
const char *scope_partition(const struct scope *scope);
/* NULL when there never was one of that name. */
struct cluster *engine_cluster_find(struct scope *scope, const char *name);
/* By row; NULL when there is none. */
struct cluster *engine_cluster_of_row(struct engine *engine, int64_t id);
/* Calls `each` for every cluster of the scope, INACTIVE ones too. */
void engine_clusters_each(
    struct scope *scope, void *context, void (*each)(void *context, const struct cluster *cluster));
int engine_cluster_create(struct engine *engine, struct scope *scope, const char *name, const char *document,
    const char *tags, struct cluster **ret_cluster);
/* Writes new contents; NULL leaves a text as it is. */
int engine_cluster_update(
    struct engine *engine, struct cluster *cluster, bool active, const char *document, const char *tags);
unsigned cluster_running_tasks(const struct cluster *cluster);
unsigned cluster_pending_tasks(const struct cluster *cluster);

/* Container instances. */
struct instance *engine_instance_find(
    struct engine *engine, struct cluster *cluster, const char *instance_id);
int engine_instance_register(struct engine *engine, struct cluster *cluster, const struct instance_spec *spec,
    struct instance **ret_instance);
/* Registers again under the same id: document, connection. */
int engine_instance_register_again(
    struct engine *engine, struct instance *instance, const struct instance_spec *spec);
/* Status and connection; text NULL leaves it. */
int engine_instance_update(struct engine *engine, struct instance *instance, enum instance_status status,
    bool agent_connected, const char *tags);
/* Another document: attributes, agent. What it has registered stays. */
int engine_instance_set_document(struct engine *engine, struct instance *instance, const char *document);
/* An agent of its own has shown up: it drives the instance's tasks from now on. */
int engine_instance_has_agent(struct engine *engine, struct instance *instance);
/* Makes it INACTIVE and stops what runs on it at once. */
int engine_instance_deregister(struct engine *engine, struct instance *instance);
/* Its host is gone: INACTIVE, and its tasks are STOPPED for that reason (facts: tasks 5.6). */
int engine_instance_terminate(struct engine *engine, struct instance *instance);
/* Its agent goes or comes back. While a simulated one is gone nobody tells what its tasks do: they stay as they are. */
int engine_instance_connect(struct engine *engine, struct instance *instance, bool connected);
/* The next container instance by row, of any account, INACTIVE ones too; begin with row 0. NULL: there is none. */
struct instance *engine_instance_after(struct engine *engine, int64_t row);
/* What managed scaling may do with the simulated instances of a capacity provider in a cluster. */
struct scaling_bounds {
    const char *capacity_provider;
    unsigned minimum;
    unsigned maximum;
    /* JSON list of texts: documents of new instances, one a zone. An empty list: managed instances, whose type is
     * chosen for the tasks that wait, as the provider's launch template allows. */
    const char *documents;
};
int engine_scaling_group_set(
    struct engine *engine, struct cluster *cluster, const struct scaling_bounds *bounds);
/* Its instances end, and there will be no more. */
int engine_scaling_group_remove(
    struct engine *engine, struct cluster *cluster, const char *capacity_provider);
/* The zone of a subnet that some instance of the scope is in; NULL when none is. */
const char *engine_subnet_zone(struct engine *engine, const struct scope *scope, const char *subnet_id);
/* Its stored document and tags, copied. */
int engine_instance_document(struct engine *engine, const struct instance *instance, struct arena *arena,
    const char **ret_document, const char **ret_tags);
/* "" for an attribute without a value, NULL when the instance lacks it. */
const char *instance_attribute(const struct instance *instance, const char *name);
/* The attribute at a place in the order of names ("" without a value); false behind the last. */
bool instance_attribute_at(
    const struct instance *instance, unsigned index, const char **ret_name, const char **ret_value);
/* What a cluster query asks about it. The subject is valid as long as the instance. */
void instance_query_subject(const struct instance *instance, struct query_subject *ret_subject);

/* Task definitions: the summary of a row, from a bounded cache; valid until the end of the turn. */
int engine_task_definition(struct engine *engine, int64_t id, const struct task_definition **ret_definition);
/* `row` as it is to be, DELETE_IN_PROGRESS, instead of INACTIVE; it is removed a little later. */
struct task_definition_row;
int engine_delete_task_definition(struct engine *engine, const struct task_definition_row *row);

/* Placement (facts: tasks 8.3, 8.4). */
struct place_request {
    int64_t definition_id;
    const struct task_definition *definition;
    const struct task_demand *demand;
    const struct placement_rules *rules;
    const char *group;
    const char *capacity_provider; /* whose instances are looked at; NULL: all */
    const char *const *zones;      /* of the task's subnets */
    unsigned zone_count;           /* 0: anywhere */
};
/* The ACTIVE instance that takes the demand best. 0 and *ret_instance, or ENGINE_NOT_FOUND. */
int engine_place(struct engine *engine, const struct cluster *cluster, const struct place_request *request,
    struct instance **ret_instance);
/* Why this instance cannot take it ("RESOURCE:CPU" …); NULL when it can. */
const char *engine_refusal(
    struct engine *engine, const struct instance *instance, const struct place_request *request);

/* Would a further task of the cluster that waits for capacity be one too many (facts: tasks 14)? */
bool engine_too_many_waiting(const struct cluster *cluster);
/* Tasks. engine_task_admit() takes ownership of a complete new task, whose id is the next row, reserves what it needs on its
 * instance, counts it and sets its first step going. */
int engine_task_admit(
    struct engine *engine, struct cluster *cluster, struct instance *instance_or_null, struct task *task);
int engine_task_find(
    struct engine *engine, struct cluster *cluster, const char *task_id, struct task **ret_task);
void engine_task_set_tags(struct engine *engine, struct task *task, const char *tags);
/* Protects it from scale-in; 0 ends that. */
void engine_task_protect(struct engine *engine, struct task *task, int64_t until_ms);

/* What an agent says about a task (facts: agent 1.3). NULL and 0: not said. */
struct container_report {
    const char *name;
    const char *runtime_id;
    const char *image_digest;
    const char *status; /* "PENDING", "RUNNING", "STOPPED" */
    const char *reason;
    bool exited;
    int exit_code;
    const struct value *bindings; /* NetworkBindings of the API */
    const char *agent_status;     /* of the execute command agent */
    const char *agent_reason;
};
struct task_report {
    const char *status;
    const char *reason;
    int64_t pull_started_ms;
    int64_t pull_stopped_ms;
    int64_t execution_stopped_ms;
    bool task_follows; /* the task's status is to be found from its containers' */
    struct container_report *containers;
    unsigned container_count;
};
/* Applies what is new in it; what is old news changes nothing, nor does what nobody could know: of a task that runs
 * on no container instance with an agent of its own. */
int engine_task_report(struct engine *engine, struct task *task, const struct task_report *report);
/* The task in the cluster with that attachment, if an agent may report it; else ENGINE_NOT_FOUND. */
int engine_task_of_attachment(
    struct engine *engine, const struct cluster *cluster, const char *attachment_id, struct task **ret_task);
/* Its attachment is in that state now. One that is not the task's changes nothing. */
int engine_task_attachment_report(
    struct engine *engine, struct task *task, const char *attachment_id, const char *status);

/* Wants the task stopped, and lets the runtime go about it. No effect on one that is wanted stopped already.
 */
int engine_task_stop(struct engine *engine, struct task *task, const char *stop_code, const char *reason);

/* Gateways (facts: services 14). A new configuration, role and so on: the row goes to UPDATE_IN_PROGRESS, and
 * later to UPDATE_COMPLETE or, if a fault says so, UPDATE_FAILED. */
int engine_gateway_update(struct engine *engine, struct gateway_row *row);
/* DISASSOCIATING, and INACTIVE as soon as no route leads into the cluster. */
int engine_gateway_disassociate(
    struct engine *engine, const struct gateway_row *gateway, const struct cluster *cluster);
/* A service was made, changed or deleted: its routes follow its gatewayConnectors (NULL: none). `changed`: they say
 * something else than before. */
int engine_gateway_routes_set(struct engine *engine, const struct cluster *cluster, const char *service_name,
    const struct value *connectors_or_null, bool changed);
/* The cluster is INACTIVE: no gateway serves it any more. */
int engine_gateways_leave_cluster(struct engine *engine, const struct cluster *cluster);

/* A daemon task definition goes to DELETE_IN_PROGRESS, and to DELETED when no daemon needs it any more. */
int engine_daemon_definition_delete(struct engine *engine, int64_t id);

/* Forgets everything that matches; NULL matches all. With both NULL a held or scaled time is dropped, too. */
int engine_reset(struct engine *engine, const char *account_or_null, const char *region_or_null);

#endif
