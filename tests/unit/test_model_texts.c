/* The words of refusals, their order, what a request becomes, and the check of replies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ecs-local/base/text.h"
#include "ecs-local/model/keys.h"
#include "ecs-local/model/model.h"

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

static json_t *parse(const char *text) {
    json_error_t error;
    json_t *json = json_loads(text, 0, &error);
    if (json == NULL)
        fail_msg("%s: %s", error.text, text);
    return json;
}

static struct value *accept(const char *operation, const char *text) {
    json_t *body = parse(text);
    struct value *input = NULL;
    struct model_violation violation = {NULL, NULL};
    if (model_check_request(model_operation(operation), body, arena, &input, &violation) != 0)
        fail_msg("%s %s: %s: %s", operation, text, violation.code, violation.message);
    json_decref(body);
    return input;
}

static void refuse(const char *operation, const char *text, const char *code, const char *message) {
    json_t *body = parse(text);
    struct value *input = NULL;
    struct model_violation violation = {NULL, NULL};
    int result = model_check_request(model_operation(operation), body, arena, &input, &violation);
    json_decref(body);
    if (result != 1 || !text_equal(violation.code, code) || !text_equal(violation.message, message))
        fail_msg("%s %s:\n%s: %s\nwanted\n%s: %s", operation, text,
            violation.code != NULL ? violation.code : "-",
            violation.message != NULL ? violation.message : "accepted", code, message);
    assert_null(input);
}

#define INVALID "InvalidParameterException"
#define CLIENT "ClientException"
#define SERIALIZATION "SerializationException"

static const struct {
    const char *operation;
    const char *body;
    const char *code;
    const char *message;
} texts[] = {
    {"DescribeTasks", "{}", INVALID, "Tasks cannot be empty."},
    {"DescribeTasks", "{\"tasks\":[]}", INVALID, "Tasks cannot be empty."},
    {"DescribeTasks", "{\"tasks\":[null]}", INVALID, "Tasks cannot be empty."},
    {"DescribeContainerInstances", "{}", CLIENT, "Container Instances cannot be empty."},
    {"StartTask", "{\"taskDefinition\":\"a\",\"containerInstances\":[]}", CLIENT,
        "Container Instances cannot be empty."},
    {"StartTask", "{\"containerInstances\":[\"a\"]}", INVALID, "TaskDefinition can not be blank."},
    {"RunTask", "{\"taskDefinition\":\"\"}", INVALID, "TaskDefinition can not be blank."},
    {"RunTask", "{\"taskDefinition\":\"a\",\"count\":0}", INVALID, "Count must be between 1 and 10."},
    {"RunTask", "{\"taskDefinition\":\"a\",\"count\":11}", INVALID, "Count must be between 1 and 10."},
    {"RunTask", "{\"taskDefinition\":\"a\",\"launchType\":\"LAMBDA\"}", INVALID,
        "launch type should be one of [EC2,FARGATE,EXTERNAL,FMI,MANAGED_INSTANCES]"},
    {"RunTask", "{\"taskDefinition\":\"a\",\"overrides\":null}", INVALID, "Override argument cannot be null"},
    {"RunTask", "{\"taskDefinition\":\"a\",\"clientToken\":\"a b\"}", INVALID,
        "clientToken must match ^[!-~]+$"},
    {"RunTask",
        "{\"taskDefinition\":\"a\",\"networkConfiguration\":{\"awsvpcConfiguration\":{\"subnets\":[]}}}",
        INVALID, "subnets can not be empty."},
    {"RunTask", "{\"taskDefinition\":\"a\",\"placementStrategy\":[{},{},{},{},{},{}]}", INVALID,
        "placementStrategy can have at most 5 items."},
    {"RunTask", "{\"taskDefinition\":\"a\",\"placementConstraints\":[{\"type\":\"near\"}]}", INVALID,
        "placementConstraints[0].type should be one of [distinctInstance,memberOf]"},
    {"DescribeClusters", "{\"include\":[\"TAGS\",\"ALL\"]}", INVALID,
        "include should be one of [ATTACHMENTS,CONFIGURATIONS,SETTINGS,STATISTICS,TAGS]"},
    {"ListTasks", "{\"family\":\"web:3\"}", INVALID, "family must match ^[a-zA-Z0-9\\-_]+$"},
    {"ListTasks", "{\"maxResults\":101}", INVALID, "Max results can not be greater than 100"},
    {"ListTasks", "{\"maxResults\":0}", INVALID, "maxResults must be between 1 and 100."},
    {"ListTasks", "{\"desiredStatus\":\"GONE\"}", INVALID,
        "desiredStatus should be one of [RUNNING,PENDING,STOPPED]"},
    {"ListServices", "{\"schedulingStrategy\":\"ONE\"}", INVALID,
        "Scheduling strategy should be one of [REPLICA,DAEMON]"},
    {"UpdateContainerInstancesState", "{\"containerInstances\":[\"a\"],\"status\":\"REGISTERING\"}", INVALID,
        "Container instance status should be one of [ACTIVE, DRAINING]"},
    {"PutAccountSetting", "{\"name\":\"tea\",\"value\":\"x\"}", INVALID,
        "tea should be one of "
        "[serviceLongArnFormat,taskLongArnFormat,containerInstanceLongArnFormat,awsvpcTrunking,containerInsights,"
        "fargateFIPSMode,tagResourceAuthorization,fargateTaskRetirementWaitPeriod,guardDutyActivate,"
        "defaultLogDriverMode,fargateEventWindows]"},
    {"DeleteTaskDefinitions", "{\"taskDefinitions\":[]}", INVALID,
        "size of TaskDefinition references list must be greater than 0"},
    {"DeleteTaskDefinitions",
        "{\"taskDefinitions\":[\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\"]}", INVALID,
        "Size of TaskDefinition references list cannot exceed 10"},
    {"RegisterTaskDefinition",
        "{\"containerDefinitions\":[{\"ulimits\":[{\"name\":\"nofile\",\"softLimit\":1}]}]}", CLIENT,
        "containerDefinitions[0].ulimits[0].hardLimit can not be blank."},
    {"RegisterTaskDefinition", "{\"networkMode\":\"pigeon\"}", CLIENT,
        "networkMode should be one of [bridge,host,awsvpc,none]"},
    {"RegisterTaskDefinition",
        "{\"containerDefinitions\":[{},{\"portMappings\":[{},{\"hostPort\":\"80\"}]}]}", SERIALIZATION,
        "STRING_VALUE can not be converted to an Integer (containerDefinitions[1].portMappings[1].hostPort)"},
    {"RunTask", "{\"taskDefinition\":7}", SERIALIZATION,
        "NUMBER_VALUE can not be converted to a String (taskDefinition)"},
    {"RunTask", "{\"taskDefinition\":\"a\",\"count\":2147483648}", SERIALIZATION,
        "NUMBER_VALUE 2147483648 can not be converted to an Integer (count)"},
    {"RunTask", "{\"taskDefinition\":\"a\",\"count\":1.5}", SERIALIZATION,
        "NUMBER_VALUE 1.5 can not be converted to an Integer (count)"},
    {"DescribeTasks", "{\"tasks\":\"a\"}", SERIALIZATION,
        "class java.lang.String can not be converted to a List (tasks)"},
    {"RegisterTaskDefinition", "{\"containerDefinitions\":[{\"dockerLabels\":{\"a\":1}}]}", SERIALIZATION,
        "NUMBER_VALUE can not be converted to a String (containerDefinitions[0].dockerLabels[\"a\"])"},
    {"ListClusters", "[]", SERIALIZATION, "class java.util.ArrayList can not be converted to a Structure"},
};

static void test_texts(void **state) {
    (void)state;
    for (size_t index = 0; index < sizeof(texts) / sizeof(texts[0]); index++)
        refuse(texts[index].operation, texts[index].body, texts[index].code, texts[index].message);
}

/* 100 pass, 101 do not: facts: tasks 1.4b. */
static void test_item_limits(void **state) {
    (void)state;
    static const struct {
        const char *operation;
        const char *member;
        size_t limit;
        const char *message;
    } cases[] = {
        {"DescribeTasks", "tasks", 100, "taskIds can have at most 100 items."},
        {"DescribeContainerInstances", "containerInstances", 100, "instanceIds can have at most 100 items."},
        {"DescribeClusters", "clusters", 100, "clusters can have at most 100 items."},
    };
    for (size_t index = 0; index < sizeof(cases) / sizeof(cases[0]); index++) {
        json_t *list = json_array();
        while (json_array_size(list) < cases[index].limit)
            json_array_append_new(list, json_string("a"));
        json_t *body = json_pack("{s:o}", cases[index].member, list);
        char *text = json_dumps(body, 0);
        accept(cases[index].operation, text);
        free(text);
        json_array_append_new(list, json_string("a"));
        text = json_dumps(body, 0);
        refuse(cases[index].operation, text, INVALID, cases[index].message);
        free(text);
        json_decref(body);
    }
}

