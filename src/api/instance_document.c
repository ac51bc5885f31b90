#include "instance_document.h"

#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/agent_attributes.h"
#include "ecs-local/domain/instance_type.h"

enum {
    /* Of an instance that says neither its resources nor a type that is known: large enough to be of use (D).
     */
    DEFAULT_CPU_UNITS = 4096,
    DEFAULT_MEMORY_MIB = 7482,
};

static const char *const reserved_tcp[] = {"22", "2376", "2375", "51678", "51679"};

static struct value *find_named(const struct value *list, const char *name) {
    value_for_each(item, list) {
        if (text_equal(value_string(item, "name"), name))
            return item;
    }
    return NULL;
}

const char *instance_document_attribute(const struct value *document, const char *name) {
    return value_string(find_named(value_get(document, "attributes"), name), "value");
}

/* A resource object always carries all numeric members (facts: tasks 7.1). */
static struct value *resource(
    struct arena *arena, const char *name, const char *type, int64_t integer, struct value *strings) {
    struct value *map = value_new_map(arena, 6);
    value_add(arena, map, "name", value_new_string(arena, name));
    value_add(arena, map, "type", value_new_string(arena, type));
    value_add(arena, map, "doubleValue", value_new_real(arena, 0));
    value_add(arena, map, "longValue", value_new_int(arena, 0));
    value_add(arena, map, "integerValue", value_new_int(arena, integer));
    if (strings != NULL)
        value_add(arena, map, "stringSetValue", strings);
    return map;
}

static struct value *default_ports(struct arena *arena) {
    struct value *list = value_new_list(arena, array_length(reserved_tcp));
    for (size_t index = 0; index < array_length(reserved_tcp); index++)
        value_append(arena, list, value_new_string(arena, reserved_tcp[index]));
    return list;
}

static struct value *ports_of(
    struct arena *arena, const struct value *given, const char *name, struct value *fallback) {
    struct value *strings = value_get(find_named(given, name), "stringSetValue");
    return resource(arena, name, "STRINGSET", 0, strings != NULL ? strings : fallback);
}

/* An agent with GPU support names its GPUs as devices (facts: agent 1.1); they are a resource of the instance. */
static void add_gpus(struct arena *arena, struct value *resources, const struct value *devices) {
    struct value *ids = value_new_list(arena, value_count(devices));
    value_for_each(device, devices) {
        if (text_equal(value_string(device, "type"), "GPU"))
            value_append(arena, ids, value_get(device, "id"));
    }
    if (value_count(ids) != 0 && find_named(resources, "GPU") == NULL)
        value_append(arena, resources, resource(arena, "GPU", "STRINGSET", 0, ids));
}

static struct value *make_resources(
    struct arena *arena, const struct value *given, const char *type_name, const struct value *devices) {
    struct instance_type type;
    bool known = type_name != NULL && instance_type_find(type_name, &type);
    int64_t cpu_units = known ? type.vcpus * 1024 : DEFAULT_CPU_UNITS;
    int64_t memory_mib = known ? type.memory_mib : DEFAULT_MEMORY_MIB;
    struct value *list = value_new_list(arena, 5);
    value_append(arena, list,
        resource(
            arena, "CPU", "INTEGER", value_int(find_named(given, "CPU"), "integerValue", cpu_units), NULL));
    value_append(arena, list,
        resource(arena, "MEMORY", "INTEGER",
            value_int(find_named(given, "MEMORY"), "integerValue", memory_mib), NULL));
    value_append(arena, list, ports_of(arena, given, "PORTS", default_ports(arena)));
    value_append(arena, list, ports_of(arena, given, "PORTS_UDP", value_new_list(arena, 0)));
    /* Anything else is kept as it came: GPU, NEURON_CORES … */
    value_for_each(item, given) {
        const char *name = value_string(item, "name");
        if (name != NULL && find_named(list, name) == NULL)
            value_append(arena, list,
                resource(arena, name,
                    value_string(item, "type") != NULL ? value_string(item, "type") : "INTEGER",
                    value_int(item, "integerValue", 0), value_get(item, "stringSetValue")));
    }
    add_gpus(arena, list, devices);
    return list;
}

