/* Account settings and client tokens in the database. See store.h for errors and ownership. */
#ifndef ECS_LOCAL_STORE_ACCOUNT_ROWS_H
#define ECS_LOCAL_STORE_ACCOUNT_ROWS_H

#include "ecs-local/store/store.h"

/* `value` NULL takes the setting away. */
int account_setting_rows_set(struct store *store, int64_t scope_id, const char *principal_arn,
    const char *name, const char *value_or_null);
/* 0, STORE_NOT_FOUND when it was not set, or <0. */
int account_setting_rows_get(struct store *store, int64_t scope_id, const char *principal_arn,
    const char *name, struct arena *arena, const char **ret_value);
/* All that a principal has set; text is valid during the call. */
int account_setting_rows_each(struct store *store, int64_t scope_id, const char *principal_arn, void *context,
    void (*each)(void *context, const char *name, const char *value));

struct request_token_row {
    int64_t scope_id;
    int64_t cluster_id;
    const char *token;
    const char *request; /* as sent, without the token */
    int64_t created_ms;
    const char *task_ids; /* separated by commas */
    const char *failures; /* JSON list */
};

int request_token_rows_insert(struct store *store, const struct request_token_row *row);
/* 0, STORE_NOT_FOUND or <0. */
int request_token_rows_get(struct store *store, int64_t scope_id, const char *token, struct arena *arena,
    struct request_token_row *ret_row);
int request_token_rows_delete(struct store *store, int64_t scope_id, const char *token);
/* Forgets those made before a moment. */
int request_token_rows_expire(struct store *store, int64_t before_ms);

#endif
