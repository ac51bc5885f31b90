/* Injected faults: POST, GET and DELETE /_ecs/faults[/ID]. What is asked for is checked here, once, and kept with its
 * defaults filled in; the engine and the protocol only read it. */
#include "admin_internal.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/engine/faults.h"
#include "ecs-local/model/model.h"

enum {
    DOCUMENT_MAX = 64 * 1024,
    TEXT_LENGTH_MAX = 4096,
    LATENCY_MAX_MS = 10 * 60 * 1000,
    VISIBILITY_MAX_MS = 24 * 3600 * 1000,
    TIMES_MAX = 1000000000,
};

static int fail(struct admin_call *call, const char *problem) {
    return admin_fail(call, 400, "InvalidFault", "%s", problem);
}

/* What AWS answers with a code: the front end's errors are not in the model (facts: tasks 1.3). */
static const struct known_error {
    const char *code;
    unsigned status;
    const char *message;
} known_errors[] = {
    {"ThrottlingException", 400, "Rate exceeded"},
    {"ServerException", 500, "Service Unavailable. Please try again later."},
    {"ServiceUnavailable", 503, "Service Unavailable. Please try again later."},
    {"ServiceUnavailableException", 503, "Service Unavailable. Please try again later."},
    {"InternalFailure", 500,
        "The request processing has failed because of an unknown error, exception or failure."},
    {"RequestLimitExceeded", 400, "Request limit exceeded."},
    {"UnrecognizedClientException", 400, "The security token included in the request is invalid."},
    {"ExpiredTokenException", 400, "The security token included in the request is expired"},
    {"MissingAuthenticationTokenException", 400, "Missing Authentication Token"},
    {"ClusterNotFoundException", 400, "Cluster not found."},
    {"ServiceNotFoundException", 400, "Service not found."},
    {"ServiceNotActiveException", 400, "Service was not ACTIVE."},
};

static const struct known_error *known_error(const char *code) {
    for (size_t index = 0; index < array_length(known_errors); index++) {
        if (text_equal(known_errors[index].code, code))
            return &known_errors[index];
    }
    return NULL;
}

static const char *default_message(struct admin_call *call, const char *code, const char *operation) {
    const struct known_error *known = known_error(code);
    if (known != NULL)
        return known->message;
    if (text_equal(code, "AccessDeniedException"))
        return arena_printf(
            call->arena, "User is not authorized to perform: ecs:%s", operation != NULL ? operation : "*");
    return code;
}

static unsigned default_status(const char *code) {
    const struct known_error *known = known_error(code);
    return known != NULL ? known->status : (unsigned)model_error_status(code);
}

static bool only_has(
    const struct value *input, const char *const *names, size_t count, const char **ret_name) {
    for (size_t index = 0; index < value_count(input); index++) {
        size_t at = 0;
        while (at < count && !text_equal(names[at], input->entries[index].key))
            at++;
        *ret_name = input->entries[index].key;
        if (at == count)
            return false;
    }
    return true;
}

static bool is_text(const struct value *input, const char *name) {
    const struct value *value = value_get(input, name);
    return value == NULL || (value->kind == VALUE_STRING && value->string[0] != '\0' &&
                                strlen(value->string) <= TEXT_LENGTH_MAX);
}

static bool is_duration(const struct value *input, const char *name, int64_t maximum_ms) {
    int64_t duration_ms = 0;
    const char *text = value_string(input, name);
    return !value_has(input, name) || (text != NULL && text_parse_duration(text, &duration_ms) == 0 &&
                                          duration_ms >= 0 && duration_ms <= maximum_ms);
}

static bool is_rate(const struct value *input) {
    const struct value *rate = value_get(input, "rate");
    if (rate == NULL)
        return true;
    double number = rate->kind == VALUE_REAL  ? rate->real
                    : rate->kind == VALUE_INT ? (double)rate->integer
                                              : -1;
    return number > 0 && number <= 1;
}

