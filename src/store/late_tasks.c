#include "late_tasks.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "statement.h"

enum {
    KEY_SIZE = 80,
    ROWS_MAX = 128, /* kept between turns; a trim leaves half of them, so that its transaction is worth it */
};

/* The two states of a row that a turn may go back from are rows of their own. */
struct late_row {
    UT_hash_handle by_id;
    UT_hash_handle by_key;
    int64_t id;
    char key[KEY_SIZE];  /* "<cluster>/<task id>": forks of an account have the same task ids */
    struct task_row row; /* its texts follow */
    bool is_new;         /* not in the table */
    bool written; /* into the table, by the transaction that is open: from then on the table is right */
};

/* In the order of their first putting. */
struct late_rows {
    struct late_row *by_id;
    struct late_row *by_key;
};

struct late_tasks {
    struct late_rows kept; /* of earlier turns */
    struct late_rows turn; /* of this one */
    bool writing;
};

struct late_tasks *late_tasks_new(void) {
    return xcalloc(1, sizeof(struct late_tasks));
}

static void remove_row(struct late_rows *rows, struct late_row *late) {
    HASH_DELETE(by_id, rows->by_id, late);
    HASH_DELETE(by_key, rows->by_key, late);
    free(late);
}

static void remove_all(struct late_rows *rows) {
    while (rows->by_id != NULL)
        remove_row(rows, rows->by_id);
}

void late_tasks_clear(struct late_tasks *late_or_null) {
    if (late_or_null == NULL)
        return;
    remove_all(&late_or_null->kept);
    remove_all(&late_or_null->turn);
}

void late_tasks_free(struct late_tasks *late_or_null) {
    late_tasks_clear(late_or_null);
    free(late_or_null);
}

static struct late_row *row_by_id(const struct late_rows *rows, int64_t id) {
    struct late_row *late = NULL;
    HASH_FIND(by_id, rows->by_id, &id, sizeof(id), late);
    return late;
}

/* --- copies -------------------------------------------------------------------------------------------------- */

/* The texts of a row, in an order of our own. */
enum {
    TEXT_COUNT = 12
};

static void texts_of(struct task_row *row, const char **ret_texts[TEXT_COUNT]) {
    const char **texts[TEXT_COUNT] = {&row->task_id, &row->desired_status, &row->last_status,
        &row->launch_type, &row->task_group, &row->capacity_provider, &row->waiting, &row->started_by,
        &row->reservation, &row->tags, &row->life, &row->attachment_id};
    memcpy(ret_texts, texts, sizeof(texts));
}

static struct late_row *copy_row(const struct task_row *row) {
    struct task_row source = *row;
    const char **texts[TEXT_COUNT];
    size_t sizes[TEXT_COUNT];
    size_t size = row->document_length + 1;
    texts_of(&source, texts);
    for (unsigned index = 0; index < TEXT_COUNT; index++) {
        sizes[index] = *texts[index] != NULL ? strlen(*texts[index]) + 1 : 0;
        size += sizes[index];
    }
    struct late_row *late = xmalloc(sizeof(*late) + size);
    char *out = (char *)(late + 1);
    *late = (struct late_row){.id = row->id};
    for (unsigned index = 0; index < TEXT_COUNT; index++) {
        if (sizes[index] != 0)
            *texts[index] = memcpy(out, *texts[index], sizes[index]);
        out += sizes[index];
    }
    memcpy(out, row->document, row->document_length);
    out[row->document_length] = '\0';
    source.document = out;
    late->row = source;
    return late;
}

static void add_row(struct late_rows *rows, struct late_row *late) {
    int length = text_row_key(late->key, sizeof(late->key), late->row.cluster_id, late->row.task_id);
    HASH_ADD(by_id, rows->by_id, id, sizeof(late->id), late);
    HASH_ADD_KEYPTR(by_key, rows->by_key, late->key, (unsigned)length, late);
}

void late_tasks_put(struct late_tasks *late, const struct task_row *row, bool is_new) {
    struct late_row *before = row_by_id(&late->turn, row->id);
    struct late_row *after = copy_row(row);
    after->is_new = is_new || (before != NULL && before->is_new && !before->written);
    if (before != NULL)
        remove_row(&late->turn, before);
    add_row(&late->turn, after);
}

/* --- looking ------------------------------------------------------------------------------------------------- */

