#include "ecs-local/protocol/aws_json.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "credential_scope.h"
#include "ecs-local/api/api.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/json_memory.h"
#include "ecs-local/base/json_reader.h"
#include "ecs-local/base/log.h"
#include "ecs-local/base/text.h"
#include "ecs-local/engine/faults.h"
#include "ecs-local/model/model.h"
#include "reply_check.h"

enum {
    LARGE_BODY_BYTES = 64 * 1024,
    JOURNAL_MESSAGE_MAX = 4096,
};

#define TARGET_PREFIX "AmazonEC2ContainerServiceV20141113."
#define SERVER_ERROR_TEXT "Service Unavailable. Please try again later."

struct aws_json {
    struct aws_json_config config;
    struct arena *arena; /* of the request at hand */
};

struct aws_json *aws_json_open(const struct aws_json_config *config) {
    struct aws_json *aws = xcalloc(1, sizeof(*aws));
    aws->config = *config;
    aws->arena = arena_new();
    return aws;
}

void aws_json_close(struct aws_json *aws) {
    if (aws == NULL)
        return;
    arena_free(aws->arena);
    free(aws);
}

/* {"__type":CODE,"message":TEXT}: exactly these bytes, no spaces (facts: tasks 1.3). Front-end errors spell
 * the member "Message". */
static void write_error(struct writer *writer, const char *code, const char *member, const char *message,
    const char *const *resource_ids) {
    writer_object_begin(writer);
    writer_key_string(writer, "__type", code);
    writer_key_string_opt(writer, member, message);
    if (resource_ids != NULL) {
        writer_key_list_begin(writer, "resourceIds");
        for (; *resource_ids != NULL; resource_ids++)
            writer_string(writer, *resource_ids);
        writer_list_end(writer);
    }
    writer_object_end(writer);
}

static void reply_error(unsigned status, const char *code, const char *member, const char *message,
    const char *const *resource_ids, struct aws_json_reply *ret_reply) {
    buf_clear(ret_reply->body);
    struct writer writer = WRITER_INIT(ret_reply->body);
    write_error(&writer, code, member, message, resource_ids);
    ret_reply->status = status;
    ret_reply->error_code = code;
    ret_reply->error_message = message;
}

void aws_json_server_error(struct aws_json_reply *ret_reply) {
    reply_error(500, "ServerException", "message", SERVER_ERROR_TEXT, NULL, ret_reply);
}

void aws_json_forbidden(const char *message, struct aws_json_reply *ret_reply) {
    reply_error(403, "AccessDeniedException", "message", message, NULL, ret_reply);
}

void aws_json_too_large(const char *what, size_t limit, struct aws_json_reply *ret_reply) {
    struct arena *arena = arena_new_sized(512);
    reply_error(413, "SerializationException", "Message",
        arena_printf(arena, "The request %s larger than %zu bytes.", what, limit), NULL, ret_reply);
    ret_reply->error_message = NULL; /* it goes with the arena */
    arena_free(arena);
}

void aws_json_unreadable(const char *message, struct aws_json_reply *ret_reply) {
    reply_error(400, "SerializationException", "Message", message, NULL, ret_reply);
}

static const struct model_operation *operation_of(const char *target) {
    if (!text_starts_with(target, TARGET_PREFIX))
        return NULL;
    return model_operation(target + strlen(TARGET_PREFIX));
}

/* 0 and the tree (NULL for an empty body), or 1: not a JSON object of allowed depth. */
static int parse_body(const struct aws_json_request *request, json_t **ret_body) {
    size_t length = request->body_length;
    if (length == 0 || request->body[strspn(request->body, " \t\r\n")] == '\0') {
        *ret_body = NULL;
        return strlen(request->body != NULL ? request->body : "") == length ? 0 : 1;
    }
    json_t *body = json_reader_parse(request->body, length);
    if (!json_is_object(body)) {
        json_decref(body);
        return 1;
    }
    *ret_body = body;
    return 0;
}

/* The request goes into the journal before what it causes; an unreadable body stays out of it. */
static void note_request(struct aws_json *aws, const struct aws_json_request *request,
    const struct credential_scope *scope, const char *operation, bool readable,
    struct aws_json_reply *reply) {
    bool has_body = readable && request->body_length != 0 &&
                    strspn(request->body, " \t\r\n") != request->body_length;
    struct journal_request entry = {
        .operation = operation,
        .account = scope->account,
        .region = scope->region,
        .access_key = scope->access_key,
        .body = has_body   ? request->body
                : readable ? "{}"
                           : NULL,
        .body_length = has_body ? request->body_length : 2,
    };
    engine_journal_request(aws->config.engine, &entry, reply->request_id);
}

static int check_body(struct aws_json *aws, const struct model_operation *operation, const json_t *body,
    struct value **ret_input, struct aws_json_reply *reply) {
    struct model_violation violation = {0};
    int result = model_check_request(operation, body, aws->arena, ret_input, &violation);
    if (result != 0) {
        bool front_end = text_equal(violation.code, "SerializationException");
        reply_error(400, violation.code, front_end ? "Message" : "message", violation.message, NULL, reply);
        int checked = reply_check(operation, aws->arena, reply);
        return checked < 0 ? checked : result;
    }
    return 0;
}

