#include "task_log.h"

#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "late_tasks.h"
#include "packed_bytes.h"
#include "rows_to_insert.h"
#include "task_row_members.h"

/* --- a row as bytes: its integers, then each text with its length before it and a NUL behind it ---------------- */

enum {
    NO_TEXT = UINT32_MAX
};

static void add_text(struct buf *entry, const char *text_or_null, size_t length) {
    uint32_t size = text_or_null != NULL ? (uint32_t)length : NO_TEXT;
    buf_append(entry, &size, sizeof(size));
    if (text_or_null != NULL) {
        buf_append(entry, text_or_null, length);
        buf_append_char(entry, '\0');
    }
}

void task_log_add(struct buf *entry, const struct task_row *row) {
    struct task_row source = *row;
    int64_t *integers[TASK_ROW_INTEGERS];
    const char **texts[TASK_ROW_TEXTS];
    task_row_integers(&source, integers);
    for (unsigned index = 0; index < TASK_ROW_INTEGERS; index++)
        buf_append(entry, integers[index], sizeof(*integers[index]));
    task_row_texts(&source, texts);
    for (unsigned index = 0; index < TASK_ROW_TEXTS; index++)
        add_text(entry, *texts[index], *texts[index] != NULL ? strlen(*texts[index]) : 0);
    add_text(entry, row->document, row->document_length);
}

struct reader {
    const char *at;
    const char *end;
    bool failed;
};

static void read_bytes(struct reader *reader, void *out, size_t size) {
    reader->failed = reader->failed || (size_t)(reader->end - reader->at) < size;
    if (reader->failed) {
        memset(out, 0, size);
        return;
    }
    memcpy(out, reader->at, size);
    reader->at += size;
}

static const char *read_text(struct reader *reader, size_t *ret_length) {
    uint32_t length = 0;
    read_bytes(reader, &length, sizeof(length));
    *ret_length = 0;
    if (reader->failed || length == NO_TEXT)
        return NULL;
    const char *text = reader->at;
    if ((size_t)(reader->end - text) <= length || text[length] != '\0') {
        reader->failed = true;
        return NULL;
    }
    reader->at += (size_t)length + 1;
    *ret_length = length;
    return text;
}

static int read_row(struct reader *reader, struct task_row *row) {
    int64_t *integers[TASK_ROW_INTEGERS];
    const char **texts[TASK_ROW_TEXTS];
    size_t length = 0;
    *row = (struct task_row){0};
    task_row_integers(row, integers);
    for (unsigned index = 0; index < TASK_ROW_INTEGERS; index++)
        read_bytes(reader, integers[index], sizeof(*integers[index]));
    task_row_texts(row, texts);
    for (unsigned index = 0; index < TASK_ROW_TEXTS; index++)
        *texts[index] = read_text(reader, &length);
    row->document = read_text(reader, &row->document_length);
    if (reader->failed || row->document == NULL)
        return error_raise(ERR_STORE, "a row of the log of tasks cannot be read");
    return 0;
}

/* --- the table ------------------------------------------------------------------------------------------------- */

int task_log_write(struct store *store, int64_t id, const struct buf *entry) {
    const void *packed = NULL;
    size_t length = 0;
    if (buf_failed(entry))
        return error_raise(ERR_LIMIT, "the tasks of one turn are larger than %zu bytes", entry->maximum);
    int result = bytes_pack(store, entry->data, entry->length, &packed, &length);
    if (result != 0)
        return result;
    statement_scope struct statement statement = statement_begin_write(store, SQL_TASK_LOG_INSERT);
    bind_int(&statement, "id", id);
    bind_int(&statement, "bytes", (int64_t)entry->length);
    bind_blob(&statement, "entries", packed, length);
    return statement_run(&statement);
}

int task_log_prune(struct store *store, int64_t id) {
    return statement_run_for(store, SQL_TASK_LOG_PRUNE, id);
}

static int replay_entry(struct store *store, const char *bytes, size_t length) {
    struct reader reader = {.at = bytes, .end = bytes + length};
    int result = 0;
    while (result == 0 && reader.at < reader.end) {
        struct task_row row;
        result = read_row(&reader, &row);
        if (result == 0)
            result = task_table_update(store, &row);
        if (result == STORE_NOT_FOUND)
            result = task_table_insert(store, &(const struct task_row *){&row}, 1);
    }
    return result;
}

int task_log_replay(struct store *store) {
    int64_t last = 0;
    int step;
    int result = 0;
    {
        statement_scope struct statement statement = statement_begin(store, SQL_TASK_LOG_EACH);
        while (result == 0 && (step = statement_step(&statement)) == STEP_ROW) {
            char *bytes = NULL;
            size_t length = 0;
            last = column_int(&statement, "id");
            result = bytes_unpack(&statement, "entries", &bytes, &length);
            if (result == 0)
                result = replay_entry(store, bytes, length);
            free(bytes);
        }
        if (result == 0 && step < 0)
            result = step;
    }
    if (result == 0 && last != 0)
        result = task_log_prune(store, last + 1);
    if (result == 0)
        return store_commit(store);
    store_rollback(store);
    return result;
}
