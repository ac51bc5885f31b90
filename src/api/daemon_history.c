/* DescribeDaemonDeployments, ListDaemonDeployments, DescribeDaemonRevisions (facts: services 13). */
#include <stdint.h>
#include <string.h>

#include "daemon_lookup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/daemon.h"
#include "gateway_lookup.h"
#include "page_token.h"

enum {
    DEPLOYMENTS_PAGE = 20,
};

/* Numbers of one revision, provider by provider. */
static int write_revision_detail(struct api_call *call, const struct daemon_name *name,
    const struct daemon_row *daemon, int64_t revision_id) {
    struct writer *writer = &call->writer;
    struct daemon_revision_row revision;
    struct daemon_provider_counts *counts = NULL;
    struct daemon_provider_counts total = {0};
    unsigned count = 0;
    int result = daemon_revision_rows_get_by_id(
        engine_store(call->engine), revision_id, call->arena, &revision);
    if (result == 0)
        result = engine_daemon_count(call->engine, daemon, &revision, call->arena, &counts, &count);
    if (result != 0)
        return result <= 0 ? result : -1;
    writer_object_begin(writer);
    writer_key_string(
        writer, "arn", daemon_arn(call, "daemon-revision", name->cluster, name->daemon, revision.digits));
    writer_key_list_begin(writer, "capacityProviders");
    for (unsigned index = 0; index < count; index++) {
        writer_object_begin(writer);
        writer_key_string(writer, "arn", provider_arn_of(call, counts[index].name));
        writer_key_int(writer, "runningInstanceCount", counts[index].running);
        writer_key_int(writer, "withoutDaemonInstanceCount", counts[index].without);
        writer_key_int(writer, "drainingInstanceCount", counts[index].draining);
        writer_object_end(writer);
        total.running += counts[index].running;
        total.without += counts[index].without;
        total.draining += counts[index].draining;
    }
    writer_list_end(writer);
    writer_key_int(writer, "totalRunningInstanceCount", total.running);
    writer_key_int(writer, "totalWithoutDaemonInstanceCount", total.without);
    writer_key_int(writer, "totalDrainingInstanceCount", total.draining);
    writer_object_end(writer);
    return 0;
}

/* What a watcher of the deployment says: the circuit breaker always watches, alarms when they were given. */
static const char *watcher_status(
    const struct daemon_deployment_row *deployment, bool watches, bool triggered) {
    if (!watches)
        return "DISABLED";
    if (triggered)
        return "TRIGGERED";
    return deployment->finished_ms != 0 ? "MONITORING_COMPLETE" : "MONITORING";
}

static void write_watchers(struct api_call *call, const struct daemon_deployment_row *deployment) {
    struct writer *writer = &call->writer;
    bool by_alarm = !text_equal(deployment->triggered, "[]");
    bool by_failures = deployment->rollback_reason != NULL && !by_alarm;
    writer_key_object_begin(writer, "circuitBreaker");
    writer_key_int(writer, "failureCount", deployment->failures);
    writer_key_string(writer, "status", watcher_status(deployment, true, by_failures));
    writer_key_int(writer, "threshold", DAEMON_FAILURES_MAX);
    writer_object_end(writer);
    writer_key_object_begin(writer, "alarms");
    writer_key_string(
        writer, "status", watcher_status(deployment, !text_equal(deployment->alarms, "[]"), by_alarm));
    writer_key_raw(writer, "alarmNames", deployment->alarms);
    writer_key_raw(writer, "triggeredAlarmNames", deployment->triggered);
    writer_object_end(writer);
}

static int write_rollback(
    struct api_call *call, const struct daemon_name *name, const struct daemon_deployment_row *deployment) {
    struct writer *writer = &call->writer;
    struct daemon_revision_row target;
    if (deployment->rollback_reason == NULL)
        return 0;
    writer_key_object_begin(writer, "rollback");
    writer_key_string(writer, "reason", deployment->rollback_reason);
    writer_key_timestamp_opt(writer, "startedAt", deployment->rollback_ms);
    int result = 0;
    if (deployment->source_revision_id != 0) {
        result = daemon_revision_rows_get_by_id(
            engine_store(call->engine), deployment->source_revision_id, call->arena, &target);
        if (result == 0) {
            writer_key_string(writer, "rollbackTargetDaemonRevisionArn",
                daemon_arn(call, "daemon-revision", name->cluster, name->daemon, target.digits));
            writer_key_raw(writer, "rollbackCapacityProviders", target.providers);
        }
    }
    writer_object_end(writer);
    return result <= 0 ? result : -1;
}

