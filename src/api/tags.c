/* TagResource, UntagResource, ListTagsForResource (facts: tasks 9). */
#include <string.h>
#include <strings.h>

#include "api_lookup.h"
#include "daemon_lookup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/store/capacity_provider_rows.h"
#include "ecs-local/store/task_definition_rows.h"
#include "gateway_lookup.h"

enum {
    TAGS_MAX = 50, /* of a resource; those of AWS are not counted */
};

/* What an ARN names, and the tags that it has. */
struct tagged {
    struct cluster *cluster; /* the one named, or that of the instance or task */
    struct instance *instance;
    struct task *task;
    int64_t task_definition_id;
    struct capacity_provider_row provider;
    struct gateway_row gateway;
    const char *tags;        /* JSON list */
    enum api_error inactive; /* why it cannot be tagged now; ERROR_COUNT: it can */
};

static int not_found(struct api_call *call, const char *noun) {
    return api_fail(call, ERROR_TAG_TARGET_NOT_FOUND, noun);
}

static int find_cluster(struct api_call *call, const char *name, struct tagged *tagged) {
    tagged->cluster = engine_cluster_find(call->scope, name);
    if (tagged->cluster == NULL)
        return not_found(call, "cluster");
    tagged->tags = tagged->cluster->tags;
    if (!tagged->cluster->active)
        tagged->inactive = ERROR_TAG_CLUSTER_INACTIVE;
    return 0;
}

/* "cluster/id" → both; an old short ARN has no cluster. */
static int split(
    struct api_call *call, const char *rest, const char *noun, struct tagged *tagged, const char **ret_id) {
    const char *slash = strchr(rest, '/');
    if (slash == NULL)
        return api_fail(call, ERROR_TAG_SHORT_ARN, NULL);
    tagged->cluster = engine_cluster_find(
        call->scope, arena_strndup(call->arena, rest, (size_t)(slash - rest)));
    if (tagged->cluster == NULL)
        return not_found(call, noun);
    *ret_id = slash + 1;
    return 0;
}

static int find_instance(struct api_call *call, const char *rest, struct tagged *tagged) {
    const char *id = NULL;
    const char *document = NULL;
    int result = split(call, rest, "container instance", tagged, &id);
    if (result != 0)
        return result;
    tagged->instance = engine_instance_find(call->engine, tagged->cluster, id);
    if (tagged->instance == NULL)
        return not_found(call, "container instance");
    if (tagged->instance->status == INSTANCE_INACTIVE)
        tagged->inactive = ERROR_TAG_INSTANCE_INACTIVE;
    return engine_instance_document(call->engine, tagged->instance, call->arena, &document, &tagged->tags);
}

static int find_task(struct api_call *call, const char *rest, struct tagged *tagged) {
    const char *id = NULL;
    int result = split(call, rest, "task", tagged, &id);
    if (result == 0)
        result = engine_task_find(call->engine, tagged->cluster, id, &tagged->task);
    if (result == ENGINE_NOT_FOUND)
        return not_found(call, "task");
    if (result != 0)
        return result;
    tagged->tags = tagged->task->tags != NULL ? tagged->task->tags : "[]";
    if (tagged->task->status == TASK_STOPPED)
        tagged->inactive = ERROR_TAG_TASK_STOPPED;
    return 0;
}

static int find_task_definition(struct api_call *call, const char *arn, struct tagged *tagged) {
    const char *family = NULL;
    int64_t revision = 0;
    struct task_definition_row row;
    int result = lookup_task_definition_name(call, arn, &family, &revision);
    if (result != 0)
        return result;
    if (revision == 0)
        return api_fail(call, ERROR_TAG_ARN, NULL);
    result = task_definition_rows_get(
        engine_store(call->engine), scope_id(call->scope), family, revision, call->arena, &row);
    if (result == STORE_NOT_FOUND)
        return api_fail(call, ERROR_TASK_DEFINITION_UNDESCRIBABLE, NULL);
    tagged->task_definition_id = row.id;
    tagged->tags = row.tags;
    return result;
}

