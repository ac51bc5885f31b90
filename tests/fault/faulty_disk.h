/* A disk and a memory for SQLite that fail when told to. */
#ifndef FAULTY_DISK_H
#define FAULTY_DISK_H

#include <stdbool.h>

enum fault_kind {
    FAULT_NONE,
    FAULT_DISK_FULL,   /* writing: SQLITE_FULL */
    FAULT_WRITE_ERROR, /* writing: SQLITE_IOERR_WRITE */
    FAULT_SYNC_ERROR,  /* making it durable: SQLITE_IOERR_FSYNC */
    FAULT_READ_ERROR,  /* reading: SQLITE_IOERR_READ */
    FAULT_BUSY,        /* locking: SQLITE_BUSY */
    FAULT_NO_MEMORY,   /* SQLite's allocations: SQLITE_NOMEM */
};

/* Once, before SQLite is used. */
void faulty_disk_install(void);
/* The `number`-th operation of that kind from now on (from 1) fails; with `lasting` all after it, too, until
 * FAULT_NONE. */
void faulty_disk_arm(enum fault_kind kind, unsigned number, bool lasting);
/* How many operations have failed since it was armed. */
unsigned faulty_disk_failures(void);
/* How many operations of that kind there have been. */
unsigned faulty_disk_operations(void);

#endif
