#include "event_loop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/clock.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/log.h"

enum {
    OVERTIME_MS = 400, /* an exit must be complete within a second (contract 2) */
    /* Rounds without looking at signals: a busy server must still hear them. */
    ROUNDS_MAX = 64,
    LOOKS_MAX = 4, /* before a commit: who came first must not wait for ever */
};

struct event_loop {
    struct http_server *server;
    const struct event_loop_hooks *hooks;
    int epoll_fd;
    int signal_fd;
    int64_t stop_at_ms; /* 0: not stopping */
};

static void stop_signals(sigset_t *ret_signals) {
    sigemptyset(ret_signals);
    sigaddset(ret_signals, SIGTERM);
    sigaddset(ret_signals, SIGINT);
    struct sigaction action;
    if (sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
        sigaddset(ret_signals, SIGHUP);
}

void event_loop_hold_signals(void) {
    sigset_t signals;
    stop_signals(&signals);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static int64_t monotonic_ms(void) {
    return machine_monotonic_us() / 1000;
}

static int watch(struct event_loop *loop, int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        return error_raise(ERR_IO, "cannot watch descriptor %d: %s", fd, strerror(errno));
    return 0;
}

static int64_t sooner(int64_t left_ms, int64_t right_ms) {
    if (left_ms < 0)
        return right_ms;
    return right_ms < 0 || left_ms < right_ms ? left_ms : right_ms;
}

static int64_t next_wait_ms(const struct event_loop *loop) {
    int64_t wait_ms = sooner(http_server_wait_ms(loop->server), loop->hooks->wait_ms(loop->hooks->context));
    if (loop->stop_at_ms != 0) {
        int64_t left_ms = loop->stop_at_ms - monotonic_ms();
        wait_ms = sooner(wait_ms, left_ms > 0 ? left_ms : 0);
    }
    return wait_ms < INT32_MAX ? wait_ms : INT32_MAX;
}

/* Waits; notices a signal. 0 or <0. */
static int wait_for_work(struct event_loop *loop) {
    struct epoll_event events[3];
    int count = epoll_wait(loop->epoll_fd, events, (int)array_length(events), (int)next_wait_ms(loop));
    if (count < 0 && errno != EINTR)
        return error_raise(ERR_IO, "cannot wait for events: %s", strerror(errno));
    for (int index = 0; index < count; index++) {
        struct signalfd_siginfo info;
        if (events[index].data.fd != loop->signal_fd ||
            read(loop->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info) || loop->stop_at_ms != 0)
            continue;
        log_info("stopping: %s", strsignal((int)info.ssi_signo));
        http_server_quiesce(loop->server);
        loop->stop_at_ms = monotonic_ms() + OVERTIME_MS;
    }
    return 0;
}

static void run_round(struct event_loop *loop) {
    const struct event_loop_hooks *hooks = loop->hooks;
    http_server_run(loop->server);
    /* What has come meanwhile shares the transaction: a commit costs more than a look. */
    for (int look = 0; look < LOOKS_MAX && http_server_could_gather(loop->server); look++)
        http_server_run(loop->server);
    hooks->run_due(hooks->context);
    bool failed = hooks->commit(hooks->context) < 0;
    http_server_release(loop->server, failed);
}

static bool finished(const struct event_loop *loop) {
    if (loop->stop_at_ms == 0)
        return false;
    return http_server_in_flight(loop->server) == 0 || monotonic_ms() >= loop->stop_at_ms;
}

int event_loop_run(struct http_server *server, const struct event_loop_hooks *hooks) {
    event_loop_hold_signals();
    sigset_t signals;
    stop_signals(&signals);
    cleanup_close int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    cleanup_close int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (epoll_fd < 0 || signal_fd < 0)
        return error_raise(ERR_IO, "cannot set up the event loop: %s", strerror(errno));
    struct event_loop loop = {
        .server = server, .hooks = hooks, .epoll_fd = epoll_fd, .signal_fd = signal_fd, .stop_at_ms = 0};
    int status = watch(&loop, signal_fd);
    if (status == 0)
        status = watch(&loop, http_server_fd(server));
    if (status == 0 && hooks->fd >= 0)
        status = watch(&loop, hooks->fd);
    while (status == 0 && !finished(&loop)) {
        status = wait_for_work(&loop);
        for (int round = 0; status == 0 && round < ROUNDS_MAX; round++) {
            run_round(&loop);
            if (http_server_wait_ms(server) != 0)
                break;
        }
    }
    return status;
}
