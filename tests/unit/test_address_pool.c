/* domain/address_pool.h: the addresses of a VPC. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "ecs-local/domain/address_pool.h"

enum {
    ALL = 256 * 256 * 251,
};

static uint32_t take(struct address_pool *pool) {
    uint32_t address = 0;
    assert_int_equal(address_pool_take(pool, &address), 0);
    return address;
}

static void takes_the_lowest_and_skips_what_aws_keeps(void **state) {
    (void)state;
    struct address_pool pool = {0};
    char text[ADDRESS_TEXT_SIZE];
    address_text(take(&pool), '.', text);
    assert_string_equal(text, "10.0.0.4");
    for (unsigned number = 1; number < 251; number++)
        address_text(take(&pool), '.', text);
    assert_string_equal(text, "10.0.0.254");
    address_text(take(&pool), '-', text);
    assert_string_equal(text, "10-0-1-4");
    address_pool_done(&pool);
}

static void what_is_given_back_is_used_again(void **state) {
    (void)state;
    struct address_pool pool = {0};
    uint32_t addresses[1000];
    for (unsigned index = 0; index < 1000; index++)
        addresses[index] = take(&pool);
    address_pool_release(&pool, addresses[700]);
    address_pool_release(&pool, addresses[3]);
    assert_int_equal(take(&pool), addresses[3]);
    assert_int_equal(take(&pool), addresses[700]);
    assert_true(take(&pool) > addresses[999]);
    address_pool_done(&pool);
}

static void one_that_is_loaded_is_not_given(void **state) {
    (void)state;
    struct address_pool fresh = {0};
    struct address_pool pool = {0};
    uint32_t first = take(&fresh);
    uint32_t second = take(&fresh);
    address_pool_take_this(&pool, first);
    address_pool_take_this(&pool, first + 100000);
    address_pool_take_this(&pool, first + 100000);
    assert_int_equal(take(&pool), second);
    address_pool_release(&pool, first + 100000);
    address_pool_done(&pool);
    address_pool_done(&fresh);
}

static void what_is_no_address_of_it_changes_nothing(void **state) {
    (void)state;
    struct address_pool pool = {0};
    uint32_t first = take(&pool);
    const uint32_t strangers[] = {0, 1, UINT32_MAX, first - 1, first + 251, (11U << 24) + 4};
    for (size_t index = 0; index < sizeof(strangers) / sizeof(strangers[0]); index++) {
        address_pool_release(&pool, strangers[index]);
        address_pool_take_this(&pool, strangers[index]);
    }
    assert_int_equal(take(&pool), first + 1);
    address_pool_done(&pool);
}

static void all_can_be_taken_and_no_more(void **state) {
    (void)state;
    struct address_pool pool = {0};
    uint32_t last = 0;
    uint32_t none = 0;
    for (unsigned number = 0; number < ALL; number++) {
        uint32_t address = take(&pool);
        assert_true(address > last);
        last = address;
    }
    assert_int_equal(last, (10U << 24) + 0xfffffe);
    assert_int_equal(address_pool_take(&pool, &none), 1);
    assert_int_equal(none, 0);
    address_pool_release(&pool, last);
    assert_int_equal(take(&pool), last);
    address_pool_done(&pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_lowest_and_skips_what_aws_keeps),
        cmocka_unit_test(what_is_given_back_is_used_again),
        cmocka_unit_test(one_that_is_loaded_is_not_given),
        cmocka_unit_test(what_is_no_address_of_it_changes_nothing),
        cmocka_unit_test(all_can_be_taken_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
