#include "ecs-local/store/task_rows.h"

#include <stdio.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/ids.h"
#include "ecs-local/store/instance_rows.h"
#include "late_tasks.h"
#include "packed_document.h"
#include "rows_to_insert.h"
#include "store_internal.h"
#include "task_documents.h"
#include "task_pages.h"
#include "task_row_members.h"

enum {
    TASK_ID_SIZE = 64
};

static void bind_state(struct statement *statement, const struct task_row *row) {
    bind_int_or_null(statement, "container_instance_id", row->container_instance_id);
    bind_int_or_null(statement, "protected_until_ms", row->protected_until_ms);
    bind_text(statement, "waiting", row->waiting);
    bind_text(statement, "reservation", row->reservation);
    bind_int_or_null(statement, "due_ms", row->due_ms);
    bind_text(statement, "tags", row->tags);
    bind_text(statement, "life", row->life);
    bind_text(statement, "attachment_id", row->attachment_id);
    size_t packed_length = 0;
    const void *packed = document_pack(
        &statement->store->packer, row->document, row->document_length, &packed_length);
    bind_blob(statement, "packed_document", packed, packed_length);
}

/* STORE_NOT_FOUND when there is no such row. */
static int run_with_version(struct statement *statement, const struct task_row *row) {
    int result = statement_run(statement);
    if (result == 0 && sqlite3_changes(statement->store->db) == 0)
        return STORE_NOT_FOUND;
    if (result != 0 || row->instance_version == 0)
        return result;
    return instance_rows_set_version(statement->store, row->container_instance_id, row->instance_version);
}

bool task_row_is_numbered(const struct task_row *row) {
    return ids_row(row->task_id) == row->id;
}

int task_table_update(struct store *store, const struct task_row *row) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_TASK_UPDATE);
    bind_text(&statement, "desired_status", row->desired_status);
    bind_text(&statement, "last_status", row->last_status);
    bind_state(&statement, row);
    bind_int(&statement, "id", row->id);
    return run_with_version(&statement, row);
}

void store_forget_tasks(struct store *store) {
    task_documents_clear(store->documents);
    task_pages_clear(store->pages);
}

static int write_row_now_or_later(struct store *store, const struct task_row *row, bool is_new) {
    task_documents_drop(store->documents, row->cluster_id, row->task_id);
    task_pages_clear(store->pages);
    if (store->late_tasks == NULL || !task_row_is_numbered(row))
        return is_new ? task_table_insert(store, &row, 1) : task_table_update(store, row);
    late_tasks_put(store->late_tasks, row, is_new);
    return 0;
}

int task_rows_insert(struct store *store, const struct task_row *row) {
    return write_row_now_or_later(store, row, true);
}

int task_rows_update(struct store *store, const struct task_row *row) {
    return write_row_now_or_later(store, row, false);
}

int task_rows_delete(struct store *store, int64_t id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_TASK_DELETE);
    bind_int(&statement, "id", id);
    return statement_run(&statement);
}

int task_rows_last_id(struct store *store, int64_t *ret_id) {
    statement_scope struct statement statement = statement_begin(store, SQL_TASK_LAST_ID);
    int step = statement_step(&statement);
    if (step < 0)
        return step;
    *ret_id = column_int(&statement, "id");
    return 0;
}

/* Valid until the next one is read. What cannot be unpacked is an empty text, which nobody can read either. */
static struct task_document column_document(struct statement *statement) {
    struct buf *text = &statement->store->unpacked;
    const void *packed = column_blob(statement, "packed_document");
    buf_clear(text);
    if (document_unpack(packed, column_length(statement, "packed_document"), text) != 0)
        buf_clear(text);
    return (struct task_document){.text = buf_text(text), .length = text->length};
}

