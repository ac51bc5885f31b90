#include "late_tasks.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "ecs-local/base/error.h"
#include "rows_to_insert.h"
#include "statement.h"
#include "task_log.h"
#include "task_row_members.h"

enum {
    ROWS_MAX = 128,     /* kept between turns; a trim leaves half of them */
    BLOCK_BYTES = 2560, /* for a row with its texts, mostly */
    SPARE_MAX = 2 * ROWS_MAX,
    ENTRY_MAX = 1024 * 1024 * 1024,
};

/* The two states of a row that a turn may go back from are rows of their own. */
struct late_row {
    UT_hash_handle by_id;
    int64_t id;
    struct task_row row; /* its texts follow */
    bool is_new;         /* not in the table */
    bool written;  /* into the table, by the transaction that is open: from then on the table is right */
    int64_t entry; /* of the log; 0: of none yet */
    bool is_usual; /* a block of BLOCK_BYTES */
    struct late_row *next_spare;
};

/* In the order of their last putting. */
struct late_rows {
    struct late_row *by_id;
};

struct late_tasks {
    struct late_rows kept;  /* of earlier turns */
    struct late_rows turn;  /* of this one */
    struct late_row *spare; /* blocks for the next ones */
    unsigned spare_count;
    bool writing;
    bool any_written; /* by the transaction that is open */
    bool logged;      /* every row is in the log, too */
    int64_t last_entry;
    struct buf entry;
    const struct task_row **batch; /* to be inserted by one statement */
    unsigned batch_count;
    unsigned batch_capacity;
};

struct late_tasks *late_tasks_new(bool logged) {
    struct late_tasks *late = xcalloc(1, sizeof(*late));
    late->logged = logged;
    late->entry = (struct buf)BUF_INIT(ENTRY_MAX);
    return late;
}

/* Most rows fit in a block of the usual size: those are used again. */
static struct late_row *row_alloc(struct late_tasks *late, size_t size) {
    struct late_row *row = late->spare;
    if (size <= BLOCK_BYTES && row != NULL) {
        late->spare = row->next_spare;
        late->spare_count--;
    } else {
        row = xmalloc(size > BLOCK_BYTES ? size : BLOCK_BYTES);
    }
    *row = (struct late_row){.is_usual = size <= BLOCK_BYTES};
    return row;
}

static void row_free(struct late_tasks *late, struct late_row *row) {
    if (row->is_usual && late->spare_count < SPARE_MAX) {
        row->next_spare = late->spare;
        late->spare = row;
        late->spare_count++;
    } else {
        free(row);
    }
}

static void remove_row(struct late_tasks *late, struct late_rows *rows, struct late_row *row) {
    HASH_DELETE(by_id, rows->by_id, row);
    row_free(late, row);
}

static struct late_row *row_of(const struct task_row *row) {
    return (struct late_row *)((char *)row - offsetof(struct late_row, row));
}

static void remove_all(struct late_tasks *late, struct late_rows *rows) {
    while (rows->by_id != NULL)
        remove_row(late, rows, rows->by_id);
}

static void free_spare(struct late_tasks *late) {
    while (late->spare != NULL) {
        struct late_row *row = late->spare;
        late->spare = row->next_spare;
        free(row);
    }
    late->spare_count = 0;
}

void late_tasks_clear(struct late_tasks *late_or_null) {
    if (late_or_null == NULL)
        return;
    remove_all(late_or_null, &late_or_null->kept);
    remove_all(late_or_null, &late_or_null->turn);
    free_spare(late_or_null);
}

void late_tasks_free(struct late_tasks *late_or_null) {
    if (late_or_null == NULL)
        return;
    late_tasks_clear(late_or_null);
    buf_done(&late_or_null->entry);
    free(late_or_null->batch);
    free(late_or_null);
}

static struct late_row *row_by_id(const struct late_rows *rows, int64_t id) {
    struct late_row *late = NULL;
    HASH_FIND(by_id, rows->by_id, &id, sizeof(id), late);
    return late;
}

/* --- copies -------------------------------------------------------------------------------------------------- */

