#include "ecs-local/engine/sinks.h"

#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/store/sink_rows.h"
#include "engine_internal.h"

struct sink_entry {
    struct sink sink;
    struct arena *arena;
    struct sink_entry *next; /* by id */
};

static void entry_free(struct sink_entry *entry) {
    arena_free(entry->arena);
    free(entry);
}

static int append(struct engine *engine, const struct sink_row *row) {
    struct value *document = NULL;
    struct sink_entry *entry = xcalloc(1, sizeof(*entry));
    entry->arena = arena_new_sized(1024);
    if (value_parse(entry->arena, row->document, strlen(row->document), &document) != 0) {
        entry_free(entry);
        return error_raise(ERR_STORE, "the stored sink %lld cannot be read", (long long)row->id);
    }
    entry->sink = (struct sink){
        .id = row->id,
        .document = document,
        .position = row->position,
        .delivered = row->delivered,
        .lost = row->lost,
        .created_ms = row->created_ms,
    };
    struct sink_entry **end = &engine->sinks;
    while (*end != NULL)
        end = &(*end)->next;
    *end = entry;
    engine->last_sink_id = row->id;
    engine->sinks_version++;
    return 0;
}

static int load_row(void *context, const struct sink_row *row) {
    return append(context, row);
}

int sinks_load(struct engine *engine) {
    engine->last_sink_id = 0;
    engine->sinks_version++;
    return sink_rows_each(engine->store, engine, load_row);
}

void sinks_free(struct engine *engine) {
    while (engine->sinks != NULL) {
        struct sink_entry *entry = engine->sinks;
        engine->sinks = entry->next;
        entry_free(entry);
    }
}

static struct sink_entry **find(struct engine *engine, int64_t id) {
    struct sink_entry **link = &engine->sinks;
    while (*link != NULL && (*link)->sink.id != id)
        link = &(*link)->next;
    return link;
}

const struct sink *engine_sink_next(const struct engine *engine, int64_t after) {
    const struct sink_entry *entry = engine->sinks;
    while (entry != NULL && entry->sink.id <= after)
        entry = entry->next;
    return entry != NULL ? &entry->sink : NULL;
}

unsigned engine_sinks_version(const struct engine *engine) {
    return engine->sinks_version;
}

int engine_sink_add(
    struct engine *engine, const char *document, int64_t position, const struct sink **ret_sink) {
    struct sink_row row = {
        .id = engine->last_sink_id + 1,
        .document = document,
        .position = position,
        .created_ms = engine_now_ms(engine),
    };
    int result = sink_rows_insert(engine->store, &row);
    if (result == 0)
        result = append(engine, &row);
    if (result == 0)
        *ret_sink = engine_sink_next(engine, row.id - 1);
    return result;
}

int engine_sink_delete(struct engine *engine, int64_t id) {
    struct sink_entry **link = find(engine, id);
    struct sink_entry *entry = *link;
    if (entry == NULL)
        return ENGINE_NOT_FOUND;
    int result = sink_rows_delete(engine->store, id);
    *link = entry->next;
    entry_free(entry);
    engine->sinks_version++;
    return result;
}

int sinks_clear(struct engine *engine) {
    int result = 0;
    while (result == 0 && engine->sinks != NULL)
        result = engine_sink_delete(engine, engine->sinks->sink.id);
    return result;
}

int engine_sink_progress(struct engine *engine, const struct sink *progress) {
    struct sink_entry *entry = *find(engine, progress->id);
    if (entry == NULL)
        return 0;
    entry->sink.position = progress->position;
    entry->sink.delivered = progress->delivered;
    entry->sink.lost = progress->lost;
    struct sink_row row = {
        .id = progress->id,
        .position = progress->position,
        .delivered = progress->delivered,
        .lost = progress->lost,
    };
    return sink_rows_progress(engine->store, &row);
}