static void read_row(struct statement *statement, struct arena *arena, struct task_row *row) {
    struct task_document document = column_document(statement);
    *row = (struct task_row){
        .id = column_int(statement, "id"),
        .cluster_id = column_int(statement, "cluster_id"),
        .task_id = arena_strdup(arena, column_text(statement, "task_id")),
        .desired_status = arena_strdup(arena, column_text(statement, "desired_status")),
        .last_status = arena_strdup(arena, column_text(statement, "last_status")),
        .launch_type = arena_strdup(arena, column_text(statement, "launch_type")),
        .family_id = column_int(statement, "family_id"),
        .task_definition_id = column_int(statement, "task_definition_id"),
        .container_instance_id = column_int(statement, "container_instance_id"),
        .started_by = arena_strdup(arena, column_text(statement, "started_by")),
        .protected_until_ms = column_int(statement, "protected_until_ms"),
        .waiting = arena_strdup(arena, column_text(statement, "waiting")),
        .reservation = arena_strdup(arena, column_text(statement, "reservation")),
        .due_ms = column_int(statement, "due_ms"),
        .tags = arena_strdup(arena, column_text(statement, "tags")),
        .life = arena_strdup(arena, column_text(statement, "life")),
        .document = arena_strndup(arena, document.text, document.length),
        .document_length = document.length,
        .service_id = column_int(statement, "service_id"),
        .deployment_id = column_int(statement, "deployment_id"),
    };
}

/* The ways to one task look at what is not in the table yet by themselves: then nothing has to be written. */
static const struct task_row *late_row(const struct store *store, int64_t id) {
    return store->late_tasks != NULL ? late_tasks_get(store->late_tasks, id) : NULL;
}

static const struct task_row *late_row_named(
    const struct store *store, int64_t cluster_id, const char *task_id) {
    const struct task_row *late = store->late_tasks != NULL ? late_row(store, ids_row(task_id)) : NULL;
    bool is_it = late != NULL && late->cluster_id == cluster_id && strcmp(late->task_id, task_id) == 0;
    return is_it ? late : NULL;
}

static void copy_row(const struct task_row *row, struct arena *arena, struct task_row *ret_row) {
    *ret_row = *row;
    const char **texts[TASK_ROW_TEXTS];
    task_row_texts(ret_row, texts);
    for (unsigned index = 0; index < TASK_ROW_TEXTS; index++)
        *texts[index] = arena_strdup(arena, *texts[index]);
    ret_row->document = arena_strndup(arena, row->document, row->document_length);
}

