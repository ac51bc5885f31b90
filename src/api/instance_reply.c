#include "instance_reply.h"

#include <stdio.h>
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/json_members.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"

static void write_integer_resource(struct writer *writer, const char *name, int64_t integer) {
    writer_object_begin(writer);
    writer_key_string(writer, "name", name);
    writer_key_string(writer, "type", "INTEGER");
    writer_key(writer, "doubleValue");
    writer_real(writer, 0);
    writer_key_int(writer, "longValue", 0);
    writer_key_int(writer, "integerValue", integer);
    writer_object_end(writer);
}

static void begin_strings(struct writer *writer, const char *name) {
    writer_object_begin(writer);
    writer_key_string(writer, "name", name);
    writer_key_string(writer, "type", "STRINGSET");
    writer_key(writer, "doubleValue");
    writer_real(writer, 0);
    writer_key_int(writer, "longValue", 0);
    writer_key_int(writer, "integerValue", 0);
    writer_key_list_begin(writer, "stringSetValue");
}

static void end_strings(struct writer *writer) {
    writer_list_end(writer);
    writer_object_end(writer);
}

static const struct value *registered(const struct value *resources, const char *name) {
    value_for_each(resource, resources) {
        if (text_equal(value_string(resource, "name"), name))
            return resource;
    }
    return NULL;
}

/* Ports in use: those registered in their order, then those of tasks (facts: tasks 7.1). */
static void write_ports(
    struct writer *writer, const char *name, const struct port_set *ports, const struct value *own) {
    struct port_set known = {0};
    begin_strings(writer, name);
    value_for_each(port, value_get(registered(own, name), "stringSetValue")) {
        int64_t number = 0;
        if (port->kind != VALUE_STRING || text_parse_int(port->string, 1, UINT16_MAX, &number) != 0)
            continue;
        writer_string(writer, port->string);
        port_set_add(&known, (uint16_t)number);
    }
    for (uint32_t index = 0; index < ports->count; index++) {
        char digits[8];
        if (port_set_has(&known, ports->ports[index]))
            continue;
        snprintf(digits, sizeof(digits), "%u", ports->ports[index]);
        writer_string(writer, digits);
    }
    end_strings(writer);
    port_set_done(&known);
}

static bool gpu_is_in(uint64_t set, unsigned gpu) {
    return gpu < GPUS_MAX && (set & (uint64_t)1 << gpu) != 0;
}

/* The GPUs that no task has. */
static void write_gpus(struct writer *writer, const struct instance_resources *resources) {
    begin_strings(writer, "GPU");
    for (unsigned gpu = 0; gpu < (uint64_t)resources->gpus; gpu++) {
        if (!gpu_is_in(resources->gpu_set | resources->gpu_shared, gpu))
            writer_string(writer, resources->gpu_ids[gpu]);
    }
    end_strings(writer);
}

static const struct gpu_share *share_of(const struct instance_resources *resources, unsigned gpu) {
    static const struct gpu_share none = {0};
    return gpu_is_in(resources->gpu_shared, gpu) ? &resources->gpu_shares[gpu] : &none;
}

/* The newest members of the model (facts: tasks 15). What is left of a GPU that one container has for itself: D. */
static void write_gpu_devices(struct writer *writer, const struct instance_resources *resources) {
    if (resources->gpus == 0)
        return;
    writer_key_list_begin(writer, "gpuDevices");
    for (unsigned gpu = 0; gpu < (uint64_t)resources->gpus; gpu++) {
        bool taken = gpu_is_in(resources->gpu_set, gpu);
        const struct gpu_share *share = share_of(resources, gpu);
        const char *mode = taken ? "DEDICATED" : "IDLE";
        writer_object_begin(writer);
        writer_key_string(writer, "gpuId", resources->gpu_ids[gpu]);
        writer_key_string(writer, "sharingMode", share->containers != 0 ? "NVIDIA_MPS" : mode);
        if (resources->gpu_memory_mib != 0) {
            writer_key_int(writer, "totalMemoryInMiB", resources->gpu_memory_mib);
            writer_key_int(
                writer, "remainingMemoryInMiB", taken ? 0 : resources->gpu_memory_mib - share->memory_mib);
        }
        writer_key_int(writer, "containerCount", taken ? 1 : share->containers);
        writer_object_end(writer);
    }
    writer_list_end(writer);
}

/* Free CPU, memory and GPUs; ports are those in use (facts: tasks 7.1). What is not accounted for stays as it
 * was registered. */
static void write_remaining(
    struct writer *writer, const struct instance_resources *resources, const struct value *own) {
    static const char *const accounted[] = {"CPU", "MEMORY", "PORTS", "PORTS_UDP", "GPU"};
    writer_key_list_begin(writer, "remainingResources");
    write_integer_resource(writer, "CPU", resources->cpu_units - resources->cpu_taken);
    write_integer_resource(writer, "MEMORY", resources->memory_mib - resources->memory_taken);
    write_ports(writer, "PORTS", &resources->reserved[PORT_TCP], own);
    write_ports(writer, "PORTS_UDP", &resources->reserved[PORT_UDP], own);
    if (registered(own, "GPU") != NULL)
        write_gpus(writer, resources);
    value_for_each(resource, own) {
        bool known = false;
        for (size_t index = 0; index < array_length(accounted); index++)
            known = known || text_equal(value_string(resource, "name"), accounted[index]);
        if (!known)
            writer_value(writer, resource);
    }
    writer_list_end(writer);
}

