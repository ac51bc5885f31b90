/* Which entries of the journal a reader wants. */
#ifndef JOURNAL_FILTER_H
#define JOURNAL_FILTER_H

#include "admin_internal.h"

/* Borrowed texts; NULL: any. */
struct journal_filter {
    const char *kind;
    const char *operation;
    const char *arn; /* occurs anywhere in the entry; the end of an ARN will do */
    const char *account;
    const char *region;
    const char *detail_type;
};

/* From the query of a request: 0, or 1 and what is wrong. */
int journal_filter_read(struct admin_call *call, struct journal_filter *ret_filter, const char **ret_problem);
/* Its texts become the arena's. */
void journal_filter_copy(struct arena *arena, struct journal_filter *filter);
bool journal_filter_takes(const struct journal_filter *filter, const struct journal_entry *entry);

/* The `after` of a reader: the number of the last entry it has seen. Numbers that were never given (there was a reset)
 * begin again from the oldest; what is gone is counted. */
struct journal_position {
    int64_t next; /* the first entry to look at */
    int64_t lost; /* entries between `after` and it that are gone */
    bool restarted;
};
struct journal_position journal_position_after(const struct journal_bounds *bounds, int64_t after);

#endif
