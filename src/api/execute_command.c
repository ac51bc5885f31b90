/* ExecuteCommand (facts: tasks 11): every refusal, and a session of the right shape. Nothing runs behind it. */
#include <string.h>

#include "api_lookup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/arn.h"

enum {
    SESSION_LETTERS = 26,
    TOKEN_BYTES = 96,
};

static int find_container(struct api_call *call, struct task *task, struct task_container **ret_container) {
    const char *name = value_string_nonempty(call->input, "container");
    if (name == NULL && task->container_count > 1)
        return api_fail(call, ERROR_EXECUTE_CONTAINER_NEEDED, NULL);
    *ret_container = name != NULL ? task_container_named(task, name) : &task->containers[0];
    return *ret_container != NULL ? 0 : api_fail(call, ERROR_EXECUTE_CONTAINER, name);
}

static int find_task(struct api_call *call, struct cluster *cluster, struct task **ret_task) {
    const char *id = NULL;
    struct violation violation;
    if (arn_resolve_in_cluster(call->arena, ARN_TASK, "task", value_string(call->input, "task"),
            cluster->name, scope_region(call->scope), scope_account(call->scope), &id, &violation) != 0)
        return api_fail_with(call, &violation);
    int result = engine_task_find(call->engine, cluster, id, ret_task);
    return result == ENGINE_NOT_FOUND ? api_fail(call, ERROR_TASK_NOT_FOUND, NULL) : result;
}

/* Letters and digits as the newer session ids have them. */
static const char *session_id(struct api_call *call) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    char text[SESSION_LETTERS + 1];
    for (unsigned index = 0; index < SESSION_LETTERS; index++)
        text[index] = letters[ids_below(engine_ids(call->engine), sizeof(letters) - 1)];
    text[SESSION_LETTERS] = '\0';
    return arena_printf(call->arena, "ecs-execute-command-%s", text);
}

static void reply_session(struct api_call *call, const struct cluster *cluster, const struct task *task,
    const struct task_container *container) {
    struct writer *writer = &call->writer;
    const char *session = session_id(call);
    char token[2 * TOKEN_BYTES + 1];
    ids_hex_bytes(engine_ids(call->engine), token, TOKEN_BYTES);
    writer_object_begin(writer);
    writer_key_string(writer, "clusterArn", cluster->arn);
    writer_key_string(writer, "containerArn", container->arn);
    writer_key_string(writer, "containerName", container->name);
    writer_key_bool(writer, "interactive", true);
    writer_key_object_begin(writer, "session");
    writer_key_string(writer, "sessionId", session);
    writer_key_string(writer, "streamUrl",
        arena_printf(call->arena,
            "wss://ssmmessages.%s.amazonaws.com/v1/data-channel/%s?role=publish_subscribe",
            scope_region(call->scope), session));
    writer_key_string(writer, "tokenValue", arena_printf(call->arena, "AAEAA%s", token));
    writer_object_end(writer);
    writer_key_string(writer, "taskArn", task->arn);
    writer_object_end(writer);
}

/* Through an instance whose agent is away nobody gets to the task. */
static bool is_reachable(struct api_call *call, struct cluster *cluster, const struct task *task) {
    const char *slash = task->container_instance_arn != NULL ? strrchr(task->container_instance_arn, '/')
                                                             : NULL;
    const struct instance *instance = slash != NULL ? engine_instance_find(call->engine, cluster, slash + 1)
                                                    : NULL;
    return instance == NULL || instance->agent_connected;
}

int api_execute_command(struct api_call *call) {
    struct cluster *cluster = NULL;
    struct task *task = NULL;
    struct task_container *container = NULL;
    int result = lookup_cluster(call, "cluster", &cluster);
    if (result == 0 && !value_bool(call->input, "interactive", false))
        return api_fail(call, ERROR_EXECUTE_INTERACTIVE, NULL);
    if (result == 0)
        result = find_task(call, cluster, &task);
    if (result == 0 && (!task->enable_execute_command || task->status != TASK_RUNNING))
        return api_fail(call, ERROR_EXECUTE_NOT_ENABLED, NULL);
    if (result == 0)
        result = find_container(call, task, &container);
    if (result == 0 && !is_reachable(call, cluster, task))
        return api_fail(call, ERROR_EXECUTE_NOT_CONNECTED, NULL);
    if (result == 0 && !text_equal(task_managed_agent_status(task, container), "RUNNING"))
        return api_fail(call, ERROR_EXECUTE_NOT_ENABLED, NULL);
    if (result == 0)
        reply_session(call, cluster, task, container);
    return result;
}
