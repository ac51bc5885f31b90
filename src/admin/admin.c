#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "admin_internal.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/clock.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"

enum {
    REPLY_BYTES_MAX = 64 * 1024 * 1024,
};

struct route {
    const char *method;
    const char *path;
    admin_handler *handler;
};

static const struct route routes[] = {
    {"GET", "/_ecs/health", admin_health},
    {"GET", "/_localstack/health", admin_localstack_health},
    {"POST", "/_ecs/reset", admin_reset},
    {"POST", "/moto-api/reset", admin_reset},
    {"POST", "/_localstack/state/reset", admin_reset},
    {"GET", "/_ecs/coverage", admin_coverage},
    {"GET", "/_ecs/clock", admin_clock_get},
    {"POST", "/_ecs/clock", admin_clock_set},
    {"POST", "/_ecs/clock/advance", admin_clock_advance},
    {"POST", "/_ecs/fleet", admin_fleet},
};

struct admin *admin_open(const struct admin_config *config) {
    struct admin *admin = xcalloc(1, sizeof(*admin));
    admin->config = *config;
    admin->arena = arena_new();
    admin->started_us = machine_monotonic_us();
    return admin;
}

void admin_close(struct admin *admin) {
    if (admin == NULL)
        return;
    arena_free(admin->arena);
    free(admin);
}

bool admin_serves(const char *path) {
    return text_starts_with(path, "/_ecs/") || text_starts_with(path, "/_localstack/") ||
           text_starts_with(path, "/moto-api/");
}

const char *admin_query(struct admin_call *call, const char *name) {
    const char *value = call->request->query(call->request->query_context, name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

int admin_fail(struct admin_call *call, unsigned status, const char *code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const char *message = arena_vprintf(call->arena, format, arguments);
    va_end(arguments);
    buf_clear(&call->buf);
    call->writer = (struct writer)WRITER_INIT(&call->buf);
    call->status = status;
    writer_object_begin(&call->writer);
    writer_key_object_begin(&call->writer, "error");
    writer_key_string(&call->writer, "code", code);
    writer_key_string(&call->writer, "message", message);
    writer_object_end(&call->writer);
    writer_object_end(&call->writer);
    return 0;
}

/* The handler of the request; *ret_known: the path exists with another method. HEAD counts as GET. */
static admin_handler *find_route(const struct admin_request *request, bool *ret_known) {
    const char *method = text_equal(request->method, "HEAD") ? "GET" : request->method;
    *ret_known = false;
    for (size_t index = 0; index < array_length(routes); index++) {
        if (!text_equal(routes[index].path, request->path))
            continue;
        *ret_known = true;
        if (text_equal(routes[index].method, method))
            return routes[index].handler;
    }
    return NULL;
}

static int parse_body(struct admin_call *call) {
    const struct admin_request *request = call->request;
    if (request->body_length == 0)
        return 0;
    struct value *input = NULL;
    if (value_parse(call->arena, request->body, request->body_length, &input) != 0 ||
        input->kind != VALUE_MAP)
        return 1;
    call->input = input;
    return 0;
}

static int run(struct admin_call *call) {
    const char *problem = NULL;
    bool known = false;
    admin_handler *handler = find_route(call->request, &known);
    if (admin_guard(&call->admin->config, call->request->host, call->request->origin, &problem) != 0)
        return admin_fail(call, 403, "Forbidden", "%s", problem);
    if (handler == NULL && known)
        return admin_fail(
            call, 405, "MethodNotAllowed", "%s does not take %s", call->request->path, call->request->method);
    if (handler == NULL)
        return admin_fail(call, 404, "NotFound", "there is no %s", call->request->path);
    if (parse_body(call) != 0)
        return admin_fail(call, 400, "InvalidBody", "the body must be a JSON object");
    return handler(call);
}

int admin_handle(struct admin *admin, const struct admin_request *request, struct admin_reply *ret_reply) {
    arena_reset(admin->arena);
    struct admin_call call = {
        .admin = admin,
        .engine = admin->config.engine,
        .arena = admin->arena,
        .request = request,
        .buf = BUF_INIT(REPLY_BYTES_MAX),
        .status = 200,
    };
    call.writer = (struct writer)WRITER_INIT(&call.buf);
    int result = run(&call);
    if (result == 0 && buf_failed(&call.buf))
        result = error_raise(ERR_LIMIT, "%s: the reply is too large", request->path);
    if (result < 0)
        admin_fail(&call, 500, "InternalError", "the request could not be carried out; the log says why");
    ret_reply->status = call.status;
    ret_reply->content_type = call.buf.length != 0 ? "application/json" : NULL;
    ret_reply->body = buf_take(&call.buf, &ret_reply->body_length);
    buf_done(&call.buf);
    return result;
}
