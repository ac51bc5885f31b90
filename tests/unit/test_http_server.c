/* The listener, driven in this thread: clients are plain sockets, and every wait lets the server run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ecs-local/base/buf.h"
#include "ecs-local/base/clock.h"
#include "ecs-local/base/log.h"
#include "ecs-local/base/text.h"
#include "ecs-local/http/http_server.h"
#include "http/http_internal.h"

enum {
    MAX_BODY = 100000,
    MAX_HEADER = 4096,
    PATIENCE_MS = 10000,
};

struct fixture {
    struct http_server *server;
    struct http_exchange *later; /* the exchange that the handler of /later kept */
    unsigned handled;
    unsigned refused;
    bool no_release;    /* turn() leaves held replies alone */
    bool commit_failed; /* what turn() tells http_server_release() */
};

static void reply_text(struct http_exchange *exchange, unsigned status, const char *text) {
    http_reply(exchange, status, "text/plain", strdup(text), strlen(text));
}

/* "METHOD PATH length first-bytes" and what the request is asked for. */
static void reply_echo(struct http_exchange *exchange) {
    size_t length;
    const char *body = http_body(exchange, &length);
    const char *query = http_query(exchange, "q");
    const char *header = http_header(exchange, "x-probe");
    char text[512];
    snprintf(text, sizeof(text), "%s %s q=%s h=%s body=%zu:%.20s peer=%s", http_method(exchange),
        http_path(exchange), query != NULL ? query : "-", header != NULL ? header : "-", length, body,
        http_peer(exchange));
    http_reply_header(exchange, "x-reply", "yes");
    reply_text(exchange, 200, text);
}

/* As many letters as the body says, in the exchange's own buffer. */
static void reply_written(struct http_exchange *exchange, unsigned status, const char *letter) {
    size_t length;
    struct buf *body = http_reply_body(exchange);
    buf_clear(body);
    for (long count = strtol(http_body(exchange, &length), NULL, 10); count > 0; count--)
        buf_append_text(body, letter);
    buf_append_text(body, ".");
    http_reply_written(exchange, status, "text/plain");
}

static enum http_send handle(void *context, struct http_exchange *exchange) {
    struct fixture *fixture = context;
    const char *path = http_path(exchange);
    fixture->handled++;
    if (text_equal(path, "/later")) {
        fixture->later = exchange;
        return HTTP_SEND_LATER;
    }
    if (text_equal(path, "/at-once")) {
        reply_text(exchange, 200, "at once");
        http_exchange_ready(exchange);
        return HTTP_SEND_LATER;
    }
    if (text_equal(path, "/big")) {
        char *body = malloc(1 << 20);
        memset(body, 'b', 1 << 20);
        http_reply(exchange, 200, NULL, body, 1 << 20);
        return HTTP_SEND_NOW;
    }
    if (text_starts_with(path, "/written")) {
        reply_written(exchange, 200, "w");
        return text_equal(path, "/written-held") ? HTTP_SEND_HELD : HTTP_SEND_NOW;
    }
    if (text_equal(path, "/empty"))
        http_reply(exchange, 204, NULL, NULL, 0);
    else if (!text_equal(path, "/forgotten"))
        reply_echo(exchange);
    return text_equal(path, "/held") ? HTTP_SEND_HELD : HTTP_SEND_NOW;
}

static void refuse(void *context, struct http_exchange *exchange, enum http_refusal refusal) {
    struct fixture *fixture = context;
    fixture->refused++;
    if (refusal == HTTP_REFUSED_BODY_TOO_LARGE)
        reply_text(exchange, 413, "refused: too large");
    else if (refusal == HTTP_REFUSED_HEADER_TOO_LARGE)
        reply_text(exchange, 431, "refused: header too large");
    else if (text_equal(http_path(exchange), "/written-held"))
        reply_written(exchange, 500, "r");
    else
        reply_text(exchange, 500, "refused: not stored");
}

static struct http_config default_config(void) {
    return (struct http_config){
        .host = "127.0.0.1",
        .max_body_bytes = MAX_BODY,
        .max_header_bytes = MAX_HEADER,
        .max_connections = 2000,
        .idle_timeout_s = 60,
        .request_timeout_s = 60,
    };
}

