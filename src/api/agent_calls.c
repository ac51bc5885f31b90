/* What the container agent calls: DiscoverPollEndpoint, SubmitTaskStateChange, SubmitContainerStateChange,
 * SubmitAttachmentStateChanges (facts: tasks 13, agent 1). Reports of tasks that are not known any more are
 * acknowledged: an agent would send them again for a day. */
#include <string.h>

#include "api_lookup.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/arn.h"

enum {
    REPORTED_CONTAINERS_MAX = 64,
};

static void acknowledge(struct api_call *call) {
    writer_object_begin(&call->writer);
    writer_key_string(&call->writer, "acknowledgment", "ACCEPT");
    writer_object_end(&call->writer);
}

/* Whoever asks for its endpoint is an agent: from now on its instance's tasks wait for its reports. */
static int note_agent(struct api_call *call) {
    const char *arn = value_string_nonempty(call->input, "containerInstance");
    const char *type = NULL;
    const char *rest = NULL;
    struct violation violation;
    if (arn == NULL || arn_take_apart(call->arena, arn, scope_region(call->scope), scope_account(call->scope),
                           &type, &rest, &violation) != 0)
        return 0;
    const char *slash = strchr(rest, '/');
    struct cluster *cluster = slash != NULL ? engine_cluster_find(call->scope,
                                                  arena_strndup(call->arena, rest, (size_t)(slash - rest)))
                                            : NULL;
    struct instance *instance = cluster != NULL ? engine_instance_find(call->engine, cluster, slash + 1)
                                                : NULL;
    return instance != NULL ? engine_instance_has_agent(call->engine, instance) : 0;
}

/* Our own address, as the caller knows it. */
int api_discover_poll_endpoint(struct api_call *call) {
    const char *host = call->host != NULL ? call->host : "localhost";
    const char *cluster = NULL;
    struct writer *writer = &call->writer;
    int result = lookup_cluster_name(call, "cluster", &cluster);
    if (result == 0)
        result = note_agent(call);
    if (result != 0)
        return result;
    writer_object_begin(writer);
    writer_key_string(writer, "endpoint", arena_printf(call->arena, "http://%s/", host));
    writer_key_string(writer, "telemetryEndpoint", arena_printf(call->arena, "http://%s/tcs/", host));
    writer_key_string(writer, "serviceConnectEndpoint", arena_printf(call->arena, "http://%s/sc/", host));
    writer_object_end(writer);
    return result;
}

/* The task that a report is about; *ret_task NULL when it is not known. */
static int find_reported(struct api_call *call, struct task **ret_task) {
    const char *text = value_string_nonempty(call->input, "task");
    struct cluster *cluster = NULL;
    const char *id = NULL;
    struct violation violation;
    *ret_task = NULL;
    int result = lookup_cluster(call, "cluster", &cluster);
    if (result == 0 && text == NULL)
        return api_fail(call, ERROR_TASK_BLANK, NULL);
    if (result != 0)
        return result;
    if (arn_resolve_in_cluster(call->arena, ARN_TASK, "taskId", text, cluster->name,
            scope_region(call->scope), scope_account(call->scope), &id, &violation) != 0)
        return api_fail_with(call, &violation);
    result = engine_task_find(call->engine, cluster, id, ret_task);
    return result == ENGINE_NOT_FOUND ? 0 : result;
}

static int check_status(struct api_call *call, const char *status) {
    if (status == NULL || text_equal(status, "PENDING") || text_equal(status, "RUNNING") ||
        text_equal(status, "STOPPED"))
        return 0;
    return api_fail(call, ERROR_SUBMIT_STATUS, "PENDING,RUNNING,STOPPED");
}

static int read_container(
    struct api_call *call, const struct value *entry, const char *name, struct container_report *report) {
    *report = (struct container_report){
        .name = name,
        .runtime_id = value_string_nonempty(entry, "runtimeId"),
        .image_digest = value_string_nonempty(entry, "imageDigest"),
        .status = value_string_nonempty(entry, "status"),
        .reason = value_string_nonempty(entry, "reason"),
        .exited = value_has(entry, "exitCode"),
        .exit_code = (int)value_int(entry, "exitCode", 0),
        .bindings = value_get(entry, "networkBindings"),
    };
    return check_status(call, report->status);
}

static int read_containers(struct api_call *call, struct task_report *report) {
    const struct value *entries = value_get(call->input, "containers");
    const struct value *agents = value_get(call->input, "managedAgents");
    size_t count = value_count(entries) + value_count(agents);
    if (count > REPORTED_CONTAINERS_MAX)
        count = REPORTED_CONTAINERS_MAX;
    report->containers = arena_new_array(call->arena, struct container_report, count);
    value_for_each(entry, entries) {
        if (report->container_count == count)
            break;
        int result = read_container(call, entry, value_string(entry, "containerName"),
            &report->containers[report->container_count++]);
        if (result != 0)
            return result;
    }
    value_for_each(agent, agents) {
        if (report->container_count == count)
            break;
        int result = check_status(call, value_string_nonempty(agent, "status"));
        if (result != 0)
            return result;
        report->containers[report->container_count++] = (struct container_report){
            .name = value_string(agent, "containerName"),
            .agent_status = value_string(agent, "status"),
            .agent_reason = value_string_nonempty(agent, "reason"),
        };
    }
    return 0;
}

