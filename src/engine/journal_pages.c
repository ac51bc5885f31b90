/* The journal in the store: a row holds what one turn had to tell. A page is, for each entry, a struct item_header and its
 * text: account, region, subject and body without anything between them.
 *
 * What several entries share is in the page once, before the first of them, as an item of the kind SHARED_KIND; they are
 * numbered from 1 on.
 *
 * One row a turn, not one an entry: what SQLite does for a row costs more than its bytes do. */
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/store/journal_rows.h"
#include "engine_internal.h"

/* As it is in memory; without gaps. */
struct item_header {
    uint8_t kind;
    uint8_t account_length;
    uint8_t region_length;
    uint8_t subject_length;
    uint32_t length; /* of the text */
    uint32_t outcome_at;
    uint32_t shared; /* the number of what belongs into the text; 0: nothing */
    uint32_t shared_at;
    uint32_t unused;
    int64_t seq;
    int64_t time_ms;
};

enum {
    SHARED_KIND = JOURNAL_KIND_COUNT,
    PAGE_BYTES_GOOD = 1024 * 1024, /* a longer page is cut here */
    UNSAVED_MAX = 1024,            /* entries that may wait for a turn that writes something else */
    UNSAVED_MAX_US = 100 * 1000,   /* and for how long */
    PRUNE_PARTS = 8,               /* old pages go when this part of the limit has come together */
};

static void append_item(struct buf *page, const struct item_header *header, const char *text) {
    buf_append(page, header, sizeof(*header));
    buf_append(page, text, header->length);
}

/* The number of the piece in the page, which gets it when it is not there yet. */
static unsigned append_shared(struct journal *journal, struct journal_shared *shared) {
    if (shared == NULL || shared->in_page != 0)
        return shared != NULL ? shared->in_page : 0;
    if (journal->page_shared_count == journal->page_shared_capacity) {
        journal->page_shared_capacity = journal->page_shared_capacity != 0 ? journal->page_shared_capacity * 2
                                                                           : 16;
        journal->page_shared = xrealloc(
            journal->page_shared, journal->page_shared_capacity * sizeof(*journal->page_shared));
    }
    journal->page_shared[journal->page_shared_count++] = shared;
    shared->in_page = journal->page_shared_count;
    struct item_header header = {.kind = SHARED_KIND, .length = shared->length};
    append_item(&journal->page, &header, shared->text);
    return shared->in_page;
}

static void append_record(struct journal *journal, int64_t seq, const struct journal_record *record) {
    struct item_header header = {
        .kind = record->kind,
        .account_length = record->account_length,
        .region_length = record->region_length,
        .subject_length = record->subject_length,
        .length = record->length,
        .outcome_at = record->outcome_at,
        .shared = append_shared(journal, record->shared),
        .shared_at = record->shared_at,
        .seq = seq,
        .time_ms = record->time_ms > 0 ? record->time_ms : 0,
    };
    append_item(&journal->page, &header, record->text);
}

static void begin_page(struct journal *journal) {
    buf_clear(&journal->page);
    while (journal->page_shared_count > 0)
        journal->page_shared[--journal->page_shared_count]->in_page = 0;
}

static int write_page(struct engine *engine, int64_t first_seq, int64_t last_seq, const struct buf *text) {
    if (buf_failed(text))
        return error_raise(ERR_LIMIT, "a page of the journal is larger than %zu bytes", text->maximum);
    struct journal_page page = {
        .first_seq = first_seq,
        .last_seq = last_seq,
        .entries = buf_text(text),
        .length = text->length,
    };
    return journal_rows_insert(engine->store, &page);
}

static int prune(struct engine *engine) {
    struct journal *journal = &engine->journal;
    int64_t keep_from = journal->saved_seq - journal->settings.limit + 1;
    if (!journal->older_in_store && keep_from < journal->first_seq)
        keep_from = journal->first_seq;
    if (keep_from - 1 - journal->pruned_seq <= journal->settings.limit / PRUNE_PARTS)
        return 0;
    journal->pruned_seq = keep_from - 1;
    return journal_rows_prune(engine->store, keep_from - 1);
}

int journal_flush(struct engine *engine) {
    struct journal *journal = &engine->journal;
    int64_t last_seq = journal_last_seq(journal);
    int64_t seq = journal->saved_seq + 1 > journal->first_seq ? journal->saved_seq + 1 : journal->first_seq;
    int64_t first_seq = seq;
    int result = journal_keep_id_base(engine);
    const struct buf *page = &journal->page;
    begin_page(journal);
    for (; result == 0 && seq <= last_seq; seq++) {
        const struct journal_record *record = journal_record_at(journal, seq);
        if (record != NULL)
            append_record(journal, seq, record);
        if (page->length < PAGE_BYTES_GOOD && seq != last_seq)
            continue;
        result = write_page(engine, first_seq, seq, page);
        first_seq = seq + 1;
        begin_page(journal);
    }
    begin_page(journal);
    if (result != 0)
        return result;
    journal->saved_seq = last_seq;
    return prune(engine);
}

