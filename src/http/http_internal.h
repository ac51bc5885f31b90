/* What the files of this room share. One exchange per connection, used again for every request on it. */
#ifndef HTTP_INTERNAL_H
#define HTTP_INTERNAL_H

#include <microhttpd.h>
#include <netinet/in.h>

#include "ecs-local/base/buf.h"
#include "ecs-local/http/http_server.h"

enum http_state {
    HTTP_STATE_AWAITING,   /* no request line yet: idle, or its first bytes are coming in */
    HTTP_STATE_RECEIVING,  /* the request line is there, headers and body follow */
    HTTP_STATE_DISCARDING, /* the body is too large: read and thrown away so that the refusal arrives */
    HTTP_STATE_HELD,       /* the reply waits for http_server_release() */
    HTTP_STATE_LATER,      /* the handler keeps the exchange; the connection is suspended */
    HTTP_STATE_READY,      /* as LATER, but the reply is there and waits for http_server_release() */
    HTTP_STATE_RELEASED,   /* the reply may be queued as soon as the library asks */
    HTTP_STATE_SENDING,    /* the reply is with the library */
};

/* A ring with a head; an exchange that is in no ring points at itself. */
struct http_ring {
    struct http_ring *previous;
    struct http_ring *next;
};

struct http_streaming; /* http_stream.c */

enum {
    HTTP_HEADERS_NOTED =
        32, /* more than clients send; those of a longer request are looked up in the library */
};

/* A header of the request; its text is the library's, until the request is over. */
struct http_noted_header {
    const char *name;
    size_t name_length;
    const char *value;
};

struct http_exchange {
    struct http_ring all;     /* every connection; must stay first */
    struct http_ring waiting; /* those whose reply waits for a release, in the order of their arrival */
    struct http_server *server;
    struct MHD_Connection *connection;
    int fd;
    enum http_state state;
    bool first_call_done; /* of this request */
    bool dropped;

    /* The deadline of a request (http_deadline.c). */
    int64_t started_ms; /* 0: no byte of a request seen */
    uint64_t bytes_seen;
    bool bytes_known;

    const char *method;
    const char *path;
    struct http_noted_header headers[HTTP_HEADERS_NOTED];
    unsigned header_count;  /* all of them, also those that have no place here */
    unsigned framing_count; /* how often it is said where the body ends */
    unsigned host_count;
    size_t max_body_bytes; /* of this request */
    char *body;
    size_t body_length;
    size_t body_capacity;
    uint64_t discarded;

    struct buf reply_headers; /* name NUL value NUL … until http_reply() */
    struct buf reply_body;    /* of http_reply_written() */
    struct MHD_Response *response;
    struct http_streaming *streaming; /* NULL: the reply is no stream */
    unsigned status;

    char peer[INET6_ADDRSTRLEN];
};

struct http_server {
    struct http_config config;
    struct http_handler handler;
    struct MHD_Daemon *daemon;
    int listen_fd; /* -1 once quiesced */
    int epoll_fd;
    uint16_t port;
    bool quiesced;
    bool released; /* replies are RELEASED and not yet queued */
    int64_t now_ms;
    int64_t next_sweep_ms; /* 0: none planned */
    unsigned connections;
    unsigned in_flight;
    size_t body_memory;        /* sum of body_capacity */
    size_t given_back;         /* of large bodies, since the last trim */
    unsigned most_connections; /* at once, since the last trim */
    struct http_ring all;
    struct http_ring waiting;
};

static inline void http_ring_init(struct http_ring *ring) {
    ring->previous = ring->next = ring;
}

static inline bool http_ring_empty(const struct http_ring *ring) {
    return ring->next == ring;
}

static inline void http_ring_append(struct http_ring *head, struct http_ring *ring) {
    ring->previous = head->previous;
    ring->next = head;
    head->previous->next = ring;
    head->previous = ring;
}

static inline void http_ring_remove(struct http_ring *ring) {
    ring->previous->next = ring->next;
    ring->next->previous = ring->previous;
    http_ring_init(ring);
}

static inline struct http_exchange *http_exchange_of_waiting(struct http_ring *ring) {
    return (struct http_exchange *)(void *)((char *)ring - offsetof(struct http_exchange, waiting));
}

/* http_listen.c: a non-blocking listening socket and the port it got. 0, 1 when in use, or <0. */
int http_listen(const char *host, uint16_t port, int *ret_fd, uint16_t *ret_port);

/* http_exchange.c */
struct http_exchange *http_exchange_new(struct http_server *server, struct MHD_Connection *connection);
void http_exchange_free(struct http_exchange *exchange);
/* Forgets the request, keeps what the next one can use. */
void http_exchange_reset(struct http_exchange *exchange);
/* 0, or 1 when it does not fit: into the maximum, or into what all bodies together may take. */
int http_exchange_append_body(struct http_exchange *exchange, const char *bytes, size_t length);
void http_exchange_drop_body(struct http_exchange *exchange);
void http_exchange_drop_reply(struct http_exchange *exchange);
/* Once, when the request's headers are there. */
void http_exchange_note_headers(struct http_exchange *exchange);

/* Puts the response in the place of another one, with the headers that have been added. */
void http_exchange_set_response(
    struct http_exchange *exchange, struct MHD_Response *response, unsigned status, const char *content_type);

/* http_stream.c: the exchange has nothing to do with its stream any more. */
void http_stream_leave(struct http_exchange *exchange);

/* http_deadline.c */
int64_t http_deadline_sweep_every_ms(const struct http_server *server);
void http_deadline_sweep(struct http_server *server);
/* Milliseconds until the next sweep, -1: none needed. */
int64_t http_deadline_wait_ms(struct http_server *server);

#endif