int task_rows_get(struct store *store, int64_t id, struct arena *arena, struct task_row *ret_row) {
    const struct task_row *late = late_row(store, id);
    if (late != NULL) {
        copy_row(late, arena, ret_row);
        return 0;
    }
    statement_scope struct statement statement = statement_begin_as_is(store, SQL_TASK_GET);
    bind_int(&statement, "id", id);
    int step = statement_step(&statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    read_row(&statement, arena, ret_row);
    return 0;
}

/* Steps a statement that knows :id, :task_id and :cluster_id: for the row that the id says, else for the one that is
 * known to have an id that does not say it. The latter are never late. */
static int step_to_task(struct statement *statement, int64_t cluster_id, const char *task_id) {
    bind_int(statement, "id", ids_row(task_id));
    bind_text(statement, "task_id", task_id);
    bind_int(statement, "cluster_id", cluster_id);
    int step = statement_step(statement);
    if (step != STEP_DONE)
        return step;
    statement_scope struct statement foreign = statement_begin_as_is(statement->store, SQL_TASK_FOREIGN_ROW);
    bind_text(&foreign, "task_id", task_id);
    bind_int(&foreign, "cluster_id", cluster_id);
    step = statement_step(&foreign);
    if (step != STEP_ROW)
        return step;
    statement_again(statement);
    bind_int(statement, "id", column_int(&foreign, "id"));
    return statement_step(statement);
}

int task_rows_find(struct store *store, int64_t cluster_id, const char *task_id, int64_t *ret_id) {
    const struct task_row *late = late_row_named(store, cluster_id, task_id);
    if (late != NULL) {
        *ret_id = late->id;
        return 0;
    }
    statement_scope struct statement statement = statement_begin_as_is(store, SQL_TASK_ROW);
    int step = step_to_task(&statement, cluster_id, task_id);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_id = column_int(&statement, "id");
    return 0;
}

/* Without its closing brace, for the caller to go on. */
static int append_document(
    const struct task_document *document, struct buf *out, struct arena *arena, const char **ret_tags) {
    buf_append(out, document->text, document->length - 1);
    *ret_tags = arena != NULL ? arena_strdup(arena, document->tags) : NULL;
    return 0;
}

int task_rows_append_document(struct store *store, int64_t cluster_id, const char *task_id, struct buf *out,
    struct arena *arena, const char **ret_tags) {
    const struct task_row *late = late_row_named(store, cluster_id, task_id);
    struct task_document document;
    if (late != NULL) {
        document = (struct task_document){late->document, late->document_length, late->tags};
        return append_document(&document, out, arena, ret_tags);
    }
    const struct task_document *known = task_documents_get(store->documents, cluster_id, task_id);
    if (known != NULL)
        return append_document(known, out, arena, ret_tags);
    statement_scope struct statement statement = statement_begin_as_is(store, SQL_TASK_DOCUMENT);
    int step = step_to_task(&statement, cluster_id, task_id);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    document = column_document(&statement);
    if (document.length == 0)
        return error_raise(ERR_STORE, "the stored task %s cannot be read", task_id);
    document.tags = column_text(&statement, "tags");
    task_documents_put(&store->documents, cluster_id, task_id, &document);
    return append_document(&document, out, arena, ret_tags);
}

int task_rows_of_attachment(
    struct store *store, int64_t cluster_id, const char *attachment_id, int64_t *ret_id) {
    statement_scope struct statement statement = statement_begin(store, SQL_TASK_OF_ATTACHMENT);
    bind_text(&statement, "attachment_id", attachment_id);
    bind_int(&statement, "cluster_id", cluster_id);
    int step = statement_step(&statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_id = column_int(&statement, "id");
    return 0;
}

int task_rows_each_due(
    struct store *store, void *context, int (*each)(void *context, int64_t id, int64_t due_ms)) {
    statement_scope struct statement statement = statement_begin(store, SQL_TASK_EACH_DUE);
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW) {
        int result = each(context, column_int(&statement, "id"), column_int(&statement, "due_ms"));
        if (result != 0)
            return result;
    }
    return step;
}

int task_rows_each_active(
    struct store *store, void *context, int (*each)(void *context, const struct task_row *row)) {
    statement_scope struct statement statement = statement_begin(store, SQL_TASK_EACH_ACTIVE);
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW) {
        struct task_row row = {
            .id = column_int(&statement, "id"),
            .cluster_id = column_int(&statement, "cluster_id"),
            .last_status = column_text(&statement, "last_status"),
            .desired_status = column_text(&statement, "desired_status"),
            .launch_type = column_text(&statement, "launch_type"),
            .container_instance_id = column_int(&statement, "container_instance_id"),
            .task_group = column_text(&statement, "task_group"),
            .reservation = column_text(&statement, "reservation"),
            .service_id = column_int(&statement, "service_id"),
            .deployment_id = column_int(&statement, "deployment_id"),
        };
        int result = each(context, &row);
        if (result != 0)
            return result;
    }
    return step;
}

int task_rows_each_waiting(
    struct store *store, void *context, int (*each)(void *context, int64_t id, int64_t cluster_id)) {
    statement_scope struct statement statement = statement_begin(store, SQL_TASK_WAITING);
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW) {
        int result = each(context, column_int(&statement, "id"), column_int(&statement, "cluster_id"));
        if (result != 0)
            return result;
    }
    return step;
}

int task_rows_uses_provider(struct store *store, int64_t cluster_id, const char *capacity_provider) {
    statement_scope struct statement statement = statement_begin(store, SQL_TASK_USES_PROVIDER);
    bind_int(&statement, "cluster_id", cluster_id);
    bind_text(&statement, "capacity_provider", capacity_provider);
    int step = statement_step(&statement);
    if (step < 0)
        return step;
    return step == STEP_ROW ? 0 : STORE_NOT_FOUND;
}

int task_rows_of_services(struct store *store, int64_t cluster_id, unsigned limit, struct arena *arena,
    const char **ret_ids, unsigned *ret_count) {
    statement_scope struct statement statement = statement_begin(store, SQL_TASK_OF_SERVICES);
    bind_int(&statement, "cluster_id", cluster_id);
    bind_int(&statement, "limit", limit);
    unsigned count = 0;
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW && count < limit)
        ret_ids[count++] = arena_strdup(arena, column_text(&statement, "task_id"));
    *ret_count = count;
    return step < 0 ? step : 0;
}

