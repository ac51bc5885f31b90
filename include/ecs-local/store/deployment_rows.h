/* Deployments, task sets, service revisions and service deployments in the database. See store.h for errors and
 * ownership. */
#ifndef ECS_LOCAL_STORE_DEPLOYMENT_ROWS_H
#define ECS_LOCAL_STORE_DEPLOYMENT_ROWS_H

#include "ecs-local/domain/service.h"
#include "ecs-local/store/store.h"

int deployment_rows_last_id(struct store *store, int64_t *ret_id);
/* The id is the caller's. */
int deployment_rows_insert(struct store *store, const struct deployment *deployment, const char *document);
/* All but document, definition and digits. */
int deployment_rows_update(struct store *store, const struct deployment *deployment);
int deployment_rows_update_document(struct store *store, int64_t id, const char *document);
int deployment_rows_delete(struct store *store, int64_t id);
int deployment_rows_document(struct store *store, int64_t id, struct arena *arena, const char **ret_document);
/* In order of creation. stage_state is valid during the call only. */
int deployment_rows_each(
    struct store *store, void *context, int (*each)(void *context, const struct deployment *deployment));

int service_revision_rows_insert(
    struct store *store, int64_t service_id, const char *digits, int64_t created_ms, const char *document);
/* Another document. */
int service_revision_rows_update(
    struct store *store, int64_t service_id, const char *digits, const char *document);
/* 0, STORE_NOT_FOUND or <0. */
int service_revision_rows_get(struct store *store, int64_t service_id, const char *digits,
    struct arena *arena, int64_t *ret_created_ms, const char **ret_document);

/* Documents are ServiceDeployments as they are shown. */
int service_deployment_rows_last_id(struct store *store, int64_t *ret_id);
int service_deployment_rows_insert(
    struct store *store, const struct service_deployment *record, const char *document);
int service_deployment_rows_update(
    struct store *store, const struct service_deployment *record, const char *document);
/* Forgets those that are over and older. */
int service_deployment_rows_prune(struct store *store, int64_t service_id, int64_t before_ms);
/* 0, STORE_NOT_FOUND or <0. */
int service_deployment_rows_get(
    struct store *store, int64_t service_id, const char *uid, struct arena *arena, const char **ret_document);
struct service_deployment_cursor {
    int64_t created_ms; /* INT64_MAX: from the newest */
    int64_t id;
};
struct service_deployment_name {
    int64_t id;
    int64_t created_ms;
    const char *status;
    const char *document;
};
/* Newest first, older than the cursor, not older than `after_ms`. */
int service_deployment_rows_list(struct store *store, int64_t service_id,
    const struct service_deployment_cursor *cursor, int64_t after_ms, unsigned limit, struct arena *arena,
    struct service_deployment_name *ret_rows, unsigned *ret_count);
/* Those that are not over. */
int service_deployment_rows_each_open(struct store *store, void *context,
    int (*each)(void *context, int64_t id, int64_t service_id, const char *document));

#endif
