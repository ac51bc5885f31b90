/* Where the journal's entries lie: one behind the other in large pieces of memory, because they come by the thousand
 * and go in the order in which they came. A piece is freed with its last entry. */
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "journal_ring.h"

enum {
    SEGMENT_BYTES = 64 * 1024 - 64,
    ALONE_BYTES = SEGMENT_BYTES / 4, /* a larger entry has a segment of its own */
    ALIGNMENT = 8,
};

struct journal_segment {
    size_t size;
    size_t used;
    unsigned live; /* entries, and one for the journal that still puts some into it */
    _Alignas(ALIGNMENT) char bytes[];
};

static struct journal_segment *segment_new(size_t size) {
    struct journal_segment *segment = xmalloc(sizeof(*segment) + size);
    *segment = (struct journal_segment){.size = size};
    return segment;
}

void journal_segment_release(struct journal_segment *segment) {
    if (--segment->live == 0)
        free(segment);
}

void journal_segment_close(struct journal *journal) {
    if (journal->segment != NULL)
        journal_segment_release(journal->segment);
    journal->segment = NULL;
}

static struct journal_segment *segment_with_room(struct journal *journal, size_t bytes) {
    if (bytes > ALONE_BYTES)
        return segment_new(bytes);
    struct journal_segment *segment = journal->segment;
    if (segment != NULL && segment->live == 1)
        segment->used = 0; /* all that was in it is gone */
    if (segment == NULL || segment->size - segment->used < bytes) {
        journal_segment_close(journal);
        segment = journal->segment = segment_new(SEGMENT_BYTES);
        segment->live = 1;
    }
    return segment;
}

struct journal_record *journal_record_new(
    struct journal *journal, const struct journal_record *draft, const char *text, size_t spare) {
    size_t bytes = (sizeof(struct journal_record) + draft->length + spare + ALIGNMENT - 1) &
                   ~(size_t)(ALIGNMENT - 1);
    struct journal_segment *segment = segment_with_room(journal, bytes);
    struct journal_record *record = (struct journal_record *)(void *)(segment->bytes + segment->used);
    segment->used += bytes;
    segment->live++;
    *record = *draft;
    record->segment = segment;
    record->room = (uint32_t)(bytes - sizeof(*record));
    memcpy(record->text, text, draft->length);
    return record;
}

void journal_record_free(struct journal_record *record_or_null) {
    if (record_or_null == NULL)
        return;
    journal_shared_release(record_or_null->shared);
    journal_segment_release(record_or_null->segment);
}

struct journal_shared *journal_shared_new(const char *text, size_t length) {
    struct journal_shared *shared = xmalloc(sizeof(*shared) + length);
    *shared = (struct journal_shared){.references = 1, .length = (uint32_t)length};
    memcpy(shared->text, text, length);
    return shared;
}

void journal_shared_release(struct journal_shared *shared_or_null) {
    if (shared_or_null != NULL && --shared_or_null->references == 0)
        free(shared_or_null);
}
