/* The only file that knows every implementation: it opens the rooms, hands them to each other, and decides
 * which surface a path belongs to. */
#include "wiring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "delayed_replies.h"
#include "ecs-local/admin/admin.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/json_memory.h"
#include "ecs-local/base/log.h"
#include "ecs-local/base/text.h"
#include "ecs-local/engine/engine.h"
#include "ecs-local/engine/snapshots.h"
#include "ecs-local/outgoing/outgoing.h"
#include "ecs-local/protocol/aws_json.h"
#include "ecs-local/runtime/sim_runtime.h"
#include "ecs-local/store/store.h"
#include "lambda_hooks.h"

struct wiring {
    const struct options *options;
    struct store *store;
    struct runtime_provider runtime;
    struct engine *engine;
    struct aws_json *aws;
    struct admin *admin;
    struct delayed_replies *delayed;
    struct outgoing *outgoing;
    struct lambda_hooks *lambda_hooks;
    struct ids request_ids; /* apart from the engine's, so that a request does not change what a seed gives */
    bool abandoned;         /* the world could not begin: nothing of it is kept */
};

static const char *timing_name(const struct options *options) {
    if (options->timing == OPTIONS_TIMING_FILE)
        return options->timing_file;
    return options->timing == OPTIONS_TIMING_REALISTIC ? "realistic" : "instant";
}

/* 0 and malloc's bytes, or 1 with errno. */
static int read_file(const char *path, size_t maximum, char **ret_bytes, size_t *ret_length) {
    cleanup_fclose FILE *file = fopen(path, "rbe");
    struct stat about;
    if (file == NULL || fstat(fileno(file), &about) != 0)
        return 1;
    if (!S_ISREG(about.st_mode) || (size_t)about.st_size > maximum) {
        errno = S_ISREG(about.st_mode) ? EFBIG : EINVAL;
        return 1;
    }
    char *bytes = xmalloc((size_t)about.st_size + 1);
    *ret_length = fread(bytes, 1, (size_t)about.st_size, file);
    *ret_bytes = bytes;
    return 0;
}

static int open_rooms(struct wiring *wiring) {
    const struct options *options = wiring->options;
    struct store_config store = {
        .data_dir = options->data_dir,
        .full_durability = options->durability == OPTIONS_DURABILITY_FULL,
    };
    int result = sim_runtime_open(timing_name(options), &wiring->runtime);
    if (result == 0)
        result = outgoing_open(&wiring->outgoing);
    if (result == 0)
        result = store_open(&store, &wiring->store);
    if (result != 0)
        return result;
    wiring->lambda_hooks = lambda_hooks_open(wiring->outgoing, options->lambda_endpoint);
    struct engine_config engine = {
        .store = wiring->store,
        .runtime = wiring->runtime,
        .clock_mode = options->clock_mode,
        .clock_factor = options->clock_factor,
        .seeded = options->seeded,
        .seed = options->seed,
        .journal_limit = options->journal_limit,
        .journal_stored = options->data_dir != NULL,
        .hook_caller = lambda_hooks_caller(wiring->lambda_hooks),
    };
    result = engine_open(&engine, &wiring->engine);
    lambda_hooks_set_engine(wiring->lambda_hooks, wiring->engine);
    return result;
}

/* --snapshot: what the file holds is where the world begins. */
static int begin_with_snapshot(struct wiring *wiring) {
    const char *path = wiring->options->snapshot;
    const char *problem = NULL;
    char *bytes = NULL;
    size_t length = 0;
    if (read_file(path, wiring->options->max_snapshot_bytes, &bytes, &length) != 0)
        return error_raise(ERR_CONFIG, "the snapshot %s cannot be read: %s", path, strerror(errno));
    int result = engine_restore(wiring->engine, bytes, length, &problem);
    free(bytes);
    if (result > 0)
        return error_raise(ERR_CONFIG, "the snapshot %s cannot be used: %s", path, problem);
    if (result == 0 && wiring->options->clock_mode != CLOCK_REAL)
        clock_set_mode(
            engine_clock(wiring->engine), wiring->options->clock_mode, wiring->options->clock_factor);
    return result;
}

/* --fleet: the instances that the file names are there from the beginning. */
static int begin_with_fleet(struct wiring *wiring) {
    const char *path = wiring->options->fleet;
    const char *problem = NULL;
    char *bytes = NULL;
    size_t length = 0;
    if (read_file(path, wiring->options->max_body_bytes, &bytes, &length) != 0)
        return error_raise(ERR_CONFIG, "the fleet %s cannot be read: %s", path, strerror(errno));
    int result = admin_begin_fleet(wiring->admin, bytes, length, &problem);
    free(bytes);
    return result > 0 ? error_raise(ERR_CONFIG, "the fleet %s cannot be used: %s", path, problem) : result;
}

