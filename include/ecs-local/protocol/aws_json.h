/* AWS JSON 1.1: a request with X-Amz-Target becomes an operation, its body a checked tree, and what the
 * handler answers becomes a reply. Knows nothing of HTTP libraries: the owner hands over the texts. Facts:
 * tasks 1. */
#ifndef ECS_LOCAL_PROTOCOL_AWS_JSON_H
#define ECS_LOCAL_PROTOCOL_AWS_JSON_H

#include <stddef.h>

#include "ecs-local/base/buf.h"
#include "ecs-local/base/ids.h"

struct engine;
struct aws_json;

struct aws_json_config {
    struct engine *engine;       /* borrowed */
    const char *default_account; /* when the credential scope says nothing; borrowed */
    const char *default_region;
};

struct aws_json_request {
    const char *target;        /* X-Amz-Target, NULL when absent */
    const char *authorization; /* NULL when absent */
    const char *host;          /* NULL when absent */
    const char *body;
    size_t body_length;
};

struct aws_json_reply {
    unsigned status;        /* 200, 400, 500, 501 */
    struct buf *body;       /* the caller's: what is replied is written here, in place of what it held */
    const char *error_code; /* NULL for 200; valid until the next request */
    const char *error_message;
    int64_t latency_ms;            /* the reply is to leave so much later (machine time) */
    char request_id[ID_UUID_SIZE]; /* "" when the request was not looked at */
};

#define AWS_JSON_CONTENT_TYPE "application/x-amz-json-1.1"

struct aws_json *aws_json_open(const struct aws_json_config *config);
/* Takes NULL. */
void aws_json_close(struct aws_json *aws);

/* These begin a reply anew; of `ret_reply` only `body` must be set.
 *
 * Always gives a reply. 0, or <0 when the turn must be rolled back (the reply is a 500 then). */
int aws_json_handle(
    struct aws_json *aws, const struct aws_json_request *request, struct aws_json_reply *ret_reply);
/* The reply for a failure of ours. */
void aws_json_server_error(struct aws_json_reply *ret_reply);
/* The reply to somebody who may not ask. */
void aws_json_forbidden(const char *message, struct aws_json_reply *ret_reply);
/* The reply, 413, to a request of which something ("body is") is larger than allowed. */
void aws_json_too_large(const char *what, size_t limit, struct aws_json_reply *ret_reply);
/* The reply to a request that cannot be read. */
void aws_json_unreadable(const char *message, struct aws_json_reply *ret_reply);

#endif
