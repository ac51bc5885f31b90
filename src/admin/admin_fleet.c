/* Simulated container instances: what POST /_ecs/fleet adds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin_internal.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/domain/simulated_instance.h"

enum {
    FLEET_MAX = 5000, /* instances of a cluster (facts: tasks 14) */
    DOCUMENT_MAX = 1024 * 1024,
    ZONES_MAX = 26,
    ZONE_MAX_LENGTH = 64,
    ATTRIBUTES_MAX = 50,
    ATTRIBUTE_MAX_LENGTH = 128, /* of a name and of a value (facts: tasks 2) */
};

#define ZONE_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

struct fleet_group {
    const struct value *input;
    struct instance_type type;
    unsigned count;
    bool scales; /* managed scaling may grow and shrink it */
    unsigned minimum;
    unsigned maximum;
};

static int fail(struct admin_call *call, const char *problem) {
    return admin_fail(call, 400, "InvalidFleet", "%s", problem);
}

/* "a" stands for the region's zone a; a whole zone name stays. */
static const char *zone_name(
    struct admin_call *call, const struct fleet_group *group, unsigned index, const char *region) {
    const struct value *zones = value_get(group->input, "zones");
    size_t count = value_count(zones);
    const char *zone = count != 0 ? value_string_at(zones, index % count) : NULL;
    if (zone == NULL)
        return arena_printf(call->arena, "%s%c", region, 'a');
    return strlen(zone) == 1 ? arena_printf(call->arena, "%s%s", region, zone) : zone;
}

static const char *make_document(struct admin_call *call, const struct fleet_group *group, const char *zone) {
    struct simulated_instance instance = {
        .type = &group->type,
        .zone = zone,
        .capacity_provider = value_string_nonempty(group->input, "capacityProvider"),
        .attributes = value_get(group->input, "attributes"),
    };
    return simulated_instance_document(call->arena, &instance);
}

static int add_instance(struct admin_call *call, struct cluster *cluster, const struct fleet_group *group,
    const char *zone, const char *document) {
    char suffix[18];
    ids_hex_bytes(engine_ids(call->engine), suffix, 8);
    struct instance_spec spec = {
        .ec2_instance_id = arena_printf(call->arena, "i-0%.16s", suffix),
        .agent_connected = true,
        .simulated = true,
        .document = document,
        .tags = "[]",
    };
    struct instance *instance = NULL;
    int result = engine_instance_register(call->engine, cluster, &spec, &instance);
    if (result != 0)
        return result;
    writer_object_begin(&call->writer);
    writer_key_string(&call->writer, "containerInstanceArn", instance->arn);
    writer_key_string(&call->writer, "ec2InstanceId", spec.ec2_instance_id);
    writer_key_string(&call->writer, "instanceType", group->type.name);
    writer_key_string(&call->writer, "availabilityZone", zone);
    writer_object_end(&call->writer);
    return 0;
}

static int add_group(struct admin_call *call, struct cluster *cluster, const struct fleet_group *group) {
    const char *region = scope_region(cluster->scope);
    size_t zones = value_count(value_get(group->input, "zones"));
    const char **documents = arena_new_array(call->arena, const char *, zones + 1);
    for (unsigned index = 0; index < group->count; index++) {
        const char *zone = zone_name(call, group, index, region);
        size_t slot = zones != 0 ? index % zones : 0;
        if (documents[slot] == NULL)
            documents[slot] = make_document(call, group, zone);
        int result = add_instance(call, cluster, group, zone, documents[slot]);
        if (result != 0)
            return result;
    }
    return 0;
}

