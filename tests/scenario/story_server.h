/* The whole server inside this process: the program's own options, rooms, listener and turn of the loop, on one thread
 * together with the client that asks. */
#ifndef STORY_SERVER_H
#define STORY_SERVER_H

#include <stdbool.h>

#include "ecs-local/base/buf.h"

struct story_server;

/* Options as on the command line, NULL-terminated. NULL when it does not start. */
struct story_server *story_server_open(const char *const *arguments);
/* Takes NULL. */
void story_server_close(struct story_server *server);
/* One request: `headers` are whole lines, each with its CRLF. Turns the loop until the reply is there. The status, 0
 * when no reply came; the reply's body replaces what is in `ret_body`. */
unsigned story_server_ask(struct story_server *server, const char *method, const char *path,
    const char *headers, const char *body, struct buf *ret_body);

#endif
