/* Task definitions: Register, Describe, Deregister, Delete, List, ListFamilies (facts: tasks 4). */
#include <string.h>

#include "api_lookup.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/domain/task_definition.h"
#include "page_token.h"

enum {
    DEFINITION_BYTES_MAX = 64 * 1024, /* facts: tasks 4.1 */
    DELETE_MAX = 10,
};

static const char *definition_arn(struct api_call *call, const char *family, int64_t revision) {
    return arn_task_definition(
        call->arena, scope_region(call->scope), scope_account(call->scope), family, revision);
}

/* The stored document is a JSON object; what changes or names the revision is spliced around its members. */
static void write_definition(struct api_call *call, const struct task_definition_row *row) {
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_string(writer, "taskDefinitionArn", definition_arn(call, row->family, row->revision));
    writer_raw(writer, row->document + 1, strlen(row->document) - 2);
    writer_key_int(writer, "revision", row->revision);
    writer_key_string(writer, "status", row->status);
    writer_key_timestamp_opt(writer, "registeredAt", row->registered_ms);
    writer_key_timestamp_opt(writer, "deregisteredAt", row->deregistered_ms);
    writer_key_timestamp_opt(writer, "deleteRequestedAt", row->delete_requested_ms);
    writer_key_string(writer, "registeredBy", row->registered_by);
    writer_object_end(writer);
}

static void reply_definition(struct api_call *call, const struct task_definition_row *row, bool with_tags) {
    writer_object_begin(&call->writer);
    writer_key(&call->writer, "taskDefinition");
    write_definition(call, row);
    if (with_tags)
        writer_key_raw(&call->writer, "tags", row->tags);
    writer_object_end(&call->writer);
}

/* What cannot fit is not looked at: the rules compare members with each other. Tags are not counted. */
static bool is_too_large(struct api_call *call, const struct value *request) {
    if (call->body_length <= DEFINITION_BYTES_MAX)
        return false;
    const struct value *tags = value_get(request, "tags");
    size_t length = strlen(value_text(call, request));
    return length - (tags != NULL ? strlen(value_text(call, tags)) : 0) > DEFINITION_BYTES_MAX;
}

int task_definition_register(
    struct api_call *call, const struct value *request, struct task_definition_row *ret_row) {
    struct violation violation;
    if (is_too_large(call, request))
        return api_fail(call, ERROR_TASK_DEFINITION_TOO_LARGE, NULL);
    if (task_definition_check(call->arena, request, &violation) != 0)
        return api_fail_with(call, &violation);
    const char *account = scope_account(call->scope);
    const struct value *document = task_definition_normalise(
        call->arena, request, scope_partition(call->scope), account);
    struct task_definition_row row = {
        .scope_id = scope_id(call->scope),
        .family = value_string(request, "family"),
        .status = "ACTIVE",
        .registered_ms = engine_now_ms(call->engine),
        .registered_by = arena_printf(
            call->arena, "arn:%s:iam::%s:root", scope_partition(call->scope), account),
        .tags = tags_text(call, value_get(request, "tags")),
        .document = value_text(call, document),
    };
    if (strlen(row.document) > DEFINITION_BYTES_MAX)
        return api_fail(call, ERROR_TASK_DEFINITION_TOO_LARGE, NULL);
    struct store *store = engine_store(call->engine);
    int result = task_definition_rows_next_revision(
        store, row.scope_id, row.family, &row.family_id, &row.revision);
    if (result == 0)
        result = task_definition_rows_insert(store, &row, &row.id);
    if (result == 0)
        *ret_row = row;
    return result;
}

int api_register_task_definition(struct api_call *call) {
    struct task_definition_row row;
    int result = task_definition_register(call, call->input, &row);
    if (result == 0)
        reply_definition(call, &row, value_count(value_get(call->input, "tags")) != 0);
    return result;
}

/* Finds the revision that `taskDefinition` names. `text` NULL cannot be: the model requires it. */
static int find_definition(
    struct api_call *call, const char *text, bool needs_revision, struct task_definition_row *ret_row) {
    const char *family = NULL;
    int64_t revision = 0;
    int result = lookup_task_definition_name(call, text, &family, &revision);
    if (result != 0)
        return result;
    if (needs_revision && revision == 0)
        return api_fail(call, ERROR_REVISION_MISSING, NULL);
    result = task_definition_rows_get(
        engine_store(call->engine), scope_id(call->scope), family, revision, call->arena, ret_row);
    return result == STORE_NOT_FOUND ? api_fail(call, ERROR_TASK_DEFINITION_UNDESCRIBABLE, NULL) : result;
}

int api_describe_task_definition(struct api_call *call) {
    struct task_definition_row row;
    int result = find_definition(call, value_string(call->input, "taskDefinition"), false, &row);
    if (result == 0)
        reply_definition(call, &row, include_has(call, "TAGS"));
    return result;
}

int api_deregister_task_definition(struct api_call *call) {
    struct task_definition_row row;
    int result = find_definition(call, value_string(call->input, "taskDefinition"), true, &row);
    if (result != 0)
        return result;
    if (text_equal(row.status, "ACTIVE")) {
        row.status = "INACTIVE";
        row.deregistered_ms = engine_now_ms(call->engine);
        result = task_definition_rows_set_status(engine_store(call->engine), &row, "ACTIVE");
    }
    if (result == 0)
        reply_definition(call, &row, false);
    return result;
}

