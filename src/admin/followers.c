#include "followers.h"

#include "ecs-local/base/clock.h"
#include "sink_delivery.h"

bool journal_place_renew(struct journal_place *place, const struct journal_bounds *bounds) {
    if (place->epoch == bounds->epoch)
        return false;
    place->epoch = bounds->epoch;
    place->next = bounds->begin;
    return true;
}

int64_t followers_now_ms(void) {
    return machine_monotonic_us() / 1000;
}

static int64_t sooner(int64_t left_ms, int64_t right_ms) {
    if (left_ms < 0)
        return right_ms;
    return right_ms < 0 || left_ms < right_ms ? left_ms : right_ms;
}

int64_t admin_wait_ms(struct admin *admin) {
    return sooner(sooner(waiters_wait_ms(admin), streams_wait_ms(admin)), deliveries_wait_ms(admin));
}

void admin_run_due(struct admin *admin) {
    waiters_run(admin);
    streams_run(admin);
    deliveries_pump(admin);
}

void admin_turn_done(struct admin *admin) {
    struct followers *followers = &admin->followers;
    struct journal_bounds bounds;
    bool has_sinks = engine_sink_next(admin->config.engine, 0) != NULL;
    if ((followers->waiter_count + followers->stream_count == 0 && !has_sinks) ||
        engine_journal_bounds(admin->config.engine, &bounds) != 0)
        return;
    if (!followers->look && bounds.committed == followers->seen && bounds.epoch == followers->epoch)
        return;
    followers->look = false;
    followers->seen = bounds.committed;
    followers->epoch = bounds.epoch;
    waiters_look(admin, &bounds);
    streams_wake(admin);
    /* The next round delivers: what comes of it is to be stored with that one's turn. */
    admin->deliveries.more |= has_sinks;
}
