/* Options → log → wiring → listener → loop, and back. */
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ecs-local/base/log.h"
#include "ecs-local/cli/cli.h"
#include "event_loop.h"
#include "options.h"
#include "wiring.h"

enum {
    KEPT_BYTES = 1024 * 1024, /* of free memory, at most, before some goes back to the kernel */
};

/* Who starts us may have closed standard streams. Their numbers must not become those of our files and sockets, or what we
 * say would go there. */
static void fill_standard_streams(void) {
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* Connections are descriptors; the usual soft limit of 1,024 is kept only for programs that use select(2). */
static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static unsigned whole_seconds(int64_t duration_ms) {
    return (unsigned)((duration_ms + 999) / 1000);
}

static int open_server(
    const struct options *options, struct wiring *wiring, struct http_server **ret_server) {
    struct http_config config = {
        .host = options->host,
        .port = options->port,
        .max_body_bytes = options->max_body_bytes,
        .max_header_bytes = options->max_header_bytes,
        .max_connections = options->max_connections,
        .idle_timeout_s = whole_seconds(options->idle_timeout_ms),
        .request_timeout_s = whole_seconds(options->request_timeout_ms),
    };
    struct http_handler handler = wiring_http_handler(wiring);
    int status = http_server_open(&config, &handler, ret_server);
    if (status > 0)
        fprintf(stderr,
            "ecs-local: cannot listen on %s port %u: the port is in use; choose another with --port\n",
            options->host, options->port);
    return status;
}

static void say_ready(const struct options *options, const struct http_server *server) {
    bool brackets = strchr(options->host, ':') != NULL;
    printf("ecs-local %s ready on http://%s%s%s:%u\n", ECS_LOCAL_VERSION, brackets ? "[" : "", options->host,
        brackets ? "]" : "", http_server_port(server));
    fflush(stdout);
}

static int serve(const struct options *options) {
    struct wiring *wiring = NULL;
    int status = wiring_open(options, &wiring);
    if (status != 0)
        return status > 0 ? status : EXIT_FAILURE;
    struct http_server *server = NULL;
    status = open_server(options, wiring, &server);
    if (status == 0) {
        struct event_loop_hooks hooks = wiring_hooks(wiring);
        malloc_trim(0); /* what the migrations have needed */
        say_ready(options, server);
        status = event_loop_run(server, &hooks);
    }
    /* First the connections, then what they ask. */
    http_server_free(server);
    wiring_close(wiring);
    return status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv) {
    struct options options;
    fill_standard_streams();
    if (cli_knows(argc, argv))
        return cli_main(argc, argv, environ, stdout, stderr);
    int status = options_parse(argc, argv, environ, stdout, stderr, &options);
    if (status != 0)
        return status == OPTIONS_SHOWN ? EXIT_SUCCESS : status;
    event_loop_hold_signals();
    raise_descriptor_limit();
    /* What a turn needs is kept for the next one, instead of being given back to the kernel and asked for again. */
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
    log_configure(options.log_level, options.log_json);
    status = serve(&options);
    options_done(&options);
    return status;
}
