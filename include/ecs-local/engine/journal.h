/* The journal: what was asked (requests), what moved (transitions) and what AWS would have told (events in
 * EventBridge's shape), in one order. Each entry is a JSON object with its number, `cursor`; numbers go up by one and
 * are never given twice, but for a complete reset, which begins again.
 *
 * The newest `journal_limit` entries are in memory and every reader reads them there. With a data directory they are
 * in the store as well, written in the transaction of the change they tell of (src/decisions/0005-journal.md).
 *
 * Whoever changes something that AWS would announce calls engine_emit_event(); events of tasks and container
 * instances are emitted by the engine whenever their version has grown. */
#ifndef ECS_LOCAL_ENGINE_JOURNAL_H
#define ECS_LOCAL_ENGINE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ecs-local/base/ids.h"

struct engine;
struct scope;

enum journal_kind {
    JOURNAL_REQUEST,
    JOURNAL_TRANSITION,
    JOURNAL_EVENT,
    JOURNAL_KIND_COUNT
};

/* "request", "transition", "event"; 0, or 1 for a name that is none. */
const char *journal_kind_name(enum journal_kind kind);
int journal_kind_parse(const char *name, enum journal_kind *ret_kind);

/* --- writing ------------------------------------------------------------------------------------------------- */

/* Emits an event: detail_type as in "ECS Service Action", resources the ARNs it is about, detail a JSON object. */
void engine_emit_event(struct engine *engine, const struct scope *scope, const char *detail_type,
    const char *const *resources, size_t resource_count, const char *detail);
/* Notes a move of something that has states: resource_type as in "service", "deployment". `from` is "" for
 * something new; reason may be NULL. */
void engine_journal_transition(struct engine *engine, const struct scope *scope, const char *resource_type,
    const char *arn, const char *from, const char *to, const char *reason_or_null);

struct journal_request {
    const char *operation;
    const char *account;
    const char *region;
    const char *access_key; /* NULL: the request was not signed */
    const char *body;       /* valid JSON, or NULL */
    size_t body_length;
};
/* A request begins: what it causes comes behind it. Gives the id that its reply is to carry. */
void engine_journal_request(
    struct engine *engine, const struct journal_request *request, char ret_request_id[ID_UUID_SIZE]);
struct journal_outcome {
    unsigned status;
    const char *code; /* NULL: it was carried out */
    const char *message;
    int64_t latency_ms; /* that a fault has put on top */
};
/* The request begun last has its outcome. */
void engine_journal_outcome(struct engine *engine, const struct journal_outcome *outcome);

/* --- reading ------------------------------------------------------------------------------------------------- */

struct journal_text {
    const char *text; /* not terminated */
    size_t length;
};

struct journal_entry {
    int64_t seq;
    int64_t time_ms;
    enum journal_kind kind;
    struct journal_text account;
    struct journal_text region;
    struct journal_text subject; /* the operation, the type of resource, or the detail-type */
    struct journal_text body;    /* JSON members: parameters …, arn …, or resources and detail */
    struct journal_text shared;  /* more of them */
};

/* What is kept. Everything up to `committed` is in the store as far as it ever will be. */
struct journal_bounds {
    int64_t first;     /* number of the oldest entry */
    int64_t last;      /* number of the newest; first - 1 when there is none */
    int64_t committed; /* newest entry of a turn that has ended */
    unsigned epoch;    /* counts how often it has begun again: complete resets, restored snapshots */
    int64_t begin;     /* where it began then: what is before is not of this epoch */
};
/* 0, or <0 when stored entries cannot be read. */
int engine_journal_bounds(struct engine *engine, struct journal_bounds *ret_bounds);
/* The entry of that number; false when it is gone or not there yet. Call engine_journal_bounds() before. Valid until
 * the journal changes. */
bool engine_journal_at(const struct engine *engine, int64_t seq, struct journal_entry *ret_entry);
/* The whole entry as one JSON object without line ends, and of an event its envelope alone. Valid until the next call or
 * until the journal changes. */
struct journal_text engine_journal_json(struct engine *engine, int64_t seq);
struct journal_text engine_journal_envelope(struct engine *engine, int64_t seq);

/* What this turn has read from the journal is going to be told: it must be in the store before. */
void engine_journal_tell(struct engine *engine);
/* Somebody follows (+1) or no longer does (-1): as long as anybody does, each turn commits what it has to tell. */
void engine_journal_follow(struct engine *engine, int by);
/* Writes into the store what is not there yet, whatever kind of store it is (for a snapshot). */
int engine_journal_save(struct engine *engine);
/* The store has been exchanged for another (a snapshot was restored): what it holds is the journal now. */
int engine_journal_reload(struct engine *engine);

#endif
