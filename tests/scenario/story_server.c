#include "story_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/event_loop.h"
#include "app/options.h"
#include "app/wiring.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/clock.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/log.h"

enum {
    ARGUMENTS_MAX = 32,
    REPLY_BYTES_MAX = 16 << 20,
    REPLY_WAIT_MS = 20000, /* of the machine: a reply that takes longer will not come */
    POLL_MS = 20,
};

struct story_server {
    struct options options;
    struct wiring *wiring;
    struct event_loop_hooks hooks;
    struct http_server *http;
    int client;
    struct buf reply;
};

static bool connect_client(struct story_server *server) {
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(http_server_port(server->http)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    server->client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return server->client >= 0 &&
           connect(server->client, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

static bool listen_and_connect(struct story_server *server) {
    struct http_config config = {
        .host = "127.0.0.1",
        .max_body_bytes = server->options.max_body_bytes,
        .max_header_bytes = server->options.max_header_bytes,
        .max_connections = server->options.max_connections,
        .idle_timeout_s = 3600,
        .request_timeout_s = 3600,
    };
    struct http_handler handler = wiring_http_handler(server->wiring);
    return http_server_open(&config, &handler, &server->http) == 0 && connect_client(server);
}

struct story_server *story_server_open(const char *const *arguments) {
    char *const nothing[] = {NULL};
    char *list[ARGUMENTS_MAX] = {(char *)"ecs-local"};
    int count = 1;
    while (arguments[count - 1] != NULL && count < ARGUMENTS_MAX - 1) {
        list[count] = (char *)arguments[count - 1];
        count++;
    }
    struct story_server *server = xcalloc(1, sizeof(*server));
    server->client = -1;
    server->reply = (struct buf)BUF_INIT(REPLY_BYTES_MAX);
    if (options_parse(count, list, nothing, stdout, stderr, &server->options) != 0) {
        free(server);
        return NULL;
    }
    log_configure(server->options.log_level, server->options.log_json);
    if (wiring_open(&server->options, &server->wiring) != 0) {
        story_server_close(server);
        return NULL;
    }
    server->hooks = wiring_hooks(server->wiring);
    if (!listen_and_connect(server)) {
        story_server_close(server);
        return NULL;
    }
    return server;
}

void story_server_close(struct story_server *server) {
    if (server == NULL)
        return;
    if (server->client >= 0)
        close(server->client);
    http_server_free(server->http);
    wiring_close(server->wiring);
    options_done(&server->options);
    buf_done(&server->reply);
    free(server);
}

/* One turn, as event_loop.c makes it. */
static void turn(struct story_server *server) {
    const struct event_loop_hooks *hooks = &server->hooks;
    http_server_run(server->http);
    hooks->run_due(hooks->context);
    bool failed = hooks->commit(hooks->context) < 0;
    http_server_release(server->http, failed);
}

/* Takes in what has arrived: 1 something, 0 nothing yet, -1 the end. */
static int receive(struct story_server *server) {
    char bytes[16384];
    ssize_t count = recv(server->client, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (count < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    buf_append(&server->reply, bytes, (size_t)count);
    return count == 0 || buf_failed(&server->reply) ? -1 : 1;
}

/* Is the reply complete? Replies of ours have a Content-Length, or no body. */
static bool complete(
    const struct buf *reply, unsigned *ret_status, const char **ret_body, size_t *ret_length) {
    const char *text = buf_text(reply);
    const char *end = strstr(text, "\r\n\r\n");
    if (end == NULL)
        return false;
    size_t head = (size_t)(end - text) + 4;
    size_t length = 0;
    for (const char *line = text; line < end; line = strstr(line, "\r\n") + 2)
        if (strncasecmp(line, "Content-Length:", 15) == 0)
            length = strtoul(line + 15, NULL, 10);
    *ret_status = (unsigned)strtoul(text + strlen("HTTP/1.1 "), NULL, 10);
    *ret_body = text + head;
    *ret_length = length;
    return reply->length >= head + length;
}

/* Sends the whole text; the server reads while a large one is on its way. */
static bool send_all(struct story_server *server, const char *text, size_t length) {
    for (size_t sent = 0; sent < length;) {
        ssize_t count = send(server->client, text + sent, length - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count < 0 && errno != EAGAIN)
            return false;
        sent += count > 0 ? (size_t)count : 0;
        turn(server);
    }
    return true;
}

static void wait_a_little(struct story_server *server) {
    struct pollfd descriptors[] = {
        {.fd = http_server_fd(server->http), .events = POLLIN},
        {.fd = server->client, .events = POLLIN},
    };
    if (http_server_wait_ms(server->http) != 0)
        poll(descriptors, array_length(descriptors), POLL_MS);
}

unsigned story_server_ask(struct story_server *server, const char *method, const char *path,
    const char *headers, const char *body, struct buf *ret_body) {
    struct buf request = BUF_INIT(REPLY_BYTES_MAX);
    buf_printf(
        &request, "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n", method, path, strlen(body));
    buf_append_text(&request, headers);
    buf_append_text(&request, "\r\n");
    buf_append_text(&request, body);
    buf_clear(&server->reply);
    bool open = send_all(server, buf_text(&request), request.length);
    buf_done(&request);
    int64_t deadline_us = machine_monotonic_us() + (int64_t)REPLY_WAIT_MS * 1000;
    unsigned status = 0;
    const char *reply = NULL;
    size_t length = 0;
    while (open && machine_monotonic_us() < deadline_us) {
        int got = receive(server);
        if (complete(&server->reply, &status, &reply, &length)) {
            buf_clear(ret_body);
            buf_append(ret_body, reply, length);
            return status;
        }
        open = got >= 0;
        turn(server);
        if (got == 0)
            wait_a_little(server);
    }
    return 0;
}