static const struct task_row *shown(const struct late_row *late) {
    return late != NULL && !late->written ? &late->row : NULL;
}

const struct task_row *late_tasks_get(const struct late_tasks *late, int64_t id) {
    const struct late_row *found = row_by_id(&late->turn, id);
    return shown(found != NULL ? found : row_by_id(&late->kept, id));
}

const struct task_row *late_tasks_find(
    const struct late_tasks *late, int64_t cluster_id, const char *task_id) {
    char key[KEY_SIZE];
    struct late_row *found = NULL;
    int length = text_row_key(key, sizeof(key), cluster_id, task_id);
    if (length < 0)
        return NULL;
    HASH_FIND(by_key, late->turn.by_key, key, (unsigned)length, found);
    if (found == NULL)
        HASH_FIND(by_key, late->kept.by_key, key, (unsigned)length, found);
    return shown(found);
}

bool late_tasks_changed(const struct late_tasks *late) {
    return late->turn.by_id != NULL;
}

/* --- writing ------------------------------------------------------------------------------------------------- */

static int write_row(struct store *store, struct late_row *late) {
    int result = 0;
    if (!late->written)
        result = late->is_new ? task_table_insert(store, &late->row) : task_table_update(store, &late->row);
    late->written = late->written || result == 0;
    return result;
}

/* A row that this turn has put again is written once, in its last state. */
static int write_kept(struct store *store, struct late_tasks *late) {
    int result = 0;
    for (struct late_row *row = late->kept.by_id; result == 0 && row != NULL; row = row->by_id.next) {
        struct late_row *newer = row_by_id(&late->turn, row->id);
        if (newer == NULL) {
            result = write_row(store, row);
        } else if (!row->written) {
            newer->is_new = newer->is_new || row->is_new;
            result = write_row(store, newer);
            row->written = result == 0;
        }
    }
    return result;
}

static int write_rows(struct store *store) {
    struct late_tasks *late = store->late_tasks;
    int result = write_kept(store, late);
    for (struct late_row *row = late->turn.by_id; result == 0 && row != NULL; row = row->by_id.next)
        result = write_row(store, row);
    return result;
}

int late_tasks_write(struct store *store) {
    struct late_tasks *late = store->late_tasks;
    if (late == NULL || late->writing || (late->kept.by_id == NULL && late->turn.by_id == NULL))
        return 0;
    bool between_turns = !store->in_transaction && late->turn.by_id == NULL;
    late->writing = true;
    int result = write_rows(store);
    late->writing = false;
    /* Nobody ends a turn that only reads. */
    if (between_turns)
        result = result == 0 ? store_commit(store) : result;
    return result;
}

/* --- the end of a turn --------------------------------------------------------------------------------------- */

static void remove_written(struct late_rows *rows) {
    struct late_row *row;
    struct late_row *next;
    HASH_ITER(by_id, rows->by_id, row, next) {
        if (row->written)
            remove_row(rows, row);
    }
}

static void keep_row(struct late_tasks *late, struct late_row *row) {
    struct late_row *before = row_by_id(&late->kept, row->id);
    HASH_DELETE(by_id, late->turn.by_id, row);
    HASH_DELETE(by_key, late->turn.by_key, row);
    if (before != NULL) {
        row->is_new = row->is_new || before->is_new;
        remove_row(&late->kept, before);
    }
    add_row(&late->kept, row);
}

void late_tasks_committed(struct late_tasks *late) {
    remove_written(&late->kept);
    remove_written(&late->turn);
    while (late->turn.by_id != NULL)
        keep_row(late, late->turn.by_id);
}

void late_tasks_rolled_back(struct late_tasks *late) {
    remove_all(&late->turn);
    for (struct late_row *row = late->kept.by_id; row != NULL; row = row->by_id.next)
        row->written = false;
}

void late_tasks_trim(struct store *store) {
    struct late_tasks *late = store->late_tasks;
    if (late == NULL || HASH_CNT(by_id, late->kept.by_id) <= ROWS_MAX)
        return;
    int result = 0;
    unsigned left = HASH_CNT(by_id, late->kept.by_id) - ROWS_MAX / 2;
    late->writing = true;
    for (struct late_row *row = late->kept.by_id; result == 0 && left > 0; row = row->by_id.next, left--)
        result = write_row(store, row);
    late->writing = false;
    if (result == 0)
        store_commit(store); /* logs what goes wrong; then they stay here */
    else
        store_rollback(store);
}
