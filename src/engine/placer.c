/* Placement over the instances of a cluster as they are now. */
#include "attribute_sets.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/placement.h"
#include "ecs-local/engine/interruptions.h"
#include "engine_internal.h"

struct place_view {
    const struct engine *engine;
    const struct cluster *cluster;
    const struct place_request *request;
    const struct task_group *group; /* of a single instance that is asked about; or NULL */
    const unsigned *group_tasks;    /* by index of the instance, when all are; or NULL */
};

static bool in_location(const struct instance *instance, const struct place_request *request) {
    if (request->zone_count == 0 || instance->zone == NULL)
        return true;
    for (unsigned index = 0; index < request->zone_count; index++) {
        if (text_equal(request->zones[index], instance->zone))
            return true;
    }
    return false;
}

/* Does a fault take the capacity of its zone away? */
static bool out_of_order(
    const struct engine *engine, const struct instance *instance, const struct place_request *request) {
    if (!engine_capacity_disturbed(engine))
        return false;
    const char *capacity = request->capacity_provider != NULL ? request->capacity_provider : "EC2";
    return engine_capacity_unavailable(engine, instance->cluster, capacity, instance->zone);
}

static void candidate_at(const void *context, unsigned index, struct placement_candidate *ret_candidate) {
    const struct place_view *view = context;
    const struct instance *instance = view->cluster->instances[index];
    const char *provider = view->request->capacity_provider;
    *ret_candidate = (struct placement_candidate){
        .active = instance->status == INSTANCE_ACTIVE &&
                  (provider == NULL || text_equal(provider, instance->capacity_provider)),
        .agent_connected = instance->agent_connected,
        .group_tasks = view->group_tasks != NULL ? view->group_tasks[index]
                                                 : instance_group_tasks(instance, view->group),
        .attributes_id = instance->attributes_id,
        .resources = &instance->resources,
    };
}

static void traits_at(const void *context, unsigned index, struct placement_traits *ret_traits) {
    const struct place_view *view = context;
    const struct place_request *request = view->request;
    const struct instance *instance = view->cluster->instances[index];
    ret_traits->has_attributes = attribute_set_satisfies(instance->attributes, request->definition_id,
        request->definition->required_attributes, request->definition->required_attribute_count);
    ret_traits->in_location = in_location(instance, request) &&
                              !out_of_order(view->engine, instance, request);
}

static void subject_at(const void *context, unsigned index, struct query_subject *ret_subject) {
    const struct place_view *view = context;
    instance_query_subject(view->cluster->instances[index], ret_subject);
}

static struct placement_view shown(const struct place_view *view) {
    return (struct placement_view){
        .count = view->cluster->instance_count,
        .context = view,
        .candidate = candidate_at,
        .traits = traits_at,
        .subject = subject_at,
    };
}

static bool heeds_group(const struct placement_rules *rules) {
    bool heeds = rules->distinct_instance;
    for (unsigned index = 0; index < rules->strategy_count; index++)
        heeds = heeds || rules->strategies[index].kind == STRATEGY_SPREAD_INSTANCE ||
                rules->strategies[index].kind == STRATEGY_SPREAD_ATTRIBUTE;
    return heeds;
}

int engine_place(struct engine *engine, const struct cluster *cluster, const struct place_request *request,
    struct instance **ret_instance) {
    struct place_view context = {.engine = engine, .cluster = cluster, .request = request};
    if (heeds_group(request->rules)) {
        unsigned *counts = arena_new_array(engine->placing, unsigned, cluster->instance_count);
        task_group_count(task_group_find(cluster, request->group), counts);
        context.group_tasks = counts;
    }
    struct placement_view view = shown(&context);
    unsigned index = 0;
    attribute_sets_ask(engine->attribute_sets, true);
    int result = placement_choose(
        engine->placing, &view, request->demand, request->rules, ids_random(&engine->ids), &index);
    attribute_sets_ask(engine->attribute_sets, false);
    arena_reset(engine->placing);
    if (result != 0)
        return ENGINE_NOT_FOUND;
    *ret_instance = cluster->instances[index];
    return 0;
}

const char *engine_refusal(
    struct engine *engine, const struct instance *instance, const struct place_request *request) {
    struct place_view context = {.engine = engine,
        .cluster = instance->cluster,
        .request = request,
        .group = request->rules->distinct_instance ? task_group_find(instance->cluster, request->group)
                                                   : NULL};
    struct placement_view view = shown(&context);
    return placement_refusal(&view, instance->index, request->demand, request->rules);
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
int bind_ports(struct engine *engine, struct task *task, struct task_container *container) {
    const struct task_definition *definition = NULL;
    int result = engine_task_definition(engine, task->task_definition_id, &definition);
    if (result != 0 || task->platform != TASK_ON_INSTANCE)
        return result < 0 ? result : 0;
    struct instance *instance = instance_by_row(engine, task->container_instance_id);
    const struct task_definition_container *rules = container_rules(
        task, definition, (unsigned)(container - task->containers));
    if (rules->port_count == 0)
        return 0;
    container->bindings = arena_new_array(task->arena, struct task_binding, rules->port_count);
    container->binding_count = 0;
    for (unsigned port = 0; port < rules->port_count; port++) {
        if (bind_mapping(engine, task, instance, &rules->ports[port],
                &container->bindings[container->binding_count]) == 0)
            container->binding_count++;
    }
    if (instance != NULL)
        instance_touch(engine, instance);
    return 0;
}
