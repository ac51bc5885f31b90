/* What the files of this room share. */
#ifndef ENGINE_INTERNAL_H
#define ENGINE_INTERNAL_H

#include <string.h>
#include <uthash.h>

#include "ecs-local/domain/address_pool.h"
#include "ecs-local/engine/engine.h"
#include "ecs-local/store/task_definition_rows.h"
#include "ecs-local/store/task_rows.h"
#include "journal_ring.h"
#include "timers.h"

#define META_LAST_TASK "last_task" /* the newest task's row, once it is deleted */

struct cluster_entry {
    struct cluster cluster;
    UT_hash_handle hh; /* in its scope, by name */
};

struct instance_entry {
    struct instance instance;
    UT_hash_handle hh; /* in its engine, by (cluster, instance_id) */
};

struct scope {
    int64_t id;
    const char *account;
    const char *region;
    const char *partition;
    struct journal_origin origin; /* how its entries in the journal begin */
    struct cluster_entry *clusters;
    struct address_pool addresses; /* every scope is a VPC of its own (D) */
    UT_hash_handle hh;             /* in the engine, by "account/region" */
    char key[];
};

/* Where a subnet is, as the first instance in it told. */
struct subnet_entry {
    const char *zone;
    UT_hash_handle hh;
    char key[]; /* "scope row/subnet id" */
};

struct task_entry {
    struct task *task;
    int64_t row;
    struct task_entry *newer; /* the list by last use */
    struct task_entry *older;
    UT_hash_handle by_row;
};

struct definition_entry {
    int64_t id;
    struct arena *arena;
    struct task_definition *definition;
    struct definition_entry *newer;
    struct definition_entry *older;
    UT_hash_handle hh;
};

struct fault;

/* A group that some task wanted RUNNING on an instance of the cluster is of. See task_groups.c. */
struct task_group;

struct instance_group {
    struct task_group *group;
    unsigned place; /* of the instance in the group's list */
};

/* Attribute names and sets, each kept once. See attribute_sets.c. */
struct attribute_sets;

struct engine {
    struct hook_caller hook_caller;
    struct store *store;
    struct runtime_provider runtime;
    struct clock clock;
    enum clock_mode first_clock_mode; /* what a complete reset goes back to */
    double first_clock_factor;
    struct ids ids;
    struct ids kept_ids; /* as the store has it */
    bool seeded;         /* by the configuration; a snapshot may bring a seeded generator, too */
    uint64_t seed;
    struct timers timers;
    struct arena *world;   /* text of scopes, clusters, instances: grows with them, dropped with them */
    struct arena *turn;    /* scratch of one turn */
    struct arena *placing; /* scratch of one placement */
    struct buf document;   /* scratch of one task's document */

    struct scope *scopes;
    struct instance_entry *instances; /* by "cluster row/instance id" */
    struct cluster **clusters_by_row;
    int64_t clusters_by_row_size;
    struct instance **instances_by_row;
    int64_t instances_by_row_size;
    struct attribute_sets *attribute_sets;
    struct subnet_entry *subnets;

    struct task_entry *tasks_by_row;
    struct task_entry *newest_task;
    struct task_entry *oldest_task;
    unsigned task_count;
    int64_t last_task_row;
    struct task **dirty_tasks; /* to be written before the turn ends */
    size_t dirty_count;
    size_t dirty_capacity;
    int64_t *expired_tasks; /* rows to be deleted before the turn ends */
    size_t expired_count;
    size_t expired_capacity;
    int64_t *waiting_tasks; /* rows of tasks that wait for capacity, oldest first */
    size_t waiting_count;
    size_t waiting_capacity;
    unsigned leaving;                 /* tasks that are RUNNING and wanted STOPPED */
    struct daemon_mark *daemon_marks; /* daemons to be looked at before the turn ends */
    bool daemons_hungry;              /* one of them has found no room on some instance */
    bool capacity_changed;            /* there may be room for one of them */
    struct scaling_group *scaling_groups;
    bool scaling_changed;              /* a group may have to grow or shrink */
    struct instance **dirty_instances; /* whose version is to be written */
    size_t dirty_instance_count;
    size_t dirty_instance_capacity;

