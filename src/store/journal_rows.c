#include "ecs-local/store/journal_rows.h"

#include <stdlib.h>

#include "packed_bytes.h"

int journal_rows_insert(struct store *store, const struct journal_page *page) {
    const void *packed = NULL;
    size_t length = 0;
    int result = bytes_pack(store, page->entries, page->length, &packed, &length);
    if (result != 0)
        return result;
    statement_scope struct statement statement = statement_begin_write(store, SQL_JOURNAL_INSERT);
    bind_int(&statement, "first_seq", page->first_seq);
    bind_int(&statement, "last_seq", page->last_seq);
    bind_int(&statement, "bytes", (int64_t)page->length);
    bind_blob(&statement, "entries", packed, length);
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
        int result = bytes_unpack(&statement, "entries", &text, &page.length);
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
