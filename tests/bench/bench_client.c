/* A load client: one thread, some keep-alive connections, exact latencies.
 *
 *   bench_client --port N --connections N --seconds S [--requests N] --step OPERATION BODY [--step …]
 *
 * Every connection goes through its steps in turn. {TASK} in a body is the last task ARN that an earlier
 * reply on the same connection named, {N} a number that no other request has. A reply that is not 200, or that names a failure, counts as an error.
 * One line of JSON comes out: requests per second, latencies of all requests and of each step in
 * microseconds, errors. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    STEPS_MAX = 8,
    CONNECTIONS_MAX = 256,
    OUT_MAX = 64 * 1024,
    IN_MAX = 4 * 1024 * 1024,
    SAMPLES_MAX = 8 * 1024 * 1024,
    TASK_MAX = 256,
};

struct step {
    const char *operation;
    const char *body;
};

struct connection {
    int fd;
    unsigned step;
    char out[OUT_MAX];
    size_t out_length;
    char *in;
    size_t in_length;
    uint64_t sent_ns;
    char task[TASK_MAX];
    bool idle;
};

static struct step steps[STEPS_MAX];
static unsigned step_count;
static int port;
static unsigned connection_count = 1;
static double seconds = 2;
static uint64_t requests_max = UINT64_MAX;
static uint32_t *samples;
static uint8_t *sample_steps;
static size_t sample_count;
static uint64_t completed;
static uint64_t errors;
static char first_error[512];

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static _Noreturn void die(const char *what) {
    fprintf(stderr, "bench_client: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* The body with what its placeholders stand for; -1 when it is too large. */
static int fill_in(const struct connection *connection, const char *text, char *body, size_t size) {
    static uint64_t serial;
    size_t length = 0;
    serial++;
    while (*text != '\0' && length + TASK_MAX < size) {
        if (strncmp(text, "{TASK}", 6) == 0) {
            length += (size_t)snprintf(body + length, size - length, "%s", connection->task);
            text += 6;
        } else if (strncmp(text, "{N}", 3) == 0) {
            length += (size_t)snprintf(body + length, size - length, "%llu", (unsigned long long)serial);
            text += 3;
        } else {
            body[length++] = *text++;
        }
    }
    body[length] = '\0';
    return *text == '\0' ? (int)length : -1;
}

static void make_request(struct connection *connection) {
    const struct step *step = &steps[connection->step];
    char body[OUT_MAX / 2];
    int length = fill_in(connection, step->body, body, sizeof(body));
    int total = snprintf(connection->out, sizeof(connection->out),
        "POST / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/x-amz-json-1.1\r\n"
        "X-Amz-Target: AmazonEC2ContainerServiceV20141113.%s\r\n"
        "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/ecs/aws4_request, "
        "SignedHeaders=host, Signature=00\r\nContent-Length: %d\r\n\r\n%s",
        port, step->operation, length, body);
    if (length < 0 || total < 0 || (size_t)total >= sizeof(connection->out))
        die("a request is too large");
    connection->out_length = (size_t)total;
}

static void send_request(struct connection *connection) {
    make_request(connection);
    connection->in_length = 0;
    connection->sent_ns = now_ns();
    size_t sent = 0;
    while (sent < connection->out_length) {
        ssize_t count = write(connection->fd, connection->out + sent, connection->out_length - sent);
        if (count > 0)
            sent += (size_t)count;
        else if (errno != EAGAIN && errno != EINTR)
            die("write");
    }
}

static void open_connection(struct connection *connection) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0 || connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        die("connect");
    int one = 1;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    fcntl(connection->fd, F_SETFL, O_NONBLOCK);
    connection->in = malloc(IN_MAX);
    if (connection->in == NULL)
        die("malloc");
}

/* The body when the whole reply is there, else NULL. */
static const char *whole_reply(const struct connection *connection) {
    const char *end = strstr(connection->in, "\r\n\r\n");
    if (end == NULL)
        return NULL;
    const char *header = strcasestr(connection->in, "\r\nContent-Length:");
    size_t length = header != NULL && header < end ? strtoul(header + 17, NULL, 10) : 0;
    size_t head = (size_t)(end + 4 - connection->in);
    return connection->in_length >= head + length ? end + 4 : NULL;
}

static void note_task(struct connection *connection, const char *body) {
    const char *found = strstr(body, "\"tasks\":[") != NULL ? strstr(body, "\"group\"") : NULL;
    found = found != NULL ? strstr(found, "\"taskArn\":\"") : NULL;
    if (found == NULL)
        return;
    found += strlen("\"taskArn\":\"");
    size_t length = strcspn(found, "\"");
    if (length < TASK_MAX) {
        memcpy(connection->task, found, length);
        connection->task[length] = '\0';
    }
}

