/* Faults of what goes on by itself.
 *
 * The scheduler of services: {"service": NAME, ARN or "*", "fault": "throttled", "discoveryThrottled",
 * "configuration" or "networking"}, with cluster, message (of the last two), times, account and region if wanted.
 * Gateways: {"gateway": NAME, ARN or "*", "fault": "update", "routeCreate", "routeUpdate" or "routeDelete"}, with message (of
 * "update"), times, account and region. */
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

struct form {
    enum fault_kind kind;
    const char *texts[6]; /* members; the first says what it is about */
    const char *faults[4];
    const char *problem;
};

static const struct form of_service = {
    .kind = FAULT_SERVICE,
    .texts = {"service", "fault", "cluster", "message", "account", "region"},
    .faults = {"throttled", "discoveryThrottled", "configuration", "networking"},
    .problem = "fault must be one of throttled, discoveryThrottled, configuration, networking",
};

static const struct form of_gateway = {
    .kind = FAULT_GATEWAY,
    .texts = {"gateway", "fault", "message", "account", "region"},
    .faults = {"update", "routeCreate", "routeUpdate", "routeDelete"},
    .problem = "fault must be one of update, routeCreate, routeUpdate, routeDelete",
};

static bool is_one_of(const char *text, const char *const *list, size_t count) {
    for (size_t index = 0; index < count; index++) {
        if (list[index] != NULL && text_equal(list[index], text))
            return true;
    }
    return false;
}

/* A sentence, or NULL when it is fine. */
static const char *check(struct admin_call *call, const struct form *form) {
    const struct value *times = value_get(call->input, "times");
    for (uint32_t index = 0; index < value_count(call->input); index++) {
        const char *name = call->input->entries[index].key;
        const struct value *value = call->input->entries[index].value;
        if (text_equal(name, "times"))
            continue;
        if (!is_one_of(name, form->texts, array_length(form->texts)))
            return arena_printf(call->arena, "a fault of %s has no %s", form->texts[0], name);
        if (value->kind != VALUE_STRING || value->string[0] == '\0' ||
            strlen(value->string) > TEXT_LENGTH_MAX)
            return arena_printf(call->arena, "%s must be a text that is not empty", name);
    }
    if (!is_one_of(value_string(call->input, "fault"), form->faults, array_length(form->faults)))
        return form->problem;
    if (times != NULL && (times->kind != VALUE_INT || times->integer < 1 || times->integer > TIMES_MAX))
        return "times must be a number from 1 on";
    return NULL;
}

static int add(struct admin_call *call, const struct form *form) {
    const char *problem = check(call, form);
    if (problem != NULL)
        return admin_fail(call, 400, "InvalidFault", "%s", problem);
    struct buf buf = BUF_INIT(DOCUMENT_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_object_begin(&writer);
    for (size_t index = 0; index < array_length(form->texts) && form->texts[index] != NULL; index++)
        writer_key_string_opt(&writer, form->texts[index], value_string(call->input, form->texts[index]));
    writer_key_value_opt(&writer, "times", value_get(call->input, "times"));
    writer_object_end(&writer);
    int result = admin_fault_keep(call, form->kind, buf_text(&buf));
    buf_done(&buf);
    return result;
}

int admin_fault_of_service(struct admin_call *call) {
    return add(call, &of_service);
}

int admin_fault_of_gateway(struct admin_call *call) {
    return add(call, &of_gateway);
}