static void test_order_of_refusals(void **state) {
    (void)state;
    const char *everything = "{\"count\":0,\"launchType\":\"x\",\"volumeConfigurations\":[{\"name\":1}]}";
    refuse("RunTask", everything, SERIALIZATION,
        "NUMBER_VALUE can not be converted to a String (volumeConfigurations[0].name)");
    refuse("RunTask", "{\"count\":0,\"launchType\":\"x\",\"volumeConfigurations\":[{}]}", INVALID,
        "TaskDefinition can not be blank.");
    refuse("RunTask", "{\"taskDefinition\":\"a\",\"count\":0,\"propagateTags\":\"x\"}", INVALID,
        "propagateTags should be one of [TASK_DEFINITION,SERVICE,NONE]");
    refuse("RunTask", "{\"startedBy\":\"\",\"count\":0,\"taskDefinition\":\"a\"}", INVALID,
        "Count must be between 1 and 10.");
    /* The first in the order of the model, not of the text. */
    refuse("RunTask", "{\"taskDefinition\":1,\"cluster\":2}", SERIALIZATION,
        "NUMBER_VALUE can not be converted to a String (cluster)");
}

static void test_lengths_count_characters(void **state) {
    (void)state;
    char body[2048];
    char reason[1024] = "";
    for (int index = 0; index < 255; index++)
        strncat(reason, "\xC3\xA9", sizeof(reason) - strlen(reason) - 1);
    snprintf(body, sizeof(body), "{\"task\":\"t\",\"reason\":\"%s\"}", reason);
    accept("StopTask", body);
    snprintf(body, sizeof(body), "{\"task\":\"t\",\"reason\":\"%sx\"}", reason);
    refuse("StopTask", body, INVALID, "reason length must be at most 255");
}

