/* Rows of tasks that are written late: nobody can tell, and a turn that fails takes back its own only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ecs-local/base/text.h"
#include "ecs-local/store/task_rows.h"

enum {
    MANY = 500
};

struct world {
    struct store *store;
    struct arena *arena;
};

static int open_world(void **state) {
    static struct world world;
    struct store_config in_memory = {.data_dir = NULL};
    world.arena = arena_new();
    assert_int_equal(store_open(&in_memory, &world.store), 0);
    *state = &world;
    return 0;
}

static int close_world(void **state) {
    struct world *world = *state;
    store_close(world->store);
    arena_free(world->arena);
    return 0;
}

static struct task_row row_of(struct world *world, int64_t id, const char *status) {
    const char *document = arena_printf(world->arena, "{\"taskArn\":\"%s\"}", status);
    return (struct task_row){
        .id = id,
        .cluster_id = 1,
        .task_id = arena_printf(world->arena, "task%04d", (int)id),
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
    const char *task_id = arena_printf(world->arena, "task%04d", (int)id);
    int first = task_rows_get(world->store, id, world->arena, &by_row);
    int second = task_rows_find(world->store, 1, task_id, world->arena, &by_id);
    assert_int_equal(first, second);
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
    assert_int_equal(task_rows_list(world->store, &filter, &cursor, 2 * MANY, "", &writer, &more), 0);
    for (const char *at = buf_text(&buf); (at = strstr(at, "task")) != NULL; at++)
        count++;
    buf_done(&buf);
    return count;
}

static void commit(struct world *world) {
    assert_int_equal(store_commit(world->store), 0);
    assert_false(store_in_transaction(world->store));
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

/* Forks have the same task ids in other clusters. */
static void test_same_id_in_two_clusters(void **state) {
    struct world *world = *state;
    struct task_row one = row_of(world, 1, "RUNNING");
    struct task_row other = row_of(world, 2, "STOPPED");
    struct task_row found;
    other.cluster_id = 2;
    other.task_id = one.task_id;
    assert_int_equal(task_rows_insert(world->store, &one), 0);
    assert_int_equal(task_rows_insert(world->store, &other), 0);
    commit(world);
    assert_int_equal(task_rows_find(world->store, 1, one.task_id, world->arena, &found), 0);
    assert_string_equal(found.last_status, "RUNNING");
    assert_int_equal(task_rows_find(world->store, 2, one.task_id, world->arena, &found), 0);
    assert_string_equal(found.last_status, "STOPPED");
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_shown_before_and_after_it_is_written, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_rollback_takes_back_the_turn_only, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_rollback_after_a_list, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_list_between_turns_is_for_good, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_deleted, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_same_id_in_two_clusters, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_many, open_world, close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
