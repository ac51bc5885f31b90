/* Tasks that exist: DescribeTasks, ListTasks, StopTask (facts: tasks 5.5, 5.7, 5.8). Starting them:
 * task_launch.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_lookup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/engine/faults.h"
#include "ecs-local/store/daemon_rows.h"
#include "ecs-local/store/task_rows.h"
#include "page_token.h"
#include "service_lookup.h"
#include "task_reply.h"

/* The id of the task that `text` (id or ARN) names within the cluster. 0 or API_ERROR. */
static int task_id_of(
    struct api_call *call, const struct cluster *cluster, const char *text, const char **ret_id) {
    struct violation violation;
    if (arn_resolve_in_cluster(call->arena, ARN_TASK, "taskId", text, cluster->name,
            scope_region(call->scope), scope_account(call->scope), ret_id, &violation) != 0)
        return api_fail_with(call, &violation);
    return 0;
}

/* Appends the Task of `id` to the reply; STORE_NOT_FOUND when there is none. */
static int describe_task(
    struct api_call *call, const struct cluster *cluster, const char *id, bool with_tags) {
    struct buf *buf = call->writer.buf;
    size_t before = buf->length;
    const char *tags = NULL;
    if (call->writer.comma)
        buf_append_char(buf, ',');
    int result = task_rows_append_document(
        engine_store(call->engine), cluster->id, id, buf, with_tags ? call->arena : NULL, &tags);
    if (result != 0) {
        /* Nothing was there: take the comma back. */
        if (buf->length != before)
            buf->data[buf->length = before] = '\0';
        return result;
    }
    call->writer.comma = true;
    writer_key_raw(&call->writer, "tags", tags != NULL ? tags : "[]");
    writer_object_end(&call->writer);
    return 0;
}

/* A fault can hide new tasks for a while, as AWS's replicas do (engine/faults.h). 0 when it can be seen. */
static int check_visible(struct api_call *call, struct cluster *cluster, const char *id, int64_t delay_ms) {
    struct task *task = NULL;
    int result = delay_ms != 0 ? engine_task_find(call->engine, cluster, id, &task) : 0;
    if (result == 0 && task != NULL && engine_now_ms(call->engine) < task->created_ms + delay_ms)
        result = STORE_NOT_FOUND;
    return result;
}

int api_describe_tasks(struct api_call *call) {
    struct cluster *cluster = NULL;
    int result = lookup_cluster(call, "cluster", &cluster);
    if (result == 0)
        result = engine_flush(call->engine);
    if (result != 0)
        return result;
    const struct value *tasks = value_get(call->input, "tasks");
    bool with_tags = include_has(call, "TAGS");
    struct value *missing = value_new_list(call->arena, 0);
    int64_t delay_ms = engine_visibility_delay_ms(call->engine, call->scope);
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_list_begin(writer, "tasks");
    value_for_each(task, tasks) {
        const char *id = NULL;
        result = task_id_of(call, cluster, task->string, &id);
        if (result == 0)
            result = check_visible(call, cluster, id, delay_ms);
        if (result == 0)
            result = describe_task(call, cluster, id, with_tags);
        if (result == STORE_NOT_FOUND)
            value_append(call->arena, missing, value_new_string(call->arena, id));
        else if (result != 0)
            return result;
    }
    writer_list_end(writer);
    writer_key_list_begin(writer, "failures");
    value_for_each(id, missing) write_failure(writer,
        arn_task(
            call->arena, scope_region(call->scope), scope_account(call->scope), cluster->name, id->string),
        "MISSING");
    writer_list_end(writer);
    writer_object_end(writer);
    return 0;
}

