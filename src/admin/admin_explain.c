/* Why a task or service is not where it should be: GET /_ecs/explain. */
#include "ecs-local/engine/explain.h"

#include <string.h>

#include "admin_internal.h"
#include "ecs-local/base/text.h"

/* arn:PARTITION:ecs:REGION:ACCOUNT:TYPE/CLUSTER/NAME */
struct name_of_thing {
    const char *region;
    const char *account;
    const char *cluster;
    const char *name;
};

/* The part up to the next separator; NULL when there is none. */
static const char *take(struct admin_call *call, const char **text, char separator) {
    const char *end = strchr(*text, separator);
    if (end == NULL || end == *text)
        return NULL;
    const char *part = arena_strndup(call->arena, *text, (size_t)(end - *text));
    *text = end + 1;
    return part;
}

/* 0, or 1 when it is not an ARN of that type that names its cluster. */
static int read_arn(
    struct admin_call *call, const char *text, const char *type, struct name_of_thing *ret_name) {
    const char *partition;
    const char *service;
    if (!text_starts_with(text, "arn:"))
        return 1;
    text += strlen("arn:");
    partition = take(call, &text, ':');
    service = take(call, &text, ':');
    ret_name->region = take(call, &text, ':');
    ret_name->account = take(call, &text, ':');
    const char *found = take(call, &text, '/');
    ret_name->cluster = take(call, &text, '/');
    ret_name->name = text;
    return partition != NULL && text_equal(service, "ecs") && ret_name->region != NULL &&
                   ret_name->account != NULL && text_equal(found, type) && ret_name->cluster != NULL &&
                   text[0] != '\0' && strlen(text) <= 255
               ? 0
               : 1;
}

/* NULL: there is no such cluster. Looks only: a scope that is asked for is not made. */
static struct cluster *find_cluster(struct admin_call *call, const struct name_of_thing *name) {
    struct scope *scope = engine_scope_find(call->engine, name->account, name->region);
    return scope != NULL ? engine_cluster_find(scope, name->cluster) : NULL;
}

static void write_instance(struct writer *writer, const struct explained_instance *explained) {
    const struct instance *instance = explained->instance;
    writer_object_begin(writer);
    writer_key_string(writer, "containerInstanceArn", instance->arn);
    writer_key_string_opt(writer, "ec2InstanceId", instance->ec2_instance_id);
    writer_key_string_opt(writer, "availabilityZone", instance->zone);
    writer_key_bool(writer, "fits", explained->reason == NULL);
    writer_key_string_opt(writer, "reason", explained->reason);
    writer_key_string_opt(writer, "detail", explained->detail);
    writer_object_end(writer);
}

static void write_explanation(struct admin_call *call, const struct explanation *explanation) {
    struct writer *writer = &call->writer;
    writer_key_string(writer, "summary", explanation->summary);
    writer_key_list_begin(writer, "because");
    for (unsigned index = 0; index < explanation->because_count; index++)
        writer_string(writer, explanation->because[index]);
    writer_list_end(writer);
    writer_key_string_opt(writer, "waitsFor", explanation->waits_for);
    if (explanation->next != NULL) {
        admin_write_time(writer, "nextAt", explanation->next_ms);
        writer_key_string(writer, "next", explanation->next);
    }
    if (!explanation->placement)
        return;
    writer_key_list_begin(writer, "instances");
    for (unsigned index = 0; index < explanation->instance_count; index++)
        write_instance(writer, &explanation->instances[index]);
    writer_list_end(writer);
}

static int explain_task(struct admin_call *call, const char *arn) {
    struct name_of_thing name = {0};
    struct explanation explanation;
    struct task *task = NULL;
    if (read_arn(call, arn, "task", &name) != 0)
        return admin_fail(call, 400, "InvalidQuery", "task must be the ARN of a task");
    struct cluster *cluster = find_cluster(call, &name);
    int result = cluster != NULL ? engine_task_find(call->engine, cluster, name.name, &task)
                                 : ENGINE_NOT_FOUND;
    if (result > 0)
        return admin_fail(call, 404, "TaskNotFound",
            "there is no such task: it never was, or the hour is over in which a stopped task can be seen");
    if (result == 0)
        result = engine_explain_task(call->engine, task, &explanation);
    if (result != 0)
        return result;
    writer_object_begin(&call->writer);
    writer_key_string(&call->writer, "task", task->arn);
    writer_key_string(&call->writer, "lastStatus", task_status_name(task->status));
    writer_key_string(&call->writer, "desiredStatus", task_status_name(task->desired));
    write_explanation(call, &explanation);
    writer_object_end(&call->writer);
    return 0;
}

static int explain_service(struct admin_call *call, const char *arn) {
    struct name_of_thing name = {0};
    struct explanation explanation;
    if (read_arn(call, arn, "service", &name) != 0)
        return admin_fail(call, 400, "InvalidQuery", "service must be the ARN of a service");
    struct cluster *cluster = find_cluster(call, &name);
    struct service *service = cluster != NULL ? engine_service_find(call->engine, cluster, name.name) : NULL;
    if (service == NULL)
        return admin_fail(call, 404, "ServiceNotFound", "there is no such service");
    int result = engine_explain_service(call->engine, service, &explanation);
    if (result != 0)
        return result;
    writer_object_begin(&call->writer);
    writer_key_string(&call->writer, "service", service->arn);
    writer_key_string(&call->writer, "status", service_status_name(service->status));
    writer_key_int(&call->writer, "desiredCount", service->desired_count);
    writer_key_int(&call->writer, "runningCount", service->running);
    writer_key_int(&call->writer, "pendingCount", service->pending);
    write_explanation(call, &explanation);
    writer_object_end(&call->writer);
    return 0;
}

int admin_explain(struct admin_call *call) {
    const char *task = admin_query(call, "task");
    const char *service = admin_query(call, "service");
    if ((task != NULL) == (service != NULL))
        return admin_fail(call, 400, "InvalidQuery", "say which: task=ARN or service=ARN");
    return task != NULL ? explain_task(call, task) : explain_service(call, service);
}
