/* The fleet as it is: showing it, taking instances away, letting their agents go and come back. */
#include <string.h>

#include "admin_internal.h"
#include "ecs-local/base/text.h"

enum {
    PAGE_MAX = 10000,
    NAMED_MAX = 10000, /* instances that one call names */
};

/* Which instances a call is about; NULL: all. */
struct fleet_filter {
    const char *cluster; /* a name or an ARN */
    const char *account;
    const char *region;
};

static const char *given(struct admin_call *call, const char *key) {
    const char *text = value_string_nonempty(call->input, key);
    return text != NULL ? text : admin_query(call, key);
}

static struct fleet_filter read_filter(struct admin_call *call) {
    return (struct fleet_filter){.cluster = given(call, "cluster"),
        .account = given(call, "account"),
        .region = given(call, "region")};
}

static bool takes(const struct fleet_filter *filter, const struct instance *instance) {
    const struct cluster *cluster = instance->cluster;
    if (instance->status == INSTANCE_INACTIVE)
        return false;
    if (filter->cluster != NULL && !text_equal(filter->cluster, cluster->name) &&
        !text_equal(filter->cluster, cluster->arn))
        return false;
    return (filter->account == NULL || text_equal(filter->account, scope_account(cluster->scope))) &&
           (filter->region == NULL || text_equal(filter->region, scope_region(cluster->scope)));
}

static void write_amounts(
    struct writer *writer, const char *key, int64_t cpu_units, int64_t memory_mib, int64_t gpus) {
    writer_key_object_begin(writer, key);
    writer_key_int(writer, "cpu", cpu_units);
    writer_key_int(writer, "memory", memory_mib);
    writer_key_int(writer, "gpu", gpus);
    writer_object_end(writer);
}

static void write_instance(struct writer *writer, const struct instance *instance) {
    const struct instance_resources *resources = &instance->resources;
    writer_object_begin(writer);
    writer_key_string(writer, "containerInstanceArn", instance->arn);
    writer_key_string_opt(writer, "ec2InstanceId", instance->ec2_instance_id);
    writer_key_string(writer, "cluster", instance->cluster->name);
    writer_key_string(writer, "account", scope_account(instance->cluster->scope));
    writer_key_string(writer, "region", scope_region(instance->cluster->scope));
    writer_key_string_opt(writer, "instanceType", instance_attribute(instance, "ecs.instance-type"));
    writer_key_string_opt(writer, "availabilityZone", instance->zone);
    writer_key_string_opt(writer, "capacityProvider", instance->capacity_provider);
    writer_key_string(writer, "status", instance_status_name(instance->status));
    writer_key_bool(writer, "agentConnected", instance->agent_connected);
    writer_key_bool(writer, "simulated", instance->simulated);
    writer_key_int(writer, "runningTasksCount", instance->running);
    writer_key_int(writer, "pendingTasksCount", instance->pending);
    write_amounts(writer, "registered", resources->cpu_units, resources->memory_mib, resources->gpus);
    write_amounts(writer, "remaining", resources->cpu_units - resources->cpu_taken,
        resources->memory_mib - resources->memory_taken, resources->gpus - resources->gpus_taken);
    writer_object_end(writer);
}

int admin_fleet(struct admin_call *call) {
    const char *after = admin_query(call, "after");
    const char *limit_text = admin_query(call, "limit");
    struct fleet_filter filter = read_filter(call);
    struct writer *writer = &call->writer;
    int64_t row = 0;
    int64_t limit = PAGE_MAX;
    if ((after != NULL && text_parse_int(after, 0, INT64_MAX, &row) != 0) ||
        (limit_text != NULL && text_parse_int(limit_text, 1, PAGE_MAX, &limit) != 0))
        return admin_fail(call, 400, "InvalidQuery",
            "after must be a cursor from an earlier answer, limit between 1 and 10000");
    writer_object_begin(writer);
    writer_key_list_begin(writer, "containerInstances");
    const struct instance *instance;
    while ((instance = engine_instance_after(call->engine, row)) != NULL && limit > 0) {
        row = instance->id;
        if (!takes(&filter, instance))
            continue;
        write_instance(writer, instance);
        limit--;
    }
    writer_list_end(writer);
    if (instance != NULL)
        writer_key_int(writer, "nextCursor", row);
    writer_object_end(writer);
    return 0;
}

