/* The pages of lists of tasks that were asked for last. Who polls asks for the same page again, and as long as no task has
 * changed it says the same. */
#ifndef STORE_TASK_PAGES_H
#define STORE_TASK_PAGES_H

#include "ecs-local/store/task_rows.h"

struct task_pages;

/* What a page is asked for with; texts are borrowed. */
struct task_page_request {
    const struct task_filter *filter;
    struct task_cursor begin;
    unsigned limit;
    const char *prefix;
};

/* What it has said: items with commas between them, where it ends, whether there are more. */
struct task_page_answer {
    const char *text;
    size_t length;
    struct task_cursor end;
    bool more;
};

/* NULL: not known. Borrowed until the next call. */
const struct task_page_answer *task_pages_get(
    const struct task_pages *pages_or_null, const struct task_page_request *request);
/* A copy; *pages is made when it is NULL. */
void task_pages_put(struct task_pages **pages, const struct task_page_request *request,
    const struct task_page_answer *answer);
/* A task has changed. */
void task_pages_clear(struct task_pages *pages_or_null);
void task_pages_free(struct task_pages *pages_or_null);

#endif
