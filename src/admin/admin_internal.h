/* What the handlers of the admin surface share. */
#ifndef ADMIN_INTERNAL_H
#define ADMIN_INTERNAL_H

#include "ecs-local/admin/admin.h"
#include "ecs-local/base/arena.h"
#include "ecs-local/base/buf.h"
#include "ecs-local/base/value.h"
#include "ecs-local/base/writer.h"
#include "ecs-local/engine/engine.h"
#include "ecs-local/engine/faults.h"

struct waiter;
struct event_stream;

/* Those who follow the journal: followers.h. */
struct followers {
    struct waiter *waiters; /* oldest first */
    unsigned waiter_count;
    struct event_stream *streams;
    unsigned stream_count;
    struct arena *scratch;
    int64_t seen; /* newest committed entry when they looked last */
    unsigned epoch;
    bool look; /* somebody has come since */
};

struct delivery;

/* What goes to sinks: sink_delivery.h. */
struct deliveries {
    struct delivery *first; /* by the sinks' ids */
    unsigned version;       /* of the engine's sinks */
    bool more;              /* there may be something to deliver at once */
};

struct admin {
    struct followers followers;
    struct deliveries deliveries;
    struct admin_config config;
    struct arena *arena; /* of the request at hand */
    int64_t started_us;  /* the machine's monotonic clock */
};

struct admin_call {
    struct admin *admin;
    struct engine *engine;
    struct arena *arena;
    const struct admin_request *request;
    const struct value *input; /* the body; NULL when it is empty */
    const char *segment;       /* what the "*" of the route stands for */
    struct buf buf;            /* the reply */
    struct writer writer;
    enum admin_how how;
    struct admin_stream stream; /* for ADMIN_STREAM */
    unsigned status;            /* 200 unless a handler says otherwise */
    char *bytes;                /* from malloc: the reply instead, when it is not JSON */
    size_t bytes_length;
};

/* A handler answers 0 (with call->status and the reply written), or <0. */
typedef int admin_handler(struct admin_call *call);

/* Writes an error as the whole reply, and answers 0. */
int admin_fail(struct admin_call *call, unsigned status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
const char *admin_query(struct admin_call *call, const char *name);

/* A member with a time, and the members that say how the clock stands. */
void admin_write_time(struct writer *writer, const char *key, int64_t time_ms);
void admin_write_clock(struct admin_call *call);

admin_handler admin_health;
admin_handler admin_localstack_health;
admin_handler admin_reset;
admin_handler admin_coverage;
admin_handler admin_clock_get;
admin_handler admin_clock_set;
admin_handler admin_clock_advance;
admin_handler admin_fleet;
admin_handler admin_fleet_add;
admin_handler admin_fleet_remove;
admin_handler admin_fleet_remove_one;
admin_handler admin_fleet_connect;
admin_handler admin_fleet_disconnect;
admin_handler admin_alarms;
admin_handler admin_alarm_set;
admin_handler admin_hook_add;
admin_handler admin_hooks;
admin_handler admin_hook_delete;
admin_handler admin_outcomes;
admin_handler admin_outcome_add;
admin_handler admin_outcome_get;
admin_handler admin_outcome_delete;
admin_handler admin_outcomes_delete;
admin_handler admin_target_set;
admin_handler admin_targets;
admin_handler admin_targets_clear;
admin_handler admin_journal;
admin_handler admin_journal_wait;
admin_handler admin_events;
admin_handler admin_sink_add;
admin_handler admin_sinks;
admin_handler admin_sink_get;
admin_handler admin_sink_delete;
admin_handler admin_sinks_delete;
admin_handler admin_fault_add;
admin_handler admin_faults;
admin_handler admin_fault_get;
admin_handler admin_fault_delete;
int admin_fault_of_capacity(struct admin_call *call);
int admin_fault_of_instance(struct admin_call *call);
int admin_fault_of_task(struct admin_call *call);
int admin_fault_of_service(struct admin_call *call);
int admin_fault_of_gateway(struct admin_call *call);
/* There is no room for another one: then the refusal is written. */
bool admin_faults_full(struct admin_call *call);
/* For other files that add faults of their own kind: keeps it and writes it as the reply. */
int admin_fault_keep(struct admin_call *call, enum fault_kind kind, const char *document);
admin_handler admin_explain;
admin_handler admin_fork;
admin_handler admin_snapshots;
admin_handler admin_snapshot_save;
admin_handler admin_snapshot_get;
admin_handler admin_snapshot_put;
admin_handler admin_snapshot_restore;
admin_handler admin_snapshot_delete;

/* May the caller use the admin surface? 0, or 1 and a sentence. */
int admin_guard(
    const struct admin_config *config, const struct admin_caller *caller, const char **ret_problem);

#endif
