/* Those who follow the journal: held requests (POST /_ecs/journal/wait) and event streams (GET /_ecs/events). Each has a
 * place in the journal and no queue; they look after each turn that was committed. */
#ifndef FOLLOWERS_H
#define FOLLOWERS_H

#include "admin_internal.h"

/* A place in the journal that stays right when its numbers begin again. */
struct journal_place {
    int64_t next;
    unsigned epoch;
};
/* True when the journal has begun again since: then the place is at its beginning. */
bool journal_place_renew(struct journal_place *place, const struct journal_bounds *bounds);

/* admin_wait.c */
void waiters_look(struct admin *admin, const struct journal_bounds *bounds);
int64_t waiters_wait_ms(const struct admin *admin);
/* Gives up those whose time is over. */
void waiters_run(struct admin *admin);
void waiters_free(struct admin *admin);

/* admin_events.c */
void streams_wake(struct admin *admin);
int64_t streams_wait_ms(const struct admin *admin);
void streams_run(struct admin *admin);
void streams_free(struct admin *admin);

int64_t followers_now_ms(void);

#endif
