/* Container instances: Register, Deregister, Describe, List, UpdateState, UpdateAgent (facts: tasks 7). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_lookup.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/agent_attributes.h"
#include "ecs-local/domain/arn.h"
#include "instance_document.h"
#include "instance_reply.h"
#include "page_token.h"

static int instance_id_of(
    struct api_call *call, const struct cluster *cluster, const char *text, const char **ret_id) {
    struct violation violation;
    if (arn_resolve_in_cluster(call->arena, ARN_CONTAINER_INSTANCE, "containerInstance", text, cluster->name,
            scope_region(call->scope), scope_account(call->scope), ret_id, &violation) != 0)
        return api_fail_with(call, &violation);
    return 0;
}

/* The identity document of EC2 is JSON in a string; agents outside EC2 send none (facts: tasks 7.2). */
static int parse_identity(struct api_call *call, const struct value **ret_identity) {
    const char *text = value_string_nonempty(call->input, "instanceIdentityDocument");
    struct value *identity = NULL;
    *ret_identity = NULL;
    if (text == NULL)
        return 0;
    if (value_parse(call->arena, text, strlen(text), &identity) != 0 || identity->kind != VALUE_MAP)
        return api_fail(call, ERROR_INSTANCE_DOCUMENT, NULL);
    *ret_identity = identity;
    return 0;
}

/* The instance that the request registers again: NULL for a new one. */
static int find_known(struct api_call *call, struct cluster *cluster, struct instance **ret_instance) {
    const char *arn = value_string_nonempty(call->input, "containerInstanceArn");
    const char *id = NULL;
    *ret_instance = NULL;
    if (arn == NULL)
        return 0;
    int result = instance_id_of(call, cluster, arn, &id);
    if (result != 0)
        return result;
    *ret_instance = engine_instance_find(call->engine, cluster, id);
    if (*ret_instance == NULL)
        return api_fail(call, ERROR_INSTANCE_NOT_FOUND, NULL);
    return 0;
}

static int reply_instance(struct api_call *call, const struct instance *instance, bool with_tags) {
    writer_object_begin(&call->writer);
    writer_key(&call->writer, "containerInstance");
    int result = write_instance(call, instance, with_tags);
    writer_object_end(&call->writer);
    return result;
}

/* A known instance keeps its custom attributes and may not change its type (facts: tasks 7.2). */
static int register_again(struct api_call *call, struct instance *instance, const struct value *identity,
    struct instance_spec *spec) {
    const char *old_document = NULL;
    const char *tags = NULL;
    struct value *old = NULL;
    int result = engine_instance_document(call->engine, instance, call->arena, &old_document, &tags);
    if (result != 0)
        return result;
    if (value_parse(call->arena, old_document, strlen(old_document), &old) != 0)
        return -1;
    const char *old_type = instance_document_attribute(old, "ecs.instance-type");
    struct value *document = instance_document_make(call->arena, call->input, identity, old);
    const char *new_type = instance_document_attribute(document, "ecs.instance-type");
    if (old_type != NULL && new_type != NULL && !text_equal(old_type, new_type))
        return api_fail(call, ERROR_INSTANCE_TYPE_CHANGED, NULL);
    spec->document = value_text(call, document);
    return engine_instance_register_again(call->engine, instance, spec);
}

/* No instance has less than nothing, nor ports that are none. */
static int check_resources(struct api_call *call) {
    value_for_each(resource, value_get(call->input, "totalResources")) {
        const char *name = value_string(resource, "name");
        bool ports = text_equal(name, "PORTS") || text_equal(name, "PORTS_UDP");
        int64_t number = 0;
        bool fine = name != NULL && value_int(resource, "integerValue", 0) >= 0;
        value_for_each(text, value_get(resource, "stringSetValue"))
            fine = fine && (!ports || text_parse_int(text->string, 1, UINT16_MAX, &number) == 0);
        if (!fine)
            return api_fail(call, ERROR_INSTANCE_RESOURCE, name != NULL ? name : "");
    }
    return 0;
}

int api_register_container_instance(struct api_call *call) {
    struct cluster *cluster = NULL;
    struct instance *instance = NULL;
    const struct value *identity = NULL;
    int result = lookup_active_cluster(call, "cluster", &cluster);
    if (result == 0)
        result = parse_identity(call, &identity);
    if (result == 0)
        result = find_known(call, cluster, &instance);
    if (result == 0)
        result = check_tags(call, value_get(call->input, "tags"));
    if (result == 0)
        result = check_resources(call);
    if (result != 0)
        return result;
    struct instance_spec spec = {
        .ec2_instance_id = value_string_nonempty(identity, "instanceId"),
        .agent_connected = true,
        .tags = tags_text(call, value_get(call->input, "tags")),
    };
    bool again = instance != NULL;
    if (again) {
        result = register_again(call, instance, identity, &spec);
    } else {
        spec.document = value_text(call, instance_document_make(call->arena, call->input, identity, NULL));
        result = engine_instance_register(call->engine, cluster, &spec, &instance);
    }
    if (result != 0)
        return result;
    writer_object_begin(&call->writer);
    writer_key(&call->writer, "containerInstance");
    result = again ? write_instance(call, instance, true) : write_new_instance(call, instance);
    writer_object_end(&call->writer);
    return result;
}