    struct definition_entry *definitions;
    struct definition_entry *newest_definition;
    struct definition_entry *oldest_definition;
    unsigned definition_count;
    bool definitions_deleting; /* some are in DELETE_IN_PROGRESS, as far as is known */
    bool definitions_to_sweep; /* what one of them waits for may have ended */

    struct services *services;
    struct script_entry **scripts; /* for coming tasks, by id */
    unsigned script_count;
    unsigned script_capacity;

    struct sink_entry *sinks; /* by id: sinks.c */
    int64_t last_sink_id;
    unsigned sinks_version;
    struct fault_entry *faults; /* by id: faults.c */
    int64_t last_fault_id;
    struct journal journal;
    struct description_entry *descriptions; /* of container instances, by text: announcements.c */
    struct engine_watcher watcher;
    bool stale; /* memory differs from the store: read it again */
};

/* engine.c: everything in memory that mirrors the store, read from it and dropped. */
int world_load(struct engine *engine);
void world_free(struct engine *engine);
int keep_generator(struct engine *engine);
/* What ids of journal entries are made from goes into the store, and comes from there (STORE_NOT_FOUND: it is not
 * there). */
int journal_ids_keep(struct engine *engine);
int journal_ids_take(struct engine *engine);

/* cluster_registry.c */
int clusters_load(struct engine *engine);
void clusters_free(struct engine *engine);
struct cluster *cluster_by_row(struct engine *engine, int64_t id);

/* instance_registry.c */
int instances_load(struct engine *engine);
void instances_free(struct engine *engine);
struct instance *instance_by_row(struct engine *engine, int64_t id);
void instance_touch(struct engine *engine, struct instance *instance);
int instances_flush(struct engine *engine);
/* For the row of a task that brings the version of its instance with it: 0 when it is kept already, or not changed. */
int64_t instance_version_to_keep(struct instance *instance_or_null);
/* The ports of the tasks on it are taken again, after its own were read anew. */
/* Its host is gone: INACTIVE, its tasks STOPPED with that code. */
int instance_lost(struct engine *engine, struct instance *instance, const char *stop_code);
/* For every unfinished task of the instance. */
int instance_for_tasks(struct engine *engine, struct instance *instance,
    int (*each)(struct engine *engine, struct instance *instance, struct task *task, const char *context),
    const char *context);
int instance_retake_ports(struct engine *engine, struct instance *instance);

/* NULL: there is none of that row. For what is rare: it looks through all. */
const struct scope *scope_by_row(const struct engine *engine, int64_t row);

/* task_groups.c: how many tasks of which group an instance has. */
void task_group_join(struct instance *instance, const char *name);
void task_group_leave(struct instance *instance, const char *name);
/* NULL: no task of the cluster is of it. */
const struct task_group *task_group_find(const struct cluster *cluster, const char *name);
unsigned instance_group_tasks(const struct instance *instance, const struct task_group *group_or_null);
/* Of tasks on an instance whose deregistration is forced. */
#define DEREGISTRATION_REASON "Container instance deregistration forced by user"
/* Of managed daemons. */
unsigned instance_daemon_tasks(const struct instance *instance);
/* Adds them for every instance, by its index. */
void task_group_count(const struct task_group *group_or_null, unsigned *counts);
bool instance_any_group(
    const struct instance *instance, bool (*test)(void *test_context, const char *group), void *test_context);
void task_groups_free(struct cluster *cluster);

/* sinks.c */
int sinks_load(struct engine *engine);
void sinks_free(struct engine *engine);
int sinks_clear(struct engine *engine);

/* faults.c */
int faults_load(struct engine *engine);
void faults_free(struct engine *engine);

/* announcements.c: events. */
/* Emits the event of a task whose version has grown since its last one. */
void task_announce(struct engine *engine, struct task *task);
/* Emits the event of an instance: call when its version has grown. */
void instance_announce(struct engine *engine, struct instance *instance);
/* Its document has changed: the next event reads it again. */
void instance_undescribe(struct engine *engine, struct instance *instance);
void descriptions_free(struct engine *engine);

