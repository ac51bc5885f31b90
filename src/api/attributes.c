/* PutAttributes, DeleteAttributes, ListAttributes: custom attributes of container instances (facts: tasks 8.1). */
#include <string.h>

#include "api_lookup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/arn.h"
#include "page_token.h"

enum {
    ATTRIBUTES_PER_CALL = 10,
    CUSTOM_ATTRIBUTES_MAX = 10, /* of an instance */
    ATTRIBUTE_TEXT_MAX = 128,
};

/* What AWS and the agent set. */
static bool is_reserved(const char *name) {
    return text_starts_with(name, "ecs.") || text_starts_with(name, "com.amazonaws.");
}

static bool has_only(const char *text, const char *others) {
    size_t length = strlen(text);
    if (length == 0 || length > ATTRIBUTE_TEXT_MAX)
        return false;
    for (; *text != '\0'; text++) {
        bool alnum = (*text >= '0' && *text <= '9') || (*text >= 'A' && *text <= 'Z') ||
                     (*text >= 'a' && *text <= 'z');
        if (!alnum && strchr(others, *text) == NULL)
            return false;
    }
    return true;
}

static int check_attribute(struct api_call *call, const struct value *attribute, bool put) {
    const char *name = value_string(attribute, "name");
    const char *value = put ? value_string(attribute, "value") : value_string_nonempty(attribute, "value");
    if (name == NULL || !has_only(name, "-_./\\"))
        return api_fail(call, ERROR_ATTRIBUTE_NAME, NULL);
    if (is_reserved(name))
        return api_fail(call, ERROR_ATTRIBUTE_RESERVED, name);
    if (value != NULL &&
        (!has_only(value, "-_.@/\\: ") || value[0] == ' ' || value[strlen(value) - 1] == ' '))
        return api_fail(call, ERROR_ATTRIBUTE_VALUE, NULL);
    return 0;
}

/* One target and what is to become of its attributes. */
struct target {
    struct instance *instance;
    struct value *document;
};

/* The instance that the attribute is meant for; a short id needs the targetType. */
static int find_instance(struct api_call *call, struct cluster *cluster, const struct value *attribute,
    struct instance **ret_instance) {
    const char *target = value_string_nonempty(attribute, "targetId");
    const char *id = NULL;
    struct violation violation;
    if (target == NULL)
        return api_fail(call, ERROR_ATTRIBUTE_TARGET, NULL);
    if (!text_starts_with(target, "arn:") && value_string_nonempty(attribute, "targetType") == NULL)
        return api_fail(call, ERROR_ATTRIBUTE_TARGET_TYPE, NULL);
    if (arn_resolve_in_cluster(call->arena, ARN_CONTAINER_INSTANCE, "targetId", target, cluster->name,
            scope_region(call->scope), scope_account(call->scope), &id, &violation) != 0)
        return api_fail_with(call, &violation);
    *ret_instance = engine_instance_find(call->engine, cluster, id);
    if (*ret_instance == NULL || (*ret_instance)->status == INSTANCE_INACTIVE)
        return api_fail(call, ERROR_ATTRIBUTE_TARGET_NOT_FOUND, target);
    return 0;
}

/* Its document, read once a call. */
static int find_target(struct api_call *call, struct cluster *cluster, const struct value *attribute,
    struct target *targets, unsigned *count, struct target **ret_target) {
    struct instance *instance = NULL;
    int result = find_instance(call, cluster, attribute, &instance);
    if (result != 0)
        return result;
    for (unsigned index = 0; index < *count; index++) {
        if (targets[index].instance == instance) {
            *ret_target = &targets[index];
            return 0;
        }
    }
    const char *text = NULL;
    const char *tags = NULL;
    struct target *target = &targets[*count];
    result = engine_instance_document(call->engine, instance, call->arena, &text, &tags);
    if (result != 0)
        return result;
    if (value_parse(call->arena, text, strlen(text), &target->document) != 0)
        return -1;
    target->instance = instance;
    *count += 1;
    *ret_target = target;
    return 0;
}

static struct value *without(struct api_call *call, const struct value *list, const char *name) {
    struct value *rest = value_new_list(call->arena, value_count(list) + 1);
    value_for_each(item, list) {
        if (!text_equal(value_string(item, "name"), name))
            value_append(call->arena, rest, item);
    }
    return rest;
}

