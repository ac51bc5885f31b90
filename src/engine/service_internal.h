/* What the files about services share within this room. */
#ifndef SERVICE_INTERNAL_H
#define SERVICE_INTERNAL_H

#include "ecs-local/engine/service_engine.h"
#include "engine_internal.h"

enum {
    DOCUMENT_TEXT_MAX = 4 * 1024 * 1024, /* a request body is smaller */
};

struct service_entry;

/* A task that is not STOPPED. */
struct service_member {
    struct service_task task;
    struct service_entry *owner;
    bool stale;        /* the task has changed since */
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
    bool dirty;   /* in the list of those to be looked at */
    bool changed; /* in the list of those to be written */
    bool hungry;  /* wants a task that has found no place */
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
    struct service_list dirty;
    struct service_list changed;
    int64_t last_row;
    int64_t last_deployment;
    int64_t last_record;
    struct arena *scratch; /* of looking at one service */
    struct service_timing timing;
    unsigned unsettled; /* services that are not steady */
};

static inline struct service_entry *service_entry_of(struct service *service) {
    return (struct service_entry *)(void *)service;
}

/* service_registry.c */
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

/* service_reconcile.c */
int services_reconcile(struct engine *engine);
bool services_waiting(const struct engine *engine);
int service_timer_fired(struct engine *engine, int64_t row);
bool service_timer_waits(struct engine *engine, int64_t row, int64_t due_ms);

#endif
