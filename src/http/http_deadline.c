/* Looks after connections on which no whole request has come in. Two things the library cannot see:
 *
 * The deadline of a whole request. The library's own timeout only looks for silence, so a client that sends a
 * byte now and then would keep its connection for ever. From the request line on we know that a request is
 * under way; before that (somebody trickles the request line) the kernel's count of received bytes tells:
 * when it grows without a request line, a request has begun.
 *
 * An end of stream that came together with data. The library reads edge-triggered and takes a short read for
 * "nothing more", so it misses an end that was already there (0.9.75) and would keep the connection until its
 * idle timeout. The kernel says when the peer is done and all it sent has been read.
 *
 * A sweep over all connections once a second, or four times within the deadline, is enough. Dropping is
 * shutdown(2): the descriptor stays the library's, which then sees a hang-up and cleans up as usual. */
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "ecs-local/base/log.h"
#include "http_internal.h"

enum {
    SWEEP_MAX_MS = 1000,
    SWEEPS_PER_DEADLINE = 4,
    KERNEL_TCP_CLOSE_WAIT =
        8, /* the peer has ended its side; <netinet/tcp.h> names it, but excludes linux/tcp.h */
};

static bool receiving(const struct http_exchange *exchange) {
    return exchange->state == HTTP_STATE_AWAITING || exchange->state == HTTP_STATE_RECEIVING ||
           exchange->state == HTTP_STATE_DISCARDING;
}

static bool ask_kernel(int fd, struct tcp_info *ret_info) {
    socklen_t size = sizeof(*ret_info);
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, ret_info, &size) == 0 &&
           size >= offsetof(struct tcp_info, tcpi_bytes_received) + sizeof(ret_info->tcpi_bytes_received);
}

static bool all_read(int fd) {
    int unread;
    return ioctl(fd, SIOCINQ, &unread) == 0 && unread == 0;
}

/* True when the connection is to be dropped. */
static bool is_over(struct http_exchange *exchange, int64_t now_ms) {
    struct tcp_info info;
    int64_t deadline_ms = (int64_t)exchange->server->config.request_timeout_s * 1000;
    if (ask_kernel(exchange->fd, &info)) {
        if (info.tcpi_state == KERNEL_TCP_CLOSE_WAIT && all_read(exchange->fd))
            return true;
        bool grown = exchange->bytes_known && info.tcpi_bytes_received != exchange->bytes_seen;
        if (grown && exchange->started_ms == 0)
            exchange->started_ms = now_ms;
        exchange->bytes_seen = info.tcpi_bytes_received;
        exchange->bytes_known = true;
    }
    return exchange->started_ms != 0 && now_ms - exchange->started_ms >= deadline_ms;
}

int64_t http_deadline_sweep_every_ms(const struct http_server *server) {
    int64_t every_ms = (int64_t)server->config.request_timeout_s * 1000 / SWEEPS_PER_DEADLINE;
    return every_ms < SWEEP_MAX_MS ? every_ms : SWEEP_MAX_MS;
}

void http_deadline_sweep(struct http_server *server) {
    int64_t now_ms = server->now_ms;
    if (server->next_sweep_ms == 0 || now_ms < server->next_sweep_ms)
        return;
    server->next_sweep_ms = server->connections > 0 ? now_ms + http_deadline_sweep_every_ms(server) : 0;
    for (struct http_ring *ring = server->all.next; ring != &server->all; ring = ring->next) {
        struct http_exchange *exchange = (struct http_exchange *)(void *)ring;
        if (!receiving(exchange) || exchange->dropped || !is_over(exchange, now_ms))
            continue;
        exchange->dropped = true;
        log_debug("dropping a connection of %s without a complete request", http_peer(exchange));
        shutdown(exchange->fd, SHUT_RDWR);
    }
}

int64_t http_deadline_wait_ms(struct http_server *server) {
    if (server->next_sweep_ms == 0)
        return -1;
    int64_t wait_ms = server->next_sweep_ms - server->now_ms;
    return wait_ms > 0 ? wait_ms : 0;
}
