/* The listener: bytes, limits, keep-alive and nothing of AWS. libmicrohttpd in external-polling mode; the
 * owner of the event loop watches http_server_fd() and calls http_server_run() when it is readable or when
 * http_server_wait_ms() has passed. Everything happens on the caller's thread.
 *
 * A request that is complete becomes a `struct http_exchange` and goes to the handler, which reads it and
 * calls http_reply() once: at once, later in the same turn, or in a later turn. The handler answers how the
 * reply may leave:
 *
 *   HTTP_SEND_NOW    it is there and may leave
 *   HTTP_SEND_HELD   it is there, but must wait for http_server_release() (group commit: after COMMIT)
 *   HTTP_SEND_LATER  it is not there yet; the handler keeps the exchange and replies in a later turn
 *
 * An exchange is valid until its reply has been given and released; what its accessors answer lives as long.
 *
 * When the client goes away, an exchange that is HELD disappears by itself. One that is LATER stays valid:
 * its connection is suspended, so nobody notices, and the handler replies as if the client were there. Only
 * http_server_free() ends it: a handler must forget its exchanges before, or at least not touch them after.
 */
#ifndef ECS_LOCAL_HTTP_HTTP_SERVER_H
#define ECS_LOCAL_HTTP_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ecs-local/base/buf.h"

struct http_server;
struct http_exchange;

enum http_send {
    HTTP_SEND_NOW,
    HTTP_SEND_HELD,
    HTTP_SEND_LATER,
};

/* What the server refuses on its own, before a handler sees it. In refuse() the method, the path and the
 * headers can be read; the body is empty or, for HELD_FAILED, the request's. */
enum http_refusal {
    /* The answer is 413. A body that is not more than 8 MiB over the limit is read to its end first, so that
     * the client gets the answer and keeps its connection; a longer announced one is answered at once and the
     * connection closed; a longer chunked one is cut off without an answer. A body of
     * allowed size is refused as well while all connections together hold as much as 64 full bodies (and one
     * larger body that body_limit() allows). */
    HTTP_REFUSED_BODY_TOO_LARGE,
    /* 431: the request line and headers are longer than allowed. Far longer ones get the library's own words. */
    HTTP_REFUSED_HEADER_TOO_LARGE,
    HTTP_REFUSED_AMBIGUOUS,   /* 400, and the connection is closed: where the body ends is said twice */
    HTTP_REFUSED_HOST,        /* 400, and the connection is closed: no Host, or more than one */
    HTTP_REFUSED_HELD_FAILED, /* a held reply whose commit failed: answer 500 instead */
};

struct http_handler {
    void *context;
    enum http_send (*handle)(void *context, struct http_exchange *exchange);
    /* How large the body of this request may be, when only its headers are there. NULL: max_body_bytes for all. */
    size_t (*body_limit)(void *context, const struct http_exchange *exchange);
    /* Writes the reply for a refusal (http_reply() with a body that suits the path). */
    void (*refuse)(void *context, struct http_exchange *exchange, enum http_refusal refusal);
};

struct http_config {
    const char *host;         /* an IPv4 or IPv6 address, or "localhost": 127.0.0.1 */
    uint16_t port;            /* 0: any free one */
    size_t max_body_bytes;    /* a larger body gets HTTP_REFUSED_BODY_TOO_LARGE */
    size_t max_header_bytes;  /* request line and headers together; more gets 431, a huge line 414 */
    unsigned max_connections; /* more are closed at once */
    unsigned idle_timeout_s;  /* a connection that sends nothing for so long is closed */
    /* A request that is not complete by then is dropped, however it trickles; the check may be up to half of
     * it late. The time a handler takes does not count. */
    unsigned request_timeout_s;
};

/* 0 and *ret_server, or <0; 1 when the address is in use (nothing logged: the caller says it). */
int http_server_open(
    const struct http_config *config, const struct http_handler *handler, struct http_server **ret_server);
/* Closes every connection, waits for nothing; replies not sent by now are lost. Takes NULL. */
void http_server_free(struct http_server *server);
/* No new connections; requests under way may finish. Replies say `Connection: close` from now on. */
void http_server_quiesce(struct http_server *server);
/* Requests whose request line has come in and that are not yet fully answered. */
unsigned http_server_in_flight(const struct http_server *server);

uint16_t http_server_port(const struct http_server *server);
/* One descriptor (an epoll set) that is readable when there is work. */
int http_server_fd(const struct http_server *server);
/* Milliseconds until http_server_run() must be called even without readiness; -1: never. 0 after a release,
 * and as long as a reply is HELD: release once per turn. */
int64_t http_server_wait_ms(struct http_server *server);
void http_server_run(struct http_server *server);
/* Do replies wait for a release, and is there more to be read at once, which might share it? */
bool http_server_could_gather(const struct http_server *server);
/* Lets every held reply go; when `commit_failed`, each is first replaced through refuse(HELD_FAILED). */
void http_server_release(struct http_server *server, bool commit_failed);

/* The request. Text is NUL-terminated; header names are matched without regard to case; NULL when absent. The
 * path and the query are decoded, except that "%00" stays as it is; they need not be valid UTF-8. A query
 * parameter without a value is "". The body is followed by a NUL; it is "" when there is none. */
const char *http_method(const struct http_exchange *exchange);
const char *http_path(const struct http_exchange *exchange);
const char *http_header(const struct http_exchange *exchange, const char *name);
const char *http_query(const struct http_exchange *exchange, const char *name);
const char *http_body(const struct http_exchange *exchange, size_t *ret_length);
/* The peer's address as text. */
const char *http_peer(const struct http_exchange *exchange);

/* The reply. http_reply() takes ownership of `body` (from malloc; NULL for none) and adds Content-Type
 * (unless NULL), Content-Length and Date. Further headers are added before it: at most 16 KiB, and none with
 * a line end or without a value. A second http_reply() replaces the first. For HEAD give the body as for GET:
 * only its length is sent. */
void http_reply_header(struct http_exchange *exchange, const char *name, const char *value);
void http_reply(struct http_exchange *exchange, unsigned status, const char *content_type, char *body,
    size_t body_length);
/* A buffer of the exchange's own to write a body into, and the reply with what is in it. It is kept for the next request,
 * so it costs less than a body from malloc. What it holds is the reply's until that is replaced or the request over. */
struct buf *http_reply_body(struct http_exchange *exchange);
void http_reply_written(struct http_exchange *exchange, unsigned status, const char *content_type);
/* For an exchange that was HTTP_SEND_LATER: the reply is there now and goes with the next release. May also
 * be called from within the handler that then answers HTTP_SEND_LATER; does nothing for any other exchange.
 */
void http_exchange_ready(struct http_exchange *exchange);

/* A reply that goes on for as long as its source has something to say. */
struct http_stream {
    void *context;
    /* Puts up to `size` bytes into `buffer`: how many; 0: nothing now, http_stream_wake() asks again; -1: the end.
     * Called while http_server_run() runs. */
    int64_t (*read)(void *context, char *buffer, size_t size);
    /* The client is gone, or everything has been sent. Called once; nothing else is called afterwards. */
    void (*done)(void *context);
};
/* As http_reply(), with a source instead of a body. When the server is quiesced the stream ends. */
void http_reply_stream(struct http_exchange *exchange, unsigned status, const char *content_type,
    const struct http_stream *stream);
/* The source of the exchange has something to say. Only between http_reply_stream() and done(). */
void http_stream_wake(struct http_exchange *exchange);

#endif