/* The index that narrows most decides the statement; the other filters are conditions of it. */
static enum statement_id list_statement(const struct task_filter *filter) {
    if (filter->started_by != NULL)
        return SQL_TASK_LIST_STARTED_BY;
    if (filter->service_id != 0)
        return SQL_TASK_LIST_SERVICE;
    if (filter->daemon_id != 0)
        return SQL_TASK_LIST_DAEMON;
    if (filter->container_instance_id != 0)
        return SQL_TASK_LIST_INSTANCE;
    return filter->family_id != 0 ? SQL_TASK_LIST_FAMILY : SQL_TASK_LIST_LAUNCH_TYPE;
}

/* The index answers for each launch type by itself. */
static bool by_launch_type(enum statement_id id) {
    return id == SQL_TASK_LIST_LAUNCH_TYPE || id == SQL_TASK_LIST_FAMILY || id == SQL_TASK_LIST_SERVICE;
}

static void write_row(
    struct statement *statement, const char *prefix, size_t prefix_length, struct writer *writer) {
    struct buf *buf = writer->buf;
    const char *task_id = column_text(statement, "task_id");
    size_t length = strlen(task_id);
    if (!buf_reserve(buf, prefix_length + length + sizeof(",\"\"")))
        return;
    char *out = buf->data + buf->length;
    if (writer->comma)
        *out++ = ',';
    *out++ = '"';
    out = (char *)memcpy(out, prefix, prefix_length) + prefix_length;
    out = (char *)memcpy(out, task_id, length) + length;
    memcpy(out, "\"", sizeof("\""));
    buf->length = (size_t)(out + 1 - buf->data);
    writer->comma = true;
}

/* A page that is being written, and what it begins behind. */
struct task_page {
    const struct task_filter *filter;
    const char *prefix;
    struct writer *writer;
    unsigned limit;
    unsigned count;
    char last[TASK_ID_SIZE]; /* the last task of a full page */
    bool more;
};

/* The row is asked for once a page, so that it need not be read once a task. */
static int move_cursor(struct store *store, const struct task_page *page, struct task_cursor *cursor) {
    int result = task_rows_find(store, page->filter->cluster_id, page->last, &cursor->id);
    return result <= 0 ? result : error_raise(ERR_BUG, "the task %s is listed and not there", page->last);
}

static void bind_filter(struct statement *statement, enum statement_id id, const struct task_filter *filter) {
    if (id == SQL_TASK_LIST_FAMILY || id == SQL_TASK_LIST_INSTANCE)
        bind_int_or_null(statement, "family_id", filter->family_id);
    if (id == SQL_TASK_LIST_DAEMON)
        bind_int(statement, "daemon_id", filter->daemon_id);
    if (id == SQL_TASK_LIST_INSTANCE || id == SQL_TASK_LIST_DAEMON)
        bind_int_or_null(statement, "container_instance_id", filter->container_instance_id);
    if (id == SQL_TASK_LIST_SERVICE)
        bind_int(statement, "service_id", filter->service_id);
    if (id == SQL_TASK_LIST_STARTED_BY)
        bind_text(statement, "started_by", filter->started_by);
}

/* Those of the launch type (NULL: any) behind `after`, until the page is full. */
static int add_to_page(
    struct store *store, struct task_page *page, const char *launch_type_or_null, int64_t after) {
    enum statement_id id = list_statement(page->filter);
    statement_scope struct statement statement = statement_begin(store, id);
    size_t prefix_length = strlen(page->prefix);
    bind_int(&statement, "cluster_id", page->filter->cluster_id);
    bind_text(&statement, "desired_status", page->filter->desired_status);
    bind_text(&statement, "launch_type", launch_type_or_null);
    bind_int(&statement, "after", after);
    bind_int(
        &statement, "limit", (int64_t)(page->limit - page->count) + 1); /* one more: is there a next page? */
    bind_filter(&statement, id, page->filter);
    int step;
    for (; (step = statement_step(&statement)) == STEP_ROW && page->count < page->limit; page->count++) {
        write_row(&statement, page->prefix, prefix_length, page->writer);
        if (page->count + 1 == page->limit)
            snprintf(page->last, sizeof(page->last), "%s", column_text(&statement, "task_id"));
    }
    page->more = step == STEP_ROW;
    return step < 0 ? step : 0;
}

/* In their order. */
static const char *const launch_types[] = {"EC2", "EXTERNAL", "FARGATE", "MANAGED_INSTANCES"};

