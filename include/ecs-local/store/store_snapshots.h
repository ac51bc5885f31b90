/* The whole database set apart under a name, opened beside the live one, and put in its place.
 *
 * With a data directory snapshots are files in DIR/snapshots, plain SQLite databases; without one they live in
 * memory. What is not committed is not in a snapshot. All functions: 0, <0 ours, or as said. */
#ifndef ECS_LOCAL_STORE_STORE_SNAPSHOTS_H
#define ECS_LOCAL_STORE_STORE_SNAPSHOTS_H

#include <stddef.h>
#include <stdint.h>

#include "ecs-local/store/store.h"

enum {
    STORE_REFUSED = 2, /* and a sentence that says why */
    STORE_SNAPSHOTS_MAX = 100,
    STORE_SNAPSHOT_NAME_MAX = 64,
};

struct store_snapshot {
    const char *name;
    int64_t size_bytes;
    int64_t taken_ms; /* world time */
    int64_t schema;
};

/* Is it letters, digits, dots, hyphens and underscores, not a dot first? */
bool store_snapshot_name_valid(const char *name);

/* Sets the committed state apart; one of the same name is replaced. 0 or STORE_REFUSED: there are too many. */
int store_snapshot_save(struct store *store, const char *name, int64_t taken_ms, const char **ret_problem);
/* The same with a database that came from elsewhere. It has been opened before with store_copy_open(). */
int store_snapshot_put(struct store *store, const char *name, const char *bytes, size_t length,
    int64_t taken_ms, const char **ret_problem);
/* Calls `each` for every snapshot in the order of their names. */
int store_snapshots(
    struct store *store, void *context, int (*each)(void *context, const struct store_snapshot *snapshot));
/* 0 or STORE_NOT_FOUND. The bytes are malloc's and the caller's. */
int store_snapshot_read(struct store *store, const char *name, char **ret_bytes, size_t *ret_length);
int store_snapshot_find(
    struct store *store, const char *name, struct arena *arena, struct store_snapshot *ret_snapshot);
int store_snapshot_delete(struct store *store, const char *name);

/* Opens the bytes of a database as a store of its own in memory, brought up to this program's schema. It is checked as
 * something that anybody may have made. 0, or STORE_REFUSED with a sentence in `arena`: not a database, not ours, newer,
 * broken, or of another shape. Close it with store_close(). */
int store_copy_open(struct arena *arena, const char *bytes, size_t length, struct store *live,
    struct store **ret_copy, const char **ret_problem);
/* Puts what the copy holds in the place of what the store holds, at one stroke: after a crash it is the one or the
 * other. No transaction may be open. Afterwards the copy is good for store_close() only. */
int store_become(struct store *store, struct store *copy);

#endif
