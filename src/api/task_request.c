/* RunTask and StartTask: from a checked request to tasks on their way (facts: tasks 5.3, 5.4). */
#include "task_request.h"

#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/domain/task_overrides.h"
#include "task_reply.h"

enum {
    START_INSTANCES_MAX = 10,
    TAGS_OF_TASK_MAX = 50, /* managed ones not counted */
};

/* The revision that the request names, which must be ACTIVE. */
static int find_definition(struct api_call *call, struct task_launch *launch) {
    const char *family = NULL;
    int64_t revision = 0;
    bool active = false;
    int result = lookup_task_definition_name(
        call, value_string(call->input, "taskDefinition"), &family, &revision);
    if (result != 0)
        return result;
    result = task_definition_rows_find(engine_store(call->engine), scope_id(call->scope), family, revision,
        &launch->definition_id, &launch->family_id, &revision, &active);
    if (result == STORE_NOT_FOUND)
        return api_fail(call, ERROR_TASK_DEFINITION_NOT_FOUND, NULL);
    if (result != 0)
        return result;
    launch->definition_active = active;
    launch->definition_arn = arn_task_definition(
        call->arena, scope_region(call->scope), scope_account(call->scope), family, revision);
    return engine_task_definition(call->engine, launch->definition_id, &launch->definition);
}

static int check_overrides(struct api_call *call, struct task_launch *launch) {
    struct violation violation;
    const struct value *overrides = value_get(call->input, "overrides");
    size_t length = overrides != NULL ? text_utf8_length(value_text(call, overrides)) : 0;
    if (task_overrides_check(call->arena, overrides, length, launch->definition, &violation) != 0)
        return api_fail_with(call, &violation);
    if (launch->kind == LAUNCH_FARGATE &&
        task_overrides_check_fargate(call->arena, overrides, launch->definition, &violation) != 0)
        return api_fail_with(call, &violation);
    launch->overrides = task_overrides_normalise(
        call->arena, overrides, launch->definition, scope_partition(call->scope), scope_account(call->scope));
    task_overrides_demand(call->arena, overrides, launch->definition, &launch->demand);
    return 0;
}

static int check_network(struct api_call *call, struct task_launch *launch) {
    const struct value *network = value_get(
        value_get(call->input, "networkConfiguration"), "awsvpcConfiguration");
    bool awsvpc = launch->definition->network_mode == NETWORK_AWSVPC;
    if (awsvpc && network == NULL)
        return api_fail(call, ERROR_NETWORK_MISSING, NULL);
    if (!awsvpc && network != NULL)
        return api_fail(call, ERROR_NETWORK_NOT_VALID, NULL);
    if (network == NULL)
        return 0;
    launch->subnets = value_get(network, "subnets");
    if (value_string_at(launch->subnets, 0) == NULL)
        return api_fail(call, ERROR_SUBNETS_EMPTY, NULL);
    task_launch_read_zones(call->engine, call->scope, call->arena, launch);
    if (launch->kind != LAUNCH_FARGATE && text_equal(value_string(network, "assignPublicIp"), "ENABLED"))
        return api_fail(call, ERROR_PUBLIC_IP, NULL);
    return 0;
}

static int check_roles(struct api_call *call, struct task_launch *launch) {
    if (!value_bool(call->input, "enableExecuteCommand", false))
        return 0;
    if (launch->definition->task_role_arn == NULL &&
        value_string_nonempty(value_get(call->input, "overrides"), "taskRoleArn") == NULL)
        return api_fail(call, ERROR_EXECUTE_COMMAND_ROLE, NULL);
    return 0;
}

/* "1 vCPU" is shown as "1024", as in a task definition (facts: tasks 4.3). */
static const char *plain_size(
    struct api_call *call, const char *text, int (*parse)(const char *text, int64_t *ret_number)) {
    int64_t number = 0;
    if (text == NULL || parse(text, &number) != 0)
        return text;
    return arena_printf(call->arena, "%lld", (long long)number);
}

