/* Delivering to sinks. Each has a place in the journal and at most one delivery under way, so order is kept; the place
 * moves behind what was delivered, and only then, so everything arrives at least once. One that fails is tried again
 * later and holds up nobody else. */
#ifndef SINK_DELIVERY_H
#define SINK_DELIVERY_H

#include "admin_internal.h"
#include "ecs-local/engine/sinks.h"

struct delivery; /* of one sink */

struct delivery_state {
    const char *state; /* "idle", "sending", "retrying" */
    unsigned failures; /* in a row */
    const char *error; /* the last one; NULL */
    int64_t retry_ms;  /* until the next attempt, when retrying */
};
struct delivery_state delivery_state_of(const struct admin *admin, int64_t sink_id);

/* Gives every sink that is not busy what has been committed. */
void deliveries_pump(struct admin *admin);
int64_t deliveries_wait_ms(const struct admin *admin);
void deliveries_free(struct admin *admin);

/* sink_format.c: what is sent. */
enum sink_type {
    SINK_WEBHOOK,
    SINK_EVENTBRIDGE,
    SINK_FILE,
    SINK_TYPE_COUNT
};
const char *sink_type_name(enum sink_type type);
int sink_type_parse(const char *name, enum sink_type *ret_type);

/* An entry as the sink's kind of receiver wants it: an event its envelope, anything else the whole entry. */
struct journal_text sink_text(struct engine *engine, int64_t seq);
/* An entry of PutEvents. False: it is none, only events are. */
bool sink_write_put_event(struct engine *engine, int64_t seq, const char *bus_or_null, struct arena *scratch,
    struct writer *writer);

#endif
