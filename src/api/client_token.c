/* RunTask with a clientToken: the same request again answers the same tasks, as they are now; another request with
 * the same token is refused. A token lives for a day, or until its tasks are forgotten (facts: tasks 5.3). */
#include <string.h>

#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/store/account_rows.h"
#include "task_reply.h"
#include "task_request.h"

enum {
    TOKEN_LIFE_MS = 24 * 3600 * 1000,
    TASKS_MAX = 10,
};

static const char *token_of(struct api_call *call) {
    return value_string_nonempty(call->input, "clientToken");
}

/* The request as sent, but for the token. */
static const char *request_text(struct api_call *call) {
    struct value *request = value_clone(call->arena, call->input);
    value_remove(request, "clientToken");
    return value_text(call, request);
}

static unsigned split_ids(struct api_call *call, const char *text, const char *ids[TASKS_MAX]) {
    unsigned count = 0;
    while (*text != '\0' && count < TASKS_MAX) {
        size_t length = strcspn(text, ",");
        ids[count++] = arena_strndup(call->arena, text, length);
        text += length + (text[length] == ',');
    }
    return count;
}

/* What a token stands for. */
struct token_tasks {
    const struct cluster *cluster; /* where they were started; NULL: it is gone */
    const char *ids[TASKS_MAX];
    unsigned count;
    struct task *known[TASKS_MAX]; /* those that are not forgotten yet */
    unsigned known_count;
};

static int find_tasks(
    struct api_call *call, const struct request_token_row *row, struct token_tasks *ret_tasks) {
    struct cluster *cluster = engine_cluster_of_row(call->engine, row->cluster_id);
    *ret_tasks = (struct token_tasks){.cluster = cluster};
    ret_tasks->count = cluster != NULL ? split_ids(call, row->task_ids, ret_tasks->ids) : 0;
    for (unsigned index = 0; index < ret_tasks->count; index++) {
        int result = engine_task_find(
            call->engine, cluster, ret_tasks->ids[index], &ret_tasks->known[ret_tasks->known_count]);
        if (result < 0)
            return result;
        ret_tasks->known_count += result == 0;
    }
    return 0;
}

static int refuse(struct api_call *call, const struct token_tasks *tasks) {
    const char **arns = arena_new_array(call->arena, const char *, tasks->count + 1);
    for (unsigned index = 0; index < tasks->count; index++)
        arns[index] = arn_task(call->arena, scope_region(call->scope), scope_account(call->scope),
            tasks->cluster->name, tasks->ids[index]);
    call->resource_ids = arns;
    return api_fail(call, ERROR_TOKEN_CONFLICT, NULL);
}

static int answer_again(
    struct api_call *call, const struct token_tasks *tasks, const struct request_token_row *row) {
    writer_object_begin(&call->writer);
    writer_key_list_begin(&call->writer, "tasks");
    for (unsigned index = 0; index < tasks->known_count; index++)
        write_task(&call->writer, tasks->known[index], true);
    writer_list_end(&call->writer);
    writer_key_raw(&call->writer, "failures", row->failures);
    writer_object_end(&call->writer);
    return CLIENT_TOKEN_REPLAYED;
}

int client_token_replay(struct api_call *call, struct cluster *cluster) {
    const char *token = token_of(call);
    struct request_token_row row;
    struct token_tasks tasks;
    if (token == NULL)
        return 0;
    struct store *store = engine_store(call->engine);
    int result = request_token_rows_expire(store, engine_now_ms(call->engine) - TOKEN_LIFE_MS);
    if (result == 0)
        result = request_token_rows_get(store, scope_id(call->scope), token, call->arena, &row);
    if (result == 0)
        result = find_tasks(call, &row, &tasks);
    if (result != 0)
        return result == STORE_NOT_FOUND ? 0 : result;
    /* With its tasks the token is forgotten: it is free again, whatever is asked now. */
    if (tasks.known_count == 0)
        return request_token_rows_delete(store, scope_id(call->scope), row.token);
    if (row.cluster_id != cluster->id || !text_equal(row.request, request_text(call)))
        return refuse(call, &tasks);
    return answer_again(call, &tasks, &row);
}

int client_token_keep(struct api_call *call, const struct cluster *cluster) {
    const char *token = token_of(call);
    struct value *reply = NULL;
    const struct buf *buf = call->writer.buf;
    if (token == NULL)
        return 0;
    if (value_parse(call->arena, buf_text(buf), buf->length, &reply) != 0)
        return -1;
    const char *ids = "";
    value_for_each(task, value_get(reply, "tasks")) {
        const char *arn = value_string(task, "taskArn");
        ids = arena_printf(call->arena, "%s%s%s", ids, ids[0] != '\0' ? "," : "", strrchr(arn, '/') + 1);
    }
    /* Where nothing was started there is nothing to answer again. */
    if (ids[0] == '\0')
        return 0;
    struct request_token_row row = {
        .scope_id = scope_id(call->scope),
        .cluster_id = cluster->id,
        .token = token,
        .request = request_text(call),
        .created_ms = engine_now_ms(call->engine),
        .task_ids = ids,
        .failures = value_text(call, value_get(reply, "failures")),
    };
    return request_token_rows_insert(engine_store(call->engine), &row);
}
