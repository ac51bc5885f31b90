/* CreateExpressGatewayService, UpdateExpressGatewayService, DeleteExpressGatewayService, DescribeExpressGatewayService
 * (facts: services 12). Each is an ordinary service on Fargate with a task definition of its own; what makes it an
 * Express service is a member of its document (express_reply.h). Texts of refusals are not established (D). */
#include "ecs-local/domain/express.h"

#include <string.h>

#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/arn.h"
#include "express_reply.h"
#include "service_facts.h"

static int check_role(struct api_call *call, const char *role) {
    return text_starts_with(role, "arn:") && strstr(role, ":iam::") != NULL && strstr(role, ":role/") != NULL
               ? 0
               : api_fail(call, ERROR_EXPRESS_ROLE, NULL);
}

/* What a new or updated Express service is to be. */
struct express_plan {
    const char *name;
    struct cluster *cluster;
    struct service *service; /* NULL: a new one */
    const char *log_group;
    struct value *settings;
    const char *infrastructure_role;
    const char *endpoint;
    struct service_view_of_world world;
};

static const char *log_group_of(struct api_call *call, const struct cluster *cluster, const char *name) {
    return arena_printf(call->arena, "/aws/ecs/%s/%s", cluster->name, name);
}

/* A task definition that the customer brings must be one that Express services can run. */
static int check_customer_definition(struct api_call *call, const char *text) {
    const char *family = NULL;
    int64_t revision = 0;
    struct task_definition_row row;
    struct value *document = NULL;
    struct violation violation;
    int result = lookup_task_definition_name(call, text, &family, &revision);
    if (result == 0)
        result = task_definition_rows_get(
            engine_store(call->engine), scope_id(call->scope), family, revision, call->arena, &row);
    if (result == STORE_NOT_FOUND)
        return api_fail(call, ERROR_TASK_DEFINITION_NOT_FOUND, NULL);
    if (result != 0)
        return result;
    if (value_parse(call->arena, row.document, strlen(row.document), &document) != 0)
        return -1;
    return express_check_definition(document, &violation) != 0 ? api_fail_with(call, &violation) : 0;
}

/* The task definition: made, unless it is the customer's or the one that is there already serves. */
static int make_definition(
    struct api_call *call, struct express_plan *plan, const struct value *before_or_null) {
    struct task_definition_row row;
    struct value *request = express_task_definition(
        call->arena, plan->settings, plan->name, scope_region(call->scope));
    if (request == NULL)
        return check_customer_definition(call, value_string(plan->settings, "taskDefinitionArn"));
    if (before_or_null != NULL && express_same_definition(before_or_null, plan->settings)) {
        value_set(
            call->arena, plan->settings, "taskDefinitionArn", value_get(before_or_null, "taskDefinitionArn"));
        return 0;
    }
    int result = task_definition_register(call, request, &row);
    if (result == 0)
        value_set(call->arena, plan->settings, "taskDefinitionArn",
            value_new_string(
                call->arena, arena_printf(call->arena, "arn:%s:ecs:%s:%s:task-definition/%s:%lld",
                                 scope_partition(call->scope), scope_region(call->scope),
                                 scope_account(call->scope), row.family, (long long)row.revision)));
    return result;
}

static void set_text(struct api_call *call, struct value *map, const char *key, const char *text) {
    value_set(call->arena, map, key, value_new_string(call->arena, text));
}

static struct value *express_member(struct api_call *call, const struct express_plan *plan) {
    struct value *express = value_new_map(call->arena, 3);
    set_text(call, express, "infrastructureRoleArn", plan->infrastructure_role);
    set_text(call, express, "endpoint", plan->endpoint);
    value_set(call->arena, express, "settings", plan->settings);
    return express;
}

/* Nobody can ask for it: what fails is taken back (D). */
static struct value *with_breaker(struct api_call *call) {
    struct value *configuration = value_new_map(call->arena, 1);
    struct value *breaker = value_new_map(call->arena, 2);
    value_add(call->arena, breaker, "enable", value_new_bool(call->arena, true));
    value_add(call->arena, breaker, "rollback", value_new_bool(call->arena, true));
    value_add(call->arena, configuration, "deploymentCircuitBreaker", breaker);
    return configuration;
}

