#include "ecs-local/domain/express.h"

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"

enum {
    PORT_DEFAULT = 80,
    MIN_TASKS_DEFAULT = 1,
    MAX_TASKS_DEFAULT = 20, /* D */
    TARGET_DEFAULT = 60,
    TASKS_MAX = 5000, /* of a service (facts: services 2.8, quotas) */
};

/* What belongs to a task definition that ECS makes itself. */
static const char *const own_members[] = {
    "executionRoleArn", "taskRoleArn", "primaryContainer", "cpu", "memory", "cpuArchitecture"};

static int refuse(struct violation *ret_violation, const char *message) {
    *ret_violation = (struct violation){.code = "InvalidParameterException", .message = message};
    return 1;
}

/* "" and {} are what clients send for "not given" (facts: services 1.2). */
static struct value *given(const struct value *map, const char *key) {
    struct value *member = value_get(map, key);
    if (member == NULL || (member->kind == VALUE_STRING && member->string[0] == '\0') ||
        (member->kind == VALUE_MAP && member->count == 0))
        return NULL;
    return member;
}

static void put(struct arena *arena, struct value *map, const char *key, struct value *fallback) {
    if (given(map, key) == NULL)
        value_set(arena, map, key, fallback);
}

static void put_text(struct arena *arena, struct value *map, const char *key, const char *fallback) {
    put(arena, map, key, value_new_string(arena, fallback));
}

static void put_int(struct arena *arena, struct value *map, const char *key, int64_t fallback) {
    put(arena, map, key, value_new_int(arena, fallback));
}

static bool is_managed(const struct value *settings) {
    return given(settings, "primaryContainer") != NULL;
}

/* Which of the two sorts it is; the texts are not established (facts: services 18). */
static int check_sort(const struct value *settings, struct violation *ret_violation) {
    bool own = false;
    for (size_t index = 0; index < array_length(own_members); index++)
        own = own || given(settings, own_members[index]) != NULL;
    if (given(settings, "taskDefinitionArn") != NULL)
        return own ? refuse(ret_violation,
                         "A task definition and the settings of a container cannot both be specified. Specify one of them and try again.")
                   : 0;
    if (!is_managed(settings))
        return refuse(ret_violation,
            "Either a primary container or a task definition must be specified. Specify one of them and try again.");
    if (given(settings, "executionRoleArn") == NULL)
        return refuse(ret_violation,
            "An execution role is required with a primary container. Specify one and try again.");
    return 0;
}

static int check_scaling(const struct value *settings, struct violation *ret_violation) {
    const struct value *target = value_get(settings, "scalingTarget");
    int64_t least = value_int(target, "minTaskCount", 0);
    int64_t most = value_int(target, "maxTaskCount", 0);
    if (least < 0 || most < 1)
        return refuse(ret_violation, "minTaskCount must be at least 0, and maxTaskCount at least 1.");
    if (most > TASKS_MAX)
        return refuse(ret_violation, "maxTaskCount must be at most 5000.");
    if (least > most)
        return refuse(ret_violation, "minTaskCount must be less than or equal to maxTaskCount.");
    if (value_int(target, "autoScalingTargetValue", 1) < 1)
        return refuse(ret_violation, "autoScalingTargetValue must be at least 1");
    return 0;
}

static int check_settings(const struct value *settings, struct violation *ret_violation) {
    const char *path = value_string(settings, "healthCheckPath");
    if (path[0] != '/')
        return refuse(ret_violation, "healthCheckPath must begin with /.");
    return check_scaling(settings, ret_violation);
}

static struct value *complete_container(
    struct arena *arena, const struct value *container, const char *log_group) {
    struct value *complete = value_clone(arena, container);
    put_int(arena, complete, "containerPort", PORT_DEFAULT);
    if (given(complete, "awsLogsConfiguration") == NULL) {
        struct value *logs = value_new_map(arena, 2);
        put_text(arena, logs, "logGroup", log_group);
        put_text(arena, logs, "logStreamPrefix", "ecs");
        value_set(arena, complete, "awsLogsConfiguration", logs);
    }
    return complete;
}

static struct value *complete_scaling(struct arena *arena, const struct value *target) {
    struct value *complete = target != NULL ? value_clone(arena, target) : value_new_map(arena, 4);
    int64_t least = value_int(target, "minTaskCount", MIN_TASKS_DEFAULT);
    put_int(arena, complete, "minTaskCount", MIN_TASKS_DEFAULT);
    put_int(arena, complete, "maxTaskCount", least > MAX_TASKS_DEFAULT ? least : MAX_TASKS_DEFAULT);
    put_text(arena, complete, "autoScalingMetric", "AVERAGE_CPU");
    put_int(arena, complete, "autoScalingTargetValue", TARGET_DEFAULT);
    return complete;
}

