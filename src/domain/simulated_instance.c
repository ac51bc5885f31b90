#include "ecs-local/domain/simulated_instance.h"

#include <fnmatch.h>
#include <string.h>

#include "ecs-local/base/buf.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/writer.h"
#include "ecs-local/domain/agent_attributes.h"

enum {
    DOCUMENT_MAX = 1024 * 1024,
};

#define AMI_ID "ami-0ec5100a1d5e7f1ee"
#define RESERVED_TCP "[\"22\",\"2376\",\"2375\",\"51678\",\"51679\"]"

static void write_attribute(struct writer *writer, const char *name, const char *value) {
    writer_object_begin(writer);
    writer_key_string(writer, "name", name);
    writer_key_string_opt(writer, "value", value);
    writer_object_end(writer);
}

static void write_attributes(
    struct arena *arena, struct writer *writer, const struct simulated_instance *instance) {
    const char *subnet_id = instance->subnet_id != NULL ? instance->subnet_id
                                                        : simulated_subnet_id(arena, instance->zone);
    writer_key_list_begin(writer, "attributes");
    for (size_t index = 0; agent_attribute(index) != NULL; index++)
        write_attribute(writer, agent_attribute(index), NULL);
    /* Those of the agent's own that have values (facts: tasks 7.2). */
    write_attribute(writer, "ecs.capability.cni-plugin-version", "ec510ca1-2025.06.0");
    write_attribute(writer, "ecs.capability.branch-cni-plugin-version", "ec510ca1-");
    if (instance->type->gpus != 0)
        write_attribute(writer, "ecs.capability.gpu-driver-version", "570.133.20");
    write_attribute(writer, "ecs.ami-id", AMI_ID);
    write_attribute(writer, "ecs.vpc-id", SIMULATED_VPC_ID);
    write_attribute(writer, "ecs.subnet-id", subnet_id);
    write_attribute(writer, "ecs.availability-zone", instance->zone);
    write_attribute(writer, "ecs.instance-type", instance->type->name);
    write_attribute(writer, "ecs.cpu-architecture", instance->type->architecture);
    write_attribute(writer, "ecs.os-type", "linux");
    write_attribute(writer, "ecs.os-family", "LINUX");
    if (instance->trunk_id != NULL)
        write_attribute(writer, "ecs.awsvpc-trunk-id", instance->trunk_id);
    for (uint32_t index = 0; index < value_count(instance->attributes); index++) {
        const struct value *value = instance->attributes->entries[index].value;
        write_attribute(writer, instance->attributes->entries[index].key,
            value->kind == VALUE_STRING ? value->string : NULL);
    }
    writer_list_end(writer);
}

static void write_integer(struct writer *writer, const char *name, int64_t integer) {
    writer_object_begin(writer);
    writer_key_string(writer, "name", name);
    writer_key_string(writer, "type", "INTEGER");
    writer_key_raw(writer, "doubleValue", "0.0");
    writer_key_int(writer, "longValue", 0);
    writer_key_int(writer, "integerValue", integer);
    writer_object_end(writer);
}

static void write_strings(struct writer *writer, const char *name, const char *list) {
    writer_object_begin(writer);
    writer_key_string(writer, "name", name);
    writer_key_string(writer, "type", "STRINGSET");
    writer_key_raw(writer, "doubleValue", "0.0");
    writer_key_int(writer, "longValue", 0);
    writer_key_int(writer, "integerValue", 0);
    writer_key_raw(writer, "stringSetValue", list);
    writer_object_end(writer);
}

static void write_resources(struct writer *writer, const struct instance_type *type) {
    writer_key_list_begin(writer, "registeredResources");
    write_integer(writer, "CPU", type->vcpus * 1024);
    write_integer(writer, "MEMORY", type->memory_mib);
    write_strings(writer, "PORTS", RESERVED_TCP);
    write_strings(writer, "PORTS_UDP", "[]");
    if (type->gpus > 0) {
        struct buf ids = BUF_INIT(1024);
        buf_append_char(&ids, '[');
        for (int gpu = 0; gpu < type->gpus; gpu++)
            buf_printf(&ids, "%s\"GPU-%08d\"", gpu != 0 ? "," : "", gpu);
        buf_append_char(&ids, ']');
        write_strings(writer, "GPU", buf_text(&ids));
        buf_done(&ids);
    }
    writer_list_end(writer);
}

