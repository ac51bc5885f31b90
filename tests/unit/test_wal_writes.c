/* The log of a database that is written in one piece: it is the log that SQLite would have written, a commit that could not
 * be written has failed, and what a killed process leaves behind is what it committed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "fault/faulty_disk.h"
#include "store/wal_writes.h"

enum {
    PATH_SIZE = 128,
    FILE_MAX = 8 * 1024 * 1024,
    EACH = 8, /* so many failures are tried one by one, then in growing steps */
    FAILURES_MAX = 2000,
    FRAME = 24 + 512, /* in the tests that write frames themselves */
};

static char folder[64];

struct bytes {
    unsigned char *data;
    size_t length;
};

static char *path_of(char *path, const char *name, const char *ending) {
    snprintf(path, PATH_SIZE, "%s/%s%s", folder, name, ending);
    return path;
}

static struct bytes read_all(const char *name, const char *ending) {
    char path[PATH_SIZE];
    struct bytes bytes = {.data = malloc(FILE_MAX)};
    FILE *file = fopen(path_of(path, name, ending), "rb");
    assert_non_null(file);
    bytes.length = fread(bytes.data, 1, FILE_MAX, file);
    assert_true(bytes.length < FILE_MAX);
    fclose(file);
    return bytes;
}

static void copy_file(const char *from, const char *to, const char *ending) {
    char path[PATH_SIZE];
    struct bytes bytes = read_all(from, ending);
    FILE *file = fopen(path_of(path, to, ending), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.length, file), bytes.length);
    fclose(file);
    free(bytes.data);
}

static void remove_database(const char *name) {
    static const char *const endings[] = {"", "-wal", "-shm"};
    char path[PATH_SIZE];
    for (size_t index = 0; index < array_length(endings); index++)
        unlink(path_of(path, name, endings[index]));
}

