/* Requests made from the model itself, for every operation: complete ones, and ones with one thing wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ecs-local/base/text.h"
#include "model/model_tables.h"

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

/* ---- a request with every member ---- */

static json_t *sample(struct model_type type, const struct model_member *owner);

static json_t *sample_structure(const struct model_shape *shape) {
    json_t *object = json_object();
    for (unsigned index = 0; index < shape->member_count; index++) {
        const struct model_member *member = &shape->members[index];
        json_object_set_new(object, member->name, sample(member->type, member));
        if (shape->kind == MODEL_UNION)
            break;
    }
    return object;
}

static json_t *sample(struct model_type type, const struct model_member *owner) {
    const struct model_rules *rules = owner->rules;
    switch (type.kind) {
    case MODEL_STRING:
        return json_string("x");
    case MODEL_ENUM:
        return json_string(rules != NULL && rules->values != NULL ? rules->values[0] : type.shape->values[0]);
    case MODEL_BOOLEAN:
        return json_true();
    case MODEL_INTEGER:
    case MODEL_LONG:
        return json_integer(rules != NULL && rules->has_range ? rules->range[0] : 7);
    case MODEL_DOUBLE:
        return json_real(0.5);
    case MODEL_TIMESTAMP:
        return json_real(1560788724.507);
    case MODEL_DOCUMENT:
        return json_pack("{s:[i,b]}", "free", 1, 1);
    case MODEL_LIST: {
        json_t *list = json_array();
        json_array_append_new(list, sample(type.shape->element, owner));
        return list;
    }
    case MODEL_MAP:
        return json_pack("{s:o}", "a key", sample(type.shape->element, owner));
    case MODEL_STRUCTURE:
    case MODEL_UNION:
        break;
    }
    return sample_structure(type.shape);
}

static json_t *sample_request(const struct model_operation *operation) {
    return sample_structure(operation->input);
}

/* ---- walking a request together with its shape ---- */

struct visit {
    const struct model_operation *operation;
    json_t *body;
    size_t cases;
    void (*at)(struct visit *visit, json_t *object, const struct model_member *member, const char *path);
};

static void visit_value(struct visit *visit, struct model_type type, json_t *json, const char *path);

static void visit_structure(
    struct visit *visit, const struct model_shape *shape, json_t *object, const char *path) {
    for (unsigned index = 0; index < shape->member_count; index++) {
        const struct model_member *member = &shape->members[index];
        json_t *value = json_object_get(object, member->name);
        if (value == NULL)
            continue;
        const char *here = arena_printf(arena, "%s%s%s", path, path[0] != '\0' ? "." : "", member->name);
        json_incref(value);
        visit->at(visit, object, member, here);
        json_object_set_new(object, member->name, value);
        visit_value(visit, member->type, value, here);
    }
}

static void visit_value(struct visit *visit, struct model_type type, json_t *json, const char *path) {
    if (type.kind == MODEL_STRUCTURE || type.kind == MODEL_UNION)
        visit_structure(visit, type.shape, json, path);
    else if (type.kind == MODEL_LIST)
        visit_value(visit, type.shape->element, json_array_get(json, 0), arena_printf(arena, "%s[0]", path));
}

static size_t visit_operations(
    void (*at)(struct visit *visit, json_t *object, const struct model_member *member, const char *path)) {
    size_t cases = 0;
    for (size_t index = 0; index < model_operation_count(); index++) {
        const struct model_operation *operation = model_operation_at(index);
        struct visit visit = {.operation = operation, .body = sample_request(operation), .at = at};
        visit_structure(&visit, operation->input, visit.body, "");
        json_decref(visit.body);
        cases += visit.cases;
        arena_reset(arena);
    }
    return cases;
}

static int check(struct visit *visit, struct model_violation *ret_violation) {
    struct arena *own = arena_new();
    struct value *input = NULL;
    struct model_violation violation = {NULL, NULL};
    int result = model_check_request(visit->operation, visit->body, own, &input, &violation);
    if (result != 0) {
        ret_violation->code = arena_strdup(arena, violation.code);
        ret_violation->message = arena_strdup(arena, violation.message);
    }
    arena_free(own);
    visit->cases++;
    return result;
}

static void assert_refused(struct visit *visit, const char *path, const char *code, const char *said) {
    struct model_violation violation = {NULL, NULL};
    int result = check(visit, &violation);
    if (result != 1 || (code != NULL && !text_equal(violation.code, code)) ||
        (said != NULL && strstr(violation.message, said) == NULL))
        fail_msg("%s, %s: %d, %s: %s (wanted %s)", visit->operation->name, path, result,
            violation.code != NULL ? violation.code : "-",
            violation.message != NULL ? violation.message : "-", said != NULL ? said : "a refusal");
}

/* ---- the tests ---- */