static unsigned custom_count(const struct value *list) {
    unsigned count = 0;
    value_for_each(item, list) count += !is_reserved(value_string(item, "name"));
    return count;
}

/* What is given, else what the attribute has: a removed one is shown with its value (facts: tasks 8.1). */
static const char *shown_value(const struct target *target, const struct value *attribute) {
    const char *value = value_string_nonempty(attribute, "value");
    value_for_each(item, value_get(target->document, "attributes")) {
        if (value == NULL && text_equal(value_string(item, "name"), value_string(attribute, "name")))
            return value_string_nonempty(item, "value");
    }
    return value;
}

/* Custom attributes that came with the registration count, too. */
static int change(struct api_call *call, struct target *target, const struct value *attribute, bool put) {
    const char *name = value_string(attribute, "name");
    struct value *list = without(call, value_get(target->document, "attributes"), name);
    if (put) {
        struct value *item = value_new_map(call->arena, 2);
        value_add(call->arena, item, "name", value_get(attribute, "name"));
        if (value_string_nonempty(attribute, "value") != NULL)
            value_add(call->arena, item, "value", value_get(attribute, "value"));
        value_append(call->arena, list, item);
        if (custom_count(list) > CUSTOM_ATTRIBUTES_MAX)
            return api_fail(call, ERROR_ATTRIBUTES_TOO_MANY, NULL);
    }
    value_set(call->arena, target->document, "attributes", list);
    return 0;
}

static void write_attribute(
    struct writer *writer, const char *name, const char *value_or_null, const char *target_arn) {
    writer_object_begin(writer);
    writer_key_string(writer, "name", name);
    writer_key_string_opt(writer, "value", value_or_null);
    writer_key_string(writer, "targetId", target_arn);
    writer_object_end(writer);
}

static int change_attributes(struct api_call *call, bool put) {
    const struct value *attributes = value_get(call->input, "attributes");
    struct target targets[ATTRIBUTES_PER_CALL];
    const struct target *owners[ATTRIBUTES_PER_CALL];
    const char *values[ATTRIBUTES_PER_CALL];
    struct cluster *cluster = NULL;
    unsigned count = 0;
    int result = lookup_active_cluster(call, "cluster", &cluster);
    for (size_t index = 0; result == 0 && index < value_count(attributes) && index < ATTRIBUTES_PER_CALL;
         index++) {
        const struct value *attribute = value_at(attributes, index);
        struct target *target = NULL;
        result = check_attribute(call, attribute, put);
        if (result == 0)
            result = find_target(call, cluster, attribute, targets, &count, &target);
        if (result == 0) {
            values[index] = put ? value_string(attribute, "value") : shown_value(target, attribute);
            result = change(call, target, attribute, put);
        }
        owners[index] = target;
    }
    for (unsigned index = 0; result == 0 && index < count; index++)
        result = engine_instance_set_document(
            call->engine, targets[index].instance, value_text(call, targets[index].document));
    if (result != 0)
        return result;
    writer_object_begin(&call->writer);
    writer_key_list_begin(&call->writer, "attributes");
    value_for_each(attribute, attributes) write_attribute(&call->writer, value_string(attribute, "name"),
        values[attribute_index], owners[attribute_index]->instance->arn);
    writer_list_end(&call->writer);
    writer_object_end(&call->writer);
    return 0;
}

int api_put_attributes(struct api_call *call) {
    return change_attributes(call, true);
}

int api_delete_attributes(struct api_call *call) {
    return change_attributes(call, false);
}

/* A place in the list: the instance in its cluster, and the attribute within it. */
struct place {
    unsigned instance;
    unsigned attribute;
};

