/* The journal in the store: a row holds what one turn had to tell. A page is, for each entry, a line of numbers and
 * the entry itself, which has no line ends:
 *
 *   KIND SEQ SUBJECT_AT SUBJECT_LENGTH ACCOUNT_AT ACCOUNT_LENGTH REGION_AT REGION_LENGTH OUTCOME_AT LENGTH
 *   {"cursor":SEQ,…}
 *
 * One row a turn, not one an entry: what SQLite does for a row costs more than its bytes do. */
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/store/journal_rows.h"
#include "engine_internal.h"

enum {
    HEADER_NUMBERS = 10,
    PAGE_BYTES_GOOD = 1024 * 1024, /* a longer page is cut here */
    UNSAVED_MAX = 1024,            /* entries that may wait for a turn that writes something else */
    PRUNE_PARTS = 8,               /* old pages go when this part of the limit has come together */
};

static void append_number(struct buf *buf, int64_t number, char behind) {
    char digits[24];
    char *cursor = digits + sizeof(digits);
    *--cursor = behind;
    do {
        *--cursor = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    buf_append(buf, cursor, (size_t)(digits + sizeof(digits) - cursor));
}

static void append_record(struct journal *journal, int64_t seq, const struct journal_record *record) {
    struct buf *page = &journal->page;
    struct journal_text text = journal_record_text(journal, record);
    append_number(page, record->kind, ' ');
    append_number(page, seq, ' ');
    append_number(page, record->subject_at, ' ');
    append_number(page, record->subject_length, ' ');
    append_number(page, record->account_at, ' ');
    append_number(page, record->account_length, ' ');
    append_number(page, record->region_at, ' ');
    append_number(page, record->region_length, ' ');
    append_number(page, record->outcome_at, ' ');
    append_number(page, (int64_t)text.length, '\n');
    buf_append(page, text.text, text.length);
    buf_append_char(page, '\n');
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
    int result = 0;
    struct buf *page = &journal->page;
    buf_clear(page);
    for (; result == 0 && seq <= last_seq; seq++) {
        const struct journal_record *record = journal_record_at(journal, seq);
        if (record != NULL)
            append_record(journal, seq, record);
        if (page->length < PAGE_BYTES_GOOD && seq != last_seq)
            continue;
        result = write_page(engine, first_seq, seq, page);
        first_seq = seq + 1;
        buf_clear(page);
    }
    if (result != 0)
        return result;
    journal->saved_seq = last_seq;
    return prune(engine);
}

static bool is_whole(const int64_t numbers[HEADER_NUMBERS], int64_t room) {
    for (unsigned index = 0; index < HEADER_NUMBERS; index++) {
        if (numbers[index] < 0 || (index >= 2 && numbers[index] > room))
            return false;
    }
    return numbers[0] < JOURNAL_KIND_COUNT && numbers[2] + numbers[3] <= numbers[9] &&
           numbers[4] + numbers[5] <= numbers[9] && numbers[6] + numbers[7] <= numbers[9] &&
           numbers[8] <= numbers[9];
}

/* The entry at the cursor; moves behind it. False when there is none. */
static bool read_record(const char **cursor, const char *end, int64_t *ret_seq,
    struct journal_record *ret_draft, const char **ret_text) {
    int64_t numbers[HEADER_NUMBERS];
    const char *at = *cursor;
    for (unsigned index = 0; index < HEADER_NUMBERS; index++) {
        char *behind = NULL;
        numbers[index] = at < end ? strtoll(at, &behind, 10) : -1;
        if (behind == NULL || behind == at || behind >= end)
            return false;
        at = behind + 1;
    }
    if (!is_whole(numbers, end - at))
        return false;
    *ret_seq = numbers[1];
    *ret_draft = (struct journal_record){
        .kind = (uint8_t)numbers[0],
        .subject_at = (uint16_t)numbers[2],
        .subject_length = (uint16_t)numbers[3],
        .account_at = (uint16_t)numbers[4],
        .account_length = (uint16_t)numbers[5],
        .region_at = (uint16_t)numbers[6],
        .region_length = (uint16_t)numbers[7],
        .outcome_at = (uint32_t)numbers[8],
        .length = (uint32_t)numbers[9],
    };
    *ret_text = at;
    *cursor = at + numbers[9] + 1;
    return true;
}

struct older_entries {
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
    const char *cursor = page->entries;
    const char *end = page->entries + page->length;
    if (page->first_seq > older->newest)
        return 0;
    if (ring->count == 0)
        ring->first_seq = page->first_seq;
    while (cursor < end) {
        int64_t seq = 0;
        struct journal_record draft;
        const char *text = NULL;
        if (!read_record(&cursor, end, &seq, &draft, &text) || seq <= journal_last_seq(ring) ||
            seq > page->last_seq)
            return error_raise(ERR_STORE, "a stored page of the journal cannot be read");
        skip_to(ring, seq - 1);
        journal_push(ring, journal_record_new(&draft, text));
    }
    skip_to(ring, page->last_seq);
    return 0;
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

bool journal_must_flush(const struct engine *engine) {
    const struct journal *journal = &engine->journal;
    return journal->settings.stored && journal_last_seq(journal) > journal->saved_seq &&
           (journal->tell || journal->followers != 0 ||
               journal_last_seq(journal) - journal->saved_seq > UNSAVED_MAX);
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
    journal->stored_seq = journal->saved_seq;
    journal->tell = false;
    journal->cleared = false;
}

int engine_journal_save(struct engine *engine) {
    const struct journal *journal = &engine->journal;
    return journal_last_seq(journal) > journal->saved_seq ? journal_flush(engine) : 0;
}