static int find_daemon_definition(struct api_call *call, const char *arn, struct tagged *tagged) {
    struct task_definition_row row;
    int result = lookup_daemon_definition(call, arn, &row);
    if (result == STORE_NOT_FOUND)
        return api_fail(call, ERROR_DAEMON_DEFINITION_UNDESCRIBABLE, NULL);
    if (result != 0)
        return result;
    tagged->task_definition_id = row.id;
    tagged->tags = row.tags;
    return 0;
}

static int find_provider(struct api_call *call, const char *name, struct tagged *tagged) {
    int result = capacity_provider_rows_get(
        engine_store(call->engine), scope_id(call->scope), name, call->arena, &tagged->provider);
    if (result == STORE_NOT_FOUND)
        return api_fail(call, ERROR_PROVIDER_DOES_NOT_EXIST, NULL);
    tagged->tags = tagged->provider.tags;
    return result;
}

static int find_gateway(struct api_call *call, const char *arn, struct tagged *tagged) {
    int result = lookup_gateway(call, arn, true, &tagged->gateway);
    if (result == STORE_NOT_FOUND)
        return not_found(call, "gateway");
    tagged->tags = tagged->gateway.tags;
    return result;
}

static int find_tagged(struct api_call *call, struct tagged *tagged) {
    const char *arn = value_string(call->input, "resourceArn");
    const char *type = NULL;
    const char *rest = NULL;
    struct violation violation;
    *tagged = (struct tagged){.inactive = ERROR_COUNT};
    if (!text_starts_with(arn, "arn:"))
        return api_fail(call, ERROR_TAG_ARN, NULL);
    if (arn_take_apart(call->arena, arn, scope_region(call->scope), scope_account(call->scope), &type, &rest,
            &violation) != 0)
        return api_fail_with(call, &violation);
    if (text_equal(type, "cluster"))
        return find_cluster(call, rest, tagged);
    if (text_equal(type, "container-instance"))
        return find_instance(call, rest, tagged);
    if (text_equal(type, "task"))
        return find_task(call, rest, tagged);
    if (text_equal(type, "task-definition"))
        return find_task_definition(call, arn, tagged);
    if (text_equal(type, "capacity-provider"))
        return find_provider(call, rest, tagged);
    if (text_equal(type, "daemon-task-definition"))
        return find_daemon_definition(call, arn, tagged);
    if (text_equal(type, "gateway"))
        return find_gateway(call, arn, tagged);
    if (text_equal(type, "service") && strchr(rest, '/') == NULL)
        return api_fail(call, ERROR_TAG_SHORT_ARN, NULL);
    if (text_equal(type, "service") || text_equal(type, "task-set") || text_equal(type, "daemon"))
        return not_found(call, type);
    return api_fail(call, ERROR_TAG_ARN, NULL);
}

static int store_tags(struct api_call *call, struct tagged *tagged, const char *tags) {
    if (tagged->instance != NULL)
        return engine_instance_update(call->engine, tagged->instance, tagged->instance->status,
            tagged->instance->agent_connected, tags);
    if (tagged->task != NULL) {
        engine_task_set_tags(call->engine, tagged->task, tags);
        return 0;
    }
    if (tagged->task_definition_id != 0)
        return task_definition_rows_set_tags(engine_store(call->engine), tagged->task_definition_id, tags);
    if (tagged->provider.id != 0) {
        tagged->provider.tags = tags;
        return capacity_provider_rows_update(engine_store(call->engine), &tagged->provider);
    }
    if (tagged->gateway.id != 0) {
        tagged->gateway.tags = tags;
        return gateway_rows_update(engine_store(call->engine), &tagged->gateway);
    }
    return engine_cluster_update(call->engine, tagged->cluster, tagged->cluster->active, NULL, tags);
}

