/* The ServiceDeployment of the API: writing it, and reading it back (facts: services 9.2). */
#include <stdio.h>
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/domain/service.h"

enum {
    TEXT_MAX = 1024 * 1024,
};

static const char *const monitor_statuses[] = {"DISABLED", "MONITORING", "MONITORING_COMPLETE", "TRIGGERED"};
static const char *const stages[] = {"RECONCILE_SERVICE", "PRE_SCALE_UP", "SCALE_UP", "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP"};

struct service_deployment *service_deployment_new(void) {
    struct arena *arena = arena_new_sized(4000);
    struct service_deployment *record = arena_alloc(arena, sizeof(*record));
    record->arena = arena;
    record->breaker_status = monitor_statuses[0];
    record->alarms_status = monitor_statuses[0];
    record->alarm_names = "[]";
    record->triggered_alarms = "[]";
    record->configuration = "{}";
    return record;
}

void service_deployment_free(struct service_deployment *record) {
    if (record != NULL)
        arena_free(record->arena);
}

static void write_share(struct writer *writer, struct arena *scratch, const char *service_arn,
    const struct revision_share *share) {
    writer_object_begin(writer);
    writer_key_string(writer, "arn", arn_of_service(scratch, service_arn, "service-revision", share->digits));
    writer_key_int(writer, "requestedTaskCount", share->requested);
    writer_key_int(writer, "runningTaskCount", share->running);
    writer_key_int(writer, "pendingTaskCount", share->pending);
    if (share->test_weight >= 0) {
        writer_key(writer, "requestedTestTrafficWeight");
        writer_real(writer, share->test_weight);
        writer_key(writer, "requestedProductionTrafficWeight");
        writer_real(writer, share->production_weight);
    }
    writer_object_end(writer);
}

/* "…:service/cluster/name" → "…:cluster/cluster" */
static const char *cluster_arn(struct arena *scratch, const char *service_arn) {
    const char *rest = strstr(service_arn, ":service/");
    if (rest == NULL)
        return service_arn;
    const char *cluster = rest + strlen(":service/");
    return arena_printf(scratch, "%.*s:cluster/%.*s", (int)(rest - service_arn), service_arn,
        (int)strcspn(cluster, "/"), cluster);
}

static void write_monitors(const struct service_deployment *record, struct writer *writer) {
    writer_key_object_begin(writer, "deploymentCircuitBreaker");
    writer_key_string(writer, "status", record->breaker_status);
    writer_key_int(writer, "failureCount", record->breaker_failures);
    writer_key_int(writer, "threshold", record->breaker_threshold);
    writer_object_end(writer);
    writer_key_object_begin(writer, "alarms");
    writer_key_string(writer, "status", record->alarms_status);
    writer_key_raw(writer, "alarmNames", record->alarm_names);
    writer_key_raw(writer, "triggeredAlarmNames", record->triggered_alarms);
    writer_object_end(writer);
}

static void write_rollback(const struct service_deployment *record, const char *service_arn,
    struct arena *scratch, struct writer *writer) {
    if (record->rollback_ms == 0)
        return;
    writer_key_object_begin(writer, "rollback");
    writer_key_string(writer, "reason", record->rollback_reason);
    writer_key_timestamp_opt(writer, "startedAt", record->rollback_ms);
    if (record->rollback_digits[0] != '\0')
        writer_key_string(writer, "serviceRevisionArn",
            arn_of_service(scratch, service_arn, "service-revision", record->rollback_digits));
    writer_object_end(writer);
}

void service_deployment_write(
    const struct service_deployment *record, const char *service_arn, struct writer *writer) {
    struct arena *scratch = arena_new_sized(2000);
    writer_object_begin(writer);
    writer_key_string(writer, "serviceDeploymentArn",
        arn_of_service(scratch, service_arn, "service-deployment", record->uid));
    writer_key_string(writer, "serviceArn", service_arn);
    writer_key_string(writer, "clusterArn", cluster_arn(scratch, service_arn));
    writer_key_timestamp_opt(writer, "createdAt", record->created_ms);
    writer_key_timestamp_opt(writer, "startedAt", record->started_ms);
    writer_key_timestamp_opt(writer, "finishedAt", record->finished_ms);
    writer_key_timestamp_opt(writer, "stoppedAt", record->stopped_ms);
    writer_key_timestamp_opt(writer, "updatedAt", record->updated_ms);
    writer_key_list_begin(writer, "sourceServiceRevisions");
    for (unsigned index = 0; index < record->source_count; index++)
        write_share(writer, scratch, service_arn, &record->sources[index]);
    writer_list_end(writer);
    writer_key(writer, "targetServiceRevision");
    write_share(writer, scratch, service_arn, &record->target);
    writer_key_string(writer, "status", service_deployment_status_name(record->status));
    if (record->status_reason[0] != '\0')
        writer_key_string(writer, "statusReason", record->status_reason);
    writer_key_string_opt(writer, "lifecycleStage", record->lifecycle_stage);
    if (record->hook_details != NULL)
        writer_key_raw(writer, "lifecycleHookDetails", record->hook_details);
    writer_key_raw(writer, "deploymentConfiguration", record->configuration);
    write_rollback(record, service_arn, scratch, writer);
    write_monitors(record, writer);
    writer_object_end(writer);
    arena_free(scratch);
}

