/* Rows of tasks that are written late: nobody can tell, a turn that fails takes back its own only, and with a data
 * directory whoever finds the files after a crash has every row that was committed. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <sqlite3.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/ids.h"
#include "ecs-local/base/text.h"
#include "ecs-local/store/task_rows.h"

enum {
    MANY = 500
};

struct world {
    struct store *store;
    struct arena *arena;
    char folder[64]; /* "": in memory */
    unsigned commits;
};

static int open_in_memory(void **state) {
    static struct world world;
    struct store_config in_memory = {.data_dir = NULL};
    world = (struct world){.arena = arena_new()};
    assert_int_equal(store_open(&in_memory, &world.store), 0);
    *state = &world;
    return 0;
}

static struct store *open_folder(const char *folder) {
    struct store_config on_disk = {.data_dir = folder};
    struct store *store = NULL;
    assert_int_equal(store_open(&on_disk, &store), 0);
    return store;
}

static int open_on_disk(void **state) {
    static struct world world;
    world = (struct world){.arena = arena_new(), .folder = "/tmp/ecs-local-late-XXXXXX"};
    assert_non_null(mkdtemp(world.folder));
    world.store = open_folder(world.folder);
    *state = &world;
    return 0;
}

static int remove_one(const char *path, const struct stat *unused, int type, struct FTW *place) {
    (void)unused;
    (void)type;
    (void)place;
    return remove(path);
}