/* The cursor is "instance/name" of the last one shown: what is added or taken away meanwhile shifts nothing. */
static int read_place(
    struct api_call *call, const struct cluster *cluster, const char *filters, struct place *ret_place) {
    const char *token = NULL;
    int64_t instance = 0;
    int result = page_token_read(call, filters, &token);
    if (result != 0 || token == NULL)
        return result;
    const char *slash = strchr(token, '/');
    if (slash == NULL || text_parse_int(arena_strndup(call->arena, token, (size_t)(slash - token)), 0,
                             INT32_MAX, &instance) != 0)
        return api_fail(call, ERROR_TOKEN, NULL);
    *ret_place = (struct place){.instance = (unsigned)instance};
    const char *name = NULL;
    const char *value = NULL;
    while (
        ret_place->instance < cluster->instance_count &&
        instance_attribute_at(cluster->instances[ret_place->instance], ret_place->attribute, &name, &value) &&
        strcmp(name, slash + 1) <= 0)
        ret_place->attribute++;
    return 0;
}

enum {
    LOOKS_MAX = 10000, /* instances that a page may look at, twice what a cluster of AWS has */
    NOTES = 64,        /* a power of two */
};

/* What ListAttributes looks for. Most instances lack a custom attribute, and many have the same attributes: no need to
 * look at those again. */
struct listing {
    const struct cluster *cluster;
    const char *name;        /* NULL: any */
    const char *value;       /* NULL: any */
    unsigned end;            /* of the instances that this page looks at */
    uint32_t lacking[NOTES]; /* ids of attributes, by their last bits */
};

static bool passes(const struct listing *listing, const char *name, const char *value) {
    return (listing->name == NULL || text_equal(name, listing->name)) &&
           (listing->value == NULL || text_equal(value, listing->value));
}

/* The next attribute that passes the filters, from `place` on; false at the end. */
static bool next_attribute(
    struct listing *listing, struct place *place, const char **ret_name, const char **ret_value) {
    for (; place->instance < listing->end; place->instance++, place->attribute = 0) {
        const struct instance *instance = listing->cluster->instances[place->instance];
        if (instance->status == INSTANCE_INACTIVE)
            continue;
        uint32_t id = instance->attributes_id;
        uint32_t *lacking = &listing->lacking[id % NOTES];
        if (*lacking == id)
            continue;
        bool from_first = place->attribute == 0;
        for (; instance_attribute_at(instance, place->attribute, ret_name, ret_value); place->attribute++) {
            if (passes(listing, *ret_name, *ret_value))
                return true;
        }
        if (from_first)
            *lacking = id;
    }
    return false;
}

int api_list_attributes(struct api_call *call) {
    struct listing listing = {
        .name = value_string_nonempty(call->input, "attributeName"),
        .value = value_string_nonempty(call->input, "attributeValue"),
    };
    struct cluster *cluster = NULL;
    struct place place = {0};
    int result = lookup_cluster(call, "cluster", &cluster);
    if (result != 0)
        return result;
    if (listing.value != NULL && listing.name == NULL)
        return api_fail(call, ERROR_ATTRIBUTE_VALUE_ALONE, NULL);
    const char *filters = arena_printf(call->arena, "%s,%s,%s", cluster->name,
        listing.name != NULL ? listing.name : "", listing.value != NULL ? listing.value : "");
    result = read_place(call, cluster, filters, &place);
    if (result != 0)
        return result;
    unsigned limit = page_size(call, PAGE_DEFAULT);
    unsigned count = cluster->instance_count;
    listing.cluster = cluster;
    listing.end = count > LOOKS_MAX && place.instance < count - LOOKS_MAX ? place.instance + LOOKS_MAX
                                                                          : count;
    struct writer *writer = &call->writer;
    const char *name = NULL;
    const char *value = NULL;
    writer_object_begin(writer);
    writer_key_list_begin(writer, "attributes");
    bool more = next_attribute(&listing, &place, &name, &value);
    const char *cursor = arena_printf(call->arena, "%u/", listing.end);
    for (unsigned written = 0; more && written < limit; written++) {
        write_attribute(
            writer, name, value[0] != '\0' ? value : NULL, cluster->instances[place.instance]->arn);
        if (written + 1 == limit)
            cursor = arena_printf(call->arena, "%u/%s", place.instance, name);
        place.attribute++;
        more = next_attribute(&listing, &place, &name, &value);
    }
    writer_list_end(writer);
    if (more || listing.end < count)
        writer_key_string(writer, "nextToken", page_token_make(call, filters, cursor));
    writer_object_end(writer);
    return 0;
}
