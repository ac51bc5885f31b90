/* Replies without a known end. While the source has nothing to say the connection is suspended: the library would
 * otherwise ask again and again. Nobody watches a suspended socket, so a client that has gone is noticed with the next
 * bytes that are sent to it: sources say something now and then. */
#include <stdlib.h>

#include "ecs-local/base/error.h"
#include "http_internal.h"

enum {
    BLOCK_BYTES = 32 * 1024
};

struct http_streaming {
    struct http_exchange *exchange; /* NULL: the request is over */
    struct http_server *server;
    struct http_stream source;
    bool paused;
};

static ssize_t read_block(void *context, uint64_t position, char *buffer, size_t size) {
    (void)position;
    struct http_streaming *streaming = context;
    if (streaming->server->quiesced)
        return MHD_CONTENT_READER_END_OF_STREAM;
    int64_t length = streaming->source.read(streaming->source.context, buffer, size);
    if (length < 0)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (length == 0 && streaming->exchange != NULL) {
        streaming->paused = true;
        MHD_suspend_connection(streaming->exchange->connection);
    }
    return (ssize_t)length;
}

static void finish(void *context) {
    struct http_streaming *streaming = context;
    if (streaming->exchange != NULL)
        streaming->exchange->streaming = NULL;
    streaming->source.done(streaming->source.context);
    free(streaming);
}

void http_reply_stream(struct http_exchange *exchange, unsigned status, const char *content_type,
    const struct http_stream *stream) {
    struct http_streaming *streaming = xcalloc(1, sizeof(*streaming));
    http_stream_leave(exchange);
    streaming->exchange = exchange;
    streaming->server = exchange->server;
    streaming->source = *stream;
    exchange->streaming = streaming;
    http_exchange_set_response(exchange,
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_block, streaming, finish),
        status, content_type);
}

void http_stream_leave(struct http_exchange *exchange) {
    if (exchange->streaming != NULL)
        exchange->streaming->exchange = NULL;
    exchange->streaming = NULL;
}

void http_stream_wake(struct http_exchange *exchange) {
    struct http_streaming *streaming = exchange->streaming;
    if (streaming == NULL || !streaming->paused)
        return;
    streaming->paused = false;
    streaming->server->released = true; /* the next run is due at once */
    MHD_resume_connection(exchange->connection);
}