/* There is no VPC to ask for its default subnets: the ones that simulated instances are in stand for them. */
static struct value *complete_network(
    struct arena *arena, const struct value *network, const char *log_group) {
    struct value *complete = network != NULL ? value_clone(arena, network) : value_new_map(arena, 2);
    if (value_count(value_get(complete, "subnets")) == 0) {
        struct value *subnets = value_new_list(arena, 2);
        value_append(arena, subnets, value_new_string(arena, "subnet-0ec5100000000000a"));
        value_append(arena, subnets, value_new_string(arena, "subnet-0ec5100000000000b"));
        value_set(arena, complete, "subnets", subnets);
    }
    if (value_count(value_get(complete, "securityGroups")) == 0) {
        uint64_t sum = 0;
        for (const char *cursor = log_group; *cursor != '\0'; cursor++)
            sum = sum * 131 + (unsigned char)*cursor;
        struct value *groups = value_new_list(arena, 1);
        value_append(arena, groups,
            value_new_string(arena, arena_printf(arena, "sg-0%016llx", (unsigned long long)sum)));
        value_set(arena, complete, "securityGroups", groups);
    }
    return complete;
}

static int complete(
    struct arena *arena, struct value *settings, const char *log_group, struct violation *ret_violation) {
    if (check_sort(settings, ret_violation) != 0)
        return 1;
    if (is_managed(settings)) {
        put_text(arena, settings, "cpu", "256");
        put_text(arena, settings, "memory", "512");
        put_text(arena, settings, "cpuArchitecture", "X86_64");
        value_set(arena, settings, "primaryContainer",
            complete_container(arena, value_get(settings, "primaryContainer"), log_group));
    }
    put_text(arena, settings, "healthCheckPath", "/ping");
    value_set(arena, settings, "scalingTarget", complete_scaling(arena, given(settings, "scalingTarget")));
    value_set(arena, settings, "networkConfiguration",
        complete_network(arena, given(settings, "networkConfiguration"), log_group));
    return check_settings(settings, ret_violation);
}

static const char *const members[] = {"executionRoleArn", "taskRoleArn", "taskDefinitionArn", "cpu", "memory",
    "cpuArchitecture", "networkConfiguration", "healthCheckPath", "primaryContainer", "scalingTarget"};

int express_settings_new(struct arena *arena, const struct value *request, const char *log_group,
    struct value **ret_settings, struct violation *ret_violation) {
    struct value *settings = value_new_map(arena, array_length(members));
    for (size_t index = 0; index < array_length(members); index++) {
        if (given(request, members[index]) != NULL)
            value_add(arena, settings, members[index], given(request, members[index]));
    }
    *ret_settings = settings;
    return complete(arena, settings, log_group, ret_violation);
}

/* A structure that is given in part keeps the rest; a container is given as a whole. */
static struct value *merged(struct arena *arena, const struct value *before, const struct value *update) {
    if (before == NULL || update->kind != VALUE_MAP)
        return value_clone(arena, update);
    struct value *all = value_clone(arena, before);
    for (size_t index = 0; index < value_count(update); index++)
        value_set(arena, all, update->entries[index].key, update->entries[index].value);
    return all;
}

int express_settings_updated(struct arena *arena, const struct value *settings, const struct value *request,
    const char *log_group, struct value **ret_settings, struct violation *ret_violation) {
    struct value *updated = value_clone(arena, settings);
    bool brings_definition = given(request, "taskDefinitionArn") != NULL;
    bool brings_container = given(request, "primaryContainer") != NULL;
    /* One sort can become the other. */
    for (size_t index = 0; index < array_length(own_members) && brings_definition; index++)
        value_remove(updated, own_members[index]);
    if (brings_container && !brings_definition && !is_managed(settings))
        value_remove(updated, "taskDefinitionArn");
    /* What ECS made itself is made anew. */
    if (is_managed(settings) && !brings_definition)
        value_remove(updated, "taskDefinitionArn");
    for (size_t index = 0; index < array_length(members); index++) {
        const char *key = members[index];
        struct value *update = given(request, key);
        if (update != NULL)
            value_set(arena, updated, key,
                text_equal(key, "primaryContainer") ? update
                                                    : merged(arena, value_get(updated, key), update));
    }
    *ret_settings = updated;
    return complete(arena, updated, log_group, ret_violation);
}

static void copy(struct arena *arena, struct value *to, const char *to_key, const struct value *from,
    const char *from_key) {
    if (given(from, from_key) != NULL)
        value_set(arena, to, to_key, given(from, from_key));
}