/* waiting_tasks.c: tasks that wait until an instance of their capacity provider has room. */
void waiting_add(struct engine *engine, struct cluster *cluster, int64_t task_row);
/* The task does not wait any more. */
void waiting_over(struct engine *engine, struct task *task);
/* Places those that have a place now, if something has changed since the last time. */
int waiting_place(struct engine *engine);
/* What such a task would be placed by. ENGINE_NOT_FOUND: its definition is gone. */
int waiting_request(struct engine *engine, const struct task *task, const struct cluster *cluster,
    struct placement_rules *rules, struct place_request *ret_request);
/* One has waited too long. */
int waiting_give_up(struct engine *engine, struct task *task, int64_t now_ms);

/* task_registry.c: the cache of tasks, and writing them. */
int tasks_load(struct engine *engine);
void tasks_free(struct engine *engine);
int task_by_row(struct engine *engine, int64_t id, struct task **ret_task);
void task_cache_add(struct engine *engine, struct task *task);
void task_touch(struct engine *engine, struct task *task);
int tasks_flush(struct engine *engine);
/* Lets go of the tasks used longest ago. Only between turns. */
void tasks_trim(struct engine *engine);

/* What an instance with that document has; to be given back. */
int instance_read_template(struct engine *engine, struct cluster *cluster, const char *document,
    struct instance_resources *ret_resources);

/* scaling_groups.c */
int scaling_load(struct engine *engine);
void scaling_free(struct engine *engine);
/* Sets the timers of the groups, when capacity has changed. */
int scaling_check(struct engine *engine);
bool scaling_timer_waits(struct engine *engine, int64_t row, int64_t due_ms);
int scaling_timer_fired(struct engine *engine, int64_t row);

/* instance_devices.c: GPUs and network interfaces. What the instance takes for the task is chosen; then taken. */
int task_take(struct engine *engine, struct task *task, struct instance *instance);
/* How many interfaces tasks may have (ENIS_UNKNOWN: no limit is known). */
int64_t instance_eni_limit(const struct instance *instance);
/* MiB of each of its GPUs; 0: not known. */
int64_t instance_gpu_memory(const struct instance *instance);
/* The document with a trunk interface, when the account's awsvpcTrunking is on and the type has trunks. */
int instance_add_trunk(struct engine *engine, const struct scope *scope, const char **document);

/* task_steps.c: the life cycle. */
int task_schedule(struct engine *engine, struct task *task);
int task_step(struct engine *engine, struct task *task);
bool task_timer_waits(struct engine *engine, int64_t row, int64_t due_ms);
int task_timer_fired(struct engine *engine, int64_t row);
void task_count(struct engine *engine, const struct task *task, int by);
int task_finish(struct engine *engine, struct task *task, int64_t now_ms);
/* A move that somebody saw happen: nothing is made up, and STOPPED ends it. */
int task_move_reported(struct engine *engine, struct task *task, enum task_status to, int64_t now_ms);
/* Wants it stopped, which ends its part in its group. */
void task_unwant(
    struct engine *engine, struct task *task, const char *stop_code, const char *reason, int64_t now_ms);
/* STOPPED at once, whatever the runtime says: its instance is gone. */
int task_abandon(struct engine *engine, struct task *task, const char *stop_code, const char *reason);
/* Tells of what has become of a container. */
void task_container_told(struct engine *engine, struct task *task, const struct task_container *container,
    const char *from, const char *to);

/* scripted_outcomes.c: scripts for coming tasks. */
int scripts_load(struct engine *engine);
void scripts_free(struct engine *engine);
/* Gives a new task what is scripted for it. */
int scripts_give(struct engine *engine, const struct cluster *cluster, struct task *task);

/* interruptions.c: what a fault warned of is due when it was given; and what follows when it is removed. */
void interruption_set(struct engine *engine, const struct fault *fault);
int interruption_ended(struct engine *engine, const struct fault *fault);
bool interruption_timer_waits(struct engine *engine, int64_t row, int64_t due_ms);
int interruption_timer_fired(struct engine *engine, int64_t row);

