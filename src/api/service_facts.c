#include "service_facts.h"

#include <string.h>

#include "cluster_reply.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/arn.h"
#include "task_request.h"

/* A revision that is asked for must be ACTIVE (facts: services 2.3 #3, #4); one that is in use already may have been
 * deregistered meanwhile, or be gone: then nothing is known of it. */
static int read_definition(
    struct api_call *call, const char *text, bool in_use, struct service_view_of_world *world) {
    const char *family = NULL;
    int64_t revision = 0;
    struct task_definition_row row;
    struct value *document = NULL;
    int result = lookup_task_definition_name(call, text, &family, &revision);
    if (result == 0)
        result = task_definition_rows_get(
            engine_store(call->engine), scope_id(call->scope), family, revision, call->arena, &row);
    if (result == STORE_NOT_FOUND)
        return in_use ? 0 : api_fail(call, ERROR_TASK_DEFINITION_NOT_FOUND, NULL);
    if (result != 0)
        return result;
    if (!in_use && !text_equal(row.status, "ACTIVE"))
        return api_fail(call, ERROR_SERVICE_DEFINITION_INACTIVE, NULL);
    if (value_parse(call->arena, row.document, strlen(row.document), &document) != 0)
        return -1;
    world->definition_id = row.id;
    world->family_id = row.family_id;
    world->facts.definition_document = document;
    world->facts.definition_arn = arn_task_definition(
        call->arena, scope_region(call->scope), scope_account(call->scope), row.family, row.revision);
    return engine_task_definition(call->engine, row.id, &world->facts.definition);
}

static const char *type_of_provider(const char *name) {
    return name != NULL && text_starts_with(name, "FARGATE") ? "FARGATE" : "EC2";
}

static const char *type_of_strategy(struct api_call *call, const struct value *strategy) {
    struct capacity_provider provider;
    const char *name = value_string(value_at(strategy, 0), "capacityProvider");
    if (name != NULL && capacity_provider_find(call, name, &provider) == 0)
        return task_launch_type_name(task_launch_kind_of_provider(provider.kind));
    return type_of_provider(name);
}

/* What is wrong with the strategy is told in its turn (facts: services 2.3 #32 to #35). */
static int read_capacity(struct api_call *call, const struct cluster *cluster, const struct value *request,
    struct service_view_of_world *world) {
    struct task_launch launch = {0};
    const struct value *strategy = value_get(request, "capacityProviderStrategy");
    int result = launch_choose_capacity(call, cluster, &launch);
    if (result < 0)
        return result;
    world->facts.strategy = launch.strategy;
    world->facts.launch_type = task_launch_type_name(launch.kind);
    if (result == API_ERROR) {
        world->strategy = call->error;
        world->facts.strategy_violation = &world->strategy;
        world->facts.strategy = strategy;
        const char *type = value_string(request, "launchType");
        world->facts.launch_type = type != NULL ? type : type_of_strategy(call, strategy);
    } else if (launch.strategy == NULL && value_string(request, "launchType") == NULL) {
        world->facts.launch_type = "EC2"; /* facts: services 2.4, step 5 */
    }
    return 0;
}

static void read_platform(struct api_call *call, const char *version, struct service_view_of_world *world) {
    struct task_launch launch = {.definition = world->facts.definition};
    if (!text_equal(world->facts.launch_type, "FARGATE") || world->facts.definition == NULL)
        return;
    int result = task_launch_platform(&launch, version);
    if (result != 0) {
        api_fail(call,
            result == TASK_PLATFORM_INCOMPATIBLE ? ERROR_PLATFORM_INCOMPATIBLE : ERROR_PLATFORM_UNKNOWN,
            NULL);
        world->platform = call->error;
        world->facts.platform_violation = &world->platform;
    }
    world->facts.platform_family = world->facts.definition->is_windows ? world->facts.definition->os_family
                                                                       : "Linux";
}

static void begin(struct api_call *call, const struct cluster *cluster, struct service_view_of_world *world) {
    *world = (struct service_view_of_world){
        .facts = {
            .region = scope_region(call->scope),
            .account = scope_account(call->scope),
            .default_namespace = value_string_nonempty(
                value_get(cluster_document(call, cluster), "serviceConnectDefaults"), "namespace"),
        }};
}

int service_facts_new(struct api_call *call, const struct cluster *cluster, const struct value *request,
    struct service_view_of_world *ret_world) {
    const char *definition = value_string(request, "taskDefinition");
    bool external = text_equal(service_controller(request), "EXTERNAL");
    begin(call, cluster, ret_world);
    if (definition == NULL && !external)
        return api_fail(call, ERROR_NAME_BLANK, "TaskDefinition");
    /* The rules refuse a definition for a service whose task sets bring theirs. */
    if (external)
        return 0;
    int result = read_definition(call, definition, false, ret_world);
    if (result == 0)
        result = read_capacity(call, cluster, request, ret_world);
    if (result == 0)
        read_platform(call, value_string(request, "platformVersion"), ret_world);
    return result;
}

int service_facts_updated(struct api_call *call, const struct cluster *cluster, const struct value *request,
    const struct value *document, struct service_view_of_world *ret_world) {
    const char *asked = value_string(request, "taskDefinition");
    const char *used = value_string(document, "taskDefinition");
    const struct value *strategy = value_get(request, "capacityProviderStrategy");
    int result = 0;
    begin(call, cluster, ret_world);
    if (asked != NULL || used != NULL)
        result = read_definition(call, asked != NULL ? asked : used, asked == NULL, ret_world);
    if (result != 0)
        return result;
    const char *former = value_string(document, "launchType");
    if (former == NULL)
        former = value_string(document, "formerLaunchType");
    ret_world->facts.launch_type = former != NULL ? former : "EC2";
    if (value_count(strategy) != 0)
        result = read_capacity(call, cluster, request, ret_world);
    else if (strategy == NULL && value_has(document, "capacityProviderStrategy"))
        ret_world->facts.launch_type = type_of_strategy(
            call, value_get(document, "capacityProviderStrategy"));
    if (result == 0)
        read_platform(call, value_string(request, "platformVersion"), ret_world);
    return result;
}
