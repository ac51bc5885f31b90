/* A heap of moments. Ties fire in the order of what they belong to, not of when they were set: so a run goes on
 * in the same order after a restart or from a snapshot, when all are set anew. An entry that has been overtaken
 * (the owner's due time is another by now) is recognised by its owner, not removed. */
#ifndef ENGINE_TIMERS_H
#define ENGINE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a timer belongs to; at the same moment they fire in this order. src/engine/timer_owners.c has a line for each. */
enum timer_kind {
    TIMER_TASK,
    TIMER_GATEWAY,
    TIMER_GATEWAY_ROUTE,
    TIMER_DAEMON,
    TIMER_DAEMON_DEFINITION,
    TIMER_DEFINITION,
    TIMER_SERVICE,
    TIMER_SCALING,
    TIMER_INTERRUPTION,
    TIMER_KIND_COUNT
};

struct timer {
    int64_t due_ms;
    uint64_t sequence;
    enum timer_kind kind;
    int64_t row;
};

struct timers {
    struct timer *heap;
    size_t count;
    size_t capacity;
    uint64_t sequence;
};

void timers_done(struct timers *timers);
void timers_clear(struct timers *timers);
void timers_add(struct timers *timers, int64_t due_ms, enum timer_kind kind, int64_t row);
/* The earliest; NULL when there is none. */
const struct timer *timers_first(const struct timers *timers);
void timers_remove_first(struct timers *timers);

#endif
