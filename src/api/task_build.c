/* Making one task from what a launch has found out. */
#include <stdio.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/arn.h"
#include "task_launch.h"
#include "task_reply.h"

int launch_choose_platform(struct api_call *call, const char *version, struct launch *launch) {
    static const char *const known[] = {"1.4.0", "1.3.0", "1.2.0", "1.1.0", "1.0.0"};
    bool windows = launch->definition->is_windows;
    launch->platform_family = windows ? launch->definition->os_family : "Linux";
    launch->platform_version = windows ? "1.0.0" : "1.4.0";
    if (version == NULL || text_equal(version, "LATEST"))
        return 0;
    for (size_t index = 0; index < sizeof(known) / sizeof(known[0]); index++) {
        if (text_equal(version, known[index])) {
            launch->platform_version = known[index];
            return 0;
        }
    }
    return api_fail(call, ERROR_PLATFORM_UNKNOWN, NULL);
}

static const char *number_text(struct task *task, int64_t number) {
    return arena_printf(task->arena, "%lld", (long long)number);
}

static void build_containers(struct api_call *call, struct task *task, const struct cluster *cluster,
    const struct task_definition *definition) {
    struct ids *ids = engine_ids(call->engine);
    task->container_count = definition->container_count;
    task->containers = arena_new_array(task->arena, struct task_container, definition->container_count);
    for (unsigned index = 0; index < definition->container_count; index++) {
        const struct task_definition_container *source = &definition->containers[index];
        struct task_container *container = &task->containers[index];
        char uuid[ID_UUID_SIZE];
        ids_uuid(ids, uuid);
        container->arn = arn_container(task->arena, scope_region(call->scope), scope_account(call->scope),
            cluster->name, task->task_id, uuid);
        container->name = task_text(task, source->name);
        container->image = task_text(task, source->image);
        container->last_status = "PENDING";
        container->cpu = number_text(task, source->cpu_units);
        if (source->memory_mib != 0)
            container->memory = number_text(task, source->memory_mib);
        if (source->memory_reservation_mib != 0)
            container->memory_reservation = number_text(task, source->memory_reservation_mib);
    }
    task_complete(task, definition);
    task_add_managed_agents(task);
}

/* facts: tasks 5.2: a container override of cpu does not change what the container shows; a task-level one
 * does. */
static void build_size(struct api_call *call, struct task *task, const struct task_definition *definition) {
    const struct value *overrides = value_get(call->input, "overrides");
    const char *cpu = value_string_nonempty(overrides, "cpu");
    const char *memory = value_string_nonempty(overrides, "memory");
    task->cpu = task_text(task, cpu != NULL ? cpu : definition->shown_cpu);
    task->memory = task_text(task, memory != NULL ? memory : definition->shown_memory);
}

static void copy_ports(struct task *task, struct port_list *list, const struct port_list *from) {
    list->count = from->count;
    list->ports = arena_new_array(task->arena, uint16_t, from->count);
    if (from->count != 0)
        memcpy(list->ports, from->ports, from->count * sizeof(uint16_t));
}

static void build_demand(struct task *task, const struct task_demand *demand) {
    task->demand = (struct task_demand){
        .cpu_units = demand->cpu_units, .memory_mib = demand->memory_mib, .gpus = demand->gpus};
    for (unsigned protocol = 0; protocol < PORT_PROTOCOL_COUNT; protocol++)
        copy_ports(task, &task->demand.fixed[protocol], &demand->fixed[protocol]);
}

/* The caller's tags win over those of the definition; managed tags come first (facts: tasks 5.3). */
static void add_tag(struct api_call *call, struct value *tags, const char *key, struct value *value) {
    value_for_each(tag, tags) {
        if (text_equal(value_string(tag, "key"), key))
            return;
    }
    struct value *tag = value_new_map(call->arena, 2);
    value_add(call->arena, tag, "key", value_new_string(call->arena, key));
    value_add(call->arena, tag, "value", value != NULL ? value : value_new_string(call->arena, ""));
    value_append(call->arena, tags, tag);
}

static int build_tags(
    struct api_call *call, struct task *task, const struct cluster *cluster, const struct launch *launch) {
    struct value *tags = value_new_list(call->arena, 4);
    if (value_bool(call->input, "enableECSManagedTags", false))
        add_tag(call, tags, "aws:ecs:clusterName", value_new_string(call->arena, cluster->name));
    value_for_each(tag, value_get(call->input, "tags"))
        add_tag(call, tags, value_string(tag, "key"), value_get(tag, "value"));
    if (text_equal(value_string(call->input, "propagateTags"), "TASK_DEFINITION")) {
        struct task_definition_row row;
        struct value *inherited = NULL;
        int result = task_definition_rows_get_by_id(
            engine_store(call->engine), launch->definition_id, call->arena, &row);
        if (result != 0)
            return result;
        if (value_parse(call->arena, row.tags, strlen(row.tags), &inherited) == 0) {
            value_for_each(tag, inherited)
                add_tag(call, tags, value_string(tag, "key"), value_get(tag, "value"));
        }
    }
    if (value_count(tags) != 0)
        task->tags = task_text(task, value_text(call, tags));
    return 0;
}

