/* The Task of the API, written and read back. Member order: facts tasks 5.1 and 5.2. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/task.h"

/* Writes the stretch when it is known. While a task waits for its place, nothing of it is for good. */
static bool stretch_repeat(const struct task_stretch *stretch, struct writer *writer) {
    if (stretch->text == NULL)
        return false;
    buf_append(writer->buf, stretch->text, stretch->length);
    writer->comma = stretch->comma;
    return true;
}

static void stretch_keep(
    const struct task *task, struct task_stretch *stretch, const struct writer *writer, size_t from) {
    if (task->waiting != NULL || buf_failed(writer->buf))
        return;
    stretch->length = writer->buf->length - from;
    stretch->comma = writer->comma;
    stretch->text = arena_strndup(task->arena, writer->buf->data + from, stretch->length);
}

void task_forget_stretches(struct task *task) {
    memset(task->stretches, 0, TASK_STRETCHES * sizeof(*task->stretches));
    for (unsigned index = 0; index < task->container_count; index++)
        memset(task->containers[index].stretches, 0, sizeof(task->containers[index].stretches));
}

void task_container_forget_run(struct task_container *container) {
    container->stretches[STRETCH_CONTAINER_RUN].text = NULL;
}

static void write_detail(struct writer *writer, const char *name, const char *value) {
    if (value == NULL)
        return;
    writer_object_begin(writer);
    writer_key_string(writer, "name", name);
    writer_key_string(writer, "value", value);
    writer_object_end(writer);
}

/* Before the interface is attached only its subnet is known (facts: tasks 5.3, RunTask answers of 2020 and
 * 2022). */
static void write_interface(const struct task_interface *interface, struct writer *writer) {
    if (interface->attachment_id != NULL) {
        writer_object_begin(writer);
        writer_key_string(writer, "id", interface->attachment_id);
        writer_key_string(writer, "type", "ElasticNetworkInterface");
        writer_key_string(writer, "status", interface->status);
        writer_key_list_begin(writer, "details");
        write_detail(writer, "subnetId", interface->subnet_id);
        if (!text_equal(interface->status, "PRECREATED")) {
            write_detail(writer, "networkInterfaceId", interface->interface_id);
            write_detail(writer, "macAddress", interface->mac_address);
            write_detail(writer, "privateDnsName", interface->private_dns_name);
            write_detail(writer, "privateIPv4Address", interface->private_ipv4);
        }
        writer_list_end(writer);
        writer_object_end(writer);
    }
}

/* A managed EBS volume (facts: tasks 5.1). */
static void write_volume(const struct task_volume *volume, struct writer *writer) {
    if (volume->attachment_id == NULL)
        return;
    writer_object_begin(writer);
    writer_key_string(writer, "id", volume->attachment_id);
    writer_key_string(writer, "type", "AmazonElasticBlockStorage");
    writer_key_string(writer, "status", volume->status);
    writer_key_list_begin(writer, "details");
    write_detail(writer, "roleArn", volume->role_arn);
    write_detail(writer, "volumeName", volume->name);
    write_detail(writer, "deleteOnTermination", volume->delete_on_termination ? "true" : "false");
    write_detail(writer, "volumeId", volume->volume_id);
    writer_list_end(writer);
    writer_object_end(writer);
}

static void write_endpoints(const struct task *task, struct writer *writer) {
    for (unsigned index = 0; index < task->endpoint_count; index++) {
        const struct task_endpoint *endpoint = &task->endpoints[index];
        writer_object_begin(writer);
        writer_key_string(writer, "id", endpoint->attachment_id);
        writer_key_string(writer, "type", endpoint->type);
        writer_key_string(writer, "status", endpoint->status);
        writer_key_value_opt(writer, "details", endpoint->details);
        writer_object_end(writer);
    }
}

static bool has_attachments(const struct task *task) {
    return task->interface.attachment_id != NULL || task->volume.attachment_id != NULL ||
           task->endpoint_count != 0;
}

static void write_attachments(const struct task *task, bool full, struct writer *writer) {
    writer_key_list_begin(writer, "attachments");
    if (full) {
        write_interface(&task->interface, writer);
        write_volume(&task->volume, writer);
        write_endpoints(task, writer);
    }
    writer_list_end(writer);
}

static void write_bindings(const struct task_container *container, struct writer *writer) {
    if (container->binding_count == 0) {
        writer_key_empty_list(writer, "networkBindings");
        return;
    }
    writer_key_list_begin(writer, "networkBindings");
    for (unsigned index = 0; index < container->binding_count; index++) {
        const struct task_binding *binding = &container->bindings[index];
        writer_object_begin(writer);
        writer_key_string(writer, "bindIP", binding->bind_ip);
        if (binding->container_port_range == NULL) {
            writer_key_int(writer, "containerPort", binding->container_port);
            writer_key_int(writer, "hostPort", binding->host_port);
        }
        writer_key_string(writer, "protocol", binding->protocol);
        writer_key_string_opt(writer, "containerPortRange", binding->container_port_range);
        writer_key_string_opt(writer, "hostPortRange", binding->host_port_range);
        writer_object_end(writer);
    }
    writer_list_end(writer);
}