static int close_world(void **state) {
    struct world *world = *state;
    store_close(world->store);
    arena_free(world->arena);
    if (world->folder[0] != '\0')
        nftw(world->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return 0;
}

static const char *task_id_of(struct world *world, int64_t id) {
    struct ids ids;
    char text[ID_HEX_SIZE];
    ids_init_seeded(&ids, (uint64_t)id);
    ids_hex_of_row(&ids, id, text);
    return arena_strdup(world->arena, text);
}

static struct task_row row_of(struct world *world, int64_t id, const char *status) {
    const char *document = arena_printf(world->arena, "{\"taskArn\":\"%s\"}", status);
    return (struct task_row){
        .id = id,
        .cluster_id = 1,
        .task_id = task_id_of(world, id),
        .desired_status = status,
        .last_status = status,
        .launch_type = "EC2",
        .family_id = 1,
        .task_definition_id = 1,
        .task_group = "family:a",
        .reservation = "1 2 0",
        .document = document,
        .document_length = strlen(document),
    };
}

static void insert(struct world *world, int64_t id, const char *status) {
    struct task_row row = row_of(world, id, status);
    assert_int_equal(task_rows_insert(world->store, &row), 0);
}

static void update(struct world *world, int64_t id, const char *status) {
    struct task_row row = row_of(world, id, status);
    assert_int_equal(task_rows_update(world->store, &row), 0);
}

/* What each of the ways to a task says; "" when it is not there. The last one has to go through the table. */
static const char *status_of(struct world *world, int64_t id) {
    struct task_row by_row = {.last_status = ""};
    struct task_row by_id = {.last_status = ""};
    int64_t found = 0;
    int first = task_rows_get(world->store, id, world->arena, &by_row);
    int second = task_rows_find(world->store, 1, task_id_of(world, id), &found);
    assert_int_equal(first, second);
    assert_int_equal(found, second == 0 ? id : 0);
    if (second == 0)
        assert_int_equal(task_rows_get(world->store, found, world->arena, &by_id), 0);
    assert_string_equal(by_row.last_status, by_id.last_status);
    return first == 0 ? by_row.last_status : "";
}

static unsigned listed(struct world *world, const char *status) {
    struct task_filter filter = {.cluster_id = 1, .desired_status = status};
    struct task_cursor cursor = {.id = 0};
    struct buf buf = BUF_INIT(1024 * 1024);
    struct writer writer = WRITER_INIT(&buf);
    bool more = false;
    unsigned count = 0;
    assert_int_equal(task_rows_list(world->store, &filter, &cursor, 2 * MANY, "task/", &writer, &more), 0);
    for (const char *at = buf_text(&buf); (at = strstr(at, "task/")) != NULL; at++)
        count++;
    buf_done(&buf);
    return count;
}

static void copy_file(const char *from_folder, const char *to_folder, const char *name) {
    char path[128];
    char byte[4096];
    size_t count;
    snprintf(path, sizeof(path), "%s/%s", from_folder, name);
    FILE *from = fopen(path, "rb");
    snprintf(path, sizeof(path), "%s/%s", to_folder, name);
    FILE *to = fopen(path, "wb");
    assert_true(from != NULL && to != NULL);
    while ((count = fread(byte, 1, sizeof(byte), from)) != 0)
        assert_int_equal(fwrite(byte, 1, count, to), count);
    fclose(from);
    fclose(to);
}

/* As if the process had been killed now: the files as they are, opened by another. */
static void check_the_files(struct world *world) {
    char folder[] = "/tmp/ecs-local-killed-XXXXXX";
    int64_t last_id = 0;
    assert_non_null(mkdtemp(folder));
    copy_file(world->folder, folder, "ecs-local.db");
    copy_file(world->folder, folder, "ecs-local.db-wal");
    struct world other = {.store = open_folder(folder), .arena = world->arena};
    assert_int_equal(task_rows_last_id(other.store, &last_id), 0);
    for (int64_t id = 1; id <= last_id + 1; id++) {
        struct task_row here = {.last_status = "", .document = ""};
        struct task_row there = {.last_status = "", .document = ""};
        int result = task_rows_get(world->store, id, world->arena, &here);
        assert_int_equal(task_rows_get(other.store, id, world->arena, &there), result);
        assert_string_equal(there.last_status, here.last_status);
        assert_string_equal(there.document, here.document);
    }
    store_close(other.store);
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void commit(struct world *world) {
    assert_int_equal(store_commit(world->store), 0);
    assert_false(store_in_transaction(world->store));
    if (world->folder[0] != '\0' && (++world->commits < 10 || world->commits % 100 == 0))
        check_the_files(world);
}

static void test_shown_before_and_after_it_is_written(void **state) {
    struct world *world = *state;
    insert(world, 1, "RUNNING");
    assert_true(store_in_transaction(world->store));
    assert_string_equal(status_of(world, 1), "RUNNING");
    commit(world);
    assert_string_equal(status_of(world, 1), "RUNNING");
    update(world, 1, "STOPPED");
    assert_string_equal(status_of(world, 1), "STOPPED");
    assert_int_equal(listed(world, "STOPPED"), 1);
    assert_int_equal(listed(world, "RUNNING"), 0);
    commit(world);
    assert_string_equal(status_of(world, 1), "STOPPED");
}

static void test_rollback_takes_back_the_turn_only(void **state) {
    struct world *world = *state;
    insert(world, 1, "RUNNING");
    insert(world, 2, "RUNNING");
    commit(world);
    update(world, 1, "STOPPED");
    insert(world, 3, "RUNNING");
    store_rollback(world->store);
    assert_string_equal(status_of(world, 1), "RUNNING");
    assert_string_equal(status_of(world, 2), "RUNNING");
    assert_string_equal(status_of(world, 3), "");
    assert_int_equal(listed(world, "RUNNING"), 2);
}

static void test_rollback_after_a_list(void **state) {
    struct world *world = *state;
    insert(world, 1, "RUNNING");
    commit(world);
    update(world, 1, "STOPPED");
    insert(world, 2, "RUNNING");
    assert_int_equal(
        listed(world, "RUNNING"), 1); /* all of it is in the table now, in the turn's transaction */
    update(world, 2, "STOPPED");
    assert_int_equal(listed(world, "STOPPED"), 2);
    store_rollback(world->store);
    assert_string_equal(status_of(world, 1), "RUNNING");
    assert_string_equal(status_of(world, 2), "");
    assert_int_equal(listed(world, "RUNNING"), 1);
    assert_int_equal(listed(world, "STOPPED"), 0);
}

static void test_list_between_turns_is_for_good(void **state) {
    struct world *world = *state;
    insert(world, 1, "RUNNING");
    commit(world);
    assert_int_equal(listed(world, "RUNNING"), 1);
    assert_false(store_in_transaction(world->store));
    update(world, 1, "STOPPED");
    store_rollback(world->store);
    assert_string_equal(status_of(world, 1), "RUNNING");
}

static void test_deleted(void **state) {
    struct world *world = *state;
    insert(world, 1, "STOPPED");
    commit(world);
    assert_int_equal(task_rows_delete(world->store, 1), 0);
    assert_string_equal(status_of(world, 1), "");
    store_rollback(world->store);
    assert_string_equal(status_of(world, 1), "STOPPED");
    assert_int_equal(task_rows_delete(world->store, 1), 0);
    commit(world);
    assert_string_equal(status_of(world, 1), "");
}

static void assert_status(struct world *world, int64_t cluster_id, const char *task_id, const char *status) {
    int64_t id = 0;
    struct task_row found;
    const char *tags = NULL;
    struct buf buf = BUF_INIT(1024);
    assert_int_equal(task_rows_find(world->store, cluster_id, task_id, &id), 0);
    assert_int_equal(task_rows_get(world->store, id, world->arena, &found), 0);
    assert_string_equal(found.last_status, status);
    assert_string_equal(found.task_id, task_id);
    assert_int_equal(found.cluster_id, cluster_id);
    assert_int_equal(task_rows_append_document(world->store, cluster_id, task_id, &buf, NULL, &tags), 0);
    assert_non_null(strstr(buf_text(&buf), status));
    buf_done(&buf);
}

/* Forks have the same task ids in other clusters, under other rows. */
static void test_same_id_in_two_clusters(void **state) {
    struct world *world = *state;
    struct task_row one = row_of(world, 1, "RUNNING");
    struct task_row other = row_of(world, 2, "STOPPED");
    int64_t id = 0;
    other.cluster_id = 2;
    other.task_id = one.task_id;
    assert_int_equal(task_rows_insert(world->store, &one), 0);
    assert_int_equal(task_rows_insert(world->store, &other), 0);
    assert_status(world, 2, one.task_id, "STOPPED");
    commit(world);
    assert_status(world, 1, one.task_id, "RUNNING");
    assert_status(world, 2, one.task_id, "STOPPED");
    assert_int_equal(task_rows_find(world->store, 3, one.task_id, &id), STORE_NOT_FOUND);
    assert_int_equal(task_rows_delete(world->store, 1), 0);
    commit(world);
    assert_int_equal(task_rows_find(world->store, 1, one.task_id, &id), STORE_NOT_FOUND);
    assert_status(world, 2, one.task_id, "STOPPED");
}

/* As those of older programs: their rows are in the table at once, between others that are late. */
static void test_ids_that_say_no_row(void **state) {
    struct world *world = *state;
    static const char *const names[] = {
        "legacy", "11111111111141118111111111111111", "eeeeeeee-eeee-4eee-8eee-eeeeeeeeeeee"};
    int64_t id = 0;
    insert(world, 1, "RUNNING");
    for (int64_t index = 0; index < 3; index++) {
        struct task_row row = row_of(world, 2 + index, "RUNNING");
        row.task_id = names[index];
        assert_int_equal(task_rows_insert(world->store, &row), 0);
    }
    commit(world);
    for (int64_t index = 0; index < 3; index++) {
        struct task_row row = row_of(world, 2 + index, "STOPPED");
        row.task_id = names[index];
        assert_status(world, 1, names[index], "RUNNING");
        assert_int_equal(task_rows_update(world->store, &row), 0);
        assert_status(world, 1, names[index], "STOPPED");
    }
    update(world, 1, "STOPPED");
    assert_int_equal(listed(world, "STOPPED"), 4);
    store_rollback(world->store);
    for (int64_t index = 0; index < 3; index++)
        assert_status(world, 1, names[index], "RUNNING");
    assert_string_equal(status_of(world, 1), "RUNNING");
    assert_int_equal(task_rows_find(world->store, 1, "legacies", &id), STORE_NOT_FOUND);
    assert_int_equal(task_rows_find(world->store, 1, "", &id), STORE_NOT_FOUND);
}

static void test_many(void **state) {
    struct world *world = *state;
    for (int64_t id = 1; id <= MANY; id++) {
        insert(world, id, "RUNNING");
        if (id > 10)
            update(world, id - 10, "STOPPED");
        commit(world);
    }
    assert_string_equal(status_of(world, 1), "STOPPED");
    assert_string_equal(status_of(world, MANY), "RUNNING");
    int64_t last_id = 0;
    assert_int_equal(task_rows_last_id(world->store, &last_id), 0);
    assert_int_equal(last_id, MANY);
    assert_int_equal(listed(world, "STOPPED"), MANY - 10);
    assert_int_equal(listed(world, "RUNNING"), 10);
    assert_int_equal(store_reset(world->store, NULL, NULL), 0);
    commit(world);
}

/* Most of a very large turn goes into the table with it, also what it puts again of earlier turns. */
static void test_many_in_one_turn(void **state) {
    struct world *world = *state;
    for (int64_t id = 1; id <= 100; id++)
        insert(world, id, "RUNNING");
    commit(world);
    for (int64_t id = 51; id <= 100; id++)
        update(world, id, "STOPPED");
    for (int64_t id = 101; id <= MANY; id++)
        insert(world, id, "RUNNING");
    store_rollback(world->store);
    assert_string_equal(status_of(world, 60), "RUNNING");
    for (int64_t id = 51; id <= 100; id++)
        update(world, id, "STOPPED");
    for (int64_t id = 101; id <= MANY; id++)
        insert(world, id, "RUNNING");
    commit(world);
    assert_string_equal(status_of(world, 50), "RUNNING");
    assert_string_equal(status_of(world, 60), "STOPPED");
    assert_string_equal(status_of(world, MANY), "RUNNING");
    update(world, 60, "RUNNING");
    commit(world);
    assert_int_equal(listed(world, "STOPPED"), 49);
    assert_int_equal(listed(world, "RUNNING"), MANY - 49);
}

/* All that a row can say is in the log, and what it does not say stays unsaid. */
static void test_every_member_survives(void **state) {
    struct world *world = *state;
    struct task_row full = row_of(world, 1, "RUNNING");
    struct task_row found;
    full.container_instance_id = 3;
    full.started_by = "me";
    full.waiting = "{}";
    full.tags = "[]";
    full.life = "{\"a\":1}";
    full.due_ms = 1;
    full.protected_until_ms = INT64_MAX;
    full.service_id = 5;
    full.deployment_id = 6;
    assert_int_equal(task_rows_insert(world->store, &full), 0);
    insert(world, 2, "RUNNING");
    commit(world);
    char folder[] = "/tmp/ecs-local-killed-XXXXXX";
    assert_non_null(mkdtemp(folder));
    copy_file(world->folder, folder, "ecs-local.db");
    copy_file(world->folder, folder, "ecs-local.db-wal");
    struct store *other = open_folder(folder);
    assert_int_equal(task_rows_get(other, 1, world->arena, &found), 0);
    assert_string_equal(found.started_by, "me");
    assert_string_equal(found.waiting, "{}");
    assert_string_equal(found.tags, "[]");
    assert_string_equal(found.life, full.life);
    assert_string_equal(found.reservation, full.reservation);
    assert_int_equal(found.container_instance_id, 3);
    assert_int_equal(found.protected_until_ms, INT64_MAX);
    assert_int_equal(found.service_id, 5);
    assert_int_equal(found.deployment_id, 6);
    assert_int_equal(found.due_ms, 1);
    assert_int_equal(task_rows_get(other, 2, world->arena, &found), 0);
    assert_null(found.started_by);
    assert_null(found.tags);
    assert_int_equal(found.container_instance_id, 0);
    store_close(other);
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void run_sql(const char *folder, const char *sql) {
    char path[128];
    sqlite3 *db = NULL;
    snprintf(path, sizeof(path), "%s/ecs-local.db", folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void test_a_spoiled_log_is_refused(void **state) {
    struct world *world = *state;
    insert(world, 1, "RUNNING");
    commit(world);
    store_close(take_ptr(world->store));
    run_sql(world->folder, "INSERT INTO task_log (id, bytes, entries) VALUES (1000, 4, x'40616263')");
    struct store_config on_disk = {.data_dir = world->folder};
    assert_true(store_open(&on_disk, &world->store) < 0);
    run_sql(world->folder, "DELETE FROM task_log WHERE id = 1000");
    world->store = open_folder(world->folder);
    assert_string_equal(status_of(world, 1), "RUNNING");
}

/* clang-format off */
#define IN_BOTH(test)                                                                                        \
    {.name = #test " in memory", .test_func = test, .setup_func = open_in_memory, .teardown_func = close_world}, \
    {.name = #test " on disk", .test_func = test, .setup_func = open_on_disk, .teardown_func = close_world}
/* clang-format on */

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_BOTH(test_shown_before_and_after_it_is_written),
        IN_BOTH(test_rollback_takes_back_the_turn_only),
        IN_BOTH(test_rollback_after_a_list),
        IN_BOTH(test_list_between_turns_is_for_good),
        IN_BOTH(test_deleted),
        IN_BOTH(test_same_id_in_two_clusters),
        IN_BOTH(test_ids_that_say_no_row),
        IN_BOTH(test_many),
        IN_BOTH(test_many_in_one_turn),
        cmocka_unit_test_setup_teardown(test_every_member_survives, open_on_disk, close_world),
        cmocka_unit_test_setup_teardown(test_a_spoiled_log_is_refused, open_on_disk, close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
