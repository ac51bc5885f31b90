/* Who waits for which timer, and letting it happen when it is due. */
#include <stdlib.h>

#include "service_internal.h"

enum {
    /* Steps of one engine_run_due(); the rest waits for the next turn, so that requests are answered in
     * between. */
    STEPS_PER_RUN = 20000,
    COUNTED_MAX = 20000, /* of more timers, overtaken ones are counted, too */
};

/* `waits`: does the row still wait for that moment? Also when it cannot be read: then `fired` fails. What is kept in
 * the store is asked there, so that a timer needs no memory of its own. */
static const struct timer_owner {
    bool (*waits)(struct engine *engine, int64_t row, int64_t due_ms);
    int (*fired)(struct engine *engine, int64_t row);
} owners[TIMER_KIND_COUNT] = {
    [TIMER_TASK] = {task_timer_waits, task_timer_fired},
    [TIMER_GATEWAY] = {gateway_timer_waits, gateway_timer_fired},
    [TIMER_GATEWAY_ROUTE] = {gateway_route_timer_waits, gateway_route_timer_fired},
    [TIMER_DAEMON] = {daemon_timer_waits, daemon_timer_fired},
    [TIMER_DAEMON_DEFINITION] = {daemon_definition_timer_waits, daemon_definition_timer_fired},
    [TIMER_DEFINITION] = {definition_timer_waits, definition_timer_fired},
    [TIMER_SERVICE] = {service_timer_waits, service_timer_fired},
    [TIMER_SCALING] = {scaling_timer_waits, scaling_timer_fired},
    [TIMER_INTERRUPTION] = {interruption_timer_waits, interruption_timer_fired},
};

/* The earliest timer that is still waited for; overtaken ones are dropped. NULL: there is none. */
static const struct timer *first_valid(struct engine *engine) {
    const struct timer *timer;
    while ((timer = timers_first(&engine->timers)) != NULL) {
        if (owners[timer->kind].waits(engine, timer->row, timer->due_ms))
            return timer;
        timers_remove_first(&engine->timers);
    }
    return NULL;
}

int64_t engine_next_due_ms(struct engine *engine) {
    const struct timer *timer = first_valid(engine);
    return timer != NULL ? timer->due_ms : -1;
}

static int by_owner(const void *left, const void *right) {
    const struct timer *one = left;
    const struct timer *other = right;
    if (one->kind != other->kind)
        return one->kind < other->kind ? -1 : 1;
    return one->row < other->row ? -1 : one->row > other->row;
}

unsigned engine_timer_count(struct engine *engine) {
    const struct timers *timers = &engine->timers;
    if (timers->count > COUNTED_MAX)
        return (unsigned)timers->count;
    struct timer *valid = arena_new_array(engine->turn, struct timer, timers->count);
    size_t count = 0;
    for (size_t index = 0; index < timers->count; index++) {
        const struct timer *timer = &timers->heap[index];
        if (owners[timer->kind].waits(engine, timer->row, timer->due_ms))
            valid[count++] = *timer;
    }
    if (count != 0)
        qsort(valid, count, sizeof(*valid), by_owner);
    unsigned owned = 0;
    for (size_t index = 0; index < count; index++)
        owned += index == 0 || by_owner(&valid[index - 1], &valid[index]) != 0;
    return owned;
}

int64_t engine_wait_ms(struct engine *engine) {
    if (services_waiting(engine) || daemons_waiting(engine))
        return 0;
    const struct timer *timer = timers_first(&engine->timers);
    int64_t timer_ms = timer != NULL ? clock_wait_ms(&engine->clock, timer->due_ms) : -1;
    int64_t journal_ms = journal_wait_ms(engine);
    if (journal_ms < 0 || timer_ms < 0)
        return journal_ms < 0 ? timer_ms : journal_ms;
    return journal_ms < timer_ms ? journal_ms : timer_ms;
}

/* 1: one has fired; 0: nothing is due. */
static int fire_next(struct engine *engine) {
    const struct timer *first = timers_first(&engine->timers);
    if (first == NULL || first->due_ms > engine_now_ms(engine))
        return 0;
    first = first_valid(engine);
    if (first == NULL || first->due_ms > engine_now_ms(engine))
        return 0;
    struct timer timer = *first;
    timers_remove_first(&engine->timers);
    int result = owners[timer.kind].fired(engine, timer.row);
    return result == 0 ? 1 : result;
}

/* A moment is over: those who look at its outcome as a whole come last. */
static int settle(struct engine *engine, bool *ret_more) {
    bool daemons = daemons_waiting(engine);
    int result = daemons_reconcile(engine); /* first: a daemon's task precedes others on a new instance */
    if (result == 0)
        result = waiting_place(engine);
    if (result == 0)
        result = scaling_check(engine);
    /* Scaling may have something to do at this very moment. */
    const struct timer *first = timers_first(&engine->timers);
    bool services = services_waiting(engine);
    *ret_more = daemons || services || (first != NULL && first->due_ms <= engine_now_ms(engine));
    return result == 0 && services ? services_reconcile(engine) : result;
}

int engine_run_due(struct engine *engine) {
    int result = 0;
    bool more = true;
    for (unsigned steps = 0; result == 0 && more && steps < STEPS_PER_RUN; steps++) {
        int fired = fire_next(engine);
        if (fired == 0)
            result = settle(engine, &more);
        else if (fired < 0)
            result = fired;
    }
    return result;
}
