/* A heap of moments. Ties fire in the order of what they belong to, not of when they were set: so a run goes on
 * in the same order after a restart or from a snapshot, when all are set anew. An entry that has been overtaken
 * (the task's due time is another by now) is recognised by its owner, not removed. */
#ifndef ENGINE_TIMERS_H
#define ENGINE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
    int64_t due_ms;
    uint64_t sequence;
    int64_t task_row;
};

struct timers {
    struct timer *heap;
    size_t count;
    size_t capacity;
    uint64_t sequence;
};

void timers_done(struct timers *timers);
void timers_clear(struct timers *timers);
void timers_add(struct timers *timers, int64_t due_ms, int64_t task_row);
/* The earliest; NULL when there is none. */
const struct timer *timers_first(const struct timers *timers);
void timers_remove_first(struct timers *timers);

#endif
