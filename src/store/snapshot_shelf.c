/* Named snapshots: files in DIR/snapshots, or bytes in memory when there is no data directory. */
#include "snapshot_shelf.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "late_tasks.h"
#include "store_internal.h"

#define SUFFIX ".db"
#define INCOMING ".incoming" /* written here first; what a crash leaves is overwritten by the next */

enum {
    USER_VERSION_AT = 60, /* in a database's header */
    HEADER_SIZE = 100,
};
/* What all snapshots in memory together may take. */
#define MEMORY_MAX ((size_t)1 << 30)

struct held {
    char *name;
    char *bytes;
    size_t length;
    int64_t taken_ms;
};

struct snapshot_shelf {
    char *directory; /* NULL: in memory */
    bool durable;
    struct held *held; /* in the order of their names */
    size_t count;
    size_t bytes;
};

bool store_snapshot_name_valid(const char *name) {
    size_t length = strlen(name);
    if (length == 0 || length > STORE_SNAPSHOT_NAME_MAX || name[0] == '.')
        return false;
    for (; *name != '\0'; name++) {
        if (!isalnum((unsigned char)*name) && strchr("._-", *name) == NULL)
            return false;
    }
    return true;
}

int snapshot_shelf_open(struct store *store, const char *data_dir_or_null) {
    struct snapshot_shelf *shelf = xcalloc(1, sizeof(*shelf));
    store->snapshots = shelf;
    if (data_dir_or_null == NULL)
        return 0;
    char path[STORE_PATH_MAX];
    if ((size_t)snprintf(path, sizeof(path), "%s/snapshots", data_dir_or_null) >= sizeof(path))
        return error_raise(ERR_IO, "the path of the data directory is too long");
    shelf->directory = xstrdup(path);
    return 0;
}

static void held_free(struct held *held) {
    free(held->name);
    free(held->bytes);
}

void snapshot_shelf_close(struct store *store) {
    struct snapshot_shelf *shelf = store->snapshots;
    if (shelf == NULL)
        return;
    for (size_t index = 0; index < shelf->count; index++)
        held_free(&shelf->held[index]);
    free(shelf->held);
    free(shelf->directory);
    free(shelf);
}

/* The place of the name, or where it would be; *ret_found says which. */
static size_t place_of(const struct snapshot_shelf *shelf, const char *name, bool *ret_found) {
    size_t index = 0;
    while (index < shelf->count && strcmp(shelf->held[index].name, name) < 0)
        index++;
    *ret_found = index < shelf->count && text_equal(shelf->held[index].name, name);
    return index;
}

static void hold(struct snapshot_shelf *shelf, const char *name, const char *bytes, size_t length,
    int64_t taken_ms, const char **ret_problem) {
    bool found = false;
    size_t index = place_of(shelf, name, &found);
    size_t freed = found ? shelf->held[index].length : 0;
    if (length > MEMORY_MAX || shelf->bytes - freed > MEMORY_MAX - length) {
        *ret_problem = "snapshots in memory may take 1 GiB together: delete some";
        return;
    }
    if (found) {
        held_free(&shelf->held[index]);
    } else {
        shelf->held = xrealloc(shelf->held, (shelf->count + 1) * sizeof(*shelf->held));
        memmove(&shelf->held[index + 1], &shelf->held[index], (shelf->count - index) * sizeof(*shelf->held));
        shelf->count++;
    }
    char *own = xmalloc(length);
    memcpy(own, bytes, length);
    shelf->held[index] = (struct held){
        .name = xstrdup(name), .bytes = own, .length = length, .taken_ms = taken_ms};
    shelf->bytes += length - freed;
}

static int hold_live(struct store *store, const char *name, int64_t taken_ms, const char **ret_problem) {
    sqlite3_int64 length = 0;
    unsigned char *bytes = sqlite3_serialize(store->db, "main", &length, 0);
    if (bytes == NULL)
        return store_check(store, SQLITE_NOMEM, "snapshot");
    hold(store->snapshots, name, (const char *)bytes, (size_t)length, taken_ms, ret_problem);
    sqlite3_free(bytes);
    return 0;
}

