/* GetTaskProtection, UpdateTaskProtection (facts: tasks 12). */
#include <string.h>

#include "api_lookup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/engine/service_engine.h"
#include "ecs-local/store/task_rows.h"

enum {
    DEFAULT_MINUTES = 120,
    MINUTE_MS = 60 * 1000,
    LISTED_MAX = 100,
};

struct failed {
    const char *arn;
    const char *reason;
    const char *detail; /* NULL: none */
};

struct outcome {
    struct task **tasks;
    unsigned task_count;
    struct failed *failures;
    unsigned failure_count;
};

/* Only tasks of services are protected: what a service started says so in startedBy. */
static bool is_of_service(const struct task *task) {
    return task->started_by != NULL && text_starts_with(task->started_by, "ecs-svc/");
}

static void add_failure(struct outcome *outcome, const char *arn, const char *reason) {
    outcome->failures[outcome->failure_count++] = (struct failed){.arn = arn, .reason = reason};
}

static int look_up(
    struct api_call *call, struct cluster *cluster, const char *text, struct outcome *outcome) {
    const char *id = NULL;
    struct violation violation;
    struct task *task = NULL;
    if (arn_resolve_in_cluster(call->arena, ARN_TASK, "taskId", text, cluster->name,
            scope_region(call->scope), scope_account(call->scope), &id, &violation) != 0)
        return api_fail_with(call, &violation);
    int result = engine_task_find(call->engine, cluster, id, &task);
    if (result < 0)
        return result;
    const char *arn = arn_task(
        call->arena, scope_region(call->scope), scope_account(call->scope), cluster->name, id);
    if (result != 0)
        add_failure(outcome, arn, "MISSING");
    else if (!is_of_service(task) || task->desired == TASK_STOPPED)
        add_failure(outcome, arn, "TASK_NOT_VALID");
    else
        outcome->tasks[outcome->task_count++] = task;
    return 0;
}

static int look_up_all(
    struct api_call *call, struct cluster *cluster, const struct value *names, struct outcome *outcome) {
    int result = 0;
    outcome->tasks = arena_new_array(call->arena, struct task *, value_count(names));
    outcome->failures = arena_new_array(call->arena, struct failed, value_count(names));
    for (size_t index = 0; result == 0 && index < value_count(names); index++)
        result = look_up(call, cluster, value_string_at(names, index), outcome);
    return result;
}

static void reply(struct api_call *call, const struct outcome *outcome) {
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_list_begin(writer, "protectedTasks");
    for (unsigned index = 0; index < outcome->task_count; index++) {
        const struct task *task = outcome->tasks[index];
        bool is_protected = task->protected_until_ms > engine_now_ms(call->engine);
        writer_object_begin(writer);
        writer_key_string(writer, "taskArn", task->arn);
        writer_key_bool(writer, "protectionEnabled", is_protected);
        writer_key_timestamp_opt(writer, "expirationDate", is_protected ? task->protected_until_ms : 0);
        writer_object_end(writer);
    }
    writer_list_end(writer);
    writer_key_list_begin(writer, "failures");
    for (unsigned index = 0; index < outcome->failure_count; index++) {
        writer_object_begin(writer);
        writer_key_string(writer, "arn", outcome->failures[index].arn);
        writer_key_string(writer, "reason", outcome->failures[index].reason);
        writer_key_string_opt(writer, "detail", outcome->failures[index].detail);
        writer_object_end(writer);
    }
    writer_list_end(writer);
    writer_object_end(writer);
}

/* May this one be protected, too? No more than the service wants to have (facts: tasks 12; text: n/e). */
static int check_room(struct api_call *call, const struct task *task, bool *ret_room) {
    int64_t count = 0;
    const struct cluster *cluster = engine_cluster_find(
        call->scope, strrchr(task->cluster_arn, '/') != NULL ? strrchr(task->cluster_arn, '/') + 1 : "");
    const struct service *service = text_starts_with(task->group, "service:") && cluster != NULL
                                        ? engine_service_find(
                                              call->engine, cluster, task->group + strlen("service:"))
                                        : NULL;
    *ret_room = true;
    if (service == NULL)
        return 0;
    int result = engine_flush(call->engine);
    if (result == 0)
        result = task_rows_protected_of_service(
            engine_store(call->engine), service->id, engine_now_ms(call->engine), task->id, &count);
    *ret_room = count < service->desired_count;
    return result;
}

/* Protects those that may be; the others are failures. */
static int protect(struct api_call *call, struct outcome *outcome, int64_t until_ms) {
    unsigned kept = 0;
    for (unsigned index = 0; index < outcome->task_count; index++) {
        struct task *task = outcome->tasks[index];
        bool room = true;
        int result = until_ms != 0 ? check_room(call, task, &room) : 0;
        if (result != 0)
            return result;
        if (!room) {
            add_failure(outcome, task->arn, "DEPLOYMENT_BLOCKED");
            outcome->failures[outcome->failure_count - 1].detail =
                "The service would have more protected tasks than its desired count.";
            continue;
        }
        engine_task_protect(call->engine, task, until_ms);
        outcome->tasks[kept++] = task;
    }
    outcome->task_count = kept;
    return 0;
}

int api_update_task_protection(struct api_call *call) {
    struct cluster *cluster = NULL;
    struct outcome outcome = {0};
    int result = lookup_cluster(call, "cluster", &cluster);
    if (result == 0)
        result = look_up_all(call, cluster, value_get(call->input, "tasks"), &outcome);
    if (result != 0)
        return result;
    bool enabled = value_bool(call->input, "protectionEnabled", false);
    int64_t minutes = value_int(call->input, "expiresInMinutes", DEFAULT_MINUTES);
    result = protect(call, &outcome, enabled ? engine_now_ms(call->engine) + minutes * MINUTE_MS : 0);
    if (result == 0)
        reply(call, &outcome);
    return result;
}

/* Without names: the service tasks of the cluster (D). */
static int all_names(struct api_call *call, const struct cluster *cluster, struct value **ret_names) {
    const char *ids[LISTED_MAX];
    unsigned count = 0;
    int result = engine_flush(call->engine);
    if (result == 0)
        result = task_rows_of_services(
            engine_store(call->engine), cluster->id, LISTED_MAX, call->arena, ids, &count);
    struct value *names = value_new_list(call->arena, count);
    for (unsigned index = 0; index < count; index++)
        value_append(call->arena, names, value_new_string(call->arena, ids[index]));
    *ret_names = names;
    return result;
}

int api_get_task_protection(struct api_call *call) {
    struct value *names = value_get(call->input, "tasks");
    struct cluster *cluster = NULL;
    struct outcome outcome = {0};
    int result = lookup_cluster(call, "cluster", &cluster);
    if (result == 0 && value_count(names) == 0)
        result = all_names(call, cluster, &names);
    if (result == 0)
        result = look_up_all(call, cluster, names, &outcome);
    if (result == 0)
        reply(call, &outcome);
    return result;
}