static bool is_named(const struct instance *instance, const char *name) {
    return text_equal(name, instance->arn) || text_equal(name, instance->instance_id) ||
           (instance->ec2_instance_id != NULL && text_equal(name, instance->ec2_instance_id));
}

static struct instance *find_named(
    struct admin_call *call, const struct fleet_filter *filter, const char *name) {
    struct instance *instance = NULL;
    int64_t row = 0;
    while (name != NULL && (instance = engine_instance_after(call->engine, row)) != NULL) {
        row = instance->id;
        if (takes(filter, instance) && is_named(instance, name))
            return instance;
    }
    return NULL;
}

/* Those that the call names, in its order. 0, or 1 after the reply has been made the error: nothing is changed unless
 * all are there. */
static int read_named(struct admin_call *call, struct instance ***ret_instances, size_t *ret_count) {
    const struct value *names = value_get(call->input, "containerInstances");
    struct fleet_filter filter = read_filter(call);
    size_t count = value_count(names);
    if (count == 0 || count > NAMED_MAX || names->kind != VALUE_LIST)
        return admin_fail(call, 400, "InvalidFleet",
                   "containerInstances must be a list of ARNs, ids, or ids of EC2 instances"),
               1;
    struct instance **instances = arena_new_array(call->arena, struct instance *, count);
    for (size_t index = 0; index < count; index++) {
        const char *name = value_string_at(names, index);
        instances[index] = find_named(call, &filter, name);
        if (instances[index] == NULL)
            return admin_fail(call, 404, "ContainerInstanceNotFound", "there is no container instance %s",
                       name != NULL ? name : "without a name"),
                   1;
    }
    *ret_instances = instances;
    *ret_count = count;
    return 0;
}

static int remove_all(struct admin_call *call) {
    struct fleet_filter filter = read_filter(call);
    struct instance *instance;
    int64_t row = 0;
    int result = 0;
    while (result == 0 && (instance = engine_instance_after(call->engine, row)) != NULL) {
        row = instance->id;
        if (instance->simulated && takes(&filter, instance))
            result = engine_instance_terminate(call->engine, instance);
    }
    return result;
}

static int remove_named(struct admin_call *call) {
    struct instance **instances = NULL;
    size_t count = 0;
    if (read_named(call, &instances, &count) != 0)
        return 0;
    call->status = 204;
    int result = 0;
    for (size_t index = 0; result == 0 && index < count; index++) {
        if (instances[index]->status != INSTANCE_INACTIVE) /* named twice */
            result = engine_instance_terminate(call->engine, instances[index]);
    }
    return result;
}

int admin_fleet_remove(struct admin_call *call) {
    if (value_has(call->input, "containerInstances"))
        return remove_named(call);
    call->status = 204;
    return remove_all(call);
}

int admin_fleet_remove_one(struct admin_call *call) {
    struct fleet_filter filter = read_filter(call);
    struct instance *instance = find_named(call, &filter, call->segment);
    if (instance == NULL)
        return admin_fail(
            call, 404, "ContainerInstanceNotFound", "there is no container instance %s", call->segment);
    call->status = 204;
    return engine_instance_terminate(call->engine, instance);
}

static int connect_named(struct admin_call *call, bool connected) {
    struct instance **instances = NULL;
    size_t count = 0;
    if (read_named(call, &instances, &count) != 0)
        return 0;
    int result = 0;
    for (size_t index = 0; result == 0 && index < count; index++)
        result = engine_instance_connect(call->engine, instances[index], connected);
    writer_object_begin(&call->writer);
    writer_key_list_begin(&call->writer, "containerInstances");
    for (size_t index = 0; index < count; index++)
        write_instance(&call->writer, instances[index]);
    writer_list_end(&call->writer);
    writer_object_end(&call->writer);
    return result;
}

int admin_fleet_connect(struct admin_call *call) {
    return connect_named(call, true);
}

int admin_fleet_disconnect(struct admin_call *call) {
    return connect_named(call, false);
}
