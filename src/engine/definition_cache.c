/* Summaries of task definitions: a bounded cache, because every RunTask needs one and reading one means
 * parsing. */
#include <stdlib.h>
#include <string.h>

#include "attribute_sets.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/value_json.h"
#include "engine_internal.h"

enum {
    DEFINITIONS_KEPT = 128,
    SWEEP_BATCH = 64,
    /* How long a deleted definition is shown at least: AWS looks every now and then (facts: tasks 4.7). */
    DELETION_MS = 5000,
};

static void list_unlink(struct engine *engine, struct definition_entry *entry) {
    if (entry->newer != NULL)
        entry->newer->older = entry->older;
    else
        engine->newest_definition = entry->older;
    if (entry->older != NULL)
        entry->older->newer = entry->newer;
    else
        engine->oldest_definition = entry->newer;
    entry->newer = entry->older = NULL;
}

static void list_push(struct engine *engine, struct definition_entry *entry) {
    entry->older = engine->newest_definition;
    if (engine->newest_definition != NULL)
        engine->newest_definition->newer = entry;
    engine->newest_definition = entry;
    if (engine->oldest_definition == NULL)
        engine->oldest_definition = entry;
}

static void entry_free(struct engine *engine, struct definition_entry *entry) {
    list_unlink(engine, entry);
    HASH_DEL(engine->definitions, entry);
    engine->definition_count--;
    arena_free(entry->arena);
    free(entry);
}

void definitions_trim(struct engine *engine) {
    while (engine->definition_count > DEFINITIONS_KEPT)
        entry_free(engine, engine->oldest_definition);
}

void definitions_free(struct engine *engine) {
    while (engine->oldest_definition != NULL)
        entry_free(engine, engine->oldest_definition);
}

static int read_definition(
    struct engine *engine, int64_t id, struct arena *arena, struct task_definition **ret_definition) {
    struct task_definition_row row;
    int result = task_definition_rows_get_by_id(engine->store, id, arena, &row);
    if (result != 0)
        return result;
    struct value *document = NULL;
    if (value_parse(arena, row.document, strlen(row.document), &document) != 0 ||
        task_definition_summarise(arena, document, ret_definition) != 0)
        return error_raise(ERR_STORE, "the stored task definition %s:%lld cannot be read", row.family,
            (long long)row.revision);
    return 0;
}

int engine_task_definition(struct engine *engine, int64_t id, const struct task_definition **ret_definition) {
    struct definition_entry *entry = NULL;
    HASH_FIND(hh, engine->definitions, &id, sizeof(id), entry);
    if (entry == NULL) {
        struct arena *arena = arena_new();
        struct task_definition *definition = NULL;
        int result = read_definition(engine, id, arena, &definition);
        if (result != 0) {
            arena_free(arena);
            return result;
        }
        entry = xcalloc(1, sizeof(*entry));
        entry->id = id;
        entry->arena = arena;
        entry->definition = definition;
        HASH_ADD(hh, engine->definitions, id, sizeof(entry->id), entry);
        engine->definition_count++;
        list_push(engine, entry);
    } else if (engine->newest_definition != entry) {
        list_unlink(engine, entry);
        list_push(engine, entry);
    }
    *ret_definition = entry->definition;
    return 0;
}

static int remove_definition(struct engine *engine, int64_t id) {
    struct task_definition_row row;
    int result = task_definition_rows_get_by_id(engine->store, id, engine->turn, &row);
    if (result == 0)
        result = task_definition_rows_delete(engine->store, &row);
    /* The next definition may get the same id. */
    struct definition_entry *entry = NULL;
    HASH_FIND(hh, engine->definitions, &id, sizeof(id), entry);
    if (entry != NULL)
        entry_free(engine, entry);
    attribute_sets_forget_answers(engine->attribute_sets);
    return result;
}

int engine_delete_task_definition(struct engine *engine, const struct task_definition_row *row) {
    engine->definitions_deleting = true;
    timers_add(&engine->timers, row->delete_requested_ms + DELETION_MS, TIMER_DEFINITION, row->id);
    return task_definition_rows_set_status(engine->store, row, "INACTIVE");
}

int definitions_load(struct engine *engine) {
    int64_t id = 0;
    int64_t requested_ms = 0;
    int result;
    engine->definitions_deleting = engine->definitions_to_sweep = true;
    while ((result = task_definition_rows_next_deleting(engine->store, id, &id, &requested_ms)) == 0) {
        if (requested_ms + DELETION_MS > engine_now_ms(engine))
            timers_add(&engine->timers, requested_ms + DELETION_MS, TIMER_DEFINITION, id);
    }
    return result < 0 ? result : 0;
}

bool definition_timer_waits(struct engine *engine, int64_t row, int64_t due_ms) {
    int64_t id = 0;
    int64_t requested_ms = 0;
    int result = task_definition_rows_next_deleting(engine->store, row - 1, &id, &requested_ms);
    return result < 0 || (result == 0 && id == row && requested_ms + DELETION_MS == due_ms);
}

int definition_timer_fired(struct engine *engine, int64_t row) {
    (void)row;
    engine->definitions_to_sweep = true;
    return 0;
}

/* Without any, nothing that ends is worth a look. */
static int note_deleting(struct engine *engine) {
    int64_t id = 0;
    int64_t requested_ms = 0;
    int result = task_definition_rows_next_deleting(engine->store, 0, &id, &requested_ms);
    engine->definitions_deleting = result == 0;
    return result < 0 ? result : 0;
}

/* "Removed for good once no task references it" (facts: tasks 4.7). */
int definitions_sweep(struct engine *engine) {
    int64_t ids[SWEEP_BATCH];
    unsigned count = 0;
    if (!engine->definitions_to_sweep || !engine->definitions_deleting)
        return 0;
    int result = engine_flush(engine);
    if (result == 0)
        result = task_definition_rows_deletable(
            engine->store, engine_now_ms(engine) - DELETION_MS, SWEEP_BATCH, ids, &count);
    for (unsigned index = 0; result == 0 && index < count; index++)
        result = remove_definition(engine, ids[index]);
    if (result == 0)
        engine->definitions_to_sweep = count == SWEEP_BATCH;
    if (result == 0)
        result = note_deleting(engine);
    return result;
}