/* The subnet that the task goes into: one in its instance's zone, else the first. */
static const char *choose_subnet(
    struct api_call *call, const struct instance *instance_or_null, const struct launch *launch) {
    value_for_each(subnet, launch->subnets) {
        const char *zone = engine_subnet_zone(call->engine, call->scope, subnet->string);
        if (instance_or_null != NULL && zone != NULL && text_equal(zone, instance_or_null->zone))
            return subnet->string;
    }
    return value_string_at(launch->subnets, 0);
}

static void build_interface(struct api_call *call, struct task *task, const struct instance *instance_or_null,
    const struct launch *launch) {
    if (launch->subnets == NULL)
        return;
    char uuid[ID_UUID_SIZE];
    ids_uuid(engine_ids(call->engine), uuid);
    task->interface.attachment_id = task_text(task, uuid);
    task->interface.status = "PRECREATED";
    task->interface.subnet_id = task_text(task, choose_subnet(call, instance_or_null, launch));
}

/* A subnet stays in one zone: its instances say which, else its name decides (D: there is no EC2 to ask). */
static const char *zone_of_subnet(struct api_call *call, struct task *task, const char *subnet_id) {
    const char *known = engine_subnet_zone(call->engine, call->scope, subnet_id);
    if (known != NULL)
        return task_text(task, known);
    const char *region = scope_region(call->scope);
    unsigned sum = 0;
    for (const char *cursor = subnet_id; *cursor != '\0'; cursor++)
        sum = sum * 31 + (unsigned char)*cursor;
    return arena_printf(task->arena, "%s%c", region, (char)('a' + sum % 3));
}

static void build_place(
    struct api_call *call, struct task *task, const struct instance *instance, const struct launch *launch) {
    const struct task_definition *definition = launch->definition;
    task->cpu_architecture = definition->arm64 ? "arm64" : "x86_64";
    task->platform = launch->subnets != NULL ? TASK_ON_INSTANCE_AWSVPC : TASK_ON_INSTANCE;
    if (launch->waits) {
        task->waiting = value_copy(task->arena, launch_waiting_value(call, launch));
        return;
    }
    if (launch->kind == LAUNCH_MANAGED_INSTANCES) {
        task->availability_zone = zone_of_subnet(call, task, choose_subnet(call, NULL, launch));
        return;
    }
    if (launch->kind == LAUNCH_FARGATE) {
        task->platform = TASK_ON_FARGATE;
        task->platform_version = launch->platform_version;
        task->platform_family = task_text(task, launch->platform_family);
        task->ephemeral_gib = definition->ephemeral_storage_gib != 0 ? definition->ephemeral_storage_gib : 20;
        task->availability_zone = zone_of_subnet(call, task, choose_subnet(call, NULL, launch));
        return;
    }
    task->container_instance_arn = instance->arn;
    task->availability_zone = instance->zone;
    task->cpu_architecture = instance->cpu_architecture;
}

static void build_volume(struct api_call *call, struct task *task, const struct launch *launch) {
    if (launch->volume == NULL)
        return;
    const struct value *managed = value_get(launch->volume, "managedEBSVolume");
    char uuid[ID_UUID_SIZE];
    ids_uuid(engine_ids(call->engine), uuid);
    task->volume = (struct task_volume){
        .attachment_id = task_text(task, uuid),
        .status = "PRECREATED",
        .name = task_text(task, value_string(launch->volume, "name")),
        .role_arn = task_text(task, value_string(managed, "roleArn")),
        .delete_on_termination = value_bool(
            value_get(managed, "terminationPolicy"), "deleteOnTermination", true),
    };
}

static struct task *build_task(struct api_call *call, const struct cluster *cluster,
    const struct instance *instance, const struct launch *launch) {
    struct task *task = task_new();
    char id[ID_HEX_SIZE];
    ids_hex(engine_ids(call->engine), id);
    task->task_id = task_text(task, id);
    task->arn = arn_task(
        task->arena, scope_region(call->scope), scope_account(call->scope), cluster->name, id);
    task->cluster_arn = task_text(task, cluster->arn);
    task->task_definition_arn = task_text(task, launch->definition_arn);
    task->family_id = launch->family_id;
    task->task_definition_id = launch->definition_id;
    task->launch_type = launch->launch_type;
    task->capacity_provider = task_text(task, launch->capacity_provider);
    task->group = task_text(task, launch->group);
    task->started_by = task_text(task, value_string_nonempty(call->input, "startedBy"));
    task->enable_execute_command = value_bool(call->input, "enableExecuteCommand", false);
    task->overrides = value_copy(task->arena, launch->overrides);
    build_size(call, task, launch->definition);
    build_place(call, task, instance, launch);
    build_interface(call, task, instance, launch);
    build_volume(call, task, launch);
    build_containers(call, task, cluster, launch->definition);
    build_demand(task, &launch->demand);
    return task;
}

int launch_task(struct api_call *call, struct cluster *cluster, struct instance *instance_or_null,
    struct launch *launch) {
    struct task *task = build_task(call, cluster, instance_or_null, launch);
    int result = build_tags(call, task, cluster, launch);
    if (result != 0) {
        task_free(task);
        return result;
    }
    result = engine_task_admit(call->engine, cluster, instance_or_null, task);
    if (result == 0)
        write_task(&call->writer, task, true);
    return result;
}