static int file_path(const struct snapshot_shelf *shelf, const char *name, char path[STORE_PATH_MAX]) {
    if ((size_t)snprintf(path, STORE_PATH_MAX, "%s/%s" SUFFIX, shelf->directory, name) >= STORE_PATH_MAX)
        return error_raise(ERR_IO, "the path of a snapshot is too long");
    return 0;
}

/* The file under its first name takes its own. It carries the world's time as its own. */
static int settle_file(
    const struct snapshot_shelf *shelf, const char *incoming, const char *name, int64_t taken_ms) {
    char path[STORE_PATH_MAX];
    int result = file_path(shelf, name, path);
    if (result != 0)
        return result;
    struct timespec time = {.tv_sec = taken_ms / 1000, .tv_nsec = taken_ms % 1000 * 1000000};
    const struct timespec times[2] = {time, time};
    if (utimensat(AT_FDCWD, incoming, times, 0) != 0 || rename(incoming, path) != 0)
        return error_raise(ERR_IO, "cannot keep the snapshot %s: %s", path, strerror(errno));
    return 0;
}

static int incoming_path(const struct snapshot_shelf *shelf, char path[STORE_PATH_MAX]) {
    if (mkdir(shelf->directory, 0777) != 0 && errno != EEXIST)
        return error_raise(ERR_IO, "cannot make the directory %s: %s", shelf->directory, strerror(errno));
    int result = file_path(shelf, INCOMING, path);
    if (result == 0 && unlink(path) != 0 && errno != ENOENT)
        return error_raise(ERR_IO, "cannot remove %s: %s", path, strerror(errno));
    return result;
}