/* A data directory that holds a state already goes on with that. */
static int begin_world(struct wiring *wiring) {
    const struct options *options = wiring->options;
    bool empty = false;
    int result = engine_is_empty(wiring->engine, &empty);
    if (result != 0 || (options->snapshot == NULL && options->fleet == NULL))
        return result;
    if (!empty) {
        log_info("the data directory has a state: what --snapshot and --fleet name is not used");
        return 0;
    }
    if (options->snapshot != NULL)
        result = begin_with_snapshot(wiring);
    if (result == 0 && options->fleet != NULL)
        result = begin_with_fleet(wiring);
    return result == 0 ? engine_turn_end(wiring->engine) : result;
}

/* Every response names its request (facts: tasks 1.2). */
static void add_request_id(struct wiring *wiring, struct http_exchange *exchange) {
    char text[ID_UUID_SIZE];
    ids_uuid(&wiring->request_ids, text);
    http_reply_header(exchange, "x-amzn-RequestId", text);
}

/* A reply that was not there when its request came. */
static void deliver(void *context, void *exchange, const struct admin_reply *reply) {
    add_request_id(context, exchange);
    http_reply(exchange, reply->status, reply->content_type, reply->body, reply->body_length);
    http_exchange_ready(exchange);
}

static void wake(void *context, void *exchange) {
    (void)context;
    http_stream_wake(exchange);
}

int wiring_open(const struct options *options, struct wiring **ret_wiring) {
    struct wiring *wiring = xcalloc(1, sizeof(*wiring));
    wiring->options = options;
    ids_init_random(&wiring->request_ids);
    wiring->delayed = delayed_replies_new();
    json_memory_install();
    int result = open_rooms(wiring);
    if (result != 0) {
        wiring_close(wiring);
        return result == ERR_CONFIG ? 2 : result;
    }
    struct aws_json_config aws = {
        .engine = wiring->engine,
        .default_account = options->account,
        .default_region = options->region,
    };
    wiring->aws = aws_json_open(&aws);
    struct admin_config admin = {
        .engine = wiring->engine,
        .version = ECS_LOCAL_VERSION,
        .runtime = options->runtime,
        .default_account = options->account,
        .default_region = options->region,
        .allowed_hosts = options->allow_hosts,
        .allowed_host_count = options->allow_host_count,
        .outgoing = wiring->outgoing,
        .context = wiring,
        .deliver = deliver,
        .wake = wake,
    };
    wiring->admin = admin_open(&admin);
    result = begin_world(wiring);
    if (result != 0) {
        wiring->abandoned = true;
        wiring_close(wiring);
        return result == ERR_CONFIG ? 2 : result;
    }
    *ret_wiring = wiring;
    return 0;
}

void wiring_close(struct wiring *wiring) {
    if (wiring == NULL)
        return;
    if (wiring->engine != NULL && !wiring->abandoned) {
        engine_journal_tell(wiring->engine); /* what has not been stored yet will be */
        engine_turn_end(wiring->engine);
    }
    delayed_replies_free(wiring->delayed);
    admin_close(wiring->admin);
    outgoing_close(wiring->outgoing);
    lambda_hooks_close(wiring->lambda_hooks);
    aws_json_close(wiring->aws);
    engine_close(wiring->engine);
    store_close(wiring->store);
    if (wiring->runtime.close != NULL)
        wiring->runtime.close(wiring->runtime.context);
    free(wiring);
}

/* The id that the journal knows the request by. */
static void add_journal_id(
    struct wiring *wiring, struct http_exchange *exchange, const struct aws_json_reply *reply) {
    if (reply->request_id[0] != '\0')
        http_reply_header(exchange, "x-amzn-RequestId", reply->request_id);
    else
        add_request_id(wiring, exchange);
}

/* A reply must wait for the commit as soon as this turn has written: it may tell of what was written. */
static enum http_send when_to_send(struct wiring *wiring) {
    return engine_has_changes(wiring->engine) ? HTTP_SEND_HELD : HTTP_SEND_NOW;
}

static void reply_aws(
    struct wiring *wiring, struct http_exchange *exchange, const struct aws_json_reply *reply) {
    add_journal_id(wiring, exchange, reply);
    http_reply_written(exchange, reply->status, AWS_JSON_CONTENT_TYPE);
}