static int list_each_launch_type(struct store *store, struct task_page *page, struct task_cursor *cursor) {
    struct task_cursor begin = *cursor;
    for (size_t index = 0; index < array_length(launch_types) && !page->more; index++) {
        int order = strcmp(launch_types[index], begin.launch_type);
        unsigned before = page->count;
        if (order < 0)
            continue;
        int result = add_to_page(store, page, launch_types[index], order == 0 ? begin.id : 0);
        if (result != 0)
            return result;
        if (page->count == page->limit && before != page->limit)
            snprintf(cursor->launch_type, sizeof(cursor->launch_type), "%s", launch_types[index]);
    }
    return 0;
}

static int list(struct store *store, struct task_page *page, struct task_cursor *cursor) {
    int result;
    if (by_launch_type(list_statement(page->filter)) && page->filter->launch_type == NULL)
        result = list_each_launch_type(store, page, cursor);
    else
        result = add_to_page(store, page, page->filter->launch_type, cursor->id);
    return result == 0 && page->more ? move_cursor(store, page, cursor) : result;
}

static void repeat_page(
    const struct task_page_answer *known, struct task_page *page, struct task_cursor *cursor) {
    if (known->length != 0)
        writer_raw(page->writer, known->text, known->length);
    page->more = known->more;
    *cursor = known->end;
}

int task_rows_list(struct store *store, const struct task_filter *filter, struct task_cursor *cursor,
    unsigned limit, const char *prefix, struct writer *writer, bool *ret_more) {
    struct task_page page = {.filter = filter, .prefix = prefix, .writer = writer, .limit = limit};
    struct task_page_request request = {.filter = filter, .begin = *cursor, .limit = limit, .prefix = prefix};
    /* Whose tasks are a daemon's is said by another table. Behind other items, a page would begin with a comma. */
    bool may_keep = filter->daemon_id == 0 && !writer->comma;
    const struct task_page_answer *known = may_keep ? task_pages_get(store->pages, &request) : NULL;
    int result = 0;
    size_t begin = writer->buf->length;
    if (known != NULL)
        repeat_page(known, &page, cursor);
    else
        result = list(store, &page, cursor);
    if (result == 0 && known == NULL && may_keep && !buf_failed(writer->buf)) {
        struct task_page_answer answer = {.text = buf_text(writer->buf) + begin,
            .length = writer->buf->length - begin,
            .end = *cursor,
            .more = page.more};
        task_pages_put(&store->pages, &request, &answer);
    }
    *ret_more = page.more;
    return result;
}

static int read_ids(struct statement *statement, unsigned limit, int64_t *ret_ids, unsigned *ret_count) {
    unsigned count = 0;
    int step;
    while ((step = statement_step(statement)) == STEP_ROW && count < limit)
        ret_ids[count++] = column_int(statement, "id");
    *ret_count = count;
    return step < 0 ? step : 0;
}

int task_rows_of_provider(struct store *store, int64_t cluster_id, const char *capacity_provider,
    int64_t after, unsigned limit, int64_t *ret_ids, unsigned *ret_count) {
    statement_scope struct statement statement = statement_begin(store, SQL_TASK_OF_PROVIDER);
    bind_int(&statement, "cluster_id", cluster_id);
    bind_text(&statement, "capacity_provider", capacity_provider);
    bind_int(&statement, "after", after);
    bind_int(&statement, "limit", limit);
    return read_ids(&statement, limit, ret_ids, ret_count);
}

int task_rows_on_instance(struct store *store, int64_t container_instance_id, int64_t after, unsigned limit,
    int64_t *ret_ids, unsigned *ret_count) {
    statement_scope struct statement statement = statement_begin(store, SQL_TASK_ON_INSTANCE);
    bind_int(&statement, "container_instance_id", container_instance_id);
    bind_int(&statement, "after", after);
    bind_int(&statement, "limit", limit);
    return read_ids(&statement, limit, ret_ids, ret_count);
}

int task_rows_protected_of_service(
    struct store *store, int64_t service_id, int64_t now_ms, int64_t but_id, int64_t *ret_count) {
    statement_scope struct statement statement = statement_begin(store, SQL_TASK_PROTECTED_OF_SERVICE);
    bind_int(&statement, "service_id", service_id);
    bind_int(&statement, "now_ms", now_ms);
    bind_int(&statement, "but_id", but_id);
    int step = statement_step(&statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_count = column_int(&statement, "tasks");
    return 0;
}