static struct value *log_configuration(struct arena *arena, const struct value *logs, const char *region) {
    struct value *configuration = value_new_map(arena, 2);
    struct value *options = value_new_map(arena, 3);
    put_text(arena, configuration, "logDriver", "awslogs");
    value_set(arena, options, "awslogs-group", value_get(logs, "logGroup"));
    put_text(arena, options, "awslogs-region", region);
    value_set(arena, options, "awslogs-stream-prefix", value_get(logs, "logStreamPrefix"));
    value_set(arena, configuration, "options", options);
    return configuration;
}

static struct value *one(struct arena *arena, struct value *item) {
    struct value *list = value_new_list(arena, 1);
    value_append(arena, list, item);
    return list;
}

static struct value *container_definition(
    struct arena *arena, const struct value *container, const char *region) {
    static const char *const same[] = {"image", "repositoryCredentials", "command", "environment", "secrets"};
    struct value *definition = value_new_map(arena, 9);
    struct value *mapping = value_new_map(arena, 3);
    put_text(arena, definition, "name", EXPRESS_CONTAINER);
    for (size_t index = 0; index < array_length(same); index++)
        copy(arena, definition, same[index], container, same[index]);
    value_set(arena, mapping, "containerPort", value_get(container, "containerPort"));
    put_text(arena, mapping, "protocol", "tcp");
    put_text(arena, mapping, "name", "main");
    value_set(arena, definition, "portMappings", one(arena, mapping));
    value_set(arena, definition, "essential", value_new_bool(arena, true));
    value_set(arena, definition, "logConfiguration",
        log_configuration(arena, value_get(container, "awsLogsConfiguration"), region));
    return definition;
}

struct value *express_task_definition(
    struct arena *arena, const struct value *settings, const char *family, const char *region) {
    static const char *const same[] = {"taskRoleArn", "executionRoleArn", "cpu", "memory"};
    if (!is_managed(settings))
        return NULL;
    struct value *request = value_new_map(arena, 10);
    struct value *platform = value_new_map(arena, 2);
    put_text(arena, request, "family", family);
    for (size_t index = 0; index < array_length(same); index++)
        copy(arena, request, same[index], settings, same[index]);
    put_text(arena, request, "networkMode", "awsvpc");
    value_set(arena, request, "containerDefinitions",
        one(arena, container_definition(arena, value_get(settings, "primaryContainer"), region)));
    value_set(arena, request, "requiresCompatibilities", one(arena, value_new_string(arena, "FARGATE")));
    copy(arena, platform, "cpuArchitecture", settings, "cpuArchitecture");
    put_text(arena, platform, "operatingSystemFamily", "LINUX");
    value_set(arena, request, "runtimePlatform", platform);
    return request;
}

int express_check_definition(const struct value *document, struct violation *ret_violation) {
    const struct value *found = NULL;
    value_for_each(container, value_get(document, "containerDefinitions")) {
        if (text_equal(value_string(container, "name"), EXPRESS_CONTAINER))
            found = container;
    }
    const struct value *mappings = value_get(found, "portMappings");
    const struct value *mapping = value_at(mappings, 0);
    if (found == NULL)
        return refuse(
            ret_violation, "The task definition must have a container named " EXPRESS_CONTAINER ".");
    if (value_count(mappings) != 1 || value_string_nonempty(mapping, "name") == NULL ||
        text_equal(value_string(mapping, "protocol"), "udp"))
        return refuse(ret_violation,
            "The container " EXPRESS_CONTAINER " must have exactly one TCP port mapping, with a name.");
    return 0;
}

bool express_same_definition(const struct value *before, const struct value *after) {
    for (size_t index = 0; index < array_length(own_members); index++) {
        const struct value *left = value_get(before, own_members[index]);
        const struct value *right = value_get(after, own_members[index]);
        if ((left == NULL) != (right == NULL) || (left != NULL && !value_equal(left, right)))
            return false;
    }
    return true;
}

int express_min_tasks(const struct value *settings) {
    return (int)value_int(value_get(settings, "scalingTarget"), "minTaskCount", MIN_TASKS_DEFAULT);
}

int express_max_tasks(const struct value *settings) {
    return (int)value_int(value_get(settings, "scalingTarget"), "maxTaskCount", MAX_TASKS_DEFAULT);
}

struct value *express_network(struct arena *arena, const struct value *settings) {
    const struct value *network = value_get(settings, "networkConfiguration");
    struct value *awsvpc = value_clone(arena, network);
    struct value *configuration = value_new_map(arena, 1);
    put_text(arena, awsvpc, "assignPublicIp", "ENABLED");
    value_set(arena, configuration, "awsvpcConfiguration", awsvpc);
    return configuration;
}