static struct admin_caller caller_of(const struct http_exchange *exchange) {
    return (struct admin_caller){
        .host = http_header(exchange, "Host"),
        .origin = http_header(exchange, "Origin"),
        .fetch_site = http_header(exchange, "Sec-Fetch-Site"),
        .content_type = http_header(exchange, "Content-Type"),
    };
}

static enum http_send handle_aws(struct wiring *wiring, struct http_exchange *exchange) {
    size_t length = 0;
    const char *problem = NULL;
    struct admin_caller caller = caller_of(exchange);
    if (admin_guard_aws(wiring->admin, &caller, &problem) != 0) {
        struct aws_json_reply refusal = {.body = http_reply_body(exchange)};
        aws_json_forbidden(problem, &refusal);
        reply_aws(wiring, exchange, &refusal);
        return HTTP_SEND_NOW;
    }
    const char *body = http_body(exchange, &length);
    struct aws_json_request request = {
        .target = http_header(exchange, "X-Amz-Target"),
        .authorization = http_header(exchange, "Authorization"),
        .host = caller.host,
        .body = body,
        .body_length = length,
    };
    struct aws_json_reply reply = {.body = http_reply_body(exchange)};
    if (aws_json_handle(wiring->aws, &request, &reply) < 0)
        engine_fail_turn(wiring->engine);
    reply_aws(wiring, exchange, &reply);
    if (reply.latency_ms == 0)
        return when_to_send(wiring);
    delayed_replies_add(wiring->delayed, exchange, reply.latency_ms);
    return HTTP_SEND_LATER;
}

static const char *query_of(const void *context, const char *name) {
    return http_query(context, name);
}

/* It tells only of what is committed, so it need not wait for anything. */
static enum http_send reply_stream(
    struct wiring *wiring, struct http_exchange *exchange, const struct admin_reply *reply) {
    struct http_stream stream = {
        .context = reply->stream.context, .read = reply->stream.read, .done = reply->stream.done};
    add_request_id(wiring, exchange);
    http_reply_header(exchange, "Cache-Control", "no-store");
    http_reply_stream(exchange, 200, "text/event-stream", &stream);
    return HTTP_SEND_NOW;
}

static enum http_send handle_admin(struct wiring *wiring, struct http_exchange *exchange) {
    size_t length = 0;
    const char *body = http_body(exchange, &length);
    struct admin_request request = {
        .method = http_method(exchange),
        .path = http_path(exchange),
        .caller = caller_of(exchange),
        .last_event_id = http_header(exchange, "Last-Event-ID"),
        .exchange = exchange,
        .body = body,
        .body_length = length,
        .query = query_of,
        .query_context = exchange,
    };
    struct admin_reply reply;
    if (admin_handle(wiring->admin, &request, &reply) < 0)
        engine_fail_turn(wiring->engine);
    if (reply.how == ADMIN_LATER)
        return HTTP_SEND_LATER;
    if (reply.how == ADMIN_STREAM)
        return reply_stream(wiring, exchange, &reply);
    add_request_id(wiring, exchange);
    http_reply(exchange, reply.status, reply.content_type, reply.body, reply.body_length);
    return when_to_send(wiring);
}

static void reply_text(
    struct wiring *wiring, struct http_exchange *exchange, unsigned status, const char *text) {
    add_request_id(wiring, exchange);
    http_reply(exchange, status, "text/plain; charset=utf-8", xstrdup(text), strlen(text));
}

static enum http_send handle(void *context, struct http_exchange *exchange) {
    struct wiring *wiring = context;
    const char *path = http_path(exchange);
    const char *method = http_method(exchange);
    clock_look(engine_clock(wiring->engine));
    if (text_equal(path, "/") && text_equal(method, "POST"))
        return handle_aws(wiring, exchange);
    if (admin_serves(path))
        return handle_admin(wiring, exchange);
    if (text_equal(path, "/") && (text_equal(method, "GET") || text_equal(method, "HEAD")))
        reply_text(wiring, exchange, 200,
            "ecs-local " ECS_LOCAL_VERSION
            "\nPoint an AWS client for ECS at this address. Health: /_ecs/health\n");
    else if (text_equal(path, "/"))
        reply_text(wiring, exchange, 405, "The AWS endpoint takes POST.\n");
    else
        reply_text(wiring, exchange, 404, "Not found.\n");
    return HTTP_SEND_NOW;
}

