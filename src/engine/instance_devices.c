/* What of a container instance goes to a task as a whole piece: GPUs and network interfaces, and the trunk that lets an
 * instance have more of them (facts: tasks 7.1, 8.4, 10 awsvpcTrunking). */
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/base/writer.h"
#include "ecs-local/domain/instance_type.h"
#include "ecs-local/domain/task_overrides.h"
#include "ecs-local/store/account_rows.h"
#include "engine_internal.h"

#define TRUNK_ATTRIBUTE "ecs.awsvpc-trunk-id"
#define TRUNK_CAPABILITY "ecs.capability.task-eni-trunking"

enum {
    DOCUMENT_MAX = 4 * 1024 * 1024,
};

/* The one GPU that they share goes to all containers that asked to. */
static void deal_shared_gpu(
    struct task *task, const struct instance *instance, const struct task_definition *definition) {
    for (unsigned index = 0; index < definition->container_count; index++) {
        const struct task_definition_container *source = &definition->containers[index];
        struct task_container *container = task_container_named(task, source->name);
        const struct value *sharing = task_overrides_gpu_sharing(task->overrides, source);
        if (container == NULL || sharing == NULL)
            continue;
        container->gpu_sharing = value_copy(task->arena, sharing);
        container->gpu_ids = arena_new_array(task->arena, const char *, 1);
        container->gpu_count = 0;
        for (unsigned gpu = 0; gpu < GPUS_MAX && container->gpu_count == 0; gpu++) {
            if ((task->demand.gpu_set & (uint64_t)1 << gpu) != 0)
                container->gpu_ids[container->gpu_count++] = task_text(
                    task, instance->resources.gpu_ids[gpu]);
        }
    }
}

/* Deals the chosen GPUs out to the containers that asked for some, in their order. */
static void deal_gpus(
    struct task *task, const struct instance *instance, const struct task_definition *definition) {
    unsigned gpu = 0;
    for (unsigned index = 0; index < definition->container_count; index++) {
        const struct task_definition_container *source = &definition->containers[index];
        struct task_container *container = task_container_named(task, source->name);
        int64_t wanted = task_overrides_gpus(task->overrides, source);
        if (container == NULL || wanted <= 0)
            continue;
        container->gpu_ids = arena_new_array(
            task->arena, const char *, (size_t)(wanted < GPUS_MAX ? wanted : GPUS_MAX));
        container->gpu_count = 0;
        for (; gpu < GPUS_MAX && container->gpu_count < (uint64_t)wanted; gpu++) {
            if ((task->demand.gpu_set & (uint64_t)1 << gpu) != 0)
                container->gpu_ids[container->gpu_count++] = task_text(
                    task, instance->resources.gpu_ids[gpu]);
        }
    }
}

int task_take(struct engine *engine, struct task *task, struct instance *instance) {
    task->demand.enis = task->interface.attachment_id != NULL;
    if (task->demand.gpus != 0 || task->demand.gpu_share_mib != 0) {
        const struct task_definition *definition = NULL;
        int result = engine_task_definition(engine, task->task_definition_id, &definition);
        if (result != 0)
            return result;
        resources_choose_gpus(&instance->resources, &task->demand);
        if (task->demand.gpu_share_mib != 0)
            deal_shared_gpu(task, instance, definition);
        else
            deal_gpus(task, instance, definition);
        task_forget_stretches(task);
    }
    resources_take(&instance->resources, &task->demand);
    task->holds = true;
    instance_touch(engine, instance);
    return 0;
}

/* The primary interface is the instance's own, unless a trunk takes its branches' place. */
int64_t instance_eni_limit(const struct instance *instance) {
    const char *name = instance_attribute(instance, "ecs.instance-type");
    struct instance_type type;
    if (name == NULL || !instance_type_find(name, &type))
        return ENIS_UNKNOWN;
    if (instance_attribute(instance, TRUNK_ATTRIBUTE) != NULL)
        return instance_type_trunk_enis(&type);
    return type.enis > 1 ? type.enis - 1 : ENIS_UNKNOWN;
}

int64_t instance_gpu_memory(const struct instance *instance) {
    const char *name = instance_attribute(instance, "ecs.instance-type");
    return name != NULL ? instance_type_gpu_memory(name) : 0;
}

static int trunking_is_on(struct engine *engine, const struct scope *scope, bool *ret_on) {
    const char *root = arena_printf(engine->turn, "arn:%s:iam::%s:root", scope->partition, scope->account);
    const char *value = NULL;
    int result = account_setting_rows_get(
        engine->store, scope->id, root, "awsvpcTrunking", engine->turn, &value);
    *ret_on = result == 0 && text_equal(value, "enabled");
    return result < 0 ? result : 0;
}

static const struct value *attribute_named(const struct value *document, const char *name) {
    value_for_each(attribute, value_get(document, "attributes")) {
        if (text_equal(value_string(attribute, "name"), name))
            return attribute;
    }
    return NULL;
}

static bool takes_trunk(const struct value *document) {
    const char *name = value_string(attribute_named(document, "ecs.instance-type"), "value");
    struct instance_type type;
    return name != NULL && instance_type_find(name, &type) && instance_type_trunk_enis(&type) != 0 &&
           attribute_named(document, TRUNK_CAPABILITY) != NULL &&
           attribute_named(document, TRUNK_ATTRIBUTE) == NULL;
}

static struct value *pair(struct arena *arena, const char *name, const char *value) {
    struct value *map = value_new_map(arena, 2);
    value_add(arena, map, "name", value_new_string(arena, name));
    value_add(arena, map, "value", value_new_string(arena, value));
    return map;
}

/* Shape of the attachment: D, by analogy with a task's. */
static void add_trunk(struct engine *engine, struct value *document) {
    struct arena *arena = engine->turn;
    char suffix[18];
    char uuid[ID_UUID_SIZE];
    ids_hex_bytes(&engine->ids, suffix, 8);
    ids_uuid(&engine->ids, uuid);
    const char *interface_id = arena_printf(arena, "eni-0%.16s", suffix);
    struct value *attachment = value_new_map(arena, 4);
    struct value *details = value_new_list(arena, 1);
    struct value *attachments = value_new_list(arena, 1);
    value_append(arena, details, pair(arena, "networkInterfaceId", interface_id));
    value_add(arena, attachment, "id", value_new_string(arena, arena_strdup(arena, uuid)));
    value_add(arena, attachment, "type", value_new_string(arena, "ElasticNetworkInterface"));
    value_add(arena, attachment, "status", value_new_string(arena, "ATTACHED"));
    value_add(arena, attachment, "details", details);
    value_append(arena, attachments, attachment);
    value_append(arena, value_get(document, "attributes"), pair(arena, TRUNK_ATTRIBUTE, interface_id));
    value_set(arena, document, "attachments", attachments);
}

int instance_add_trunk(struct engine *engine, const struct scope *scope, const char **document) {
    bool on = false;
    struct value *parsed = NULL;
    int result = trunking_is_on(engine, scope, &on);
    if (result != 0 || !on)
        return result;
    if (value_parse(engine->turn, *document, strlen(*document), &parsed) != 0)
        return error_raise(ERR_BUG, "the document of a container instance is none");
    if (!takes_trunk(parsed))
        return 0;
    add_trunk(engine, parsed);
    struct buf buf = BUF_INIT(DOCUMENT_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_value(&writer, parsed);
    *document = arena_strdup(engine->turn, buf_text(&buf));
    buf_done(&buf);
    return 0;
}
