/* Snapshots of the whole world, and copies of an account: everything in the database, and with it the clock, the timers, the id generator and
 * the work in flight. A restored world goes on exactly where it was.
 *
 * All functions end the turn (what was done in it is committed first): pointers into the world are not valid after them.
 * 0, <0 a failure of ours; ENGINE_NOT_FOUND: no snapshot of that name; ENGINE_REFUSED and *ret_problem (valid until the
 * end of the turn): the state is as it was. */
#ifndef ECS_LOCAL_ENGINE_SNAPSHOTS_H
#define ECS_LOCAL_ENGINE_SNAPSHOTS_H

#include "ecs-local/engine/engine.h"

enum {
    ENGINE_REFUSED = 2
};

struct snapshot {
    const char *name;
    int64_t size_bytes;
    int64_t taken_ms; /* world time */
    int64_t schema;
};

bool engine_snapshot_name_valid(const char *name);
/* Replaces one of the same name. */
int engine_snapshot_save(struct engine *engine, const char *name, const char **ret_problem);
/* Keeps the bytes of a database as a snapshot, after they have proved to be one. */
int engine_snapshot_put(
    struct engine *engine, const char *name, const char *bytes, size_t length, const char **ret_problem);
int engine_snapshot_restore(struct engine *engine, const char *name, const char **ret_problem);
/* The same with the bytes of a database. */
int engine_restore(struct engine *engine, const char *bytes, size_t length, const char **ret_problem);
/* In the order of their names. */
int engine_snapshots(
    struct engine *engine, void *context, int (*each)(void *context, const struct snapshot *snapshot));
int engine_snapshot_find(struct engine *engine, const char *name, struct snapshot *ret_snapshot);
/* Its bytes: a SQLite database. malloc's, and the caller's. */
int engine_snapshot_read(struct engine *engine, const char *name, char **ret_bytes, size_t *ret_length);
int engine_snapshot_delete(struct engine *engine, const char *name);

/* The account `to` gets what the account `from` has, its tasks under way included; what it had is gone. Region NULL:
 * all. ENGINE_NOT_FOUND: there is nothing of `from`. */
int engine_fork(struct engine *engine, const char *from, const char *to, const char *region_or_null);

/* Is anything stored yet, in any account? */
int engine_is_empty(struct engine *engine, bool *ret_empty);

#endif