static void write_interfaces(const struct task *task, bool attached, struct writer *writer) {
    if (!attached || task->interface.attachment_id == NULL) {
        writer_key_empty_list(writer, "networkInterfaces");
        return;
    }
    writer_key_list_begin(writer, "networkInterfaces");
    writer_object_begin(writer);
    writer_key_string(writer, "attachmentId", task->interface.attachment_id);
    writer_key_string(writer, "privateIpv4Address", task->interface.private_ipv4);
    writer_object_end(writer);
    writer_list_end(writer);
}

static void write_managed_agent(const struct task_container *container, struct writer *writer) {
    if (container->agent_status == NULL)
        return;
    writer_key_list_begin(writer, "managedAgents");
    writer_object_begin(writer);
    writer_key_timestamp_opt(writer, "lastStartedAt", container->agent_started_ms);
    writer_key_string(writer, "name", "ExecuteCommandAgent");
    writer_key_string_opt(writer, "reason", container->agent_reason);
    writer_key_string(writer, "lastStatus", container->agent_status);
    writer_object_end(writer);
    writer_list_end(writer);
}

static void write_gpus(const struct task_container *container, struct writer *writer) {
    if (container->gpu_count == 0)
        return;
    writer_key_list_begin(writer, "gpuIds");
    for (unsigned index = 0; index < container->gpu_count; index++)
        writer_string(writer, container->gpu_ids[index]);
    writer_list_end(writer);
    writer_key_value_opt(writer, "gpuSharingStrategy", container->gpu_sharing);
}

static void write_names(const struct task *task, struct task_container *container, struct writer *writer) {
    struct task_stretch *stretch = &container->stretches[STRETCH_CONTAINER_NAMES];
    if (stretch_repeat(stretch, writer))
        return;
    size_t from = writer->buf->length;
    writer_object_begin(writer);
    writer_key_string(writer, "containerArn", container->arn);
    writer_key_string(writer, "taskArn", task->arn);
    writer_key_string(writer, "name", container->name);
    writer_key_string(writer, "image", container->image);
    stretch_keep(task, stretch, writer, from);
}

static void write_run(const struct task *task, struct task_container *container, struct writer *writer) {
    struct task_stretch *stretch = &container->stretches[STRETCH_CONTAINER_RUN];
    if (stretch_repeat(stretch, writer))
        return;
    size_t from = writer->buf->length;
    writer_key_string_opt(writer, "imageDigest", container->image_digest);
    writer_key_string_opt(writer, "runtimeId", container->runtime_id);
    stretch_keep(task, stretch, writer, from);
}

static void write_size(const struct task *task, struct task_container *container, struct writer *writer) {
    struct task_stretch *stretch = &container->stretches[STRETCH_CONTAINER_SIZE];
    if (stretch_repeat(stretch, writer))
        return;
    size_t from = writer->buf->length;
    writer_key_string(writer, "cpu", container->cpu);
    writer_key_string_opt(writer, "memory", container->memory);
    writer_key_string_opt(writer, "memoryReservation", container->memory_reservation);
    write_gpus(container, writer);
    writer_object_end(writer);
    stretch_keep(task, stretch, writer, from);
}

static void write_container(
    const struct task *task, struct task_container *container, bool health, struct writer *writer) {
    bool has_run = task->started_ms != 0 || container->life.started_ms != 0;
    write_names(task, container, writer);
    if (has_run)
        write_run(task, container, writer);
    writer_key_word(writer, "lastStatus", container->last_status);
    if (container->exited)
        writer_key_int(writer, "exitCode", container->exit_code);
    writer_key_string_opt(writer, "reason", container->reason);
    if (has_run)
        write_bindings(container, writer);
    write_interfaces(task, task->connectivity_ms != 0, writer);
    if (health)
        writer_key_word_opt(writer, "healthStatus", container->health_status);
    write_managed_agent(container, writer);
    write_size(task, container, writer);
}

static void write_architecture(const struct task *task, struct writer *writer) {
    writer_key_list_begin(writer, "attributes");
    writer_object_begin(writer);
    writer_key_string(writer, "name", "ecs.cpu-architecture");
    writer_key_string(writer, "value", task->cpu_architecture);
    writer_object_end(writer);
    writer_list_end(writer);
}

static void write_storage(const struct task *task, struct writer *writer) {
    if (task->ephemeral_gib == 0)
        return;
    static const char *const members[] = {"ephemeralStorage", "fargateEphemeralStorage"};
    for (size_t index = 0; index < array_length(members); index++) {
        writer_key_object_begin(writer, members[index]);
        writer_key_int(writer, "sizeInGiB", task->ephemeral_gib);
        writer_object_end(writer);
    }
}

static void write_times_and_stop(const struct task *task, struct writer *writer) {
    writer_key_timestamp_opt(writer, "pullStartedAt", task->pull_started_ms);
    writer_key_timestamp_opt(writer, "pullStoppedAt", task->pull_stopped_ms);
    writer_key_timestamp_opt(writer, "startedAt", task->started_ms);
    writer_key_string_opt(writer, "startedBy", task->started_by);
    writer_key_string_opt(writer, "stopCode", task->stop_code);
    writer_key_timestamp_opt(writer, "stoppedAt", task->stopped_ms);
    writer_key_string_opt(writer, "stoppedReason", task->stopped_reason);
    writer_key_timestamp_opt(writer, "stoppingAt", task->stopping_ms);
}

