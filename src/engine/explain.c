/* Why no instance takes a task: each is asked in turn. */
#include "ecs-local/engine/explain.h"

#include <stdarg.h>
#include <string.h>

#include "ecs-local/base/text.h"
#include "explain_internal.h"

void explain_because(struct engine *engine, struct explanation *explanation, const char *format, ...) {
    if (explanation->because_count == EXPLAIN_BECAUSE_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    explanation->because[explanation->because_count++] = arena_vprintf(engine->turn, format, arguments);
    va_end(arguments);
}

const char *explain_time(struct engine *engine, int64_t time_ms) {
    char text[TEXT_ISO8601_SIZE];
    text_format_iso8601(time_ms, text);
    return arena_strdup(engine->turn, text);
}

static const char *amounts(
    struct engine *engine, const char *what, int64_t wanted, int64_t registered, int64_t taken) {
    return arena_printf(engine->turn, "%lld %s are needed, %lld of %lld are left", (long long)wanted, what,
        (long long)(registered - taken), (long long)registered);
}

/* The first fixed port that somebody has already. */
static const char *taken_port(struct engine *engine, const struct instance *instance,
    const struct task_demand *demand, enum port_protocol protocol) {
    for (uint32_t index = 0; index < demand->fixed[protocol].count; index++) {
        uint16_t port = demand->fixed[protocol].ports[index];
        if (port_set_has(&instance->resources.reserved[protocol], port) ||
            port_set_has(&instance->resources.dynamic[protocol], port))
            return arena_printf(engine->turn, "port %u is taken", port);
    }
    return "it has as many reserved ports as an instance may have";
}

static const char *missing_attribute(
    struct engine *engine, const struct instance *instance, const struct place_request *request) {
    const struct task_definition *definition = request->definition;
    for (unsigned index = 0; index < definition->required_attribute_count; index++) {
        if (instance_attribute(instance, definition->required_attributes[index]) == NULL)
            return arena_printf(
                engine->turn, "it lacks the attribute %s", definition->required_attributes[index]);
    }
    return NULL;
}

static const char *resource_detail(struct engine *engine, const struct instance *instance,
    const struct task_demand *demand, const char *refusal) {
    const struct instance_resources *resources = &instance->resources;
    if (text_equal(refusal, "RESOURCE:CPU"))
        return amounts(engine, "CPU units", demand->cpu_units, resources->cpu_units, resources->cpu_taken);
    if (text_equal(refusal, "RESOURCE:MEMORY"))
        return amounts(engine, "MiB", demand->memory_mib, resources->memory_mib, resources->memory_taken);
    if (text_equal(refusal, "RESOURCE:GPU") && demand->gpu_share_mib != 0)
        return arena_printf(engine->turn, "none of its %lld GPUs has %lld MiB to share",
            (long long)resources->gpus, (long long)demand->gpu_share_mib);
    if (text_equal(refusal, "RESOURCE:GPU") && demand->gpus >= GPUS_ALL)
        return arena_printf(engine->turn, "it needs all GPUs, and %lld of %lld are taken",
            (long long)resources->gpus_taken, (long long)resources->gpus);
    if (text_equal(refusal, "RESOURCE:GPU"))
        return amounts(engine, "GPUs", demand->gpus, resources->gpus, resources->gpus_taken);
    if (text_equal(refusal, "RESOURCE:ENI"))
        return amounts(engine, "network interfaces", demand->enis, resources->enis, resources->enis_taken);
    return taken_port(
        engine, instance, demand, text_equal(refusal, "RESOURCE:PORTS_UDP") ? PORT_UDP : PORT_TCP);
}

static const char *detail_of(struct engine *engine, const struct instance *instance,
    const struct place_request *request, const char *refusal) {
    if (text_starts_with(refusal, "RESOURCE:"))
        return resource_detail(engine, instance, request->demand, refusal);
    if (text_equal(refusal, "ATTRIBUTE"))
        return missing_attribute(engine, instance, request);
    if (text_equal(refusal, "AGENT"))
        return "its agent is not connected";
    if (text_equal(refusal, "LOCATION"))
        return arena_printf(engine->turn, "it is in %s, where none of the task's subnets are",
            instance->zone != NULL ? instance->zone : "no zone");
    return NULL;
}

static void look_at(
    struct engine *engine, const struct place_request *request, struct explained_instance *explained) {
    const struct instance *instance = explained->instance;
    if (instance->status != INSTANCE_ACTIVE) {
        explained->reason = instance_status_name(instance->status);
        explained->detail = "only ACTIVE instances are looked at";
    } else if (request->capacity_provider != NULL &&
               !text_equal(instance->capacity_provider, request->capacity_provider)) {
        explained->reason = "CAPACITY PROVIDER";
        explained->detail = arena_printf(
            engine->turn, "it does not belong to %s", request->capacity_provider);
    } else {
        explained->reason = engine_refusal(engine, instance, request);
        if (explained->reason != NULL)
            explained->detail = detail_of(engine, instance, request, explained->reason);
    }
}

void explain_instances(struct engine *engine, const struct cluster *cluster,
    const struct place_request *request, struct explanation *explanation) {
    explanation->placement = true;
    explanation->instances = arena_new_array(
        engine->turn, struct explained_instance, cluster->instance_count);
    for (unsigned index = 0; index < cluster->instance_count; index++) {
        const struct instance *instance = cluster->instances[index];
        if (instance->status == INSTANCE_INACTIVE)
            continue;
        struct explained_instance *explained = &explanation->instances[explanation->instance_count++];
        *explained = (struct explained_instance){.instance = instance};
        look_at(engine, request, explained);
    }
    if (explanation->instance_count == 0)
        explain_because(engine, explanation, "the cluster %s has no container instances", cluster->name);
}