/* What managed scaling may make of it: one document a zone. */
static int set_bounds(struct admin_call *call, struct cluster *cluster, const struct fleet_group *group) {
    size_t zones = value_count(value_get(group->input, "zones"));
    struct buf buf = BUF_INIT(DOCUMENT_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_list_begin(&writer);
    for (unsigned index = 0; index < (zones != 0 ? zones : 1); index++)
        writer_string(
            &writer, make_document(call, group, zone_name(call, group, index, scope_region(cluster->scope))));
    writer_list_end(&writer);
    struct scaling_bounds bounds = {
        .capacity_provider = value_string(group->input, "capacityProvider"),
        .minimum = group->minimum,
        .maximum = group->maximum,
        .documents = arena_strndup(call->arena, buf_text(&buf), buf.length),
    };
    buf_done(&buf);
    return engine_scaling_group_set(call->engine, cluster, &bounds);
}

static bool is_count(const struct value *input, const char *key) {
    const struct value *value = value_get(input, key);
    return value == NULL || value->kind == VALUE_INT;
}

/* "min" and "max" of a group that belongs to a capacity provider. */
static int read_bounds(struct admin_call *call, const struct value *input, struct fleet_group *group) {
    if (!value_has(input, "max") && !value_has(input, "min"))
        return 0;
    int64_t minimum = value_int(input, "min", 0);
    int64_t maximum = value_int(input, "max", FLEET_MAX);
    if (value_string_nonempty(input, "capacityProvider") == NULL)
        return fail(call, "min and max are for instances of a capacityProvider"), 1;
    if (!is_count(input, "min") || !is_count(input, "max") || minimum < 0 || maximum < minimum ||
        maximum > FLEET_MAX)
        return fail(call, "min and max must be between 0 and 5000, min not above max"), 1;
    group->scales = true;
    group->minimum = (unsigned)minimum;
    group->maximum = (unsigned)maximum;
    return 0;
}

/* 0, or 1 after the reply has been made the error. */
static int check_zones(struct admin_call *call, const struct value *zones) {
    bool good = zones == NULL || (zones->kind == VALUE_LIST && value_count(zones) <= ZONES_MAX);
    for (size_t index = 0; good && index < value_count(zones); index++) {
        const char *zone = value_string_at(zones, index);
        good = zone != NULL && zone[0] != '\0' && strlen(zone) <= ZONE_MAX_LENGTH &&
               zone[strspn(zone, ZONE_CHARACTERS)] == '\0';
    }
    return good ? 0 : (fail(call, "zones must be a list of at most 26 zones, such as [\"a\",\"b\"]"), 1);
}

static int check_attributes(struct admin_call *call, const struct value *attributes) {
    bool good = attributes == NULL ||
                (attributes->kind == VALUE_MAP && value_count(attributes) <= ATTRIBUTES_MAX);
    for (size_t index = 0; good && index < value_count(attributes); index++) {
        const struct value_entry *entry = &attributes->entries[index];
        good = entry->key[0] != '\0' && strlen(entry->key) <= ATTRIBUTE_MAX_LENGTH &&
               entry->value->kind == VALUE_STRING && strlen(entry->value->string) <= ATTRIBUTE_MAX_LENGTH;
    }
    return good
               ? 0
               : (fail(call,
                      "attributes must be an object of at most 50 short texts, such as {\"stack\":\"blue\"}"),
                     1);
}

/* 0, or 1 after the reply has been made the error. */
static int read_group(struct admin_call *call, const struct value *input, struct fleet_group *ret_group) {
    const char *type_name = value_string(input, "instanceType");
    if (type_name == NULL)
        return fail(call, "every entry of instances needs an instanceType, such as \"m5.large\""), 1;
    struct instance_type type;
    if (!instance_type_find(type_name, &type))
        return fail(call, arena_printf(call->arena, "the instance type %s is not known", type_name)), 1;
    *ret_group = (struct fleet_group){.input = input, .type = type};
    if (check_zones(call, value_get(input, "zones")) != 0 ||
        check_attributes(call, value_get(input, "attributes")) != 0)
        return 1;
    if (read_bounds(call, input, ret_group) != 0)
        return 1;
    int64_t count = value_int(input, "count", ret_group->scales ? ret_group->minimum : 1);
    if (!is_count(input, "count") || count < (ret_group->scales ? 0 : 1) || count > FLEET_MAX)
        return fail(call, "count must be between 1 and 5000"), 1;
    ret_group->count = (unsigned)count;
    return 0;
}

/* "account" or "region" of the body, else of the query; NULL: not given. */
static const char *narrowing(struct admin_call *call, const char *key) {
    const char *text = value_string_nonempty(call->input, key);
    return text != NULL ? text : admin_query(call, key);
}

/* The cluster that the call names; made when it is not there: a fleet is set up before a test begins. */
static int find_cluster(struct admin_call *call, struct cluster **ret_cluster) {
    const char *name = value_string_nonempty(call->input, "cluster");
    const char *account = narrowing(call, "account");
    const char *region = narrowing(call, "region");
    struct scope *scope = NULL;
    if (account == NULL)
        account = call->admin->config.default_account;
    if (region == NULL)
        region = call->admin->config.default_region;
    if (name == NULL)
        name = "default";
    struct violation violation;
    const char *resolved = NULL;
    if (strlen(account) != 12 || !text_is_digits(account) || strlen(region) > 40)
        return fail(call, "account must be 12 digits, region a region's name"), 1;
    if (arn_resolve_cluster(call->arena, name, region, account, &resolved, &violation) != 0)
        return fail(call, violation.message), 1;
    int result = engine_scope(call->engine, account, region, &scope);
    if (result != 0)
        return result;
    *ret_cluster = engine_cluster_find(scope, resolved);
    if (*ret_cluster == NULL)
        return engine_cluster_create(call->engine, scope, resolved, "{}", "[]", ret_cluster);
    return (*ret_cluster)->active ? 0 : engine_cluster_update(call->engine, *ret_cluster, true, NULL, NULL);
}

int admin_fleet_add(struct admin_call *call) {
    const struct value *instances = value_get(call->input, "instances");
    size_t count = value_count(instances);
    if (count == 0 || instances->kind != VALUE_LIST)
        return fail(call,
            "instances must be a list such as [{\"count\":6,\"instanceType\":\"m5.large\",\"zones\":[\"a\",\"b\"]}]");
    struct fleet_group *groups = arena_new_array(call->arena, struct fleet_group, count);
    uint64_t total = 0;
    for (size_t index = 0; index < count; index++) {
        if (read_group(call, value_at(instances, index), &groups[index]) != 0)
            return 0;
        total += groups[index].count;
    }
    struct cluster *cluster = NULL;
    int result = find_cluster(call, &cluster);
    if (result != 0)
        return result < 0 ? result : 0;
    if (total + cluster->registered > FLEET_MAX)
        return fail(call, "a cluster has at most 5000 container instances");
    writer_object_begin(&call->writer);
    writer_key_string(&call->writer, "cluster", cluster->arn);
    writer_key_list_begin(&call->writer, "containerInstances");
    for (size_t index = 0; result == 0 && index < count; index++) {
        result = add_group(call, cluster, &groups[index]);
        if (result == 0 && groups[index].scales)
            result = set_bounds(call, cluster, &groups[index]);
    }
    writer_list_end(&call->writer);
    writer_object_end(&call->writer);
    return result;
}
