/* Services: Create, Update, Delete, Describe, List, ListByNamespace (facts: services 2 to 6). */
#include <string.h>

#include "cluster_reply.h"
#include "ecs-local/base/text.h"
#include "ecs-local/store/service_rows.h"
#include "gateway_lookup.h"
#include "page_token.h"
#include "service_connect.h"
#include "service_facts.h"
#include "service_make.h"
#include "service_reply.h"

enum {
    SERVICES_PAGE = 10, /* facts: services 1.4 */
    WHOLE_PERCENT = 100,
};

/* The request as it must be again to be the same (facts: services 2.2): tags and the token itself do not count. */
static const char *request_text(struct api_call *call, const struct value *request) {
    struct value *copy = value_clone(call->arena, request);
    value_remove(copy, "clientToken");
    value_remove(copy, "tags");
    return value_text(call, copy);
}

/* A service of that name is there. 0 when it does not count any more, SERVICE_REPLAYED when this is its creation again,
 * API_ERROR. */
enum {
    SERVICE_REPLAYED = 1
};
static int check_existing(struct api_call *call, const struct service *service, const struct value *request) {
    static const struct service_view view = {.some_tags = true};
    struct service_contents contents;
    const char *token = value_string(request, "clientToken");
    if (service == NULL || service->status == SERVICE_INACTIVE)
        return 0;
    if (service->status == SERVICE_DRAINING)
        return api_fail(call, ERROR_SERVICE_DRAINING, NULL);
    int result = service_contents_read(call, service, &contents);
    if (result != 0)
        return result;
    if (token == NULL || !text_equal(token, value_string(contents.document, "clientToken")) ||
        !text_equal(value_string(contents.document, "createRequest"), request_text(call, request)))
        return api_fail(call, ERROR_SERVICE_NOT_IDEMPOTENT, NULL);
    result = reply_service(call, service, &view);
    return result == 0 ? SERVICE_REPLAYED : result;
}

static const char *caller_arn(struct api_call *call) {
    return arena_printf(
        call->arena, "arn:%s:iam::%s:root", scope_partition(call->scope), scope_account(call->scope));
}

static void add_creation(struct api_call *call, struct value *document, const struct value *request) {
    const char *token = value_string(request, "clientToken");
    if (token == NULL)
        return;
    value_set(call->arena, document, "clientToken", value_new_string(call->arena, token));
    value_set(
        call->arena, document, "createRequest", value_new_string(call->arena, request_text(call, request)));
}

/* Looks up and checks; *ret_document: what the service will be. */
int service_prepare(struct api_call *call, const struct cluster *cluster, const struct value *request,
    struct service_view_of_world *world, struct value **ret_document) {
    struct violation violation;
    if (service_check_name(call->arena, value_string(request, "serviceName"), &violation) != 0)
        return api_fail_with(call, &violation);
    int result = service_facts_new(call, cluster, request, world);
    if (result != 0)
        return result;
    struct value *document = service_spec_new(call->arena, request, &world->facts);
    if (service_check_create(call->arena, request, document, &world->facts, &violation) != 0)
        return api_fail_with(call, &violation);
    *ret_document = document;
    return check_tags(call, value_get(request, "tags"));
}

/* CodeDeploy has one task set, which serves (facts: services 2.5). */
static int create_for_code_deploy(struct api_call *call, struct service *service,
    const struct value *document, const struct service_view_of_world *world) {
    struct deployment *task_set = NULL;
    struct value *own = service_revision_document(call->arena, document, &world->facts, true);
    value_set(call->arena, own, "startedBy", value_new_string(call->arena, "CODE_DEPLOY"));
    const struct task_set_spec spec = {
        .document = own,
        .definition_id = world->definition_id,
        .family_id = world->family_id,
        .scale_percent = WHOLE_PERCENT,
    };
    int result = engine_task_set_create(call->engine, service, &spec, &task_set);
    return result == 0 ? engine_task_set_make_primary(call->engine, service, task_set, document) : result;
}

int service_make(struct api_call *call, struct cluster *cluster, const struct value *request,
    struct value *document, const struct service_view_of_world *world, struct service **ret_service) {
    const char *controller = service_controller(document);
    bool ecs = text_equal(controller, "ECS");
    add_creation(call, document, request);
    struct service_spec spec = {
        .name = value_string(request, "serviceName"),
        .document = document,
        .revision = ecs ? service_revision_document(call->arena, document, &world->facts, true) : NULL,
        .definition_id = world->definition_id,
        .family_id = world->family_id,
        .desired_count = (int)value_int(request, "desiredCount", 0),
        .tags = tags_text(call, value_get(request, "tags")),
        .created_by = caller_arn(call),
    };
    int result = engine_service_create(call->engine, cluster, &spec, ret_service);
    if (result == 0 && text_equal(controller, "CODE_DEPLOY"))
        result = create_for_code_deploy(call, *ret_service, document, world);
    if (result == 0)
        result = engine_gateway_routes_set(
            call->engine, cluster, (*ret_service)->name, value_get(document, "gatewayConnectors"), false);
    return result;
}

