/* The baselines, made of our own libraries: one libmicrohttpd epoll thread each.
 *
 *   baseline_server fixed|read|insert DIR
 *
 * fixed   a 1 KB reply
 * read    the same with one prepared SQLite point read (WAL, text key, 4,096 rows of 1 KB) spliced into the
 * reply insert  as fixed, with json_loadb of the body and one WAL/NORMAL insert of it committed per request
 * Prints "ready PORT" and ends when its standard input closes. */
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <sqlite3.h>

enum {
    REPLY_BYTES = 1024,
    ROWS = 4096,
    DOCUMENT_BYTES = 3700,
    BODY_MAX = 64 * 1024,
};

struct exchange {
    char body[BODY_MAX];
    size_t length;
};

static enum {
    MODE_FIXED,
    MODE_READ,
    MODE_INSERT
} mode;
static sqlite3 *db;
static sqlite3_stmt *statement;
static char fixed_reply[REPLY_BYTES];
static unsigned next_key;

static _Noreturn void die(const char *what) {
    fprintf(stderr, "baseline_server: %s: %s\n", what, db != NULL ? sqlite3_errmsg(db) : "");
    exit(1);
}

static void run(const char *sql) {
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        die(sql);
}

static struct MHD_Response *read_reply(void) {
    char key[16];
    snprintf(key, sizeof(key), "key-%06u", next_key++ % ROWS);
    sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
    if (sqlite3_step(statement) != SQLITE_ROW)
        die("select");
    static const char head[] = "{\"tasks\":[";
    static const char tail[] = "],\"failures\":[]}";
    size_t length = (size_t)sqlite3_column_bytes(statement, 0);
    char *text = malloc(length + sizeof(head) + sizeof(tail));
    memcpy(text, head, sizeof(head) - 1);
    memcpy(text + sizeof(head) - 1, sqlite3_column_text(statement, 0), length);
    memcpy(text + sizeof(head) - 1 + length, tail, sizeof(tail) - 1);
    sqlite3_reset(statement);
    return MHD_create_response_from_buffer(
        sizeof(head) + sizeof(tail) - 2 + length, text, MHD_RESPMEM_MUST_FREE);
}

static void insert_body(const struct exchange *exchange) {
    json_error_t error;
    json_t *json = json_loadb(exchange->body, exchange->length, 0, &error);
    if (json == NULL)
        die("json");
    json_decref(json);
    sqlite3_bind_text(statement, 1, exchange->body, (int)exchange->length, SQLITE_STATIC);
    if (sqlite3_step(statement) != SQLITE_DONE)
        die("insert");
    sqlite3_reset(statement);
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *data, size_t *size, void **slot) {
    (void)context, (void)url, (void)method, (void)version;
    struct exchange *exchange = *slot;
    if (exchange == NULL) {
        exchange = malloc(sizeof(*exchange));
        exchange->length = 0;
        *slot = exchange;
        return MHD_YES;
    }
    if (*size != 0) {
        if (exchange->length + *size <= BODY_MAX) {
            memcpy(exchange->body + exchange->length, data, *size);
            exchange->length += *size;
        }
        *size = 0;
        return MHD_YES;
    }
    struct MHD_Response *response;
    if (mode == MODE_READ) {
        response = read_reply();
    } else {
        if (mode == MODE_INSERT)
            insert_body(exchange);
        response = MHD_create_response_from_buffer(sizeof(fixed_reply), fixed_reply, MHD_RESPMEM_PERSISTENT);
    }
    MHD_add_response_header(response, "Content-Type", "application/x-amz-json-1.1");
    enum MHD_Result result = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return result;
}

static void completed(
    void *context, struct MHD_Connection *connection, void **slot, enum MHD_RequestTerminationCode code) {
    (void)context, (void)connection, (void)code;
    free(*slot);
    *slot = NULL;
}

static void open_database(const char *folder) {
    char path[4096];
    snprintf(path, sizeof(path), "%s/baseline.db", folder);
    if (sqlite3_open(path, &db) != SQLITE_OK)
        die(path);
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    if (mode == MODE_INSERT) {
        run("CREATE TABLE bodies (id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
        sqlite3_prepare_v3(
            db, "INSERT INTO bodies (body) VALUES (?)", -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
        return;
    }
    run("CREATE TABLE documents (key TEXT PRIMARY KEY, document TEXT NOT NULL); BEGIN");
    char sql[256];
    for (unsigned row = 0; row < ROWS; row++) {
        snprintf(sql, sizeof(sql),
            "INSERT INTO documents VALUES ('key-%06u', replace(hex(zeroblob(%d)), '00', 'xy'))", row,
            DOCUMENT_BYTES / 2);
        run(sql);
    }
    run("COMMIT");
    sqlite3_prepare_v3(
        db, "SELECT document FROM documents WHERE key = ?", -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
}

int main(int argc, char **argv) {
    if (argc != 3)
        die("usage: baseline_server fixed|read|insert DIR");
    mode = strcmp(argv[1], "read") == 0     ? MODE_READ
           : strcmp(argv[1], "insert") == 0 ? MODE_INSERT
                                            : MODE_FIXED;
    memset(fixed_reply, 'x', sizeof(fixed_reply));
    if (mode != MODE_FIXED)
        open_database(argv[2]);
    struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG, 0, NULL,
        NULL, handle, NULL, MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_END);
    if (daemon == NULL)
        die("cannot listen");
    printf("ready %u\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    MHD_stop_daemon(daemon);
    return 0;
}