static void add_attribute(struct arena *arena, struct value *list, const char *name, const char *value) {
    if (value == NULL || find_named(list, name) != NULL)
        return;
    struct value *attribute = value_new_map(arena, 2);
    value_add(arena, attribute, "name", value_new_string(arena, name));
    value_add(arena, attribute, "value", value_new_string(arena, value));
    value_append(arena, list, attribute);
}

/* Name and value only: the target is the instance itself. */
static void copy_attributes(struct arena *arena, struct value *list, const struct value *from) {
    value_for_each(item, from) {
        const char *name = value_string(item, "name");
        if (name == NULL || find_named(list, name) != NULL)
            continue;
        struct value *attribute = value_new_map(arena, 2);
        value_add(arena, attribute, "name", value_get(item, "name"));
        if (value_has(item, "value"))
            value_add(arena, attribute, "value", value_get(item, "value"));
        value_append(arena, list, attribute);
    }
}

/* What an agent can do: it says so anew at every registration. */
static bool is_capability(const char *name) {
    return text_starts_with(name, "ecs.capability.") ||
           text_starts_with(name, "com.amazonaws.ecs.capability.");
}

/* Of an earlier registration: what the new one does not say and could not take back. */
static struct value *lasting_attributes(
    struct arena *arena, const struct value *request, const struct value *old) {
    struct value *attributes = value_get(old, "attributes");
    if (value_count(value_get(request, "attributes")) == 0)
        return attributes;
    struct value *list = value_new_list(arena, value_count(attributes) + 1);
    value_for_each(item, attributes) {
        if (!is_capability(value_string(item, "name")))
            value_append(arena, list, item);
    }
    return list;
}

static struct value *make_attributes(
    struct arena *arena, const struct value *request, const struct value *identity, const struct value *old) {
    struct value *list = value_new_list(arena, 64);
    copy_attributes(arena, list, value_get(request, "attributes"));
    add_attribute(arena, list, "ecs.ami-id", value_string(identity, "imageId"));
    add_attribute(arena, list, "ecs.availability-zone", value_string(identity, "availabilityZone"));
    add_attribute(arena, list, "ecs.instance-type", value_string(identity, "instanceType"));
    const char *architecture = value_string(identity, "architecture");
    add_attribute(arena, list, "ecs.cpu-architecture", architecture);
    if (identity != NULL) {
        const char *zone = value_string(identity, "availabilityZone");
        add_attribute(arena, list, "ecs.os-type", "linux");
        add_attribute(arena, list, "ecs.vpc-id", SIMULATED_VPC_ID);
        add_attribute(arena, list, "ecs.subnet-id", zone != NULL ? simulated_subnet_id(arena, zone) : NULL);
    }
    copy_attributes(arena, list, lasting_attributes(arena, request, old));
    return list;
}

struct value *instance_document_make(
    struct arena *arena, const struct value *request, const struct value *identity, const struct value *old) {
    struct value *document = value_new_map(arena, 6);
    const struct value *given = value_get(request, "totalResources");
    struct value *attributes = make_attributes(arena, request, identity, old);
    const char *type = value_string(find_named(attributes, "ecs.instance-type"), "value");
    if (given == NULL && old != NULL)
        value_add(arena, document, "registeredResources", value_get(old, "registeredResources"));
    else
        value_add(arena, document, "registeredResources",
            make_resources(arena, given, type, value_get(request, "platformDevices")));
    value_add(arena, document, "attributes", attributes);
    struct value *version = value_get(request, "versionInfo");
    if (version == NULL)
        version = value_get(old, "versionInfo");
    value_add(arena, document, "versionInfo", version != NULL ? version : value_new_map(arena, 0));
    /* What was found out about it since. */
    static const char *const kept[] = {"capacityProviderName", "attachments", "agentUpdateStatus"};
    for (size_t index = 0; index < array_length(kept); index++) {
        struct value *member = value_get(old, kept[index]);
        if (member != NULL)
            value_add(arena, document, kept[index], member);
    }
    const char *old_version = value_string(value_get(old, "versionInfo"), "agentVersion");
    if (text_equal(value_string(old, "agentUpdateStatus"), "PENDING") && old_version != NULL &&
        !text_equal(value_string(version, "agentVersion"), old_version))
        value_set(arena, document, "agentUpdateStatus", value_new_string(arena, "UPDATED"));
    return document;
}