/* task_containers.c: what an agent would report. */
int task_container_step(struct engine *engine, struct task *task, const struct task_definition *definition,
    const struct life_step *step, int64_t now_ms);
/* Its network interface and volume are there now. */
void task_interface_attached(struct engine *engine, struct task *task);
/* Its network interface, or its volume if it has none, when an agent may tell of it; NULL otherwise. */
const char *task_reported_attachment(struct engine *engine, const struct task *task);
/* Does the task wait for its agent to say that its network interface is there? */
bool task_awaits_attachment(struct engine *engine, const struct task *task);
/* It is due to go on, and must wait: until when. Beyond that moment it is stopped. */
int task_await_attachment(struct engine *engine, struct task *task, int64_t now_ms, int64_t *ret_until_ms);
/* Its address may be another task's. */
void task_interface_released(struct engine *engine, struct task *task);
/* Chooses the host ports of a container that starts. */
int bind_ports(struct engine *engine, struct task *task, struct task_container *container);

/* daemon_reconcile.c */
int daemons_load(struct engine *engine);
void daemons_free(struct engine *engine);
bool daemons_waiting(const struct engine *engine);
int daemons_reconcile(struct engine *engine);
/* The group of a daemon's tasks tells them from others. */
static inline bool task_is_of_daemon(const struct task *task) {
    return strncmp(task->group, "daemon:", 7) == 0;
}
void daemon_task_changed(struct engine *engine, const struct task *task);
/* Any task has ended, which makes room; one of a daemon may have failed. */
int daemon_task_finished(struct engine *engine, const struct task *task);
int daemon_task_expired(struct engine *engine, const struct task *task);
/* Instances came, went, or changed. */
void daemons_instances_changed(struct engine *engine, const struct cluster *cluster);
bool daemon_timer_waits(struct engine *engine, int64_t row, int64_t due_ms);
int daemon_timer_fired(struct engine *engine, int64_t row);
bool daemon_definition_timer_waits(struct engine *engine, int64_t row, int64_t due_ms);
int daemon_definition_timer_fired(struct engine *engine, int64_t row);

/* gateway_states.c */
int gateways_load(struct engine *engine);
bool gateway_timer_waits(struct engine *engine, int64_t row, int64_t due_ms);
int gateway_timer_fired(struct engine *engine, int64_t row);
bool gateway_route_timer_waits(struct engine *engine, int64_t row, int64_t due_ms);
int gateway_route_timer_fired(struct engine *engine, int64_t row);

/* definition_cache.c */
int definitions_load(struct engine *engine);
/* Removes definitions that have been in DELETE_IN_PROGRESS for a while and that nothing refers to any more. Cheap as
 * long as nothing has ended that one may have waited for. */
int definitions_sweep(struct engine *engine);
bool definition_timer_waits(struct engine *engine, int64_t row, int64_t due_ms);
int definition_timer_fired(struct engine *engine, int64_t row);
void definitions_free(struct engine *engine);
void definitions_trim(struct engine *engine);

/* service_registry.c, service_members.c: services. See service_internal.h. */
struct services;
int services_open(struct engine *engine);
void services_close(struct engine *engine);
int services_load(struct engine *engine);
void services_free(struct engine *engine);
int services_flush(struct engine *engine);
bool services_changed(const struct engine *engine);
/* What a service looks at before the turn is over. */
int services_reconcile(struct engine *engine);
/* A task of a service has changed, whatever about it. */
void service_task_changed(struct engine *engine, const struct task *task);
/* An unfinished task of a service, as the store has it. */
int service_task_loaded(struct engine *engine, const struct task_row *row);
/* There may be room for a task that found none. */
void services_room_made(struct engine *engine);
/* An instance of the cluster came, went, or changed its status. */
void services_instances_changed(struct engine *engine, const struct cluster *cluster);

enum launch_kind launch_kind_of(const char *launch_type);

#endif
