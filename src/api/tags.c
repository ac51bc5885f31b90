/* TagResource, UntagResource, ListTagsForResource (facts: tasks 9). */
#include "tags.h"

#include <string.h>
#include <strings.h>

#include "daemon_lookup.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/store/deployment_rows.h"
#include "ecs-local/store/task_definition_rows.h"
#include "gateway_lookup.h"
#include "service_reply.h"

enum {
    TAGS_MAX = 50, /* of a resource; those of AWS are not counted */
};

int tags_not_found(struct api_call *call, const char *noun) {
    return api_fail(call, ERROR_TAG_TARGET_NOT_FOUND, noun);
}

static int find_cluster(struct api_call *call, const char *name, struct tagged *tagged) {
    tagged->cluster = engine_cluster_find(call->scope, name);
    if (tagged->cluster == NULL)
        return tags_not_found(call, "cluster");
    tagged->tags = tagged->cluster->tags;
    if (!tagged->cluster->active)
        tagged->inactive = ERROR_TAG_CLUSTER_INACTIVE;
    return 0;
}

int tags_split(struct api_call *call, const char *rest, struct tagged *tagged, const char **ret_id) {
    const char *slash = strchr(rest, '/');
    if (slash == NULL)
        return api_fail(call, ERROR_TAG_SHORT_ARN, NULL);
    tagged->cluster = engine_cluster_find(
        call->scope, arena_strndup(call->arena, rest, (size_t)(slash - rest)));
    if (tagged->cluster == NULL)
        return api_fail(call, ERROR_CLUSTER_NOT_FOUND, NULL);
    *ret_id = slash + 1;
    return 0;
}

static int find_instance(struct api_call *call, const char *rest, struct tagged *tagged) {
    const char *id = NULL;
    const char *document = NULL;
    int result = tags_split(call, rest, tagged, &id);
    if (result != 0)
        return result;
    tagged->instance = engine_instance_find(call->engine, tagged->cluster, id);
    if (tagged->instance == NULL)
        return tags_not_found(call, "container instance");
    if (tagged->instance->status == INSTANCE_INACTIVE)
        tagged->inactive = ERROR_TAG_INSTANCE_INACTIVE;
    return engine_instance_document(call->engine, tagged->instance, call->arena, &document, &tagged->tags);
}

static int find_task(struct api_call *call, const char *rest, struct tagged *tagged) {
    const char *id = NULL;
    int result = tags_split(call, rest, tagged, &id);
    if (result == 0)
        result = engine_task_find(call->engine, tagged->cluster, id, &tagged->task);
    if (result == ENGINE_NOT_FOUND)
        return tags_not_found(call, "task");
    if (result != 0)
        return result;
    tagged->tags = tagged->task->tags != NULL ? tagged->task->tags : "[]";
    if (tagged->task->status == TASK_STOPPED)
        tagged->inactive = ERROR_TAG_TASK_STOPPED;
    return 0;
}

static int find_task_definition(struct api_call *call, const char *rest, struct tagged *tagged) {
    const char *family = NULL;
    int64_t revision = 0;
    struct task_definition_row row;
    int result = lookup_task_definition_name(call, rest, &family, &revision);
    if (result != 0)
        return result;
    if (revision == 0)
        return api_fail(call, ERROR_TAG_ARN, NULL);
    result = task_definition_rows_get(
        engine_store(call->engine), scope_id(call->scope), family, revision, call->arena, &row);
    if (result == STORE_NOT_FOUND)
        return api_fail(call, ERROR_TASK_DEFINITION_UNDESCRIBABLE, NULL);
    tagged->row = row.id;
    tagged->tags = row.tags;
    return result;
}

static int find_daemon_definition(struct api_call *call, const char *rest, struct tagged *tagged) {
    struct task_definition_row row;
    (void)rest;
    int result = lookup_daemon_definition(call, tagged->arn, &row);
    if (result == STORE_NOT_FOUND)
        return api_fail(call, ERROR_DAEMON_DEFINITION_UNDESCRIBABLE, NULL);
    if (result != 0)
        return result;
    tagged->row = row.id;
    tagged->tags = row.tags;
    return 0;
}

