/* Making one task from what a launch has found out. */
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/base/writer.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/engine/task_launch.h"
#include "engine_internal.h"
#include "task_endpoints.h"

enum {
    TAGS_MAX = 256 * 1024, /* bytes of a task's tags as JSON */
};

static const char *number_text(struct task *task, int64_t number) {
    char digits[TEXT_INT_SIZE];
    return arena_strndup(task->arena, digits, text_put_int(digits, number));
}

static void build_containers(struct engine *engine, struct task *task, const struct cluster *cluster,
    const struct task_definition *definition) {
    struct ids *ids = &engine->ids;
    task->container_count = definition->container_count;
    task->containers = arena_new_array(task->arena, struct task_container, definition->container_count);
    for (unsigned index = 0; index < definition->container_count; index++) {
        const struct task_definition_container *source = &definition->containers[index];
        struct task_container *container = &task->containers[index];
        char uuid[ID_UUID_SIZE];
        ids_uuid(ids, uuid);
        container->arn = arn_container(
            task->arena, cluster->scope->region, cluster->scope->account, cluster->name, task->task_id, uuid);
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
static void build_size(struct task *task, const struct task_launch *launch) {
    const struct task_definition *definition = launch->definition;
    task->cpu = task_text(task, launch->cpu != NULL ? launch->cpu : definition->shown_cpu);
    task->memory = task_text(task, launch->memory != NULL ? launch->memory : definition->shown_memory);
}

static void copy_ports(struct task *task, struct port_list *list, const struct port_list *from) {
    list->count = from->count;
    list->ports = arena_new_array(task->arena, uint16_t, from->count);
    if (from->count != 0)
        memcpy(list->ports, from->ports, from->count * sizeof(uint16_t));
}

static void build_demand(struct task *task, const struct task_demand *demand) {
    task->demand = (struct task_demand){.cpu_units = demand->cpu_units,
        .memory_mib = demand->memory_mib,
        .gpus = demand->gpus,
        .gpu_share_mib = demand->gpu_share_mib,
        .gpu_share_containers = demand->gpu_share_containers};
    for (unsigned protocol = 0; protocol < PORT_PROTOCOL_COUNT; protocol++)
        copy_ports(task, &task->demand.fixed[protocol], &demand->fixed[protocol]);
}

/* The caller's tags win over those of the definition; managed tags come first (facts: tasks 5.3). */
static void add_tag(struct engine *engine, struct value *tags, const char *key, struct value *value) {
    value_for_each(tag, tags) {
        if (text_equal(value_string(tag, "key"), key))
            return;
    }
    struct value *tag = value_new_map(engine->turn, 2);
    value_add(engine->turn, tag, "key", value_new_string(engine->turn, key));
    value_add(engine->turn, tag, "value", value != NULL ? value : value_new_string(engine->turn, ""));
    value_append(engine->turn, tags, tag);
}

static void add_tags(struct engine *engine, struct value *tags, const struct value *more) {
    value_for_each(tag, more) add_tag(engine, tags, value_string(tag, "key"), value_get(tag, "value"));
}

static int add_definition_tags(struct engine *engine, struct value *tags, int64_t definition_id) {
    struct task_definition_row row;
    struct value *inherited = NULL;
    int result = task_definition_rows_get_by_id(engine->store, definition_id, engine->turn, &row);
    if (result == 0 && value_parse(engine->turn, row.tags, strlen(row.tags), &inherited) == 0)
        add_tags(engine, tags, inherited);
    return result;
}

static int build_tags(struct engine *engine, struct task *task, const struct cluster *cluster,
    const struct task_launch *launch) {
    struct value *tags = value_new_list(engine->turn, 4);
    if (launch->managed_tags) {
        add_tag(engine, tags, "aws:ecs:clusterName", value_new_string(engine->turn, cluster->name));
        if (launch->service_name != NULL)
            add_tag(
                engine, tags, "aws:ecs:serviceName", value_new_string(engine->turn, launch->service_name));
    }
    add_tags(engine, tags, launch->tags);
    int result = launch->propagate_definition ? add_definition_tags(engine, tags, launch->definition_id) : 0;
    if (result != 0 || value_count(tags) == 0)
        return result;
    struct buf buf = BUF_INIT(TAGS_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_value(&writer, tags);
    task->tags = task_text(task, buf_text(&buf));
    result = buf_failed(&buf) ? error_raise(ERR_LIMIT, "the tags of a task are too large") : 0;
    buf_done(&buf);
    return result;
}

/* The subnet that the task goes into: one in its instance's zone, else the first. */
static const char *choose_subnet(struct engine *engine, const struct scope *scope,
    const struct instance *instance_or_null, const struct task_launch *launch) {
    if (launch->subnet != NULL)
        return launch->subnet;
    value_for_each(subnet, launch->subnets) {
        const char *zone = engine_subnet_zone(engine, scope, subnet->string);
        if (instance_or_null != NULL && zone != NULL && text_equal(zone, instance_or_null->zone))
            return subnet->string;
    }
    return value_string_at(launch->subnets, 0);
}

static void build_interface(struct engine *engine, struct task *task, const struct scope *scope,
    const struct instance *instance_or_null, const struct task_launch *launch) {
    if (launch->subnets == NULL)
        return;
    char uuid[ID_UUID_SIZE];
    ids_uuid(&engine->ids, uuid);
    task->interface.attachment_id = task_text(task, uuid);
    task->interface.status = "PRECREATED";
    task->interface.subnet_id = task_text(task, choose_subnet(engine, scope, instance_or_null, launch));
}

/* What a task that waits for capacity is placed by later. */
static struct value *waiting_value(struct task *task, const struct task_launch *launch) {
    struct value *waiting = value_new_map(task->arena, 3);
    if (launch->placement_constraints != NULL)
        value_add(task->arena, waiting, "placementConstraints",
            value_copy(task->arena, launch->placement_constraints));
    if (launch->placement_strategy != NULL)
        value_add(
            task->arena, waiting, "placementStrategy", value_copy(task->arena, launch->placement_strategy));
    if (launch->subnets != NULL)
        value_add(task->arena, waiting, "subnets", value_copy(task->arena, launch->subnets));
    return waiting;
}

static const char *zone_of(
    struct engine *engine, struct task *task, const struct scope *scope, const struct task_launch *launch) {
    return task_launch_zone_of_subnet(engine, scope, task->arena, choose_subnet(engine, scope, NULL, launch));
}

/* WINDOWS_SERVER_2019_CORE is shown as Windows_Server_2019_Core (facts: tasks 5.1). */
static const char *shown_family(struct task *task, const char *family) {
    char *text = task_text(task, family);
    for (char *cursor = text; *cursor != '\0'; cursor++) {
        bool begins = cursor == text || cursor[-1] == '_' || (cursor[-1] >= '0' && cursor[-1] <= '9');
        bool upper = *cursor >= 'A' && *cursor <= 'Z';
        if (upper && !begins)
            *cursor = (char)(*cursor - 'A' + 'a');
    }
    return text;
}

static void build_place(struct engine *engine, struct task *task, const struct scope *scope,
    const struct instance *instance, const struct task_launch *launch) {
    const struct task_definition *definition = launch->definition;
    task->cpu_architecture = definition->arm64 ? "arm64" : "x86_64";
    task->platform = launch->subnets != NULL ? TASK_ON_INSTANCE_AWSVPC : TASK_ON_INSTANCE;
    if (launch->waits) {
        task->waiting = waiting_value(task, launch);
        return;
    }
    if (launch->kind == LAUNCH_MANAGED_INSTANCES && instance == NULL) {
        task->availability_zone = zone_of(engine, task, scope, launch);
        return;
    }
    if (launch->kind == LAUNCH_FARGATE) {
        task->platform = TASK_ON_FARGATE;
        task->platform_version = launch->platform_version;
        task->platform_family = shown_family(task, launch->platform_family);
        task->ephemeral_gib = (int)value_int(value_get(launch->overrides, "ephemeralStorage"), "sizeInGiB",
            definition->ephemeral_storage_gib != 0 ? definition->ephemeral_storage_gib : 20);
        task->availability_zone = zone_of(engine, task, scope, launch);
        return;
    }
    task->container_instance_arn = instance->arn;
    task->availability_zone = instance->zone;
    task->cpu_architecture = instance->cpu_architecture;
}

static void build_volume(struct engine *engine, struct task *task, const struct task_launch *launch) {
    if (launch->volume == NULL)
        return;
    const struct value *managed = value_get(launch->volume, "managedEBSVolume");
    char uuid[ID_UUID_SIZE];
    ids_uuid(&engine->ids, uuid);
    task->volume = (struct task_volume){
        .attachment_id = task_text(task, uuid),
        .status = "CREATED", /* facts: tasks 5.1 */
        .name = task_text(task, value_string(launch->volume, "name")),
        .role_arn = task_text(task, value_string(managed, "roleArn")),
        .delete_on_termination = value_bool(
            value_get(managed, "terminationPolicy"), "deleteOnTermination", true),
    };
}

static struct task *build_task(struct engine *engine, const struct cluster *cluster,
    const struct instance *instance, const struct task_launch *launch) {
    struct task *task = task_new();
    char id[ID_HEX_SIZE];
    task->id = engine->last_task_row + 1; /* it is taken when the task is admitted */
    ids_hex_of_row(&engine->ids, task->id, id);
    task->task_id = task_text(task, id);
    task->arn = arn_task(task->arena, cluster->scope->region, cluster->scope->account, cluster->name, id);
    task->cluster_arn = task_text(task, cluster->arn);
    task->task_definition_arn = task_text(task, launch->definition_arn);
    task->family_id = launch->family_id;
    task->task_definition_id = launch->definition_id;
    task->service_id = launch->service_id;
    task->deployment_id = launch->deployment_id;
    task->launch_type = launch->launch_type;
    task->capacity_provider = task_text(task, launch->capacity_provider);
    task->group = task_text(task, launch->group);
    task->started_by = task_text(task, launch->started_by);
    task->enable_execute_command = launch->enable_execute_command;
    task->overrides = value_copy(task->arena, launch->overrides);
    build_size(task, launch);
    build_place(engine, task, cluster->scope, instance, launch);
    build_interface(engine, task, cluster->scope, instance, launch);
    build_volume(engine, task, launch);
    task_endpoints_build(engine, task, launch);
    build_containers(engine, task, cluster, launch->definition);
    build_demand(task, &launch->demand);
    return task;
}

int engine_task_launch(struct engine *engine, struct cluster *cluster, struct instance *instance_or_null,
    struct task_launch *launch, struct task **ret_task) {
    struct task *task = build_task(engine, cluster, instance_or_null, launch);
    int result = build_tags(engine, task, cluster, launch);
    if (result != 0) {
        task_free(task);
        return result;
    }
    result = engine_task_admit(engine, cluster, instance_or_null, task);
    if (result == 0)
        *ret_task = task;
    return result;
}
