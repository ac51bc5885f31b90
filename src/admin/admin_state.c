/* health, reset, coverage. */
#include "admin_internal.h"
#include "ecs-local/base/clock.h"
#include "ecs-local/model/model.h"

static int64_t uptime_s(const struct admin *admin) {
    return (machine_monotonic_us() - admin->started_us) / 1000000;
}

int admin_health(struct admin_call *call) {
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_string(writer, "status", "ok");
    writer_key_string(writer, "version", call->admin->config.version);
    writer_key_string(writer, "runtime", call->admin->config.runtime);
    writer_key_int(writer, "uptimeSeconds", uptime_s(call->admin));
    writer_object_end(writer);
    return 0;
}

/* The form that wait scripts for LocalStack read. */
int admin_localstack_health(struct admin_call *call) {
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_object_begin(writer, "services");
    writer_key_string(writer, "ecs", "running");
    writer_object_end(writer);
    writer_key_string(writer, "edition", "ecs-local");
    writer_key_string(writer, "version", call->admin->config.version);
    writer_object_end(writer);
    return 0;
}

int admin_reset(struct admin_call *call) {
    int result = engine_reset(call->engine, admin_query(call, "account"), admin_query(call, "region"));
    call->status = 204;
    return result;
}

int admin_coverage(struct admin_call *call) {
    struct writer *writer = &call->writer;
    unsigned counts[3] = {0};
    writer_object_begin(writer);
    writer_key_list_begin(writer, "operations");
    for (size_t index = 0; index < model_operation_count(); index++) {
        const struct model_operation *operation = model_operation_at(index);
        enum model_status status = model_operation_status(operation);
        counts[status]++;
        writer_object_begin(writer);
        writer_key_string(writer, "name", model_operation_name(operation));
        writer_key_string(writer, "status", model_status_name(status));
        writer_key_string_opt(writer, "missing", model_operation_note(operation));
        writer_object_end(writer);
    }
    writer_list_end(writer);
    writer_key_int(writer, "implemented", counts[MODEL_IMPLEMENTED]);
    writer_key_int(writer, "partial", counts[MODEL_PARTIAL]);
    writer_key_int(writer, "notImplemented", counts[MODEL_NOT_IMPLEMENTED]);
    writer_key_int(writer, "total", (int64_t)model_operation_count());
    writer_object_end(writer);
    return 0;
}