static int find_provider(struct api_call *call, const char *name, struct tagged *tagged) {
    int result = capacity_provider_rows_get(
        engine_store(call->engine), scope_id(call->scope), name, call->arena, &tagged->provider);
    if (result == STORE_NOT_FOUND && text_equal(call->operation, "ListTagsForResource"))
        return api_fail(call, ERROR_PROVIDER_DOES_NOT_EXIST, NULL);
    if (result == STORE_NOT_FOUND)
        return api_fail(call, ERROR_PROVIDER_TAGGED_MISSING, NULL);
    tagged->tags = tagged->provider.tags;
    return result;
}

static int find_service(struct api_call *call, const char *rest, struct tagged *tagged) {
    const char *name = NULL;
    struct service_contents contents;
    int result = tags_split(call, rest, tagged, &name);
    if (result != 0)
        return result;
    struct service *service = engine_service_find(call->engine, tagged->cluster, name);
    /* The tags of a service go away with it (facts: services 4). */
    if (service == NULL || service->status == SERVICE_INACTIVE)
        return tags_not_found(call, "service");
    result = service_contents_read(call, service, &contents);
    tagged->resource = service;
    tagged->tags = contents.tags;
    return result;
}

static int store_of_service(struct api_call *call, struct tagged *tagged, const char *tags) {
    return engine_service_set_tags(call->engine, tagged->resource, tags);
}

/* "cluster/service/ecs-svc/digits" */
static int find_task_set(struct api_call *call, const char *rest, struct tagged *tagged) {
    const char *name = NULL;
    const struct value *document = NULL;
    int result = tags_split(call, rest, tagged, &name);
    const char *slash = result == 0 ? strchr(name, '/') : NULL;
    if (result != 0 || slash == NULL)
        return result != 0 ? result : api_fail(call, ERROR_TAG_ARN, NULL);
    tagged->service = engine_service_find(
        call->engine, tagged->cluster, arena_strndup(call->arena, name, (size_t)(slash - name)));
    struct deployment *task_set = tagged->service != NULL ? task_set_find(tagged->service, slash + 1) : NULL;
    if (task_set == NULL)
        return tags_not_found(call, "task set");
    result = deployment_document(call, task_set, &document);
    tagged->resource = task_set;
    tagged->tags = result == 0 ? tags_text(call, value_get(document, "tags")) : NULL;
    return result;
}

static int store_of_task_set(struct api_call *call, struct tagged *tagged, const char *tags) {
    const struct value *document = NULL;
    struct value *list = NULL;
    int result = deployment_document(call, tagged->resource, &document);
    if (result == 0 && value_parse(call->arena, tags, strlen(tags), &list) != 0)
        result = -1;
    if (result != 0)
        return result;
    struct value *changed = value_clone(call->arena, document);
    value_set(call->arena, changed, "tags", list);
    const struct deployment *task_set = tagged->resource;
    return deployment_rows_update_document(
        engine_store(call->engine), task_set->id, value_text(call, changed));
}

static int find_gateway(struct api_call *call, const char *rest, struct tagged *tagged) {
    (void)rest;
    struct gateway_row *gateway = arena_alloc(call->arena, sizeof(*gateway));
    int result = lookup_gateway(call, tagged->arn, true, gateway);
    if (result == STORE_NOT_FOUND)
        return tags_not_found(call, "gateway");
    tagged->resource = gateway;
    tagged->tags = gateway->tags;
    return result;
}

static int store_of_gateway(struct api_call *call, struct tagged *tagged, const char *tags) {
    struct gateway_row *gateway = tagged->resource;
    gateway->tags = tags;
    return gateway_rows_update(engine_store(call->engine), gateway);
}

static int store_of_cluster(struct api_call *call, struct tagged *tagged, const char *tags) {
    return engine_cluster_update(call->engine, tagged->cluster, tagged->cluster->active, NULL, tags);
}

static int store_of_instance(struct api_call *call, struct tagged *tagged, const char *tags) {
    return engine_instance_update(
        call->engine, tagged->instance, tagged->instance->status, tagged->instance->agent_connected, tags);
}

