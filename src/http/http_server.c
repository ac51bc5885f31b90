/* The listener on libmicrohttpd. The library reads, parses and sends; this file decides how large a request
 * may be, when it goes to the handler and when its reply may leave.
 *
 * A held reply does not suspend its connection: the library asks again for the reply of a complete request on
 * every run, so holding means not to answer yet, and costs no system call (suspending would take the socket
 * out of the epoll set and put it back). Only HTTP_SEND_LATER suspends, because it may take long. */
#include "ecs-local/http/http_server.h"

#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "ecs-local/base/clock.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/log.h"
#include "http_internal.h"

enum {
    /* Beside the headers the library keeps its own records of them, and the reply's headers, in the same
     * pool. */
    POOL_EXTRA_BYTES = 8192,
    /* A body that is too large by up to so much is read to its end, so that a client that sends everything
     * before it reads still gets the refusal and not a broken connection. */
    DISCARD_MAX_BYTES = 8 * 1024 * 1024,
    /* So much of large bodies has been given back before memory is looked for that the kernel can have. */
    TRIM_BYTES = 512 * 1024,
    CROWD_CONNECTIONS = 64, /* the same is done when three quarters of so many or more have gone */
    /* The library stops accepting at its limit; ours closes instead, so its own must stay out of the way. */
    LIBRARY_CONNECTIONS_EXTRA = 64,
};

static int64_t monotonic_ms(void) {
    return machine_monotonic_us() / 1000;
}

static void forward_log(void *context, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void forward_log(void *context, const char *format, va_list arguments) {
    (void)context;
    char line[512];
    vsnprintf(line, sizeof(line), format, arguments);
    line[strcspn(line, "\n")] = '\0';
    log_debug("libmicrohttpd: %s", line);
}

static int hex_digit(char character) {
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    if (character >= 'A' && character <= 'F')
        return character - 'A' + 10;
    return -1;
}

/* Decodes %XX in place. "%00" stays as it is: decoded it would end the text early, and a path would look like
 * another, shorter one. */
static size_t unescape(void *context, struct MHD_Connection *connection, char *text) {
    (void)context;
    (void)connection;
    char *to = text;
    for (const char *from = text; *from != '\0'; to++) {
        int high = from[0] == '%' ? hex_digit(from[1]) : -1;
        int low = high >= 0 ? hex_digit(from[2]) : -1;
        if (low < 0 || (high == 0 && low == 0)) {
            *to = *from++;
            continue;
        }
        *to = (char)(high * 16 + low);
        from += 3;
    }
    *to = '\0';
    return (size_t)(to - text);
}

static enum MHD_Result accept_policy(void *context, const struct sockaddr *address, socklen_t size) {
    (void)address;
    (void)size;
    struct http_server *server = context;
    return server->connections < server->config.max_connections ? MHD_YES : MHD_NO;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
    enum MHD_ConnectionNotificationCode code) {
    struct http_server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context = http_exchange_new(server, connection);
        server->connections++;
        if (server->connections > server->most_connections)
            server->most_connections = server->connections;
        if (server->next_sweep_ms == 0)
            server->next_sweep_ms = server->now_ms + http_deadline_sweep_every_ms(server);
        return;
    }
    http_exchange_free(*socket_context);
    *socket_context = NULL;
    server->connections--;
}

static void *on_request_line(void *context, const char *uri, struct MHD_Connection *connection) {
    (void)uri;
    struct http_server *server = context;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct http_exchange *exchange = info->socket_context;
    exchange->state = HTTP_STATE_RECEIVING;
    if (exchange->started_ms == 0)
        exchange->started_ms = server->now_ms;
    server->in_flight++;
    return exchange;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request_context,
    enum MHD_RequestTerminationCode code) {
    (void)connection;
    (void)code;
    struct http_server *server = context;
    if (*request_context == NULL)
        return;
    http_exchange_reset(*request_context);
    *request_context = NULL;
    server->in_flight--;
}

static enum MHD_Result queue_reply(struct http_exchange *exchange) {
    enum MHD_Result queued = MHD_queue_response(exchange->connection, exchange->status, exchange->response);
    http_exchange_drop_reply(exchange); /* the library holds its own reference */
    exchange->state = HTTP_STATE_SENDING;
    return queued;
}