static void assert_projected(const struct value *value, struct model_type type) {
    if (type.kind == MODEL_LIST) {
        assert_int_equal(value->kind, VALUE_LIST);
        for (size_t index = 0; index < value_count(value); index++)
            assert_projected(value_at(value, index), type.shape->element);
    } else if (type.kind == MODEL_STRUCTURE) {
        assert_int_equal(value->kind, VALUE_MAP);
        assert_int_equal(value->count, type.shape->member_count);
        for (unsigned index = 0; index < type.shape->member_count; index++) {
            assert_ptr_equal(value->entries[index].key, type.shape->members[index].name);
            assert_projected(value->entries[index].value, type.shape->members[index].type);
        }
    }
}

static void test_complete_requests_pass(void **state) {
    (void)state;
    for (size_t index = 0; index < model_operation_count(); index++) {
        const struct model_operation *operation = model_operation_at(index);
        json_t *body = sample_request(operation);
        json_object_set_new(body, "memberOfTomorrow", json_pack("{s:i}", "x", 1));
        struct value *input = NULL;
        struct model_violation violation = {NULL, NULL};
        if (model_check_request(operation, body, arena, &input, &violation) != 0)
            fail_msg("%s: %s: %s", operation->name, violation.code, violation.message);
        assert_projected(input, (struct model_type){MODEL_STRUCTURE, operation->input});
        json_decref(body);
        arena_reset(arena);
    }
}

static void test_empty_requests(void **state) {
    (void)state;
    for (size_t index = 0; index < model_operation_count(); index++) {
        const struct model_operation *operation = model_operation_at(index);
        const struct model_member *first = NULL;
        for (unsigned member = 0; member < operation->input->member_count && first == NULL; member++) {
            if (model_member_checked(&operation->input->members[member]))
                first = &operation->input->members[member];
        }
        struct visit visit = {.operation = operation, .body = NULL};
        struct model_violation violation = {NULL, NULL};
        int without = check(&visit, &violation);
        assert_int_equal(without, first != NULL);
        visit.body = json_object();
        assert_int_equal(check(&visit, &violation), without);
        if (first != NULL)
            assert_true(text_equal(violation.code, "InvalidParameterException") ||
                        text_equal(violation.code, "ClientException"));
        json_decref(visit.body);
    }
}

/* Is the object, with nothing in it, as if it were not there? */
static bool vanishes(const struct visit *visit, const json_t *object, const char *path) {
    const char *dot = strrchr(path, '.');
    bool item = dot != NULL && dot != path && dot[-1] == ']';
    return visit->operation->input->nothing_is_absent && dot != NULL && !item &&
           json_object_size(object) == 0;
}

static void at_missing(
    struct visit *visit, json_t *object, const struct model_member *member, const char *path) {
    bool own_words = member->rules != NULL &&
                     (member->rules->texts[MODEL_RULE_REQUIRED] != NULL || member->rules->noun != NULL);
    bool nested = strchr(path, '.') != NULL;
    bool list = member->type.kind == MODEL_LIST || member->type.kind == MODEL_MAP;
    const char *said = own_words ? NULL : list ? " cannot be empty." : " can not be blank.";
    if (nested && !own_words)
        said = arena_printf(arena, "%s%s", path, said);
    json_object_del(object, member->name);
    struct model_violation violation = {NULL, NULL};
    if (vanishes(visit, object, path)) { /* then only what holds it may be missed */
        const char *holder = arena_printf(arena, "%.*s", (int)(strrchr(path, '.') - path), path);
        assert_true(check(visit, &violation) == 0 ||
                    text_equal(violation.message, arena_printf(arena, "%s can not be blank.", holder)));
        return;
    }
    if (!model_member_checked(member)) {
        assert_int_equal(check(visit, &violation), 0);
        return;
    }
    assert_refused(visit, path, NULL, said);
    json_object_set_new(object, member->name, json_null());
    assert_refused(visit, path, NULL, said);
    if (member->type.kind == MODEL_LIST && (member->flags & MODEL_FLAG_EMPTY_ALLOWED) == 0) {
        json_object_set_new(object, member->name, json_array());
        assert_refused(visit, path, NULL, said);
    }
    if (member->type.kind == MODEL_STRING && (member->flags & MODEL_FLAG_BLANK_ALLOWED) == 0) {
        json_object_set_new(object, member->name, json_string(""));
        assert_refused(visit, path, NULL, said);
    }
}

static void test_each_required_member_missing(void **state) {
    (void)state;
    assert_true(visit_operations(at_missing) > 1000);
}