/* Only `cluster` and the paging members may stand beside startedBy (facts: tasks 5.8). */
static int check_filters(struct api_call *call) {
    static const char *const others[] = {
        "containerInstance", "family", "serviceName", "desiredStatus", "launchType", "daemonName"};
    if (value_string_nonempty(call->input, "startedBy") != NULL) {
        for (size_t index = 0; index < sizeof(others) / sizeof(others[0]); index++) {
            if (value_string_nonempty(call->input, others[index]) != NULL)
                return api_fail(call, ERROR_STARTED_BY_WITH_OTHERS, NULL);
        }
    }
    if (value_string_nonempty(call->input, "serviceName") != NULL &&
        (value_string_nonempty(call->input, "containerInstance") != NULL ||
            value_string_nonempty(call->input, "family") != NULL))
        return api_fail(call, ERROR_SERVICE_WITH_OTHERS, NULL);
    const char *family = value_string_nonempty(call->input, "family");
    if (family != NULL && !text_is_name(family, 255))
        return api_fail(call, ERROR_FAMILY_PATTERN, NULL);
    return 0;
}

/* The container instance that the request names: its row, or 0 with *ret_nothing when there is none. */
static int filter_instance(
    struct api_call *call, struct cluster *cluster, int64_t *ret_row, bool *ret_nothing) {
    const char *text = value_string_nonempty(call->input, "containerInstance");
    if (text == NULL)
        return 0;
    const char *id = NULL;
    struct violation violation;
    if (arn_resolve_in_cluster(call->arena, ARN_CONTAINER_INSTANCE, "containerInstance", text, cluster->name,
            scope_region(call->scope), scope_account(call->scope), &id, &violation) != 0)
        return api_fail_with(call, &violation);
    const struct instance *instance = engine_instance_find(call->engine, cluster, id);
    if (instance != NULL)
        *ret_row = instance->id;
    else
        *ret_nothing = true;
    return 0;
}

/* No daemon of that name has no tasks: the operation declares no error for it. */
static int filter_daemon(
    struct api_call *call, const struct cluster *cluster, int64_t *ret_row, bool *ret_nothing) {
    struct daemon_row daemon;
    const char *name = value_string_nonempty(call->input, "daemonName");
    if (name == NULL)
        return 0;
    int result = daemon_rows_get(engine_store(call->engine), cluster->id, name, call->arena, &daemon);
    *ret_nothing = *ret_nothing || result == STORE_NOT_FOUND;
    *ret_row = result == 0 ? daemon.id : 0;
    return result < 0 ? result : 0;
}

static int filter_family(struct api_call *call, int64_t *ret_row, bool *ret_nothing) {
    const char *family = value_string_nonempty(call->input, "family");
    if (family == NULL)
        return 0;
    int result = task_definition_rows_family_id(
        engine_store(call->engine), scope_id(call->scope), family, ret_row);
    if (result == STORE_NOT_FOUND) {
        *ret_nothing = true;
        return 0;
    }
    return result;
}

static int filter_service(struct api_call *call, const struct cluster *cluster, int64_t *ret_row) {
    const char *text = value_string_nonempty(call->input, "serviceName");
    const char *name = NULL;
    if (text == NULL)
        return 0;
    int result = lookup_service_name(call, cluster, text, &name);
    if (result != 0)
        return result;
    const struct service *service = engine_service_find(call->engine, cluster, name);
    if (service == NULL)
        return api_fail(call, ERROR_SERVICE_NOT_FOUND, NULL);
    *ret_row = service->id;
    return 0;
}

/* *ret_nothing: the filter names something that does not exist, so no task matches. */
static int make_filter(
    struct api_call *call, struct cluster *cluster, struct task_filter *filter, bool *ret_nothing) {
    filter->cluster_id = cluster->id;
    filter->desired_status = value_string_nonempty(call->input, "desiredStatus");
    if (filter->desired_status == NULL)
        filter->desired_status = "RUNNING";
    filter->launch_type = value_string_nonempty(call->input, "launchType");
    filter->started_by = value_string_nonempty(call->input, "startedBy");
    int result = filter_instance(call, cluster, &filter->container_instance_id, ret_nothing);
    return result == 0 ? filter_family(call, &filter->family_id, ret_nothing) : result;
}

