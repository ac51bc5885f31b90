/* The journal's memory: a ring of the newest entries. */
#ifndef JOURNAL_RING_H
#define JOURNAL_RING_H

#include "ecs-local/base/buf.h"
#include "ecs-local/base/writer.h"
#include "ecs-local/engine/journal.h"

struct journal_segment;

/* A piece of text that several entries have in common; it is kept once. */
struct journal_shared {
    unsigned references;
    uint32_t length;
    unsigned in_page; /* its number in the page that is being written or read; 0: not there yet */
    char text[];
};

/* An entry as it is kept: what can be told from its number and these members is written when somebody reads it.
 * The text is account, region, subject and body without anything between; positions are offsets into it. The body
 * is members of a JSON object: of an event resources and detail, of the others what comes behind the subject. */
struct journal_record {
    struct journal_segment *segment; /* where it lies */
    struct journal_shared *shared;   /* NULL, or what belongs into the text at shared_at */
    int64_t time_ms;
    uint32_t length;
    uint32_t room; /* for its text */
    uint32_t shared_at;
    uint32_t outcome_at; /* of a request: where its outcome begins */
    uint8_t kind;
    uint8_t account_length;
    uint8_t region_length;
    uint8_t subject_length;
    char text[];
};

/* With what it takes to let an old record go: a record itself has long left the processor's caches by then. */
struct journal_slot {
    struct journal_record *record; /* NULL: the entry was taken back */
    struct journal_segment *segment;
    uint32_t bytes;
    bool has_shared;
};

/* Account and region as the entries of a scope begin with them, without anything between. */
struct journal_origin {
    const char *text;
    uint8_t account_length;
    uint8_t region_length;
};

struct journal_settings {
    int64_t limit; /* entries; 0: none is kept */
    bool stored;   /* each turn's entries go into the store */
    uint64_t id_base;
};

struct journal {
    struct journal_settings settings;
    struct journal_segment *segment; /* that new entries go into; NULL: none yet */
    struct journal_slot *slots;
    size_t capacity; /* a power of two */
    size_t head;
    size_t count;
    int64_t first_seq; /* of the entry at head */
    size_t bytes;
    bool older_in_store; /* entries before first_seq have not been read from the store yet */

    int64_t turn_seq;   /* last entry of the turn before */
    int64_t saved_seq;  /* last entry in the store or in the open transaction */
    int64_t stored_seq; /* last entry that is committed there */
    int64_t pruned_seq;
    int64_t waiting_us;  /* since when entries wait to be stored (machine time); 0: none does */
    int64_t request_seq; /* of the request that is being carried out; 0: none is */
    int64_t request_ms;
    int64_t request_machine_us;
    bool id_base_stored;
    bool tell;
    bool cleared; /* by this turn */
    unsigned followers;
    unsigned epoch;
    int64_t begin_seq; /* first entry of the epoch */

    struct buf scratch; /* the entry being written: its text */
    struct buf told;    /* the entry being read, as JSON */
    struct buf page;    /* the page being written */
    struct writer writer;
    struct journal_record draft;
    struct journal_shared **page_shared; /* of the page being written */
    unsigned page_shared_count;
    unsigned page_shared_capacity;
};

/* journal_ring.c */
int journal_open(struct engine *engine, const struct journal_settings *settings);
void journal_done(struct engine *engine);
/* Writes what ids are made from, once. */
int journal_keep_id_base(struct engine *engine);
int64_t journal_last_seq(const struct journal *journal);
struct journal_record *journal_record_at(const struct journal *journal, int64_t seq);
/* Puts a record behind the newest entry and drops the oldest until the limits hold; takes ownership. NULL puts one
 * that is taken back already. */
void journal_push(struct journal *journal, struct journal_record *record_or_null);
/* Views of what a record holds. */
struct journal_entry journal_entry_of(int64_t seq, const struct journal_record *record);
void journal_replace(struct journal *journal, int64_t seq, struct journal_record *record);
/* The record leaves the ring; its entry stays as one that was taken back. The caller frees. */
struct journal_record *journal_take(struct journal *journal, int64_t seq);
void journal_drop_all(struct journal *journal);
/* Forgets everything and numbers from 1 again. */
int journal_clear(struct engine *engine);
/* Forgets the entries of the accounts and regions that match. */
int journal_forget(struct engine *engine, const char *account_or_null, const char *region_or_null);

/* journal_records.c: a record of the draft with `text`, and room for `spare` bytes behind it. The draft's share in
 * `shared` is the record's afterwards. */
struct journal_record *journal_record_new(
    struct journal *journal, const struct journal_record *draft, const char *text, size_t spare);
/* Nothing more goes into the segment. */
void journal_segment_close(struct journal *journal);
/* One with a copy of the text and one reference. */
struct journal_shared *journal_shared_new(const char *text, size_t length);
/* Takes NULL. */
void journal_shared_release(struct journal_shared *shared_or_null);
void journal_record_free(struct journal_record *record_or_null);
/* The same for who knows where it lies and that it has nothing shared. */
void journal_segment_release(struct journal_segment *segment);
/* The body with its shared piece in its place. */
void journal_append_body(const struct journal_record *record, struct buf *buf);

/* journal_pages.c */
int journal_flush(struct engine *engine);
int journal_load_older(struct engine *engine);
/* The turn ends: writes into the open transaction what must be in it; after the commit. */
int journal_turn_flush(struct engine *engine);
/* Machine milliseconds until a turn should end although nothing else happens; -1: it need not. */
int64_t journal_wait_ms(const struct engine *engine);
bool journal_must_flush(const struct engine *engine);
void journal_turn_done(struct engine *engine);
/* The turn was rolled back. */
int journal_turn_undone(struct engine *engine);

/* journal_write.c: an entry of the scope; NULL when none is kept. The writer writes the members of the body;
 * journal_end() puts the entry into the ring. `subject` is one of our own words. */
struct writer *journal_begin(
    struct engine *engine, enum journal_kind kind, const struct scope *scope, const char *subject);
/* What is kept of an account and region, in the arena. */
struct journal_origin journal_origin_new(struct arena *arena, const char *account, const char *region);
/* What is written next has been written already: `shared`, members with commas between them. */
void journal_share(struct journal *journal, struct journal_shared *shared);
void journal_end(struct engine *engine);
/* An event whose detail is written with the writer, in between. */
struct writer *journal_event_begin(struct engine *engine, const struct scope *scope, const char *detail_type,
    const char *const *resources, size_t resource_count);
/* journal_read.c: an event's envelope as JSON, valid until the next text is read. */
struct journal_text journal_envelope_of(
    struct journal *journal, int64_t seq, const struct journal_record *record);
/* The outcome of a request whose turn was rolled back, instead of the one it had. */
void journal_outcome_failed(struct journal *journal, int64_t seq);
/* An id that belongs to entry `seq`: the same seed gives the same. */
void journal_request_id(const struct journal *journal, int64_t seq, char ret_text[ID_UUID_SIZE]);

#endif
