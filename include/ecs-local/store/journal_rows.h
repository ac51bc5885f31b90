/* The journal's pages: a row holds all that one turn had to tell. */
#ifndef ECS_LOCAL_STORE_JOURNAL_ROWS_H
#define ECS_LOCAL_STORE_JOURNAL_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "ecs-local/store/store.h"

struct journal_page {
    int64_t first_seq;
    int64_t last_seq;
    const char *entries;
    size_t length;
};

int journal_rows_insert(struct store *store, const struct journal_page *page);
/* The number of the last entry that is kept; 0: none is. */
int journal_rows_last(struct store *store, int64_t *ret_last_seq);
/* Calls `each` for the pages with entries behind `after`, in order. */
int journal_rows_each(struct store *store, int64_t after, void *context,
    int (*each)(void *context, const struct journal_page *page));
/* Forgets the pages whose entries are all up to `last_seq`. */
int journal_rows_prune(struct store *store, int64_t last_seq);
int journal_rows_clear(struct store *store);

#endif
