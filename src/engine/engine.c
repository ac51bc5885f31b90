#include "ecs-local/engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/log.h"
#include "ecs-local/base/text.h"
#include "ecs-local/engine/faults.h"
#include "ecs-local/engine/scripted_outcomes.h"
#include "engine_internal.h"

#define META_CLOCK "held_clock_ms"
#define META_GENERATOR "id_generator"
#define META_JOURNAL_IDS "journal_ids"

#define FIRST_MOMENT_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

enum {
    DOCUMENT_MAX = 16 * 1024 * 1024, /* bytes of a task; a request body is smaller */
    PLACING_BLOCK = 32 * 1024,       /* a placement over many kinds of instances needs some hundreds of KB */
};

int world_load(struct engine *engine) {
    engine->world = arena_new();
    int result = clusters_load(engine);
    if (result == 0)
        result = instances_load(engine);
    if (result == 0)
        result = services_load(engine);
    if (result == 0)
        result = scripts_load(engine);
    if (result == 0)
        result = tasks_load(engine);
    if (result == 0)
        result = gateways_load(engine);
    if (result == 0)
        result = scaling_load(engine);
    if (result == 0)
        result = faults_load(engine);
    if (result == 0)
        result = sinks_load(engine);
    if (result == 0)
        result = daemons_load(engine);
    if (result == 0)
        result = definitions_load(engine);
    engine->stale = false;
    return result;
}

void world_free(struct engine *engine) {
    faults_free(engine);
    sinks_free(engine);
    tasks_free(engine);
    scripts_free(engine);
    definitions_free(engine);
    services_free(engine);
    scaling_free(engine);
    daemons_free(engine);
    instances_free(engine);
    clusters_free(engine);
    timers_clear(&engine->timers);
    arena_free(engine->world);
    engine->world = NULL;
}

/* Held and seeded: a run that can be repeated to the byte, so its time begins at a fixed moment, too. */
static void begin_clock(struct engine *engine, enum clock_mode mode, double factor) {
    clock_init(&engine->clock, mode, factor);
    if (mode == CLOCK_HELD && engine->ids.seeded)
        engine->clock.base_world_ms = FIRST_MOMENT_MS;
}

/* A held or scaled clock goes on from where it stood. */
static int restore_clock(struct engine *engine) {
    const char *text = NULL;
    int64_t held_ms = 0;
    int result = store_meta_get(engine->store, engine->turn, META_CLOCK, &text);
    if (result < 0)
        return result;
    if (result > 0)
        return engine->clock.mode != CLOCK_REAL ? engine_keep_clock(engine) : 0;
    if (engine->clock.mode != CLOCK_REAL && text_parse_int(text, 0, INT64_MAX / 10, &held_ms) == 0)
        engine->clock.base_world_ms = held_ms;
    return 0;
}

int engine_keep_clock(struct engine *engine) {
    if (engine->clock.mode == CLOCK_REAL)
        return store_meta_delete(engine->store, META_CLOCK);
    char digits[24];
    snprintf(digits, sizeof(digits), "%lld", (long long)engine_now_ms(engine));
    return store_meta_set(engine->store, META_CLOCK, digits);
}

/* A seeded generator goes on from where it stood, too: its first ids are taken by what the store holds. */
static int restore_generator(struct engine *engine, uint64_t seed) {
    ids_init_seeded(&engine->ids, seed);
    const char *text = NULL;
    int result = store_meta_get(engine->store, engine->turn, META_GENERATOR, &text);
    if (result == 0)
        ids_parse(&engine->ids, text);
    engine->kept_ids = engine->ids;
    return result < 0 ? result : 0;
}

/* Also by what was refused or found no place: a run that goes on behind a restart gives what one without it gives. */
static bool generator_moved(const struct engine *engine) {
    return engine->ids.seeded && memcmp(&engine->ids, &engine->kept_ids, sizeof(engine->ids)) != 0;
}

int keep_generator(struct engine *engine) {
    if (!generator_moved(engine))
        return 0;
    char text[IDS_TEXT_SIZE];
    ids_text(&engine->ids, text);
    engine->kept_ids = engine->ids;
    return store_meta_set(engine->store, META_GENERATOR, text);
}

int journal_ids_keep(struct engine *engine) {
    char digits[24];
    snprintf(digits, sizeof(digits), "%llu", (unsigned long long)engine->journal.settings.id_base);
    return store_meta_set(engine->store, META_JOURNAL_IDS, digits);
}

int journal_ids_take(struct engine *engine) {
    const char *text = NULL;
    int result = store_meta_get(engine->store, engine->turn, META_JOURNAL_IDS, &text);
    if (result == 0)
        engine->journal.settings.id_base = strtoull(text, NULL, 10);
    return result;
}

/* Entries that are stored keep their ids over a restart. */
static int restore_journal_ids(struct engine *engine) {
    int result = journal_ids_take(engine);
    if (result <= 0)
        return result;
    return engine->journal.settings.stored && !engine->seeded ? journal_ids_keep(engine) : 0;
}

/* Ids in the journal come from the seed and the entry's number; without a seed from chance. */
static int open_journal(struct engine *engine, const struct engine_config *config) {
    struct ids chance;
    ids_init_random(&chance);
    struct journal_settings settings = {
        .limit = config->journal_limit,
        .stored = config->journal_stored,
        .id_base = config->seeded ? config->seed : ids_random(&chance),
    };
    int result = journal_open(engine, &settings);
    return result == 0 ? restore_journal_ids(engine) : result;
}