static void test_projection(void **state) {
    (void)state;
    struct value *input = accept("RegisterTaskDefinition",
        "{\"tomorrow\":{\"a\":1},\"containerDefinitions\":[{\"memory\":128,\"name\":\"web\",\"image\":null,"
        "\"portMappings\":[{\"protocol\":\"sctp\",\"containerPort\":80.0}],\"dockerLabels\":{\"k\":\"v\",\"n\":null},"
        "\"links\":[]},null],\"family\":\"f\",\"taskRoleArn\":\"\"}");
    assert_int_equal(value_count(input), 3);
    assert_string_equal(input->entries[0].key, KEY_family);
    assert_string_equal(input->entries[1].key, KEY_taskRoleArn);
    assert_string_equal(value_string(input, KEY_taskRoleArn), "");
    struct value *containers = value_get(input, KEY_containerDefinitions);
    assert_int_equal(value_count(containers), 1);
    struct value *web = value_at(containers, 0);
    assert_string_equal(web->entries[0].key, KEY_name);
    assert_false(value_has(web, KEY_image));
    assert_true(value_has(web, KEY_links));
    assert_int_equal(value_count(value_get(web, KEY_links)), 0);
    assert_int_equal(value_int(web, KEY_memory, -1), 128);
    struct value *port = value_at(value_get(web, KEY_portMappings), 0);
    assert_int_equal(value_get(port, KEY_containerPort)->kind, VALUE_INT);
    assert_int_equal(value_int(port, KEY_containerPort, -1), 80);
    assert_string_equal(value_string(port, KEY_protocol), "sctp");
    assert_int_equal(value_count(value_get(web, KEY_dockerLabels)), 1);
}

