/* Reads back what task_write_document() wrote, and the reservation column. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/task.h"

static int64_t time_of(const struct value *map, const char *key) {
    const struct value *value = value_get(map, key);
    if (value == NULL)
        return 0;
    if (value->kind == VALUE_INT)
        return value->integer * 1000;
    return value->kind == VALUE_REAL ? (int64_t)llround(value->real * 1000) : 0;
}

static const char *detail(const struct value *details, const char *name) {
    value_for_each(entry, details) {
        if (text_equal(value_string(entry, "name"), name))
            return value_string(entry, "value");
    }
    return NULL;
}

static void read_interface(struct task_interface *interface, const struct value *attachments) {
    value_for_each(attachment, attachments) {
        if (!text_equal(value_string(attachment, "type"), "ElasticNetworkInterface"))
            continue;
        const struct value *details = value_get(attachment, "details");
        interface->attachment_id = value_string(attachment, "id");
        interface->status = value_string(attachment, "status");
        interface->subnet_id = detail(details, "subnetId");
        interface->interface_id = detail(details, "networkInterfaceId");
        interface->mac_address = detail(details, "macAddress");
        interface->private_dns_name = detail(details, "privateDnsName");
        interface->private_ipv4 = detail(details, "privateIPv4Address");
    }
}

static void read_volume(struct task_volume *volume, const struct value *attachments) {
    value_for_each(attachment, attachments) {
        if (!text_equal(value_string(attachment, "type"), "AmazonElasticBlockStorage"))
            continue;
        const struct value *details = value_get(attachment, "details");
        volume->attachment_id = value_string(attachment, "id");
        volume->status = value_string(attachment, "status");
        volume->role_arn = detail(details, "roleArn");
        volume->name = detail(details, "volumeName");
        volume->volume_id = detail(details, "volumeId");
        volume->delete_on_termination = !text_equal(detail(details, "deleteOnTermination"), "false");
    }
}

static void read_endpoints(struct task *task, const struct value *attachments) {
    value_for_each(attachment, attachments) {
        const char *type = value_string(attachment, "type");
        if (task->endpoint_count == TASK_ENDPOINTS_MAX ||
            (!text_equal(type, "Service Connect") && !text_equal(type, "Service Discovery")))
            continue;
        task->endpoints[task->endpoint_count++] = (struct task_endpoint){
            .attachment_id = value_string(attachment, "id"),
            .type = type,
            .status = value_string(attachment, "status"),
            .details = value_get(attachment, "details"),
        };
    }
}

static void read_bindings(struct task *task, struct task_container *container, const struct value *list) {
    container->binding_count = (unsigned)value_count(list);
    container->bindings = arena_new_array(task->arena, struct task_binding, container->binding_count);
    value_for_each(entry, list) {
        struct task_binding *binding = &container->bindings[entry_index];
        binding->bind_ip = value_string(entry, "bindIP");
        binding->container_port = (int)value_int(entry, "containerPort", 0);
        binding->host_port = (int)value_int(entry, "hostPort", 0);
        binding->protocol = value_string(entry, "protocol");
        binding->container_port_range = value_string(entry, "containerPortRange");
        binding->host_port_range = value_string(entry, "hostPortRange");
    }
}

static void read_gpus(struct task *task, struct task_container *container, const struct value *list) {
    container->gpu_count = (unsigned)value_count(list);
    container->gpu_ids = arena_new_array(task->arena, const char *, container->gpu_count);
    value_for_each(id, list) container->gpu_ids[id_index] = id->string;
}

static void read_container(struct task *task, struct task_container *container, const struct value *entry) {
    container->arn = value_string(entry, "containerArn");
    container->name = value_string(entry, "name");
    container->image = value_string(entry, "image");
    container->image_digest = value_string(entry, "imageDigest");
    container->runtime_id = value_string(entry, "runtimeId");
    container->last_status = value_string(entry, "lastStatus");
    container->exited = value_has(entry, "exitCode");
    container->exit_code = (int)value_int(entry, "exitCode", 0);
    container->reason = value_string(entry, "reason");
    container->health_status = value_string(entry, "healthStatus");
    container->essential = true;
    container->cpu = value_string(entry, "cpu");
    container->memory = value_string(entry, "memory");
    container->memory_reservation = value_string(entry, "memoryReservation");
    read_bindings(task, container, value_get(entry, "networkBindings"));
    read_gpus(task, container, value_get(entry, "gpuIds"));
    container->gpu_sharing = value_get(entry, "gpuSharingStrategy");
    const struct value *agent = value_at(value_get(entry, "managedAgents"), 0);
    container->agent_status = value_string(agent, "lastStatus");
    container->agent_reason = value_string(agent, "reason");
    container->agent_started_ms = time_of(agent, "lastStartedAt");
}

static void read_times_and_stop(struct task *task, const struct value *document) {
    task->created_ms = time_of(document, "createdAt");
    task->connectivity_ms = time_of(document, "connectivityAt");
    task->disconnected = text_equal(value_string(document, "connectivity"), "DISCONNECTED");
    task->pull_started_ms = time_of(document, "pullStartedAt");
    task->pull_stopped_ms = time_of(document, "pullStoppedAt");
    task->started_ms = time_of(document, "startedAt");
    task->stopping_ms = time_of(document, "stoppingAt");
    task->execution_stopped_ms = time_of(document, "executionStoppedAt");
    task->stopped_ms = time_of(document, "stoppedAt");
    task->stop_code = value_string(document, "stopCode");
    task->stopped_reason = value_string(document, "stoppedReason");
}

static void read_identity(struct task *task, const struct value *document) {
    task->arn = value_string(document, "taskArn");
    task->cluster_arn = value_string(document, "clusterArn");
    task->task_definition_arn = value_string(document, "taskDefinitionArn");
    task->container_instance_arn = value_string(document, "containerInstanceArn");
    task->launch_type = value_string(document, "launchType");
    task->capacity_provider = value_string(document, "capacityProviderName");
    task->platform_version = value_string(document, "platformVersion");
    task->platform_family = value_string(document, "platformFamily");
    task->availability_zone = value_string(document, "availabilityZone");
    task->cpu_architecture = value_string(value_at(value_get(document, "attributes"), 0), "value");
    task->cpu = value_string(document, "cpu");
    task->memory = value_string(document, "memory");
    task->group = value_string(document, "group");
    task->started_by = value_string(document, "startedBy");
    task->enable_execute_command = value_bool(document, "enableExecuteCommand", false);
    task->ephemeral_gib = (int)value_int(value_get(document, "ephemeralStorage"), "sizeInGiB", 0);
    task->overrides = value_get(document, "overrides");
    task->version = value_int(document, "version", 1);
}

int task_read_document(struct task *task, const struct value *document) {
    read_identity(task, document);
    if (task->arn == NULL || task->launch_type == NULL || task->group == NULL ||
        task->cpu_architecture == NULL ||
        task_status_parse(value_string(document, "lastStatus"), &task->status) != 0 ||
        task_status_parse(value_string(document, "desiredStatus"), &task->desired) != 0)
        return ERR_BUG;
    const char *slash = strrchr(task->arn, '/');
    task->task_id = slash != NULL ? slash + 1 : task->arn;
    read_interface(&task->interface, value_get(document, "attachments"));
    read_volume(&task->volume, value_get(document, "attachments"));
    read_endpoints(task, value_get(document, "attachments"));
    if (text_equal(task->launch_type, "FARGATE"))
        task->platform = TASK_ON_FARGATE;
    else
        task->platform = task->interface.attachment_id != NULL ? TASK_ON_INSTANCE_AWSVPC : TASK_ON_INSTANCE;
    read_times_and_stop(task, document);
    const struct value *containers = value_get(document, "containers");
    task->container_count = (unsigned)value_count(containers);
    task->containers = arena_new_array(task->arena, struct task_container, task->container_count);
    value_for_each(entry, containers) read_container(task, &task->containers[entry_index], entry);
    return 0;
}
