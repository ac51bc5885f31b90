#include "ecs-local/engine/scripted_outcomes.h"

#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/base/writer.h"
#include "ecs-local/domain/outcome.h"
#include "ecs-local/store/outcome_rows.h"
#include "engine_internal.h"

struct script_entry {
    struct scripted_outcome script;
    struct arena *arena;
};

static struct script_entry *entry_add(struct engine *engine) {
    if (engine->script_count == engine->script_capacity) {
        engine->script_capacity = engine->script_capacity != 0 ? engine->script_capacity * 2 : 16;
        engine->scripts = xrealloc(engine->scripts, engine->script_capacity * sizeof(struct script_entry *));
    }
    struct script_entry *entry = xcalloc(1, sizeof(*entry));
    entry->arena = arena_new_sized(1024);
    engine->scripts[engine->script_count++] = entry;
    return entry;
}

static void entry_free(struct script_entry *entry) {
    arena_free(entry->arena);
    free(entry);
}

static void entry_remove(struct engine *engine, unsigned index) {
    entry_free(engine->scripts[index]);
    engine->script_count--;
    memmove(&engine->scripts[index], &engine->scripts[index + 1],
        (engine->script_count - index) * sizeof(struct script_entry *));
}

void scripts_free(struct engine *engine) {
    for (unsigned index = 0; index < engine->script_count; index++)
        entry_free(engine->scripts[index]);
    free(engine->scripts);
    engine->scripts = NULL;
    engine->script_count = engine->script_capacity = 0;
}

static int load_script(void *context, const struct outcome_row *row) {
    struct script_entry *entry = entry_add(context);
    struct value *match = NULL;
    struct value *outcome = NULL;
    if (value_parse(entry->arena, row->matches, strlen(row->matches), &match) != 0 ||
        value_parse(entry->arena, row->outcome, strlen(row->outcome), &outcome) != 0)
        return error_raise(ERR_STORE, "the stored outcome %lld cannot be read", (long long)row->id);
    entry->script = (struct scripted_outcome){.id = row->id,
        .match = match,
        .outcome = outcome,
        .times = row->times,
        .used = row->used,
        .created_ms = row->created_ms};
    return 0;
}

int scripts_load(struct engine *engine) {
    return outcome_rows_each(engine->store, engine, load_script);
}

/* JSON text in the turn's arena; NULL when it is too long. */
static const char *text_of(struct engine *engine, const struct value *value) {
    struct buf buf = BUF_INIT(SCRIPT_BYTES_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_value(&writer, value);
    const char *text = buf_failed(&buf) ? NULL : arena_strdup(engine->turn, buf_text(&buf));
    buf_done(&buf);
    return text;
}

int engine_script_add(struct engine *engine, const struct value *match, const struct value *outcome,
    int64_t times, const struct scripted_outcome **ret_script) {
    unsigned count = engine->script_count;
    const struct value *matches = match != NULL ? match : value_new_map(engine->turn, 0);
    struct outcome_row row = {
        .id = count != 0 ? engine->scripts[count - 1]->script.id + 1 : 1,
        .matches = text_of(engine, matches),
        .outcome = text_of(engine, outcome),
        .times = times,
        .created_ms = engine_now_ms(engine),
    };
    if (count >= SCRIPTS_MAX || row.matches == NULL || row.outcome == NULL)
        return SCRIPTS_FULL;
    int result = outcome_rows_insert(engine->store, &row);
    if (result == 0)
        result = load_script(engine, &row);
    if (result == 0)
        *ret_script = &engine->scripts[count]->script;
    return result;
}

unsigned engine_script_count(const struct engine *engine) {
    return engine->script_count;
}

const struct scripted_outcome *engine_script_at(const struct engine *engine, unsigned index) {
    return &engine->scripts[index]->script;
}

static unsigned index_of(const struct engine *engine, int64_t id) {
    unsigned index = 0;
    while (index < engine->script_count && engine->scripts[index]->script.id != id)
        index++;
    return index;
}

int engine_script_find(const struct engine *engine, int64_t id, const struct scripted_outcome **ret_script) {
    unsigned index = index_of(engine, id);
    if (index == engine->script_count)
        return ENGINE_NOT_FOUND;
    *ret_script = &engine->scripts[index]->script;
    return 0;
}

int engine_script_delete(struct engine *engine, int64_t id) {
    unsigned index = index_of(engine, id);
    if (index == engine->script_count)
        return ENGINE_NOT_FOUND;
    int result = outcome_rows_delete(engine->store, id);
    if (result == 0)
        entry_remove(engine, index);
    return result;
}

static bool names(const struct value *match, const char *key, const char *text_or_null) {
    return text_or_null == NULL || text_equal(value_string(match, key), text_or_null);
}

int engine_scripts_delete(struct engine *engine, const char *account_or_null, const char *region_or_null) {
    for (unsigned index = engine->script_count; index-- > 0;) {
        const struct scripted_outcome *script = &engine->scripts[index]->script;
        if (!names(script->match, "account", account_or_null) ||
            !names(script->match, "region", region_or_null))
            continue;
        int result = outcome_rows_delete(engine->store, script->id);
        if (result != 0)
            return result;
        entry_remove(engine, index);
    }
    return 0;
}

/* …task-definition/FAMILY:REVISION */
static void read_family(struct engine *engine, const struct task *task, struct outcome_subject *subject) {
    const char *slash = strrchr(task->task_definition_arn, '/');
    const char *family = slash != NULL ? slash + 1 : task->task_definition_arn;
    const char *colon = strrchr(family, ':');
    size_t length = colon != NULL ? (size_t)(colon - family) : strlen(family);
    subject->family = arena_strndup(engine->turn, family, length);
    if (colon == NULL || text_parse_int(colon + 1, 1, INT32_MAX, &subject->revision) != 0)
        subject->revision = 0;
}

static struct outcome_subject subject_of(
    struct engine *engine, const struct cluster *cluster, const struct task *task) {
    struct outcome_subject subject = {
        .account = cluster->scope->account,
        .region = cluster->scope->region,
        .cluster = cluster->name,
        .cluster_arn = cluster->arn,
        .group = task->group,
        .started_by = task->started_by,
    };
    read_family(engine, task, &subject);
    return subject;
}

int scripts_give(struct engine *engine, const struct cluster *cluster, struct task *task) {
    if (engine->script_count == 0)
        return 0;
    struct outcome_subject subject = subject_of(engine, cluster, task);
    for (unsigned index = 0; index < engine->script_count; index++) {
        struct scripted_outcome *script = &engine->scripts[index]->script;
        if ((script->times != 0 && script->used >= script->times) ||
            !outcome_matches(script->match, &subject) ||
            outcome_bind(task, script->outcome, value_string(script->match, "container")) != 0)
            continue;
        script->used++;
        int result = outcome_rows_set_used(engine->store, script->id, script->used);
        if (result != 0)
            return result;
    }
    return 0;
}