/* A handler that forgot to reply must not leave its client waiting. */
static void ensure_reply(struct http_exchange *exchange, unsigned status) {
    if (exchange->response != NULL)
        return;
    error_raise(ERR_BUG, "no reply was given to %s %s", exchange->method, exchange->path);
    http_reply(exchange, status, NULL, NULL, 0);
}

static void refuse(struct http_exchange *exchange, enum http_refusal refusal, unsigned fallback_status) {
    struct http_server *server = exchange->server;
    http_exchange_drop_reply(exchange);
    server->handler.refuse(server->handler.context, exchange, refusal);
    ensure_reply(exchange, fallback_status);
}

/* What Content-Length says; 0 when there is none, UINT64_MAX when it is beyond counting. */
static uint64_t announced_length(const struct http_exchange *exchange) {
    const char *text = http_header(exchange, "Content-Length");
    uint64_t length = 0;
    for (; text != NULL && *text >= '0' && *text <= '9'; text++) {
        if (length > UINT64_MAX / 10 - 1)
            return UINT64_MAX;
        length = length * 10 + (uint64_t)(*text - '0');
    }
    return length;
}

/* Two lengths, or a length beside chunks: readers could disagree about where the request ends, and take the
 * rest for another one (RFC 9112, 6.3). The same goes for whom it is meant: HTTP/1.1 has one Host, HTTP/1.0 may have
 * none (3.2). */
static bool is_ambiguous(
    const struct http_exchange *exchange, const char *version, enum http_refusal *ret_refusal) {
    *ret_refusal = HTTP_REFUSED_AMBIGUOUS;
    if (exchange->framing_count > 1)
        return true;
    *ret_refusal = HTTP_REFUSED_HOST;
    return exchange->host_count > 1 ||
           (exchange->host_count == 0 && strcmp(version, MHD_HTTP_VERSION_1_0) != 0);
}

/* The request's headers are there, its body is not. */
static enum MHD_Result begin_request(struct http_exchange *exchange, const char *version) {
    const struct http_config *config = &exchange->server->config;
    exchange->first_call_done = true;
    http_exchange_note_headers(exchange);
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        exchange->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    if (info != NULL && info->header_size > config->max_header_bytes) {
        refuse(exchange, HTTP_REFUSED_HEADER_TOO_LARGE, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE);
        return queue_reply(exchange);
    }
    enum http_refusal refusal;
    if (is_ambiguous(exchange, version, &refusal)) {
        http_reply_header(exchange, "Connection", "close");
        refuse(exchange, refusal, MHD_HTTP_BAD_REQUEST);
        return queue_reply(exchange);
    }
    const struct http_handler *handler = &exchange->server->handler;
    exchange->max_body_bytes = handler->body_limit != NULL ? handler->body_limit(handler->context, exchange)
                                                           : config->max_body_bytes;
    uint64_t length = announced_length(exchange);
    if (length <= exchange->max_body_bytes)
        return MHD_YES;
    const char *expect = http_header(exchange, "Expect");
    bool client_waits = expect != NULL && strcasecmp(expect, "100-continue") == 0;
    exchange->state = HTTP_STATE_DISCARDING;
    if (!client_waits && length - exchange->max_body_bytes <= DISCARD_MAX_BYTES)
        return MHD_YES;
    refuse(exchange, HTTP_REFUSED_BODY_TOO_LARGE, MHD_HTTP_CONTENT_TOO_LARGE);
    return queue_reply(exchange);
}

/* MHD_NO closes the connection: the library takes no reply in the middle of a body. */
static enum MHD_Result take_body(struct http_exchange *exchange, const char *bytes, size_t length) {
    if (exchange->state == HTTP_STATE_RECEIVING) {
        if (http_exchange_append_body(exchange, bytes, length) == 0)
            return MHD_YES;
        exchange->state = HTTP_STATE_DISCARDING;
        exchange->discarded = exchange->body_length;
        http_exchange_drop_body(exchange);
    }
    exchange->discarded += length;
    return exchange->discarded <= (uint64_t)exchange->max_body_bytes + DISCARD_MAX_BYTES ? MHD_YES : MHD_NO;
}

