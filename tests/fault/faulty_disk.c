#include "faulty_disk.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    enum fault_kind kind;
    unsigned number;
    bool lasting;
    unsigned operations;
    unsigned failures;
} plan;

void faulty_disk_arm(enum fault_kind kind, unsigned number, bool lasting) {
    plan.kind = kind;
    plan.number = number;
    plan.lasting = lasting;
    plan.operations = 0;
    plan.failures = 0;
}

unsigned faulty_disk_failures(void) {
    return plan.failures;
}

unsigned faulty_disk_operations(void) {
    return plan.operations;
}

static bool fails(enum fault_kind kind) {
    if (plan.kind != kind)
        return false;
    plan.operations++;
    bool now = plan.lasting ? plan.operations >= plan.number : plan.operations == plan.number;
    plan.failures += now;
    return now;
}

/* --- files: SQLite's own, with a failing layer before them -------------------------------------------------------- */

struct faulty_file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this structure, in the same memory */
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs faulty_vfs;

static sqlite3_file *real_of(sqlite3_file *file) {
    return ((struct faulty_file *)file)->real;
}

static int close_file(sqlite3_file *file) {
    sqlite3_file *real = real_of(file);
    return real->pMethods == NULL ? SQLITE_OK : real->pMethods->xClose(real);
}

static int read_file(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset) {
    if (fails(FAULT_READ_ERROR))
        return SQLITE_IOERR_READ;
    return real_of(file)->pMethods->xRead(real_of(file), bytes, count, offset);
}

static int write_file(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
    if (fails(FAULT_DISK_FULL))
        return SQLITE_FULL;
    if (fails(FAULT_WRITE_ERROR)) {
        /* Half of it arrives, as when a machine loses its disk. */
        real_of(file)->pMethods->xWrite(real_of(file), bytes, count / 2, offset);
        return SQLITE_IOERR_WRITE;
    }
    return real_of(file)->pMethods->xWrite(real_of(file), bytes, count, offset);
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size) {
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int sync_file(sqlite3_file *file, int flags) {
    if (fails(FAULT_SYNC_ERROR))
        return SQLITE_IOERR_FSYNC;
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret_size) {
    return real_of(file)->pMethods->xFileSize(real_of(file), ret_size);
}

static int lock_file(sqlite3_file *file, int level) {
    if (fails(FAULT_BUSY))
        return SQLITE_BUSY;
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int unlock_file(sqlite3_file *file, int level) {
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int check_reserved(sqlite3_file *file, int *ret_reserved) {
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret_reserved);
}

static int control_file(sqlite3_file *file, int operation, void *argument) {
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int sector_size(sqlite3_file *file) {
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int characteristics(sqlite3_file *file) {
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

/* Version 1: without shared memory, which exclusive locking does without. */
static const sqlite3_io_methods faulty_methods = {
    .iVersion = 1,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_reserved,
    .xFileControl = control_file,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
};

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags) {
    (void)vfs;
    struct faulty_file *faulty = (struct faulty_file *)file;
    faulty->real = (sqlite3_file *)(faulty + 1);
    int result = real_vfs->xOpen(real_vfs, name, faulty->real, flags, ret_flags);
    faulty->base.pMethods = faulty->real->pMethods == NULL ? NULL : &faulty_methods;
    return result;
}

/* --- memory ------------------------------------------------------------------------------------------------------- */

static sqlite3_mem_methods real_memory;

static void *allocate(int size) {
    return fails(FAULT_NO_MEMORY) ? NULL : real_memory.xMalloc(size);
}

static void *reallocate(void *memory, int size) {
    return fails(FAULT_NO_MEMORY) ? NULL : real_memory.xRealloc(memory, size);
}

static void must(int result) {
    if (result == SQLITE_OK)
        return;
    fprintf(stderr, "SQLite takes no faults: %s\n", sqlite3_errstr(result));
    exit(2);
}

void faulty_disk_install(void) {
    must(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory));
    sqlite3_mem_methods memory = real_memory;
    memory.xMalloc = allocate;
    memory.xRealloc = reallocate;
    must(sqlite3_config(SQLITE_CONFIG_MALLOC, &memory));
    /* Small allocations, too, come from there. */
    must(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0));
    must(sqlite3_initialize());
    real_vfs = sqlite3_vfs_find(NULL);
    faulty_vfs = *real_vfs;
    faulty_vfs.zName = "faulty";
    faulty_vfs.szOsFile = (int)sizeof(struct faulty_file) + real_vfs->szOsFile;
    faulty_vfs.xOpen = open_file;
    must(sqlite3_vfs_register(&faulty_vfs, 1));
}