static bool is_number(const struct value *input, const char *name, int64_t minimum, int64_t maximum) {
    const struct value *number = value_get(input, name);
    return number == NULL ||
           (number->kind == VALUE_INT && number->integer >= minimum && number->integer <= maximum);
}

static void write_scope(struct writer *writer, const struct value *input) {
    writer_key_string_opt(writer, "account", value_string(input, "account"));
    writer_key_string_opt(writer, "region", value_string(input, "region"));
}

static void write_fault(struct writer *writer, const struct fault *fault) {
    writer_object_begin(writer);
    writer_key_int(writer, "id", fault->id);
    writer_key_string(writer, "kind", fault_kind_name(fault->kind));
    for (uint32_t index = 0; index < value_count(fault->document); index++) {
        writer_key(writer, fault->document->entries[index].key);
        writer_value(writer, fault->document->entries[index].value);
    }
    writer_key_int(writer, "used", fault->used);
    if (fault->times != 0)
        writer_key_int(writer, "remaining", fault->times > fault->used ? fault->times - fault->used : 0);
    char created[TEXT_ISO8601_SIZE];
    text_format_iso8601(fault->created_ms, created);
    writer_key_string(writer, "createdAt", created);
    writer_object_end(writer);
}

bool admin_faults_full(struct admin_call *call) {
    int64_t count = 0;
    for (const struct fault *other = engine_fault_next(call->engine, 0); other != NULL;
         other = engine_fault_next(call->engine, other->id))
        count++;
    if (count < FAULTS_MAX)
        return false;
    admin_fail(call, 409, "TooManyFaults", "there are %d faults already; delete some", FAULTS_MAX);
    return true;
}

int admin_fault_keep(struct admin_call *call, enum fault_kind kind, const char *document) {
    const struct fault *fault = NULL;
    if (admin_faults_full(call))
        return 0;
    int result = engine_fault_add(call->engine, kind, document, &fault);
    if (result == 0)
        write_fault(&call->writer, fault);
    return result;
}

static const char *check_numbers(const struct value *input) {
    if (!is_rate(input))
        return "rate must be a number above 0 and up to 1";
    if (!is_number(input, "times", 1, TIMES_MAX))
        return "times must be a number from 1 on";
    if (!is_number(input, "status", 400, 599))
        return "status must be an HTTP status between 400 and 599";
    if (!is_duration(input, "latency", LATENCY_MAX_MS))
        return "latency must be a duration of at most 10m, such as 200ms";
    return NULL;
}

static const char *check_request_fault(struct admin_call *call) {
    static const char *const names[] = {
        "operation", "error", "message", "status", "rate", "times", "latency", "account", "region"};
    const struct value *input = call->input;
    const char *operation = value_string(input, "operation");
    const char *name = NULL;
    if (!only_has(input, names, array_length(names), &name))
        return arena_printf(call->arena, "a fault of requests has no %s", name);
    if (!is_text(input, "operation") || !is_text(input, "error") || !is_text(input, "message") ||
        !is_text(input, "account") || !is_text(input, "region"))
        return "operation, error, message, account and region must be texts that are not empty";
    if (operation != NULL && !text_equal(operation, "*") && model_operation(operation) == NULL)
        return arena_printf(call->arena, "there is no operation %s", operation);
    if (!value_has(input, "error") && !value_has(input, "latency"))
        return "give an error, such as ThrottlingException, or a latency, such as 200ms";
    return check_numbers(input);
}

