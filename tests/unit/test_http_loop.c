/* The event loop around the listener: what a turn does in which order, and how it ends. The clients write
 * before the loop starts; the loop's own timer hook watches them and ends the loop with a signal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/event_loop.h"
#include "ecs-local/base/clock.h"
#include "ecs-local/base/log.h"
#include "ecs-local/base/text.h"

struct fixture {
    struct http_server *server;
    int client;
    unsigned handled;
    unsigned commits;
    unsigned commits_when_handled; /* commits before the first request was handled */
    unsigned rounds;
    int commit_status;
    bool stop_at_once;
    bool stopped;
    char reply[1024]; /* what the client got */
    bool replied_before_commit;
};

static enum http_send handle(void *context, struct http_exchange *exchange) {
    struct fixture *fixture = context;
    if (fixture->handled++ == 0)
        fixture->commits_when_handled = fixture->commits;
    http_reply(exchange, 200, "text/plain", strdup("stored"), 6);
    return HTTP_SEND_HELD;
}

static void refuse(void *context, struct http_exchange *exchange, enum http_refusal refusal) {
    (void)context;
    assert_int_equal(refusal, HTTP_REFUSED_HELD_FAILED);
    http_reply(exchange, 500, "text/plain", strdup("lost"), 4);
}

static int64_t wait_ms(void *context) {
    (void)context;
    return 2;
}

static void run_due(void *context) {
    struct fixture *fixture = context;
    fixture->rounds++;
    ssize_t count = recv(fixture->client, fixture->reply, sizeof(fixture->reply) - 1, MSG_DONTWAIT);
    if (count > 0 && fixture->commits == fixture->commits_when_handled)
        fixture->replied_before_commit = true;
    if ((count > 0 || fixture->stop_at_once) && !fixture->stopped) {
        fixture->stopped = true;
        kill(getpid(), SIGTERM);
    }
}

static int commit(void *context) {
    struct fixture *fixture = context;
    fixture->commits += fixture->handled > 0;
    return fixture->commit_status;
}

static void run_loop(struct fixture *fixture, const char *request) {
    struct http_config config = {.host = "127.0.0.1",
        .max_body_bytes = 1000,
        .max_header_bytes = 4096,
        .max_connections = 10,
        .idle_timeout_s = 60,
        .request_timeout_s = 60};
    struct http_handler handler = {.context = fixture, .handle = handle, .refuse = refuse};
    assert_int_equal(http_server_open(&config, &handler, &fixture->server), 0);
    fixture->client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(http_server_port(fixture->server))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fixture->client, (struct sockaddr *)&address, sizeof(address)), 0);
    send(fixture->client, request, strlen(request), MSG_NOSIGNAL);
    struct event_loop_hooks hooks = {
        .fd = -1, .context = fixture, .wait_ms = wait_ms, .run_due = run_due, .commit = commit};
    assert_int_equal(event_loop_run(fixture->server, &hooks), 0);
    http_server_free(fixture->server);
    close(fixture->client);
}

static void test_reply_follows_commit(void **state) {
    (void)state;
    struct fixture fixture = {.commit_status = 0};
    run_loop(&fixture, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx");
    assert_int_equal(fixture.handled, 1);
    assert_false(fixture.replied_before_commit);
    assert_true(text_starts_with(fixture.reply, "HTTP/1.1 200 "));
    assert_true(text_ends_with(fixture.reply, "stored"));
    /* Waiting is not busy: a round needs a reason. */
    assert_in_range(fixture.rounds, 1, 50);
}

static void test_failed_commit(void **state) {
    (void)state;
    struct fixture fixture = {.commit_status = -1};
    run_loop(&fixture, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx");
    assert_true(text_starts_with(fixture.reply, "HTTP/1.1 500 "));
    assert_true(text_ends_with(fixture.reply, "lost"));
}

static void test_stop_with_a_request_under_way(void **state) {
    (void)state;
    struct fixture fixture = {.stop_at_once = true};
    int64_t began_ms = machine_now_ms();
    run_loop(&fixture, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx");
    /* It gets its overtime, and no more: the process must be gone within a second. */
    assert_in_range(machine_now_ms() - began_ms, 300, 1000);
    assert_int_equal(fixture.handled, 0);
}

static void test_stop_when_idle(void **state) {
    (void)state;
    struct fixture fixture = {.stop_at_once = true};
    int64_t began_ms = machine_now_ms();
    run_loop(&fixture, "");
    assert_in_range(machine_now_ms() - began_ms, 0, 400);
}

static void test_signal_before_the_loop(void **state) {
    (void)state;
    struct fixture fixture = {.stopped = true};
    event_loop_hold_signals();
    kill(getpid(), SIGINT);
    run_loop(&fixture, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx");
    assert_in_range(fixture.rounds, 1, 50);
}

int main(void) {
    log_configure(LOG_LEVEL_ERROR, false);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reply_follows_commit),
        cmocka_unit_test(test_failed_commit),
        cmocka_unit_test(test_stop_with_a_request_under_way),
        cmocka_unit_test(test_stop_when_idle),
        cmocka_unit_test(test_signal_before_the_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
