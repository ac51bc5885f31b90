/* Faults of the scheduler of services: {"service": NAME, ARN or "*", "fault": "throttled", "discoveryThrottled" or
 * "configuration"}, with cluster, message (of "configuration"), times, account and region if wanted. */
#include <string.h>

#include "admin_internal.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/engine/faults.h"

enum {
    DOCUMENT_MAX = 16 * 1024,
    TEXT_LENGTH_MAX = 2048,
    TIMES_MAX = 1000000000,
};

static const char *const texts[] = {"service", "fault", "cluster", "message", "account", "region"};

static bool is_one_of(const char *text, const char *const *list, size_t count) {
    for (size_t index = 0; index < count; index++) {
        if (text_equal(list[index], text))
            return true;
    }
    return false;
}

/* A sentence, or NULL when it is fine. */
static const char *check(struct admin_call *call) {
    static const char *const faults[] = {"throttled", "discoveryThrottled", "configuration"};
    const struct value *times = value_get(call->input, "times");
    for (uint32_t index = 0; index < value_count(call->input); index++) {
        const char *name = call->input->entries[index].key;
        const struct value *value = call->input->entries[index].value;
        if (text_equal(name, "times"))
            continue;
        if (!is_one_of(name, texts, array_length(texts)))
            return arena_printf(call->arena, "a fault of service has no %s", name);
        if (value->kind != VALUE_STRING || value->string[0] == '\0' ||
            strlen(value->string) > TEXT_LENGTH_MAX)
            return arena_printf(call->arena, "%s must be a text that is not empty", name);
    }
    if (!is_one_of(value_string(call->input, "fault"), faults, array_length(faults)))
        return "fault must be one of throttled, discoveryThrottled, configuration";
    if (times != NULL && (times->kind != VALUE_INT || times->integer < 1 || times->integer > TIMES_MAX))
        return "times must be a number from 1 on";
    return NULL;
}

int admin_fault_of_service(struct admin_call *call) {
    const char *problem = check(call);
    if (problem != NULL)
        return admin_fail(call, 400, "InvalidFault", "%s", problem);
    struct buf buf = BUF_INIT(DOCUMENT_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_object_begin(&writer);
    for (size_t index = 0; index < array_length(texts); index++)
        writer_key_string_opt(&writer, texts[index], value_string(call->input, texts[index]));
    writer_key_value_opt(&writer, "times", value_get(call->input, "times"));
    writer_object_end(&writer);
    int result = admin_fault_keep(call, FAULT_SERVICE, buf_text(&buf));
    buf_done(&buf);
    return result;
}
