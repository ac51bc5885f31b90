#include "task_documents.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"

enum {
    PLACES = 256,
    LENGTH_MAX = 16 * 1024, /* a longer document is not kept */
};

/* A document has one place, and the newer one gets it. */
struct place {
    char *task_id; /* NULL: empty; in one piece with the texts behind it */
    int64_t cluster_id;
    struct task_document document;
};

struct task_documents {
    struct place places[PLACES];
};

static size_t place_of(int64_t cluster_id, const char *task_id) {
    uint64_t hash = (uint64_t)cluster_id;
    for (const char *cursor = task_id; *cursor != '\0'; cursor++)
        hash = hash * 31 + (unsigned char)*cursor;
    return hash % PLACES;
}

static bool holds(const struct place *place, int64_t cluster_id, const char *task_id) {
    return place->task_id != NULL && place->cluster_id == cluster_id && strcmp(place->task_id, task_id) == 0;
}

static void empty(struct place *place) {
    free(place->task_id);
    *place = (struct place){.task_id = NULL};
}

const struct task_document *task_documents_get(
    const struct task_documents *documents_or_null, int64_t cluster_id, const char *task_id) {
    if (documents_or_null == NULL)
        return NULL;
    const struct place *place = &documents_or_null->places[place_of(cluster_id, task_id)];
    return holds(place, cluster_id, task_id) ? &place->document : NULL;
}

void task_documents_put(struct task_documents **documents, int64_t cluster_id, const char *task_id,
    const struct task_document *document) {
    if (document->length > LENGTH_MAX)
        return;
    if (*documents == NULL)
        *documents = xcalloc(1, sizeof(**documents));
    struct place *place = &(*documents)->places[place_of(cluster_id, task_id)];
    empty(place);
    size_t id_size = strlen(task_id) + 1;
    size_t tags_size = document->tags != NULL ? strlen(document->tags) + 1 : 0;
    char *texts = xmalloc(id_size + tags_size + document->length + 1);
    char *text = texts + id_size + tags_size;
    memcpy(texts, task_id, id_size);
    if (tags_size != 0)
        memcpy(texts + id_size, document->tags, tags_size);
    memcpy(text, document->text, document->length);
    text[document->length] = '\0';
    *place = (struct place){
        .task_id = texts,
        .cluster_id = cluster_id,
        .document = {.text = text,
            .length = document->length,
            .tags = tags_size != 0 ? texts + id_size : NULL},
    };
}

void task_documents_drop(struct task_documents *documents_or_null, int64_t cluster_id, const char *task_id) {
    if (documents_or_null == NULL)
        return;
    struct place *place = &documents_or_null->places[place_of(cluster_id, task_id)];
    if (holds(place, cluster_id, task_id))
        empty(place);
}

void task_documents_clear(struct task_documents *documents_or_null) {
    for (size_t index = 0; documents_or_null != NULL && index < PLACES; index++)
        empty(&documents_or_null->places[index]);
}

void task_documents_free(struct task_documents *documents_or_null) {
    task_documents_clear(documents_or_null);
    free(documents_or_null);
}
