/* The bounded cache of tasks, and writing what changed. A task that is in no cache is in the store only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/ids.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/base/writer.h"
#include "engine_internal.h"

enum {
    TASKS_KEPT = 256, /* tasks of earlier turns that stay in memory */
    WAITING_MAX = 16 * 1024 * 1024,
};

enum launch_kind launch_kind_of(const char *launch_type) {
    if (text_equal(launch_type, "FARGATE"))
        return LAUNCH_FARGATE;
    if (text_equal(launch_type, "MANAGED_INSTANCES"))
        return LAUNCH_MANAGED_INSTANCES;
    return text_equal(launch_type, "EXTERNAL") ? LAUNCH_EXTERNAL : LAUNCH_EC2;
}

static void list_unlink(struct engine *engine, struct task_entry *entry) {
    if (entry->newer != NULL)
        entry->newer->older = entry->older;
    else
        engine->newest_task = entry->older;
    if (entry->older != NULL)
        entry->older->newer = entry->newer;
    else
        engine->oldest_task = entry->newer;
    entry->newer = entry->older = NULL;
}

static void list_push(struct engine *engine, struct task_entry *entry) {
    entry->older = engine->newest_task;
    if (engine->newest_task != NULL)
        engine->newest_task->newer = entry;
    engine->newest_task = entry;
    if (engine->oldest_task == NULL)
        engine->oldest_task = entry;
}

static void used(struct engine *engine, struct task_entry *entry) {
    if (engine->newest_task == entry)
        return;
    list_unlink(engine, entry);
    list_push(engine, entry);
}

void task_cache_add(struct engine *engine, struct task *task) {
    struct task_entry *entry = xcalloc(1, sizeof(*entry));
    entry->task = task;
    entry->row = task->id;
    HASH_ADD(by_row, engine->tasks_by_row, row, sizeof(entry->row), entry);
    list_push(engine, entry);
    engine->task_count++;
}

static void entry_free(struct engine *engine, struct task_entry *entry) {
    list_unlink(engine, entry);
    HASH_DELETE(by_row, engine->tasks_by_row, entry);
    engine->task_count--;
    task_free(entry->task);
    free(entry);
}

void tasks_trim(struct engine *engine) {
    while (engine->task_count > TASKS_KEPT)
        entry_free(engine, engine->oldest_task);
}

void tasks_free(struct engine *engine) {
    while (engine->oldest_task != NULL)
        entry_free(engine, engine->oldest_task);
    engine->dirty_count = 0;
    engine->expired_count = 0;
    engine->waiting_count = 0;
    engine->leaving = 0;
}

/* What the document does not say comes from the task definition. */
static int complete_from_definition(struct engine *engine, struct task *task) {
    const struct task_definition *definition = NULL;
    int result = engine_task_definition(engine, task->task_definition_id, &definition);
    if (result < 0)
        return result;
    task->stop_timeout_s = TASK_STOP_TIMEOUT_S;
    if (result != 0)
        return 0; /* deleted since: the task has its defaults */
    task_complete(task, definition);
    return 0;
}

/* The document of a task that waits for capacity is within what it waits with. */
static int read_document(struct task *task, const struct task_row *row) {
    struct value *value = NULL;
    const char *text = row->waiting != NULL ? row->waiting : row->document;
    if (value_parse(task->arena, text, strlen(text), &value) != 0)
        return ERR_BUG;
    if (row->waiting == NULL)
        return task_read_document(task, value);
    task->waiting = value;
    return task_read_document(task, value_get(value, "task"));
}

static int read_life(struct task *task, const struct task_row *row) {
    struct value *value = NULL;
    if (row->life != NULL && value_parse(task->arena, row->life, strlen(row->life), &value) != 0)
        return ERR_BUG;
    return task_life_read(task, value);
}

static int task_from_row(struct engine *engine, const struct task_row *row, struct task **ret_task) {
    struct task *task = task_new();
    if (read_document(task, row) != 0 || read_life(task, row) != 0 ||
        task_reservation_parse(task->arena, row->reservation, &task->demand) != 0) {
        task_free(task);
        return error_raise(ERR_STORE, "the stored task %s cannot be read", row->task_id);
    }
    task->id = row->id;
    task->cluster_id = row->cluster_id;
    task->family_id = row->family_id;
    task->task_definition_id = row->task_definition_id;
    task->container_instance_id = row->container_instance_id;
    task->service_id = row->service_id;
    task->deployment_id = row->deployment_id;
    task->tags = task_text(task, row->tags);
    task->due_ms = row->due_ms;
    task->protected_until_ms = row->protected_until_ms;
    task->holds = task->status != TASK_STOPPED && task->container_instance_id != 0;
    task->announced_version = task->version;
    int result = complete_from_definition(engine, task);
    if (result != 0) {
        task_free(task);
        return result;
    }
    task_cache_add(engine, task);
    *ret_task = task;
    return 0;
}