static struct late_row *copy_row(struct late_tasks *late, const struct task_row *row) {
    struct task_row source = *row;
    const char **texts[TASK_ROW_TEXTS];
    size_t sizes[TASK_ROW_TEXTS];
    size_t size = row->document_length + 1;
    task_row_texts(&source, texts);
    for (unsigned index = 0; index < TASK_ROW_TEXTS; index++) {
        sizes[index] = *texts[index] != NULL ? strlen(*texts[index]) + 1 : 0;
        size += sizes[index];
    }
    struct late_row *copy = row_alloc(late, sizeof(*copy) + size);
    char *out = (char *)(copy + 1);
    copy->id = row->id;
    for (unsigned index = 0; index < TASK_ROW_TEXTS; index++) {
        if (sizes[index] != 0)
            *texts[index] = memcpy(out, *texts[index], sizes[index]);
        out += sizes[index];
    }
    memcpy(out, row->document, row->document_length);
    out[row->document_length] = '\0';
    source.document = out;
    copy->row = source;
    return copy;
}

static void add_row(struct late_rows *rows, struct late_row *late) {
    HASH_ADD(by_id, rows->by_id, id, sizeof(late->id), late);
}

/* Of the changes that are one row now, any may have counted. */
static void keep_version(struct late_row *row, const struct late_row *before_or_null) {
    if (before_or_null != NULL && before_or_null->row.instance_version > row->row.instance_version)
        row->row.instance_version = before_or_null->row.instance_version;
}

