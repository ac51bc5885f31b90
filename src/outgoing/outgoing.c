/* libcurl's multi interface with our own epoll set: curl says which sockets it waits for and when it wants to be called;
 * names are looked up on a thread of its own. */
#include "ecs-local/outgoing/outgoing.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "ecs-local/base/buf.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/clock.h"
#include "ecs-local/base/error.h"

enum {
    EVENTS_AT_ONCE = 32,
    URL_MAX = 8192,
};

struct outgoing_call {
    struct outgoing_call *next;
    CURL *easy;
    struct curl_slist *headers;
    struct buf reply;
    char *body;
    char error[CURL_ERROR_SIZE];
    void *context;
    void (*done)(void *context, const struct outgoing_reply *reply);
};

struct outgoing {
    CURLM *multi;
    int epoll_fd;
    int64_t due_ms; /* when curl wants to be called; -1 never */
    struct outgoing_call *calls;
};

static int64_t monotonic_ms(void) {
    return machine_monotonic_us() / 1000;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context) {
    (void)easy;
    (void)socket_context;
    struct outgoing *outgoing = context;
    struct epoll_event event = {.data.fd = fd};
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(outgoing->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        event.events |= EPOLLIN;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        event.events |= EPOLLOUT;
    if (epoll_ctl(outgoing->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0 && errno == EEXIST)
        epoll_ctl(outgoing->epoll_fd, EPOLL_CTL_MOD, fd, &event);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *context) {
    (void)multi;
    struct outgoing *outgoing = context;
    outgoing->due_ms = timeout_ms >= 0 ? monotonic_ms() + timeout_ms : -1;
    return 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context) {
    struct outgoing_call *call = context;
    size_t room = call->reply.maximum - call->reply.length;
    size_t length = size * count;
    buf_append(&call->reply, bytes, length < room ? length : room);
    return length;
}

int outgoing_open(struct outgoing **ret_outgoing) {
    struct outgoing *outgoing = xcalloc(1, sizeof(*outgoing));
    outgoing->due_ms = -1;
    outgoing->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (outgoing->epoll_fd < 0) {
        free(outgoing);
        return error_raise(ERR_IO, "cannot watch outgoing requests: %s", strerror(errno));
    }
    *ret_outgoing = outgoing;
    return 0;
}

/* Most servers never make a request: what curl needs is set up for the first one. */
static int begin(struct outgoing *outgoing) {
    if (outgoing->multi != NULL)
        return 0;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_raise(ERR_IO, "cannot set up libcurl");
    outgoing->multi = curl_multi_init();
    if (outgoing->multi == NULL)
        return error_raise(ERR_IO, "cannot set up outgoing requests");
    curl_multi_setopt(outgoing->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(outgoing->multi, CURLMOPT_SOCKETDATA, outgoing);
    curl_multi_setopt(outgoing->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(outgoing->multi, CURLMOPT_TIMERDATA, outgoing);
    return 0;
}

static void call_free(struct outgoing *outgoing, struct outgoing_call *call) {
    struct outgoing_call **link = &outgoing->calls;
    while (*link != NULL && *link != call)
        link = &(*link)->next;
    if (*link != NULL)
        *link = call->next;
    curl_multi_remove_handle(outgoing->multi, call->easy);
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    buf_done(&call->reply);
    free(call->body);
    free(call);
}

void outgoing_cancel(struct outgoing *outgoing, struct outgoing_call *call) {
    if (call != NULL)
        call_free(outgoing, call);
}

void outgoing_close(struct outgoing *outgoing) {
    if (outgoing == NULL)
        return;
    while (outgoing->calls != NULL)
        call_free(outgoing, outgoing->calls);
    if (outgoing->multi != NULL) {
        curl_multi_cleanup(outgoing->multi);
        curl_global_cleanup();
    }
    close(outgoing->epoll_fd);
    free(outgoing);
}

int outgoing_fd(const struct outgoing *outgoing) {
    return outgoing->epoll_fd;
}

int64_t outgoing_wait_ms(const struct outgoing *outgoing) {
    if (outgoing->due_ms < 0)
        return -1;
    int64_t left_ms = outgoing->due_ms - monotonic_ms();
    return left_ms > 0 ? left_ms : 0;
}

static void finish(struct outgoing *outgoing, CURL *easy, CURLcode code) {
    struct outgoing_call *call = NULL;
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&call);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    struct outgoing_reply reply = {
        .status = code == CURLE_OK ? (unsigned)status : 0,
        .error = code == CURLE_OK         ? NULL
                 : call->error[0] != '\0' ? call->error
                                          : curl_easy_strerror(code),
        .body = buf_text(&call->reply),
        .body_length = call->reply.length,
    };
    call->done(call->context, &reply);
    call_free(outgoing, call);
}

static void collect(struct outgoing *outgoing) {
    const CURLMsg *message;
    int left = 0;
    while ((message = curl_multi_info_read(outgoing->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE)
            finish(outgoing, message->easy_handle, message->data.result);
    }
}

void outgoing_run(struct outgoing *outgoing) {
    struct epoll_event events[EVENTS_AT_ONCE];
    int running = 0;
    if (outgoing->multi == NULL)
        return;
    int count = epoll_wait(outgoing->epoll_fd, events, EVENTS_AT_ONCE, 0);
    for (int index = 0; index < count; index++) {
        int what = 0;
        if ((events[index].events & EPOLLIN) != 0)
            what |= CURL_CSELECT_IN;
        if ((events[index].events & EPOLLOUT) != 0)
            what |= CURL_CSELECT_OUT;
        if ((events[index].events & (EPOLLERR | EPOLLHUP)) != 0)
            what |= CURL_CSELECT_ERR;
        curl_multi_socket_action(outgoing->multi, events[index].data.fd, what, &running);
    }
    if (outgoing->due_ms >= 0 && outgoing->due_ms <= monotonic_ms()) {
        outgoing->due_ms = -1;
        curl_multi_socket_action(outgoing->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    collect(outgoing);
}

int outgoing_check_url(const char *url) {
    size_t length = strnlen(url, URL_MAX + 1);
    if (length > URL_MAX)
        return 1;
    size_t scheme = strncasecmp(url, "http://", 7) == 0 ? 7 : strncasecmp(url, "https://", 8) == 0 ? 8 : 0;
    if (scheme == 0 || url[scheme] == '\0' || url[scheme] == '/' || url[scheme] == ':')
        return 1;
    for (size_t index = 0; index < length; index++) {
        if (url[index] <= ' ' || url[index] >= 0x7f)
            return 1;
    }
    return 0;
}

static bool is_header(const char *header) {
    const char *colon = strchr(header, ':');
    return colon != NULL && colon != header && strpbrk(header, "\r\n") == NULL;
}

static int add_headers(struct outgoing_call *call, const struct outgoing_request *request) {
    for (size_t index = 0; index < request->header_count; index++) {
        if (!is_header(request->headers[index]))
            return 1;
        call->headers = curl_slist_append(call->headers, request->headers[index]);
    }
    call->headers = curl_slist_append(call->headers, "Expect:");
    return 0;
}

static void set_options(struct outgoing_call *call, const struct outgoing_request *request) {
    CURL *easy = call->easy;
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "ecs-local");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->error);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    if (call->body == NULL)
        return;
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body);
}

int outgoing_call(
    struct outgoing *outgoing, const struct outgoing_request *request, struct outgoing_call **ret_call) {
    int result = begin(outgoing);
    if (result == 0)
        result = outgoing_check_url(request->url);
    if (result != 0)
        return result;
    struct outgoing_call *call = xcalloc(1, sizeof(*call));
    call->reply = (struct buf)BUF_INIT(OUTGOING_BODY_MAX);
    call->context = request->context;
    call->done = request->done;
    call->easy = curl_easy_init();
    if (call->easy == NULL)
        memory_die();
    if (request->body != NULL) {
        call->body = xmalloc(request->body_length + 1);
        memcpy(call->body, request->body, request->body_length);
    }
    if (add_headers(call, request) != 0) {
        call_free(outgoing, call);
        return 1;
    }
    set_options(call, request);
    call->next = outgoing->calls;
    outgoing->calls = call;
    curl_multi_add_handle(outgoing->multi, call->easy);
    *ret_call = call;
    return 0;
}
