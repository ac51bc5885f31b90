/* Families and task definitions in the database. See store.h for errors and ownership. */
#ifndef ECS_LOCAL_STORE_TASK_DEFINITION_ROWS_H
#define ECS_LOCAL_STORE_TASK_DEFINITION_ROWS_H

#include "ecs-local/store/store.h"

struct task_definition_row {
    int64_t id;
    int64_t scope_id;
    int64_t family_id;
    const char *family;
    int64_t revision;
    const char *status;
    int64_t registered_ms;
    int64_t deregistered_ms;     /* 0: never */
    int64_t delete_requested_ms; /* 0: never */
    const char *registered_by;
    const char *tags;     /* JSON list */
    const char *document; /* JSON object: what task_definition_normalise() made */
};

/* The next revision of the family (made when new), and its row; counts the revision as ACTIVE. */
int task_definition_rows_next_revision(
    struct store *store, int64_t scope_id, const char *family, int64_t *ret_family_id, int64_t *ret_revision);
int task_definition_rows_insert(struct store *store, const struct task_definition_row *row, int64_t *ret_id);

/* Revision 0: the latest ACTIVE one. */
int task_definition_rows_get(struct store *store, int64_t scope_id, const char *family, int64_t revision,
    struct arena *arena, struct task_definition_row *ret_row);
int task_definition_rows_get_by_id(
    struct store *store, int64_t id, struct arena *arena, struct task_definition_row *ret_row);
/* As task_definition_rows_get(), without document and tags: what RunTask needs to find it. */
int task_definition_rows_find(struct store *store, int64_t scope_id, const char *family, int64_t revision,
    int64_t *ret_id, int64_t *ret_family_id, int64_t *ret_revision, bool *ret_active);
/* The family's row. */
int task_definition_rows_family_id(
    struct store *store, int64_t scope_id, const char *family, int64_t *ret_id);

/* Writes status and the two times of `row->id`, and keeps the family's counts (`old_status`: what it was). */
int task_definition_rows_set_status(
    struct store *store, const struct task_definition_row *row, const char *old_status);
/* Removes the row for good, and its family's count with it. */
int task_definition_rows_delete(struct store *store, const struct task_definition_row *row);
/* The first row in DELETE_IN_PROGRESS behind the id `after`; STORE_NOT_FOUND: there is none. */
int task_definition_rows_next_deleting(
    struct store *store, int64_t after, int64_t *ret_id, int64_t *ret_requested_ms);
/* Rows in DELETE_IN_PROGRESS since `until_ms` or longer that no unfinished task refers to. */
int task_definition_rows_deletable(
    struct store *store, int64_t until_ms, unsigned limit, int64_t *ret_ids, unsigned *ret_count);

struct task_definition_key {
    const char *family;
    int64_t revision;
};
/* A page of definitions with `status`, in (family, revision) order or its reverse, behind `after` (family
 * NULL: from the start). `family` (NULL: all) must match wholly. */
int task_definition_rows_list(struct store *store, int64_t scope_id, const char *status, const char *family,
    bool descending, const struct task_definition_key *after, unsigned limit, struct arena *arena,
    struct task_definition_key *ret_keys, unsigned *ret_count);

enum family_filter {
    FAMILIES_ALL,
    FAMILIES_ACTIVE,
    FAMILIES_INACTIVE,
};
/* Names of families that start with `prefix`, in order, after `after` ("" from the start). */
int task_definition_rows_families(struct store *store, int64_t scope_id, enum family_filter filter,
    const char *prefix, const char *after, unsigned limit, struct arena *arena, const char **ret_names,
    unsigned *ret_count);

int task_definition_rows_set_tags(struct store *store, int64_t id, const char *tags);
#endif
