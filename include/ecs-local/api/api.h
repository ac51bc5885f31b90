/* The door of the operations. The protocol room makes a `struct api_call` from a checked request and calls
 * the handler that the table of operations names; the handler loads, decides, stores and writes its answer.
 *
 * A handler answers 0 (call->reply holds the JSON object), API_ERROR (call->error is set: an AWS error;
 * nothing was changed) or <0 (a failure of ours: 500, and the turn is rolled back). */
#ifndef ECS_LOCAL_API_API_H
#define ECS_LOCAL_API_API_H

#include "ecs-local/api/operations.h"
#include "ecs-local/base/buf.h"
#include "ecs-local/base/value.h"
#include "ecs-local/base/writer.h"
#include "ecs-local/domain/violation.h"
#include "ecs-local/engine/engine.h"

enum {
    API_ERROR = 100
}; /* unlike every outcome of other rooms */

struct api_call {
    struct engine *engine;
    struct arena *arena; /* of this request */
    struct scope *scope; /* the caller's account and region */
    const char *operation;
    const char *access_key;    /* NULL: none */
    const char *host;          /* the request's Host header, NULL: none */
    const struct value *input; /* the checked request */
    const char *body;          /* its text */
    size_t body_length;
    struct writer writer;            /* writes into the reply's buffer */
    struct violation error;          /* when the handler answers API_ERROR */
    const char *const *resource_ids; /* ConflictException only: NULL-terminated, or NULL */
};

#endif
