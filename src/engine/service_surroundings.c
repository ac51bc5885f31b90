/* What surrounds a service: its documents, the instances and zones where its tasks are and could be. */
#include <limits.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/engine/task_launch.h"
#include "service_glance.h"

enum {
    ZONES_MAX = 32,
};

int glance_documents(struct glance *glance, const struct deployment *deployment) {
    const char *text = NULL;
    int result = glance->documents.service == NULL
                     ? service_read_document(glance->engine, glance->entry, &glance->documents.service)
                     : 0;
    if (result == 0)
        result = engine_deployment_document(glance->engine, deployment, glance->engine->turn, &text);
    if (result == 0 &&
        value_parse(glance->engine->turn, text, strlen(text), &glance->documents.revision) != 0)
        result = error_raise(ERR_STORE, "the stored deployment %s cannot be read", deployment->digits);
    return result;
}

static bool zone_known(const char **zones, unsigned count, const char *zone) {
    for (unsigned index = 0; index < count; index++) {
        if (text_equal(zones[index], zone))
            return true;
    }
    return false;
}

static void zone_add(const char **zones, unsigned *count, const char *zone_or_null) {
    if (zone_or_null != NULL && *count < ZONES_MAX && !zone_known(zones, *count, zone_or_null))
        zones[(*count)++] = zone_or_null;
}

/* Its size does not count: whether there is room shows when the task is placed. */
static bool daemon_fits(
    struct engine *engine, const struct instance *instance, const struct task_launch *launch) {
    struct place_request request;
    task_launch_place_request(launch, &request);
    const char *refusal = engine_refusal(engine, instance, &request);
    return refusal == NULL || text_starts_with(refusal, "RESOURCE:");
}

static void set_desired(struct glance *glance, int desired) {
    if (glance->service->desired_count == desired)
        return;
    glance->service->desired_count = desired;
    service_changed(glance->engine, glance->entry);
    service_action(glance->engine, glance->entry, "INFO", "SERVICE_DESIRED_COUNT_UPDATED", NULL);
}

/* DAEMON: the instances that are to have a task (facts: services 7.12). */
static int find_places(struct glance *glance) {
    const struct cluster *cluster = glance->service->cluster;
    int64_t *places = arena_new_array(glance->engine->turn, int64_t, cluster->instance_count);
    struct task_launch launch = {0};
    int result = glance_documents(glance, glance->service->primary);
    if (result == 0)
        result = service_launch_read(
            glance->engine, glance->entry, glance->service->primary, &glance->documents, &launch);
    if (result != 0)
        return result < 0 ? result : 0;
    for (unsigned index = 0; index < cluster->instance_count; index++) {
        const struct instance *instance = cluster->instances[index];
        if (instance->status == INSTANCE_ACTIVE && daemon_fits(glance->engine, instance, &launch))
            places[glance->view.place_count++] = instance->id;
    }
    glance->view.places = places;
    return 0;
}

static bool is_place(const struct service_view *view, int64_t instance_id) {
    for (unsigned index = 0; index < view->place_count; index++) {
        if (view->places[index] == instance_id)
            return true;
    }
    return false;
}

/* Is the task to leave its instance? A daemon's is the last one there (facts: services 7.12). */
static bool is_displaced(const struct glance *glance, const struct service_task *task) {
    const struct instance *instance = instance_by_row(glance->engine, task->instance_id);
    if (instance == NULL)
        return false;
    if (!glance->service->settings.daemon)
        return instance->status == INSTANCE_DRAINING;
    if (is_place(&glance->view, task->instance_id))
        return false;
    return instance->status == INSTANCE_ACTIVE || instance->running + instance->pending <= 1;
}

/* Zones are evened out only for those that leave it to ECS or spread over zones before anything else (D). */
static bool minds_zones(const struct value *document) {
    const struct value *first = value_at(value_get(document, "placementStrategy"), 0);
    return first == NULL || (text_equal(value_string(first, "type"), "spread") &&
                                text_equal(value_string(first, "field"), "attribute:ecs.availability-zone"));
}

static void add_zones_of_subnets(
    struct glance *glance, const struct value *subnets, const char **zones, unsigned *count) {
    value_for_each(subnet, subnets) zone_add(zones, count,
        task_launch_zone_of_subnet(
            glance->engine, glance->service->cluster->scope, glance->engine->turn, subnet->string));
}

/* Is the instance of one of the strategy's providers, where there is a strategy? */
static bool is_provided(
    const struct instance *instance, const struct task_launch *launch, struct place_request *request) {
    for (size_t index = 0; index < value_count(launch->strategy); index++) {
        request->capacity_provider = launch->providers[index].name;
        if (text_equal(instance->capacity_provider, request->capacity_provider))
            return true;
    }
    return launch->strategy == NULL;
}

