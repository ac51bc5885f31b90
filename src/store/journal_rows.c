#include "ecs-local/store/journal_rows.h"

#include <lz4.h>
#include <stdlib.h>

#include "ecs-local/base/error.h"
#include "statement.h"

enum {
    PACK_HASTE = 4, /* 1 packs best, larger numbers faster */
};

/* Entries of one turn say much the same: packed they take a fraction of the space, and of the time to write them. */
static int pack(struct store *store, const struct journal_page *page, size_t *ret_length) {
    if (page->length > LZ4_MAX_INPUT_SIZE)
        return error_raise(ERR_LIMIT, "a page of the journal has %zu bytes", page->length);
    size_t needed = (size_t)LZ4_compressBound((int)page->length);
    if (needed > store->packed_capacity) {
        store->packed = xrealloc(store->packed, needed);
        store->packed_capacity = needed;
    }
    int length = LZ4_compress_fast(page->entries, store->packed, (int)page->length, (int)needed, PACK_HASTE);
    if (length <= 0)
        return error_raise(ERR_BUG, "a page of the journal cannot be packed");
    *ret_length = (size_t)length;
    return 0;
}

int journal_rows_insert(struct store *store, const struct journal_page *page) {
    size_t length = 0;
    int result = pack(store, page, &length);
    if (result != 0)
        return result;
    statement_scope struct statement statement = statement_begin_write(store, SQL_JOURNAL_INSERT);
    bind_int(&statement, "first_seq", page->first_seq);
    bind_int(&statement, "last_seq", page->last_seq);
    bind_int(&statement, "bytes", (int64_t)page->length);
    bind_blob(&statement, "entries", store->packed, length);
    return statement_run(&statement);
}

int journal_rows_last(struct store *store, int64_t *ret_last_seq) {
    statement_scope struct statement statement = statement_begin(store, SQL_JOURNAL_LAST);
    int step = statement_step(&statement);
    if (step < 0)
        return step;
    *ret_last_seq = column_int(&statement, "last_seq");
    return 0;
}

static int unpack(struct statement *statement, char **ret_text, size_t *ret_length) {
    int64_t bytes = column_int(statement, "bytes");
    const char *packed = column_blob(statement, "entries");
    size_t length = column_length(statement, "entries");
    if (packed == NULL || bytes < 0 || bytes > LZ4_MAX_INPUT_SIZE || length > LZ4_MAX_INPUT_SIZE)
        return error_raise(ERR_STORE, "a stored page of the journal cannot be unpacked");
    char *text = xmalloc((size_t)bytes + 1);
    if (LZ4_decompress_safe(packed, text, (int)length, (int)bytes) != bytes) {
        free(text);
        return error_raise(ERR_STORE, "a stored page of the journal cannot be unpacked");
    }
    text[bytes] = '\0';
    *ret_text = text;
    *ret_length = (size_t)bytes;
    return 0;
}

int journal_rows_each(struct store *store, int64_t after, void *context,
    int (*each)(void *context, const struct journal_page *page)) {
    statement_scope struct statement statement = statement_begin(store, SQL_JOURNAL_EACH);
    bind_int(&statement, "after", after);
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW) {
        struct journal_page page = {
            .first_seq = column_int(&statement, "first_seq"),
            .last_seq = column_int(&statement, "last_seq"),
        };
        char *text = NULL;
        int result = unpack(&statement, &text, &page.length);
        if (result != 0)
            return result;
        page.entries = text;
        result = each(context, &page);
        free(text);
        if (result != 0)
            return result;
    }
    return step;
}

int journal_rows_prune(struct store *store, int64_t last_seq) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_JOURNAL_PRUNE);
    bind_int(&statement, "last_seq", last_seq);
    return statement_run(&statement);
}

int journal_rows_clear(struct store *store) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_JOURNAL_CLEAR);
    return statement_run(&statement);
}