#define AMBIGUOUS_TEXT "The request says more than once where its body ends."
#define HOST_TEXT "The request must have one Host header."

static void refuse_admin(struct wiring *wiring, struct http_exchange *exchange, enum http_refusal refusal) {
    struct admin_reply reply;
    switch (refusal) {
    case HTTP_REFUSED_BODY_TOO_LARGE:
        admin_refuse(413, "BodyTooLarge", "the body is larger than this server takes", &reply);
        break;
    case HTTP_REFUSED_HEADER_TOO_LARGE:
        admin_refuse(431, "HeaderTooLarge", "the headers are larger than this server takes", &reply);
        break;
    case HTTP_REFUSED_AMBIGUOUS:
        admin_refuse(400, "BadRequest", AMBIGUOUS_TEXT, &reply);
        break;
    case HTTP_REFUSED_HOST:
        admin_refuse(400, "BadRequest", HOST_TEXT, &reply);
        break;
    case HTTP_REFUSED_HELD_FAILED:
    default:
        admin_refuse(500, "InternalError", "the request could not be carried out; the log says why", &reply);
    }
    add_request_id(wiring, exchange);
    http_reply(exchange, reply.status, reply.content_type, reply.body, reply.body_length);
}

static size_t body_limit(void *context, const struct http_exchange *exchange) {
    const struct options *options = ((struct wiring *)context)->options;
    return admin_takes_snapshot(http_method(exchange), http_path(exchange)) ? options->max_snapshot_bytes
                                                                            : options->max_body_bytes;
}

static void refuse(void *context, struct http_exchange *exchange, enum http_refusal refusal) {
    struct wiring *wiring = context;
    struct aws_json_reply reply = {.body = http_reply_body(exchange)};
    if (admin_serves(http_path(exchange))) {
        refuse_admin(wiring, exchange, refusal);
        return;
    }
    switch (refusal) {
    case HTTP_REFUSED_BODY_TOO_LARGE:
        aws_json_too_large("body is", wiring->options->max_body_bytes, &reply);
        break;
    case HTTP_REFUSED_HEADER_TOO_LARGE:
        aws_json_too_large("line and headers are", wiring->options->max_header_bytes, &reply);
        reply.status = 431;
        break;
    case HTTP_REFUSED_AMBIGUOUS:
        aws_json_unreadable(AMBIGUOUS_TEXT, &reply);
        break;
    case HTTP_REFUSED_HOST:
        aws_json_unreadable(HOST_TEXT, &reply);
        break;
    case HTTP_REFUSED_HELD_FAILED:
    default:
        aws_json_server_error(&reply);
    }
    reply_aws(wiring, exchange, &reply);
}

struct http_handler wiring_http_handler(struct wiring *wiring) {
    return (struct http_handler){
        .context = wiring, .handle = handle, .body_limit = body_limit, .refuse = refuse};
}

static int64_t sooner(int64_t left_ms, int64_t right_ms) {
    if (left_ms < 0)
        return right_ms;
    return right_ms < 0 || left_ms < right_ms ? left_ms : right_ms;
}

static int64_t wait_ms(void *context) {
    struct wiring *wiring = context;
    clock_look(engine_clock(wiring->engine));
    return sooner(sooner(engine_wait_ms(wiring->engine), delayed_replies_wait_ms(wiring->delayed)),
        sooner(admin_wait_ms(wiring->admin), outgoing_wait_ms(wiring->outgoing)));
}

static void run_due(void *context) {
    struct wiring *wiring = context;
    clock_look(engine_clock(wiring->engine));
    if (engine_run_due(wiring->engine) < 0)
        engine_fail_turn(wiring->engine);
    delayed_replies_run(wiring->delayed);
    outgoing_run(wiring->outgoing);
    admin_run_due(wiring->admin);
}

static void refuse_delayed(void *context, struct http_exchange *exchange) {
    refuse(context, exchange, HTTP_REFUSED_HELD_FAILED);
}

static int commit(void *context) {
    struct wiring *wiring = context;
    int result = engine_turn_end(wiring->engine);
    delayed_replies_turn_done(wiring->delayed, result < 0, wiring, refuse_delayed);
    if (result == 0)
        admin_turn_done(wiring->admin);
    return result;
}

struct event_loop_hooks wiring_hooks(struct wiring *wiring) {
    return (struct event_loop_hooks){.context = wiring,
        .fd = outgoing_fd(wiring->outgoing),
        .wait_ms = wait_ms,
        .run_due = run_due,
        .commit = commit};
}
