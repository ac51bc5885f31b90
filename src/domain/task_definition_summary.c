#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/text.h"
#include "ecs-local/domain/task.h"
#include "ecs-local/domain/task_definition.h"

enum {
    HEALTH_INTERVAL_S = 30,         /* facts: tasks 4.3 */
    HEALTH_RETRIES = 3,             /* the same */
    RESTART_ATTEMPT_PERIOD_S = 300, /* facts: docker 1.12 */
};

int task_definition_parse_range(const char *text, int *ret_first, int *ret_last) {
    char *end = NULL;
    long first = *text >= '0' && *text <= '9' ? strtol(text, &end, 10) : 0;
    if (end == NULL || *end != '-' || !text_is_digits(end + 1))
        return 1;
    long last = strtol(end + 1, NULL, 10);
    if (first < 1 || last > UINT16_MAX || first > last)
        return 1;
    *ret_first = (int)first;
    *ret_last = (int)last;
    return 0;
}

static void read_ports(
    struct arena *arena, struct task_definition_container *container, const struct value *mappings) {
    container->port_count = (unsigned)value_count(mappings);
    container->ports = arena_new_array(arena, struct task_definition_port, container->port_count);
    value_for_each(mapping, mappings) {
        struct task_definition_port *port = &container->ports[mapping_index];
        const char *range = value_string_nonempty(mapping, "containerPortRange");
        port->container_port = (int)value_int(mapping, "containerPort", 0);
        port->host_port = (int)value_int(mapping, "hostPort", 0);
        port->udp = text_equal(value_string(mapping, "protocol"), "udp");
        if (range != NULL)
            task_definition_parse_range(range, &port->range_first, &port->range_last);
    }
}

int64_t task_definition_gpus(const struct value *requirements) {
    int64_t gpus = 0;
    value_for_each(requirement, requirements) {
        const char *amount = value_string(requirement, "value");
        if (!text_equal(value_string(requirement, "type"), "GPU") || amount == NULL)
            continue;
        if (text_equal(amount, "ALL"))
            gpus = GPUS_ALL;
        else
            text_parse_int(amount, 0, 1024, &gpus);
    }
    return gpus;
}

const struct value *task_definition_gpu_sharing(const struct value *requirements) {
    value_for_each(requirement, requirements) {
        if (text_equal(value_string(requirement, "type"), "GPU") && value_has(requirement, "sharingStrategy"))
            return value_get(requirement, "sharingStrategy");
    }
    return NULL;
}

static struct container_restart_policy restart_policy_of(const struct value *policy) {
    return (struct container_restart_policy){
        .enabled = value_bool(policy, "enabled", false),
        .attempt_period_s = value_int(policy, "restartAttemptPeriod", RESTART_ATTEMPT_PERIOD_S),
        .ignored_exit_codes = value_get(policy, "ignoredExitCodes"),
    };
}

static enum dependency_condition condition_of(const char *name) {
    if (text_equal(name, "COMPLETE"))
        return DEPENDS_ON_COMPLETE;
    if (text_equal(name, "SUCCESS"))
        return DEPENDS_ON_SUCCESS;
    return text_equal(name, "HEALTHY") ? DEPENDS_ON_HEALTHY : DEPENDS_ON_START;
}

static unsigned index_of_container(const struct task_definition *definition, const char *name) {
    unsigned index = 0;
    while (index < definition->container_count && !text_equal(definition->containers[index].name, name))
        index++;
    return index;
}

/* dependsOn, once all containers are known. */
static void read_dependencies(struct arena *arena, struct task_definition *definition,
    struct task_definition_container *container, const struct value *list) {
    container->dependencies = arena_new_array(arena, struct container_dependency, value_count(list));
    value_for_each(entry, list) {
        unsigned index = index_of_container(definition, value_string(entry, "containerName"));
        if (index == definition->container_count)
            continue;
        struct container_dependency *dependency = &container->dependencies[container->dependency_count++];
        dependency->container = index;
        dependency->condition = condition_of(value_string(entry, "condition"));
        if (dependency->condition == DEPENDS_ON_COMPLETE || dependency->condition == DEPENDS_ON_SUCCESS)
            definition->containers[index].awaited = true;
    }
}

/* The start period, then so many failures in a row (facts: docker 1.10). */
static int64_t verdict_of(const struct value *check) {
    return value_int(check, "startPeriod", 0) +
           value_int(check, "interval", HEALTH_INTERVAL_S) * value_int(check, "retries", HEALTH_RETRIES);
}

static void read_container(
    struct arena *arena, struct task_definition_container *container, const struct value *source) {
    *container = (struct task_definition_container){
        .name = value_string(source, "name"),
        .image = value_string(source, "image"),
        .cpu_units = value_int(source, "cpu", 0),
        .memory_mib = value_int(source, "memory", 0),
        .memory_reservation_mib = value_int(source, "memoryReservation", 0),
        .gpus = task_definition_gpus(value_get(source, "resourceRequirements")),
        .gpu_sharing = task_definition_gpu_sharing(value_get(source, "resourceRequirements")),
        .essential = value_bool(source, "essential", true),
        .has_health_check = value_has(source, "healthCheck"),
        .health_interval_s = value_int(value_get(source, "healthCheck"), "interval", HEALTH_INTERVAL_S),
        .health_verdict_s = verdict_of(value_get(source, "healthCheck")),
        .start_timeout_s = (int)value_int(source, "startTimeout", 0),
        .stop_timeout_s = (int)value_int(source, "stopTimeout", 0),
        .secrets = value_get(source, "secrets"),
        .restart = restart_policy_of(value_get(source, "restartPolicy")),
    };
    read_ports(arena, container, value_get(source, "portMappings"));
}

