/* The newest entries of the journal in memory: a ring that every reader reads. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/store/journal_rows.h"
#include "engine_internal.h"

#define META_ID_BASE "journal_id_base"

enum {
    SLOTS_FIRST = 256,
    ENTRY_MAX = 16 * 1024 * 1024,
    PAGE_MAX = 2 * ENTRY_MAX,
    /* All entries together: a few very large ones push out the old ones before their number does. */
    BYTES_MAX = 64 * 1024 * 1024,
};

static const char *const kind_names[JOURNAL_KIND_COUNT] = {
    [JOURNAL_REQUEST] = "request",
    [JOURNAL_TRANSITION] = "transition",
    [JOURNAL_EVENT] = "event",
};

const char *journal_kind_name(enum journal_kind kind) {
    return kind_names[kind];
}

int journal_kind_parse(const char *name, enum journal_kind *ret_kind) {
    for (unsigned kind = 0; kind < JOURNAL_KIND_COUNT; kind++) {
        if (text_equal(name, kind_names[kind])) {
            *ret_kind = (enum journal_kind)kind;
            return 0;
        }
    }
    return 1;
}

static size_t slot_of(const struct journal *journal, int64_t seq) {
    return (journal->head + (size_t)(seq - journal->first_seq)) & (journal->capacity - 1);
}

int64_t journal_last_seq(const struct journal *journal) {
    return journal->first_seq + (int64_t)journal->count - 1;
}

struct journal_record *journal_record_at(const struct journal *journal, int64_t seq) {
    if (seq < journal->first_seq || seq > journal_last_seq(journal))
        return NULL;
    return journal->slots[slot_of(journal, seq)].record;
}

static uint32_t body_at(const struct journal_record *record) {
    return (uint32_t)record->account_length + record->region_length + record->subject_length;
}

void journal_append_body(const struct journal_record *record, struct buf *buf) {
    uint32_t begin = body_at(record);
    uint32_t middle = record->shared != NULL ? record->shared_at : record->length;
    buf_append(buf, record->text + begin, middle - begin);
    if (record->shared == NULL)
        return;
    buf_append(buf, record->shared->text, record->shared->length);
    buf_append(buf, record->text + middle, record->length - middle);
}

static void put(struct journal *journal, size_t index, struct journal_record *record_or_null) {
    struct journal_slot *slot = &journal->slots[index];
    *slot = (struct journal_slot){.record = record_or_null};
    if (record_or_null == NULL)
        return;
    slot->segment = record_or_null->segment;
    slot->bytes = (uint32_t)sizeof(*record_or_null) + record_or_null->length;
    slot->has_shared = record_or_null->shared != NULL;
    journal->bytes += slot->bytes;
}

struct journal_record *journal_take(struct journal *journal, int64_t seq) {
    struct journal_slot *slot = &journal->slots[slot_of(journal, seq)];
    struct journal_record *record = slot->record;
    journal->bytes -= slot->bytes;
    *slot = (struct journal_slot){.record = NULL};
    return record;
}

static void drop(struct journal *journal, int64_t seq) {
    struct journal_slot slot = journal->slots[slot_of(journal, seq)];
    struct journal_record *record = journal_take(journal, seq);
    if (slot.has_shared)
        journal_record_free(record);
    else if (record != NULL)
        journal_segment_release(slot.segment);
}

static void drop_oldest(struct journal *journal) {
    drop(journal, journal->first_seq);
    journal->head = (journal->head + 1) & (journal->capacity - 1);
    journal->first_seq++;
    journal->count--;
}

static void trim(struct journal *journal) {
    int64_t limit = journal->settings.limit;
    while (journal->count > 0 && ((int64_t)journal->count > limit || journal->bytes > BYTES_MAX))
        drop_oldest(journal);
}

static void grow(struct journal *journal) {
    size_t capacity = journal->capacity != 0 ? journal->capacity * 2 : SLOTS_FIRST;
    struct journal_slot *slots = xcalloc(capacity, sizeof(*slots));
    for (size_t index = 0; index < journal->count; index++)
        slots[index] = journal->slots[(journal->head + index) & (journal->capacity - 1)];
    free(journal->slots);
    journal->slots = slots;
    journal->capacity = capacity;
    journal->head = 0;
}

void journal_push(struct journal *journal, struct journal_record *record_or_null) {
    if (journal->count == journal->capacity)
        grow(journal);
    put(journal, (journal->head + journal->count) & (journal->capacity - 1), record_or_null);
    journal->count++;
    trim(journal);
}

void journal_replace(struct journal *journal, int64_t seq, struct journal_record *record) {
    drop(journal, seq);
    put(journal, slot_of(journal, seq), record);
}

/* Stored entries keep the ids that they have been told with, whatever seed this process has. */
static int read_id_base(struct engine *engine) {
    struct journal *journal = &engine->journal;
    const char *text = NULL;
    int result = store_meta_get(engine->store, engine->turn, META_ID_BASE, &text);
    journal->id_base_stored = result == 0;
    if (result == 0)
        journal->settings.id_base = strtoull(text, NULL, 16);
    return result < 0 ? result : 0;
}

int journal_keep_id_base(struct engine *engine) {
    struct journal *journal = &engine->journal;
    char text[24];
    if (journal->id_base_stored)
        return 0;
    journal->id_base_stored = true;
    snprintf(text, sizeof(text), "%llx", (unsigned long long)journal->settings.id_base);
    return store_meta_set(engine->store, META_ID_BASE, text);
}

