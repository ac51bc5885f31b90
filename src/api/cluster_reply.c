#include "cluster_reply.h"

#include <stdio.h>
#include <string.h>

#include "ecs-local/base/value_json.h"

static void write_statistic(struct writer *writer, const char *name, unsigned count) {
    char digits[16];
    snprintf(digits, sizeof(digits), "%u", count);
    writer_object_begin(writer);
    writer_key_string(writer, "name", name);
    writer_key_string(writer, "value", digits);
    writer_object_end(writer);
}

/* Facts: tasks 3.1, STATISTICS. */
static void write_statistics(struct writer *writer, const struct cluster *cluster) {
    write_statistic(writer, "runningEC2TasksCount", cluster->running[LAUNCH_EC2]);
    write_statistic(writer, "runningFargateTasksCount", cluster->running[LAUNCH_FARGATE]);
    write_statistic(writer, "pendingEC2TasksCount", cluster->pending[LAUNCH_EC2]);
    write_statistic(writer, "pendingFargateTasksCount", cluster->pending[LAUNCH_FARGATE]);
    write_statistic(writer, "activeEC2ServiceCount", cluster->active_services[LAUNCH_EC2]);
    write_statistic(writer, "activeFargateServiceCount", cluster->active_services[LAUNCH_FARGATE]);
    write_statistic(writer, "drainingEC2ServiceCount", cluster->draining_services[LAUNCH_EC2]);
    write_statistic(writer, "drainingFargateServiceCount", cluster->draining_services[LAUNCH_FARGATE]);
    write_statistic(writer, "runningExternalTasksCount", cluster->running[LAUNCH_EXTERNAL]);
    write_statistic(writer, "pendingExternalTasksCount", cluster->pending[LAUNCH_EXTERNAL]);
    write_statistic(writer, "activeExternalServiceCount", cluster->active_services[LAUNCH_EXTERNAL]);
    write_statistic(writer, "drainingExternalServiceCount", cluster->draining_services[LAUNCH_EXTERNAL]);
}

/* The stored members, or an empty object when a cluster was created without any. */
struct value *cluster_document(struct api_call *call, const struct cluster *cluster) {
    struct value *document = NULL;
    if (cluster->document[1] == '}' ||
        value_parse(call->arena, cluster->document, strlen(cluster->document), &document) != 0)
        return NULL;
    return document;
}

static void write_settings(struct writer *writer, const struct value *document) {
    const struct value *settings = value_get(document, "settings");
    writer_key_list_begin(writer, "settings");
    if (value_count(settings) != 0) {
        value_for_each(setting, settings) writer_value(writer, setting);
    } else {
        writer_object_begin(writer);
        writer_key_string(writer, "name", "containerInsights");
        writer_key_string(writer, "value", "disabled");
        writer_object_end(writer);
    }
    writer_list_end(writer);
}

static void write_list_or_empty(struct writer *writer, const char *key, const struct value *list) {
    if (list != NULL)
        writer_key_value_opt(writer, key, list);
    else
        writer_key_empty_list(writer, key);
}

bool cluster_is_busy(struct api_call *call, const struct value *document) {
    return value_int(document, "busyUntil", 0) > engine_now_ms(call->engine);
}

/* Where attachments are made for a new cluster, or undone for one that goes, it takes a while. */
const char *cluster_status(
    struct api_call *call, const struct cluster *cluster, const struct value *document, bool updating) {
    bool under_way = value_get(document, "attachments") != NULL &&
                     (updating || cluster_is_busy(call, document));
    if (!cluster->active)
        return under_way ? "DEPROVISIONING" : "INACTIVE";
    return under_way && value_bool(document, "isNew", false) ? "PROVISIONING" : "ACTIVE";
}

/* Only clusters with capacity providers have them (facts: tasks 3.1). */
static void write_attachments(
    struct api_call *call, const struct value *document, const struct cluster_view *view) {
    struct writer *writer = &call->writer;
    bool updating = view->updating || cluster_is_busy(call, document);
    const struct value *attachments = value_get(document, "attachments");
    if (attachments == NULL)
        return;
    writer_key_list_begin(writer, "attachments");
    value_for_each(attachment, attachments) {
        writer_object_begin(writer);
        writer_key_value_opt(writer, "id", value_get(attachment, "id"));
        writer_key_value_opt(writer, "type", value_get(attachment, "type"));
        writer_key_string(writer, "status", updating ? "PRECREATED" : "CREATED");
        writer_key_value_opt(writer, "details", value_get(attachment, "details"));
        writer_object_end(writer);
    }
    writer_list_end(writer);
    writer_key_string(writer, "attachmentsStatus", updating ? "UPDATE_IN_PROGRESS" : "UPDATE_COMPLETE");
}

void write_cluster(struct api_call *call, const struct cluster *cluster, const struct cluster_view *view) {
    struct writer *writer = &call->writer;
    const struct value *document = cluster_document(call, cluster);
    writer_object_begin(writer);
    writer_key_string(writer, "clusterArn", cluster->arn);
    writer_key_string(writer, "clusterName", cluster->name);
    if (view->configuration)
        writer_key_value_opt(writer, "configuration", value_get(document, "configuration"));
    writer_key_string(writer, "status", cluster_status(call, cluster, document, view->updating));
    writer_key_int(writer, "registeredContainerInstancesCount", cluster->registered);
    writer_key_int(writer, "runningTasksCount", cluster_running_tasks(cluster));
    writer_key_int(writer, "pendingTasksCount", cluster_pending_tasks(cluster));
    writer_key_int(writer, "activeServicesCount", cluster->services_active);
    writer_key_list_begin(writer, "statistics");
    if (view->statistics)
        write_statistics(&call->writer, cluster);
    writer_list_end(writer);
    writer_key_raw(writer, "tags", view->tags ? cluster->tags : "[]");
    if (view->settings)
        write_settings(writer, document);
    else if (view->settings_member)
        writer_key_empty_list(writer, "settings");
    write_list_or_empty(writer, "capacityProviders", value_get(document, "capacityProviders"));
    write_list_or_empty(
        writer, "defaultCapacityProviderStrategy", value_get(document, "defaultCapacityProviderStrategy"));
    if (view->attachments)
        write_attachments(call, document, view);
    writer_key_value_opt(writer, "serviceConnectDefaults", value_get(document, "serviceConnectDefaults"));
    writer_object_end(writer);
}

void reply_cluster(struct api_call *call, const struct cluster *cluster, const struct cluster_view *view) {
    writer_object_begin(&call->writer);
    writer_key(&call->writer, "cluster");
    /* Fails only where statistics are asked for, which no reply of this form has. */
    write_cluster(call, cluster, view);
    writer_object_end(&call->writer);
}
