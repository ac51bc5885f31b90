/* The documents of tasks that were asked for last, so that a client that polls does not pay for a search each time. What
 * is here is what the database says, the open transaction included: whoever changes a row drops it here. */
#ifndef STORE_TASK_DOCUMENTS_H
#define STORE_TASK_DOCUMENTS_H

#include <stddef.h>
#include <stdint.h>

struct task_documents;

struct task_document {
    const char *text;
    size_t length;
    const char *tags; /* NULL: none */
};

/* NULL: not known. Borrowed until the next call. */
const struct task_document *task_documents_get(
    const struct task_documents *documents_or_null, int64_t cluster_id, const char *task_id);
/* A copy of it; *documents is made when it is NULL. */
void task_documents_put(struct task_documents **documents, int64_t cluster_id, const char *task_id,
    const struct task_document *document);
void task_documents_drop(struct task_documents *documents_or_null, int64_t cluster_id, const char *task_id);
void task_documents_clear(struct task_documents *documents_or_null);
void task_documents_free(struct task_documents *documents_or_null);

#endif
