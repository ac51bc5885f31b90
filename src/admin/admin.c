#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "admin_internal.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/clock.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "followers.h"
#include "sink_delivery.h"

enum {
    REPLY_BYTES_MAX = 64 * 1024 * 1024,
};

/* A "*" in the path stands for one segment, which the handler finds in call->segment. What is PUT is bytes, all other
 * bodies are JSON. */
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
    {"GET", "/_ecs/fleet", admin_fleet},
    {"POST", "/_ecs/fleet", admin_fleet_add},
    {"DELETE", "/_ecs/fleet", admin_fleet_remove},
    {"DELETE", "/_ecs/fleet/*", admin_fleet_remove_one},
    {"POST", "/_ecs/fleet/connect", admin_fleet_connect},
    {"POST", "/_ecs/fleet/disconnect", admin_fleet_disconnect},
    {"GET", "/_ecs/alarms", admin_alarms},
    {"POST", "/_ecs/alarms", admin_alarm_set},
    {"POST", "/_ecs/hooks", admin_hook_add},
    {"GET", "/_ecs/hooks", admin_hooks},
    {"DELETE", "/_ecs/hooks", admin_hook_delete},
    {"DELETE", "/_ecs/hooks/*", admin_hook_delete},
    {"GET", "/_ecs/outcomes", admin_outcomes},
    {"POST", "/_ecs/outcomes", admin_outcome_add},
    {"DELETE", "/_ecs/outcomes", admin_outcomes_delete},
    {"GET", "/_ecs/outcomes/*", admin_outcome_get},
    {"DELETE", "/_ecs/outcomes/*", admin_outcome_delete},
    {"POST", "/_ecs/faults", admin_fault_add},
    {"GET", "/_ecs/faults", admin_faults},
    {"DELETE", "/_ecs/faults", admin_fault_delete},
    {"GET", "/_ecs/faults/*", admin_fault_get},
    {"DELETE", "/_ecs/faults/*", admin_fault_delete},
    {"POST", "/_ecs/targets", admin_target_set},
    {"GET", "/_ecs/targets", admin_targets},
    {"DELETE", "/_ecs/targets", admin_targets_clear},
    {"GET", "/_ecs/journal", admin_journal},
    {"POST", "/_ecs/journal/wait", admin_journal_wait},
    {"GET", "/_ecs/events", admin_events},
    {"GET", "/_ecs/explain", admin_explain},
    {"POST", "/_ecs/sinks", admin_sink_add},
    {"GET", "/_ecs/sinks", admin_sinks},
    {"DELETE", "/_ecs/sinks", admin_sinks_delete},
    {"GET", "/_ecs/sinks/*", admin_sink_get},
    {"DELETE", "/_ecs/sinks/*", admin_sink_delete},
    {"POST", "/_ecs/fork", admin_fork},
    {"GET", "/_ecs/snapshots", admin_snapshots},
    {"POST", "/_ecs/snapshots", admin_snapshot_save},
    {"GET", "/_ecs/snapshots/*", admin_snapshot_get},
    {"PUT", "/_ecs/snapshots/*", admin_snapshot_put},
    {"DELETE", "/_ecs/snapshots/*", admin_snapshot_delete},
    {"POST", "/_ecs/snapshots/*/restore", admin_snapshot_restore},
};

struct admin *admin_open(const struct admin_config *config) {
    struct admin *admin = xcalloc(1, sizeof(*admin));
    admin->config = *config;
    admin->arena = arena_new();
    admin->followers.scratch = arena_new();
    admin->started_us = machine_monotonic_us();
    return admin;
}