/* What a test wants to happen instead (engine/faults.h): before anything of the request is looked at, as a throttle
 * does. 0 when it goes on, 1 when the reply is there, or <0. */
static int meet_fault(struct aws_json *aws, const struct credential_scope *scope, const char *operation,
    struct aws_json_reply *reply) {
    struct request_fault fault;
    int result = engine_request_fault(aws->config.engine, operation, scope->account, scope->region, &fault);
    if (result != 0)
        return result;
    reply->latency_ms = fault.latency_ms;
    if (fault.error == NULL)
        return 0;
    /* The fault itself may be gone before the reply is. */
    reply_error(fault.status, arena_strdup(aws->arena, fault.error), "message",
        arena_strdup(aws->arena, fault.message), NULL, reply);
    return 1;
}

static int call_handler(struct aws_json *aws, const struct credential_scope *scope,
    const struct model_operation *operation, struct api_call *call, struct aws_json_reply *reply) {
    int result = engine_scope(aws->config.engine, scope->account, scope->region, &call->scope);
    if (result != 0)
        return result;
    call->access_key = scope->access_key;
    buf_clear(reply->body);
    call->writer = (struct writer)WRITER_INIT(reply->body);
    result = api_operations[model_operation_index(operation)].handler(call);
    if (result == 0 && buf_failed(reply->body))
        result = error_raise(
            ERR_LIMIT, "%s: the reply is larger than %zu bytes", call->operation, reply->body->maximum);
    if (result == 0)
        reply->status = 200;
    else if (result > 0)
        reply_error((unsigned)model_error_status(call->error.code), call->error.code, "message",
            call->error.message, call->resource_ids, reply);
    return result < 0 ? result : 0;
}

static int dispatch(struct aws_json *aws, const struct aws_json_request *request,
    const struct credential_scope *scope, const struct model_operation *operation,
    struct aws_json_reply *reply) {
    struct api_call call = {
        .engine = aws->config.engine,
        .arena = aws->arena,
        .operation = model_operation_name(operation),
        .host = request->host,
        .body = request->body,
        .body_length = request->body_length,
    };
    if (api_operations[model_operation_index(operation)].handler == NULL) {
        note_request(aws, request, scope, call.operation, false, reply);
        reply_error(501, "NotImplementedException", "message",
            arena_printf(aws->arena, "ecs-local does not implement %s yet.", call.operation), NULL, reply);
        return 0;
    }
    bool alone = json_memory_is_free();
    json_t *body = NULL;
    int parsed = parse_body(request, &body);
    note_request(aws, request, scope, call.operation, parsed == 0, reply);
    struct value *input = NULL;
    int result = meet_fault(aws, scope, call.operation, reply);
    if (result == 0 && parsed != 0) {
        reply_error(400, "SerializationException", "Message", "The request body is not a valid JSON object.",
            NULL, reply);
        result = 1;
    }
    if (result == 0)
        result = check_body(aws, operation, body, &input, reply);
    if (alone)
        json_memory_drop();
    else
        json_decref(body);
    if (result != 0)
        return result < 0 ? result : 0;
    call.input = input;
    result = call_handler(aws, scope, operation, &call, reply);
    return result == 0 ? reply_check(operation, aws->arena, reply) : result;
}

/* As the journal keeps it: a message may repeat what was sent, and the journal holds a set number of bytes. */
static const char *journal_message(struct arena *arena, const char *message) {
    if (message == NULL || strnlen(message, JOURNAL_MESSAGE_MAX + 1) <= JOURNAL_MESSAGE_MAX)
        return message;
    int length = JOURNAL_MESSAGE_MAX;
    while (length > 0 && ((unsigned char)message[length] & 0xC0) == 0x80) /* in the middle of a character */
        length--;
    return arena_printf(arena, "%.*s…", length, message);
}

int aws_json_handle(
    struct aws_json *aws, const struct aws_json_request *request, struct aws_json_reply *ret_reply) {
    *ret_reply = (struct aws_json_reply){.body = ret_reply->body};
    arena_reset(aws->arena);
    const struct model_operation *operation = operation_of(request->target);
    struct credential_scope scope;
    credential_scope_parse(
        aws->arena, request->authorization, aws->config.default_account, aws->config.default_region, &scope);
    int result = 0;
    if (operation == NULL) {
        note_request(aws, request, &scope, request->target != NULL ? request->target : "", false, ret_reply);
        reply_error(400, "UnknownOperationException", "message", NULL, NULL, ret_reply);
    } else {
        result = dispatch(aws, request, &scope, operation, ret_reply);
    }
    if (result < 0)
        aws_json_server_error(ret_reply);
    struct journal_outcome outcome = {
        .status = ret_reply->status,
        .code = ret_reply->error_code,
        .message = journal_message(aws->arena, ret_reply->error_message),
        .latency_ms = ret_reply->latency_ms,
    };
    engine_journal_outcome(aws->config.engine, &outcome);
    log_debug("%s %u %s", operation != NULL ? model_operation_name(operation) : "-", ret_reply->status,
        ret_reply->error_code != NULL ? ret_reply->error_code : "");
    /* What a large body has taken does not stay until the next request. */
    if (request->body_length > LARGE_BODY_BYTES) {
        ret_reply->error_message = NULL;
        arena_reset(aws->arena);
    }
    return result;
}
