/* Members of an object, found in its text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ecs-local/base/json_members.h"

static const char *const names[] = {"a", "list", "text"};

static void expect(const char *text, const char *a, const char *list, const char *string) {
    const char *const wanted[] = {a, list, string};
    struct json_member found[3];
    assert_int_equal(json_members(text, names, 3, found), 0);
    for (unsigned index = 0; index < 3; index++) {
        if (wanted[index] == NULL) {
            assert_null(found[index].text);
            continue;
        }
        assert_int_equal(found[index].length, strlen(wanted[index]));
        assert_memory_equal(found[index].text, wanted[index], found[index].length);
    }
}

static void test_values(void **state) {
    (void)state;
    expect("{}", NULL, NULL, NULL);
    expect(" { } ", NULL, NULL, NULL);
    expect("{\"a\":1,\"list\":[1,{\"a\":2}],\"text\":\"x\"}", "1", "[1,{\"a\":2}]", "\"x\"");
    expect("{ \"other\" : { \"a\" : 3 } , \"a\" : true }", "true", NULL, NULL);
    expect("{\"text\":\"a \\\"quote\\\" and } ] , \\\\\",\"a\":null}", "null", NULL,
        "\"a \\\"quote\\\" and } ] , \\\\\"");
    expect("{\"list\":[\"]\",\"}\",\"\\\"\"],\"a\":-1.5e3}", "-1.5e3", "[\"]\",\"}\",\"\\\"\"]", NULL);
    /* The last one counts, as everywhere. */
    expect("{\"a\":1,\"a\":2}", "2", NULL, NULL);
}

static void test_what_is_no_object(void **state) {
    (void)state;
    static const char *const texts[] = {"", "[]", "1", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":[1",
        "{\"a\":\"x", "{\"a\":\"x\\", "{\"a\" 1}", "{a:1}", "{\"a\":}"};
    struct json_member found[3];
    for (unsigned index = 0; index < sizeof(texts) / sizeof(texts[0]); index++)
        assert_int_equal(json_members(texts[index], names, 3, found), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values), cmocka_unit_test(test_what_is_no_object)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