static void open_with(struct fixture *fixture, struct http_config config) {
    struct http_handler handler = {.context = fixture, .handle = handle, .refuse = refuse};
    memset(fixture, 0, sizeof(*fixture));
    assert_int_equal(http_server_open(&config, &handler, &fixture->server), 0);
}

static void turn(struct fixture *fixture) {
    int64_t wait_ms = http_server_wait_ms(fixture->server);
    struct pollfd ready = {.fd = http_server_fd(fixture->server), .events = POLLIN};
    poll(&ready, 1, wait_ms >= 0 && wait_ms < 10 ? (int)wait_ms : 10);
    http_server_run(fixture->server);
    if (!fixture->no_release)
        http_server_release(fixture->server, fixture->commit_failed);
}

static int client_open(struct fixture *fixture) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(http_server_port(fixture->server))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void client_send(int fd, const char *text) {
    size_t length = strlen(text);
    assert_int_equal(send(fd, text, length, MSG_NOSIGNAL), (ssize_t)length);
}

/* Sends much: the server runs in between. False when the server closed. */
static bool client_send_fill(struct fixture *fixture, int fd, size_t length) {
    char block[16384];
    memset(block, 'f', sizeof(block));
    while (length > 0) {
        size_t part = length < sizeof(block) ? length : sizeof(block);
        ssize_t sent = send(fd, block, part, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN)
            return false;
        length -= sent > 0 ? (size_t)sent : 0;
        turn(fixture);
    }
    return true;
}

struct reply {
    bool closed; /* the server ended the connection before a whole reply */
    unsigned status;
    char head[2048];
    char *body;
    size_t length;
};

static void reply_done(struct reply *reply) {
    free(reply->body);
    reply->body = NULL;
}

/* True when `text` begins with a whole reply; its size in *ret_size. */
static bool parse_reply(const char *text, bool no_body, struct reply *reply, size_t *ret_size) {
    const char *end = strstr(text, "\r\n\r\n");
    if (end == NULL)
        return false;
    size_t head = (size_t)(end - text) + 4;
    snprintf(reply->head, sizeof(reply->head), "%.*s", (int)head, text);
    const char *length = strcasestr(reply->head, "Content-Length: ");
    reply->length = length != NULL && !no_body ? strtoul(length + 16, NULL, 10) : 0;
    if (strlen(text) < head + reply->length)
        return false;
    assert_int_equal(sscanf(text, "HTTP/1.1 %u", &reply->status), 1);
    reply->body = strndup(text + head, reply->length);
    *ret_size = head + reply->length;
    return true;
}

/* Takes exactly one reply from the socket; what follows it stays there. */
static struct reply client_read_for(struct fixture *fixture, int fd, bool no_body) {
    static char text[2 << 20];
    struct reply reply = {.closed = false};
    int64_t give_up_ms = machine_now_ms() + PATIENCE_MS;
    while (machine_now_ms() < give_up_ms) {
        turn(fixture);
        ssize_t count = recv(fd, text, sizeof(text) - 1, MSG_PEEK | MSG_DONTWAIT);
        if (count < 0 && errno == EAGAIN)
            continue;
        text[count > 0 ? count : 0] = '\0';
        size_t size;
        if (count > 0 && parse_reply(text, no_body, &reply, &size)) {
            assert_int_equal(recv(fd, text, size, 0), (ssize_t)size);
            return reply;
        }
        if (count <= 0) {
            reply.closed = true;
            return reply;
        }
    }
    fail_msg("no reply in time");
    return reply;
}

static struct reply client_read(struct fixture *fixture, int fd) {
    return client_read_for(fixture, fd, false);
}

#define assert_reply(fixture, fd, expected_status, expected_part)                                            \
    do {                                                                                                     \
        struct reply reply_ = client_read((fixture), (fd));                                                  \
        assert_false(reply_.closed);                                                                         \
        assert_int_equal(reply_.status, (expected_status));                                                  \
        if (strstr(reply_.body, (expected_part)) == NULL)                                                    \
            fail_msg("\"%s\" is not in \"%s\"", (expected_part), reply_.body);                               \
        reply_done(&reply_);                                                                                 \
    } while (0)

static void assert_closed(struct fixture *fixture, int fd) {
    struct reply reply = client_read(fixture, fd);
    assert_true(reply.closed);
    reply_done(&reply);
}

