/* What the files about services share within this room. */
#ifndef SERVICE_INTERNAL_H
#define SERVICE_INTERNAL_H

#include "ecs-local/base/buf.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/domain/deployment.h"
#include "ecs-local/domain/service_plan.h"
#include "ecs-local/engine/service_engine.h"
#include "ecs-local/engine/target_rules.h"
#include "engine_internal.h"

enum {
    DOCUMENT_TEXT_MAX = 4 * 1024 * 1024, /* a request body is smaller */
};

struct service_entry;
struct target_rule;

/* A task that is not STOPPED. */
struct service_member {
    struct service_task task;
    struct service_entry *owner;
    bool stale;        /* the task has changed since */
    bool loaded;       /* as the store had it: what it is now is no news */
    bool was_healthy;  /* it has been healthy */
    bool ails;         /* UNHEALTHY beyond the grace period: counted and told */
    bool ran;          /* it has been seen RUNNING: registered with the target groups … */
    bool left;         /* … and not any more */
    UT_hash_handle hh; /* in the engine, by task row */
};

struct service_entry {
    struct service service;
    struct service_member **members; /* in the order of their rows */
    unsigned member_count;
    unsigned member_capacity;
    int64_t due_ms;      /* when it is looked at again; 0: when something happens */
    int64_t next_act_ms; /* nothing is started or stopped before */
    int64_t steady_ms;   /* when it last said that it is steady; 0: it is not */
    char *trouble;       /* the complaint that still holds; NULL: none */
    int64_t trouble_ms;
    bool unsettled;   /* something about it is on its way */
    bool rebalancing; /* it has one task more than desired, for even zones */
    bool dirty;       /* in the list of those to be looked at */
    bool changed;     /* in the list of those to be written */
    bool hungry;      /* wants a task that has found no place */
    struct service_entry *next_hungry;
    UT_hash_handle by_row;
    UT_hash_handle by_key;
    char key[]; /* "cluster row/name" */
};

struct service_list {
    struct service_entry **items;
    size_t count;
    size_t capacity;
};

struct services {
    struct service_entry *by_row;
    struct service_entry *by_key;
    struct service_member *members; /* by task row */
    struct service_entry *hungry;   /* the first of those that lack room */
    struct interned *texts;
    struct target_rule *target_rules; /* the youngest first */
    struct service_list dirty;
    struct service_list changed;
    int64_t last_row;
    int64_t last_deployment;
    int64_t last_record;
    struct arena *scratch; /* of looking at one service */
    struct service_timing timing;
    unsigned unsettled; /* services about which something is on its way */
};

static inline struct service_entry *service_entry_of(struct service *service) {
    return (struct service_entry *)(void *)service;
}

/* service_registry.c */
void service_set_unsettled(struct engine *engine, struct service_entry *entry, bool unsettled);
/* By row. */
void service_list_sort(struct service_list *list);
const char *service_task_set_arn(
    struct engine *engine, const struct service *service, const struct deployment *task_set);
struct service_entry *service_by_row(struct engine *engine, int64_t id);
/* To be looked at before the turn ends. */
void service_mark(struct engine *engine, struct service_entry *entry);
/* To be written. */
void service_changed(struct engine *engine, struct service_entry *entry);
/* Its row, deployments and everything disappear. */
int service_forget(struct engine *engine, struct service_entry *entry);
const char *service_json(struct arena *arena, const struct value *value);
/* A deployment or task set of the service, in front of the others; its document is stored. */
int deployment_add(struct engine *engine, struct service_entry *entry, const struct value *document,
    struct deployment *deployment);
void deployment_order(struct service *service);
void deployment_unlink(struct service *service, struct deployment *deployment);

struct deployment *service_deployment_by_row(const struct service *service, int64_t id);
void service_set_status(struct engine *engine, struct service_entry *entry, enum service_status status);
/* Its document, parsed, in the turn's arena; and writing another one. */
int service_read_document(struct engine *engine, struct service_entry *entry, struct value **ret_document);
int service_write_document(struct engine *engine, struct service_entry *entry, const struct value *document);
/* A new PRIMARY with its revision and record; nothing happens to the others. */
int service_deploy(struct engine *engine, struct service_entry *entry, const struct value *document,
    const struct value *revision, int64_t definition_id, int64_t family_id,
    struct deployment **ret_deployment);

/* service_members.c: the tasks. */
struct service_member *service_member_find(struct engine *engine, int64_t task_row);
struct service_member *service_member_add(
    struct engine *engine, struct service_entry *entry, int64_t task_row, int64_t deployment_id);
void service_member_refresh(struct engine *engine, struct service_member *member, const struct task *task);
void service_member_remove(struct engine *engine, struct service_member *member);
void service_hungry(struct engine *engine, struct service_entry *entry);
void service_not_hungry(struct engine *engine, struct service_entry *entry);
/* A text that is kept once, for as long as the engine: zones, capacity providers. */
const char *engine_intern(struct engine *engine, const char *text_or_null);
void services_texts_free(struct services *services);

/* revision_images.c: what a task that runs says of the images of its deployment's revision. */
int revision_note_images(struct engine *engine, struct deployment *deployment, const struct task *task);

