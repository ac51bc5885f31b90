/* Patterns that pick entries of the journal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/event_pattern.h"

static struct arena *arena;

static int open_arena(void **state) {
    (void)state;
    arena = arena_new();
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct value *parse(const char *text) {
    struct value *value = NULL;
    if (value_parse(arena, text, strlen(text), &value) != 0)
        fail_msg("not JSON: %s", text);
    return value;
}

#define ENTRY                                                                                                \
    "{\"a\":\"text\",\"n\":5,\"t\":true,\"o\":{\"x\":\"y\",\"z\":\"w\"},"                                    \
    "\"l\":[{\"k\":\"one\",\"v\":1},{\"k\":\"two\",\"v\":2}],\"s\":[\"p\",\"q\"]}"

static void what_fits(void **state) {
    (void)state;
    static const char *const patterns[] = {"{}", "{\"a\":\"text\"}", "{\"n\":5}", "{\"t\":true}",
        "{\"o\":{\"x\":\"y\"}}", "{\"a\":[\"other\",\"text\"]}", "{\"s\":\"q\"}", "{\"s\":[\"r\",\"p\"]}",
        "{\"l\":{\"k\":\"two\",\"v\":2}}", "{\"a\":{\"prefix\":\"te\"}}", "{\"a\":[{\"suffix\":\"xt\"}]}",
        "{\"a\":{\"equals-ignore-case\":\"TEXT\"}}", "{\"a\":{\"anything-but\":\"other\"}}",
        "{\"a\":{\"anything-but\":[\"b\",\"c\"]}}", "{\"a\":{\"exists\":true}}", "{\"b\":{\"exists\":false}}",
        "{\"l\":{\"k\":{\"prefix\":\"tw\"}}}", "{\"n\":5.0}", "{\"b\":[\"x\",{\"exists\":false}]}",
        "{\"l\":{\"exists\":true}}"};
    const struct value *entry = parse(ENTRY);
    for (size_t index = 0; index < array_length(patterns); index++) {
        const struct value *pattern = parse(patterns[index]);
        if (event_pattern_problem(pattern) != NULL || !event_pattern_fits(pattern, entry))
            fail_msg("does not fit: %s", patterns[index]);
    }
}

static void what_does_not(void **state) {
    (void)state;
    static const char *const patterns[] = {"{\"a\":\"tex\"}", "{\"a\":5}", "{\"n\":\"5\"}", "{\"t\":1}",
        "{\"b\":\"text\"}", "{\"o\":{\"x\":\"z\"}}", "{\"o\":{\"q\":\"y\"}}", "{\"o\":\"x\"}",
        "{\"a\":{\"x\":\"y\"}}", "{\"s\":\"r\"}", "{\"l\":{\"k\":\"one\",\"v\":2}}",
        "{\"a\":{\"prefix\":\"xt\"}}", "{\"n\":{\"prefix\":\"5\"}}", "{\"a\":{\"anything-but\":\"text\"}}",
        "{\"a\":{\"anything-but\":[\"x\",\"text\"]}}", "{\"b\":{\"anything-but\":\"x\"}}",
        "{\"b\":{\"exists\":true}}", "{\"a\":{\"exists\":false}}", "{\"b\":{\"prefix\":\"\"}}"};
    const struct value *entry = parse(ENTRY);
    for (size_t index = 0; index < array_length(patterns); index++) {
        if (event_pattern_fits(parse(patterns[index]), entry))
            fail_msg("fits: %s", patterns[index]);
    }
}

static void what_is_no_pattern(void **state) {
    (void)state;
    static const char *const patterns[] = {
        "{\"a\":{\"prefix\":1}}", "{\"a\":[]}", "{\"a\":{\"exists\":\"yes\"}}", "{\"a\":[{\"suffix\":[]}]}"};
    for (size_t index = 0; index < array_length(patterns); index++) {
        if (event_pattern_problem(parse(patterns[index])) == NULL)
            fail_msg("is taken for a pattern: %s", patterns[index]);
    }
    struct value *deep = value_new_map(arena, 1);
    for (unsigned depth = 0; depth < 40; depth++) {
        struct value *outer = value_new_map(arena, 1);
        value_set(arena, outer, "a", deep);
        deep = outer;
    }
    assert_non_null(event_pattern_problem(deep));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits),
        cmocka_unit_test(what_does_not),
        cmocka_unit_test(what_is_no_pattern),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