/* What the request says about the tasks and nothing has to be checked against. */
static void read_wishes(struct api_call *call, struct task_launch *launch) {
    const struct value *overrides = value_get(call->input, "overrides");
    launch->started_by = value_string_nonempty(call->input, "startedBy");
    launch->enable_execute_command = value_bool(call->input, "enableExecuteCommand", false);
    launch->cpu = plain_size(call, value_string_nonempty(overrides, "cpu"), task_definition_parse_cpu);
    launch->memory = plain_size(
        call, value_string_nonempty(overrides, "memory"), task_definition_parse_memory);
    launch->tags = value_get(call->input, "tags");
    launch->managed_tags = value_bool(call->input, "enableECSManagedTags", false);
    launch->propagate_definition = text_equal(value_string(call->input, "propagateTags"), "TASK_DEFINITION");
    launch->placement_constraints = value_get(call->input, "placementConstraints");
    launch->placement_strategy = value_get(call->input, "placementStrategy");
}

static bool has_key(const struct value *tags, const char *key) {
    value_for_each(tag, tags) {
        if (text_equal(value_string(tag, "key"), key))
            return true;
    }
    return false;
}

/* The limit holds for what the task gets of both: its own tags and those of its definition (D). */
static int check_propagated_tags(struct api_call *call, const struct task_launch *launch) {
    struct task_definition_row row;
    struct value *inherited = NULL;
    size_t count = value_count(launch->tags);
    if (!launch->propagate_definition || count == 0)
        return 0;
    int result = task_definition_rows_get_by_id(
        engine_store(call->engine), launch->definition_id, call->arena, &row);
    if (result != 0 || value_parse(call->arena, row.tags, strlen(row.tags), &inherited) != 0)
        return result < 0 ? result : 0;
    value_for_each(tag, inherited) count += !has_key(launch->tags, value_string(tag, "key"));
    return count > TAGS_OF_TASK_MAX ? api_fail(call, ERROR_TAGS_TOO_MANY, NULL) : 0;
}

/* What RunTask and StartTask check alike. The launch type is known by now. */
static int check_launch(struct api_call *call, struct task_launch *launch) {
    launch->launch_type = task_launch_type_name(launch->kind);
    read_wishes(call, launch);
    if (!launch->definition_active)
        return api_fail(call, ERROR_TASK_DEFINITION_INACTIVE, NULL);
    if (text_equal(value_string(call->input, "propagateTags"), "SERVICE"))
        return api_fail(call, ERROR_PROPAGATE_SERVICE, NULL);
    int result = check_tags(call, value_get(call->input, "tags"));
    if (result == 0)
        result = check_propagated_tags(call, launch);
    if (result != 0)
        return result;
    if (!task_launch_supported(launch->definition, launch->kind))
        return api_fail(call, ERROR_LAUNCH_TYPE_UNSUPPORTED, launch->launch_type);
    result = check_network(call, launch);
    if (result == 0)
        result = launch_check_volumes(call, launch);
    if (result == 0)
        result = check_overrides(call, launch);
    return result == 0 ? check_roles(call, launch) : result;
}

static int check_platform(struct api_call *call, struct task_launch *launch) {
    const char *version = value_string_nonempty(call->input, "platformVersion");
    if (launch->kind != LAUNCH_FARGATE)
        return version != NULL ? api_fail(call, ERROR_PLATFORM_VERSION_EC2, NULL) : 0;
    if (value_count(value_get(call->input, "placementConstraints")) != 0)
        return api_fail(call, ERROR_FARGATE_CONSTRAINTS, NULL);
    if (value_count(value_get(call->input, "placementStrategy")) != 0)
        return api_fail(call, ERROR_FARGATE_STRATEGIES, NULL);
    int result = task_launch_platform(launch, version);
    if (result == TASK_PLATFORM_INCOMPATIBLE)
        return api_fail(call, ERROR_PLATFORM_INCOMPATIBLE, NULL);
    return result != 0 ? api_fail(call, ERROR_PLATFORM_UNKNOWN, NULL) : 0;
}

/* What the definition and the call say about where (facts: tasks 8.3). */
static int check_placement(struct api_call *call, struct task_launch *launch) {
    const char *group = value_string_nonempty(call->input, "group");
    launch->group = group != NULL ? group
                                  : arena_printf(call->arena, "family:%s", launch->definition->family);
    struct violation violation;
    const struct value *fixed = launch->kind != LAUNCH_FARGATE ? launch->definition->placement_constraints
                                                               : NULL;
    if (placement_rules_read(call->arena, fixed, value_get(call->input, "placementConstraints"),
            value_get(call->input, "placementStrategy"), &launch->rules, &violation) != 0)
        return api_fail_with(call, &violation);
    return 0;
}