static int begin_behind_stored(struct engine *engine) {
    struct journal *journal = &engine->journal;
    int64_t last_seq = 0;
    int result = read_id_base(engine);
    if (result == 0)
        result = journal_rows_last(engine->store, &last_seq);
    if (result != 0)
        return result;
    journal->first_seq = last_seq + 1;
    journal->turn_seq = journal->saved_seq = journal->stored_seq = last_seq;
    journal->pruned_seq = 0;
    journal->older_in_store = last_seq != 0;
    return 0;
}

int journal_open(struct engine *engine, const struct journal_settings *settings) {
    struct journal *journal = &engine->journal;
    journal->settings = *settings;
    journal->settings.stored = settings->stored && settings->limit > 0;
    journal->scratch = (struct buf)BUF_INIT(ENTRY_MAX);
    journal->page = (struct buf)BUF_INIT(PAGE_MAX);
    journal->told = (struct buf)BUF_INIT(PAGE_MAX);
    return begin_behind_stored(engine);
}

void journal_drop_all(struct journal *journal) {
    while (journal->count > 0)
        drop_oldest(journal);
    journal->head = 0;
}

void journal_done(struct engine *engine) {
    struct journal *journal = &engine->journal;
    journal_drop_all(journal);
    journal_segment_close(journal);
    free(journal->slots);
    journal->slots = NULL;
    journal->capacity = 0;
    buf_done(&journal->scratch);
    buf_done(&journal->page);
    buf_done(&journal->told);
    free(journal->page_shared);
}

int journal_clear(struct engine *engine) {
    struct journal *journal = &engine->journal;
    journal_drop_all(journal);
    journal->first_seq = 1;
    journal->turn_seq = journal->saved_seq = journal->pruned_seq = 0;
    journal->request_seq = 0;
    journal->older_in_store = false;
    journal->cleared = true;
    journal->id_base_stored = false;
    journal->epoch++;
    journal->begin_seq = 1;
    return journal_rows_clear(engine->store);
}

static struct journal_text account_of(const struct journal_record *record) {
    return (struct journal_text){record->text, record->account_length};
}

static struct journal_text region_of(const struct journal_record *record) {
    return (struct journal_text){record->text + record->account_length, record->region_length};
}

static bool is_of(struct journal_text text, const char *wanted_or_null) {
    return wanted_or_null == NULL ||
           (strlen(wanted_or_null) == text.length && memcmp(text.text, wanted_or_null, text.length) == 0);
}

/* The pages are written again: those in the store hold what is to be forgotten. */
int journal_forget(struct engine *engine, const char *account_or_null, const char *region_or_null) {
    struct journal *journal = &engine->journal;
    int result = journal_load_older(engine);
    if (result != 0)
        return result;
    for (int64_t seq = journal->first_seq; seq <= journal_last_seq(journal); seq++) {
        const struct journal_record *record = journal_record_at(journal, seq);
        if (record != NULL && is_of(account_of(record), account_or_null) &&
            is_of(region_of(record), region_or_null))
            drop(journal, seq);
    }
    if (journal->saved_seq == 0)
        return 0;
    journal->saved_seq = journal->first_seq - 1;
    result = journal_rows_clear(engine->store);
    return result == 0 ? journal_flush(engine) : result;
}

int journal_turn_undone(struct engine *engine) {
    struct journal *journal = &engine->journal;
    journal->request_seq = 0;
    journal->tell = false;
    journal->saved_seq = journal->stored_seq;
    journal->id_base_stored = false; /* perhaps it is: then it is written again */
    if (journal->cleared) {
        journal->cleared = false;
        journal_drop_all(journal);
        return begin_behind_stored(engine);
    }
    for (int64_t seq = journal->turn_seq + 1; seq <= journal_last_seq(journal); seq++) {
        const struct journal_record *record = journal_record_at(journal, seq);
        if (record != NULL && record->kind == JOURNAL_REQUEST)
            journal_outcome_failed(journal, seq);
        else if (record != NULL)
            drop(journal, seq);
    }
    journal->turn_seq = journal_last_seq(journal);
    return 0;
}

int engine_journal_bounds(struct engine *engine, struct journal_bounds *ret_bounds) {
    const struct journal *journal = &engine->journal;
    int result = journal_load_older(engine);
    if (result != 0)
        return result;
    *ret_bounds = (struct journal_bounds){
        .first = journal->first_seq,
        .last = journal_last_seq(journal),
        .committed = journal->turn_seq,
        .epoch = journal->epoch,
        .begin = journal->begin_seq,
    };
    return 0;
}

struct journal_entry journal_entry_of(int64_t seq, const struct journal_record *record) {
    uint32_t subject_at = (uint32_t)record->account_length + record->region_length;
    const struct journal_shared *shared = record->shared;
    return (struct journal_entry){
        .seq = seq,
        .time_ms = record->time_ms,
        .kind = (enum journal_kind)record->kind,
        .account = account_of(record),
        .region = region_of(record),
        .subject = {record->text + subject_at, record->subject_length},
        .body = {record->text + body_at(record), record->length - body_at(record)},
        .shared = {shared != NULL ? shared->text : "", shared != NULL ? shared->length : 0},
    };
}

bool engine_journal_at(const struct engine *engine, int64_t seq, struct journal_entry *ret_entry) {
    const struct journal_record *record = journal_record_at(&engine->journal, seq);
    if (record == NULL)
        return false;
    *ret_entry = journal_entry_of(seq, record);
    return true;
}

int engine_journal_reload(struct engine *engine) {
    struct journal *journal = &engine->journal;
    journal_drop_all(journal);
    journal->epoch++;
    int result = begin_behind_stored(engine);
    journal->begin_seq = journal->first_seq;
    return result;
}

void engine_journal_tell(struct engine *engine) {
    engine->journal.tell = true;
}

void engine_journal_follow(struct engine *engine, int by) {
    engine->journal.followers += (unsigned)by;
}