struct page_reader {
    struct journal *journal;
    const char *cursor;
    const char *end;
    unsigned line_end;              /* bytes behind the text of the item */
    struct journal_shared **shared; /* those read so far: the reader's references */
    unsigned shared_count;
};

enum page_item {
    ITEM_RECORD,
    ITEM_SHARED,
    ITEM_BROKEN
};

static bool is_whole(const struct page_reader *reader, const struct item_header *header) {
    uint32_t names = (uint32_t)header->account_length + header->region_length + header->subject_length;
    return header->kind <= SHARED_KIND && header->length <= (size_t)(reader->end - reader->cursor) &&
           header->outcome_at <= header->length && header->shared <= reader->shared_count &&
           header->shared_at <= header->length && names <= header->length && header->seq >= 0 &&
           header->time_ms >= 0;
}

/* Pages of older programs have these members as a line of decimal numbers, and a line end behind the text. */
static int read_older_header(struct page_reader *reader, struct item_header *ret_header) {
    enum older_number {
        KIND,
        SEQ,
        TIME,
        ACCOUNT_LENGTH,
        REGION_LENGTH,
        SUBJECT_LENGTH,
        OUTCOME_AT,
        SHARED,
        SHARED_AT,
        LENGTH,
        NUMBERS
    };
    int64_t numbers[NUMBERS];
    for (unsigned index = 0; index < NUMBERS; index++) {
        char *behind = NULL;
        if (reader->cursor < reader->end)
            numbers[index] = strtoll(reader->cursor, &behind, 10);
        bool is_small = index == KIND || (index >= ACCOUNT_LENGTH && index <= SUBJECT_LENGTH);
        bool is_whole_number = index == SEQ || index == TIME;
        if (behind == NULL || behind == reader->cursor || behind >= reader->end || numbers[index] < 0 ||
            (!is_whole_number && numbers[index] > (is_small ? UINT8_MAX : UINT32_MAX)))
            return 1;
        reader->cursor = behind + 1;
    }
    *ret_header = (struct item_header){
        .kind = (uint8_t)numbers[KIND],
        .account_length = (uint8_t)numbers[ACCOUNT_LENGTH],
        .region_length = (uint8_t)numbers[REGION_LENGTH],
        .subject_length = (uint8_t)numbers[SUBJECT_LENGTH],
        .length = (uint32_t)numbers[LENGTH],
        .outcome_at = (uint32_t)numbers[OUTCOME_AT],
        .shared = (uint32_t)numbers[SHARED],
        .shared_at = (uint32_t)numbers[SHARED_AT],
        .seq = numbers[SEQ],
        .time_ms = numbers[TIME],
    };
    return 0;
}

/* Moves to the item's text. */
static int read_header(struct page_reader *reader, struct item_header *ret_header) {
    int result = 0;
    if (*reader->cursor >= '0') {
        result = read_older_header(reader, ret_header);
        reader->line_end = 1;
    } else if ((size_t)(reader->end - reader->cursor) >= sizeof(*ret_header)) {
        memcpy(ret_header, reader->cursor, sizeof(*ret_header));
        reader->cursor += sizeof(*ret_header);
        reader->line_end = 0;
    } else {
        result = 1;
    }
    return result == 0 && is_whole(reader, ret_header) ? 0 : 1;
}

/* The item at the cursor; moves behind it. */
static enum page_item read_item(
    struct page_reader *reader, int64_t *ret_seq, struct journal_record **ret_record) {
    struct item_header header;
    if (read_header(reader, &header) != 0)
        return ITEM_BROKEN;
    const char *text = reader->cursor;
    reader->cursor += header.length + reader->line_end;
    if (header.kind == SHARED_KIND) {
        reader->shared = xrealloc(reader->shared, (reader->shared_count + 1UL) * sizeof(*reader->shared));
        reader->shared[reader->shared_count++] = journal_shared_new(text, header.length);
        return ITEM_SHARED;
    }
    struct journal_record draft = {
        .kind = header.kind,
        .time_ms = header.time_ms,
        .account_length = header.account_length,
        .region_length = header.region_length,
        .subject_length = header.subject_length,
        .outcome_at = header.outcome_at,
        .shared = header.shared != 0 ? reader->shared[header.shared - 1] : NULL,
        .shared_at = header.shared_at,
        .length = header.length,
    };
    if (draft.shared != NULL)
        draft.shared->references++;
    *ret_seq = header.seq;
    *ret_record = journal_record_new(reader->journal, &draft, text, 0);
    return ITEM_RECORD;
}