static void test_projection_of_numbers(void **state) {
    (void)state;
    struct value *input = accept("SubmitTaskStateChange", "{\"pullStartedAt\":1560788724.507}");
    assert_true(value_int(input, KEY_pullStartedAt, 0) == INT64_C(1560788724507));
    input = accept("RegisterContainerInstance",
        "{\"totalResources\":[{\"name\":\"CPU\",\"doubleValue\":1,\"longValue\":5000000000}]}");
    struct value *resource = value_at(value_get(input, KEY_totalResources), 0);
    assert_int_equal(value_get(resource, KEY_doubleValue)->kind, VALUE_REAL);
    assert_true(value_int(resource, KEY_longValue, 0) == INT64_C(5000000000));
}

/* ---- replies ---- */

static void reply(const char *operation, const char *text, const char *problem) {
    json_t *json = parse(text);
    const char *found = NULL;
    int result = model_check_reply(model_operation(operation), json, arena, &found);
    json_decref(json);
    if (result != (problem != NULL) || (problem != NULL && !text_equal(found, problem)))
        fail_msg("%s %s: %s, wanted %s", operation, text, found != NULL ? found : "accepted",
            problem != NULL ? problem : "no problem");
}

static void test_replies(void **state) {
    (void)state;
    reply("ListTasks", "{\"taskArns\":[]}", NULL);
    reply("ListTasks", "{}", "taskArns is missing.");
    reply("ListTasks", "{\"taskArns\":[\"a\"],\"nextToken\":null}", "nextToken is null.");
    reply("ListTasks", "{\"taskArns\":[\"a\",1]}", "taskArns[1] has the wrong type.");
    reply("ListTasks", "{\"taskArns\":[],\"more\":1}", "The reply has the unknown member more.");
    reply("ListTasks", "[]", "The reply has the wrong type.");
    reply("DescribeTasks", "{\"tasks\":[]}", "failures is missing.");
    reply("DescribeTasks",
        "{\"failures\":[],\"tasks\":[{\"attachments\":[],\"containers\":[{\"colour\":1}]}]}",
        "tasks[0].containers[0] has the unknown member colour.");
    reply("DescribeTasks", "{\"failures\":[],\"tasks\":[{\"launchType\":\"MOON\"}]}",
        "tasks[0].launchType is not a value of its enum.");
    reply("DescribeTasks", "{\"failures\":[],\"tasks\":[{\"attachments\":[],\"containers\":[]}]}",
        "tasks[0].overrides is missing.");
    reply("DescribeTasks", "{\"failures\":[],\"tasks\":[{\"createdAt\":\"2026-01-01\"}]}",
        "tasks[0].createdAt has the wrong type.");
    reply("DescribeTasks",
        "{\"failures\":[],\"tasks\":[{\"createdAt\":1.5,\"attachments\":[],\"containers\":[],\"overrides\":{},"
        "\"tags\":[],\"attributes\":[{\"value\":\"x\"}]}]}",
        "tasks[0].attributes[0].name is missing.");
    reply("RegisterTaskDefinition",
        "{\"taskDefinition\":{\"volumes\":[],\"placementConstraints\":[],\"compatibilities\":[\"EC2\"],"
        "\"containerDefinitions\":[{\"cpu\":0,\"essential\":true,\"environment\":[],\"mountPoints\":[],"
        "\"volumesFrom\":[],\"systemControls\":[],\"portMappings\":[{\"protocol\":\"sctp\"}],"
        "\"dockerLabels\":{\"a\":\"b\"}}]}}",
        NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_texts, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_item_limits, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_order_of_refusals, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_lengths_count_characters, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_projection, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_projection_of_numbers, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_replies, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