/* deployment_targets.c: where tasks register. */
enum target_kind {
    TARGET_GROUP,
    TARGET_OF_LATTICE,
    TARGET_CLASSIC,
};
struct service_target {
    enum target_kind kind;
    const char *name;      /* ARN of the target group; of a Classic Load Balancer its name */
    const char *container; /* NULL: known by the name of its port only */
    int port;              /* of the container; 0: the same */
};
struct deployment_targets {
    struct arena *arena;
    unsigned count;
    struct service_target *items;
};
/* Read once, as long as the deployment is there. */
int deployment_targets(
    struct engine *engine, struct deployment *deployment, const struct deployment_targets **ret_targets);
void deployment_targets_free(struct deployment_targets *targets_or_null);
/* Lets a new deployment choose, before it is stored. *ret_revision: the revision with its choice. */
int deployment_choose_targets(struct engine *engine, const struct service *service,
    const struct value *revision, const struct value **ret_revision);
/* The deployment that serves production while another one is on its way; NULL: none. */
struct deployment *deployment_serving(const struct service *service);

/* target_rules.c */
int target_rules_load(struct engine *engine);
void target_rules_free(struct services *services);
struct target_verdict {
    enum target_health health;
    const struct service_target *target; /* that says so; NULL for HEALTHY */
    const char *reason;                  /* NULL: none given */
};
/* What the targets of the deployment say about a task of it. */
int target_rules_ask(struct engine *engine, const struct service_entry *entry, struct deployment *deployment,
    const struct task *task, struct target_verdict *ret_verdict);

/* service_faults.c: can its tasks not be launched as they are configured? Then it has been told. */
int service_misconfigured(
    struct engine *engine, struct service_entry *entry, const char *error_or_null, bool *ret_misconfigured);

/* Why a deployment that shifts traffic cannot: NULL when it can. */
int service_networking_refused(struct engine *engine, struct service *service, struct deployment *deployment,
    const char **ret_reason_or_null);

/* service_story.c */
enum service_trouble {
    TROUBLE_PLACEMENT = 'P',
    TROUBLE_IMPAIRED = 'I',
    TROUBLE_BLOCKED = 'B',
    TROUBLE_PROTECTED = 'S',
    TROUBLE_UNBALANCED = 'Z',
    TROUBLE_START = 'R',
    TROUBLE_CONFIGURATION = 'C',
    TROUBLE_THROTTLED = 'T',
    TROUBLE_HEALTH = 'H',
};
/* True when it is to be told: it is new, or was told long ago. */
bool service_troubled(struct engine *engine, struct service_entry *entry, enum service_trouble trouble);
void service_untroubled(struct engine *engine, struct service_entry *entry, enum service_trouble trouble);
/* All is well. */
void service_calm(struct engine *engine, struct service_entry *entry);
int service_event_after(struct engine *engine, struct service *service, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct service_action_detail {
    const char *reason;             /* all: NULL when there is none */
    const char *container_instance; /* ARN */
    const char *capacity_provider;  /* name */
    const char *task_set;           /* ARN */
};
void service_action(struct engine *engine, struct service_entry *entry, const char *type, const char *name,
    const struct service_action_detail *detail_or_null);
void service_deployment_event(struct engine *engine, struct service_entry *entry,
    const struct deployment *deployment, const char *type, const char *name, const char *reason);

/* service_rollout.c */
void rollout_begin(struct engine *engine, struct service_entry *entry, struct deployment *deployment);
void rollout_supersede(struct engine *engine, struct service_entry *entry, bool due);
void rollout_drop_replaced(struct engine *engine, struct service_entry *entry);
void rollout_retire_replaced(struct engine *engine, struct service_entry *entry);
int rollout_complete(struct engine *engine, struct service_entry *entry, struct deployment *deployment);
int rollout_breaker_tripped(
    struct engine *engine, struct service_entry *entry, struct deployment *deployment);
int rollout_alarmed(
    struct engine *engine, struct service_entry *entry, struct deployment *deployment, const char *alarm);
int rollout_stop_asked(struct engine *engine, struct service_entry *entry, struct deployment *deployment);
void record_move(struct engine *engine, struct service_entry *entry, struct service_deployment *record,
    enum service_deployment_status status, const char *status_reason_or_null);
void record_count(struct engine *engine, struct service_entry *entry, struct deployment *deployment);

/* service_launch.c */
struct task_launch;
struct service_documents {
    struct value *service;
    struct value *revision; /* of the deployment that is started from */
};
struct started {
    struct buf ids; /* " (task T1) (task T2)" */
    unsigned count;
};
/* What tasks of the deployment are made of. ENGINE_NOT_FOUND: something that it names does not exist any more. */
int service_launch_read(struct engine *engine, struct service_entry *entry,
    const struct deployment *deployment, struct service_documents *documents, struct task_launch *launch);
int service_start_tasks(struct engine *engine, struct service_entry *entry, struct deployment *deployment,
    const struct service_start *start, struct service_documents *documents, struct started *started);

/* service_reconcile.c */
void service_look_again(struct engine *engine, struct service_entry *entry, int64_t at_ms);
int services_reconcile(struct engine *engine);
bool services_waiting(const struct engine *engine);
int service_timer_fired(struct engine *engine, int64_t row);
bool service_timer_waits(struct engine *engine, int64_t row, int64_t due_ms);

#endif