static void reader_done(struct page_reader *reader) {
    for (unsigned index = 0; index < reader->shared_count; index++)
        journal_shared_release(reader->shared[index]);
    free(reader->shared);
}

struct older_entries {
    struct journal *journal; /* has the memory of what is read */
    struct journal ring;
    int64_t newest; /* what comes behind is in memory already */
};

static void skip_to(struct journal *ring, int64_t seq) {
    while (journal_last_seq(ring) < seq)
        journal_push(ring, NULL);
}

/* Entries that are missing between two that are there have been taken back. */
static int load_page(void *context, const struct journal_page *page) {
    struct older_entries *older = context;
    struct journal *ring = &older->ring;
    struct page_reader reader = {
        .journal = older->journal, .cursor = page->entries, .end = page->entries + page->length};
    if (page->first_seq > older->newest)
        return 0;
    if (ring->count == 0)
        ring->first_seq = page->first_seq;
    enum page_item item = ITEM_SHARED;
    while (item != ITEM_BROKEN && reader.cursor < reader.end) {
        int64_t seq = 0;
        struct journal_record *record = NULL;
        item = read_item(&reader, &seq, &record);
        if (item != ITEM_RECORD)
            continue;
        if (seq > journal_last_seq(ring) && seq <= page->last_seq) {
            skip_to(ring, seq - 1);
            journal_push(ring, record);
        } else {
            journal_record_free(record);
            item = ITEM_BROKEN;
        }
    }
    reader_done(&reader);
    skip_to(ring, page->last_seq);
    return item != ITEM_BROKEN ? 0 : error_raise(ERR_STORE, "a stored page of the journal cannot be read");
}

/* What is in memory goes behind what was read; `ring` is the journal's afterwards. */
static void join(struct journal *journal, struct journal *ring) {
    int64_t last_seq = journal_last_seq(journal);
    skip_to(ring, journal->first_seq - 1);
    for (int64_t seq = journal->first_seq; seq <= last_seq; seq++)
        journal_push(ring, journal_take(journal, seq));
    free(journal->slots);
    journal->slots = ring->slots;
    journal->capacity = ring->capacity;
    journal->head = ring->head;
    journal->count = ring->count;
    journal->bytes = ring->bytes;
    journal->first_seq = ring->first_seq;
}

int journal_load_older(struct engine *engine) {
    struct journal *journal = &engine->journal;
    if (!journal->older_in_store)
        return 0;
    struct older_entries older = {
        .journal = journal,
        .ring = {.settings = {.limit = journal->settings.limit}, .first_seq = 1},
        .newest = journal->first_seq - 1,
    };
    int result = journal_rows_each(engine->store, older.newest - journal->settings.limit, &older, load_page);
    if (result == 0 && older.ring.count > 0) {
        join(journal, &older.ring);
    } else {
        journal_drop_all(&older.ring);
        free(older.ring.slots);
    }
    if (result == 0)
        journal->older_in_store = false;
    return result;
}

/* Entries of turns that changed nothing else wait for one that does, but not for long. */
int64_t journal_wait_ms(const struct engine *engine) {
    const struct journal *journal = &engine->journal;
    if (!journal->settings.stored || journal_last_seq(journal) <= journal->saved_seq ||
        journal->waiting_us == 0)
        return -1;
    int64_t left_us = journal->waiting_us + UNSAVED_MAX_US - machine_monotonic_us();
    return left_us > 0 ? (left_us + 999) / 1000 : 0;
}

bool journal_must_flush(const struct engine *engine) {
    const struct journal *journal = &engine->journal;
    if (!journal->settings.stored || journal_last_seq(journal) <= journal->saved_seq)
        return false;
    return journal->tell || journal->followers != 0 ||
           journal_last_seq(journal) - journal->saved_seq > UNSAVED_MAX || journal_wait_ms(engine) == 0;
}

int journal_turn_flush(struct engine *engine) {
    const struct journal *journal = &engine->journal;
    bool writes = journal->settings.stored && journal_last_seq(journal) > journal->saved_seq &&
                  (store_in_transaction(engine->store) || journal_must_flush(engine));
    return writes ? journal_flush(engine) : 0;
}

void journal_turn_done(struct engine *engine) {
    struct journal *journal = &engine->journal;
    journal->turn_seq = journal_last_seq(journal);
    if (journal->turn_seq <= journal->saved_seq || !journal->settings.stored)
        journal->waiting_us = 0;
    else if (journal->waiting_us == 0)
        journal->waiting_us = machine_monotonic_us();
    journal->stored_seq = journal->saved_seq;
    journal->tell = false;
    journal->cleared = false;
}

int engine_journal_save(struct engine *engine) {
    const struct journal *journal = &engine->journal;
    return journal_last_seq(journal) > journal->saved_seq ? journal_flush(engine) : 0;
}