static bool has_active_instance(const struct cluster *cluster, const char *capacity_provider_or_null) {
    for (unsigned index = 0; index < cluster->instance_count; index++) {
        const struct instance *instance = cluster->instances[index];
        if (instance->status == INSTANCE_ACTIVE &&
            (capacity_provider_or_null == NULL ||
                text_equal(instance->capacity_provider, capacity_provider_or_null)))
            return true;
    }
    return false;
}

/* An exception instead of failures when there is no instance at all (facts: tasks 8.4), unless managed scaling
 * would bring one. */
static int check_instances(
    struct api_call *call, const struct cluster *cluster, const struct task_launch *launch) {
    if (launch->kind == LAUNCH_FARGATE || launch->kind == LAUNCH_MANAGED_INSTANCES)
        return 0;
    if (launch->strategy == NULL)
        return has_active_instance(cluster, NULL) ? 0 : api_fail(call, ERROR_NO_INSTANCES, NULL);
    for (size_t index = 0; index < value_count(launch->strategy); index++) {
        const struct capacity_provider *provider = &launch->providers[index];
        if (provider->managed_scaling || has_active_instance(cluster, provider->name))
            return 0;
    }
    return api_fail(call, ERROR_NO_INSTANCES_IN_PROVIDER, NULL);
}

/* One failure for each missing task; when nothing could be placed, also one for each examined instance (facts: tasks 5.3;
 * issue of partial placement: D). */
static unsigned write_placement_failures(struct api_call *call, const struct cluster *cluster,
    const struct place_request *request, unsigned missing, bool partial) {
    unsigned written = 0;
    bool every = !partial;
    while (written < missing) {
        unsigned before = written;
        for (unsigned index = 0; index < cluster->instance_count && (every || written < missing); index++) {
            const struct instance *instance = cluster->instances[index];
            if (instance->status != INSTANCE_ACTIVE ||
                (request->capacity_provider != NULL &&
                    !text_equal(instance->capacity_provider, request->capacity_provider)))
                continue;
            const char *reason = engine_refusal(call->engine, instance, request);
            if (reason == NULL)
                continue;
            write_failure(&call->writer, instance->arn, reason);
            written++;
        }
        if (written == before)
            break;
        every = false;
    }
    return written;
}

/* Where a provider has no instance there is none to name (facts: tasks 5.6; here D). */
static void write_empty_provider(struct api_call *call, const char *provider, unsigned missing) {
    const char *arn = arn_capacity_provider(
        call->arena, scope_region(call->scope), scope_account(call->scope), provider);
    for (; missing != 0; missing--)
        write_failure(&call->writer, arn, "EMPTY CAPACITY PROVIDER");
}

/* No capacity: one failure for each missing task; there is no resource to name (facts: tasks 5.3, A-). */
static void write_unavailable(struct api_call *call, const char *reason, unsigned missing) {
    for (; missing != 0; missing--) {
        writer_object_begin(&call->writer);
        writer_key_string(&call->writer, "reason", reason);
        writer_object_end(&call->writer);
    }
}

/* What could not be placed, and with which provider. */
struct shortage {
    unsigned placed;
    unsigned missing;
    const char *capacity_provider;
    const char *unavailable;
};

static void write_shortage(struct api_call *call, const struct cluster *cluster, struct task_launch *launch,
    const struct shortage *shortage) {
    struct place_request request;
    launch->capacity_provider = shortage->capacity_provider;
    task_launch_place_request(launch, &request);
    if (shortage->unavailable != NULL)
        write_unavailable(call, shortage->unavailable, shortage->missing);
    else if (write_placement_failures(call, cluster, &request, shortage->missing, shortage->placed != 0) ==
                 0 &&
             shortage->capacity_provider != NULL)
        write_empty_provider(call, shortage->capacity_provider, shortage->missing);
}

/* Where one provider has no room the next task may still find some with another. */
static int run_tasks(
    struct api_call *call, struct cluster *cluster, struct task_launch *launch, unsigned count) {
    struct shortage shortage = {0};
    for (unsigned number = 0; number < count; number++) {
        struct task *task = NULL;
        int result = engine_task_place(call->engine, cluster, launch, &task);
        if (result == 0) {
            write_task(&call->writer, task, true);
            shortage.placed++;
            continue;
        }
        if (result != ENGINE_NOT_FOUND)
            return result;
        shortage.missing++;
        shortage.capacity_provider = launch->capacity_provider;
        shortage.unavailable = launch->unavailable;
        if (value_count(launch->strategy) <= 1) {
            shortage.missing = count - number;
            break;
        }
    }
    writer_list_end(&call->writer);
    writer_key_list_begin(&call->writer, "failures");
    if (shortage.missing != 0)
        write_shortage(call, cluster, launch, &shortage);
    writer_list_end(&call->writer);
    return 0;
}