static enum network_mode network_mode_of(const char *name) {
    if (text_equal(name, "host"))
        return NETWORK_HOST;
    if (text_equal(name, "awsvpc"))
        return NETWORK_AWSVPC;
    return text_equal(name, "none") ? NETWORK_NONE : NETWORK_BRIDGE;
}

/* Task-level values; else the sums over the containers (facts: tasks 5.1). */
static void read_shown_size(struct arena *arena, struct task_definition *definition) {
    int64_t cpu = 0;
    int64_t memory = 0;
    for (unsigned index = 0; index < definition->container_count; index++) {
        const struct task_definition_container *container = &definition->containers[index];
        cpu += container->cpu_units;
        memory += container->memory_mib != 0 ? container->memory_mib : container->memory_reservation_mib;
    }
    definition->shown_cpu = definition->cpu != NULL ? definition->cpu
                                                    : arena_printf(arena, "%lld", (long long)cpu);
    definition->shown_memory = definition->memory != NULL ? definition->memory
                                                          : arena_printf(arena, "%lld", (long long)memory);
}

static bool list_has(const struct value *list, const char *text) {
    value_for_each(item, list) {
        if (item->kind == VALUE_STRING && text_equal(item->string, text))
            return true;
    }
    return false;
}

static void read_required(
    struct arena *arena, struct task_definition *definition, const struct value *attributes) {
    const char **names = arena_new_array(arena, const char *, value_count(attributes));
    value_for_each(attribute, attributes)
        names[definition->required_attribute_count++] = value_string(attribute, "name");
    definition->required_attributes = names;
}

static const char *volume_at_launch(const struct value *volumes) {
    value_for_each(volume, volumes) {
        if (value_bool(volume, "configuredAtLaunch", false))
            return value_string(volume, "name");
    }
    return NULL;
}

int task_definition_summarise(
    struct arena *arena, const struct value *document, struct task_definition **ret_definition) {
    struct task_definition *definition = arena_alloc(arena, sizeof(*definition));
    const struct value *compatibilities = value_get(document, "compatibilities");
    const struct value *platform = value_get(document, "runtimePlatform");
    const struct value *containers = value_get(document, "containerDefinitions");
    definition->family = value_string(document, "family");
    if (definition->family == NULL || containers == NULL)
        return 1;
    definition->network_mode = network_mode_of(value_string(document, "networkMode"));
    definition->cpu = value_string(document, "cpu");
    definition->memory = value_string(document, "memory");
    definition->task_role_arn = value_string_nonempty(document, "taskRoleArn");
    definition->execution_role_arn = value_string_nonempty(document, "executionRoleArn");
    definition->supports_ec2 = list_has(compatibilities, "EC2");
    definition->supports_fargate = list_has(compatibilities, "FARGATE");
    definition->supports_external = list_has(compatibilities, "EXTERNAL");
    definition->supports_managed_instances = list_has(compatibilities, "MANAGED_INSTANCES");
    definition->volume_configured_at_launch = volume_at_launch(value_get(document, "volumes"));
    definition->arm64 = text_equal(value_string(platform, "cpuArchitecture"), "ARM64");
    definition->os_family = value_string(platform, "operatingSystemFamily");
    if (definition->os_family == NULL)
        definition->os_family = "LINUX";
    definition->is_windows = text_starts_with(definition->os_family, "WINDOWS");
    definition->ephemeral_storage_gib = (int)value_int(
        value_get(document, "ephemeralStorage"), "sizeInGiB", 0);
    definition->placement_constraints = value_get(document, "placementConstraints");
    read_required(arena, definition, value_get(document, "requiresAttributes"));
    definition->container_count = (unsigned)value_count(containers);
    definition->containers = arena_new_array(
        arena, struct task_definition_container, definition->container_count);
    value_for_each(container, containers)
        read_container(arena, &definition->containers[container_index], container);
    value_for_each(source, containers) read_dependencies(
        arena, definition, &definition->containers[source_index], value_get(source, "dependsOn"));
    read_shown_size(arena, definition);
    *ret_definition = definition;
    return 0;
}

void task_complete(struct task *task, const struct task_definition *definition) {
    task->stop_timeout_s = 0;
    for (unsigned index = 0; index < definition->container_count; index++) {
        const struct task_definition_container *source = &definition->containers[index];
        struct task_container *container = task_container_named(task, source->name);
        int timeout_s = source->stop_timeout_s != 0 ? source->stop_timeout_s : TASK_STOP_TIMEOUT_S;
        if (timeout_s > task->stop_timeout_s)
            task->stop_timeout_s = timeout_s;
        if (container == NULL)
            continue;
        container->essential = source->essential;
        container->has_health_check = source->has_health_check;
        container->health_verdict_ms = source->has_health_check ? source->health_verdict_s * 1000 : 0;
    }
}
