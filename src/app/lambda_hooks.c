#include "lambda_hooks.h"

#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/arena.h"
#include "ecs-local/base/buf.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/log.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/engine/deployment_hooks.h"

enum {
    TIMEOUT_MS = 30 * 1000,
    URL_MAX = 8 * 1024,
    CALL_BACK_S = 30, /* facts: services 8.4 */
    CALL_BACK_MOST_S = 24 * 3600,
    MS_PER_SECOND = 1000,
    STATUS_OK_FIRST = 200,
    STATUS_OK_LAST = 299,
};

struct lambda_hooks {
    struct outgoing *outgoing;
    const char *endpoint;
    struct engine *engine;
    struct invocation *under_way;
};

struct invocation {
    struct invocation *next;
    struct invocation *previous;
    struct lambda_hooks *hooks;
    char *hook_id;
    char *target;
};

struct lambda_hooks *lambda_hooks_open(struct outgoing *outgoing, const char *endpoint) {
    struct lambda_hooks *hooks = xcalloc(1, sizeof(*hooks));
    hooks->outgoing = outgoing;
    hooks->endpoint = endpoint;
    return hooks;
}

void lambda_hooks_set_engine(struct lambda_hooks *hooks, struct engine *engine) {
    hooks->engine = engine;
}

static void invocation_free(struct invocation *invocation) {
    struct lambda_hooks *hooks = invocation->hooks;
    if (invocation->previous != NULL)
        invocation->previous->next = invocation->next;
    else
        hooks->under_way = invocation->next;
    if (invocation->next != NULL)
        invocation->next->previous = invocation->previous;
    free(invocation->hook_id);
    free(invocation->target);
    free(invocation);
}

void lambda_hooks_close(struct lambda_hooks *hooks) {
    if (hooks == NULL)
        return;
    /* Whoever was asked is not heard any more: the requests have been cancelled. */
    while (hooks->under_way != NULL)
        invocation_free(hooks->under_way);
    free(hooks);
}

/* {"hookStatus": "SUCCEEDED", "callBackDelay": 30}; what is not that has failed. */
static void read_answer(struct arena *arena, const struct invocation *invocation,
    const struct outgoing_reply *reply, struct hook_reply *answer) {
    struct value *body = NULL;
    *answer = (struct hook_reply){.hook_id = invocation->hook_id, .answer = "FAILED"};
    if (reply->status < STATUS_OK_FIRST || reply->status > STATUS_OK_LAST) {
        answer->reason = arena_printf(arena, "invoke hook target %s", invocation->target);
        return;
    }
    if (value_parse(arena, reply->body, reply->body_length, &body) != 0)
        body = NULL;
    const char *status = value_string(body, "hookStatus");
    int64_t delay_s = value_int(body, "callBackDelay", CALL_BACK_S);
    if (!text_equal(status, "SUCCEEDED") && !text_equal(status, "FAILED") &&
        !text_equal(status, "IN_PROGRESS")) {
        answer->reason = arena_printf(
            arena, "parse the response from %s due to HookStatus must not be null", invocation->target);
        return;
    }
    answer->answer = status;
    answer->delay_ms = (delay_s < 1 || delay_s > CALL_BACK_MOST_S ? CALL_BACK_S : delay_s) *
                       (int64_t)MS_PER_SECOND;
}

static void tell(const struct invocation *invocation, const struct outgoing_reply *reply) {
    struct arena *arena = arena_new();
    struct hook_reply answer;
    read_answer(arena, invocation, reply, &answer);
    if (engine_hook_answered(invocation->hooks->engine, &answer) != 0)
        engine_fail_turn(invocation->hooks->engine);
    arena_free(arena);
}

static void done(void *context, const struct outgoing_reply *reply) {
    struct invocation *invocation = context;
    tell(invocation, reply);
    invocation_free(invocation);
}

/* The Invoke of Lambda's API; a name in the path is percent-encoded. */
static void write_url(struct buf *buf, const char *endpoint, const char *target) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
    size_t length = strlen(endpoint);
    while (length != 0 && endpoint[length - 1] == '/')
        length--;
    buf_printf(buf, "%.*s/2015-03-31/functions/", (int)length, endpoint);
    for (const char *byte = target; *byte != '\0'; byte++) {
        if (strchr(plain, *byte) != NULL)
            buf_printf(buf, "%c", *byte);
        else
            buf_printf(buf, "%%%02X", (unsigned)(unsigned char)*byte);
    }
    buf_append_text(buf, "/invocations");
}

static void call(void *context, const struct hook_call *asked) {
    static const char *const headers[] = {"Content-Type: application/json"};
    struct lambda_hooks *hooks = context;
    struct invocation *invocation = xcalloc(1, sizeof(*invocation));
    struct outgoing_call *handle = NULL;
    struct buf url = BUF_INIT(URL_MAX);
    invocation->hooks = hooks;
    invocation->next = hooks->under_way;
    if (hooks->under_way != NULL)
        hooks->under_way->previous = invocation;
    hooks->under_way = invocation;
    invocation->hook_id = xstrdup(asked->hook_id);
    invocation->target = xstrdup(asked->target);
    write_url(&url, hooks->endpoint, asked->target);
    const struct outgoing_request request = {
        .url = buf_text(&url),
        .headers = headers,
        .header_count = 1,
        .body = asked->payload,
        .body_length = strlen(asked->payload),
        .timeout_ms = TIMEOUT_MS,
        .context = invocation,
        .done = done,
    };
    if (buf_failed(&url) || outgoing_call(hooks->outgoing, &request, &handle) != 0) {
        log_warn("the lifecycle hook %s cannot be invoked: it is asked again later", asked->target);
        invocation_free(invocation);
    }
    buf_done(&url);
}

struct hook_caller lambda_hooks_caller(struct lambda_hooks *hooks) {
    return (struct hook_caller){.context = hooks, .call = hooks->endpoint != NULL ? call : NULL};
}
