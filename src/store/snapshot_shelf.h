/* Where snapshots lie: files in DIR/snapshots, or memory. Opened and closed with the store. */
#ifndef SNAPSHOT_SHELF_H
#define SNAPSHOT_SHELF_H

#include "ecs-local/store/store_snapshots.h"

int snapshot_shelf_open(struct store *store, const char *data_dir_or_null);
/* No effect on a store without one. */
void snapshot_shelf_close(struct store *store);

#endif
