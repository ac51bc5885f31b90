#include "ecs-local/domain/task_overrides.h"

#include <string.h>

#include "ecs-local/base/text.h"

/* What was given at the task level, else what the definition says. */
static const char *size_of(const struct value *overrides, const char *key, const char *fallback) {
    const char *given = value_string_nonempty(overrides, key);
    return given != NULL ? given : fallback;
}

static struct value *override_named(const struct value *list, const char *name) {
    value_for_each(entry, list) {
        if (text_equal(value_string(entry, "name"), name))
            return entry;
    }
    return NULL;
}

static struct value *normalise_containers(
    struct arena *arena, const struct value *given, const struct task_definition *definition) {
    struct value *list = value_new_list(arena, definition->container_count);
    for (unsigned index = 0; index < definition->container_count; index++) {
        struct value *entry = override_named(given, definition->containers[index].name);
        if (entry == NULL) {
            entry = value_new_map(arena, 1);
            value_add(arena, entry, "name", value_new_string(arena, definition->containers[index].name));
        }
        value_append(arena, list, entry);
    }
    return list;
}

static void add_role(struct arena *arena, struct value *result, const struct value *overrides,
    const char *key, const char *partition, const char *account) {
    const char *role = value_string_nonempty(overrides, key);
    if (role != NULL)
        value_add(arena, result, key,
            value_new_string(arena, task_definition_role_arn(arena, role, partition, account)));
}

struct value *task_overrides_normalise(struct arena *arena, const struct value *overrides,
    const struct task_definition *definition, const char *partition, const char *account) {
    struct value *result = value_new_map(arena, 7);
    value_add(arena, result, "containerOverrides",
        normalise_containers(arena, value_get(overrides, "containerOverrides"), definition));
    if (value_string_nonempty(overrides, "cpu") != NULL)
        value_add(arena, result, "cpu", value_get(overrides, "cpu"));
    struct value *accelerators = value_get(overrides, "inferenceAcceleratorOverrides");
    value_add(arena, result, "inferenceAcceleratorOverrides",
        accelerators != NULL ? accelerators : value_new_list(arena, 0));
    add_role(arena, result, overrides, "executionRoleArn", partition, account);
    if (value_string_nonempty(overrides, "memory") != NULL)
        value_add(arena, result, "memory", value_get(overrides, "memory"));
    add_role(arena, result, overrides, "taskRoleArn", partition, account);
    if (value_has(overrides, "ephemeralStorage"))
        value_add(arena, result, "ephemeralStorage", value_get(overrides, "ephemeralStorage"));
    return result;
}

/* Memory that placement reserves for a container: the soft limit when there is one (facts: tasks 5.3). */
static int64_t memory_of(const struct task_definition_container *container, const struct value *entry) {
    int64_t reservation = value_int(entry, "memoryReservation", container->memory_reservation_mib);
    return reservation != 0 ? reservation : value_int(entry, "memory", container->memory_mib);
}

static const struct value *overridden_requirements(
    const struct value *overrides, const struct task_definition_container *container) {
    return value_get(
        override_named(value_get(overrides, "containerOverrides"), container->name), "resourceRequirements");
}

int64_t task_overrides_gpus(
    const struct value *overrides, const struct task_definition_container *container) {
    const struct value *requirements = overridden_requirements(overrides, container);
    return requirements != NULL ? task_definition_gpus(requirements) : container->gpus;
}

const struct value *task_overrides_gpu_sharing(
    const struct value *overrides, const struct task_definition_container *container) {
    const struct value *requirements = overridden_requirements(overrides, container);
    return requirements != NULL ? task_definition_gpu_sharing(requirements) : container->gpu_sharing;
}

/* All containers that share a GPU are on the same one. */
static void add_gpus(struct task_demand *demand, const struct value *overrides,
    const struct task_definition_container *container) {
    const struct value *sharing = task_overrides_gpu_sharing(overrides, container);
    demand->gpus += task_overrides_gpus(overrides, container);
    if (sharing == NULL)
        return;
    demand->gpu_share_mib += value_int(value_get(sharing, "nvidiaMps"), "memory", 0);
    demand->gpu_share_containers++;
}

static void add_fixed_ports(struct task_demand *demand, const struct task_definition_container *container) {
    for (unsigned index = 0; index < container->port_count; index++) {
        const struct task_definition_port *port = &container->ports[index];
        struct port_list *list = &demand->fixed[port->udp ? PORT_UDP : PORT_TCP];
        if (port->host_port != 0)
            list->ports[list->count++] = (uint16_t)port->host_port;
    }
}

void task_overrides_demand(struct arena *arena, const struct value *overrides,
    const struct task_definition *definition, struct task_demand *ret_demand) {
    struct task_demand demand = {0};
    const struct value *given = value_get(overrides, "containerOverrides");
    unsigned ports = 0;
    for (unsigned index = 0; index < definition->container_count; index++)
        ports += definition->containers[index].port_count;
    demand.fixed[PORT_TCP].ports = arena_new_array(arena, uint16_t, ports);
    demand.fixed[PORT_UDP].ports = arena_new_array(arena, uint16_t, ports);
    for (unsigned index = 0; index < definition->container_count; index++) {
        const struct task_definition_container *container = &definition->containers[index];
        const struct value *entry = override_named(given, container->name);
        demand.cpu_units += value_int(entry, "cpu", container->cpu_units);
        demand.memory_mib += memory_of(container, entry);
        add_gpus(&demand, overrides, container);
        /* With an interface of its own a task uses none of the instance's ports. */
        if (definition->network_mode != NETWORK_AWSVPC)
            add_fixed_ports(&demand, container);
    }
    demand.enis = definition->network_mode == NETWORK_AWSVPC;
    const char *cpu = size_of(overrides, "cpu", definition->cpu);
    const char *memory = size_of(overrides, "memory", definition->memory);
    if (cpu != NULL)
        task_definition_parse_cpu(cpu, &demand.cpu_units);
    if (memory != NULL)
        task_definition_parse_memory(memory, &demand.memory_mib);
    *ret_demand = demand;
}
