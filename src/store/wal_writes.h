/* SQLite's write-ahead log, written in one piece.
 *
 * SQLite hands a commit to its log frame by frame, each in two writes: 24 bytes of header, then the page. This layer over the
 * default VFS gathers what follows on each other and hands it on as one write. A commit is on the file, or its write has
 * failed, before SQLite goes on (decisions/0015). Files other than a log are the default VFS's own. */
#ifndef STORE_WAL_WRITES_H
#define STORE_WAL_WRITES_H

enum {
    /* What is gathered at most: 31 frames of 4,096 bytes. SQLite's own VFS takes the length of a write modulo 128 KiB. */
    WAL_WRITES_GATHERED_MAX = 31 * (4096 + 24),
};

/* Registers the VFS, over the one that is the default by then, and gives its name for sqlite3_open_v2(); NULL when SQLite
 * refuses. Calling it again is all right. */
const char *wal_writes_vfs(void);

#endif
