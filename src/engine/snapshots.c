/* Setting the world apart and going back to it. */
#include "ecs-local/engine/snapshots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/log.h"
#include "ecs-local/base/text.h"
#include "ecs-local/engine/journal.h"
#include "ecs-local/store/store_snapshots.h"
#include "engine_internal.h"

#define META_CLOCK "snapshot_clock"         /* "held 1 1767225600000": mode, factor, time */
#define META_GENERATOR "snapshot_generator" /* of a seeded world */

bool engine_snapshot_name_valid(const char *name) {
    return store_snapshot_name_valid(name);
}

/* Commits what the turn has done so far. Failing, the whole turn fails, replies that wait for it included. */
static int settle(struct engine *engine) {
    int result = engine_turn_end(engine);
    if (result != 0)
        engine_fail_turn(engine);
    return result;
}

/* What is not in tables by itself: how the clock goes, and where the generator stands. */
static int write_facts(struct engine *engine) {
    char text[80];
    char generator[IDS_TEXT_SIZE];
    snprintf(text, sizeof(text), "%s %.17g %lld", clock_mode_name(engine->clock.mode), engine->clock.factor,
        (long long)engine_now_ms(engine));
    int result = store_meta_set(engine->store, META_CLOCK, text);
    if (result == 0)
        result = journal_ids_keep(engine);
    if (result != 0)
        return result;
    if (!engine->ids.seeded)
        return store_meta_delete(engine->store, META_GENERATOR);
    ids_text(&engine->ids, generator);
    return store_meta_set(engine->store, META_GENERATOR, generator);
}

int engine_snapshot_save(struct engine *engine, const char *name, const char **ret_problem) {
    int64_t now_ms = engine_now_ms(engine);
    int result = settle(engine);
    if (result == 0)
        result = write_facts(engine);
    if (result == 0)
        result = engine_journal_save(engine);
    if (result == 0)
        result = settle(engine);
    return result == 0 ? store_snapshot_save(engine->store, name, now_ms, ret_problem) : result;
}

static int read_clock(struct engine *engine, struct store *store, struct clock *ret_clock) {
    const char *text = NULL;
    char mode[16];
    double factor = 1;
    long long now_ms = 0;
    int result = store_meta_get(store, engine->turn, META_CLOCK, &text);
    if (result != 0)
        return result;
    if (sscanf(text, "%15s %lf %lld", mode, &factor, &now_ms) != 3)
        return STORE_NOT_FOUND;
    bool held = text_equal(mode, clock_mode_name(CLOCK_HELD));
    bool scaled = text_equal(mode, clock_mode_name(CLOCK_SCALED)) && factor > 0 && factor <= 1e6;
    clock_init(ret_clock, held ? CLOCK_HELD : scaled ? CLOCK_SCALED : CLOCK_REAL, factor);
    if (ret_clock->mode != CLOCK_REAL && now_ms >= 0 && now_ms < INT64_MAX / 10)
        ret_clock->base_world_ms = now_ms;
    return 0;
}

/* The clock, the generator and the journal go on from where they stood. */
static int take_facts(struct engine *engine) {
    const char *generator = NULL;
    struct clock clock;
    int result = read_clock(engine, engine->store, &clock);
    if (result == 0)
        engine->clock = clock;
    if (result >= 0)
        result = store_meta_get(engine->store, engine->turn, META_GENERATOR, &generator);
    if (result == 0) {
        engine->ids.seeded = true;
        ids_parse(&engine->ids, generator);
        engine->kept_ids = (struct ids){0};
    }
    if (result >= 0)
        result = journal_ids_take(engine);
    if (result >= 0)
        result = engine_journal_reload(engine);
    return result < 0 ? result : engine_keep_clock(engine);
}

/* Memory becomes what the copy says, then the store. When either cannot, all is read again as it was. */
static int replace_world(struct engine *engine, struct store *copy, const char **ret_problem) {
    struct store *live = engine->store;
    world_free(engine);
    engine->store = copy;
    int loaded = world_load(engine);
    engine->store = live;
    int result = loaded == 0 ? store_commit(copy) : loaded;
    if (result == 0)
        result = store_become(live, copy);
    if (result == 0)
        return take_facts(engine);
    world_free(engine);
    if (world_load(engine) != 0) {
        log_error("the state cannot be read: giving up");
        abort();
    }
    if (loaded == 0)
        return result;
    *ret_problem = "what this database holds does not fit together; the log says more";
    return ENGINE_REFUSED;
}