int api_create_service(struct api_call *call) {
    static const struct service_view view = {.some_tags = true, .created = true};
    struct cluster *cluster = NULL;
    struct service *service = NULL;
    struct value *document = NULL;
    struct service_view_of_world world;
    const struct value *request = service_given(call->arena, call->input);
    int result = lookup_active_cluster(call, "cluster", &cluster);
    if (result == 0)
        result = service_prepare(call, cluster, request, &world, &document);
    if (result == 0)
        result = check_existing(
            call, engine_service_find(call->engine, cluster, value_string(request, "serviceName")), request);
    if (result == SERVICE_REPLAYED)
        return 0;
    if (result == 0)
        result = service_connect_check_free(call, document, NULL);
    if (result == 0)
        result = service_make(call, cluster, request, document, &world, &service);
    return result == 0 ? reply_service(call, service, &view) : result;
}

/* The document after the update, checked. */
static int prepare_update(struct api_call *call, struct service *service, const struct value *request,
    struct service_view_of_world *world, const struct value **ret_before, struct value **ret_after) {
    struct service_contents contents;
    struct violation violation;
    int result = service_contents_read(call, service, &contents);
    if (result == 0)
        result = service_facts_updated(call, service->cluster, request, contents.document, world);
    if (result != 0)
        return result;
    *ret_before = contents.document;
    *ret_after = service_spec_updated(call->arena, *ret_before, request, &world->facts);
    if (service_check_update(call->arena, request, *ret_before, *ret_after, &world->facts, &violation) != 0)
        return api_fail_with(call, &violation);
    return service_connect_check_free(call, *ret_after, service);
}

int service_change(struct api_call *call, struct service *service, const struct value *request) {
    const struct value *before = NULL;
    struct value *after = NULL;
    struct deployment *deployment = NULL;
    struct service_view_of_world world;
    int result = prepare_update(call, service, request, &world, &before, &after);
    if (result != 0)
        return result;
    result = engine_service_update(call->engine, service, after, (int)value_int(request, "desiredCount", -1));
    bool handed_over = !text_equal(service_controller(before), service_controller(after));
    if (result == 0 && handed_over)
        result = engine_service_controller_changed(call->engine, service);
    if (result == 0 && text_equal(service_controller(after), "ECS") &&
        (service_redeploys(call->arena, before, after, request) || service->primary == NULL))
        result = engine_service_deploy(call->engine, service, NULL,
            service_revision_document(call->arena, after, &world.facts, false), world.definition_id,
            world.family_id, &deployment);
    if (result == 0 && value_has(request, "gatewayConnectors"))
        result = engine_gateway_routes_set(call->engine, service->cluster, service->name,
            value_get(request, "gatewayConnectors"),
            !value_equal(value_get(before, "gatewayConnectors"), value_get(after, "gatewayConnectors")));
    return result;
}

int api_update_service(struct api_call *call) {
    static const struct service_view view = {0};
    struct cluster *cluster = NULL;
    struct service *service = NULL;
    int result = lookup_active_cluster(call, "cluster", &cluster);
    if (result == 0)
        result = lookup_active_service(call, cluster, &service);
    if (result == 0)
        result = service_change(call, service, service_given(call->arena, call->input));
    return result == 0 ? reply_service(call, service, &view) : result;
}

static bool has_task_sets(const struct service *service) {
    for (const struct deployment *deployment = service->deployments; deployment != NULL;
         deployment = deployment->next) {
        if (deployment->is_task_set && deployment->status != DEPLOYMENT_INACTIVE)
            return true;
    }
    return false;
}

/* facts: services 4 */
static int check_delete(struct api_call *call, const struct service *service) {
    if (service->status != SERVICE_ACTIVE || value_bool(call->input, "force", false) ||
        service->settings.daemon)
        return 0;
    if (service->desired_count > 0)
        return api_fail(call, ERROR_SERVICE_SCALED, NULL);
    if (service->settings.controller == CONTROLLER_EXTERNAL && has_task_sets(service))
        return api_fail(call, ERROR_SERVICE_HAS_TASK_SETS, NULL);
    return 0;
}