/* Deletes one; *ret_reason is set when it cannot be (facts: tasks 4.7). */
static int delete_one(
    struct api_call *call, const char *text, struct task_definition_row *ret_row, const char **ret_reason) {
    const char *family = NULL;
    int64_t revision = 0;
    *ret_reason = NULL;
    struct violation ignored;
    if (arn_resolve_task_definition(call->arena, text, scope_region(call->scope), scope_account(call->scope),
            &family, &revision, &ignored) != 0 ||
        revision == 0) {
        *ret_reason =
            "The specified task definition identifier is invalid. Specify a valid name or ARN and try again.";
        return 0;
    }
    struct store *store = engine_store(call->engine);
    int result = task_definition_rows_get(
        store, scope_id(call->scope), family, revision, call->arena, ret_row);
    if (result == STORE_NOT_FOUND) {
        *ret_reason =
            "The specified task definition does not exist. Specify a valid account, family, revision and try again.";
        return 0;
    }
    if (result != 0)
        return result;
    if (text_equal(ret_row->status, "ACTIVE")) {
        *ret_reason =
            "The specified task definition is still in ACTIVE status. Please deregister the target and try again.";
        return 0;
    }
    if (text_equal(ret_row->status, "DELETE_IN_PROGRESS"))
        return 0;
    ret_row->status = "DELETE_IN_PROGRESS";
    ret_row->delete_requested_ms = engine_now_ms(call->engine);
    return engine_delete_task_definition(call->engine, ret_row);
}

int api_delete_task_definitions(struct api_call *call) {
    const struct value *list = value_get(call->input, "taskDefinitions");
    struct task_definition_row rows[DELETE_MAX];
    const char *reasons[DELETE_MAX];
    size_t count = value_count(list);
    for (size_t index = 0; index < count && index < DELETE_MAX; index++) {
        int result = delete_one(call, value_string_at(list, index), &rows[index], &reasons[index]);
        if (result != 0)
            return result;
    }
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_list_begin(writer, "taskDefinitions");
    for (size_t index = 0; index < count; index++) {
        if (reasons[index] == NULL)
            write_definition(call, &rows[index]);
    }
    writer_list_end(writer);
    writer_key_list_begin(writer, "failures");
    for (size_t index = 0; index < count; index++) {
        if (reasons[index] != NULL)
            write_failure(writer, value_string_at(list, index), reasons[index]);
    }
    writer_list_end(writer);
    writer_object_end(writer);
    return 0;
}

/* The cursor of a page is "family:revision". */
static int parse_cursor(struct api_call *call, const char *cursor, struct task_definition_key *ret_after) {
    *ret_after = (struct task_definition_key){.family = NULL};
    if (cursor == NULL)
        return 0;
    const char *colon = strrchr(cursor, ':');
    if (colon == NULL || text_parse_int(colon + 1, 0, INT64_MAX / 10, &ret_after->revision) != 0)
        return api_fail(call, ERROR_TOKEN, NULL);
    ret_after->family = arena_strndup(call->arena, cursor, (size_t)(colon - cursor));
    return 0;
}

int api_list_task_definitions(struct api_call *call) {
    const char *status = value_string_nonempty(call->input, "status");
    const char *family = value_string_nonempty(call->input, "familyPrefix");
    bool descending = text_equal(value_string(call->input, "sort"), "DESC");
    if (status == NULL)
        status = "ACTIVE";
    const char *filters = arena_printf(
        call->arena, "%s,%s,%d", status, family != NULL ? family : "", descending);
    const char *cursor = NULL;
    struct task_definition_key after;
    int result = page_token_read(call, filters, &cursor);
    if (result == 0)
        result = parse_cursor(call, cursor, &after);
    if (result != 0)
        return result;
    unsigned limit = page_size(call, PAGE_DEFAULT);
    struct task_definition_key *keys = arena_new_array(call->arena, struct task_definition_key, limit + 1);
    unsigned count = 0;
    result = task_definition_rows_list(engine_store(call->engine), scope_id(call->scope), status, family,
        descending, &after, limit + 1, call->arena, keys, &count);
    if (result != 0)
        return result;
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_list_begin(writer, "taskDefinitionArns");
    for (unsigned index = 0; index < count && index < limit; index++)
        writer_string(writer, definition_arn(call, keys[index].family, keys[index].revision));
    writer_list_end(writer);
    if (count > limit) {
        const char *last = arena_printf(
            call->arena, "%s:%lld", keys[limit - 1].family, (long long)keys[limit - 1].revision);
        writer_key_string(writer, "nextToken", page_token_make(call, filters, last));
    }
    writer_object_end(writer);
    return 0;
}

static enum family_filter family_filter_of(const char *status) {
    if (text_equal(status, "ACTIVE"))
        return FAMILIES_ACTIVE;
    return text_equal(status, "INACTIVE") ? FAMILIES_INACTIVE : FAMILIES_ALL;
}

int api_list_task_definition_families(struct api_call *call) {
    const char *status = value_string_nonempty(call->input, "status");
    const char *prefix = value_string_nonempty(call->input, "familyPrefix");
    if (prefix == NULL)
        prefix = "";
    const char *filters = arena_printf(call->arena, "%s,%s", status != NULL ? status : "ALL", prefix);
    const char *after = NULL;
    int result = page_token_read(call, filters, &after);
    if (result != 0)
        return result;
    unsigned limit = page_size(call, PAGE_DEFAULT);
    const char **names = arena_new_array(call->arena, const char *, limit + 1);
    unsigned count = 0;
    result = task_definition_rows_families(engine_store(call->engine), scope_id(call->scope),
        family_filter_of(status), prefix, after != NULL ? after : "", limit + 1, call->arena, names, &count);
    if (result != 0)
        return result;
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_list_begin(writer, "families");
    for (unsigned index = 0; index < count && index < limit; index++)
        writer_string(writer, names[index]);
    writer_list_end(writer);
    if (count > limit)
        writer_key_string(writer, "nextToken", page_token_make(call, filters, names[limit - 1]));
    writer_object_end(writer);
    return 0;
}
