/* Scripts for Lambda hooks: which answer a question gets. */
#include <string.h>

#include "deployment_hooks_internal.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/store/hook_answer_rows.h"

int engine_hook_answer_add(struct engine *engine, const struct hook_answer *answer, int64_t *ret_id) {
    unsigned count = 0;
    const struct hook_answer_row row = {.match = answer->match,
        .times = answer->times,
        .answer = answer->answer,
        .delay_ms = answer->delay_ms};
    int result = hook_answer_rows_count(engine->store, &count);
    if (result == 0 && count >= HOOK_ANSWERS_MAX)
        return ENGINE_TOO_MANY;
    return result == 0 ? hook_answer_rows_insert(engine->store, &row, ret_id) : result;
}

int engine_hook_answer_delete(struct engine *engine, int64_t id) {
    int result = hook_answer_rows_delete(engine->store, id);
    return result == STORE_NOT_FOUND ? ENGINE_NOT_FOUND : result;
}

static int write_one(void *context, const struct hook_answer_row *row) {
    struct writer *writer = context;
    writer_object_begin(writer);
    writer_key_int(writer, "id", row->id);
    writer_key_raw(writer, "match", row->match);
    if (row->times != 0)
        writer_key_int(writer, "times", row->times);
    writer_key_string(writer, "answer", row->answer);
    if (text_equal(row->answer, "IN_PROGRESS"))
        writer_key_int(writer, "callBackDelayMs", row->delay_ms);
    writer_object_end(writer);
    return 0;
}

int engine_hook_answers_write(struct engine *engine, struct writer *writer) {
    return hook_answer_rows_each(engine->store, writer, write_one);
}

struct answer_search {
    const struct hook_question *question;
    struct arena *arena;
    const char *answer; /* NULL: not yet found */
    int64_t id;
    int64_t times;
    int64_t delay_ms;
};

static const char *asked(const struct hook_question *question, const char *key) {
    const struct {
        const char *key;
        const char *text;
    } members[] = {
        {"account", question->account},
        {"region", question->region},
        {"cluster", question->cluster},
        {"service", question->service},
        {"stage", question->stage},
        {"target", question->target},
    };
    for (size_t index = 0; index < array_length(members); index++) {
        if (text_equal(members[index].key, key))
            return members[index].text;
    }
    return NULL;
}

static bool matches(const struct answer_search *search, const char *text) {
    struct value *match = NULL;
    if (value_parse(search->arena, text, strlen(text), &match) != 0)
        return false;
    for (uint32_t index = 0; index < match->count; index++) {
        const struct value_entry *entry = &match->entries[index];
        if (entry->value->kind != VALUE_STRING ||
            !text_equal(asked(search->question, entry->key), entry->value->string))
            return false;
    }
    return true;
}

static int look_at(void *context, const struct hook_answer_row *row) {
    struct answer_search *search = context;
    if (search->answer != NULL || !matches(search, row->match))
        return 0;
    search->answer = arena_strdup(search->arena, row->answer);
    search->id = row->id;
    search->times = row->times;
    search->delay_ms = row->delay_ms;
    return 0;
}

int hook_answer_find(struct engine *engine, const struct hook_question *question, struct arena *arena,
    const char **ret_answer, int64_t *ret_delay_ms) {
    struct answer_search search = {.question = question, .arena = arena};
    int result = hook_answer_rows_each(engine->store, &search, look_at);
    if (result == 0 && search.answer != NULL && search.times == 1)
        result = hook_answer_rows_delete(engine->store, search.id);
    else if (result == 0 && search.answer != NULL && search.times > 1)
        result = hook_answer_rows_set_times(engine->store, search.id, search.times - 1);
    if (result != 0)
        return result;
    *ret_answer = search.answer;
    *ret_delay_ms = search.delay_ms;
    return 0;
}
