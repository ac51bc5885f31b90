/* The request as the handler sees it, and its reply. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/log.h"
#include "http_internal.h"

enum {
    BODY_FIRST_BYTES = 4096,
    BODY_KEEP_BYTES = 16384,         /* a larger buffer is given back after its request */
    BODIES_AT_ONCE = 64,             /* full bodies that all connections together may hold */
    REPLY_HEADERS_MAX_BYTES = 16384, /* of http_reply_header() */
    REPLY_BODY_MAX_BYTES = 64 * 1024 * 1024,
    REPLY_BODY_KEEP_BYTES = 8192, /* a larger one is given back after its request */
};

struct http_exchange *http_exchange_new(struct http_server *server, struct MHD_Connection *connection) {
    struct http_exchange *exchange = xcalloc(1, sizeof(*exchange));
    exchange->server = server;
    exchange->connection = connection;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    exchange->fd = info != NULL ? info->connect_fd : -1;
    exchange->bytes_known = true; /* a new connection has received none */
    exchange->reply_headers = (struct buf)BUF_INIT(REPLY_HEADERS_MAX_BYTES);
    exchange->reply_body = (struct buf)BUF_INIT(REPLY_BODY_MAX_BYTES);
    http_ring_init(&exchange->waiting);
    http_ring_append(&server->all, &exchange->all);
    return exchange;
}

void http_exchange_drop_body(struct http_exchange *exchange) {
    free(exchange->body);
    exchange->server->body_memory -= exchange->body_capacity;
    exchange->body = NULL;
    exchange->body_capacity = 0;
    exchange->body_length = 0;
}

void http_exchange_drop_reply(struct http_exchange *exchange) {
    if (exchange->response != NULL)
        MHD_destroy_response(exchange->response);
    exchange->response = NULL;
    buf_clear(&exchange->reply_headers);
}

void http_exchange_reset(struct http_exchange *exchange) {
    http_ring_remove(&exchange->waiting);
    http_stream_leave(exchange);
    http_exchange_drop_reply(exchange);
    if (exchange->body_capacity > BODY_KEEP_BYTES) {
        exchange->server->given_back += exchange->body_capacity;
        http_exchange_drop_body(exchange);
    }
    if (exchange->reply_body.capacity > REPLY_BODY_KEEP_BYTES || buf_failed(&exchange->reply_body))
        buf_done(&exchange->reply_body);
    exchange->body_length = 0;
    exchange->discarded = 0;
    exchange->method = NULL;
    exchange->path = NULL;
    exchange->header_count = 0;
    exchange->first_call_done = false;
    exchange->started_ms = 0;
    exchange->bytes_known = false;
    exchange->state = HTTP_STATE_AWAITING;
}

void http_exchange_free(struct http_exchange *exchange) {
    if (exchange == NULL)
        return;
    http_exchange_reset(exchange);
    http_exchange_drop_body(exchange);
    buf_done(&exchange->reply_headers);
    buf_done(&exchange->reply_body);
    http_ring_remove(&exchange->all);
    free(exchange);
}

int http_exchange_append_body(struct http_exchange *exchange, const char *bytes, size_t length) {
    struct http_server *server = exchange->server;
    size_t maximum = exchange->max_body_bytes;
    size_t usual = server->config.max_body_bytes;
    if (length > maximum - exchange->body_length)
        return 1;
    size_t needed = exchange->body_length + length + 1;
    if (needed > exchange->body_capacity) {
        size_t capacity = exchange->body_capacity != 0 ? exchange->body_capacity : BODY_FIRST_BYTES;
        while (capacity < needed)
            capacity *= 2;
        if (capacity > maximum + 1)
            capacity = maximum + 1;
        size_t growth = capacity - exchange->body_capacity;
        size_t together = (usual + 1) * BODIES_AT_ONCE + (maximum > usual ? maximum : 0);
        if (server->body_memory + growth > together)
            return 1;
        server->body_memory += growth;
        exchange->body = xrealloc(exchange->body, capacity);
        exchange->body_capacity = capacity;
    }
    memcpy(exchange->body + exchange->body_length, bytes, length);
    exchange->body_length += length;
    exchange->body[exchange->body_length] = '\0';
    return 0;
}

const char *http_method(const struct http_exchange *exchange) {
    return exchange->method;
}

const char *http_path(const struct http_exchange *exchange) {
    return exchange->path;
}

static bool is_named(const char *name, size_t length, const char *wanted, size_t wanted_length) {
    return length == wanted_length && strncasecmp(name, wanted, length) == 0;
}

#define IS_NAMED(name, length, literal) is_named(name, length, literal, sizeof(literal) - 1)