static int store_of_task(struct api_call *call, struct tagged *tagged, const char *tags) {
    engine_task_set_tags(call->engine, tagged->task, tags);
    return 0;
}

static int store_of_task_definition(struct api_call *call, struct tagged *tagged, const char *tags) {
    return task_definition_rows_set_tags(engine_store(call->engine), tagged->row, tags);
}

static int store_of_provider(struct api_call *call, struct tagged *tagged, const char *tags) {
    tagged->provider.tags = tags;
    return capacity_provider_rows_update(engine_store(call->engine), &tagged->provider);
}

static int find_daemon(struct api_call *call, const char *rest, struct tagged *tagged) {
    struct daemon_name name;
    struct daemon_row *daemon = arena_alloc(call->arena, sizeof(*daemon));
    (void)rest;
    int result = daemon_name_read(call, tagged->arn, "daemon", &name);
    if (result == 0)
        result = daemon_find(call, &name, daemon);
    if (result == STORE_NOT_FOUND)
        return tags_not_found(call, "daemon");
    tagged->resource = daemon;
    tagged->tags = daemon->tags;
    return result;
}

static int store_of_daemon(struct api_call *call, struct tagged *tagged, const char *tags) {
    struct daemon_row *daemon = tagged->resource;
    daemon->tags = tags;
    return daemon_rows_update(engine_store(call->engine), daemon);
}

static const struct tag_kind kinds[] = {
    {"cluster", find_cluster, store_of_cluster},
    {"container-instance", find_instance, store_of_instance},
    {"task", find_task, store_of_task},
    {"task-definition", find_task_definition, store_of_task_definition},
    {"capacity-provider", find_provider, store_of_provider},
    {"daemon-task-definition", find_daemon_definition, store_of_task_definition},
    {"gateway", find_gateway, store_of_gateway},
    {"service", find_service, store_of_service},
    {"task-set", find_task_set, store_of_task_set},
    {"daemon", find_daemon, store_of_daemon},
};

static int find_tagged(
    struct api_call *call, struct tagged *tagged, const struct tag_kind **ret_kind_or_null) {
    const char *type = NULL;
    const char *rest = NULL;
    struct violation violation;
    *tagged = (struct tagged){.inactive = ERROR_COUNT, .arn = value_string(call->input, "resourceArn")};
    if (!text_starts_with(tagged->arn, "arn:"))
        return api_fail(call, ERROR_TAG_ARN, NULL);
    if (arn_take_apart(call->arena, tagged->arn, scope_region(call->scope), scope_account(call->scope), &type,
            &rest, &violation) != 0)
        return api_fail_with(call, &violation);
    for (size_t index = 0; index < array_length(kinds); index++) {
        if (!text_equal(kinds[index].type, type))
            continue;
        if (ret_kind_or_null != NULL)
            *ret_kind_or_null = &kinds[index];
        return kinds[index].find(call, rest, tagged);
    }
    return api_fail(call, ERROR_TAG_ARN, NULL);
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
    const struct tag_kind *kind = NULL;
    struct tagged tagged;
    struct value *tags = NULL;
    int result = check_tags(call, given);
    /* Everything about task definitions is a ClientException (facts: tasks 9 C). */
    if (result == API_ERROR && strstr(value_string(call->input, "resourceArn"), ":task-definition/") != NULL)
        call->error.code = "ClientException";
    if (result == 0)
        result = find_tagged(call, &tagged, &kind);
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
    result = kind->store(call, &tagged, tags_text(call, tags));
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
    const struct tag_kind *kind = NULL;
    struct tagged tagged;
    struct value *tags = NULL;
    int result = find_tagged(call, &tagged, &kind);
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
    result = kind->store(call, &tagged, tags_text(call, rest));
    if (result == 0)
        reply_empty(call);
    return result;
}

int api_list_tags_for_resource(struct api_call *call) {
    struct tagged tagged;
    int result = find_tagged(call, &tagged, NULL);
    if (result != 0)
        return result;
    writer_object_begin(&call->writer);
    writer_key_raw(&call->writer, "tags", tagged.tags);
    writer_object_end(&call->writer);
    return 0;
}