void admin_close(struct admin *admin) {
    if (admin == NULL)
        return;
    waiters_free(admin);
    streams_free(admin);
    deliveries_free(admin);
    arena_free(admin->followers.scratch);
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

/* Does the path fit the pattern? Then *ret_segment is what its "*" stands for; it stays NULL without one. */
static bool fits(struct admin_call *call, const char *pattern, const char *path, const char **ret_segment) {
    size_t before = strcspn(pattern, "*");
    if (pattern[before] == '\0')
        return text_equal(pattern, path);
    if (strncmp(pattern, path, before) != 0)
        return false;
    size_t length = strcspn(path + before, "/");
    if (length == 0 || !text_equal(pattern + before + 1, path + before + length))
        return false;
    *ret_segment = arena_strndup(call->arena, path + before, length);
    return true;
}

/* The route of the request; *ret_known: the path exists with another method. HEAD counts as GET. */
static const struct route *find_route(struct admin_call *call, bool *ret_known) {
    const struct admin_request *request = call->request;
    const char *method = text_equal(request->method, "HEAD") ? "GET" : request->method;
    *ret_known = false;
    for (size_t index = 0; index < array_length(routes); index++) {
        if (!fits(call, routes[index].path, request->path, &call->segment))
            continue;
        *ret_known = true;
        if (text_equal(routes[index].method, method))
            return &routes[index];
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
    const struct route *route = find_route(call, &known);
    if (admin_guard(&call->admin->config, &call->request->caller, &problem) != 0)
        return admin_fail(call, 403, "Forbidden", "%s", problem);
    if (route == NULL && known)
        return admin_fail(
            call, 405, "MethodNotAllowed", "%s does not take %s", call->request->path, call->request->method);
    if (route == NULL)
        return admin_fail(call, 404, "NotFound", "there is no %s", call->request->path);
    if (!text_equal(route->method, "PUT") && parse_body(call) != 0)
        return admin_fail(call, 400, "InvalidBody", "the body must be a JSON object");
    return route->handler(call);
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
    *ret_reply = (struct admin_reply){.how = call.how, .stream = call.stream, .status = call.status};
    if (call.how != ADMIN_NOW) {
        buf_done(&call.buf);
        return result;
    }
    if (call.bytes != NULL) {
        ret_reply->content_type = "application/octet-stream";
        ret_reply->body = call.bytes;
        ret_reply->body_length = call.bytes_length;
    } else {
        ret_reply->content_type = call.buf.length != 0 ? "application/json" : NULL;
        ret_reply->body = buf_take(&call.buf, &ret_reply->body_length);
    }
    buf_done(&call.buf);
    return result;
}

static const char *no_query(const void *context, const char *name) {
    (void)context;
    (void)name;
    return NULL;
}

int admin_begin_fleet(struct admin *admin, const char *text, size_t length, const char **ret_problem) {
    struct value *file = NULL;
    arena_reset(admin->arena);
    if (value_parse(admin->arena, text, length, &file) != 0) {
        *ret_problem = "it is not JSON";
        return 1;
    }
    size_t count = file->kind == VALUE_LIST ? file->count : 1;
    for (size_t index = 0; index < count; index++) {
        const struct admin_request request = {.path = "/_ecs/fleet", .query = no_query};
        struct admin_call call = {.admin = admin,
            .engine = admin->config.engine,
            .arena = admin->arena,
            .request = &request,
            .buf = BUF_INIT(REPLY_BYTES_MAX),
            .status = 200};
        call.writer = (struct writer)WRITER_INIT(&call.buf);
        call.input = file->kind == VALUE_LIST ? file->items[index] : file;
        int result = admin_fleet_add(&call);
        struct value *reply = NULL;
        if (call.status >= 300 &&
            value_parse(admin->arena, buf_text(&call.buf), call.buf.length, &reply) == 0)
            *ret_problem = value_string(value_get(reply, "error"), "message");
        buf_done(&call.buf);
        if (result != 0 || call.status >= 300)
            return result != 0 ? result : 1;
    }
    return 0;
}

bool admin_takes_snapshot(const char *method, const char *path) {
    return text_equal(method, "PUT") && text_starts_with(path, "/_ecs/snapshots/");
}

void admin_refuse(unsigned status, const char *code, const char *message, struct admin_reply *ret_reply) {
    struct admin_call call = {.buf = BUF_INIT(REPLY_BYTES_MAX)};
    struct arena *arena = arena_new();
    call.arena = arena;
    admin_fail(&call, status, code, "%s", message);
    *ret_reply = (struct admin_reply){.status = status, .content_type = "application/json"};
    ret_reply->body = buf_take(&call.buf, &ret_reply->body_length);
    buf_done(&call.buf);
    arena_free(arena);
}