/* What of the stored document is shown as it is: only the resources are needed as more than text. */
enum {
    SHOWN_VERSION_INFO,
    SHOWN_RESOURCES,
    SHOWN_UPDATE_STATUS,
    SHOWN_ATTRIBUTES,
    SHOWN_ATTACHMENTS,
    SHOWN_COUNT
};

static const char *const shown_names[SHOWN_COUNT] = {
    "versionInfo", "registeredResources", "agentUpdateStatus", "attributes", "attachments"};

static void write_shown(struct writer *writer, const struct json_member *shown, unsigned which) {
    writer_key(writer, shown_names[which]);
    writer_raw(writer, shown[which].text, shown[which].length);
}

static void write_list(struct writer *writer, const struct json_member *shown, unsigned which) {
    if (shown[which].text != NULL)
        write_shown(writer, shown, which);
    else
        writer_key_empty_list(writer, shown_names[which]);
}

/* A runtime that runs, seen from an agent that is connected (facts: tasks 7.1). */
static void write_health(struct api_call *call, const struct instance *instance) {
    struct writer *writer = &call->writer;
    const char *status = instance->agent_connected ? "OK" : "INSUFFICIENT_DATA";
    writer_key_object_begin(writer, "healthStatus");
    writer_key_string(writer, "overallStatus", status);
    writer_key_list_begin(writer, "details");
    writer_object_begin(writer);
    writer_key_string(writer, "type", "CONTAINER_RUNTIME");
    writer_key_string(writer, "status", status);
    writer_key_timestamp_opt(writer, "lastUpdated", engine_now_ms(call->engine));
    writer_key_timestamp_opt(writer, "lastStatusChange", instance->registered_ms);
    writer_object_end(writer);
    writer_list_end(writer);
    writer_object_end(writer);
}

static int write_as(struct api_call *call, const struct instance *instance, const char *status,
    bool with_tags, bool with_health) {
    const char *text = NULL;
    const char *tags = NULL;
    int result = engine_instance_document(call->engine, instance, call->arena, &text, &tags);
    if (result != 0)
        return result;
    struct json_member shown[SHOWN_COUNT];
    struct value *own = NULL;
    if (json_members(text, shown_names, SHOWN_COUNT, shown) != 0 ||
        (shown[SHOWN_RESOURCES].text != NULL &&
            value_parse(call->arena, shown[SHOWN_RESOURCES].text, shown[SHOWN_RESOURCES].length, &own) != 0))
        return -1;
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_string(writer, "containerInstanceArn", instance->arn);
    writer_key_string_opt(writer, "ec2InstanceId", instance->ec2_instance_id);
    writer_key_string_opt(writer, "capacityProviderName", instance->capacity_provider);
    writer_key_int(writer, "version", instance->version);
    if (shown[SHOWN_VERSION_INFO].text != NULL)
        write_shown(writer, shown, SHOWN_VERSION_INFO);
    write_remaining(writer, &instance->resources, own);
    write_list(writer, shown, SHOWN_RESOURCES);
    writer_key_string(writer, "status", status);
    writer_key_bool(writer, "agentConnected", instance->agent_connected);
    writer_key_int(writer, "runningTasksCount", instance->running);
    writer_key_int(writer, "pendingTasksCount", instance->pending);
    if (shown[SHOWN_UPDATE_STATUS].text != NULL)
        write_shown(writer, shown, SHOWN_UPDATE_STATUS);
    write_list(writer, shown, SHOWN_ATTRIBUTES);
    writer_key_timestamp_opt(writer, "registeredAt", instance->registered_ms);
    write_list(writer, shown, SHOWN_ATTACHMENTS);
    writer_key_raw(writer, "tags", with_tags ? tags : "[]");
    if (with_health)
        write_health(call, instance);
    write_gpu_devices(writer, &instance->resources);
    writer_object_end(writer);
    return 0;
}

int write_instance(struct api_call *call, const struct instance *instance, bool with_tags) {
    return write_instance_with(call, instance, with_tags, false);
}

int write_instance_with(
    struct api_call *call, const struct instance *instance, bool with_tags, bool with_health) {
    return write_as(call, instance, instance_status_name(instance->status), with_tags, with_health);
}

int write_new_instance(struct api_call *call, const struct instance *instance) {
    bool trunk = instance_attribute(instance, "ecs.awsvpc-trunk-id") != NULL;
    return write_as(
        call, instance, trunk ? "REGISTERING" : instance_status_name(instance->status), true, false);
}