/* The request that CreateService or UpdateService would get for it. */
static struct value *service_request(struct api_call *call, const struct express_plan *plan) {
    struct value *request = value_new_map(call->arena, 8);
    set_text(call, request, "serviceName", plan->name);
    value_set(call->arena, request, "taskDefinition", value_get(plan->settings, "taskDefinitionArn"));
    value_set(call->arena, request, "networkConfiguration", express_network(call->arena, plan->settings));
    if (plan->service == NULL) {
        set_text(call, request, "launchType", "FARGATE");
        value_set(call->arena, request, "deploymentConfiguration", with_breaker(call));
        value_set(call->arena, request, "desiredCount",
            value_new_int(call->arena, express_min_tasks(plan->settings)));
    }
    return request;
}

static int check_new(struct api_call *call, struct express_plan *plan) {
    struct violation violation;
    int result = lookup_active_cluster(call, "cluster", &plan->cluster);
    if (result != 0)
        return result;
    plan->name = value_string_nonempty(call->input, "serviceName");
    if (plan->name == NULL) {
        char id[9];
        ids_hex_bytes(engine_ids(call->engine), id, 4);
        plan->name = arena_printf(call->arena, "express-service-%s", id);
    }
    plan->infrastructure_role = value_string(call->input, "infrastructureRoleArn");
    plan->log_group = log_group_of(call, plan->cluster, plan->name);
    result = check_role(call, plan->infrastructure_role);
    if (result != 0)
        return result;
    if (service_check_name(call->arena, plan->name, &violation) != 0 ||
        express_settings_new(call->arena, call->input, plan->log_group, &plan->settings, &violation) != 0)
        return api_fail_with(call, &violation);
    return check_tags(call, value_get(call->input, "tags"));
}

static int check_free(struct api_call *call, const struct express_plan *plan) {
    const struct service *service = engine_service_find(call->engine, plan->cluster, plan->name);
    if (service == NULL || service->status == SERVICE_INACTIVE)
        return 0;
    return api_fail(call,
        service->status == SERVICE_DRAINING ? ERROR_SERVICE_DRAINING : ERROR_SERVICE_NOT_IDEMPOTENT, NULL);
}

/* The rules of services read the request where the call has it. */
static int read_facts(struct api_call *call, struct express_plan *plan, const struct value *request,
    const struct value *before_or_null) {
    const struct value *input = call->input;
    call->input = request;
    int result = before_or_null == NULL
                     ? service_facts_new(call, plan->cluster, request, &plan->world)
                     : service_facts_updated(call, plan->cluster, request, before_or_null, &plan->world);
    call->input = input;
    if (result == 0)
        set_text(call, plan->settings, "taskDefinitionArn", plan->world.facts.definition_arn);
    return result;
}

static int create(struct api_call *call, struct express_plan *plan) {
    struct violation violation;
    const struct value *request = service_request(call, plan);
    int result = read_facts(call, plan, request, NULL);
    if (result != 0)
        return result;
    struct value *document = service_spec_new(call->arena, request, &plan->world.facts);
    if (service_check_create(call->arena, request, document, &plan->world.facts, &violation) != 0)
        return api_fail_with(call, &violation);
    struct value *revision = service_revision_document(call->arena, document, &plan->world.facts, true);
    value_set(call->arena, document, EXPRESS_MEMBER, express_member(call, plan));
    value_set(call->arena, revision, EXPRESS_MEMBER, express_member(call, plan));
    set_text(call, document, "resourceManagementType", "ECS");
    struct service_spec spec = {
        .name = plan->name,
        .document = document,
        .revision = revision,
        .definition_id = plan->world.definition_id,
        .family_id = plan->world.family_id,
        .desired_count = express_min_tasks(plan->settings),
        .tags = tags_text(call, value_get(call->input, "tags")),
        .created_by = arena_printf(
            call->arena, "arn:%s:iam::%s:root", scope_partition(call->scope), scope_account(call->scope)),
    };
    return engine_service_create(call->engine, plan->cluster, &spec, &plan->service);
}

int api_create_express_gateway_service(struct api_call *call) {
    struct express_plan plan = {0};
    char endpoint[ID_HEX_SIZE];
    int result = check_new(call, &plan);
    if (result == 0)
        result = check_free(call, &plan);
    if (result == 0)
        result = make_definition(call, &plan, NULL);
    if (result != 0)
        return result;
    ids_hex(engine_ids(call->engine), endpoint);
    plan.endpoint = endpoint;
    result = create(call, &plan);
    return result == 0 ? reply_express(call, plan.service, true) : result;
}