/* `launch_or_null`: those that would take its task, now. */
static void add_zones_of_instances(
    struct glance *glance, const struct task_launch *launch_or_null, const char **zones, unsigned *count) {
    const struct cluster *cluster = glance->service->cluster;
    for (unsigned index = 0; index < cluster->instance_count; index++) {
        const struct instance *instance = cluster->instances[index];
        struct place_request request;
        if (instance->status != INSTANCE_ACTIVE || zone_known(zones, *count, instance->zone))
            continue;
        if (launch_or_null != NULL) {
            task_launch_place_request(launch_or_null, &request);
            if (!is_provided(instance, launch_or_null, &request) ||
                engine_refusal(glance->engine, instance, &request) != NULL)
                continue;
        }
        zone_add(zones, count, instance->zone);
    }
}

/* Zones that have tasks, although no other could be started there now: they may have too many. */
static void add_zones_of_tasks(struct glance *glance, const char **zones, unsigned *count) {
    for (unsigned index = 0; index < glance->entry->member_count; index++) {
        const struct service_task *task = &glance->entry->members[index]->task;
        if (task->wanted)
            zone_add(zones, count, task->zone);
    }
}

static bool zones_differ(const struct glance *glance) {
    unsigned least = UINT_MAX;
    unsigned most = 0;
    for (unsigned zone = 0; zone < glance->view.zone_count; zone++) {
        unsigned tasks = 0;
        for (unsigned index = 0; index < glance->entry->member_count; index++) {
            const struct service_task *task = &glance->entry->members[index]->task;
            tasks += task->wanted && text_equal(task->zone, glance->view.zones[zone]);
        }
        least = tasks < least ? tasks : least;
        most = tasks > most ? tasks : most;
    }
    return glance->view.zone_count > 1 && most > least + 1;
}

/* Where tasks of the service could run: to even out zones. Whether each would really take one is asked only when
 * they differ. */
static int find_zones(struct glance *glance) {
    struct task_launch launch = {0};
    unsigned count = 0;
    int result = glance_documents(glance, glance->service->primary);
    if (result != 0 || !minds_zones(glance->documents.service))
        return result;
    const struct value *subnets = value_get(
        value_get(value_get(glance->documents.revision, "networkConfiguration"), "awsvpcConfiguration"),
        "subnets");
    const char **zones = arena_new_array(glance->engine->turn, const char *, ZONES_MAX);
    glance->view.zones = zones;
    add_zones_of_subnets(glance, subnets, zones, &count);
    add_zones_of_instances(glance, NULL, zones, &count);
    glance->view.zone_count = glance->view.open_zone_count = count;
    if (!zones_differ(glance))
        return 0;
    result = service_launch_read(
        glance->engine, glance->entry, glance->service->primary, &glance->documents, &launch);
    glance->view.zone_count = glance->view.open_zone_count = count = 0;
    if (result != 0)
        return result < 0 ? result : 0;
    if (launch.kind == LAUNCH_FARGATE || launch.kind == LAUNCH_MANAGED_INSTANCES)
        add_zones_of_subnets(glance, subnets, zones, &count);
    else
        add_zones_of_instances(glance, &launch, zones, &count);
    glance->view.open_zone_count = count;
    add_zones_of_tasks(glance, zones, &count);
    glance->view.zone_count = count;
    return 0;
}

static bool wants_zones(const struct service *service) {
    return service->settings.rebalance && !service->settings.daemon && service->desired_count > 1 &&
           service->settings.controller == CONTROLLER_ECS && service->status == SERVICE_ACTIVE &&
           service->pending == 0 && (int)service->running == service->desired_count;
}

int glance_look_round(struct glance *glance) {
    struct service *service = glance->service;
    glance->tasks = arena_new_array(
        glance->engine->services->scratch, struct service_task, glance->entry->member_count);
    glance->view = (struct service_view){
        .settings = &service->settings,
        .timing = &glance->engine->services->timing,
        .status = service->status,
        .desired = service->desired_count,
        .deployments = service->deployments,
        .tasks = glance->tasks,
        .task_count = glance->entry->member_count,
        .rebalancing = glance->entry->rebalancing,
        .now_ms = glance->now_ms,
    };
    int result = 0;
    if (service->settings.daemon && service->status == SERVICE_ACTIVE && service->primary != NULL)
        result = find_places(glance);
    else if (wants_zones(service) && service->primary != NULL)
        result = find_zones(glance);
    if (service->settings.daemon && service->status == SERVICE_ACTIVE)
        set_desired(glance, (int)glance->view.place_count);
    for (unsigned index = 0; index < glance->entry->member_count; index++) {
        glance->tasks[index] = glance->entry->members[index]->task;
        glance->tasks[index].displaced = is_displaced(glance, &glance->tasks[index]);
    }
    return result;
}