int api_deregister_container_instance(struct api_call *call) {
    struct cluster *cluster = NULL;
    const char *id = NULL;
    int result = lookup_cluster(call, "cluster", &cluster);
    if (result == 0)
        result = instance_id_of(call, cluster, value_string(call->input, "containerInstance"), &id);
    if (result != 0)
        return result;
    struct instance *instance = engine_instance_find(call->engine, cluster, id);
    if (instance == NULL || instance->status == INSTANCE_INACTIVE)
        return api_fail(call, ERROR_INSTANCE_NOT_FOUND, NULL);
    bool force = value_bool(call->input, "force", false);
    if (!force && instance->running + instance->pending != 0)
        return api_fail(call, ERROR_INSTANCE_HAS_TASKS, NULL);
    result = engine_instance_deregister(call->engine, instance);
    return result == 0 ? reply_instance(call, instance, false) : result;
}

int api_describe_container_instances(struct api_call *call) {
    struct cluster *cluster = NULL;
    int result = lookup_cluster(call, "cluster", &cluster);
    if (result != 0)
        return result;
    bool with_tags = include_has(call, "TAGS");
    bool with_health = include_has(call, "CONTAINER_INSTANCE_HEALTH");
    struct value *missing = value_new_list(call->arena, 0);
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_list_begin(writer, "containerInstances");
    value_for_each(item, value_get(call->input, "containerInstances")) {
        const char *id = NULL;
        result = instance_id_of(call, cluster, item->string, &id);
        if (result != 0)
            return result;
        const struct instance *instance = engine_instance_find(call->engine, cluster, id);
        if (instance != NULL)
            result = write_instance_with(call, instance, with_tags, with_health);
        else
            value_append(call->arena, missing, value_new_string(call->arena, id));
        if (result != 0)
            return result;
    }
    writer_list_end(writer);
    writer_key_list_begin(writer, "failures");
    value_for_each(id, missing) write_failure(writer,
        arn_container_instance(
            call->arena, scope_region(call->scope), scope_account(call->scope), cluster->name, id->string),
        "MISSING");
    writer_list_end(writer);
    writer_object_end(writer);
    return 0;
}

enum {
    LOOKS_MAX = 10000, /* instances that a page may look at, twice what a cluster of AWS has */
    NOTES = 64,        /* a power of two */
};

/* What ListContainerInstances looks for. Instances of one kind have the same attributes, and those often decide. */
struct listing {
    const char *status; /* NULL: all but INACTIVE */
    struct cluster_query *query;
    struct note {
        uint32_t attributes_id;
        bool refused;
        bool granted;
    } notes[NOTES]; /* by the last bits of the id */
};

static const struct note *note_of(struct listing *listing, const struct instance *instance) {
    uint32_t id = instance->attributes_id;
    struct note *note = &listing->notes[id % NOTES];
    if (note->attributes_id == id)
        return note;
    struct query_subject subject;
    struct query_rest rest = {.count = 0};
    instance_query_subject(instance, &subject);
    bool possible = cluster_query_split(listing->query, &subject, &rest);
    *note = (struct note){.attributes_id = id, .refused = !possible, .granted = possible && rest.count == 0};
    return note;
}

static bool is_listed(struct listing *listing, const struct instance *instance) {
    if (listing->status == NULL ? instance->status == INSTANCE_INACTIVE
                                : !text_equal(instance_status_name(instance->status), listing->status))
        return false;
    if (listing->query == NULL)
        return true;
    const struct note *note = note_of(listing, instance);
    if (note->refused || note->granted)
        return note->granted;
    struct query_subject subject;
    instance_query_subject(instance, &subject);
    return cluster_query_matches(listing->query, &subject);
}

/* The next that is listed, from `index` on, but no further than `end`. */
static unsigned next_listed(
    struct listing *listing, const struct cluster *cluster, unsigned index, unsigned end) {
    while (index < end && !is_listed(listing, cluster->instances[index]))
        index++;
    return index;
}

int api_list_container_instances(struct api_call *call) {
    struct cluster *cluster = NULL;
    struct listing listing = {.status = value_string_nonempty(call->input, "status")};
    const char *token = NULL;
    int64_t start = 0;
    int result = lookup_cluster(call, "cluster", &cluster);
    if (result != 0)
        return result;
    const char *expression = value_string_nonempty(call->input, "filter");
    struct violation violation;
    if (expression != NULL && cluster_query_parse(call->arena, expression, &listing.query, &violation) != 0)
        return api_fail_with(call, &violation);
    const char *filters = arena_printf(call->arena, "%s,%s,%s", cluster->name,
        listing.status != NULL ? listing.status : "", expression != NULL ? expression : "");
    result = page_token_read(call, filters, &token);
    if (result != 0)
        return result;
    /* The list only grows, in order of registration: the cursor is a place in it. */
    if (token != NULL && text_parse_int(token, 0, INT32_MAX, &start) != 0)
        return api_fail(call, ERROR_TOKEN, NULL);
    unsigned limit = page_size(call, PAGE_DEFAULT);
    unsigned count = cluster->instance_count;
    unsigned end = count > LOOKS_MAX && (unsigned)start < count - LOOKS_MAX ? (unsigned)start + LOOKS_MAX
                                                                            : count;
    unsigned index = next_listed(&listing, cluster, (unsigned)start, end);
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_list_begin(writer, "containerInstanceArns");
    for (unsigned written = 0; index < end && written < limit; written++) {
        writer_string(writer, cluster->instances[index]->arn);
        index = next_listed(&listing, cluster, index + 1, end);
    }
    writer_list_end(writer);
    if (index < cluster->instance_count)
        writer_key_string(
            writer, "nextToken", page_token_make(call, filters, arena_printf(call->arena, "%u", index)));
    writer_object_end(writer);
    return 0;
}