int engine_open(const struct engine_config *config, struct engine **ret_engine) {
    struct engine *engine = xcalloc(1, sizeof(*engine));
    engine->store = config->store;
    engine->runtime = config->runtime;
    engine->hook_caller = config->hook_caller;
    engine->turn = arena_new();
    engine->placing = arena_new_sized(PLACING_BLOCK);
    engine->document = (struct buf)BUF_INIT(DOCUMENT_MAX);
    engine->seeded = config->seeded;
    engine->seed = config->seed;
    int result = 0;
    if (config->seeded)
        result = restore_generator(engine, config->seed);
    else
        ids_init_random(&engine->ids);
    engine->first_clock_mode = config->clock_mode;
    engine->first_clock_factor = config->clock_factor;
    begin_clock(engine, config->clock_mode, config->clock_factor);
    if (result == 0)
        result = restore_clock(engine);
    if (result == 0)
        result = open_journal(engine, config);
    if (result == 0)
        result = services_open(engine);
    if (result == 0)
        result = world_load(engine);
    if (result != 0) {
        engine_close(engine);
        return result;
    }
    *ret_engine = engine;
    return 0;
}

void engine_close(struct engine *engine) {
    if (engine == NULL)
        return;
    world_free(engine);
    services_close(engine);
    journal_done(engine);
    timers_done(&engine->timers);
    free(engine->dirty_tasks);
    free(engine->expired_tasks);
    free(engine->waiting_tasks);
    free(engine->dirty_instances);
    arena_free(engine->turn);
    arena_free(engine->placing);
    buf_done(&engine->document);
    free(engine);
}

struct store *engine_store(struct engine *engine) {
    return engine->store;
}

struct ids *engine_ids(struct engine *engine) {
    return &engine->ids;
}

struct clock *engine_clock(struct engine *engine) {
    return &engine->clock;
}

int64_t engine_now_ms(const struct engine *engine) {
    return clock_now_ms(&engine->clock);
}

int64_t engine_delay_ms(struct engine *engine, enum runtime_delay delay) {
    return engine->runtime.delay_ms(engine->runtime.context, delay);
}

void engine_watch(struct engine *engine, const struct engine_watcher *watcher_or_null) {
    engine->watcher = watcher_or_null != NULL ? *watcher_or_null : (struct engine_watcher){0};
}

bool engine_has_changes(const struct engine *engine) {
    return engine->stale || engine->dirty_count != 0 || engine->expired_count != 0 ||
           engine->dirty_instance_count != 0 || services_changed(engine) ||
           store_in_transaction(engine->store) || generator_moved(engine) || journal_must_flush(engine);
}

int engine_flush(struct engine *engine) {
    int result = tasks_flush(engine);
    if (result == 0)
        result = services_flush(engine);
    return result == 0 ? instances_flush(engine) : result;
}

/* Memory is thrown away and read again from what was committed. */
static void reload(struct engine *engine) {
    log_warn("the turn was rolled back: reading the state again");
    world_free(engine);
    if (journal_turn_undone(engine) != 0 || world_load(engine) != 0) {
        log_error("the state cannot be read: giving up");
        abort();
    }
}

int engine_turn_end(struct engine *engine) {
    int result = engine->stale ? ERR_STORE : daemons_reconcile(engine);
    if (result == 0)
        result = waiting_place(engine);
    if (result == 0)
        result = services_reconcile(engine);
    if (result == 0)
        result = scaling_check(engine);
    if (result == 0)
        result = engine_flush(engine);
    if (result == 0)
        result = definitions_sweep(engine);
    if (result == 0)
        result = keep_generator(engine);
    if (result == 0 && engine->clock.mode == CLOCK_SCALED && store_in_transaction(engine->store))
        result = engine_keep_clock(engine);
    if (result == 0)
        result = journal_turn_flush(engine);
    if (result == 0)
        result = store_commit(engine->store);
    if (result != 0) {
        store_rollback(engine->store);
        reload(engine);
    } else {
        journal_turn_done(engine);
        tasks_trim(engine);
        definitions_trim(engine);
    }
    arena_reset(engine->turn);
    return result;
}

void engine_fail_turn(struct engine *engine) {
    engine->stale = true;
}

/* Time, rows, ids and the journal's ids begin again as they did at first, the clock in the mode it was started with. */
static int begin_again(struct engine *engine) {
    begin_clock(engine, engine->first_clock_mode, engine->first_clock_factor);
    int result = engine_keep_clock(engine);
    if (result == 0)
        result = store_meta_delete(engine->store, META_LAST_TASK);
    if (!engine->seeded) {
        ids_init_random(&engine->ids);
        return result;
    }
    ids_init_seeded(&engine->ids, engine->seed);
    engine->journal.settings.id_base = engine->seed;
    return result == 0 ? store_meta_delete(engine->store, META_JOURNAL_IDS) : result;
}

int engine_reset(struct engine *engine, const char *account_or_null, const char *region_or_null) {
    bool all = account_or_null == NULL && region_or_null == NULL;
    /* Faults first: agents that connect again still have their instances. */
    int result = engine_faults_clear(engine, account_or_null, region_or_null);
    if (result == 0)
        result = engine_scripts_delete(engine, account_or_null, region_or_null);
    if (result == 0)
        result = engine_flush(engine);
    if (result == 0)
        result = store_reset(engine->store, account_or_null, region_or_null);
    if (result == 0)
        result = all ? journal_clear(engine) : journal_forget(engine, account_or_null, region_or_null);
    if (result == 0 && all)
        result = sinks_clear(engine);
    if (result == 0 && all)
        result = begin_again(engine);
    if (result != 0)
        return result;
    world_free(engine);
    return world_load(engine);
}
