/* RegisterDaemonTaskDefinition, DescribeDaemonTaskDefinition, DeleteDaemonTaskDefinition, ListDaemonTaskDefinitions (facts:
 * services 13). Texts of refusals are those of task definitions, by analogy (D). */
#include <string.h>

#include "daemon_lookup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/domain/daemon.h"
#include "page_token.h"

enum {
    DEFINITION_BYTES_MAX = 64 * 1024, /* facts: tasks 4.1 */
};

const char *daemon_definition_arn(struct api_call *call, const char *family, int64_t revision) {
    return arn_resource(call->arena, scope_region(call->scope), scope_account(call->scope),
        "daemon-task-definition", arena_printf(call->arena, "%s:%lld", family, (long long)revision));
}

int lookup_daemon_definition(struct api_call *call, const char *text, struct task_definition_row *ret_row) {
    const char *family = NULL;
    int64_t revision = 0;
    struct violation violation;
    if (arn_resolve_daemon_definition(call->arena, text, scope_region(call->scope),
            scope_account(call->scope), &family, &revision, &violation) != 0)
        return api_fail_with(call, &violation);
    return daemon_definition_rows_get(
        engine_store(call->engine), scope_id(call->scope), family, revision, call->arena, ret_row);
}

static int find(struct api_call *call, struct task_definition_row *ret_row) {
    int result = lookup_daemon_definition(call, value_string(call->input, "daemonTaskDefinition"), ret_row);
    return result == STORE_NOT_FOUND ? api_fail(call, ERROR_DAEMON_DEFINITION_UNDESCRIBABLE, NULL) : result;
}

static void reply_arn(struct api_call *call, const struct task_definition_row *row) {
    writer_object_begin(&call->writer);
    writer_key_string(
        &call->writer, "daemonTaskDefinitionArn", daemon_definition_arn(call, row->family, row->revision));
    writer_object_end(&call->writer);
}

int api_register_daemon_task_definition(struct api_call *call) {
    struct violation violation;
    const char *account = scope_account(call->scope);
    if (daemon_definition_check(call->arena, call->input, &violation) != 0)
        return api_fail_with(call, &violation);
    struct value *document = daemon_definition_normalise(
        call->arena, call->input, scope_partition(call->scope), account);
    struct task_definition_row row = {
        .scope_id = scope_id(call->scope),
        .family = value_string(call->input, "family"),
        .registered_ms = engine_now_ms(call->engine),
        .registered_by = arena_printf(
            call->arena, "arn:%s:iam::%s:root", scope_partition(call->scope), account),
        .tags = tags_text(call, value_get(call->input, "tags")),
        .document = value_text(call, document),
    };
    if (strlen(row.document) > DEFINITION_BYTES_MAX)
        return api_fail(call, ERROR_TASK_DEFINITION_TOO_LARGE, NULL);
    int result = daemon_definition_rows_register(engine_store(call->engine), call->arena, &row);
    if (result == 0)
        reply_arn(call, &row);
    return result;
}

/* The stored document is a JSON object; what names the revision and changes is spliced around its members. */
int api_describe_daemon_task_definition(struct api_call *call) {
    struct task_definition_row row;
    struct writer *writer = &call->writer;
    int result = find(call, &row);
    if (result != 0)
        return result;
    writer_object_begin(writer);
    writer_key_object_begin(writer, "daemonTaskDefinition");
    writer_key_string(
        writer, "daemonTaskDefinitionArn", daemon_definition_arn(call, row.family, row.revision));
    writer_raw(writer, row.document + 1, strlen(row.document) - 2);
    writer_key_int(writer, "revision", row.revision);
    writer_key_string(writer, "status", row.status);
    writer_key_timestamp_opt(writer, "registeredAt", row.registered_ms);
    writer_key_timestamp_opt(writer, "deleteRequestedAt", row.delete_requested_ms);
    writer_key_string(writer, "registeredBy", row.registered_by);
    writer_object_end(writer);
    writer_object_end(writer);
    return 0;
}

