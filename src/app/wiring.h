/* Puts the rooms together: which store, which runtime, which clock; who handles which path. */
#ifndef WIRING_H
#define WIRING_H

#include "ecs-local/http/http_server.h"
#include "event_loop.h"
#include "options.h"

struct wiring;

/* 0 and *ret_wiring; <0 when something of ours failed (already logged); >0: it cannot start with these
 * options or this data directory, one clear line is on standard error, and the value is the process's exit
 * status. `options` must outlive the result. */
int wiring_open(const struct options *options, struct wiring **ret_wiring);
/* Commits what is left and closes everything. Takes NULL. */
void wiring_close(struct wiring *wiring);

/* Both stay valid until wiring_close(). */
struct http_handler wiring_http_handler(struct wiring *wiring);
struct event_loop_hooks wiring_hooks(struct wiring *wiring);

#endif