static int found(struct engine *engine, struct task_entry *entry, struct task **ret_task) {
    if (entry->task->gone)
        return ENGINE_NOT_FOUND;
    used(engine, entry);
    *ret_task = entry->task;
    return 0;
}

static struct task_entry *cached(const struct engine *engine, int64_t row) {
    struct task_entry *entry = NULL;
    HASH_FIND(by_row, engine->tasks_by_row, &row, sizeof(row), entry);
    return entry;
}

int task_by_row(struct engine *engine, int64_t id, struct task **ret_task) {
    struct task_entry *entry = cached(engine, id);
    if (entry != NULL)
        return found(engine, entry, ret_task);
    struct task_row row;
    int result = task_rows_get(engine->store, id, engine->turn, &row);
    return result != 0 ? result : task_from_row(engine, &row, ret_task);
}

int engine_task_find(
    struct engine *engine, struct cluster *cluster, const char *task_id, struct task **ret_task) {
    struct task_entry *entry = cached(engine, ids_row(task_id));
    if (entry != NULL && entry->task->cluster_id == cluster->id && text_equal(entry->task->task_id, task_id))
        return found(engine, entry, ret_task);
    int64_t row = 0;
    int result = task_rows_find(engine->store, cluster->id, task_id, &row);
    return result != 0 ? result : task_by_row(engine, row, ret_task);
}

void task_touch(struct engine *engine, struct task *task) {
    if (task->service_id != 0)
        service_task_changed(engine, task);
    if (task_is_of_daemon(task))
        daemon_task_changed(engine, task);
    task_announce(engine, task);
    if (task->listed)
        return;
    task->listed = true;
    if (engine->dirty_count == engine->dirty_capacity) {
        engine->dirty_capacity = engine->dirty_capacity != 0 ? engine->dirty_capacity * 2 : 64;
        engine->dirty_tasks = xrealloc(engine->dirty_tasks, engine->dirty_capacity * sizeof(struct task *));
    }
    engine->dirty_tasks[engine->dirty_count++] = task;
}

/* {"placementConstraints", "placementStrategy", "subnets", "task"} in the turn's arena; NULL for a task that waits
 * for nothing. */
