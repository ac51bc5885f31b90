/* The database: one connection, one writer (us), statements prepared once.
 *
 * Reads run at once. The first write of a turn opens a transaction by itself; the loop commits it with
 * store_commit() at the end of the turn, before any reply that depends on it leaves. When that fails the
 * whole turn is rolled back (src/decisions/0002-one-loop-group-commit.md).
 *
 * All functions: 0 ok, <0 ERR_STORE (logged) unless said otherwise; a lookup that finds nothing answers 1. Row
 * structs borrow their text from the arena that is given with them. */
#ifndef ECS_LOCAL_STORE_STORE_H
#define ECS_LOCAL_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "ecs-local/base/arena.h"

struct store;

enum {
    STORE_NOT_FOUND = 1
};

struct store_config {
    const char *data_dir; /* NULL: in memory */
    bool full_durability; /* an acknowledged change survives a power loss, too */
};

/* 0; ERR_BUSY when another process holds the directory, ERR_SCHEMA when the database is newer than this
 * program or not ours, ERR_IO, ERR_STORE. Each has logged one clear line. */
int store_open(const struct store_config *config, struct store **ret_store);
/* Commits nothing: what is not committed is lost. Takes NULL. */
void store_close(struct store *store);

/* Is a transaction open, that is: has this turn written? */
bool store_in_transaction(const struct store *store);
int store_commit(struct store *store);
void store_rollback(struct store *store);

/* Small facts by key. */
int store_meta_get(struct store *store, struct arena *arena, const char *key, const char **ret_value);
int store_meta_set(struct store *store, const char *key, const char *value);
int store_meta_delete(struct store *store, const char *key);

/* The row of an account and region; made when it is not there. */
int store_scope_id(struct store *store, const char *account, const char *region, int64_t *ret_id);
struct store_scope {
    int64_t id;
    const char *account;
    const char *region;
};
/* Calls `each` for every scope. */
int store_scopes(
    struct store *store, void *context, int (*each)(void *context, const struct store_scope *scope));

/* Forgets everything of the scopes that match; NULL matches all. */
int store_reset(struct store *store, const char *account_or_null, const char *region_or_null);
/* Copies what the account `from` has to the account `to`, which has nothing in those regions. ARNs of `from` become ARNs
 * of `to`. NULL: all regions. */
int store_fork(
    struct store *store, struct arena *arena, const char *from, const char *to, const char *region_or_null);

#endif