static int copy_to_file(struct store *store, const char *path) {
    struct store file = {.lock_fd = -1};
    int result = sqlite3_open_v2(
        path, &file.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    result = store_check(&file, result, path);
    sqlite3_backup *backup = result == 0 ? sqlite3_backup_init(file.db, "main", store->db, "main") : NULL;
    if (backup != NULL) {
        sqlite3_backup_step(backup, -1);
        result = store_check(&file, sqlite3_backup_finish(backup), "snapshot");
    } else if (result == 0) {
        result = store_check(&file, sqlite3_errcode(file.db), "snapshot");
    }
    /* One file, to be carried about: no write-ahead log beside it. */
    if (result == 0)
        result = store_run_sql(&file, "PRAGMA journal_mode = DELETE");
    sqlite3_close(file.db);
    return result;
}

static int save_file(struct store *store, const char *name, int64_t taken_ms) {
    char path[STORE_PATH_MAX];
    int result = incoming_path(store->snapshots, path);
    if (result == 0)
        result = copy_to_file(store, path);
    return result == 0 ? settle_file(store->snapshots, path, name, taken_ms) : result;
}

static int put_file(const struct snapshot_shelf *shelf, const char *name, const char *bytes, size_t length,
    int64_t taken_ms) {
    char path[STORE_PATH_MAX];
    int result = incoming_path(shelf, path);
    if (result != 0)
        return result;
    FILE *file = fopen(path, "wbe");
    bool fine = file != NULL && fwrite(bytes, 1, length, file) == length;
    fine = fine && fflush(file) == 0 && fsync(fileno(file)) == 0;
    if (file != NULL && fclose(file) != 0)
        fine = false;
    if (!fine)
        return error_raise(ERR_IO, "cannot write %s: %s", path, strerror(errno));
    return settle_file(shelf, path, name, taken_ms);
}

static int is_snapshot_file(const struct dirent *entry) {
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > strlen(SUFFIX) &&
           strcmp(entry->d_name + length - strlen(SUFFIX), SUFFIX) == 0;
}

/* The names of the snapshot files, in order, to be freed one by one; -1: there are none. */
static int scan(const struct snapshot_shelf *shelf, struct dirent ***ret_entries) {
    return scandir(shelf->directory, ret_entries, is_snapshot_file, alphasort);
}

static void scan_free(struct dirent **entries, int count) {
    for (int index = 0; index < count; index++)
        free(entries[index]);
    if (count >= 0)
        free(entries);
}

static size_t count_of(const struct snapshot_shelf *shelf) {
    if (shelf->directory == NULL)
        return shelf->count;
    struct dirent **entries = NULL;
    int count = scan(shelf, &entries);
    scan_free(entries, count);
    return count > 0 ? (size_t)count : 0;
}

static bool exists(const struct snapshot_shelf *shelf, const char *name) {
    bool found = false;
    char path[STORE_PATH_MAX];
    if (shelf->directory == NULL)
        place_of(shelf, name, &found);
    else
        found = file_path(shelf, name, path) == 0 && access(path, F_OK) == 0;
    return found;
}

/* Is there room for one of this name? */
static bool has_room(const struct snapshot_shelf *shelf, const char *name, const char **ret_problem) {
    if (exists(shelf, name) || count_of(shelf) < STORE_SNAPSHOTS_MAX)
        return true;
    *ret_problem = "there are 100 snapshots already: delete some";
    return false;
}

int store_snapshot_save(struct store *store, const char *name, int64_t taken_ms, const char **ret_problem) {
    const char *problem = NULL;
    int result = late_tasks_settle(store);
    if (result != 0)
        return result;
    if (store->in_transaction)
        return error_raise(ERR_BUG, "a snapshot in the middle of a transaction");
    if (!has_room(store->snapshots, name, ret_problem))
        return STORE_REFUSED;
    result = late_tasks_write(store);
    if (result == 0)
        result = late_tasks_settle(store);
    if (result != 0)
        return result;
    if (store->snapshots->directory != NULL)
        result = save_file(store, name, taken_ms);
    else
        result = hold_live(store, name, taken_ms, &problem);
    if (problem == NULL)
        return result;
    *ret_problem = problem;
    return STORE_REFUSED;
}

int store_snapshot_put(struct store *store, const char *name, const char *bytes, size_t length,
    int64_t taken_ms, const char **ret_problem) {
    const char *problem = NULL;
    if (!has_room(store->snapshots, name, ret_problem))
        return STORE_REFUSED;
    if (store->snapshots->directory != NULL)
        return put_file(store->snapshots, name, bytes, length, taken_ms);
    hold(store->snapshots, name, bytes, length, taken_ms, &problem);
    if (problem == NULL)
        return 0;
    *ret_problem = problem;
    return STORE_REFUSED;
}

static int64_t schema_of(const char *header) {
    const unsigned char *at = (const unsigned char *)header + USER_VERSION_AT;
    return (int64_t)at[0] << 24 | (int64_t)at[1] << 16 | (int64_t)at[2] << 8 | at[3];
}

static struct store_snapshot describe_held(const struct held *held) {
    return (struct store_snapshot){.name = held->name,
        .size_bytes = (int64_t)held->length,
        .taken_ms = held->taken_ms,
        .schema = schema_of(held->bytes)};
}

/* 0, or STORE_NOT_FOUND for a file that is none. */
static int describe_file(
    const struct snapshot_shelf *shelf, const char *name, struct store_snapshot *ret_snapshot) {
    char path[STORE_PATH_MAX];
    char header[HEADER_SIZE] = {0};
    struct stat about;
    int result = file_path(shelf, name, path);
    if (result != 0)
        return result;
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
        return STORE_NOT_FOUND;
    if (read(fd, header, sizeof(header)) != (ssize_t)sizeof(header))
        memset(header, 0, sizeof(header));
    *ret_snapshot = (struct store_snapshot){.name = name,
        .size_bytes = about.st_size,
        .taken_ms = (int64_t)about.st_mtim.tv_sec * 1000 + about.st_mtim.tv_nsec / 1000000,
        .schema = schema_of(header)};
    return 0;
}

static int each_file(const struct snapshot_shelf *shelf, void *context,
    int (*each)(void *context, const struct store_snapshot *snapshot)) {
    struct dirent **entries = NULL;
    int count = scan(shelf, &entries);
    int result = 0;
    for (int index = 0; result == 0 && index < count; index++) {
        struct store_snapshot snapshot;
        char *name = entries[index]->d_name;
        name[strlen(name) - strlen(SUFFIX)] = '\0';
        if (store_snapshot_name_valid(name) && describe_file(shelf, name, &snapshot) == 0)
            result = each(context, &snapshot);
    }
    scan_free(entries, count);
    return result;
}

int store_snapshots(
    struct store *store, void *context, int (*each)(void *context, const struct store_snapshot *snapshot)) {
    const struct snapshot_shelf *shelf = store->snapshots;
    if (shelf->directory != NULL)
        return each_file(shelf, context, each);
    int result = 0;
    for (size_t index = 0; result == 0 && index < shelf->count; index++) {
        struct store_snapshot snapshot = describe_held(&shelf->held[index]);
        result = each(context, &snapshot);
    }
    return result;
}

int store_snapshot_find(
    struct store *store, const char *name, struct arena *arena, struct store_snapshot *ret_snapshot) {
    const struct snapshot_shelf *shelf = store->snapshots;
    bool found = false;
    if (!store_snapshot_name_valid(name))
        return STORE_NOT_FOUND;
    if (shelf->directory != NULL)
        return describe_file(shelf, arena_strdup(arena, name), ret_snapshot);
    size_t index = place_of(shelf, name, &found);
    if (!found)
        return STORE_NOT_FOUND;
    *ret_snapshot = describe_held(&shelf->held[index]);
    return 0;
}

static int read_whole(const char *path, char **ret_bytes, size_t *ret_length) {
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    if (fd < 0 || fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
        return STORE_NOT_FOUND;
    size_t length = (size_t)about.st_size;
    char *bytes = malloc(length + 1);
    size_t done = 0;
    ssize_t got = 1;
    while (bytes != NULL && done < length && (got = read(fd, bytes + done, length - done)) > 0)
        done += (size_t)got;
    if (bytes == NULL || got < 0) {
        free(bytes);
        return error_raise(ERR_IO, "cannot read the snapshot %s", path);
    }
    *ret_bytes = bytes;
    *ret_length = done;
    return 0;
}

int store_snapshot_read(struct store *store, const char *name, char **ret_bytes, size_t *ret_length) {
    const struct snapshot_shelf *shelf = store->snapshots;
    char path[STORE_PATH_MAX];
    bool found = false;
    if (!store_snapshot_name_valid(name))
        return STORE_NOT_FOUND;
    if (shelf->directory != NULL) {
        int result = file_path(shelf, name, path);
        return result == 0 ? read_whole(path, ret_bytes, ret_length) : result;
    }
    size_t index = place_of(shelf, name, &found);
    if (!found)
        return STORE_NOT_FOUND;
    char *bytes = xmalloc(shelf->held[index].length);
    memcpy(bytes, shelf->held[index].bytes, shelf->held[index].length);
    *ret_bytes = bytes;
    *ret_length = shelf->held[index].length;
    return 0;
}

int store_snapshot_delete(struct store *store, const char *name) {
    struct snapshot_shelf *shelf = store->snapshots;
    char path[STORE_PATH_MAX];
    bool found = false;
    if (!store_snapshot_name_valid(name))
        return STORE_NOT_FOUND;
    if (shelf->directory != NULL) {
        int result = file_path(shelf, name, path);
        if (result == 0 && unlink(path) != 0)
            result = errno == ENOENT ? STORE_NOT_FOUND
                                     : error_raise(ERR_IO, "cannot remove %s: %s", path, strerror(errno));
        return result;
    }
    size_t index = place_of(shelf, name, &found);
    if (!found)
        return STORE_NOT_FOUND;
    shelf->bytes -= shelf->held[index].length;
    held_free(&shelf->held[index]);
    shelf->count--;
    memmove(&shelf->held[index], &shelf->held[index + 1], (shelf->count - index) * sizeof(*shelf->held));
    return 0;
}