int api_delete_service(struct api_call *call) {
    static const struct service_view view = {.deleted = true};
    struct cluster *cluster = NULL;
    const char *name = NULL;
    int result = lookup_cluster(call, "cluster", &cluster);
    if (result == 0)
        result = lookup_service_name(call, cluster, value_string(call->input, "service"), &name);
    if (result != 0)
        return result;
    struct service *service = engine_service_find(call->engine, cluster, name);
    if (service == NULL)
        return api_fail(call, ERROR_SERVICE_TO_DELETE_MISSING, NULL);
    result = check_delete(call, service);
    if (result == 0)
        result = engine_service_delete(call->engine, service);
    if (result == 0)
        result = engine_gateway_routes_set(call->engine, cluster, service->name, NULL, false);
    return result == 0 ? reply_service(call, service, &view) : result;
}

static const char *service_arn(struct api_call *call, const struct cluster *cluster, const char *name) {
    return arena_printf(call->arena, "arn:%s:ecs:%s:%s:service/%s/%s", scope_partition(call->scope),
        scope_region(call->scope), scope_account(call->scope), cluster->name, name);
}

static int describe_one(struct api_call *call, const struct cluster *cluster, const char *text,
    const struct service_view *view, struct value *missing) {
    const char *name = NULL;
    if (text[0] == '\0')
        return api_fail(call, ERROR_NAME_BLANK, "Services");
    int result = lookup_service_name(call, cluster, text, &name);
    if (result != 0)
        return result;
    const struct service *service = engine_service_find(call->engine, cluster, name);
    if (service != NULL)
        return write_service(call, service, view);
    value_append(call->arena, missing, value_new_string(call->arena, name));
    return 0;
}

int api_describe_services(struct api_call *call) {
    struct cluster *cluster = NULL;
    struct writer *writer = &call->writer;
    const struct value *services = value_get(call->input, "services");
    const struct service_view view = {.tags = include_has(call, "TAGS")};
    struct value *missing = value_new_list(call->arena, 0);
    int result = lookup_cluster(call, "cluster", &cluster);
    if (result == 0)
        result = engine_flush(call->engine);
    if (result != 0)
        return result;
    writer_object_begin(writer);
    writer_key_list_begin(writer, "services");
    for (size_t index = 0; result == 0 && index < value_count(services); index++)
        result = describe_one(call, cluster, value_string_at(services, index), &view, missing);
    if (result != 0)
        return result;
    writer_list_end(writer);
    writer_key_list_begin(writer, "failures");
    value_for_each(name, missing) write_failure(writer, service_arn(call, cluster, name->string), "MISSING");
    writer_list_end(writer);
    writer_object_end(writer);
    return 0;
}

/* The page of a list of services behind the cursor (a row). */
static int list_page(struct api_call *call, struct service_filter *filter, const char *filters,
    const struct cluster *cluster_or_null) {
    int64_t after = 0;
    unsigned count = 0;
    unsigned limit = page_size(call, SERVICES_PAGE);
    struct service_name *names = arena_new_array(call->arena, struct service_name, limit + 1);
    int result = row_page_begin(call, filters, &after);
    if (result == 0)
        result = engine_flush(call->engine);
    if (result == 0)
        result = service_rows_list(
            engine_store(call->engine), filter, after, limit + 1, call->arena, names, &count);
    if (result != 0)
        return result;
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_list_begin(writer, "serviceArns");
    for (unsigned index = 0; index < count && index < limit; index++) {
        const struct cluster *cluster = cluster_or_null;
        if (cluster == NULL)
            cluster = service_connect_cluster(call, names[index].cluster_id);
        if (cluster != NULL)
            writer_string(writer, service_arn(call, cluster, names[index].name));
    }
    writer_list_end(writer);
    if (count > limit)
        writer_key_string(writer, "nextToken",
            page_token_make(
                call, filters, arena_printf(call->arena, "%lld", (long long)names[limit - 1].id)));
    writer_object_end(writer);
    return 0;
}

int api_list_services(struct api_call *call) {
    struct cluster *cluster = NULL;
    int result = lookup_cluster(call, "cluster", &cluster);
    if (result != 0)
        return result;
    struct service_filter filter = {
        .cluster_id = cluster->id,
        .launch_type = value_string_nonempty(call->input, "launchType"),
        .scheduling_strategy = value_string_nonempty(call->input, "schedulingStrategy"),
        .resource_management = value_string_nonempty(call->input, "resourceManagementType"),
    };
    const char *filters = arena_printf(call->arena, "%lld,%s,%s,%s", (long long)cluster->id,
        filter.launch_type != NULL ? filter.launch_type : "",
        filter.scheduling_strategy != NULL ? filter.scheduling_strategy : "",
        filter.resource_management != NULL ? filter.resource_management : "");
    return list_page(call, &filter, filters, cluster);
}

int api_list_services_by_namespace(struct api_call *call) {
    const char *name_space = value_string(call->input, "namespace");
    struct service_filter filter = {.scope_id = scope_id(call->scope), .name_space = name_space};
    int result = service_connect_check_namespace(call, name_space);
    return result == 0 ? list_page(call, &filter, name_space, NULL) : result;
}