static void write_cluster(const struct task *task, bool full, struct writer *writer) {
    struct task_stretch *stretch = &task->stretches[STRETCH_CLUSTER];
    if (has_attachments(task))
        write_attachments(task, full, writer);
    if (stretch_repeat(stretch, writer))
        return;
    size_t from = writer->buf->length;
    if (!has_attachments(task))
        writer_key_empty_list(writer, "attachments");
    write_architecture(task, writer);
    writer_key_string_opt(writer, "availabilityZone", task->availability_zone);
    writer_key_string_opt(writer, "capacityProviderName", task->capacity_provider);
    writer_key_string(writer, "clusterArn", task->cluster_arn);
    stretch_keep(task, stretch, writer, from);
}

static void write_connectivity(const struct task *task, struct writer *writer) {
    if (task->connectivity_ms == 0)
        return;
    writer_key_word(writer, "connectivity", task->disconnected ? "DISCONNECTED" : "CONNECTED");
    writer_key_timestamp_opt(writer, "connectivityAt", task->connectivity_ms);
}

static void write_instance(const struct task *task, struct writer *writer) {
    struct task_stretch *stretch = &task->stretches[STRETCH_INSTANCE];
    if (stretch_repeat(stretch, writer))
        return;
    size_t from = writer->buf->length;
    writer_key_string_opt(writer, "containerInstanceArn", task->container_instance_arn);
    writer_key_list_begin(writer, "containers");
    stretch_keep(task, stretch, writer, from);
}

static void write_containers_end(const struct task *task, struct writer *writer) {
    struct task_stretch *stretch = &task->stretches[STRETCH_CONTAINERS_END];
    if (stretch_repeat(stretch, writer))
        return;
    size_t from = writer->buf->length;
    writer_list_end(writer);
    writer_key_string_opt(writer, "cpu", task->cpu);
    stretch_keep(task, stretch, writer, from);
}

static void write_overrides(const struct task *task, bool full, struct writer *writer) {
    if (full)
        writer_key_value_opt(writer, "overrides", task->overrides);
    else
        writer_key_raw(
            writer, "overrides", "{\"containerOverrides\":[],\"inferenceAcceleratorOverrides\":[]}");
}

static void write_launch_type(const struct task *task, bool full, struct writer *writer) {
    struct task_stretch *stretch = &task->stretches[STRETCH_LAUNCH_TYPE];
    if (stretch_repeat(stretch, writer))
        return;
    size_t from = writer->buf->length;
    writer_key_string(writer, "launchType", task->launch_type);
    writer_key_string_opt(writer, "memory", task->memory);
    write_overrides(task, full, writer);
    writer_key_string_opt(writer, "platformVersion", task->platform_version);
    writer_key_string_opt(writer, "platformFamily", task->platform_family);
    stretch_keep(task, stretch, writer, from);
}

static void write_definition(const struct task *task, struct writer *writer) {
    struct task_stretch *stretch = &task->stretches[STRETCH_DEFINITION];
    if (stretch_repeat(stretch, writer))
        return;
    size_t from = writer->buf->length;
    writer_key_string(writer, "taskArn", task->arn);
    writer_key_string(writer, "taskDefinitionArn", task->task_definition_arn);
    stretch_keep(task, stretch, writer, from);
}

static void write_document(const struct task *task, bool full, bool health, struct writer *writer) {
    writer_object_begin(writer);
    write_cluster(task, full, writer);
    write_connectivity(task, writer);
    write_instance(task, writer);
    for (unsigned index = 0; full && index < task->container_count; index++)
        write_container(task, &task->containers[index], health, writer);
    write_containers_end(task, writer);
    writer_key_timestamp_opt(writer, "createdAt", task->created_ms);
    writer_key_word(writer, "desiredStatus", task_status_name(task->desired));
    writer_key_bool(writer, "enableExecuteCommand", task->enable_execute_command);
    writer_key_timestamp_opt(writer, "executionStoppedAt", task->execution_stopped_ms);
    writer_key_string(writer, "group", task->group);
    writer_key_word_opt(writer, "healthStatus", task_health_status(task));
    writer_key_word(writer, "lastStatus", task_status_name(task->status));
    write_launch_type(task, full, writer);
    write_times_and_stop(task, writer);
    write_definition(task, writer);
    writer_key_int(writer, "version", task->version);
    write_storage(task, writer);
    writer_object_end(writer);
}

void task_write_document(const struct task *task, struct writer *writer) {
    write_document(task, task->waiting == NULL, true, writer);
}

void task_write_full_document(const struct task *task, struct writer *writer) {
    write_document(task, true, true, writer);
}

void task_write_stopping_document(const struct task *task, struct writer *writer) {
    write_document(task, task->waiting == NULL, task->status == TASK_STOPPED, writer);
}