static enum MHD_Result note_header(void *context, enum MHD_ValueKind kind, const char *name,
    size_t name_length, const char *value, size_t value_length) {
    (void)kind;
    (void)value_length;
    struct http_exchange *exchange = context;
    exchange->framing_count += IS_NAMED(name, name_length, "Content-Length") ||
                               IS_NAMED(name, name_length, "Transfer-Encoding");
    exchange->host_count += IS_NAMED(name, name_length, "Host");
    if (exchange->header_count < HTTP_HEADERS_NOTED)
        exchange->headers[exchange->header_count] = (struct http_noted_header){name, name_length, value};
    exchange->header_count++;
    return MHD_YES;
}

void http_exchange_note_headers(struct http_exchange *exchange) {
    exchange->header_count = exchange->framing_count = exchange->host_count = 0;
    MHD_get_connection_values_n(exchange->connection, MHD_HEADER_KIND, note_header, exchange);
}

const char *http_header(const struct http_exchange *exchange, const char *name) {
    size_t length = strlen(name);
    for (unsigned index = 0; index < exchange->header_count && index < HTTP_HEADERS_NOTED; index++) {
        const struct http_noted_header *header = &exchange->headers[index];
        if (is_named(header->name, header->name_length, name, length))
            return header->value;
    }
    return exchange->header_count > HTTP_HEADERS_NOTED
               ? MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name)
               : NULL;
}

const char *http_query(const struct http_exchange *exchange, const char *name) {
    const char *value = NULL;
    enum MHD_Result found = MHD_lookup_connection_value_n(
        exchange->connection, MHD_GET_ARGUMENT_KIND, name, strlen(name), &value, NULL);
    if (found != MHD_YES)
        return NULL;
    return value != NULL ? value : "";
}

const char *http_body(const struct http_exchange *exchange, size_t *ret_length) {
    *ret_length = exchange->body_length;
    return exchange->body_length != 0 ? exchange->body : "";
}

const char *http_peer(const struct http_exchange *exchange) {
    /* Filled on first use: most requests never ask. */
    struct http_exchange *cache = (struct http_exchange *)exchange;
    if (cache->peer[0] != '\0')
        return cache->peer;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info != NULL ? info->client_addr : NULL;
    const void *digits = NULL;
    if (address != NULL && address->sa_family == AF_INET)
        digits = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    else if (address != NULL && address->sa_family == AF_INET6)
        digits = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (digits == NULL || inet_ntop(address->sa_family, digits, cache->peer, sizeof(cache->peer)) == NULL)
        return "unknown";
    return cache->peer;
}

void http_reply_header(struct http_exchange *exchange, const char *name, const char *value) {
    buf_append(&exchange->reply_headers, name, strlen(name) + 1);
    buf_append(&exchange->reply_headers, value, strlen(value) + 1);
}

static void add_header(struct http_exchange *exchange, const char *name, const char *value) {
    /* The library refuses what would break the reply apart (line ends, empty values). */
    if (MHD_add_response_header(exchange->response, name, value) != MHD_YES)
        log_debug("the reply header %s was left out: its value cannot be sent", name);
}

void http_exchange_set_response(struct http_exchange *exchange, struct MHD_Response *response,
    unsigned status, const char *content_type) {
    struct buf *headers = &exchange->reply_headers;
    if (exchange->response != NULL)
        MHD_destroy_response(exchange->response);
    if (response == NULL)
        memory_die();
    exchange->response = response;
    exchange->status = status;
    if (buf_failed(headers))
        log_error("the headers of a reply take more than %d bytes: left out", REPLY_HEADERS_MAX_BYTES);
    for (size_t at = 0; !buf_failed(headers) && at < headers->length;) {
        const char *name = headers->data + at;
        const char *value = name + strlen(name) + 1;
        add_header(exchange, name, value);
        at = (size_t)(value - headers->data) + strlen(value) + 1;
    }
    buf_clear(headers);
    if (content_type != NULL)
        add_header(exchange, "Content-Type", content_type);
    if (exchange->server->quiesced)
        add_header(exchange, "Connection", "close");
}

void http_reply(struct http_exchange *exchange, unsigned status, const char *content_type, char *body,
    size_t body_length) {
    struct MHD_Response *response = body == NULL
                                        ? MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT)
                                        : MHD_create_response_from_buffer(
                                              body_length, body, MHD_RESPMEM_MUST_FREE);
    http_exchange_set_response(exchange, response, status, content_type);
}

struct buf *http_reply_body(struct http_exchange *exchange) {
    return &exchange->reply_body;
}

void http_reply_written(struct http_exchange *exchange, unsigned status, const char *content_type) {
    struct MHD_Response *response = MHD_create_response_from_buffer(
        exchange->reply_body.length, exchange->reply_body.data, MHD_RESPMEM_PERSISTENT);
    http_exchange_set_response(exchange, response, status, content_type);
}

void http_exchange_ready(struct http_exchange *exchange) {
    if (exchange->state != HTTP_STATE_LATER)
        return;
    exchange->state = HTTP_STATE_READY;
    http_ring_append(&exchange->server->waiting, &exchange->waiting);
}