/* The service of the request's serviceArn. `missing`: the error when there is none. */
static int find_service(struct api_call *call, enum api_error missing, struct service **ret_service,
    const struct value **ret_document) {
    const char *arn = value_string(call->input, "serviceArn");
    struct cluster *cluster = NULL;
    const char *name = NULL;
    struct service_contents contents;
    int result = service_arn_read(call, arn, &cluster, &name);
    if (result != 0)
        return result;
    if (cluster == NULL)
        return api_fail(call, ERROR_CLUSTER_NOT_FOUND, NULL);
    *ret_service = engine_service_find(call->engine, cluster, name);
    if (*ret_service == NULL)
        return api_fail(call, missing, NULL);
    result = service_contents_read(call, *ret_service, &contents);
    if (result != 0)
        return result;
    if (!value_has(contents.document, EXPRESS_MEMBER))
        return api_fail(call, ERROR_NOT_EXPRESS, NULL);
    *ret_document = contents.document;
    return 0;
}

static int find_active(
    struct api_call *call, struct service **ret_service, const struct value **ret_document) {
    int result = find_service(call, ERROR_SERVICE_NOT_FOUND, ret_service, ret_document);
    if (result == 0 && (*ret_service)->status != SERVICE_ACTIVE)
        return api_fail(call, ERROR_EXPRESS_NOT_ACTIVE, service_status_name((*ret_service)->status));
    return result;
}

int api_describe_express_gateway_service(struct api_call *call) {
    struct service *service = NULL;
    const struct value *document = NULL;
    int result = find_service(call, ERROR_EXPRESS_NOT_FOUND, &service, &document);
    return result == 0 ? reply_express(call, service, include_has(call, "TAGS")) : result;
}

int api_delete_express_gateway_service(struct api_call *call) {
    struct service *service = NULL;
    const struct value *document = NULL;
    int result = find_active(call, &service, &document);
    if (result == 0)
        result = engine_service_delete(call->engine, service);
    return result == 0 ? reply_express(call, service, false) : result;
}

static int read_plan(
    struct api_call *call, struct service *service, const struct value *document, struct express_plan *plan) {
    struct violation violation;
    const struct value *express = value_get(document, EXPRESS_MEMBER);
    *plan = (struct express_plan){
        .name = service->name,
        .cluster = service->cluster,
        .service = service,
        .log_group = log_group_of(call, service->cluster, service->name),
        .infrastructure_role = value_string(express, "infrastructureRoleArn"),
        .endpoint = value_string(express, "endpoint"),
    };
    if (express_settings_updated(call->arena, value_get(express, "settings"), call->input, plan->log_group,
            &plan->settings, &violation) != 0)
        return api_fail_with(call, &violation);
    return 0;
}

/* Within the new bounds of the scaling target; -1: as it is. */
static int new_desired(const struct express_plan *plan) {
    int desired = plan->service->desired_count;
    if (desired < express_min_tasks(plan->settings))
        return express_min_tasks(plan->settings);
    return desired > express_max_tasks(plan->settings) ? express_max_tasks(plan->settings) : -1;
}

static int deploy(struct api_call *call, struct express_plan *plan, const struct value *before) {
    struct violation violation;
    struct deployment *deployment = NULL;
    const struct value *request = service_request(call, plan);
    int result = read_facts(call, plan, request, before);
    if (result != 0)
        return result;
    struct value *after = service_spec_updated(call->arena, before, request, &plan->world.facts);
    if (service_check_update(call->arena, request, before, after, &plan->world.facts, &violation) != 0)
        return api_fail_with(call, &violation);
    struct value *revision = service_revision_document(call->arena, after, &plan->world.facts, false);
    value_set(call->arena, after, EXPRESS_MEMBER, express_member(call, plan));
    value_set(call->arena, revision, EXPRESS_MEMBER, express_member(call, plan));
    result = engine_service_update(call->engine, plan->service, after, new_desired(plan));
    return result == 0 ? engine_service_deploy(call->engine, plan->service, NULL, revision,
                             plan->world.definition_id, plan->world.family_id, &deployment)
                       : result;
}

int api_update_express_gateway_service(struct api_call *call) {
    struct service *service = NULL;
    const struct value *document = NULL;
    struct express_plan plan;
    int result = find_active(call, &service, &document);
    if (result == 0)
        result = read_plan(call, service, document, &plan);
    if (result == 0)
        result = make_definition(call, &plan, value_get(value_get(document, EXPRESS_MEMBER), "settings"));
    if (result == 0)
        result = deploy(call, &plan, document);
    return result == 0 ? reply_express_updated(call, service) : result;
}