const char *simulated_instance_document(struct arena *arena, const struct simulated_instance *instance) {
    struct buf buf = BUF_INIT(DOCUMENT_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_object_begin(&writer);
    write_resources(&writer, instance->type);
    write_attributes(arena, &writer, instance);
    writer_key_string_opt(&writer, "capacityProviderName", instance->capacity_provider);
    writer_key_raw(&writer, "versionInfo",
        "{\"agentVersion\":\"" AGENT_VERSION_NEWEST
        "\",\"agentHash\":\"ec510ca1\",\"dockerVersion\":\"DockerVersion: 25.0.8\"}");
    writer_object_end(&writer);
    const char *text = arena_strndup(arena, buf_text(&buf), buf.length);
    buf_done(&buf);
    return text;
}

/* What managed instances choose among, the smaller ones first (D: AWS takes what is cheapest at the time). */
static const char *const types_x86[] = {"c7i.large", "m7i.large", "r7i.large", "c7i.xlarge", "m7i.xlarge",
    "r7i.xlarge", "c7i.2xlarge", "m7i.2xlarge", "r7i.2xlarge", "c7i.4xlarge", "m7i.4xlarge", "r7i.4xlarge",
    "c7i.8xlarge", "m7i.8xlarge", "r7i.8xlarge", "c7i.16xlarge", "m7i.16xlarge", "r7i.16xlarge",
    "c7i.24xlarge", "m7i.24xlarge", "r7i.24xlarge", "c7i.48xlarge", "m7i.48xlarge", "r7i.48xlarge",
    "g5.xlarge", "g5.12xlarge", "g5.48xlarge", "p3.2xlarge", "p3.8xlarge", "p3.16xlarge"};
static const char *const types_arm[] = {"c7g.medium", "m7g.medium", "r7g.medium", "c7g.large", "m7g.large",
    "r7g.large", "c7g.xlarge", "m7g.xlarge", "r7g.xlarge", "c7g.2xlarge", "m7g.2xlarge", "r7g.2xlarge",
    "c7g.4xlarge", "m7g.4xlarge", "r7g.4xlarge", "c7g.8xlarge", "m7g.8xlarge", "r7g.8xlarge", "c7g.16xlarge",
    "m7g.16xlarge", "r7g.16xlarge"};

static bool is_listed(const struct value *patterns, const char *name) {
    value_for_each(pattern, patterns) {
        if (pattern->kind == VALUE_STRING && fnmatch(pattern->string, name, 0) == 0)
            return true;
    }
    return false;
}

static bool within(const struct value *range, int64_t number) {
    return number >= value_int(range, "min", 0) && number <= value_int(range, "max", INT32_MAX);
}

/* What EC2 says the type has: registrations lack about 3% of it. In steps of half a GiB. */
static int64_t nominal_memory_mib(const struct instance_type *type) {
    return ((type->memory_mib + 100) * 100 / 97 + 256) / 512 * 512;
}

static bool meets(const struct value *requirements, const struct instance_type *type) {
    const struct value *allowed = value_get(requirements, "allowedInstanceTypes");
    if (is_listed(value_get(requirements, "excludedInstanceTypes"), type->name) ||
        (value_count(allowed) != 0 && !is_listed(allowed, type->name)))
        return false;
    return within(value_get(requirements, "vCpuCount"), type->vcpus) &&
           within(value_get(requirements, "memoryMiB"), nominal_memory_mib(type));
}

static bool takes(const struct instance_type *type, const struct task_demand *demand) {
    return type->vcpus * 1024 >= demand->cpu_units && type->memory_mib >= demand->memory_mib &&
           (demand->gpus >= GPUS_ALL ? type->gpus != 0 : type->gpus >= demand->gpus) &&
           (demand->gpu_share_mib == 0 || instance_type_gpu_memory(type->name) >= demand->gpu_share_mib);
}

static bool is_fit(const char *name, const struct value *requirements, const struct task_demand *demand,
    struct instance_type *ret_type) {
    return instance_type_find(name, ret_type) && takes(ret_type, demand) && meets(requirements, ret_type) &&
           (demand->gpus != 0 || demand->gpu_share_mib != 0 || ret_type->gpus == 0 ||
               value_count(value_get(requirements, "allowedInstanceTypes")) != 0);
}

int managed_instance_choose(const struct value *requirements, const struct task_demand *demand, bool arm64,
    struct instance_type *ret_type, unsigned *ret_rank) {
    const char *const *types = arm64 ? types_arm : types_x86;
    unsigned count = arm64 ? array_length(types_arm) : array_length(types_x86);
    for (unsigned index = 0; index < count; index++) {
        if (is_fit(types[index], requirements, demand, ret_type)) {
            *ret_rank = index;
            return 0;
        }
    }
    /* Types that are allowed by name and are none of those above. */
    value_for_each(name, value_get(requirements, "allowedInstanceTypes")) {
        if (name->kind == VALUE_STRING && is_fit(name->string, requirements, demand, ret_type)) {
            *ret_rank = count + (unsigned)name_index;
            return 0;
        }
    }
    return 1;
}
