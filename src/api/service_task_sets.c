/* Task sets: Create, Update, Delete, Describe, and which one serves (facts: services 10). */
#include <string.h>

#include "ecs-local/base/text.h"
#include "ecs-local/domain/service_spec.h"
#include "service_facts.h"
#include "service_reply.h"

enum {
    TASK_SETS_MAX = 5, /* facts: services 1.4 */
};

static const double scale_most = 100.0;

/* The service, whose deployments must be somebody else's business. */
static int lookup_external(struct api_call *call, bool active, struct service **ret_service) {
    struct cluster *cluster = NULL;
    int result = lookup_cluster(call, "cluster", &cluster);
    if (result == 0)
        result = active ? lookup_active_service(call, cluster, ret_service)
                        : lookup_service(call, cluster, ret_service);
    if (result == 0 && (*ret_service)->settings.controller == CONTROLLER_ECS)
        return api_fail(call, ERROR_TASK_SET_CONTROLLER, NULL);
    return result;
}

static int lookup_task_set(struct api_call *call, const struct service *service, const char *member,
    struct deployment **ret_task_set) {
    struct deployment *task_set = task_set_find(service, value_string(call->input, member));
    if (task_set == NULL)
        return api_fail(call, ERROR_TASK_SET_MISSING, NULL);
    *ret_task_set = task_set;
    return 0;
}

static int reply_task_set(
    struct api_call *call, const struct service *service, const struct deployment *task_set, bool tags) {
    int result = engine_flush(call->engine);
    if (result != 0)
        return result;
    writer_object_begin(&call->writer);
    writer_key(&call->writer, "taskSet");
    result = write_task_set(call, service, task_set, tags);
    writer_object_end(&call->writer);
    return result;
}

/* Percent; absent: none (facts: services 10). 0 or API_ERROR. */
static int read_scale(struct api_call *call, const struct value *request, double *ret_percent) {
    const struct value *value = value_get(value_get(request, "scale"), "value");
    double percent = 0;
    if (value != NULL)
        percent = value->kind == VALUE_REAL ? value->real : (double)value->integer;
    if (percent < 0 || percent > scale_most)
        return api_fail(call, ERROR_TASK_SET_SCALE, NULL);
    *ret_percent = percent;
    return 0;
}

/* The task set that was made with the request's token, and how many there are. */
static int count_task_sets(struct api_call *call, const struct service *service, const char *token,
    unsigned *ret_count, struct deployment **ret_same) {
    for (struct deployment *deployment = service->deployments; deployment != NULL;
         deployment = deployment->next) {
        const struct value *document = NULL;
        if (!deployment->is_task_set || deployment->status == DEPLOYMENT_INACTIVE)
            continue;
        *ret_count += 1;
        if (token == NULL)
            continue;
        int result = deployment_document(call, deployment, &document);
        if (result != 0)
            return result;
        if (text_equal(value_string(document, "clientToken"), token))
            *ret_same = deployment;
    }
    return 0;
}

/* A task set is checked as the service that it would be under the ECS controller (facts: services 10). */
static int prepare(struct api_call *call, const struct service *service, const struct value *request,
    struct service_view_of_world *world, struct value **ret_document) {
    static const char *const own[] = {"externalId", "clientToken", "tags"};
    struct violation violation;
    struct value *pretended = value_clone(call->arena, request);
    value_set(call->arena, pretended, "serviceName", value_new_string(call->arena, service->name));
    value_set(call->arena, pretended, "desiredCount", value_new_int(call->arena, 0));
    int result = service_facts_new(call, service->cluster, pretended, world);
    if (result != 0)
        return result;
    struct value *spec = service_spec_new(call->arena, pretended, &world->facts);
    if (service_check_create(call->arena, pretended, spec, &world->facts, &violation) != 0)
        return api_fail_with(call, &violation);
    struct value *document = service_revision_document(call->arena, spec, &world->facts, true);
    for (size_t index = 0; index < sizeof(own) / sizeof(own[0]); index++) {
        if (value_has(request, own[index]))
            value_set(call->arena, document, own[index], value_get(request, own[index]));
    }
    *ret_document = document;
    return check_tags(call, value_get(request, "tags"));
}

int api_create_task_set(struct api_call *call) {
    struct service *service = NULL;
    struct deployment *task_set = NULL;
    struct value *document = NULL;
    struct service_view_of_world world;
    struct task_set_spec spec = {0};
    unsigned count = 0;
    const struct value *request = service_given(call->arena, call->input);
    int result = lookup_external(call, true, &service);
    if (result == 0)
        result = read_scale(call, request, &spec.scale_percent);
    if (result == 0)
        result = prepare(call, service, request, &world, &document);
    if (result == 0)
        result = count_task_sets(call, service, value_string(request, "clientToken"), &count, &task_set);
    if (result != 0)
        return result;
    if (task_set != NULL)
        return reply_task_set(call, service, task_set, value_has(request, "tags"));
    if (count >= TASK_SETS_MAX)
        return api_fail(call, ERROR_TASK_SETS_TOO_MANY, NULL);
    spec.document = document;
    spec.definition_id = world.definition_id;
    spec.family_id = world.family_id;
    result = engine_task_set_create(call->engine, service, &spec, &task_set);
    return result == 0 ? reply_task_set(call, service, task_set, value_has(request, "tags")) : result;
}

