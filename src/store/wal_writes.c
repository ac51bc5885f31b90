#include "wal_writes.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum {
    FRAME_HEADER_BYTES = 24,
    NOWHERE = -1,
    /* The disk begins with the log while it grows, so many bytes at a time: a checkpoint, which waits for it, would
     * otherwise stand still for all of it. A multiple of the kernel's pages: one that is not full yet waits. */
    WRITE_OUT_BYTES = 1024 * 1024,
};

struct wal_file {
    sqlite3_file base;
    sqlite3_file *real;    /* behind this structure, in the same memory */
    unsigned char *pieces; /* NULL until something is gathered */
    int64_t start;         /* where in the file the pieces belong */
    int used;
    int64_t next;       /* where the last write ended; NOWHERE: it failed */
    int64_t lost;       /* pieces from here on could not be written; NOWHERE: all could */
    int lost_result;    /* what was the matter */
    int64_t on_its_way; /* up to here the kernel has been asked to write to the disk */
    int fd;             /* for that; -1: it is not asked */
    bool after_header;  /* the last write was that of a frame's header: its page is next */
    bool commits;       /* the last frame header was that of a commit: its page must not wait */
    bool gathers;
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs layer;

static struct wal_file *of(sqlite3_file *file) {
    return (struct wal_file *)file;
}

/* https://sqlite.org/fileformat2.html#walformat: bytes 4 to 7 are the size of the database after a commit, and zero for all
 * other frames. */
static bool is_commit(const unsigned char *header) {
    return (header[4] | header[5] | header[6] | header[7]) != 0;
}

/* Only a hint, and waits for nothing: whether it is on the disk SQLite asks xSync. */
static void write_out(struct wal_file *wal, int64_t end) {
    if (wal->fd < 0 || end - wal->on_its_way < WRITE_OUT_BYTES)
        return;
    int64_t count = (end - wal->on_its_way) / WRITE_OUT_BYTES * WRITE_OUT_BYTES;
    sync_file_range(wal->fd, wal->on_its_way, count, SYNC_FILE_RANGE_WRITE);
    wal->on_its_way += count;
}

static int hand_on(struct wal_file *wal) {
    if (wal->used == 0)
        return SQLITE_OK;
    int result = wal->real->pMethods->xWrite(wal->real, wal->pieces, wal->used, wal->start);
    int64_t end = wal->start + wal->used;
    wal->used = 0;
    if (result == SQLITE_OK) {
        write_out(wal, end);
    } else {
        wal->lost = wal->start;
        wal->lost_result = result;
        wal->next = NOWHERE;
    }
    return result;
}

/* SQLite may go on after a failure that it was not told of by the write itself, but a transaction that lost frames must not
 * commit. Only one that begins again before them is another one; what it overwrites is nobody's. */
static bool still_lost(struct wal_file *wal, int count, int64_t offset) {
    bool begins = offset == 0 || count == FRAME_HEADER_BYTES;
    if (wal->lost != NOWHERE && begins && offset <= wal->lost)
        wal->lost = NOWHERE;
    return wal->lost != NOWHERE;
}

static int write_through(struct wal_file *wal, const void *bytes, int count, int64_t offset) {
    int result = wal->real->pMethods->xWrite(wal->real, bytes, count, offset);
    wal->next = result == SQLITE_OK ? offset + count : NOWHERE;
    if (offset == 0)
        wal->on_its_way = 0; /* the log begins again */
    return result;
}

static bool can_gather(struct wal_file *wal, int count) {
    if (wal->gathers && wal->pieces == NULL)
        wal->pieces = sqlite3_malloc(WAL_WRITES_GATHERED_MAX);
    return wal->pieces != NULL && count <= WAL_WRITES_GATHERED_MAX;
}

/* What is no frame that follows on the last write goes straight to the file: the header of the log, the first frame after a
 * rollback, and corrections in frames of the same transaction, which may come after its commit frame. */
static int write_file(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
    struct wal_file *wal = of(file);
    if (still_lost(wal, count, offset))
        return wal->lost_result;
    bool follows = offset == wal->next;
    bool is_page = follows && wal->after_header;
    bool is_header = !is_page && count == FRAME_HEADER_BYTES;
    wal->after_header = is_header;
    if (is_header)
        wal->commits = is_commit(bytes);
    bool gathered = follows && (is_header || is_page) && can_gather(wal, count);
    if (!gathered || wal->used + count > WAL_WRITES_GATHERED_MAX) {
        int result = hand_on(wal);
        if (result != SQLITE_OK)
            return result;
    }
    if (!gathered)
        return write_through(wal, bytes, count, offset);
    if (wal->used == 0)
        wal->start = offset;
    memcpy(wal->pieces + wal->used, bytes, (size_t)count);
    wal->used += count;
    wal->next += count;
    return is_page && wal->commits ? hand_on(wal) : SQLITE_OK;
}

static int read_file(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset) {
    struct wal_file *wal = of(file);
    int64_t end = offset + count;
    if (wal->used != 0 && end > wal->start && offset < wal->start + wal->used) {
        int result = hand_on(wal);
        if (result != SQLITE_OK)
            return result;
    }
    if (wal->lost != NOWHERE && end > wal->lost)
        return wal->lost_result;
    return wal->real->pMethods->xRead(wal->real, bytes, count, offset);
}

/* What is still gathered belongs to a transaction that was not committed. */
static int close_file(sqlite3_file *file) {
    struct wal_file *wal = of(file);
    sqlite3_free(wal->pieces);
    wal->pieces = NULL;
    if (wal->fd >= 0)
        close(wal->fd);
    return wal->real->pMethods->xClose(wal->real);
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size) {
    struct wal_file *wal = of(file);
    int result = hand_on(wal);
    wal->next = NOWHERE;
    return result != SQLITE_OK ? result : wal->real->pMethods->xTruncate(wal->real, size);
}

static int sync_file(sqlite3_file *file, int flags) {
    struct wal_file *wal = of(file);
    int result = hand_on(wal);
    return result != SQLITE_OK ? result : wal->real->pMethods->xSync(wal->real, flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret_size) {
    struct wal_file *wal = of(file);
    int result = hand_on(wal);
    return result != SQLITE_OK ? result : wal->real->pMethods->xFileSize(wal->real, ret_size);
}

static int lock_file(sqlite3_file *file, int level) {
    return of(file)->real->pMethods->xLock(of(file)->real, level);
}

static int unlock_file(sqlite3_file *file, int level) {
    return of(file)->real->pMethods->xUnlock(of(file)->real, level);
}

static int check_reserved(sqlite3_file *file, int *ret_reserved) {
    return of(file)->real->pMethods->xCheckReservedLock(of(file)->real, ret_reserved);
}

static int control_file(sqlite3_file *file, int operation, void *argument) {
    return of(file)->real->pMethods->xFileControl(of(file)->real, operation, argument);
}

static int sector_size(sqlite3_file *file) {
    return of(file)->real->pMethods->xSectorSize(of(file)->real);
}

static int characteristics(sqlite3_file *file) {
    return of(file)->real->pMethods->xDeviceCharacteristics(of(file)->real);
}

/* Version 1: SQLite maps and shares the database, never its log. */
static const sqlite3_io_methods methods = {
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
    if ((flags & SQLITE_OPEN_WAL) == 0)
        return real_vfs->xOpen(real_vfs, name, file, flags, ret_flags);
    struct wal_file *wal = of(file);
    memset(wal, 0, sizeof(*wal));
    wal->real = (sqlite3_file *)(wal + 1);
    wal->next = NOWHERE;
    wal->lost = NOWHERE;
    int result = real_vfs->xOpen(real_vfs, name, wal->real, flags, ret_flags);
    if (wal->real->pMethods == NULL)
        return result;
    wal->base.pMethods = &methods;
    wal->fd = open(name, O_RDONLY | O_CLOEXEC);
    /* Where a power loss can hurt neighbours of what is written SQLite fills up sectors and cuts pages at their border. */
    wal->gathers = (characteristics(file) & SQLITE_IOCAP_POWERSAFE_OVERWRITE) != 0;
    return result;
}

const char *wal_writes_vfs(void) {
    if (real_vfs != NULL)
        return layer.zName;
    sqlite3_vfs *found = sqlite3_vfs_find(NULL);
    if (found == NULL)
        return NULL;
    layer = *found;
    layer.zName = "one-piece-wal";
    layer.szOsFile = (int)sizeof(struct wal_file) + found->szOsFile;
    layer.xOpen = open_file;
    if (sqlite3_vfs_register(&layer, 0) != SQLITE_OK)
        return NULL;
    real_vfs = found;
    return layer.zName;
}
