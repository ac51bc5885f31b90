/* The tables that apigen makes, and what apigen refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ecs-local/model/keys.h"
#include "ecs-local/model/model.h"

#define MODELS TESTS_DIR "/../api-models"

static void test_operations_are_found(void **state) {
    (void)state;
    assert_int_equal(model_operation_count(), 88);
    for (size_t index = 0; index < model_operation_count(); index++) {
        const struct model_operation *operation = model_operation_at(index);
        const char *name = model_operation_name(operation);
        assert_ptr_equal(model_operation(name), operation);
        assert_int_equal(model_operation_index(operation), index);
        assert_non_null(model_operation_input(operation));
        assert_non_null(model_operation_output(operation));
        assert_true(model_operation_declares(operation, "ServerException"));
        assert_true(model_operation_declares(operation, "ClientException"));
        assert_true(model_operation_declares(operation, "InvalidParameterException"));
        assert_int_equal(
            model_operation_note(operation) != NULL, model_operation_status(operation) == MODEL_PARTIAL);
        if (index > 0)
            assert_true(strcmp(model_operation_name(model_operation_at(index - 1)), name) < 0);
    }
    assert_null(model_operation_at(88));
    assert_null(model_operation("runTask"));
    assert_null(model_operation(""));
    assert_null(model_operation("ZzzTask"));
    assert_string_equal(model_target_prefix(), "AmazonEC2ContainerServiceV20141113");
}

static void test_operation_facts(void **state) {
    (void)state;
    const struct model_operation *run = model_operation("RunTask");
    assert_string_equal(model_shape_name(model_operation_input(run)), "RunTaskRequest");
    assert_string_equal(model_shape_name(model_operation_output(run)), "RunTaskResponse");
    assert_true(model_operation_declares(run, "ClusterNotFoundException"));
    assert_false(model_operation_declares(model_operation("DescribeClusters"), "ClusterNotFoundException"));
    assert_null(model_operation_paginator(run));
    const struct model_paginator *paginator = model_operation_paginator(model_operation("ListTasks"));
    assert_string_equal(paginator->input_token, "nextToken");
    assert_string_equal(paginator->output_token, "nextToken");
    assert_string_equal(paginator->page_size, "maxResults");
    assert_string_equal(paginator->result_keys[0], "taskArns");
    assert_null(paginator->result_keys[1]);
    assert_string_equal(model_status_name(MODEL_NOT_IMPLEMENTED), "not implemented");
}

static void test_shapes_and_members(void **state) {
    (void)state;
    for (size_t index = 0; index < model_shape_count(); index++) {
        const struct model_shape *shape = model_shape_at(index);
        assert_ptr_equal(model_shape(model_shape_name(shape)), shape);
        for (size_t member = 0; member < model_shape_member_count(shape); member++) {
            const struct model_member *at = model_shape_member_at(shape, member);
            assert_ptr_equal(model_shape_member(shape, model_member_name(at)), at);
        }
        assert_null(model_shape_member(shape, "noSuchMember"));
        assert_null(model_shape_member_at(shape, model_shape_member_count(shape)));
    }
    const struct model_shape *container = model_shape("ContainerDefinition");
    assert_int_equal(model_shape_member_count(container), 42);
    assert_string_equal(model_member_name(model_shape_member_at(container, 0)), KEY_name);
    struct model_type ports = model_member_type(model_shape_member(container, KEY_portMappings));
    assert_int_equal(ports.kind, MODEL_LIST);
    struct model_type port = model_shape_element(ports.shape);
    assert_string_equal(model_shape_name(port.shape), "PortMapping");
    struct model_type protocol = model_member_type(model_shape_member(port.shape, KEY_protocol));
    assert_int_equal(protocol.kind, MODEL_ENUM);
    assert_string_equal(model_shape_values(protocol.shape)[1], "udp");
}

static void test_member_marks(void **state) {
    (void)state;
    const struct model_shape *run = model_shape("RunTaskRequest");
    assert_true(model_member_required(model_shape_member(run, KEY_taskDefinition)));
    assert_true(model_member_checked(model_shape_member(run, KEY_taskDefinition)));
    assert_false(model_member_required(model_shape_member(run, KEY_cluster)));
    assert_true(model_member_idempotency_token(model_shape_member(run, KEY_clientToken)));
    assert_false(model_member_idempotency_token(model_shape_member(run, KEY_group)));
    assert_true(model_member_sensitive(model_shape_member(model_shape("Session"), KEY_tokenValue)));
    const struct model_member *family = model_shape_member(
        model_shape("RegisterTaskDefinitionRequest"), KEY_family);
    assert_true(model_member_required(family));
    assert_false(model_member_checked(family));
}

static void test_number_types(void **state) {
    (void)state;
    const struct model_shape *resource = model_shape("Resource");
    assert_int_equal(model_member_type(model_shape_member(resource, KEY_doubleValue)).kind, MODEL_DOUBLE);
    assert_int_equal(model_member_type(model_shape_member(resource, KEY_longValue)).kind, MODEL_LONG);
    assert_int_equal(model_member_type(model_shape_member(resource, KEY_integerValue)).kind, MODEL_INTEGER);
    assert_int_equal(
        model_member_type(model_shape_member(model_shape("Task"), KEY_createdAt)).kind, MODEL_TIMESTAMP);
}

static void test_errors(void **state) {
    (void)state;
    assert_int_equal(model_error_count(), 31);
    for (size_t index = 0; index < model_error_count(); index++) {
        const char *name = model_error_at(index);
        assert_int_equal(model_error_status(name), strcmp(name, "ServerException") == 0 ? 500 : 400);
    }
    assert_null(model_error_at(31));
    assert_int_equal(model_error_status("SerializationException"), 400);
}

/* ---- apigen ---- */