/* Runs until nothing is under way. */
static void settle(struct fixture *fixture, unsigned connections) {
    int64_t give_up_ms = machine_now_ms() + PATIENCE_MS;
    while ((fixture->server->connections > connections || http_server_in_flight(fixture->server) > 0) &&
           machine_now_ms() < give_up_ms)
        turn(fixture);
    assert_int_equal(fixture->server->connections, connections);
    assert_int_equal(http_server_in_flight(fixture->server), 0);
}

static void test_keep_alive(void **state) {
    (void)state;
    struct fixture fixture;
    open_with(&fixture, default_config());
    int fd = client_open(&fixture);
    for (int round = 0; round < 3; round++) {
        client_send(
            fd, "POST /a%20b?q=x%26y&r HTTP/1.1\r\nHost: h\r\nX-PROBE: v\r\nContent-Length: 5\r\n\r\nhello");
        assert_reply(&fixture, fd, 200, "POST /a b q=x&y h=v body=5:hello peer=127.0.0.1");
    }
    /* More headers than clients send, and the one that is asked for comes last. */
    client_send(fd, "POST /many HTTP/1.1\r\nHost: h\r\n");
    for (unsigned index = 0; index < 40; index++)
        client_send(fd, "X-Other: w\r\n");
    client_send(fd, "x-ProbE: v\r\nContent-Length: 2\r\n\r\nhi");
    assert_reply(&fixture, fd, 200, "POST /many q=- h=v body=2:hi");
    client_send(fd, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_reply(&fixture, fd, 200, "GET / q=- h=- body=0:");
    assert_closed(&fixture, fd);
    close(fd);
    assert_int_equal(fixture.handled, 5);
    settle(&fixture, 0);
    http_server_free(fixture.server);
}

/* Takes what comes until `wanted` bytes `byte` were there: more than the socket's buffers hold at once. */
static size_t count_reply_bytes(struct fixture *fixture, int fd, char byte, size_t wanted) {
    size_t found = 0;
    char block[8192];
    int64_t give_up_ms = machine_now_ms() + PATIENCE_MS;
    while (found < wanted && machine_now_ms() < give_up_ms) {
        turn(fixture);
        ssize_t count;
        while ((count = recv(fd, block, sizeof(block), MSG_DONTWAIT)) > 0) {
            for (ssize_t at = 0; at < count; at++)
                found += block[at] == byte;
        }
    }
    return found;
}

static void assert_letters(struct fixture *fixture, int fd, unsigned status, char letter, size_t count) {
    struct reply reply = client_read(fixture, fd);
    assert_int_equal(reply.status, status);
    assert_int_equal(strlen(reply.body), count + 1);
    for (size_t index = 0; index < count; index++)
        assert_int_equal(reply.body[index], letter);
    assert_int_equal(reply.body[count], '.');
    reply_done(&reply);
}

static void test_written_replies(void **state) {
    (void)state;
    struct fixture fixture;
    open_with(&fixture, default_config());
    int fd = client_open(&fixture);
    client_send(fd, "POST /written HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n10"
                    "POST /written-held HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n3000"
                    "POST /written HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n0"
                    "POST /written HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n2000");
    assert_letters(&fixture, fd, 200, 'w', 10);
    assert_letters(&fixture, fd, 200, 'w', 3000);
    assert_letters(&fixture, fd, 200, 'w', 0);
    assert_letters(&fixture, fd, 200, 'w', 2000);
    /* Replaced when the commit fails, by one that is written into the same buffer. */
    fixture.commit_failed = true;
    client_send(fd, "POST /written-held HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n500");
    assert_letters(&fixture, fd, 500, 'r', 500);
    /* One that is not kept. */
    client_send(fd, "POST /written HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n400000");
    assert_int_equal(count_reply_bytes(&fixture, fd, 'w', 400000), 400000);
    close(fd);
    settle(&fixture, 0);
    http_server_free(fixture.server);
}

static void test_pipelining(void **state) {
    (void)state;
    struct fixture fixture;
    open_with(&fixture, default_config());
    int fd = client_open(&fixture);
    client_send(fd, "POST /one HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
                    "POST /held HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\ndef"
                    "GET /three HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_reply(&fixture, fd, 200, "POST /one q=- h=- body=3:abc");
    assert_reply(&fixture, fd, 200, "POST /held q=- h=- body=3:def");
    assert_reply(&fixture, fd, 200, "GET /three");
    close(fd);
    http_server_free(fixture.server);
}

static void test_methods_and_heads(void **state) {
    (void)state;
    static const char *const methods[] = {"GET", "PUT", "DELETE", "OPTIONS", "PATCH"};
    struct fixture fixture;
    open_with(&fixture, default_config());
    int fd = client_open(&fixture);
    for (size_t index = 0; index < sizeof(methods) / sizeof(methods[0]); index++) {
        char text[128];
        snprintf(
            text, sizeof(text), "%s /m HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", methods[index]);
        client_send(fd, text);
        assert_reply(&fixture, fd, 200, methods[index]);
    }
    client_send(fd, "HEAD /h HTTP/1.1\r\nHost: h\r\n\r\n");
    struct reply reply = client_read_for(&fixture, fd, true);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.head, "Content-Length: "));
    assert_non_null(strstr(reply.head, "x-reply: yes\r\n"));
    assert_non_null(strstr(reply.head, "Content-Type: text/plain\r\n"));
    assert_non_null(strstr(reply.head, "Date: "));
    reply_done(&reply);
    client_send(fd, "GET /empty HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_reply(&fixture, fd, 204, "");
    client_send(fd, "GET /forgotten HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_reply(&fixture, fd, 500, "");
    client_send(fd, "GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(count_reply_bytes(&fixture, fd, 'b', 1 << 20), 1 << 20);
    close(fd);
    http_server_free(fixture.server);
}

static void test_hostile_text(void **state) {
    (void)state;
    struct fixture fixture;
    open_with(&fixture, default_config());
    int fd = client_open(&fixture);
    client_send(fd, "GET /a%00b%zz%4?q=%00&q HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_reply(&fixture, fd, 200, "GET /a%00b%zz%4 q=%00 ");
    client_send(fd, "GET /?q HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_reply(&fixture, fd, 200, "q= h");
    client_send(fd, "GET /%ff%fe HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_reply(&fixture, fd, 200, "GET /\xff\xfe ");
    close(fd);
    fd = client_open(&fixture);
    client_send(fd, "\x16\x03\x01 no HTTP at all\r\n\r\n");
    struct reply reply = client_read(&fixture, fd);
    assert_true(reply.closed || reply.status == 400 || reply.status == 505);
    reply_done(&reply);
    close(fd);
    settle(&fixture, 0);
    assert_int_equal(fixture.handled, 3);
    http_server_free(fixture.server);
}

static void test_chunked_and_expect(void **state) {
    (void)state;
    struct fixture fixture;
    open_with(&fixture, default_config());
    int fd = client_open(&fixture);
    client_send(fd, "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n");
    turn(&fixture);
    client_send(fd, "5\r\npedia\r\n0\r\n\r\n");
    assert_reply(&fixture, fd, 200, "body=9:wikipedia");
    client_send(fd, "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    assert_reply(&fixture, fd, 100, "");
    client_send(fd, "body");
    assert_reply(&fixture, fd, 200, "body=4:body");
    client_send(fd, "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nnot hex\r\n");
    assert_reply(&fixture, fd, 400, "");
    assert_closed(&fixture, fd);
    close(fd);
    assert_int_equal(fixture.handled, 2);
    http_server_free(fixture.server);
}

static void send_body_of(struct fixture *fixture, int fd, size_t length) {
    char head[128];
    snprintf(head, sizeof(head), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n", length);
    client_send(fd, head);
    assert_true(client_send_fill(fixture, fd, length));
}

static void test_body_limit(void **state) {
    (void)state;
    struct fixture fixture;
    open_with(&fixture, default_config());
    int fd = client_open(&fixture);
    send_body_of(&fixture, fd, MAX_BODY);
    assert_reply(&fixture, fd, 200, "body=100000:ffff");
    settle(&fixture, 1);
    assert_int_equal(fixture.server->body_memory, 0);
    send_body_of(&fixture, fd, MAX_BODY + 1);
    assert_reply(&fixture, fd, 413, "refused: too large");
    client_send(fd, "GET /still-here HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_reply(&fixture, fd, 200, "/still-here");
    client_send(fd, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n");
    assert_true(client_send_fill(&fixture, fd, 0x20000));
    client_send(fd, "\r\n0\r\n\r\n");
    assert_reply(&fixture, fd, 413, "refused: too large");
    client_send(fd, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100001\r\nExpect: 100-continue\r\n\r\n");
    assert_reply(&fixture, fd, 413, "refused: too large");
    assert_closed(&fixture, fd);
    close(fd);
    assert_int_equal(fixture.handled, 2);
    assert_int_equal(fixture.refused, 3);
    settle(&fixture, 0);
    http_server_free(fixture.server);
}

/* All bodies together have a limit, too: 64 full ones. */
static void test_bodies_at_once(void **state) {
    (void)state;
    enum {
        COUNT = 70,
        FIT = 64
    };
    struct fixture fixture;
    open_with(&fixture, default_config());
    int fds[COUNT];
    for (int index = 0; index < COUNT; index++) {
        fds[index] = client_open(&fixture);
        client_send(fds[index], "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
        assert_true(client_send_fill(&fixture, fds[index], MAX_BODY - 1));
        size_t expected = (size_t)(index < FIT ? index + 1 : FIT) * (MAX_BODY + 1);
        int64_t give_up_ms = machine_now_ms() + PATIENCE_MS;
        while (fixture.server->body_memory < expected && machine_now_ms() < give_up_ms)
            turn(&fixture);
        assert_int_equal(fixture.server->body_memory, expected);
    }
    assert_int_equal(fixture.handled, 0);
    for (int index = 0; index < COUNT; index++) {
        assert_true(client_send_fill(&fixture, fds[index], 1));
        assert_true(fixture.server->body_memory <= (size_t)FIT * (MAX_BODY + 1));
    }
    for (int index = 0; index < COUNT; index++) {
        struct reply reply = client_read(&fixture, fds[index]);
        assert_true(reply.status == 200 || reply.status == 413);
        reply_done(&reply);
        close(fds[index]);
    }
    assert_int_equal(fixture.handled, FIT);
    assert_int_equal(fixture.refused, COUNT - FIT);
    settle(&fixture, 0);
    assert_int_equal(fixture.server->body_memory, 0);
    http_server_free(fixture.server);
}

static void test_endless_bodies(void **state) {
    (void)state;
    static const char *const lengths[] = {"99999999", "18446744073709551614", "18446744073709551615"};
    struct fixture fixture;
    open_with(&fixture, default_config());
    for (size_t index = 0; index < sizeof(lengths) / sizeof(lengths[0]); index++) {
        int fd = client_open(&fixture);
        char head[128];
        snprintf(
            head, sizeof(head), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %s\r\n\r\n", lengths[index]);
        client_send(fd, head);
        struct reply reply = client_read(&fixture, fd);
        assert_int_equal(reply.status, index == 2 ? reply.status : 413);
        assert_true(reply.closed || reply.status == 413 || reply.status == 400);
        reply_done(&reply);
        assert_closed(&fixture, fd);
        close(fd);
    }
    int fd = client_open(&fixture);
    client_send(fd, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n");
    assert_false(client_send_fill(&fixture, fd, (size_t)32 << 20));
    close(fd);
    settle(&fixture, 0);
    assert_int_equal(fixture.handled, 0);
    assert_int_equal(fixture.server->body_memory, 0);
    http_server_free(fixture.server);
}

/* A request whose line and headers take `total` bytes. */
static void send_header_of(int fd, size_t total) {
    static const char start[] = "GET /header HTTP/1.1\r\nHost: h\r\nX-Long: ";
    char *text = calloc(1, total + 1);
    memset(text, 'h', total);
    memcpy(text, start, sizeof(start) - 1);
    memcpy(text + total - 4, "\r\n\r\n", 4);
    client_send(fd, text);
    free(text);
}

static void test_header_limit(void **state) {
    (void)state;
    struct fixture fixture;
    open_with(&fixture, default_config());
    int fd = client_open(&fixture);
    send_header_of(fd, MAX_HEADER);
    assert_reply(&fixture, fd, 200, "/header");
    send_header_of(fd, MAX_HEADER + 1);
    assert_reply(&fixture, fd, 431, "refused: header too large");
    assert_closed(&fixture, fd);
    close(fd);
    fd = client_open(&fixture);
    send_header_of(fd, (size_t)20 * MAX_HEADER);
    assert_reply(&fixture, fd, 431, "");
    close(fd);
    assert_int_equal(fixture.handled, 1);
    settle(&fixture, 0);
    http_server_free(fixture.server);
}

static void test_slow_senders(void **state) {
    (void)state;
    static const char *const starts[] = {"GET /tric", "GET / HTTP/1.1\r\nHost: h\r\nX-",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999\r\n\r\n"};
    enum {
        COUNT = 3
    };
    struct fixture fixture;
    struct http_config config = default_config();
    config.request_timeout_s = 1;
    open_with(&fixture, config);
    /* An idle connection and a reply that takes its time are no slow senders. */
    int idle = client_open(&fixture);
    int later = client_open(&fixture);
    client_send(later, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    int slow[COUNT];
    for (int index = 0; index < COUNT; index++) {
        slow[index] = client_open(&fixture);
        client_send(slow[index], starts[index]);
    }
    /* One byte now and then: never silent for long, never complete. */
    int64_t began_ms = machine_now_ms();
    int64_t next_ms = began_ms;
    int open_ones = COUNT;
    while (open_ones > 0) {
        assert_true(machine_now_ms() - began_ms < PATIENCE_MS);
        turn(&fixture);
        bool send_now = machine_now_ms() >= next_ms;
        next_ms += send_now ? 100 : 0;
        for (int index = 0; index < COUNT; index++) {
            char byte;
            if (slow[index] < 0)
                continue;
            if (send_now)
                send(slow[index], "a", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (recv(slow[index], &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN)
                continue;
            assert_in_range(machine_now_ms() - began_ms, 900, 2500);
            close(slow[index]);
            slow[index] = -1;
            open_ones--;
        }
    }
    assert_non_null(fixture.later);
    reply_text(fixture.later, 200, "after all");
    http_exchange_ready(fixture.later);
    assert_reply(&fixture, later, 200, "after all");
    client_send(idle, "GET /idle HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_reply(&fixture, idle, 200, "/idle");
    close(idle);
    close(later);
    assert_int_equal(fixture.handled, 2);
    settle(&fixture, 0);
    http_server_free(fixture.server);
}

static void test_idle_timeout(void **state) {
    (void)state;
    struct fixture fixture;
    struct http_config config = default_config();
    config.idle_timeout_s = 1;
    open_with(&fixture, config);
    int64_t began_ms = machine_now_ms();
    int fresh = client_open(&fixture);
    int used = client_open(&fixture);
    client_send(used, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_reply(&fixture, used, 200, "GET /");
    assert_closed(&fixture, fresh);
    assert_closed(&fixture, used);
    assert_in_range(machine_now_ms() - began_ms, 900, 4000);
    close(fresh);
    close(used);
    settle(&fixture, 0);
    http_server_free(fixture.server);
}

static void test_connection_limit(void **state) {
    (void)state;
    struct fixture fixture;
    struct http_config config = default_config();
    config.max_connections = 2;
    open_with(&fixture, config);
    int first = client_open(&fixture);
    int second = client_open(&fixture);
    client_send(first, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    client_send(second, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_reply(&fixture, first, 200, "GET /");
    assert_reply(&fixture, second, 200, "GET /");
    int third = client_open(&fixture);
    assert_closed(&fixture, third);
    close(third);
    close(second);
    settle(&fixture, 1);
    third = client_open(&fixture);
    client_send(third, "GET /third HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_reply(&fixture, third, 200, "/third");
    close(first);
    close(third);
    http_server_free(fixture.server);
}

static void test_many_idle_connections(void **state) {
    (void)state;
    enum {
        COUNT = 1000
    };
    static int idle[COUNT];
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    struct fixture fixture;
    open_with(&fixture, default_config());
    for (int index = 0; index < COUNT; index++) {
        idle[index] = client_open(&fixture);
        turn(&fixture);
    }
    int fd = client_open(&fixture);
    int64_t began_us = machine_monotonic_us();
    for (int round = 0; round < 200; round++) {
        client_send(fd, "GET /busy HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_reply(&fixture, fd, 200, "/busy");
    }
    assert_in_range(machine_monotonic_us() - began_us, 0, 2000000);
    assert_int_equal(fixture.server->connections, COUNT + 1);
    for (int index = 0; index < COUNT; index++)
        close(idle[index]);
    settle(&fixture, 1);
    close(fd);
    http_server_free(fixture.server);
}

static void test_half_sent_requests(void **state) {
    (void)state;
    static const char *const starts[] = {"G", "GET / HTTP/1.1\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc"};
    struct fixture fixture;
    struct http_config config = default_config();
    config.request_timeout_s = 2; /* sweeps every half second */
    open_with(&fixture, config);
    int64_t began_ms = machine_now_ms();
    for (int round = 0; round < 100; round++) {
        int fd = client_open(&fixture);
        client_send(fd, starts[round % 5]);
        turn(&fixture);
        close(fd);
    }
    settle(&fixture, 0);
    /* A whole request whose sender ends its side at once gets its reply, and then the end. */
    int fd = client_open(&fixture);
    client_send(fd, "GET /last HTTP/1.1\r\nHost: h\r\n\r\n");
    shutdown(fd, SHUT_WR);
    assert_reply(&fixture, fd, 200, "/last");
    assert_closed(&fixture, fd);
    close(fd);
    assert_in_range(machine_now_ms() - began_ms, 0, 1900); /* before any timeout */
    assert_int_equal(fixture.handled, 1);
    assert_int_equal(fixture.server->body_memory, 0);
    http_server_free(fixture.server);
}

static void test_held_waits_for_release(void **state) {
    (void)state;
    struct fixture fixture;
    open_with(&fixture, default_config());
    fixture.no_release = true;
    int fds[3];
    for (int index = 0; index < 3; index++) {
        fds[index] = client_open(&fixture);
        client_send(fds[index], "POST /held HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
    }
    while (fixture.handled < 3)
        turn(&fixture);
    char byte;
    for (int round = 0; round < 5; round++) {
        turn(&fixture);
        assert_int_equal(recv(fds[0], &byte, 1, MSG_DONTWAIT), -1);
    }
    assert_int_equal(http_server_in_flight(fixture.server), 3);
    assert_int_equal(fixture.handled, 3); /* the library's asking again does not reach the handler */
    http_server_release(fixture.server, false);
    assert_int_equal(http_server_wait_ms(fixture.server), 0);
    http_server_run(fixture.server); /* one run sends them all */
    for (int index = 0; index < 3; index++) {
        assert_int_equal(recv(fds[index], &byte, 1, MSG_DONTWAIT | MSG_PEEK), 1);
        assert_reply(&fixture, fds[index], 200, "body=2:hi");
        close(fds[index]);
    }
    settle(&fixture, 0);
    http_server_free(fixture.server);
}

static void test_failed_commit(void **state) {
    (void)state;
    struct fixture fixture;
    open_with(&fixture, default_config());
    fixture.commit_failed = true;
    int fd = client_open(&fixture);
    client_send(fd, "POST /held HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
    struct reply reply = client_read(&fixture, fd);
    assert_int_equal(reply.status, 500);
    assert_string_equal(reply.body, "refused: not stored");
    assert_null(strstr(reply.head, "x-reply")); /* nothing of the first reply is left */
    reply_done(&reply);
    client_send(fd, "GET /now HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_reply(&fixture, fd, 200, "/now"); /* one that needed no commit is not touched */
    client_send(fd, "GET /at-once HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_reply(&fixture, fd, 500, "not stored");
    fixture.commit_failed = false;
    client_send(fd, "POST /held HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
    assert_reply(&fixture, fd, 200, "body=2:hi");
    assert_int_equal(fixture.refused, 2);
    close(fd);
    http_server_free(fixture.server);
}

static void test_clients_that_vanish(void **state) {
    (void)state;
    struct fixture fixture;
    open_with(&fixture, default_config());
    fixture.no_release = true;
    int held = client_open(&fixture);
    client_send(held, "GET /held HTTP/1.1\r\nHost: h\r\n\r\n");
    int later = client_open(&fixture);
    client_send(later, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    while (fixture.handled < 2)
        turn(&fixture);
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(held, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    setsockopt(later, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(held);
    close(later);
    for (int round = 0; round < 3; round++)
        turn(&fixture);
    reply_text(fixture.later, 200, "for nobody");
    http_exchange_ready(fixture.later);
    fixture.no_release = false;
    settle(&fixture, 0);
    http_server_free(fixture.server);
}

static void test_later(void **state) {
    (void)state;
    struct fixture fixture;
    open_with(&fixture, default_config());
    int fd = client_open(&fixture);
    for (int round = 0; round < 3; round++) {
        fixture.later = NULL;
        client_send(fd, "POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nwait");
        while (fixture.later == NULL)
            turn(&fixture);
        for (int turns = 0; turns < 3; turns++)
            turn(&fixture);
        assert_int_not_equal(http_server_wait_ms(fixture.server), 0); /* waiting is not busy */
        size_t length;
        assert_string_equal(http_body(fixture.later, &length), "wait");
        reply_text(fixture.later, 200, "now");
        http_exchange_ready(fixture.later);
        assert_reply(&fixture, fd, 200, "now");
    }
    client_send(fd, "GET /at-once HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_reply(&fixture, fd, 200, "at once");
    /* Freeing the server with one waiting must leave nothing behind. */
    client_send(fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    fixture.later = NULL;
    while (fixture.later == NULL)
        turn(&fixture);
    http_server_free(fixture.server);
    char byte;
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    close(fd);
}

static void test_addresses(void **state) {
    (void)state;
    struct fixture fixture;
    open_with(&fixture, default_config());
    struct http_handler handler = {.context = &fixture, .handle = handle, .refuse = refuse};
    struct http_server *server = NULL;
    struct http_config config = default_config();
    config.port = http_server_port(fixture.server);
    assert_int_equal(http_server_open(&config, &handler, &server), 1);
    config.host = "not an address";
    assert_true(http_server_open(&config, &handler, &server) < 0);
    config.host = "192.0.2.1"; /* RFC 5737: nobody's */
    assert_true(http_server_open(&config, &handler, &server) < 0);
    assert_null(server);
    config.host = "localhost";
    config.port = 0;
    assert_int_equal(http_server_open(&config, &handler, &server), 0);
    assert_int_not_equal(http_server_port(server), 0);
    http_server_free(server);
    http_server_free(fixture.server);
    http_server_free(NULL);
}

static void test_quiesce(void **state) {
    (void)state;
    struct fixture fixture;
    open_with(&fixture, default_config());
    int fd = client_open(&fixture);
    client_send(fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    while (fixture.later == NULL)
        turn(&fixture);
    http_server_quiesce(fixture.server);
    http_server_quiesce(fixture.server);
    int refused = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(http_server_port(fixture.server))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(refused, (struct sockaddr *)&address, sizeof(address)), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(refused);
    assert_int_equal(http_server_in_flight(fixture.server), 1);
    reply_text(fixture.later, 200, "the last one");
    http_exchange_ready(fixture.later);
    struct reply reply = client_read(&fixture, fd);
    assert_string_equal(reply.body, "the last one");
    assert_non_null(strcasestr(reply.head, "Connection: close"));
    reply_done(&reply);
    assert_closed(&fixture, fd);
    close(fd);
    assert_int_equal(http_server_in_flight(fixture.server), 0);
    http_server_free(fixture.server);
}

static void test_nothing_is_kept(void **state) {
    (void)state;
    struct fixture fixture;
    open_with(&fixture, default_config());
    int fd = client_open(&fixture);
    size_t before = 0;
    for (int round = 0; round < 5000; round++) {
        client_send(fd, "POST /held HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nround");
        assert_reply(&fixture, fd, 200, "body=5:round");
        if (round == 100)
            before = mallinfo2().uordblks;
    }
    /* A leak of one byte a request would show. */
    assert_true(mallinfo2().uordblks <= before + 4096);
    assert_int_equal(fixture.handled, 5000);
    close(fd);
    http_server_free(fixture.server);
}

int main(void) {
    log_configure(LOG_LEVEL_ERROR, false);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_written_replies),
        cmocka_unit_test(test_pipelining),
        cmocka_unit_test(test_methods_and_heads),
        cmocka_unit_test(test_hostile_text),
        cmocka_unit_test(test_chunked_and_expect),
        cmocka_unit_test(test_body_limit),
        cmocka_unit_test(test_bodies_at_once),
        cmocka_unit_test(test_endless_bodies),
        cmocka_unit_test(test_header_limit),
        cmocka_unit_test(test_slow_senders),
        cmocka_unit_test(test_idle_timeout),
        cmocka_unit_test(test_connection_limit),
        cmocka_unit_test(test_many_idle_connections),
        cmocka_unit_test(test_half_sent_requests),
        cmocka_unit_test(test_held_waits_for_release),
        cmocka_unit_test(test_failed_commit),
        cmocka_unit_test(test_clients_that_vanish),
        cmocka_unit_test(test_later),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_quiesce),
        cmocka_unit_test(test_nothing_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