static int64_t read_time(const struct value *map, const char *key) {
    const struct value *time = value_get(map, key);
    if (time == NULL)
        return 0;
    return time->kind == VALUE_REAL ? (int64_t)(time->real * 1000 + 0.5) : value_int(map, key, 0) * 1000;
}

static double read_weight(const struct value *map, const char *key) {
    const struct value *weight = value_get(map, key);
    if (weight == NULL)
        return -1;
    return weight->kind == VALUE_REAL ? weight->real : (double)value_int(map, key, 0);
}

static void copy_tail(char *target, size_t size, const char *arn) {
    const char *slash = arn != NULL ? strrchr(arn, '/') : NULL;
    snprintf(target, size, "%s", slash != NULL ? slash + 1 : "");
}

static void copy_text(char *target, size_t size, const char *text) {
    snprintf(target, size, "%s", text != NULL ? text : "");
}

static void read_share(const struct value *map, struct revision_share *share) {
    copy_tail(share->digits, sizeof(share->digits), value_string(map, "arn"));
    share->requested = (int)value_int(map, "requestedTaskCount", 0);
    share->running = (unsigned)value_int(map, "runningTaskCount", 0);
    share->pending = (unsigned)value_int(map, "pendingTaskCount", 0);
    share->test_weight = read_weight(map, "requestedTestTrafficWeight");
    share->production_weight = read_weight(map, "requestedProductionTrafficWeight");
}

/* One of the constants. */
static const char *constant(const char *const *names, size_t count, const char *text, const char *fallback) {
    for (size_t index = 0; index < count; index++) {
        if (text_equal(names[index], text))
            return names[index];
    }
    return fallback;
}

static const char *json_of(struct arena *arena, const struct value *value, const char *fallback) {
    if (value == NULL)
        return fallback;
    struct buf buf = BUF_INIT(TEXT_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_value(&writer, value);
    const char *text = arena_strdup(arena, buf_text(&buf));
    buf_done(&buf);
    return text;
}

static void read_monitors(struct service_deployment *record, const struct value *document) {
    const struct value *breaker = value_get(document, "deploymentCircuitBreaker");
    const struct value *alarms = value_get(document, "alarms");
    record->breaker_status = constant(monitor_statuses, array_length(monitor_statuses),
        value_string(breaker, "status"), monitor_statuses[0]);
    record->breaker_failures = (unsigned)value_int(breaker, "failureCount", 0);
    record->breaker_threshold = (unsigned)value_int(breaker, "threshold", 0);
    record->alarms_status = constant(monitor_statuses, array_length(monitor_statuses),
        value_string(alarms, "status"), monitor_statuses[0]);
    record->alarm_names = json_of(record->arena, value_get(alarms, "alarmNames"), "[]");
    record->triggered_alarms = json_of(record->arena, value_get(alarms, "triggeredAlarmNames"), "[]");
}

int service_deployment_read(struct service_deployment *record, const struct value *document) {
    const struct value *rollback = value_get(document, "rollback");
    if (service_deployment_status_parse(value_string(document, "status"), &record->status) != 0)
        return 1;
    copy_tail(record->uid, sizeof(record->uid), value_string(document, "serviceDeploymentArn"));
    copy_text(record->status_reason, sizeof(record->status_reason), value_string(document, "statusReason"));
    record->lifecycle_stage = constant(
        stages, array_length(stages), value_string(document, "lifecycleStage"), NULL);
    record->created_ms = read_time(document, "createdAt");
    record->started_ms = read_time(document, "startedAt");
    record->finished_ms = read_time(document, "finishedAt");
    record->stopped_ms = read_time(document, "stoppedAt");
    record->updated_ms = read_time(document, "updatedAt");
    read_share(value_get(document, "targetServiceRevision"), &record->target);
    record->source_count = 0;
    value_for_each(source, value_get(document, "sourceServiceRevisions")) {
        if (record->source_count < SOURCE_REVISIONS_MAX)
            read_share(source, &record->sources[record->source_count++]);
    }
    record->configuration = json_of(record->arena, value_get(document, "deploymentConfiguration"), "{}");
    record->hook_details = json_of(record->arena, value_get(document, "lifecycleHookDetails"), NULL);
    record->rollback_ms = read_time(rollback, "startedAt");
    copy_text(record->rollback_reason, sizeof(record->rollback_reason), value_string(rollback, "reason"));
    copy_tail(record->rollback_digits, sizeof(record->rollback_digits),
        value_string(rollback, "serviceRevisionArn"));
    read_monitors(record, document);
    return 0;
}