void late_tasks_put(struct late_tasks *late, const struct task_row *row, bool is_new) {
    struct late_row *before = row_by_id(&late->turn, row->id);
    struct late_row *after = copy_row(late, row);
    after->is_new = is_new || (before != NULL && before->is_new && !before->written);
    keep_version(after, before);
    keep_version(after, row_by_id(&late->kept, row->id));
    if (before != NULL)
        remove_row(late, &late->turn, before);
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

bool late_tasks_changed(const struct late_tasks *late) {
    return late->turn.by_id != NULL;
}

/* --- writing ------------------------------------------------------------------------------------------------- */

/* Into the table now, or with the batch. */
static int write_row(struct store *store, struct late_row *row) {
    struct late_tasks *late = store->late_tasks;
    if (row->written)
        return 0;
    late->any_written = true;
    if (row->is_new) {
        if (late->batch_count == late->batch_capacity) {
            late->batch_capacity = late->batch_capacity * 2 + ROWS_MAX;
            late->batch = xrealloc(late->batch, late->batch_capacity * sizeof(*late->batch));
        }
        late->batch[late->batch_count++] = &row->row;
        row->written = true;
        return 0;
    }
    int result = task_table_update(store, &row->row);
    row->written = result == 0;
    return result;
}

/* `result` so far: what the batch holds is not written when something has gone wrong. */
static int write_batch(struct store *store, int result) {
    struct late_tasks *late = store->late_tasks;
    if (result == 0)
        result = task_table_insert(store, late->batch, late->batch_count);
    for (unsigned index = 0; result != 0 && index < late->batch_count; index++)
        row_of(late->batch[index])->written = false;
    late->batch_count = 0;
    return result;
}

/* A row of the turn; what earlier turns have kept of it needs no writing then. */
static int write_turn_row(struct store *store, struct late_row *row) {
    struct late_row *before = row_by_id(&store->late_tasks->kept, row->id);
    if (before != NULL && !before->written)
        row->is_new = row->is_new || before->is_new;
    int result = write_row(store, row);
    if (before != NULL)
        before->written = before->written || result == 0;
    return result;
}

/* A row that this turn has put again is written once, in its last state. */
static int write_kept(struct store *store, struct late_tasks *late) {
    int result = 0;
    for (struct late_row *row = late->kept.by_id; result == 0 && row != NULL; row = row->by_id.next) {
        if (row_by_id(&late->turn, row->id) == NULL)
            result = write_row(store, row);
    }
    return result;
}

static int write_rows(struct store *store) {
    struct late_tasks *late = store->late_tasks;
    int result = write_kept(store, late);
    for (struct late_row *row = late->turn.by_id; result == 0 && row != NULL; row = row->by_id.next)
        result = write_turn_row(store, row);
    return write_batch(store, result);
}

int late_tasks_write(struct store *store) {
    struct late_tasks *late = store->late_tasks;
    if (late == NULL || late->writing || (late->kept.by_id == NULL && late->turn.by_id == NULL))
        return 0;
    bool between_turns = !store->in_transaction && late->turn.by_id == NULL;
    late->writing = true;
    int result = write_rows(store);
    /* Nobody ends a turn that only reads. */
    if (result == 0 && between_turns && store_commit(store) != 0) {
        /* The disk is full, say: they can be read all the same, and the next turn that changes something ends this. */
        late->writing = true;
        result = write_rows(store);
        store->only_moved = true;
    }
    late->writing = false;
    if (result != 0 && between_turns)
        store_rollback(store); /* SQLite may have done so already */
    return result;
}

int late_tasks_settle(struct store *store) {
    if (!store->only_moved)
        return 0;
    store->only_moved = false;
    return store_commit(store);
}

/* --- the end of a turn --------------------------------------------------------------------------------------- */

/* When there are many, the oldest go into the table: of those kept the ones that the turn has not put again, and of a turn
 * that puts very many most of its own. */
static int trim(struct store *store) {
    struct late_tasks *late = store->late_tasks;
    unsigned count = HASH_CNT(by_id, late->kept.by_id) + HASH_CNT(by_id, late->turn.by_id);
    unsigned left = count > ROWS_MAX ? count - ROWS_MAX / 2 : 0;
    int result = 0;
    for (struct late_row *row = late->kept.by_id; result == 0 && left > 0 && row != NULL;
         row = row->by_id.next, left--) {
        if (row_by_id(&late->turn, row->id) == NULL)
            result = write_row(store, row);
    }
    for (struct late_row *row = late->turn.by_id; result == 0 && left > 0; row = row->by_id.next, left--)
        result = write_turn_row(store, row);
    return write_batch(store, result);
}

static int log_turn(struct store *store) {
    struct late_tasks *late = store->late_tasks;
    buf_clear(&late->entry);
    for (struct late_row *row = late->turn.by_id; row != NULL; row = row->by_id.next) {
        if (row->written)
            continue;
        task_log_add(&late->entry, &row->row);
        row->entry = late->last_entry + 1;
    }
    return late->entry.length != 0 ? task_log_write(store, ++late->last_entry, &late->entry) : 0;
}

/* The rows are in the order of their entries. */
static int prune_log(struct store *store) {
    const struct late_tasks *late = store->late_tasks;
    int64_t first = late->last_entry + (late->entry.length == 0);
    for (const struct late_row *row = late->kept.by_id; row != NULL; row = row->by_id.next) {
        if (!row->written && row_by_id(&late->turn, row->id) == NULL) {
            first = row->entry;
            break;
        }
    }
    return task_log_prune(store, first);
}

int late_tasks_prepare_commit(struct store *store) {
    struct late_tasks *late = store->late_tasks;
    late->writing = true;
    int result = trim(store);
    if (result == 0 && late->logged)
        result = log_turn(store);
    if (result == 0 && late->logged && late->any_written)
        result = prune_log(store);
    late->writing = false;
    return result;
}

static void remove_written(struct late_tasks *late, struct late_rows *rows) {
    struct late_row *row;
    struct late_row *next;
    HASH_ITER(by_id, rows->by_id, row, next) {
        if (row->written)
            remove_row(late, rows, row);
    }
}

static void keep_row(struct late_tasks *late, struct late_row *row) {
    struct late_row *before = row_by_id(&late->kept, row->id);
    HASH_DELETE(by_id, late->turn.by_id, row);
    if (before != NULL) {
        row->is_new = row->is_new || before->is_new;
        remove_row(late, &late->kept, before);
    }
    add_row(&late->kept, row);
}

void late_tasks_committed(struct late_tasks *late) {
    if (late->any_written) {
        remove_written(late, &late->kept);
        remove_written(late, &late->turn);
        late->any_written = false;
    }
    while (late->turn.by_id != NULL)
        keep_row(late, late->turn.by_id);
}

void late_tasks_rolled_back(struct late_tasks *late) {
    remove_all(late, &late->turn);
    for (struct late_row *row = late->kept.by_id; row != NULL; row = row->by_id.next)
        row->written = false;
    late->any_written = false;
}