/* What an attachment's ARN (or id) names: the part behind the last slash. 0 or API_ERROR. */
static int attachment_id(struct api_call *call, const struct value *entry, const char **ret_id) {
    const char *text = value_string(entry, "attachmentArn");
    const char *type = NULL;
    const char *rest = text;
    struct violation violation;
    if (strchr(text, ':') != NULL) {
        if (arn_take_apart(call->arena, text, scope_region(call->scope), scope_account(call->scope), &type,
                &rest, &violation) != 0)
            return api_fail_with(call, &violation);
        if (!text_equal(type, "attachment"))
            return api_fail(call, ERROR_RESOURCE_TYPE, type);
    }
    const char *slash = strrchr(rest, '/');
    *ret_id = slash != NULL ? slash + 1 : rest;
    return 0;
}

static int check_attachments(struct api_call *call) {
    static const char *const statuses[] = {
        "PRECREATED", "CREATED", "ATTACHING", "ATTACHED", "DETACHING", "DETACHED", "DELETED", "FAILED"};
    value_for_each(entry, value_get(call->input, "attachments")) {
        const char *status = value_string_nonempty(entry, "status");
        const char *id = NULL;
        bool known = status == NULL;
        for (size_t index = 0; !known && index < array_length(statuses); index++)
            known = text_equal(status, statuses[index]);
        if (!known)
            return api_fail(call, ERROR_SUBMIT_STATUS,
                "PRECREATED,CREATED,ATTACHING,ATTACHED,DETACHING,DETACHED,DELETED,FAILED");
        int result = attachment_id(call, entry, &id);
        if (result != 0)
            return result;
    }
    return 0;
}

static int report_attachment(struct api_call *call, struct task *task, const struct value *entry) {
    const char *id = NULL;
    int result = attachment_id(call, entry, &id);
    return result != 0 ? result
                       : engine_task_attachment_report(
                             call->engine, task, id, value_string_nonempty(entry, "status"));
}

int api_submit_task_state_change(struct api_call *call) {
    struct task *task = NULL;
    struct task_report report = {
        .status = value_string_nonempty(call->input, "status"),
        .reason = value_string_nonempty(call->input, "reason"),
        .pull_started_ms = value_int(call->input, "pullStartedAt", 0),
        .pull_stopped_ms = value_int(call->input, "pullStoppedAt", 0),
        .execution_stopped_ms = value_int(call->input, "executionStoppedAt", 0),
    };
    int result = find_reported(call, &task);
    if (result == 0)
        result = check_status(call, report.status);
    if (result == 0)
        result = read_containers(call, &report);
    if (result == 0)
        result = check_attachments(call);
    value_for_each(entry, value_get(call->input, "attachments")) {
        if (result == 0 && task != NULL)
            result = report_attachment(call, task, entry);
    }
    if (result == 0 && task != NULL)
        result = engine_task_report(call->engine, task, &report);
    if (result == 0)
        acknowledge(call);
    return result;
}

/* The task follows its containers: RUNNING when all run, STOPPED when an essential one has ended. */
int api_submit_container_state_change(struct api_call *call) {
    struct task *task = NULL;
    struct container_report container;
    struct task_report report = {.containers = &container, .container_count = 1, .task_follows = true};
    int result = find_reported(call, &task);
    if (result == 0 && task != NULL && value_string_nonempty(call->input, "containerName") == NULL)
        return api_fail(call, ERROR_SUBMIT_CONTAINER_BLANK, NULL);
    if (result == 0)
        result = read_container(
            call, call->input, value_string_nonempty(call->input, "containerName"), &container);
    if (result == 0 && task != NULL && task_container_named(task, container.name) == NULL)
        return api_fail(call, ERROR_SUBMIT_CONTAINER, container.name);
    if (result == 0 && task != NULL)
        result = engine_task_report(call->engine, task, &report);
    if (result == 0)
        acknowledge(call);
    return result;
}

/* Interfaces of tasks. A container instance's own (its trunk) is attached from the beginning; what nobody knows any
 * more is acknowledged. */
int api_submit_attachment_state_changes(struct api_call *call) {
    struct cluster *cluster = NULL;
    int result = lookup_cluster(call, "cluster", &cluster);
    if (result == 0)
        result = check_attachments(call);
    value_for_each(entry, value_get(call->input, "attachments")) {
        const char *id = NULL;
        struct task *task = NULL;
        if (result == 0)
            result = attachment_id(call, entry, &id);
        if (result == 0)
            result = engine_task_of_attachment(call->engine, cluster, id, &task);
        if (result == 0)
            result = report_attachment(call, task, entry);
        else if (result == ENGINE_NOT_FOUND)
            result = 0;
    }
    if (result == 0)
        acknowledge(call);
    return result;
}