/* ACTIVE ⇄ DRAINING. Standalone tasks stay where they are (facts: tasks 7.6). */
int api_update_container_instances_state(struct api_call *call) {
    const struct value *list = value_get(call->input, "containerInstances");
    bool draining = text_equal(value_string(call->input, "status"), "DRAINING");
    struct cluster *cluster = NULL;
    int result = lookup_cluster(call, "cluster", &cluster);
    if (result != 0)
        return result;
    const char **ids = arena_new_array(call->arena, const char *, value_count(list));
    for (size_t index = 0; index < value_count(list); index++) {
        result = instance_id_of(call, cluster, value_string_at(list, index), &ids[index]);
        if (result != 0)
            return result;
    }
    struct value *failures = value_new_list(call->arena, 0);
    writer_object_begin(&call->writer);
    writer_key_list_begin(&call->writer, "containerInstances");
    for (size_t index = 0; result == 0 && index < value_count(list); index++) {
        struct instance *instance = engine_instance_find(call->engine, cluster, ids[index]);
        if (instance == NULL || instance->status == INSTANCE_INACTIVE) {
            value_append(call->arena, failures, value_new_string(call->arena, ids[index]));
            continue;
        }
        result = engine_instance_update(call->engine, instance,
            draining ? INSTANCE_DRAINING : INSTANCE_ACTIVE, instance->agent_connected, NULL);
        if (result == 0)
            result = write_instance(call, instance, false);
    }
    writer_list_end(&call->writer);
    writer_key_list_begin(&call->writer, "failures");
    value_for_each(id, failures) write_failure(&call->writer,
        arn_container_instance(
            call->arena, scope_region(call->scope), scope_account(call->scope), cluster->name, id->string),
        engine_instance_find(call->engine, cluster, id->string) != NULL ? "INACTIVE" : "MISSING");
    writer_list_end(&call->writer);
    writer_object_end(&call->writer);
    return result;
}

/* A simulated agent has its update at once, and the next Describe shows it; a real one takes its time. */
static int start_agent_update(struct api_call *call, struct instance *instance, struct value *document) {
    bool simulated = !instance->has_agent;
    value_set(call->arena, document, "agentUpdateStatus", value_new_string(call->arena, "PENDING"));
    int result = engine_instance_set_document(call->engine, instance, value_text(call, document));
    if (result == 0)
        result = reply_instance(call, instance, false);
    if (result != 0 || !simulated)
        return result;
    value_set(call->arena, document, "agentUpdateStatus", value_new_string(call->arena, "UPDATED"));
    value_set(call->arena, value_get(document, "versionInfo"), "agentVersion",
        value_new_string(call->arena, AGENT_VERSION_NEWEST));
    return engine_instance_set_document(call->engine, instance, value_text(call, document));
}

int api_update_container_agent(struct api_call *call) {
    struct cluster *cluster = NULL;
    const char *id = NULL;
    const char *text = NULL;
    const char *tags = NULL;
    struct value *document = NULL;
    int result = lookup_cluster(call, "cluster", &cluster);
    if (result == 0)
        result = instance_id_of(call, cluster, value_string(call->input, "containerInstance"), &id);
    if (result != 0)
        return result;
    struct instance *instance = engine_instance_find(call->engine, cluster, id);
    if (instance == NULL || instance->status == INSTANCE_INACTIVE)
        return api_fail(call, ERROR_INSTANCE_NOT_FOUND, NULL);
    if (!instance->agent_connected)
        return api_fail(call, ERROR_AGENT_DISCONNECTED, NULL);
    if (instance->agent_version == NULL)
        return api_fail(call, ERROR_AGENT_NO_VERSION, NULL);
    result = engine_instance_document(call->engine, instance, call->arena, &text, &tags);
    if (result != 0)
        return result;
    if (value_parse(call->arena, text, strlen(text), &document) != 0)
        return -1;
    if (text_equal(value_string(document, "agentUpdateStatus"), "PENDING"))
        return api_fail(call, ERROR_AGENT_UPDATING, NULL);
    if (cluster_query_compare_versions(instance->agent_version, AGENT_VERSION_NEWEST) >= 0)
        return api_fail(call, ERROR_AGENT_NO_UPDATE, NULL);
    return start_agent_update(call, instance, document);
}