/* The request is complete. */
static enum MHD_Result dispatch(struct http_exchange *exchange) {
    struct http_server *server = exchange->server;
    exchange->state = HTTP_STATE_LATER; /* so that http_exchange_ready() works from within the handler, too */
    enum http_send send = server->handler.handle(server->handler.context, exchange);
    if (send == HTTP_SEND_LATER) {
        MHD_suspend_connection(exchange->connection);
        return MHD_YES;
    }
    http_ring_remove(&exchange->waiting);
    ensure_reply(exchange, MHD_HTTP_INTERNAL_SERVER_ERROR);
    if (send == HTTP_SEND_NOW)
        return queue_reply(exchange);
    exchange->state = HTTP_STATE_HELD;
    http_ring_append(&server->waiting, &exchange->waiting);
    return MHD_YES;
}

/* A request may name the whole URL (RFC 9112, 3.2.2), as for a proxy. */
static const char *path_of(const char *url) {
    static const char scheme[] = "http://";
    if (strncasecmp(url, scheme, sizeof(scheme) - 1) != 0)
        return url;
    const char *path = strchr(url + sizeof(scheme) - 1, '/');
    return path != NULL ? path : "/";
}

/* The library calls it once with the headers, then with each part of the body, then without data until a
 * reply is queued. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_size,
    void **request_context) {
    (void)context;
    (void)connection;
    struct http_exchange *exchange = *request_context;
    if (!exchange->first_call_done) {
        exchange->method = method;
        exchange->path = path_of(url);
        return begin_request(exchange, version);
    }
    if (*upload_size != 0) {
        size_t length = *upload_size;
        *upload_size = 0;
        return take_body(exchange, upload, length);
    }
    switch (exchange->state) {
    case HTTP_STATE_RECEIVING:
        return dispatch(exchange);
    case HTTP_STATE_DISCARDING:
        refuse(exchange, HTTP_REFUSED_BODY_TOO_LARGE, MHD_HTTP_CONTENT_TOO_LARGE);
        return queue_reply(exchange);
    case HTTP_STATE_RELEASED:
        return queue_reply(exchange);
    case HTTP_STATE_AWAITING:
    case HTTP_STATE_HELD:
    case HTTP_STATE_LATER:
    case HTTP_STATE_READY:
    case HTTP_STATE_SENDING:
        break;
    }
    return MHD_YES;
}

static struct MHD_Daemon *start_daemon(struct http_server *server) {
    const struct http_config *config = &server->config;
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
    if (log_enabled(LOG_LEVEL_DEBUG))
        flags |= MHD_USE_ERROR_LOG;
    return MHD_start_daemon(flags, server->port, accept_policy, server, on_request, server,
        MHD_OPTION_EXTERNAL_LOGGER, forward_log, NULL, MHD_OPTION_LISTEN_SOCKET, server->listen_fd,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        server, MHD_OPTION_URI_LOG_CALLBACK, on_request_line, server, MHD_OPTION_UNESCAPE_CALLBACK, unescape,
        NULL, MHD_OPTION_CONNECTION_TIMEOUT, config->idle_timeout_s, MHD_OPTION_CONNECTION_LIMIT,
        config->max_connections + LIBRARY_CONNECTIONS_EXTRA, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        config->max_header_bytes + POOL_EXTRA_BYTES, MHD_OPTION_END);
}

int http_server_open(
    const struct http_config *config, const struct http_handler *handler, struct http_server **ret_server) {
    int listen_fd;
    uint16_t port;
    int status = http_listen(config->host, config->port, &listen_fd, &port);
    if (status != 0)
        return status;

    struct http_server *server = xcalloc(1, sizeof(*server));
    server->config = *config;
    server->config.host = NULL; /* not needed any more, and not ours to keep */
    server->handler = *handler;
    server->listen_fd = listen_fd;
    server->port = port;
    server->now_ms = monotonic_ms();
    http_ring_init(&server->all);
    http_ring_init(&server->waiting);
    server->daemon = start_daemon(server);
    if (server->daemon == NULL) {
        free(server);
        return error_raise(ERR_IO, "cannot start the HTTP server: libmicrohttpd refused");
    }
    server->epoll_fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    /* The first run puts the listening socket into the library's set. */
    MHD_run(server->daemon);
    *ret_server = server;
    return 0;
}