static const char *filter_text(struct api_call *call, const struct task_filter *filter) {
    return arena_printf(call->arena, "%lld,%s,%s,%lld,%lld,%lld,%s", (long long)filter->cluster_id,
        filter->desired_status, filter->launch_type != NULL ? filter->launch_type : "",
        (long long)filter->family_id, (long long)filter->container_instance_id, (long long)filter->service_id,
        filter->started_by != NULL ? filter->started_by : "");
}

/* The cursor is "LAUNCH_TYPE row". */
static int parse_cursor(struct api_call *call, const char *text, struct task_cursor *ret_cursor) {
    *ret_cursor = (struct task_cursor){.id = 0};
    if (text == NULL)
        return 0;
    const char *space = strchr(text, ' ');
    size_t length = space != NULL ? (size_t)(space - text) : 0;
    if (space == NULL || length >= sizeof(ret_cursor->launch_type) ||
        text_parse_int(space + 1, 0, INT64_MAX / 10, &ret_cursor->id) != 0)
        return api_fail(call, ERROR_TOKEN, NULL);
    memcpy(ret_cursor->launch_type, text, length);
    return 0;
}

static int list_page(struct api_call *call, struct cluster *cluster, const struct task_filter *filter) {
    const char *filters = filter_text(call, filter);
    const char *token = NULL;
    struct task_cursor cursor;
    int result = page_token_read(call, filters, &token);
    if (result == 0)
        result = parse_cursor(call, token, &cursor);
    if (result == 0)
        result = engine_flush(call->engine);
    if (result != 0)
        return result;
    const char *prefix = arn_task(
        call->arena, scope_region(call->scope), scope_account(call->scope), cluster->name, "");
    bool more = false;
    result = task_rows_list(engine_store(call->engine), filter, &cursor, page_size(call, PAGE_DEFAULT),
        prefix, &call->writer, &more);
    writer_list_end(&call->writer);
    if (result == 0 && more)
        writer_key_string(&call->writer, "nextToken",
            page_token_make(call, filters,
                arena_printf(call->arena, "%s %lld", cursor.launch_type, (long long)cursor.id)));
    return result;
}

int api_list_tasks(struct api_call *call) {
    struct cluster *cluster = NULL;
    struct task_filter filter = {0};
    bool nothing = false;
    int result = check_filters(call);
    if (result == 0)
        result = lookup_cluster(call, "cluster", &cluster);
    if (result != 0)
        return result;
    result = filter_service(call, cluster, &filter.service_id);
    if (result == 0)
        result = make_filter(call, cluster, &filter, &nothing);
    if (result != 0)
        return result;
    result = filter_daemon(call, cluster, &filter.daemon_id, &nothing);
    if (result != 0)
        return result;
    writer_object_begin(&call->writer);
    writer_key_list_begin(&call->writer, "taskArns");
    if (nothing)
        writer_list_end(&call->writer);
    else
        result = list_page(call, cluster, &filter);
    writer_object_end(&call->writer);
    return result;
}

int api_stop_task(struct api_call *call) {
    struct cluster *cluster = NULL;
    struct task *task = NULL;
    const char *id = NULL;
    int result = lookup_cluster(call, "cluster", &cluster);
    if (result == 0)
        result = task_id_of(call, cluster, value_string(call->input, "task"), &id);
    if (result != 0)
        return result;
    result = engine_task_find(call->engine, cluster, id, &task);
    if (result == ENGINE_NOT_FOUND)
        return api_fail(call, ERROR_TASK_NOT_FOUND, NULL);
    if (result != 0)
        return result;
    const char *reason = value_string_nonempty(call->input, "reason");
    result = engine_task_stop(
        call->engine, task, "UserInitiated", reason != NULL ? reason : "Task stopped by user");
    if (result != 0)
        return result;
    writer_object_begin(&call->writer);
    writer_key(&call->writer, "task");
    write_stopping_task(&call->writer, task);
    writer_object_end(&call->writer);
    return 0;
}