static bool accepts(enum model_kind kind, const json_t *json) {
    switch (kind) {
    case MODEL_STRING:
    case MODEL_ENUM:
        return json_is_string(json);
    case MODEL_BOOLEAN:
        return json_is_boolean(json);
    case MODEL_INTEGER:
        return json_is_integer(json) && json_integer_value(json) < INT32_MAX;
    case MODEL_LONG:
        return json_is_integer(json);
    case MODEL_DOUBLE:
    case MODEL_TIMESTAMP:
        return json_is_number(json);
    case MODEL_LIST:
        return json_is_array(json);
    case MODEL_MAP:
    case MODEL_STRUCTURE:
    case MODEL_UNION:
        return json_is_object(json);
    case MODEL_DOCUMENT:
        break;
    }
    return true;
}

static void at_wrong_type(
    struct visit *visit, json_t *object, const struct model_member *member, const char *path) {
    json_t *wrong[] = {json_string("word"), json_true(), json_integer(3), json_integer(INT64_C(1) << 40),
        json_real(1.5), json_array(), json_object()};
    const char *said = arena_printf(arena, "(%s)", path);
    for (size_t index = 0; index < sizeof(wrong) / sizeof(wrong[0]); index++) {
        if (!accepts(member->type.kind, wrong[index])) {
            json_object_set(object, member->name, wrong[index]);
            assert_refused(visit, path, "SerializationException", said);
            assert_refused(visit, path, "SerializationException", "can not be converted to a");
        }
        json_decref(wrong[index]);
    }
}

static void test_each_wrong_type(void **state) {
    (void)state;
    assert_true(visit_operations(at_wrong_type) > 10000);
}

static void at_wrong_item(
    struct visit *visit, json_t *object, const struct model_member *member, const char *path) {
    if (member->type.kind != MODEL_LIST)
        return;
    const struct model_shape *list = member->type.shape;
    bool object_wanted = list->element.kind == MODEL_STRUCTURE || list->element.kind == MODEL_UNION;
    json_t *wrong = object_wanted ? json_string("word") : json_object();
    json_object_set_new(object, member->name,
        json_pack("[O,n,o]", json_array_get(json_object_get(object, member->name), 0), wrong));
    assert_refused(visit, path, "SerializationException", arena_printf(arena, "(%s[2])", path));
}

static void test_each_wrong_item(void **state) {
    (void)state;
    assert_true(visit_operations(at_wrong_item) > 100);
}

static void at_unknown_value(
    struct visit *visit, json_t *object, const struct model_member *member, const char *path) {
    if (member->type.kind != MODEL_ENUM)
        return;
    json_object_set_new(object, member->name, json_string("no-such-value"));
    struct model_violation violation = {NULL, NULL};
    if ((member->flags & MODEL_FLAG_ENUM_OPEN) != 0) {
        assert_int_equal(check(visit, &violation), 0);
        return;
    }
    const char *own_words = member->rules != NULL ? member->rules->texts[MODEL_RULE_ENUM] : NULL;
    assert_refused(visit, path, NULL, own_words != NULL ? own_words : " should be one of [");
    json_object_del(object, member->name);
    bool gone = vanishes(visit, object, path);
    json_object_set_new(object, member->name, json_string(""));
    assert_int_equal(check(visit, &violation), model_member_checked(member) && !gone);
}

static void test_each_unknown_enum_value(void **state) {
    (void)state;
    assert_true(visit_operations(at_unknown_value) > 100);
}

static void at_bound(
    struct visit *visit, json_t *object, const struct model_member *member, const char *path) {
    const struct model_rules *rules = member->rules;
    struct model_violation violation = {NULL, NULL};
    if (rules == NULL)
        return;
    if (rules->has_range) {
        json_object_set_new(object, member->name, json_integer(rules->range[1]));
        assert_int_equal(check(visit, &violation), 0);
        json_object_set_new(object, member->name, json_integer(rules->range[1] + 1));
        assert_refused(visit, path, NULL, NULL);
        json_object_set_new(object, member->name, json_integer(rules->range[0] - 1));
        assert_refused(visit, path, NULL, NULL);
    }
    if (rules->has_items) {
        json_t *item = json_incref(json_array_get(json_object_get(object, member->name), 0));
        json_t *list = json_array();
        json_object_set_new(object, member->name, list);
        while (json_array_size(list) < rules->items[1])
            json_array_append(list, item);
        assert_int_equal(check(visit, &violation), 0);
        json_array_append_new(list, item);
        assert_refused(visit, path, NULL, NULL);
    }
    if (rules->has_length) {
        char text[2048] = "";
        size_t length = 0;
        for (; length < rules->length[1]; length++)
            text[length] = 'x';
        json_object_set_new(object, member->name, json_string(text));
        assert_int_equal(check(visit, &violation), 0);
        text[length] = 'x';
        json_object_set_new(object, member->name, json_string(text));
        assert_refused(visit, path, NULL, NULL);
    }
}

static void test_each_bound(void **state) {
    (void)state;
    assert_true(visit_operations(at_bound) > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_complete_requests_pass, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_empty_requests, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_each_required_member_missing, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_each_wrong_type, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_each_wrong_item, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_each_unknown_enum_value, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_each_bound, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