static const char *waiting_text(struct engine *engine, const struct task *task) {
    static const char *const kept[] = {"placementConstraints", "placementStrategy", "subnets"};
    if (task->waiting == NULL)
        return NULL;
    struct buf buf = BUF_INIT(WAITING_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_object_begin(&writer);
    for (size_t index = 0; index < array_length(kept); index++)
        writer_key_value_opt(&writer, kept[index], value_get(task->waiting, kept[index]));
    writer_key(&writer, "task");
    task_write_full_document(task, &writer);
    writer_object_end(&writer);
    const char *text = arena_strdup(engine->turn, buf_text(&buf));
    buf_done(&buf);
    return text;
}

static int write_task(struct engine *engine, struct task *task, struct buf *buf) {
    buf_clear(buf);
    struct writer writer = WRITER_INIT(buf);
    task_write_document(task, &writer);
    size_t document_length = buf->length;
    buf_append_char(buf, '\0');
    size_t life_at = buf->length;
    struct writer life_writer = WRITER_INIT(buf);
    task_life_write(task, &life_writer);
    if (buf_failed(buf))
        return error_raise(ERR_LIMIT, "a task is larger than %zu bytes", buf->maximum);
    struct task_row row = {
        .id = task->id,
        .cluster_id = task->cluster_id,
        .task_id = task->task_id,
        .desired_status = task_status_name(task->desired),
        .last_status = task_status_name(task->status),
        .launch_type = task->launch_type,
        .family_id = task->family_id,
        .task_definition_id = task->task_definition_id,
        .container_instance_id = task->container_instance_id,
        .service_id = task->service_id,
        .deployment_id = task->deployment_id,
        .started_by = task->started_by,
        .task_group = task->group,
        .capacity_provider = task->capacity_provider,
        .attachment_id = task_reported_attachment(engine, task),
        .protected_until_ms = task->protected_until_ms,
        .waiting = waiting_text(engine, task),
        .instance_version = instance_version_to_keep(instance_by_row(engine, task->container_instance_id)),
        .reservation = task_reservation_text(engine->turn, &task->demand),
        .due_ms = task->due_ms,
        .tags = task->tags,
        .life = buf->data + life_at,
        .document = buf->data,
        .document_length = document_length,
    };
    int result = task->is_new ? task_rows_insert(engine->store, &row) : task_rows_update(engine->store, &row);
    if (result == 0) {
        task->is_new = false;
        task->dirty = false;
        task->listed = false;
    }
    return result;
}

/* Rows are counted on from the last one, and ids have them in them (decisions/0013): a run that goes on behind a restart
 * gives what one without it gives. */
static int keep_last_row(struct engine *engine) {
    char digits[24];
    snprintf(digits, sizeof(digits), "%lld", (long long)engine->last_task_row);
    return store_meta_set(engine->store, META_LAST_TASK, digits);
}

static int restore_last_row(struct engine *engine) {
    const char *text = NULL;
    int64_t deleted = 0;
    int result = task_rows_last_id(engine->store, &engine->last_task_row);
    if (result == 0)
        result = store_meta_get(engine->store, engine->turn, META_LAST_TASK, &text);
    if (result == 0 && text_parse_int(text, 0, IDS_ROW_MAX, &deleted) == 0 && deleted > engine->last_task_row)
        engine->last_task_row = deleted;
    return result < 0 ? result : 0;
}

static int delete_expired(struct engine *engine) {
    for (size_t index = 0; index < engine->expired_count; index++) {
        int64_t id = engine->expired_tasks[index];
        struct task_entry *entry = cached(engine, id);
        if (entry != NULL)
            entry_free(engine, entry);
        int result = task_rows_delete(engine->store, id);
        if (result == 0 && id == engine->last_task_row)
            result = keep_last_row(engine);
        if (result != 0)
            return result;
    }
    engine->expired_count = 0;
    return 0;
}

int tasks_flush(struct engine *engine) {
    int result = 0;
    for (size_t index = 0; result == 0 && index < engine->dirty_count; index++)
        result = write_task(engine, engine->dirty_tasks[index], &engine->document);
    if (result != 0)
        return result;
    engine->dirty_count = 0;
    return delete_expired(engine);
}

static int load_due(void *context, int64_t id, int64_t due_ms) {
    struct engine *engine = context;
    timers_add(&engine->timers, due_ms, TIMER_TASK, id);
    return 0;
}

static int load_active(void *context, const struct task_row *row) {
    struct engine *engine = context;
    struct cluster *cluster = cluster_by_row(engine, row->cluster_id);
    enum task_status status = TASK_STOPPED;
    if (cluster == NULL || task_status_parse(row->last_status, &status) != 0)
        return error_raise(ERR_STORE, "a stored task belongs to no cluster or has no status");
    struct task task = {
        .cluster_id = row->cluster_id,
        .container_instance_id = row->container_instance_id,
        .launch_type = row->launch_type,
        .status = status,
        .desired = text_equal(row->desired_status, "RUNNING") ? TASK_RUNNING : TASK_STOPPED,
    };
    cluster->unfinished++;
    task_count(engine, &task, 1);
    if (row->service_id != 0 && service_task_loaded(engine, row) != 0)
        return ERR_STORE;
    struct instance *instance = instance_by_row(engine, row->container_instance_id);
    if (instance != NULL && text_equal(row->desired_status, "RUNNING"))
        task_group_join(instance, row->task_group);
    struct task_demand demand;
    int result = task_reservation_parse(engine->turn, row->reservation, &demand);
    if (result != 0)
        return result;
    address_pool_take_this(&cluster->scope->addresses, demand.address);
    if (instance != NULL)
        resources_take(&instance->resources, &demand);
    return 0;
}

static int load_waiting(void *context, int64_t id, int64_t cluster_id) {
    struct cluster *cluster = cluster_by_row(context, cluster_id);
    if (cluster == NULL)
        return error_raise(ERR_STORE, "a task waits in no cluster");
    waiting_add(context, cluster, id);
    return 0;
}

int tasks_load(struct engine *engine) {
    int result = restore_last_row(engine);
    if (result == 0)
        result = task_rows_each_active(engine->store, engine, load_active);
    if (result == 0)
        result = task_rows_each_due(engine->store, engine, load_due);
    if (result == 0)
        result = task_rows_each_waiting(engine->store, engine, load_waiting);
    return result;
}