void http_server_free(struct http_server *server) {
    if (server == NULL)
        return;
    /* The library wants no connection suspended when it stops. */
    for (struct http_ring *ring = server->all.next; ring != &server->all; ring = ring->next) {
        struct http_exchange *exchange = (struct http_exchange *)(void *)ring;
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(
            exchange->connection, MHD_CONNECTION_INFO_CONNECTION_SUSPENDED);
        if (info != NULL && info->suspended == MHD_YES)
            MHD_resume_connection(exchange->connection);
    }
    MHD_stop_daemon(server->daemon); /* closes the listening socket unless quiesced */
    free(server);
}

void http_server_quiesce(struct http_server *server) {
    if (server->quiesced)
        return;
    server->quiesced = true;
    int listen_fd = MHD_quiesce_daemon(server->daemon);
    if (listen_fd != MHD_INVALID_SOCKET)
        close(listen_fd);
    server->listen_fd = -1;
    /* Streams have no end of their own. */
    for (struct http_ring *ring = server->all.next; ring != &server->all; ring = ring->next)
        http_stream_wake((struct http_exchange *)(void *)ring);
}

unsigned http_server_in_flight(const struct http_server *server) {
    return server->in_flight;
}

uint16_t http_server_port(const struct http_server *server) {
    return server->port;
}

int http_server_fd(const struct http_server *server) {
    return server->epoll_fd;
}

int64_t http_server_wait_ms(struct http_server *server) {
    if (server->released)
        return 0;
    unsigned long long library_ms;
    int64_t wait_ms = -1;
    if (MHD_get_timeout(server->daemon, &library_ms) == MHD_YES)
        wait_ms = library_ms < INT32_MAX ? (int64_t)library_ms : INT32_MAX;
    if (wait_ms == 0)
        return 0;
    server->now_ms = monotonic_ms();
    int64_t sweep_ms = http_deadline_wait_ms(server);
    if (sweep_ms >= 0 && (wait_ms < 0 || sweep_ms < wait_ms))
        wait_ms = sweep_ms;
    return wait_ms;
}

/* A large body takes many times its size while it is read and checked, and a connection has its buffers: in pieces that
 * free() keeps. */
static void trim_memory(struct http_server *server) {
    bool crowd_gone = server->most_connections >= CROWD_CONNECTIONS &&
                      server->connections <= server->most_connections / 4;
    if (server->given_back < TRIM_BYTES && !crowd_gone)
        return;
    server->given_back = 0;
    server->most_connections = server->connections;
    malloc_trim(0);
}

void http_server_run(struct http_server *server) {
    server->now_ms = monotonic_ms();
    http_deadline_sweep(server);
    MHD_run(server->daemon);
    if (server->released) {
        /* That run fetched the replies that http_server_release() let go; this one sends them. */
        server->released = false;
        MHD_run(server->daemon);
    }
    trim_memory(server);
}

bool http_server_could_gather(const struct http_server *server) {
    struct pollfd ready = {.fd = http_server_fd(server), .events = POLLIN};
    return !http_ring_empty(&server->waiting) && poll(&ready, 1, 0) > 0;
}

void http_server_release(struct http_server *server, bool commit_failed) {
    while (!http_ring_empty(&server->waiting)) {
        struct http_exchange *exchange = http_exchange_of_waiting(server->waiting.next);
        http_ring_remove(&exchange->waiting);
        bool suspended = exchange->state == HTTP_STATE_READY;
        if (commit_failed)
            refuse(exchange, HTTP_REFUSED_HELD_FAILED, MHD_HTTP_INTERNAL_SERVER_ERROR);
        ensure_reply(exchange, MHD_HTTP_INTERNAL_SERVER_ERROR);
        exchange->state = HTTP_STATE_RELEASED;
        server->released = true;
        if (suspended)
            MHD_resume_connection(exchange->connection);
    }
}