int engine_restore(struct engine *engine, const char *bytes, size_t length, const char **ret_problem) {
    struct store *copy = NULL;
    /* What this turn has done is replaced, too: a state that cannot be written can still be left. */
    bool lost = engine_turn_end(engine) != 0;
    if (lost)
        log_warn("the turn could not be committed; the snapshot replaces what it has done");
    int result = store_copy_open(engine->turn, bytes, length, engine->store, &copy, ret_problem);
    if (result == 0)
        result = replace_world(engine, copy, ret_problem);
    store_close(copy);
    if (result < 0 || (lost && result != 0))
        engine_fail_turn(engine);
    return result;
}

int engine_snapshot_restore(struct engine *engine, const char *name, const char **ret_problem) {
    char *bytes = NULL;
    size_t length = 0;
    int result = store_snapshot_read(engine->store, name, &bytes, &length);
    if (result != 0)
        return result;
    result = engine_restore(engine, bytes, length, ret_problem);
    free(bytes);
    return result;
}

int engine_snapshot_put(
    struct engine *engine, const char *name, const char *bytes, size_t length, const char **ret_problem) {
    struct store *copy = NULL;
    struct clock clock = engine->clock;
    int result = store_copy_open(engine->turn, bytes, length, engine->store, &copy, ret_problem);
    if (result != 0)
        return result == STORE_REFUSED ? ENGINE_REFUSED : result;
    result = read_clock(engine, copy, &clock);
    store_close(copy);
    if (result < 0)
        return result;
    return store_snapshot_put(engine->store, name, bytes, length, clock_now_ms(&clock), ret_problem);
}

struct told {
    void *context;
    int (*each)(void *context, const struct snapshot *snapshot);
};

static struct snapshot as_snapshot(const struct store_snapshot *row) {
    return (struct snapshot){
        .name = row->name, .size_bytes = row->size_bytes, .taken_ms = row->taken_ms, .schema = row->schema};
}

static int tell(void *context, const struct store_snapshot *row) {
    const struct told *told = context;
    struct snapshot snapshot = as_snapshot(row);
    return told->each(told->context, &snapshot);
}

int engine_snapshots(
    struct engine *engine, void *context, int (*each)(void *context, const struct snapshot *snapshot)) {
    struct told told = {.context = context, .each = each};
    return store_snapshots(engine->store, &told, tell);
}

int engine_snapshot_find(struct engine *engine, const char *name, struct snapshot *ret_snapshot) {
    struct store_snapshot row;
    int result = store_snapshot_find(engine->store, name, engine->turn, &row);
    if (result == 0)
        *ret_snapshot = as_snapshot(&row);
    return result;
}

int engine_snapshot_read(struct engine *engine, const char *name, char **ret_bytes, size_t *ret_length) {
    return store_snapshot_read(engine->store, name, ret_bytes, ret_length);
}

int engine_snapshot_delete(struct engine *engine, const char *name) {
    return store_snapshot_delete(engine->store, name);
}

struct search {
    const char *account;
    const char *region;
    bool found;
};

static int look_for(void *context, const struct store_scope *scope) {
    struct search *search = context;
    search->found = search->found ||
                    (text_equal(scope->account, search->account) &&
                        (search->region == NULL || text_equal(scope->region, search->region)));
    return 0;
}

int engine_fork(struct engine *engine, const char *from, const char *to, const char *region_or_null) {
    struct search search = {.account = from, .region = region_or_null};
    int result = engine_flush(engine);
    if (result == 0)
        result = store_scopes(engine->store, &search, look_for);
    if (result == 0 && !search.found)
        return ENGINE_NOT_FOUND;
    if (result == 0)
        result = engine_reset(engine, to, region_or_null);
    if (result == 0)
        result = store_fork(engine->store, engine->turn, from, to, region_or_null);
    if (result != 0)
        return result;
    world_free(engine);
    return world_load(engine);
}

static int note_scope(void *context, const struct store_scope *scope) {
    (void)scope;
    *(bool *)context = false;
    return 0;
}

int engine_is_empty(struct engine *engine, bool *ret_empty) {
    *ret_empty = true;
    return store_scopes(engine->store, ret_empty, note_scope);
}
