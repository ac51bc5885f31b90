/* Requests that we make: HTTP on the event loop, without waiting for anybody. The owner of the loop watches
 * outgoing_fd() and calls outgoing_run() when it is readable or when outgoing_wait_ms() has passed; `done` is called from
 * there. http and https only; redirects are not followed and no proxy is used. */
#ifndef ECS_LOCAL_OUTGOING_OUTGOING_H
#define ECS_LOCAL_OUTGOING_OUTGOING_H

#include <stddef.h>
#include <stdint.h>

struct outgoing;
struct outgoing_call;

struct outgoing_reply {
    unsigned status;   /* of HTTP; 0: there was no answer */
    const char *error; /* NULL with an answer; else why there is none */
    const char *body;  /* terminated by a NUL; at most OUTGOING_BODY_MAX bytes, the rest is thrown away */
    size_t body_length;
};

struct outgoing_request {
    const char *url;            /* everything is copied */
    const char *const *headers; /* "Name: value" */
    size_t header_count;
    const char *body; /* POST; NULL: GET */
    size_t body_length;
    int64_t timeout_ms; /* for all of it */
    void *context;
    /* Called once, unless the call is cancelled. The call ends with it. */
    void (*done)(void *context, const struct outgoing_reply *reply);
};

enum {
    OUTGOING_BODY_MAX = 256 * 1024
};

/* 0 or <0. */
int outgoing_open(struct outgoing **ret_outgoing);
/* Cancels what is under way. Takes NULL. */
void outgoing_close(struct outgoing *outgoing);
int outgoing_fd(const struct outgoing *outgoing);
int64_t outgoing_wait_ms(const struct outgoing *outgoing);
void outgoing_run(struct outgoing *outgoing);

/* 0 and *ret_call; 1 when the URL or a header is none that can be used. */
int outgoing_call(
    struct outgoing *outgoing, const struct outgoing_request *request, struct outgoing_call **ret_call);
/* Nothing more is heard of it. Takes NULL. Not from within `done` of the same call. */
void outgoing_cancel(struct outgoing *outgoing, struct outgoing_call *call);
/* Can it be the URL of a request? */
int outgoing_check_url(const char *url);

#endif
