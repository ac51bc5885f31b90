/* The one loop of the process. A turn:
 *
 *   1  wait until the listener or a signal is ready, or a timer is due
 *   2  http_server_run(): every request that is ready goes through its handler; replies that need no commit leave
 *   3  run_due(): timers whose time has come
 *   4  commit(): all that 2 and 3 changed, in one transaction
 *   5  http_server_release(): the replies that waited for the commit; the next run sends them
 *
 * Steps 2 to 5 repeat without waiting while there is work at once.
 *
 * SIGTERM, SIGINT and SIGHUP (unless it was ignored when the process started, as nohup does) end it: no new
 * connections, requests under way get up to OVERTIME_MS to finish. SIGPIPE is ignored. */
#ifndef EVENT_LOOP_H
#define EVENT_LOOP_H

#include <stdint.h>

#include "ecs-local/http/http_server.h"

struct event_loop_hooks {
    void *context;
    int fd; /* one more descriptor: when it is readable, run_due() has something to do; -1: none */
    /* Machine milliseconds until run_due() has something to do: 0 now, -1 never. */
    int64_t (*wait_ms)(void *context);
    void (*run_due)(void *context);
    /* 0 when everything that changed since the last call is stored, <0 when it was rolled back. Called once a
     * turn, also when nothing changed. */
    int (*commit)(void *context);
};

/* Holds back the signals above until event_loop_run() takes them. Call first in main(), so that a signal
 * during start-up ends the process in order, too. */
void event_loop_hold_signals(void);

/* Runs until a signal ends it: 0; <0 when the loop itself broke. */
int event_loop_run(struct http_server *server, const struct event_loop_hooks *hooks);

#endif