int api_delete_daemon_task_definition(struct api_call *call) {
    struct task_definition_row row;
    int result = find(call, &row);
    if (result == 0 && !text_equal(row.status, "ACTIVE"))
        return api_fail(call, ERROR_DAEMON_DEFINITION_NOT_ACTIVE, NULL);
    if (result == 0)
        result = engine_daemon_definition_delete(call->engine, row.id);
    if (result == 0)
        reply_arn(call, &row);
    return result;
}

/* The cursor of a page is "family:revision". */
static int parse_cursor(struct api_call *call, const char *cursor, struct daemon_definition_filter *filter) {
    if (cursor == NULL)
        return 0;
    const char *colon = strrchr(cursor, ':');
    if (colon == NULL || text_parse_int(colon + 1, 0, INT64_MAX / 10, &filter->after_revision) != 0)
        return api_fail(call, ERROR_TOKEN, NULL);
    filter->after_family = arena_strndup(call->arena, cursor, (size_t)(colon - cursor));
    return 0;
}

static const char *statuses_of(const char *status_or_null) {
    if (text_equal(status_or_null, "ALL"))
        return ",ACTIVE,DELETE_IN_PROGRESS,";
    return text_equal(status_or_null, "DELETE_IN_PROGRESS") ? ",DELETE_IN_PROGRESS," : ",ACTIVE,";
}

static void write_summary(struct api_call *call, const struct task_definition_row *row) {
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_string(writer, "arn", daemon_definition_arn(call, row->family, row->revision));
    writer_key_timestamp_opt(writer, "registeredAt", row->registered_ms);
    writer_key_string(writer, "registeredBy", row->registered_by);
    writer_key_timestamp_opt(writer, "deleteRequestedAt", row->delete_requested_ms);
    writer_key_string(writer, "status", row->status);
    writer_object_end(writer);
}

int api_list_daemon_task_definitions(struct api_call *call) {
    const char *prefix = value_string_nonempty(call->input, "familyPrefix");
    struct daemon_definition_filter filter = {
        .scope_id = scope_id(call->scope),
        .prefix = prefix != NULL ? prefix : "",
        .family = value_string_nonempty(call->input, "family"),
        .statuses = statuses_of(value_string_nonempty(call->input, "status")),
        .last_only = value_string_nonempty(call->input, "revision") != NULL,
        .descending = text_equal(value_string(call->input, "sort"), "DESC"),
    };
    const char *cursor = NULL;
    const char *filters = arena_printf(call->arena, "%s %s %s %d %d", filter.prefix,
        filter.family != NULL ? filter.family : "", filter.statuses, filter.last_only, filter.descending);
    if (filter.family != NULL && prefix != NULL)
        return api_fail(call, ERROR_DAEMON_FAMILY_TWICE, NULL);
    int result = page_token_read(call, filters, &cursor);
    if (result == 0)
        result = parse_cursor(call, cursor, &filter);
    if (result != 0)
        return result;
    unsigned limit = page_size(call, PAGE_DEFAULT);
    unsigned count = 0;
    struct task_definition_row *rows = arena_new_array(call->arena, struct task_definition_row, limit + 1);
    result = daemon_definition_rows_list(
        engine_store(call->engine), &filter, limit + 1, call->arena, rows, &count);
    if (result != 0)
        return result;
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_list_begin(writer, "daemonTaskDefinitions");
    for (unsigned index = 0; index < count && index < limit; index++)
        write_summary(call, &rows[index]);
    writer_list_end(writer);
    if (count > limit) {
        const char *last = arena_printf(
            call->arena, "%s:%lld", rows[limit - 1].family, (long long)rows[limit - 1].revision);
        writer_key_string(writer, "nextToken", page_token_make(call, filters, last));
    }
    writer_object_end(writer);
    return 0;
}
