/* Managed daemons: the rules of their task definitions, and what is to be done so that every instance has its one
 * task of the daemon. Pure. Source: facts services 13. */
#ifndef ECS_LOCAL_DOMAIN_DAEMON_H
#define ECS_LOCAL_DOMAIN_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "ecs-local/base/arena.h"
#include "ecs-local/base/value.h"
#include "ecs-local/domain/violation.h"

/* Checks a RegisterDaemonTaskDefinition request by the rules of task definitions (D: the service's own are not
 * known); the memory of containers may be left open. 0, or 1 and the first rule that it breaks. */
int daemon_definition_check(
    struct arena *arena, const struct value *request, struct violation *ret_violation);
/* The DaemonTaskDefinition as it comes back, without ARN, revision, status and times. task_definition_summarise()
 * reads it. */
struct value *daemon_definition_normalise(
    struct arena *arena, const struct value *request, const char *partition, const char *account);

/* How an instance stands to a daemon. */
enum daemon_place {
    DAEMON_PLACE_ACTIVE,   /* ACTIVE, of one of its capacity providers */
    DAEMON_PLACE_DRAINING, /* of one of them, but on its way out: nothing is started, what runs there stays */
    DAEMON_PLACE_FOREIGN,  /* of none of them: what runs there is to stop */
};

/* An instance and the daemon's tasks on it. */
struct daemon_slot {
    enum daemon_place place;
    unsigned running;  /* tasks of the wanted revision that run */
    unsigned pending;  /* … that are on their way to it */
    unsigned others;   /* of other revisions, wanted RUNNING */
    unsigned stopping; /* of any revision, being stopped */
};

enum daemon_act {
    DAEMON_KEEP,
    DAEMON_START,
    DAEMON_STOP_OTHERS,
    DAEMON_STOP_ALL,
};

struct daemon_counts {
    unsigned running;  /* ACTIVE instances where the wanted revision runs */
    unsigned without;  /* ACTIVE instances without it */
    unsigned draining; /* those that are between two revisions */
    bool complete; /* every ACTIVE instance has the wanted revision, and nothing else of the daemon is left */
};

/* What to do on each instance. Where nothing of the daemon is, it is started at once; another revision is replaced on
 * `drain_percent` (below 0: not given) of the ACTIVE instances at a time, at least one (D: the service's own rounding
 * is not known). `ending`: the daemon is being deleted, everything stops. */
void daemon_plan(const struct daemon_slot *slots, unsigned count, double drain_percent, bool ending,
    enum daemon_act *ret_acts, struct daemon_counts *ret_counts);

enum {
    DAEMON_FAILURES_MAX = 10, /* the circuit breaker's threshold */
    DAEMON_NAME_MAX = 255,
};
/* How long after the last failure a task is started again, when `failures` have come in a row (D). */
int64_t daemon_backoff_ms(int64_t failures);
enum {
    DAEMON_CALM_MS = 5 * 60 * 1000, /* failures that lie so far apart do not make a row */
    DAEMON_SETTLE_MS = 40 * 1000, /* a task that is known to end sooner does not serve (as of services, D) */
};

#endif