static void write_configuration(struct api_call *call, const struct daemon_deployment_row *deployment) {
    struct writer *writer = &call->writer;
    writer_key_object_begin(writer, "deploymentConfiguration");
    if (deployment->drain_percent >= 0) {
        writer_key(writer, "drainPercent");
        writer_real(writer, deployment->drain_percent);
    }
    writer_key_object_begin(writer, "alarms");
    writer_key_raw(writer, "alarmNames", deployment->alarms);
    writer_key_bool(writer, "enable", !text_equal(deployment->alarms, "[]"));
    writer_object_end(writer);
    writer_key_int(writer, "bakeTimeInMinutes", deployment->bake_minutes);
    writer_object_end(writer);
}

static void write_times(struct api_call *call, const struct daemon_deployment_row *deployment) {
    struct writer *writer = &call->writer;
    writer_key_timestamp_opt(writer, "createdAt", deployment->created_ms);
    writer_key_timestamp_opt(writer, "startedAt", deployment->started_ms);
    writer_key_timestamp_opt(writer, "stoppedAt", deployment->stopped_ms);
    writer_key_timestamp_opt(writer, "finishedAt", deployment->finished_ms);
}

static int write_deployment(struct api_call *call, const struct daemon_name *name,
    const struct daemon_row *daemon, const struct daemon_deployment_row *deployment) {
    struct writer *writer = &call->writer;
    const struct cluster *cluster = engine_cluster_find(call->scope, name->cluster);
    writer_object_begin(writer);
    writer_key_string(writer, "daemonDeploymentArn",
        daemon_arn(call, "daemon-deployment", name->cluster, name->daemon, deployment->uid));
    writer_key_string(writer, "clusterArn", cluster->arn);
    writer_key_string(writer, "status", deployment->status);
    writer_key_string_opt(writer, "statusReason", deployment->reason);
    writer_key(writer, "targetDaemonRevision");
    int result = write_revision_detail(call, name, daemon, deployment->revision_id);
    writer_key_list_begin(writer, "sourceDaemonRevisions");
    if (result == 0 && deployment->source_revision_id != 0)
        result = write_revision_detail(call, name, daemon, deployment->source_revision_id);
    writer_list_end(writer);
    write_watchers(call, deployment);
    if (result == 0)
        result = write_rollback(call, name, deployment);
    write_configuration(call, deployment);
    write_times(call, deployment);
    writer_object_end(writer);
    return result;
}

/* Writes what `one` finds for each ARN of the list, and the others as failures. */
static int describe_each(struct api_call *call, const char *list, const char *member, const char *type,
    int (*one)(struct api_call *call, const struct daemon_name *name, const struct daemon_row *daemon)) {
    struct writer *writer = &call->writer;
    struct value *missing = value_new_list(call->arena, 0);
    writer_object_begin(writer);
    writer_key_list_begin(writer, member);
    value_for_each(arn, value_get(call->input, list)) {
        struct daemon_name name;
        struct daemon_row daemon;
        int result = daemon_name_read(call, arn->string, type, &name);
        if (result == 0 && engine_cluster_find(call->scope, name.cluster) == NULL)
            return api_fail(call, ERROR_CLUSTER_NOT_FOUND, NULL);
        if (result == 0)
            result = daemon_find(call, &name, &daemon);
        if (result == 0)
            result = one(call, &name, &daemon);
        if (result == STORE_NOT_FOUND)
            value_append(call->arena, missing, arn);
        else if (result != 0)
            return result;
    }
    writer_list_end(writer);
    writer_key_list_begin(writer, "failures");
    value_for_each(arn, missing) write_failure(writer, arn->string, "MISSING");
    writer_list_end(writer);
    writer_object_end(writer);
    return 0;
}

static int describe_deployment(
    struct api_call *call, const struct daemon_name *name, const struct daemon_row *daemon) {
    struct daemon_deployment_row deployment;
    int result = daemon_deployment_rows_get(
        engine_store(call->engine), daemon->id, name->id, call->arena, &deployment);
    return result == 0 ? write_deployment(call, name, daemon, &deployment) : result;
}

int api_describe_daemon_deployments(struct api_call *call) {
    return describe_each(
        call, "daemonDeploymentArns", "daemonDeployments", "daemon-deployment", describe_deployment);
}