static void finish(struct connection *connection, const char *body) {
    uint64_t took_us = (now_ns() - connection->sent_ns) / 1000;
    bool fine = strncmp(connection->in, "HTTP/1.1 200", 12) == 0 &&
                strstr(body, "\"reason\":\"RESOURCE") == NULL;
    if (!fine && errors++ == 0)
        snprintf(first_error, sizeof(first_error), "%.400s", connection->in);
    if (sample_count < SAMPLES_MAX) {
        samples[sample_count] = (uint32_t)took_us;
        sample_steps[sample_count++] = (uint8_t)connection->step;
    }
    completed++;
    if (strcmp(steps[connection->step].operation, "RunTask") == 0)
        note_task(connection, body);
    connection->step = (connection->step + 1) % step_count;
}

static void readable(struct connection *connection, bool go_on) {
    for (;;) {
        ssize_t count = read(
            connection->fd, connection->in + connection->in_length, IN_MAX - 1 - connection->in_length);
        if (count == 0)
            die("the server closed a connection");
        if (count < 0) {
            if (errno == EAGAIN)
                return;
            die("read");
        }
        connection->in_length += (size_t)count;
        connection->in[connection->in_length] = '\0';
        const char *body = whole_reply(connection);
        if (body == NULL)
            continue;
        finish(connection, body);
        if (!go_on || completed >= requests_max) {
            connection->idle = true;
            return;
        }
        send_request(connection);
        return;
    }
}

static int compare(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

static void print_quantiles(const char *name, uint32_t *values, size_t count) {
    qsort(values, count, sizeof(*values), compare);
    printf("\"%s\":{\"count\":%zu,\"p50\":%u,\"p99\":%u,\"max\":%u}", name, count,
        count ? values[count / 2] : 0, count ? values[count * 99 / 100] : 0, count ? values[count - 1] : 0);
}

static void report(double elapsed) {
    uint32_t *copy = malloc((sample_count + 1) * sizeof(*copy));
    printf("{\"rps\":%.1f,\"requests\":%llu,\"errors\":%llu,", (double)completed / elapsed,
        (unsigned long long)completed, (unsigned long long)errors);
    memcpy(copy, samples, sample_count * sizeof(*copy));
    print_quantiles("all", copy, sample_count);
    for (unsigned step = 0; step < step_count; step++) {
        size_t count = 0;
        for (size_t index = 0; index < sample_count; index++) {
            if (sample_steps[index] == step)
                copy[count++] = samples[index];
        }
        putchar(',');
        print_quantiles(steps[step].operation, copy, count);
    }
    printf("}\n");
    free(copy);
    if (errors != 0)
        fprintf(
            stderr, "bench_client: %llu errors, the first: %s\n", (unsigned long long)errors, first_error);
}

static void parse(int argc, char **argv) {
    for (int index = 1; index < argc; index++) {
        const char *name = argv[index];
        if (strcmp(name, "--step") == 0 && index + 2 < argc && step_count < STEPS_MAX) {
            steps[step_count].operation = argv[++index];
            steps[step_count++].body = argv[++index];
        } else if (index + 1 < argc) {
            const char *value = argv[++index];
            if (strcmp(name, "--port") == 0)
                port = (int)strtol(value, NULL, 10);
            else if (strcmp(name, "--connections") == 0)
                connection_count = (unsigned)strtoul(value, NULL, 10);
            else if (strcmp(name, "--seconds") == 0)
                seconds = strtod(value, NULL);
            else if (strcmp(name, "--requests") == 0)
                requests_max = strtoull(value, NULL, 10);
        }
    }
    if (port == 0 || step_count == 0 || connection_count == 0 || connection_count > CONNECTIONS_MAX) {
        fputs(
            "usage: bench_client --port N --connections N --seconds S [--requests N] --step OPERATION BODY …\n",
            stderr);
        exit(2);
    }
}

int main(int argc, char **argv) {
    parse(argc, argv);
    static struct connection connections[CONNECTIONS_MAX];
    samples = malloc(SAMPLES_MAX * sizeof(*samples));
    sample_steps = malloc(SAMPLES_MAX);
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned index = 0; index < connection_count; index++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[index]};
        open_connection(&connections[index]);
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, connections[index].fd, &event);
    }
    uint64_t start_ns = now_ns();
    uint64_t end_ns = start_ns + (uint64_t)(seconds * 1e9);
    for (unsigned index = 0; index < connection_count; index++)
        send_request(&connections[index]);
    unsigned busy = connection_count;
    while (busy != 0) {
        struct epoll_event events[64];
        int count = epoll_wait(epoll_fd, events, 64, 5000);
        if (count == 0)
            die("no reply for five seconds");
        bool go_on = now_ns() < end_ns;
        for (int index = 0; index < count; index++) {
            struct connection *connection = events[index].data.ptr;
            readable(connection, go_on);
            busy -= connection->idle;
        }
    }
    report((double)(now_ns() - start_ns) / 1e9);
    return errors != 0;
}