static bool is_of_aws(const char *key) {
    return strncasecmp(key, "aws:", 4) == 0;
}

static struct value *find_tag(const struct value *tags, const char *key) {
    value_for_each(tag, tags) {
        if (text_equal(value_string(tag, "key"), key))
            return tag;
    }
    return NULL;
}

/* A key that is there gets the new value in its place; others follow in the order given. */
static struct value *merged(struct api_call *call, const struct value *old, const struct value *given) {
    struct value *tags = value_clone(call->arena, old);
    value_for_each(tag, given) {
        const char *key = value_string(tag, "key");
        const char *value = value_string(tag, "value");
        struct value *known = find_tag(tags, key);
        if (known == NULL) {
            known = value_new_map(call->arena, 2);
            value_add(call->arena, known, "key", value_new_string(call->arena, key));
            value_append(call->arena, tags, known);
        }
        value_set(call->arena, known, "value", value_new_string(call->arena, value != NULL ? value : ""));
    }
    return tags;
}

static int read_tags(struct api_call *call, const struct tagged *tagged, struct value **ret_tags) {
    return value_parse(call->arena, tagged->tags, strlen(tagged->tags), ret_tags) == 0 ? 0 : -1;
}

static void reply_empty(struct api_call *call) {
    writer_object_begin(&call->writer);
    writer_object_end(&call->writer);
}

int api_tag_resource(struct api_call *call) {
    const struct value *given = value_get(call->input, "tags");
    struct tagged tagged;
    struct value *tags = NULL;
    int result = check_tags(call, given);
    /* Everything about task definitions is a ClientException (facts: tasks 9 C). */
    if (result == API_ERROR && strstr(value_string(call->input, "resourceArn"), ":task-definition/") != NULL)
        call->error.code = "ClientException";
    if (result == 0)
        result = find_tagged(call, &tagged);
    if (result == 0 && tagged.inactive != ERROR_COUNT)
        return api_fail(call, tagged.inactive, NULL);
    if (result == 0)
        result = read_tags(call, &tagged, &tags);
    if (result != 0)
        return result;
    tags = merged(call, tags, given);
    unsigned own = 0;
    value_for_each(tag, tags) own += !is_of_aws(value_string(tag, "key"));
    if (own > TAGS_MAX)
        return api_fail(call, ERROR_TAG_LIMIT, NULL);
    result = store_tags(call, &tagged, tags_text(call, tags));
    if (result == 0)
        reply_empty(call);
    return result;
}

static bool has_key(const struct value *keys, const char *key) {
    value_for_each(item, keys) {
        if (text_equal(item->string, key))
            return true;
    }
    return false;
}

int api_untag_resource(struct api_call *call) {
    const struct value *keys = value_get(call->input, "tagKeys");
    struct tagged tagged;
    struct value *tags = NULL;
    int result = find_tagged(call, &tagged);
    if (result == 0 && tagged.inactive != ERROR_COUNT)
        return api_fail(call, tagged.inactive, NULL);
    if (result == 0)
        result = read_tags(call, &tagged, &tags);
    if (result != 0)
        return result;
    struct value *rest = value_new_list(call->arena, value_count(tags));
    value_for_each(tag, tags) {
        const char *key = value_string(tag, "key");
        if (is_of_aws(key) || !has_key(keys, key))
            value_append(call->arena, rest, tag);
    }
    result = store_tags(call, &tagged, tags_text(call, rest));
    if (result == 0)
        reply_empty(call);
    return result;
}

int api_list_tags_for_resource(struct api_call *call) {
    struct tagged tagged;
    int result = find_tagged(call, &tagged);
    if (result != 0)
        return result;
    writer_object_begin(&call->writer);
    writer_key_raw(&call->writer, "tags", tagged.tags);
    writer_object_end(&call->writer);
    return 0;
}
