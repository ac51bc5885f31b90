/* The members of a task_row by their kind, for who copies or keeps rows whole. */
#ifndef STORE_TASK_ROW_MEMBERS_H
#define STORE_TASK_ROW_MEMBERS_H

#include <string.h>

#include "ecs-local/store/task_rows.h"

enum {
    TASK_ROW_TEXTS = 12, /* without the document, whose length is known */
    TASK_ROW_INTEGERS = 10
};

static inline void task_row_texts(struct task_row *row, const char **ret_texts[TASK_ROW_TEXTS]) {
    const char **texts[TASK_ROW_TEXTS] = {&row->task_id, &row->desired_status, &row->last_status,
        &row->launch_type, &row->task_group, &row->capacity_provider, &row->waiting, &row->started_by,
        &row->reservation, &row->tags, &row->life, &row->attachment_id};
    memcpy(ret_texts, texts, sizeof(texts));
}

static inline void task_row_integers(struct task_row *row, int64_t *ret_integers[TASK_ROW_INTEGERS]) {
    int64_t *integers[TASK_ROW_INTEGERS] = {&row->id, &row->cluster_id, &row->family_id,
        &row->task_definition_id, &row->container_instance_id, &row->protected_until_ms, &row->service_id,
        &row->deployment_id, &row->due_ms, &row->instance_version};
    memcpy(ret_integers, integers, sizeof(integers));
}

/* Does the id say which row it is? Those of forks and of older programs do not (decisions/0013). */
bool task_row_is_numbered(const struct task_row *row);

#endif