static int add_request_fault(struct admin_call *call) {
    const struct value *input = call->input;
    const char *problem = check_request_fault(call);
    if (problem != NULL)
        return fail(call, problem);
    const char *operation = value_string(input, "operation");
    const char *error = value_string(input, "error");
    const char *message = value_string(input, "message");
    if (text_equal(operation, "*"))
        operation = NULL;
    struct buf buf = BUF_INIT(DOCUMENT_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_object_begin(&writer);
    writer_key_string_opt(&writer, "operation", operation);
    if (error != NULL) {
        writer_key_string(&writer, "error", error);
        writer_key_string(
            &writer, "message", message != NULL ? message : default_message(call, error, operation));
        writer_key_int(&writer, "status", value_int(input, "status", default_status(error)));
    }
    writer_key_value_opt(&writer, "rate", value_get(input, "rate"));
    writer_key_value_opt(&writer, "times", value_get(input, "times"));
    writer_key_string_opt(&writer, "latency", value_string(input, "latency"));
    write_scope(&writer, input);
    writer_object_end(&writer);
    int result = admin_fault_keep(call, FAULT_REQUEST, buf_text(&buf));
    buf_done(&buf);
    return result;
}

static int add_visibility_fault(struct admin_call *call) {
    static const char *const names[] = {"visibilityDelay", "account", "region"};
    const struct value *input = call->input;
    const char *name = NULL;
    if (!only_has(input, names, array_length(names), &name))
        return admin_fail(call, 400, "InvalidFault", "a delay of visibility has no %s", name);
    if (!is_duration(input, "visibilityDelay", VISIBILITY_MAX_MS) || !is_text(input, "account") ||
        !is_text(input, "region"))
        return fail(call, "visibilityDelay must be a duration of at most 24h, such as 500ms");
    struct buf buf = BUF_INIT(DOCUMENT_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_object_begin(&writer);
    writer_key_string(&writer, "visibilityDelay", value_string(input, "visibilityDelay"));
    write_scope(&writer, input);
    writer_object_end(&writer);
    int result = admin_fault_keep(call, FAULT_VISIBILITY, buf_text(&buf));
    buf_done(&buf);
    return result;
}

/* The first member that is there says what kind of fault it is. */
static const struct fault_form {
    const char *member;
    int (*add)(struct admin_call *call);
} forms[] = {
    {"visibilityDelay", add_visibility_fault},
    {"capacity", admin_fault_of_capacity},
    {"containerInstance", admin_fault_of_instance},
    {"task", admin_fault_of_task},
    {"service", admin_fault_of_service},
    {"gateway", admin_fault_of_gateway},
    {"operation", add_request_fault},
    {"error", add_request_fault},
    {"latency", add_request_fault},
};

int admin_fault_add(struct admin_call *call) {
    for (size_t index = 0; index < array_length(forms); index++) {
        if (value_has(call->input, forms[index].member))
            return forms[index].add(call);
    }
    return fail(call,
        "give operation, error, latency (a fault of requests), visibilityDelay (of what DescribeTasks sees), capacity, "
        "containerInstance, task, service or gateway");
}

int admin_faults(struct admin_call *call) {
    writer_object_begin(&call->writer);
    writer_key_list_begin(&call->writer, "faults");
    for (const struct fault *fault = engine_fault_next(call->engine, 0); fault != NULL;
         fault = engine_fault_next(call->engine, fault->id))
        write_fault(&call->writer, fault);
    writer_list_end(&call->writer);
    writer_object_end(&call->writer);
    return 0;
}

static const struct fault *fault_of(struct admin_call *call) {
    int64_t id = 0;
    if (text_parse_int(call->segment, 1, INT64_MAX, &id) != 0)
        return NULL;
    const struct fault *fault = engine_fault_next(call->engine, id - 1);
    return fault != NULL && fault->id == id ? fault : NULL;
}

int admin_fault_get(struct admin_call *call) {
    const struct fault *fault = fault_of(call);
    if (fault == NULL)
        return admin_fail(call, 404, "NotFound", "there is no fault %s", call->segment);
    write_fault(&call->writer, fault);
    return 0;
}

int admin_fault_delete(struct admin_call *call) {
    call->status = 204;
    if (call->segment == NULL)
        return engine_faults_clear(call->engine, admin_query(call, "account"), admin_query(call, "region"));
    const struct fault *fault = fault_of(call);
    if (fault == NULL)
        return admin_fail(call, 404, "NotFound", "there is no fault %s", call->segment);
    return engine_fault_delete(call->engine, fault->id);
}
