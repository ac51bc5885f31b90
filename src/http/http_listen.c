#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "http_internal.h"

/* The kernel cuts it to net.core.somaxconn. */
enum {
    HTTP_BACKLOG = 4096
};

union http_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* An address in digits, or "localhost": no name service, so nothing can block. 0 or 1. */
static int parse_address(
    const char *host, uint16_t port, union http_address *ret_address, socklen_t *ret_size) {
    union http_address address;
    memset(&address, 0, sizeof(address));
    if (text_equal(host, "localhost"))
        host = "127.0.0.1";
    if (inet_pton(AF_INET, host, &address.v4.sin_addr) == 1) {
        address.v4.sin_family = AF_INET;
        address.v4.sin_port = htons(port);
        *ret_address = address;
        *ret_size = sizeof(address.v4);
        return 0;
    }
    if (inet_pton(AF_INET6, host, &address.v6.sin6_addr) == 1) {
        address.v6.sin6_family = AF_INET6;
        address.v6.sin6_port = htons(port);
        *ret_address = address;
        *ret_size = sizeof(address.v6);
        return 0;
    }
    return 1;
}

int http_listen(const char *host, uint16_t port, int *ret_fd, uint16_t *ret_port) {
    union http_address address;
    socklen_t size;
    if (parse_address(host, port, &address, &size) != 0)
        return error_raise(ERR_CONFIG, "cannot listen on \"%s\": not an IP address", host);

    cleanup_close int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_raise(ERR_IO, "cannot create a socket: %s", strerror(errno));
    /* A restart must not wait for the old connections' TIME_WAIT. */
    int one = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0)
        return error_raise(ERR_IO, "cannot set SO_REUSEADDR: %s", strerror(errno));
    if (bind(fd, &address.any, size) != 0 || listen(fd, HTTP_BACKLOG) != 0) {
        if (errno == EADDRINUSE)
            return 1;
        return error_raise(ERR_IO, "cannot listen on %s port %u: %s", host, port, strerror(errno));
    }
    size = sizeof(address);
    if (getsockname(fd, &address.any, &size) != 0)
        return error_raise(ERR_IO, "cannot ask for the port: %s", strerror(errno));
    *ret_port = ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
    *ret_fd = fd;
    fd = -1;
    return 0;
}