int api_update_task_set(struct api_call *call) {
    struct service *service = NULL;
    struct deployment *task_set = NULL;
    double percent = 0;
    int result = lookup_external(call, true, &service);
    if (result == 0)
        result = lookup_task_set(call, service, "taskSet", &task_set);
    if (result == 0)
        result = read_scale(call, call->input, &percent);
    if (result == 0)
        result = engine_task_set_scale(call->engine, service, task_set, percent);
    return result == 0 ? reply_task_set(call, service, task_set, false) : result;
}

int api_delete_task_set(struct api_call *call) {
    struct service *service = NULL;
    struct deployment *task_set = NULL;
    int result = lookup_external(call, true, &service);
    if (result == 0)
        result = lookup_task_set(call, service, "taskSet", &task_set);
    if (result != 0)
        return result;
    if (task_set->status == DEPLOYMENT_PRIMARY)
        return api_fail(call, ERROR_TASK_SET_PRIMARY, NULL);
    if (task_set->status == DEPLOYMENT_ACTIVE && task_set->scale_percent > 0 &&
        !value_bool(call->input, "force", false))
        return api_fail(call, ERROR_TASK_SET_SCALED, NULL);
    result = engine_task_set_delete(call->engine, service, task_set);
    return result == 0 ? reply_task_set(call, service, task_set, false) : result;
}

/* What the service takes over from the set that serves (facts: services 10). */
static int taken_over(struct api_call *call, const struct service *service, const struct deployment *task_set,
    struct value **ret_document) {
    static const char *const members[] = {"launchType", "capacityProviderStrategy", "taskDefinition",
        "platformVersion", "platformFamily", "networkConfiguration", "loadBalancers", "serviceRegistries"};
    struct service_contents contents;
    const struct value *own = NULL;
    int result = service_contents_read(call, service, &contents);
    if (result == 0)
        result = deployment_document(call, task_set, &own);
    if (result != 0)
        return result;
    struct value *document = value_clone(call->arena, contents.document);
    for (size_t index = 0; index < sizeof(members) / sizeof(members[0]); index++) {
        struct value *taken = value_get(own, members[index]);
        if (taken != NULL)
            value_set(call->arena, document, members[index], taken);
        else
            value_remove(document, members[index]);
    }
    *ret_document = document;
    return 0;
}

int api_update_service_primary_task_set(struct api_call *call) {
    struct service *service = NULL;
    struct deployment *task_set = NULL;
    struct value *document = NULL;
    int result = lookup_external(call, true, &service);
    if (result == 0)
        result = lookup_task_set(call, service, "primaryTaskSet", &task_set);
    if (result == 0 && task_set->status == DEPLOYMENT_DRAINING)
        return api_fail(call, ERROR_TASK_SET_MISSING, NULL);
    if (result == 0)
        result = taken_over(call, service, task_set, &document);
    if (result == 0)
        result = engine_task_set_make_primary(call->engine, service, task_set, document);
    return result == 0 ? reply_task_set(call, service, task_set, false) : result;
}

static const char *missing_arn(struct api_call *call, const struct service *service, const char *text) {
    return text_starts_with(text, "arn:") ? text : service_child_arn(call, service, "task-set", text);
}

static int describe_named(struct api_call *call, const struct service *service, const struct value *names,
    bool tags, struct value *missing) {
    int result = 0;
    value_for_each(name, names) {
        const struct deployment *task_set = task_set_find(service, name->string);
        if (task_set == NULL)
            value_append(call->arena, missing,
                value_new_string(call->arena, missing_arn(call, service, name->string)));
        else if (result == 0)
            result = write_task_set(call, service, task_set, tags);
    }
    return result;
}

static int describe_all(struct api_call *call, const struct service *service, bool tags) {
    int result = 0;
    for (const struct deployment *deployment = service->deployments; deployment != NULL && result == 0;
         deployment = deployment->next) {
        if (deployment->is_task_set && deployment->status != DEPLOYMENT_INACTIVE)
            result = write_task_set(call, service, deployment, tags);
    }
    return result;
}

int api_describe_task_sets(struct api_call *call) {
    struct service *service = NULL;
    struct value *missing = value_new_list(call->arena, 0);
    const struct value *names = value_get(call->input, "taskSets");
    bool tags = include_has(call, "TAGS");
    int result = lookup_external(call, false, &service);
    if (result == 0)
        result = engine_flush(call->engine);
    if (result != 0)
        return result;
    writer_object_begin(&call->writer);
    writer_key_list_begin(&call->writer, "taskSets");
    result = value_count(names) != 0 ? describe_named(call, service, names, tags, missing)
                                     : describe_all(call, service, tags);
    writer_list_end(&call->writer);
    writer_key_list_begin(&call->writer, "failures");
    value_for_each(arn, missing) write_failure(&call->writer, arn->string, "MISSING");
    writer_list_end(&call->writer);
    writer_object_end(&call->writer);
    return result;
}
