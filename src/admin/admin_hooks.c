/* /_ecs/hooks: what the Lambda functions behind lifecycle hooks answer. Without a script they answer SUCCEEDED.
 *
 *   POST   {"match": {"service": "web", "stage": "PRE_SCALE_UP"}, "times": 2, "answer": "IN_PROGRESS",
 *           "callBackDelay": "10s"} → {"id": 1}
 *   GET    → {"hooks": […]}
 *   DELETE all, or the one in the path */
#include "admin_internal.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/engine/deployment_hooks.h"

enum {
    CALL_BACK_MS = 30 * 1000, /* facts: services 8.4 */
    TIMES_MAX = 1000000,
    MATCH_TEXT_MAX = 16 * 1024,
    STATUS_NOT_FOUND = 404,
    STATUS_BAD = 400,
    STATUS_FULL = 409,
};

static const char *problem_of_match(struct admin_call *call, const struct value *match) {
    static const char *const known[] = {"account", "region", "cluster", "service", "stage", "target"};
    if (match != NULL && match->kind != VALUE_MAP)
        return "match must be an object";
    for (uint32_t index = 0; index < value_count(match); index++) {
        bool found = false;
        for (size_t name = 0; name < array_length(known); name++)
            found = found || text_equal(match->entries[index].key, known[name]);
        if (!found || match->entries[index].value->kind != VALUE_STRING)
            return arena_printf(call->arena,
                "match.%s: match knows account, region, cluster, service, stage and target, each a text",
                match->entries[index].key);
    }
    return NULL;
}

static const char *read_answer(struct admin_call *call, struct hook_answer *answer) {
    static const char *const answers[] = {"SUCCEEDED", "FAILED", "IN_PROGRESS"};
    const char *told = value_string(call->input, "answer");
    const char *delay = value_string(call->input, "callBackDelay");
    const struct value *times = value_get(call->input, "times");
    bool known = false;
    for (size_t index = 0; index < array_length(answers); index++)
        known = known || text_equal(told, answers[index]);
    if (!known)
        return "answer must be SUCCEEDED, FAILED or IN_PROGRESS";
    answer->answer = told;
    answer->delay_ms = CALL_BACK_MS;
    if (value_has(call->input, "callBackDelay") &&
        (delay == NULL || text_parse_duration(delay, &answer->delay_ms) != 0 || answer->delay_ms < 1))
        return "callBackDelay must be a duration like 30s";
    if (times != NULL && (times->kind != VALUE_INT || times->integer < 1 || times->integer > TIMES_MAX))
        return "times must be a whole number from 1 to 1000000";
    answer->times = times != NULL ? times->integer : 0;
    return problem_of_match(call, value_get(call->input, "match"));
}

int admin_hook_add(struct admin_call *call) {
    struct hook_answer answer = {0};
    int64_t id = 0;
    struct buf buf = BUF_INIT(MATCH_TEXT_MAX);
    struct writer writer = WRITER_INIT(&buf);
    const struct value *match = value_get(call->input, "match");
    const char *problem = read_answer(call, &answer);
    if (problem != NULL)
        return admin_fail(call, STATUS_BAD, "InvalidHook", "%s", problem);
    if (match != NULL)
        writer_value(&writer, match);
    answer.match = match != NULL ? arena_strdup(call->arena, buf_text(&buf)) : "{}";
    bool whole = !buf.failed;
    buf_done(&buf);
    if (!whole)
        return admin_fail(call, STATUS_BAD, "InvalidHook", "match is too large");
    int result = engine_hook_answer_add(call->engine, &answer, &id);
    if (result == ENGINE_TOO_MANY)
        return admin_fail(
            call, STATUS_FULL, "TooManyHooks", "there are %d scripts already", HOOK_ANSWERS_MAX);
    if (result != 0)
        return result;
    writer_object_begin(&call->writer);
    writer_key_int(&call->writer, "id", id);
    writer_object_end(&call->writer);
    return 0;
}

int admin_hooks(struct admin_call *call) {
    writer_object_begin(&call->writer);
    writer_key_list_begin(&call->writer, "hooks");
    int result = engine_hook_answers_write(call->engine, &call->writer);
    writer_list_end(&call->writer);
    writer_object_end(&call->writer);
    return result;
}

int admin_hook_delete(struct admin_call *call) {
    int64_t id = 0;
    if (call->segment != NULL && text_parse_int(call->segment, 1, INT64_MAX, &id) != 0)
        return admin_fail(call, STATUS_NOT_FOUND, "NoSuchHook", "there is no hook script %s", call->segment);
    int result = engine_hook_answer_delete(call->engine, id);
    if (result == ENGINE_NOT_FOUND)
        return admin_fail(call, STATUS_NOT_FOUND, "NoSuchHook", "there is no hook script %s", call->segment);
    if (result == 0)
        call->status = 204;
    return result;
}
