/* Replies that a fault makes late: they are there, and leave when their time has come. Nothing blocks meanwhile. */
#ifndef DELAYED_REPLIES_H
#define DELAYED_REPLIES_H

#include <stdbool.h>
#include <stdint.h>

#include "ecs-local/http/http_server.h"

struct delayed_replies;

struct delayed_replies *delayed_replies_new(void);
/* Takes NULL. Sends nothing. */
void delayed_replies_free(struct delayed_replies *replies);

/* The exchange has its reply, and its handler answers HTTP_SEND_LATER. */
void delayed_replies_add(struct delayed_replies *replies, struct http_exchange *exchange, int64_t latency_ms);
/* Machine milliseconds until one has to leave: 0 now, -1 none. */
int64_t delayed_replies_wait_ms(const struct delayed_replies *replies);
/* Lets those go whose time has come. */
void delayed_replies_run(struct delayed_replies *replies);
/* The turn has ended. When it was rolled back, `refuse` gives those of this turn another reply. */
void delayed_replies_turn_done(struct delayed_replies *replies, bool failed, void *context,
    void (*refuse)(void *context, struct http_exchange *exchange));

#endif