static int describe_revision(
    struct api_call *call, const struct daemon_name *name, const struct daemon_row *daemon) {
    struct writer *writer = &call->writer;
    struct daemon_revision_row revision;
    int result = daemon_revision_rows_get(
        engine_store(call->engine), daemon->id, name->id, call->arena, &revision);
    if (result != 0)
        return result;
    writer_object_begin(writer);
    writer_key_string(writer, "daemonRevisionArn",
        daemon_arn(call, "daemon-revision", name->cluster, name->daemon, revision.digits));
    writer_key_string(writer, "clusterArn", engine_cluster_find(call->scope, name->cluster)->arn);
    writer_key_string(writer, "daemonArn", daemon_arn(call, "daemon", name->cluster, name->daemon, NULL));
    writer_key_string(writer, "daemonTaskDefinitionArn",
        daemon_definition_arn(call, revision.family + strlen(DAEMON_FAMILY_PREFIX), revision.revision));
    writer_key_timestamp_opt(writer, "createdAt", revision.created_ms);
    writer_key_raw(writer, "containerImages", revision.images);
    writer_key_string(writer, "propagateTags", revision.propagate_tags);
    writer_key_bool(writer, "enableECSManagedTags", revision.managed_tags);
    writer_key_bool(writer, "enableExecuteCommand", revision.execute_command);
    writer_key_bool(writer, "critical", revision.critical);
    writer_object_end(writer);
    return 0;
}

int api_describe_daemon_revisions(struct api_call *call) {
    return describe_each(call, "daemonRevisionArns", "daemonRevisions", "daemon-revision", describe_revision);
}

static int write_summary(struct api_call *call, const struct cluster *cluster,
    const struct daemon_row *daemon, const struct daemon_deployment_row *deployment) {
    struct writer *writer = &call->writer;
    struct daemon_revision_row target;
    int result = daemon_revision_rows_get_by_id(
        engine_store(call->engine), deployment->revision_id, call->arena, &target);
    if (result != 0)
        return result <= 0 ? result : -1;
    writer_object_begin(writer);
    writer_key_string(writer, "daemonDeploymentArn",
        daemon_arn(call, "daemon-deployment", cluster->name, daemon->name, deployment->uid));
    writer_key_string(writer, "daemonArn", daemon_arn(call, "daemon", cluster->name, daemon->name, NULL));
    writer_key_string(writer, "clusterArn", cluster->arn);
    writer_key_string(writer, "status", deployment->status);
    writer_key_string_opt(writer, "statusReason", deployment->reason);
    writer_key_string(writer, "targetDaemonRevisionArn",
        daemon_arn(call, "daemon-revision", cluster->name, daemon->name, target.digits));
    write_times(call, deployment);
    writer_object_end(writer);
    return 0;
}

int api_list_daemon_deployments(struct api_call *call) {
    const struct value *created = value_get(call->input, "createdAt");
    struct writer *writer = &call->writer;
    struct daemon_row daemon;
    struct cluster *cluster = NULL;
    int result = lookup_daemon(call, &daemon, &cluster);
    if (result != 0)
        return result == API_ERROR && text_equal(call->error.code, "DaemonNotFoundException")
                   ? api_fail(call, ERROR_DAEMON_UNKNOWN, NULL)
                   : result;
    struct daemon_deployment_filter filter = {
        .daemon_id = daemon.id,
        .statuses = filter_words(call, value_get(call->input, "status")),
        .from_ms = value_int(created, "after", INT64_MIN),
        .to_ms = value_int(created, "before", INT64_MAX),
    };
    const char *filters = arena_printf(call->arena, "%lld %s %lld %lld", (long long)daemon.id,
        filter.statuses != NULL ? filter.statuses : "", (long long)filter.from_ms, (long long)filter.to_ms);
    unsigned limit = page_size(call, DEPLOYMENTS_PAGE);
    unsigned count = 0;
    struct daemon_deployment_row *rows = arena_new_array(
        call->arena, struct daemon_deployment_row, limit + 1);
    result = row_page_begin(call, filters, &filter.before);
    if (filter.before == 0)
        filter.before = INT64_MAX;
    if (result == 0)
        result = daemon_deployment_rows_list(
            engine_store(call->engine), &filter, limit + 1, call->arena, rows, &count);
    if (result != 0)
        return result;
    writer_object_begin(writer);
    writer_key_list_begin(writer, "daemonDeployments");
    for (unsigned index = 0; result == 0 && index < count && index < limit; index++)
        result = write_summary(call, cluster, &daemon, &rows[index]);
    writer_list_end(writer);
    if (count > limit)
        writer_key_string(writer, "nextToken",
            page_token_make(call, filters, arena_printf(call->arena, "%lld", (long long)rows[limit - 1].id)));
    writer_object_end(writer);
    return result;
}
