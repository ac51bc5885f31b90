/* Placement over the instances of a cluster as they are now. */
#include "attribute_sets.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/placement.h"
#include "engine_internal.h"

static struct placement_candidate candidate_of(
    const struct instance *instance, const struct place_request *request) {
    return (struct placement_candidate){
        .active = instance->status == INSTANCE_ACTIVE,
        .agent_connected = instance->agent_connected,
        .has_attributes = attribute_set_satisfies(instance->attributes, request->definition_id,
            request->definition->required_attributes, request->definition->required_attribute_count),
        .in_location = true,
        .resources = &instance->resources,
    };
}

struct place_view {
    const struct cluster *cluster;
    const struct place_request *request;
};

static struct placement_candidate candidate_at(const void *context, unsigned index) {
    const struct place_view *view = context;
    return candidate_of(view->cluster->instances[index], view->request);
}

int engine_place(struct engine *engine, const struct cluster *cluster, const struct place_request *request,
    struct instance **ret_instance) {
    struct place_view context = {.cluster = cluster, .request = request};
    struct placement_view view = {
        .count = cluster->instance_count,
        .context = &context,
        .candidate = candidate_at,
    };
    unsigned index = 0;
    if (placement_random(&view, request->demand, ids_random(&engine->ids), &index) != 0)
        return ENGINE_NOT_FOUND;
    *ret_instance = cluster->instances[index];
    return 0;
}

const char *engine_refusal(const struct instance *instance, const struct place_request *request) {
    struct placement_candidate candidate = candidate_of(instance, request);
    return placement_refusal(&candidate, request->demand);
}

/* The ports of one mapping; fixed ones were reserved when the task was placed. */
static int bind_mapping(struct engine *engine, struct task *task, struct instance *instance,
    const struct task_definition_port *mapping, struct task_binding *binding) {
    enum port_protocol protocol = mapping->udp ? PORT_UDP : PORT_TCP;
    unsigned length = mapping->range_first != 0 ? (unsigned)(mapping->range_last - mapping->range_first + 1)
                                                : 1;
    int host_port = mapping->host_port;
    *binding = (struct task_binding){
        .bind_ip = "0.0.0.0",
        .container_port = mapping->container_port,
        .protocol = mapping->udp ? "udp" : "tcp",
    };
    if (host_port == 0 && instance != NULL) {
        host_port = resources_take_dynamic_range(
            &instance->resources, protocol, ids_random(&engine->ids), length);
        if (host_port == 0)
            return ENGINE_NOT_FOUND;
        task_add_dynamic_ports(task, protocol, (uint16_t)host_port, length);
    }
    binding->host_port = host_port;
    if (mapping->range_first != 0) {
        binding->container_port_range = arena_printf(
            task->arena, "%d-%d", mapping->range_first, mapping->range_last);
        binding->host_port_range = arena_printf(task->arena, "%d-%d", host_port, host_port + (int)length - 1);
    }
    return 0;
}

/* networkBindings exist where containers share the instance's addresses: not with an interface of their own.
 */
int bind_ports(struct engine *engine, struct task *task) {
    const struct task_definition *definition = NULL;
    int result = engine_task_definition(engine, task->task_definition_id, &definition);
    if (result != 0 || task->platform != TASK_ON_INSTANCE)
        return result < 0 ? result : 0;
    struct instance *instance = instance_by_row(engine, task->container_instance_id);
    for (unsigned index = 0; index < definition->container_count; index++) {
        const struct task_definition_container *source = &definition->containers[index];
        struct task_container *container = task_container_named(task, source->name);
        if (container == NULL || source->port_count == 0)
            continue;
        container->bindings = arena_new_array(task->arena, struct task_binding, source->port_count);
        container->binding_count = 0;
        for (unsigned port = 0; port < source->port_count; port++) {
            if (bind_mapping(engine, task, instance, &source->ports[port],
                    &container->bindings[container->binding_count]) == 0)
                container->binding_count++;
        }
    }
    if (instance != NULL)
        instance_touch(engine, instance);
    return 0;
}