/* The tool stands in the root of the build tree, two folders above this program. */
static const char *apigen_path(void) {
    static char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 16);
    assert_true(length > 0);
    path[length] = '\0';
    for (int up = 0; up < 3; up++)
        *strrchr(path, '/') = '\0';
    strncat(path, "/apigen", sizeof(path) - strlen(path) - 1);
    return path;
}

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Runs apigen and answers its exit status and everything it says. */
static int run_apigen(const char *arguments, char *ret_output, size_t size) {
    char command[8192];
    snprintf(command, sizeof(command), "'%s' %s 2>&1", apigen_path(), arguments);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t length = fread(ret_output, 1, size - 1, pipe);
    ret_output[length] = '\0';
    int status = pclose(pipe);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void assert_apigen_refuses(const char *arguments, const char *said) {
    char output[4096];
    int status = run_apigen(arguments, output, sizeof(output));
    if (status != 1 || strstr(output, said) == NULL)
        fail_msg("apigen %s: status %d, %s", arguments, status, output);
}

static char folder[64];

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/test_model.XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state) {
    (void)state;
    char path[128];
    snprintf(path, sizeof(path), "%s/given.json", folder);
    unlink(path);
    return rmdir(folder);
}

static void test_apigen_refuses_overlays(void **state) {
    (void)state;
    static const struct {
        const char *overlay;
        const char *said;
    } cases[] = {
        {"{\"RunTaskRequest.noSuch\": {\"source\": \"x\"}}",
            "RunTaskRequest.noSuch, which the model does not have"},
        {"{\"NoSuch\": {\"source\": \"x\"}}", "NoSuch, which the model does not have"},
        {"{\"NoSuch.count\": {\"source\": \"x\"}}", "NoSuch.count, which the model does not have"},
        {"{\"RunTaskRequest.count\": {\"range\": [1, 2]}}", "does not name its source"},
        {"{\"RunTaskRequest.count\": {\"range\": [2, 1], \"source\": \"x\"}}", "two numbers in order"},
        {"{\"RunTaskRequest.group\": {\"range\": [1, 2], \"source\": \"x\"}}", "it is no number"},
        {"{\"RunTaskRequest.count\": {\"length\": [1, 2], \"source\": \"x\"}}", "it is no string"},
        {"{\"RunTaskRequest.count\": {\"items\": [1, 2], \"source\": \"x\"}}", "it is no list"},
        {"{\"RunTaskRequest.count\": {\"rnage\": [1, 2], \"source\": \"x\"}}", "the unknown key \"rnage\""},
        {"{\"RunTaskRequest.count\": {\"enum\": \"closed\", \"source\": \"x\"}}", "can only be \"open\""},
        {"{\"RunTaskRequest.count\": {\"type\": \"word\", \"source\": \"x\"}}", "the unknown type word"},
        {"{\"RunTaskRequest.launchType\": {\"values\": [\"MOON\"], \"source\": \"x\"}}", "does not have"},
        {"{\"RunTaskRequest.count\": {\"text\": {\"rnage\": \"x\"}, \"source\": \"x\"}}",
            "the unknown rule rnage"},
        {"{\"RunTaskRequest.count\": {\"range\": [1, 2], \"source\": \"\"}}", "does not name its source"},
        {"{\"RunTaskRequest.group\": {\"length\": [-1, 2], \"source\": \"x\"}}", "begins below 0"},
        {"{\"RunTaskRequest.group\": {\"noun\": 1, \"source\": \"x\"}}",
            "\"noun\" of RunTaskRequest.group is no text"},
        {"{\"RunTaskRequest.group\": {\"code\": \"NoSuchException\", \"source\": \"x\"}}",
            "is no error of the model"},
        {"{\"RunTaskRequest.group\": {\"code\": {\"length\": \"RunTaskRequest\"}, \"source\": \"x\"}}",
            "is no error of the model"},
        {"{\"A\": {}, \"A\": {}}", "duplicate"},
        {"[]", "must hold one object"},
        {"{", "line 1"},
    };
    for (size_t index = 0; index < sizeof(cases) / sizeof(cases[0]); index++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/given.json", folder);
        write_file(path, cases[index].overlay);
        char arguments[1024];
        snprintf(arguments, sizeof(arguments),
            "--check " MODELS "/ecs-2014-11-13.json %s " MODELS "/coverage.json", path);
        assert_apigen_refuses(arguments, cases[index].said);
    }
}

