#include "ecs-local/domain/daemon.h"

enum {
    DRAIN_PERCENT_DEFAULT = 25, /* D: the service's own is not known */
    BACKOFF_FIRST_MS = 1000,
    BACKOFF_MAX_MS = 60 * 1000,
};

static unsigned tasks_of(const struct daemon_slot *slot) {
    return slot->running + slot->pending + slot->others + slot->stopping;
}

/* Without its daemon for now: between two revisions, or just begun. */
static bool is_busy(const struct daemon_slot *slot) {
    return slot->place == DAEMON_PLACE_ACTIVE && slot->running == 0 &&
           (slot->stopping != 0 || slot->others == 0);
}

static unsigned may_be_busy(unsigned active, double drain_percent) {
    double percent = drain_percent >= 0 ? drain_percent : DRAIN_PERCENT_DEFAULT;
    unsigned allowed = (unsigned)(active * percent / 100);
    return allowed != 0 ? allowed : 1;
}

static void count(struct daemon_counts *counts, const struct daemon_slot *slot) {
    bool active = slot->place == DAEMON_PLACE_ACTIVE;
    bool settled = slot->others == 0 && slot->stopping == 0;
    if (active && slot->running != 0)
        counts->running++;
    else if (active)
        counts->without++;
    if (active && slot->running == 0 && tasks_of(slot) != 0 && slot->others == 0)
        counts->draining++;
    if (active && (slot->running == 0 || !settled))
        counts->complete = false;
    if (slot->place == DAEMON_PLACE_FOREIGN && tasks_of(slot) != 0)
        counts->complete = false;
}

void daemon_plan(const struct daemon_slot *slots, unsigned count_of_slots, double drain_percent, bool ending,
    enum daemon_act *ret_acts, struct daemon_counts *ret_counts) {
    struct daemon_counts counts = {.complete = true};
    unsigned active = 0;
    unsigned busy = 0;
    for (unsigned index = 0; index < count_of_slots; index++) {
        active += slots[index].place == DAEMON_PLACE_ACTIVE;
        busy += is_busy(&slots[index]);
        count(&counts, &slots[index]);
    }
    unsigned allowed = may_be_busy(active, drain_percent);
    for (unsigned index = 0; index < count_of_slots; index++) {
        const struct daemon_slot *slot = &slots[index];
        ret_acts[index] = DAEMON_KEEP;
        if (ending || slot->place == DAEMON_PLACE_FOREIGN) {
            ret_acts[index] = slot->running + slot->pending + slot->others != 0 ? DAEMON_STOP_ALL
                                                                                : DAEMON_KEEP;
        } else if (slot->place == DAEMON_PLACE_DRAINING) {
            continue;
        } else if (tasks_of(slot) == 0) {
            ret_acts[index] = DAEMON_START;
        } else if (slot->others != 0 && (slot->running != 0 || busy < allowed)) {
            ret_acts[index] = DAEMON_STOP_OTHERS;
            busy += slot->running == 0;
        }
    }
    *ret_counts = counts;
}

int64_t daemon_backoff_ms(int64_t failures) {
    if (failures <= 0)
        return 0;
    int64_t wait_ms = BACKOFF_FIRST_MS;
    for (int64_t failure = 1; failure < failures && wait_ms < BACKOFF_MAX_MS; failure++)
        wait_ms *= 2;
    return wait_ms < BACKOFF_MAX_MS ? wait_ms : BACKOFF_MAX_MS;
}
