/* Tasks in the database. See store.h for errors and ownership. */
#ifndef ECS_LOCAL_STORE_TASK_ROWS_H
#define ECS_LOCAL_STORE_TASK_ROWS_H

#include "ecs-local/base/buf.h"
#include "ecs-local/base/writer.h"
#include "ecs-local/store/store.h"

struct task_row {
    int64_t id;
    int64_t cluster_id;
    const char *task_id; /* mostly ids_hex_of_row() of `id`, and the task is found by it */
    const char *desired_status;
    const char *last_status;
    const char *launch_type;
    int64_t family_id;
    int64_t task_definition_id;
    int64_t container_instance_id; /* 0: none */
    const char *task_group;
    const char *capacity_provider; /* NULL: none */
    int64_t protected_until_ms;    /* 0: not protected */
    const char *waiting;           /* NULL: it waits for nothing */
    const char *started_by;        /* NULL: none */
    int64_t service_id;            /* 0: of none */
    int64_t deployment_id;         /* 0: of none */
    const char *attachment_id; /* its network interface, when an agent tells of it; NULL: none (not read) */
    const char *reservation;
    int64_t instance_version; /* what its instance counts with this change; 0: as before (not read) */
    int64_t due_ms;           /* 0: nothing is due */
    const char *tags;         /* JSON list, NULL: none */
    const char *life;         /* JSON object (domain/task_life.h), NULL: none */
    const char *document;
    size_t document_length;
};

/* The id is the caller's (one more than task_rows_last_id()). */
int task_rows_insert(struct store *store, const struct task_row *row);
/* Writes everything that can change of `row->id`. */
int task_rows_update(struct store *store, const struct task_row *row);
int task_rows_delete(struct store *store, int64_t id);
int task_rows_last_id(struct store *store, int64_t *ret_id);

int task_rows_get(struct store *store, int64_t id, struct arena *arena, struct task_row *ret_row);
/* Which row the task is. */
int task_rows_find(struct store *store, int64_t cluster_id, const char *task_id, int64_t *ret_id);
/* Appends the document to `out`, without its closing brace; *ret_tags is NULL unless `arena` is given. */
int task_rows_append_document(struct store *store, int64_t cluster_id, const char *task_id, struct buf *out,
    struct arena *arena, const char **ret_tags);

/* The task whose network interface an agent may report. 0 or STORE_NOT_FOUND. */
int task_rows_of_attachment(
    struct store *store, int64_t cluster_id, const char *attachment_id, int64_t *ret_id);

/* Every task with a step due: (id, due_ms). Every unfinished task: its columns without document. */
int task_rows_each_due(
    struct store *store, void *context, int (*each)(void *context, int64_t id, int64_t due_ms));
int task_rows_each_active(
    struct store *store, void *context, int (*each)(void *context, const struct task_row *row));

struct task_filter {
    int64_t cluster_id;
    const char *desired_status;
    const char *launch_type;       /* NULL: any */
    int64_t family_id;             /* 0: any */
    int64_t container_instance_id; /* 0: any */
    const char *started_by;        /* NULL: any */
    int64_t service_id;            /* 0: any */
    int64_t daemon_id;             /* 0: any */
};
/* Where a page begins: behind this task. id 0: from the start. */
struct task_cursor {
    char launch_type[24];
    int64_t id;
};
/* A page of tasks as JSON strings, `prefix` before each id. *ret_more says whether there is another page; then *cursor
 * moves to the last task of this one. */
int task_rows_list(struct store *store, const struct task_filter *filter, struct task_cursor *cursor,
    unsigned limit, const char *prefix, struct writer *writer, bool *ret_more);
/* Ids of unfinished tasks on an instance. */
/* Calls `each` for every task that waits for capacity, oldest first. */
int task_rows_each_waiting(
    struct store *store, void *context, int (*each)(void *context, int64_t id, int64_t cluster_id));
/* How many tasks of a service are protected from scale-in, one of them apart. */
int task_rows_protected_of_service(
    struct store *store, int64_t service_id, int64_t now_ms, int64_t but_id, int64_t *ret_count);
/* Is some unfinished task of the cluster on that capacity provider? 0 yes, STORE_NOT_FOUND no. */
int task_rows_uses_provider(struct store *store, int64_t cluster_id, const char *capacity_provider);
/* Ids of tasks wanted RUNNING that services started, oldest first. */
int task_rows_of_services(struct store *store, int64_t cluster_id, unsigned limit, struct arena *arena,
    const char **ret_ids, unsigned *ret_count);
/* Unfinished tasks of a capacity provider, of an instance: rows after `after`, in order. */
int task_rows_of_provider(struct store *store, int64_t cluster_id, const char *capacity_provider,
    int64_t after, unsigned limit, int64_t *ret_ids, unsigned *ret_count);
int task_rows_on_instance(struct store *store, int64_t container_instance_id, int64_t after, unsigned limit,
    int64_t *ret_ids, unsigned *ret_count);

#endif