static void test_apigen_refuses_coverage(void **state) {
    (void)state;
    static const struct {
        const char *coverage;
        const char *said;
    } cases[] = {
        {"{\"NoSuch\": {\"status\": \"implemented\"}}", "NoSuch, which is no operation"},
        {"{\"RunTask\": {\"status\": \"done\"}}", "neither implemented nor partial"},
        {"{\"RunTask\": {\"status\": \"partial\"}}", "what is missing"},
        {"{\"RunTask\": {\"status\": \"implemented\", \"mising\": \"x\"}}", "what is missing"},
        {"{\"RunTask\": {\"status\": \"implemented\", \"missing\": \"x\"}}", "what is missing"},
    };
    for (size_t index = 0; index < sizeof(cases) / sizeof(cases[0]); index++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/given.json", folder);
        write_file(path, cases[index].coverage);
        char arguments[1024];
        snprintf(arguments, sizeof(arguments),
            "--check " MODELS "/ecs-2014-11-13.json " MODELS "/overlay.json %s", path);
        assert_apigen_refuses(arguments, cases[index].said);
    }
}

static void test_apigen_refuses_models(void **state) {
    (void)state;
    static const struct {
        const char *model;
        const char *said;
    } cases
        [] =
            {
                {"{\"shapes\": {\"A\": {\"kind\": \"structure\", \"members\": [{\"name\": \"a\", \"type\": \"B\"}]}}}",
                    "A.a has the unknown type B"},
                {"{\"shapes\": {\"A\": {\"kind\": \"structure\", \"members\": [{\"name\": \"a\", \"type\": \"string\"}, "
                 "{\"name\": \"a\", \"type\": \"string\"}]}}}",
                    "A has two members a"},
                {"{\"shapes\": {\"A\": {\"kind\": \"thing\"}}}", "A is of unknown kind"},
                {"{\"shapes\": {\"A\": {\"kind\": \"enum\", \"values\": []}}}", "A has no values"},
                {"{\"shapes\": {}}", "has no operations"},
                {"{\"shapes\": {}, \"operations\": [{\"name\": \"Do\", \"input\": \"A\", \"output\": \"A\"}]}",
                    "the input of operation Do"},
                {"{\"shapes\": {\"A\": {\"kind\": \"structure\", \"members\": [{\"name\": \"token\", \"type\": \"string\", \"required\": \"yes\"}, {\"name\": \"size\", \"type\": \"integer\"}, {\"name\": \"all\", \"type\": \"List\"}]}, \"List\": {\"kind\": \"list\", \"element\": \"string\"}}, \"operations\": [{\"name\": \"Do\", \"input\": \"A\", \"output\": \"A\"}]}",
                    "\"required\" of a member of A"},
                {"{\"shapes\": {\"A\": {\"kind\": \"structure\", \"members\": [{\"name\": \"token\", \"type\": \"string\"}, {\"name\": \"size\", \"type\": \"integer\"}, {\"name\": \"all\", \"type\": \"List\"}]}, \"List\": {\"kind\": \"list\", \"element\": \"string\"}, \"E\": {\"kind\": \"enum\", \"values\": [\"a\", \"a\"]}}, \"operations\": [{\"name\": \"Do\", \"input\": \"A\", \"output\": \"A\"}]}",
                    "E has two values a"},
                {"{\"shapes\": {\"A\": {\"kind\": \"structure\", \"members\": [{\"name\": \"token\", \"type\": \"string\"}, {\"name\": \"size\", \"type\": \"integer\"}, {\"name\": \"all\", \"type\": \"List\"}]}, \"List\": {\"kind\": \"list\", \"element\": \"string\"}, \"E\": {\"kind\": \"enum\", \"values\": [1]}}, \"operations\": [{\"name\": \"Do\", \"input\": \"A\", \"output\": \"A\"}]}",
                    "value 0 of the enum E"},
                {"{\"shapes\": {\"A\": {\"kind\": \"structure\", \"members\": [{\"name\": \"token\", \"type\": \"string\"}, {\"name\": \"size\", \"type\": \"integer\"}, {\"name\": \"all\", \"type\": \"List\"}]}, \"List\": {\"kind\": \"list\", \"element\": \"string\"}, \"E\": {\"kind\": \"error\", \"members\": []}}, \"operations\": [{\"name\": \"Do\", \"input\": \"A\", \"output\": \"A\"}]}",
                    "the error E does not say"},
                {"{\"shapes\": {\"A\": {\"kind\": \"structure\", \"members\": [{\"name\": \"token\", \"type\": \"string\"}, {\"name\": \"size\", \"type\": \"integer\"}, {\"name\": \"all\", \"type\": \"List\"}]}, \"List\": {\"kind\": \"list\", \"element\": \"string\"}, \"M\": {\"kind\": \"map\", \"key\": \"B\", \"value\": \"string\"}}, \"operations\": [{\"name\": \"Do\", \"input\": \"A\", \"output\": \"A\"}]}",
                    "the keys of the map M"},
                {"{\"shapes\": {\"A\": {\"kind\": \"structure\", \"members\": [{\"name\": \"token\", \"type\": \"string\"}, {\"name\": \"size\", \"type\": \"integer\"}, {\"name\": \"all\", \"type\": \"List\"}]}, \"List\": {\"kind\": \"list\", \"element\": \"string\"}}, \"operations\": [{\"name\": \"Do\", \"input\": \"A\", \"output\": \"A\", \"paginator\": {\"inputToken\": \"none\", \"outputToken\": \"token\", \"pageSize\": \"size\", \"resultKeys\": [\"all\"]}}]}",
                    "names none, which A does not have"},
                {"{\"shapes\": {\"A\": {\"kind\": \"structure\", \"members\": [{\"name\": \"token\", \"type\": \"string\"}, {\"name\": \"size\", \"type\": \"integer\"}, {\"name\": \"all\", \"type\": \"List\"}]}, \"List\": {\"kind\": \"list\", \"element\": \"string\"}}, \"operations\": [{\"name\": \"Do\", \"input\": \"A\", \"output\": \"A\", \"paginator\": {\"inputToken\": \"token\", \"outputToken\": \"token\", \"pageSize\": \"token\", \"resultKeys\": [\"all\"]}}]}",
                    "names token, which is of the wrong type"},
                {"{\"shapes\": {\"A\": {\"kind\": \"structure\", \"members\": [{\"name\": \"token\", \"type\": \"string\"}, {\"name\": \"size\", \"type\": \"integer\"}, {\"name\": \"all\", \"type\": \"List\"}]}, \"List\": {\"kind\": \"list\", \"element\": \"string\"}}, \"operations\": [{\"name\": \"Do\", \"input\": \"A\", \"output\": \"A\", \"paginator\": {\"inputToken\": \"token\", \"outputToken\": \"token\", \"pageSize\": \"size\", \"resultKeys\": [\"none\"]}}]}",
                    "names none, which A does not have"},
            };
    for (size_t index = 0; index < sizeof(cases) / sizeof(cases[0]); index++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/given.json", folder);
        write_file(path, cases[index].model);
        char arguments[1024];
        snprintf(arguments, sizeof(arguments), "--check %s " MODELS "/overlay.json " MODELS "/coverage.json",
            path);
        assert_apigen_refuses(arguments, cases[index].said);
    }
}

static void test_coverage_document_is_true(void **state) {
    (void)state;
    static char wanted[65536];
    static char found[65536];
    assert_int_equal(run_apigen("--coverage-markdown " MODELS "/ecs-2014-11-13.json " MODELS
                                "/overlay.json " MODELS "/coverage.json",
                         wanted, sizeof(wanted)),
        0);
    FILE *file = fopen(TESTS_DIR "/../COVERAGE.md", "r");
    assert_non_null(file);
    found[fread(found, 1, sizeof(found) - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(found, wanted);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operations_are_found),
        cmocka_unit_test(test_operation_facts),
        cmocka_unit_test(test_shapes_and_members),
        cmocka_unit_test(test_member_marks),
        cmocka_unit_test(test_number_types),
        cmocka_unit_test(test_errors),
        cmocka_unit_test_setup_teardown(test_apigen_refuses_overlays, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_apigen_refuses_coverage, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_apigen_refuses_models, make_folder, remove_folder),
        cmocka_unit_test(test_coverage_document_is_true),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