static int check_run(struct api_call *call, struct cluster *cluster, struct task_launch *launch) {
    int result = launch_choose_capacity(call, cluster, launch);
    if (result == 0)
        result = check_platform(call, launch);
    if (result == 0)
        result = check_launch(call, launch);
    if (result == 0)
        result = check_placement(call, launch);
    return result;
}

int api_run_task(struct api_call *call) {
    struct task_launch launch = {0};
    struct cluster *cluster = NULL;
    int result = find_definition(call, &launch);
    if (result == 0)
        result = lookup_active_cluster(call, "cluster", &cluster);
    if (result == 0)
        result = check_run(call, cluster, &launch);
    if (result == 0)
        result = client_token_replay(call, cluster);
    if (result == CLIENT_TOKEN_REPLAYED)
        return 0;
    if (result == 0)
        result = check_instances(call, cluster, &launch);
    if (result != 0)
        return result;
    unsigned count = (unsigned)value_int(call->input, "count", 1);
    writer_object_begin(&call->writer);
    writer_key_list_begin(&call->writer, "tasks");
    result = run_tasks(call, cluster, &launch, count);
    writer_object_end(&call->writer);
    return result == 0 ? client_token_keep(call, cluster) : result;
}

struct start_failure {
    const char *arn;
    const char *reason;
};

/* Starts on one named instance, or says why not. */
static int start_on(struct api_call *call, struct cluster *cluster, const char *id,
    struct task_launch *launch, const char **ret_reason) {
    struct place_request request;
    task_launch_place_request(launch, &request);
    struct instance *instance = engine_instance_find(call->engine, cluster, id);
    if (instance == NULL)
        *ret_reason = "MISSING";
    else if (instance->status == INSTANCE_INACTIVE)
        *ret_reason = "INACTIVE";
    else
        *ret_reason = engine_refusal(call->engine, instance, &request);
    if (*ret_reason != NULL)
        return 0;
    struct task *task = NULL;
    int result = engine_task_launch(call->engine, cluster, instance, launch, &task);
    if (result == 0)
        write_task(&call->writer, task, true);
    return result;
}

static int resolve_instances(struct api_call *call, const struct cluster *cluster, const struct value *list,
    const char *ids[START_INSTANCES_MAX]) {
    for (size_t index = 0; index < value_count(list) && index < START_INSTANCES_MAX; index++) {
        struct violation violation;
        if (arn_resolve_in_cluster(call->arena, ARN_CONTAINER_INSTANCE, "containerInstance",
                value_string_at(list, index), cluster->name, scope_region(call->scope),
                scope_account(call->scope), &ids[index], &violation) != 0)
            return api_fail_with(call, &violation);
    }
    return 0;
}

int api_start_task(struct api_call *call) {
    struct task_launch launch = {.kind = LAUNCH_EC2};
    struct cluster *cluster = NULL;
    const char *ids[START_INSTANCES_MAX];
    const struct value *list = value_get(call->input, "containerInstances");
    int result = find_definition(call, &launch);
    if (result == 0)
        result = lookup_active_cluster(call, "cluster", &cluster);
    if (result == 0)
        result = check_launch(call, &launch);
    if (result == 0)
        result = check_placement(call, &launch);
    if (result == 0)
        result = resolve_instances(call, cluster, list, ids);
    if (result != 0)
        return result;
    struct start_failure failures[START_INSTANCES_MAX];
    unsigned failed = 0;
    writer_object_begin(&call->writer);
    writer_key_list_begin(&call->writer, "tasks");
    for (size_t index = 0; index < value_count(list) && index < START_INSTANCES_MAX; index++) {
        const char *reason = NULL;
        result = start_on(call, cluster, ids[index], &launch, &reason);
        if (result != 0)
            return result;
        if (reason != NULL)
            failures[failed++] = (struct start_failure){
                arn_container_instance(call->arena, scope_region(call->scope), scope_account(call->scope),
                    cluster->name, ids[index]),
                reason};
    }
    writer_list_end(&call->writer);
    writer_key_list_begin(&call->writer, "failures");
    for (unsigned index = 0; index < failed; index++)
        write_failure(&call->writer, failures[index].arn, failures[index].reason);
    writer_list_end(&call->writer);
    writer_object_end(&call->writer);
    return 0;
}
