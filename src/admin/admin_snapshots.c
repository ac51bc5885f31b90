/* Snapshots of the whole world, and copies of an account. */
#include <string.h>

#include "admin_internal.h"
#include "ecs-local/base/text.h"
#include "ecs-local/engine/snapshots.h"

static void write_snapshot(struct writer *writer, const struct snapshot *snapshot) {
    writer_object_begin(writer);
    writer_key_string(writer, "name", snapshot->name);
    writer_key_int(writer, "sizeBytes", snapshot->size_bytes);
    admin_write_time(writer, "takenAt", snapshot->taken_ms);
    writer_key_int(writer, "schema", snapshot->schema);
    writer_object_end(writer);
}

static int not_found(struct admin_call *call, const char *name) {
    return admin_fail(call, 404, "SnapshotNotFound", "there is no snapshot %s", name);
}

/* The name of the call, or NULL after the reply has been made the error. */
static const char *valid_name(struct admin_call *call, const char *name) {
    if (name != NULL && engine_snapshot_name_valid(name))
        return name;
    admin_fail(call, 400, "InvalidName",
        "a snapshot's name is 1 to 64 letters, digits, dots, hyphens and underscores, and no dot first");
    return NULL;
}

static int reply_snapshot(struct admin_call *call, const char *name) {
    struct snapshot snapshot;
    int result = engine_snapshot_find(call->engine, name, &snapshot);
    if (result != 0)
        return result < 0 ? result : not_found(call, name);
    write_snapshot(&call->writer, &snapshot);
    return 0;
}

int admin_snapshot_save(struct admin_call *call) {
    const char *problem = NULL;
    const char *name = valid_name(call, value_string(call->input, "name"));
    if (name == NULL)
        return 0;
    int result = engine_snapshot_save(call->engine, name, &problem);
    if (result > 0)
        return admin_fail(call, 409, "TooManySnapshots", "%s", problem);
    return result == 0 ? reply_snapshot(call, name) : result;
}

static int list_one(void *context, const struct snapshot *snapshot) {
    struct admin_call *call = context;
    write_snapshot(&call->writer, snapshot);
    return 0;
}

int admin_snapshots(struct admin_call *call) {
    writer_object_begin(&call->writer);
    writer_key_list_begin(&call->writer, "snapshots");
    int result = engine_snapshots(call->engine, call, list_one);
    writer_list_end(&call->writer);
    writer_object_end(&call->writer);
    return result;
}

int admin_snapshot_get(struct admin_call *call) {
    int result = engine_snapshot_read(call->engine, call->segment, &call->bytes, &call->bytes_length);
    return result > 0 ? not_found(call, call->segment) : result;
}

int admin_snapshot_put(struct admin_call *call) {
    const struct admin_request *request = call->request;
    const char *problem = NULL;
    const char *name = valid_name(call, call->segment);
    if (name == NULL)
        return 0;
    int result = engine_snapshot_put(call->engine, name, request->body, request->body_length, &problem);
    if (result > 0)
        return admin_fail(call, 400, "InvalidSnapshot", "%s", problem);
    return result == 0 ? reply_snapshot(call, name) : result;
}

int admin_snapshot_restore(struct admin_call *call) {
    const char *problem = NULL;
    int result = engine_snapshot_restore(call->engine, call->segment, &problem);
    if (result == ENGINE_NOT_FOUND)
        return not_found(call, call->segment);
    if (result > 0)
        return admin_fail(call, 400, "InvalidSnapshot", "%s", problem);
    if (result < 0)
        return result;
    writer_object_begin(&call->writer);
    writer_key_string(&call->writer, "restored", call->segment);
    admin_write_clock(call);
    writer_object_end(&call->writer);
    return 0;
}

int admin_snapshot_delete(struct admin_call *call) {
    int result = engine_snapshot_delete(call->engine, call->segment);
    if (result > 0)
        return not_found(call, call->segment);
    call->status = 204;
    return result;
}

static bool is_account(const char *text) {
    return text != NULL && strlen(text) == 12 && text_is_digits(text);
}

int admin_fork(struct admin_call *call) {
    const char *from = value_string(call->input, "from");
    const char *to = value_string(call->input, "to");
    const char *region = value_string_nonempty(call->input, "region");
    if (!is_account(from) || !is_account(to) || text_equal(from, to))
        return admin_fail(call, 400, "InvalidFork",
            "give two accounts of 12 digits, such as {\"from\":\"111111111111\",\"to\":\"222222222222\"}");
    int result = engine_fork(call->engine, from, to, region);
    if (result == ENGINE_NOT_FOUND)
        return admin_fail(call, 404, "AccountNotFound", "the account %s has no state%s%s", from,
            region != NULL ? " in " : "", region != NULL ? region : "");
    writer_object_begin(&call->writer);
    writer_key_string(&call->writer, "from", from);
    writer_key_string(&call->writer, "to", to);
    writer_key_string_opt(&call->writer, "region", region);
    writer_object_end(&call->writer);
    return result;
}