static int run(sqlite3 *db, const char *sql) {
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static void must(sqlite3 *db, const char *sql) {
    if (run(db, sql) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

static int64_t number(sqlite3 *db, const char *sql) {
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static sqlite3 *open_as(const char *name, const char *vfs) {
    char path[PATH_SIZE];
    sqlite3 *db = NULL;
    assert_int_equal(
        sqlite3_open_v2(path_of(path, name, ""), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs),
        SQLITE_OK);
    must(db, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
             "PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = 10");
    return db;
}

/* Two tables that every transaction keeps alike, so that half of one would show. */
static const char tables[] = "CREATE TABLE a (id INTEGER PRIMARY KEY, turn INTEGER, filling BLOB);"
                             "CREATE TABLE b (id INTEGER PRIMARY KEY, turn INTEGER, filling BLOB);";

/* More pages than the cache holds, and the same ones again: they get into the log before the commit, and are changed there. */
static const char large[] =
    "BEGIN;"
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)"
    "INSERT OR REPLACE INTO a SELECT i, (SELECT ifnull(max(turn), 0) + 1 FROM b), zeroblob(3000 + i) FROM n;"
    "UPDATE a SET filling = zeroblob(2900);"
    "INSERT OR REPLACE INTO b SELECT id, turn, filling FROM a;"
    "UPDATE a SET turn = (SELECT max(turn) FROM b), filling = zeroblob(3100);"
    "UPDATE b SET turn = (SELECT max(turn) FROM a)";
static const char small[] = "BEGIN; UPDATE a SET turn = turn + 1 WHERE id < 4;"
                            "UPDATE a SET turn = (SELECT turn FROM a WHERE id = 1);"
                            "UPDATE b SET turn = (SELECT max(turn) FROM a)";

static bool is_whole(sqlite3 *db) {
    return number(db, "SELECT count(*) FROM a JOIN b USING (id, turn)") ==
               number(db, "SELECT count(*) FROM a") &&
           number(db, "SELECT count(DISTINCT turn) FROM a") <= 1;
}

static int64_t turn_of(sqlite3 *db) {
    return number(db, "SELECT ifnull(max(turn), 0) FROM a");
}

/* --- the same log ------------------------------------------------------------------------------------------------- */

static const char *const steps[] = {
    tables,
    large,
    "COMMIT",
    small,
    "COMMIT",
    large, /* and comes to nothing */
    "ROLLBACK",
    small,
    "COMMIT",
    "BEGIN; INSERT INTO a VALUES (1000, 1, zeroblob(400000)); DELETE FROM a WHERE id = 1000",
    "COMMIT",
    "SAVEPOINT one; INSERT INTO a VALUES (1000, 1, zeroblob(100000)); SAVEPOINT two;"
    "UPDATE a SET filling = zeroblob(3); ROLLBACK TO two; DELETE FROM a WHERE id = 1000; RELEASE one",
    "PRAGMA wal_checkpoint (RESTART)",
    small,
    "COMMIT",
    "PRAGMA wal_checkpoint (TRUNCATE)",
    large,
    "COMMIT",
};

/* The log after each step that ends a transaction. */
static void take_steps(const char *name, const char *vfs, struct bytes *logs) {
    remove_database(name);
    sqlite3 *db = open_as(name, vfs);
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_RESTORE); /* the salts of a log are random */
    for (size_t index = 0; index < array_length(steps); index++) {
        must(db, steps[index]);
        if (sqlite3_get_autocommit(db) && !text_equal(steps[index], "ROLLBACK"))
            logs[index] = read_all(name, "-wal");
    }
    assert_true(is_whole(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_the_log_is_the_same(void **state) {
    (void)state;
    struct bytes plain[array_length(steps)] = {0};
    struct bytes gathered[array_length(steps)] = {0};
    unsigned char byte;
    sqlite3_randomness(1, &byte);
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SAVE);
    take_steps("plain", NULL, plain);
    take_steps("gathered", wal_writes_vfs(), gathered);
    for (size_t index = 0; index < array_length(steps); index++) {
        assert_int_equal(plain[index].length, gathered[index].length);
        if (plain[index].data != NULL)
            assert_memory_equal(plain[index].data, gathered[index].data, plain[index].length);
        free(plain[index].data);
        free(gathered[index].data);
    }
}

static void test_a_commit_is_one_write(void **state) {
    (void)state;
    remove_database("one");
    sqlite3 *db = open_as("one", wal_writes_vfs());
    must(db, tables);
    must(db, large);
    must(db, "COMMIT; PRAGMA cache_size = 1000");
    /* The first frame after corrections of others does not follow on anything. */
    must(db, "UPDATE a SET turn = turn + 1 WHERE id < 9");
    must(db, "BEGIN; UPDATE a SET turn = turn + 1 WHERE id < 9");
    faulty_disk_arm(FAULT_DISK_FULL, 1000000, false);
    must(db, "COMMIT");
    assert_int_equal(faulty_disk_operations(), 1);
    faulty_disk_arm(FAULT_NONE, 0, false);
    sqlite3_close(db);
}

/* --- a process that is killed ------------------------------------------------------------------------------------- */

/* What another process finds: the files as they are now. */
static int64_t turn_found(const char *name) {
    remove_database("left");
    copy_file(name, "left", "");
    copy_file(name, "left", "-wal");
    sqlite3 *db = open_as("left", wal_writes_vfs());
    assert_true(is_whole(db));
    int64_t turn = turn_of(db);
    assert_int_equal(
        number(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
    sqlite3_close(db);
    return turn;
}

static void test_what_is_left_is_what_was_committed(void **state) {
    (void)state;
    static const char *const transactions[] = {large, small, large, small, small};
    remove_database("killed");
    sqlite3 *db = open_as("killed", wal_writes_vfs());
    must(db, tables);
    int64_t committed = 0;
    for (size_t index = 0; index < array_length(transactions); index++) {
        must(db, transactions[index]);
        assert_int_equal(turn_found("killed"), committed);
        must(db, "COMMIT");
        committed = turn_of(db);
        assert_int_equal(turn_found("killed"), committed);
        if (index == 2)
            must(db, "PRAGMA wal_checkpoint (RESTART)");
    }
    assert_true(committed >= 5);
    sqlite3_close(db);
}

/* --- a disk that fails -------------------------------------------------------------------------------------------- */

/* True when it was committed. */
static bool attempt(sqlite3 *db, const char *transaction) {
    int result = run(db, transaction);
    if (result == SQLITE_OK)
        result = run(db, "COMMIT");
    if (result != SQLITE_OK)
        run(db, "ROLLBACK");
    return result == SQLITE_OK;
}

/* False when nothing has failed. */
static bool failing(enum fault_kind kind, unsigned which, bool lasting) {
    static const char *const transactions[] = {small, large, small, small};
    remove_database("failing");
    sqlite3 *db = open_as("failing", wal_writes_vfs());
    must(db, tables);
    must(db, large);
    must(db, "COMMIT");
    int64_t committed = turn_of(db);
    bool failed = false;
    for (size_t index = 0; index < array_length(transactions) && !failed; index++) {
        faulty_disk_arm(kind, which, lasting);
        bool done = attempt(db, transactions[index]);
        failed = faulty_disk_failures() != 0;
        faulty_disk_arm(FAULT_NONE, 0, false);
        assert_true(done || failed);
        if (done)
            committed = turn_of(db);
        assert_true(is_whole(db));
        assert_int_equal(turn_of(db), committed);
    }
    assert_int_equal(turn_found("failing"), committed);
    assert_true(attempt(db, small)); /* the next one works */
    assert_int_equal(turn_of(db), committed + 1);
    assert_int_equal(turn_found("failing"), committed + 1);
    sqlite3_close(db);
    return failed;
}

static void test_a_failed_write_fails_its_commit(void **state) {
    (void)state;
    static const enum fault_kind kinds[] = {FAULT_DISK_FULL, FAULT_WRITE_ERROR, FAULT_READ_ERROR};
    for (size_t index = 0; index < array_length(kinds); index++) {
        for (int lasting = 0; lasting <= 1; lasting++) {
            unsigned which = 1;
            while (which < FAILURES_MAX && failing(kinds[index], which, lasting != 0))
                which += which < EACH ? 1 : which / 3;
            assert_in_range(which, 4, FAILURES_MAX - 1);
        }
    }
}

/* --- frames by hand ----------------------------------------------------------------------------------------------- */

struct log {
    sqlite3_file *file;
    char path[PATH_SIZE];
};

static void open_log(struct log *log) {
    sqlite3_vfs *vfs = sqlite3_vfs_find(wal_writes_vfs());
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_WAL;
    remove_database("raw");
    fclose(fopen(path_of(log->path, "raw", ""), "wb")); /* whose mode a log takes */
    log->file = calloc(1, (size_t)vfs->szOsFile);
    assert_int_equal(vfs->xOpen(vfs, path_of(log->path, "raw", "-wal"), log->file, flags, NULL), SQLITE_OK);
}

static void close_log(struct log *log) {
    assert_int_equal(log->file->pMethods->xClose(log->file), SQLITE_OK);
    free(log->file);
}

static int write_log(struct log *log, int count, int64_t offset, unsigned char fifth_byte) {
    unsigned char bytes[512] = {0};
    bytes[4] = fifth_byte;
    return log->file->pMethods->xWrite(log->file, bytes, count, offset);
}

static int write_frame(struct log *log, int index, bool commit) {
    int64_t offset = 32 + (int64_t)index * FRAME;
    int result = write_log(log, 24, offset, commit);
    return result == SQLITE_OK ? write_log(log, 512, offset + 24, 7) : result;
}

static int read_frame(struct log *log, int index) {
    unsigned char bytes[FRAME];
    return log->file->pMethods->xRead(log->file, bytes, FRAME, 32 + (int64_t)index * FRAME);
}

static int64_t on_file(const struct log *log) {
    FILE *file = fopen(log->path, "rb");
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    int64_t size = ftell(file);
    fclose(file);
    return size;
}

static void test_a_commit_frame_does_not_wait(void **state) {
    (void)state;
    struct log log;
    open_log(&log);
    assert_int_equal(write_log(&log, 32, 0, 0), SQLITE_OK);
    assert_int_equal(on_file(&log), 32);
    assert_int_equal(write_frame(&log, 0, false), SQLITE_OK);
    assert_int_equal(write_frame(&log, 1, false), SQLITE_OK);
    assert_int_equal(on_file(&log), 32);
    assert_int_equal(write_frame(&log, 2, true), SQLITE_OK);
    assert_int_equal(on_file(&log), 32 + 3 * FRAME);
    assert_int_equal(write_frame(&log, 3, false), SQLITE_OK);
    assert_int_equal(on_file(&log), 32 + 3 * FRAME);
    assert_int_equal(read_frame(&log, 1), SQLITE_OK); /* not gathered: nothing has to move */
    assert_int_equal(on_file(&log), 32 + 3 * FRAME);
    assert_int_equal(read_frame(&log, 3), SQLITE_OK);
    assert_int_equal(on_file(&log), 32 + 4 * FRAME);
    assert_int_equal(write_frame(&log, 4, false), SQLITE_OK);
    assert_int_equal(log.file->pMethods->xSync(log.file, SQLITE_SYNC_NORMAL), SQLITE_OK);
    assert_int_equal(on_file(&log), 32 + 5 * FRAME);
    /* A correction, as after the commit frame of a transaction that was too large for the cache. */
    assert_int_equal(write_frame(&log, 5, false), SQLITE_OK);
    assert_int_equal(write_log(&log, 24, 32 + FRAME, 1), SQLITE_OK);
    assert_int_equal(on_file(&log), 32 + 6 * FRAME);
    assert_int_equal(write_frame(&log, 1, true), SQLITE_OK);
    close_log(&log);
}

static void test_what_is_full_goes_on(void **state) {
    (void)state;
    struct log log;
    open_log(&log);
    assert_int_equal(write_log(&log, 32, 0, 0), SQLITE_OK);
    int frames = 2 * WAL_WRITES_GATHERED_MAX / FRAME;
    for (int index = 0; index < frames; index++)
        assert_int_equal(write_frame(&log, index, false), SQLITE_OK);
    assert_in_range(on_file(&log), WAL_WRITES_GATHERED_MAX - FRAME, 2 * WAL_WRITES_GATHERED_MAX - 1);
    sqlite3_int64 size = 0;
    assert_int_equal(log.file->pMethods->xFileSize(log.file, &size), SQLITE_OK);
    assert_int_equal(size, 32 + (int64_t)frames * FRAME);
    assert_int_equal(on_file(&log), size);
    close_log(&log);
}

static void test_lost_frames_are_not_committed(void **state) {
    (void)state;
    struct log log;
    open_log(&log);
    assert_int_equal(write_log(&log, 32, 0, 0), SQLITE_OK);
    assert_int_equal(write_frame(&log, 0, true), SQLITE_OK);
    assert_int_equal(write_frame(&log, 1, false), SQLITE_OK);
    faulty_disk_arm(FAULT_DISK_FULL, 1, false);
    assert_int_equal(read_frame(&log, 1), SQLITE_FULL);
    faulty_disk_arm(FAULT_NONE, 0, false);
    assert_int_equal(read_frame(&log, 1), SQLITE_FULL);
    assert_int_equal(read_frame(&log, 0), SQLITE_OK);
    assert_int_equal(write_frame(&log, 2, true), SQLITE_FULL);
    assert_int_equal(on_file(&log), 32 + FRAME);
    /* Rolled back, and another transaction. */
    assert_int_equal(write_frame(&log, 1, true), SQLITE_OK);
    assert_int_equal(read_frame(&log, 1), SQLITE_OK);
    assert_int_equal(on_file(&log), 32 + 2 * FRAME);
    close_log(&log);
}

int main(void) {
    snprintf(folder, sizeof(folder), "%s/ecs-local-wal-XXXXXX",
        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(folder) == NULL)
        return 2;
    faulty_disk_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_log_is_the_same),
        cmocka_unit_test(test_a_commit_is_one_write),
        cmocka_unit_test(test_what_is_left_is_what_was_committed),
        cmocka_unit_test(test_a_failed_write_fails_its_commit),
        cmocka_unit_test(test_a_commit_frame_does_not_wait),
        cmocka_unit_test(test_what_is_full_goes_on),
        cmocka_unit_test(test_lost_frames_are_not_committed),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    static const char *const names[] = {"plain", "gathered", "one", "killed", "left", "failing", "raw"};
    for (size_t index = 0; index < array_length(names); index++)
        remove_database(names[index]);
    rmdir(folder);
    return failed;
}
