#include "api_lookup.h"

#include <string.h>
#include <strings.h>

#include "ecs-local/base/text.h"
#include "ecs-local/domain/arn.h"

enum {
    TAGS_MAX = 50,
    TAG_KEY_MAX = 128,
    TAG_VALUE_MAX = 256,
    TEXT_MAX = 4 * 1024 * 1024,
};

int lookup_cluster_name(struct api_call *call, const char *member, const char **ret_name) {
    const char *text = value_string_nonempty(call->input, member);
    if (text == NULL) {
        *ret_name = "default";
        return 0;
    }
    struct violation violation;
    if (arn_resolve_cluster(call->arena, text, scope_region(call->scope), scope_account(call->scope),
            ret_name, &violation) != 0)
        return api_fail_with(call, &violation);
    return 0;
}

int lookup_cluster(struct api_call *call, const char *member, struct cluster **ret_cluster) {
    const char *name = NULL;
    int result = lookup_cluster_name(call, member, &name);
    if (result != 0)
        return result;
    struct cluster *cluster = engine_cluster_find(call->scope, name);
    if (cluster == NULL)
        return api_fail(call, ERROR_CLUSTER_NOT_FOUND, NULL);
    *ret_cluster = cluster;
    return 0;
}

int lookup_active_cluster(struct api_call *call, const char *member, struct cluster **ret_cluster) {
    int result = lookup_cluster(call, member, ret_cluster);
    if (result == 0 && !(*ret_cluster)->active)
        return api_fail(call, ERROR_CLUSTER_INACTIVE, NULL);
    return result;
}

int lookup_arn_rest(struct api_call *call, const char *arn, const char *type, const char **ret_rest) {
    const char *found = NULL;
    struct violation violation;
    if (arn_take_apart(call->arena, arn, scope_region(call->scope), scope_account(call->scope), &found,
            ret_rest, &violation) != 0)
        return api_fail_with(call, &violation);
    return text_equal(found, type) ? 0 : api_fail(call, ERROR_RESOURCE_TYPE, found);
}

int lookup_task_definition_name(
    struct api_call *call, const char *text, const char **ret_family, int64_t *ret_revision) {
    struct violation violation;
    if (arn_resolve_task_definition(call->arena, text, scope_region(call->scope), scope_account(call->scope),
            ret_family, ret_revision, &violation) != 0)
        return api_fail_with(call, &violation);
    return 0;
}

bool include_has(struct api_call *call, const char *field) {
    value_for_each(item, value_get(call->input, "include")) {
        if (item->kind == VALUE_STRING && text_equal(item->string, field))
            return true;
    }
    return false;
}

/* Letters and digits of any script, spaces and + - = . _ : / @ (facts: tasks 9). */
static bool is_tag_text(const char *text) {
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        bool alnum = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                     (byte >= 'a' && byte <= 'z');
        if (!alnum && byte < 0x80 && strchr(" +-=._:/@", byte) == NULL)
            return false;
    }
    return true;
}

static int check_tag(struct api_call *call, const struct value *tag) {
    const char *key = value_string(tag, "key");
    const char *value = value_string(tag, "value");
    if (key == NULL)
        return api_fail(call, ERROR_TAG_KEY_NULL, NULL);
    size_t key_length = text_utf8_length(key);
    size_t value_length = value != NULL ? text_utf8_length(value) : 0;
    if (key_length == 0 || key_length > TAG_KEY_MAX || value_length > TAG_VALUE_MAX || !is_tag_text(key) ||
        (value != NULL && !is_tag_text(value)) || strncasecmp(key, "aws:", 4) == 0)
        return api_fail(call, ERROR_TAG_INVALID, NULL);
    return 0;
}

int check_tags(struct api_call *call, const struct value *tags) {
    size_t count = value_count(tags);
    if (count > TAGS_MAX)
        return api_fail(call, ERROR_TAGS_TOO_MANY, NULL);
    for (size_t index = 0; index < count; index++) {
        const struct value *tag = value_at(tags, index);
        int result = check_tag(call, tag);
        if (result != 0)
            return result;
        for (size_t earlier = 0; earlier < index; earlier++) {
            if (text_equal(value_string(tag, "key"), value_string(value_at(tags, earlier), "key")))
                return api_fail(call, ERROR_TAG_DUPLICATE, NULL);
        }
    }
    return 0;
}

const char *value_text(struct api_call *call, const struct value *value) {
    struct buf buf = BUF_INIT(TEXT_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_value(&writer, value);
    char *text = arena_strndup(call->arena, buf_text(&buf), buf.length);
    buf_done(&buf);
    return text;
}

const char *tags_text(struct api_call *call, const struct value *tags) {
    return value_count(tags) != 0 ? value_text(call, tags) : "[]";
}

void write_failure(struct writer *writer, const char *arn, const char *reason) {
    writer_object_begin(writer);
    writer_key_string(writer, "arn", arn);
    writer_key_string(writer, "reason", reason);
    writer_object_end(writer);
}
