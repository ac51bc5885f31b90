/* Why a service is not steady. */
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/engine/interruptions.h"
#include "ecs-local/engine/task_launch.h"
#include "explain_internal.h"
#include "service_internal.h"

static void explain_deployment(struct engine *engine, const struct service *service,
    const struct deployment *deployment, struct explanation *explanation) {
    const char *rollout = rollout_state_name(deployment->rollout);
    explain_because(engine, explanation, "%s ecs-svc/%s is %s%s%s: %u of %d tasks RUNNING, %u pending%s%s",
        deployment->is_task_set ? "the task set" : "the deployment", deployment->digits,
        deployment_status_name(deployment->status), rollout != NULL ? ", " : "",
        rollout != NULL ? rollout : "", deployment->running, deployment->desired, deployment->pending,
        deployment->rollout_reason[0] != '\0' ? "; " : "", deployment->rollout_reason);
    if (deployment->failed_tasks != 0)
        explain_because(engine, explanation,
            "%u of its tasks have failed in a row; its circuit breaker %s %u", deployment->failed_tasks,
            service->settings.breaker ? "trips at" : "is off, it would trip at",
            service_breaker_threshold(&service->settings, service->desired_count));
    if (deployment->next_start_ms > engine_now_ms(engine)) {
        explanation->next_ms = deployment->next_start_ms;
        explanation->next = "the next attempt to start a task";
    }
}

static const char *health_words(
    struct engine *engine, const struct service *service, const struct service_task *seen) {
    int64_t again_ms = 0;
    enum task_view view = service_task_view(
        seen, &service->settings, &engine->services->timing, engine_now_ms(engine), &again_ms);
    const char *excused = view == VIEW_EXCUSED ? ", within its grace period" : "";
    if (seen->health == HEALTH_UNHEALTHY)
        return arena_printf(engine->turn, ", UNHEALTHY%s", excused);
    if (seen->target_unhealthy)
        return arena_printf(engine->turn, ", unhealthy for a target group%s (GET /_ecs/targets)", excused);
    if (seen->target_unknown)
        return ", its health unknown to a target group (GET /_ecs/targets)";
    if (view != VIEW_UNSETTLED)
        return "";
    return seen->fails_ms != 0 ? ", not healthy: a script lets it fail soon (GET /_ecs/outcomes)"
                               : ", not known to be healthy yet";
}

/* The unfinished tasks, a sentence each. */
static int explain_members(
    struct engine *engine, const struct service_entry *entry, struct explanation *explanation) {
    for (unsigned index = 0; index < entry->member_count; index++) {
        struct task *task = NULL;
        int result = task_by_row(engine, entry->members[index]->task.task_row, &task);
        if (result < 0)
            return result;
        const char *health = result == 0 ? health_words(engine, &entry->service, &entry->members[index]->task)
                                         : "";
        if (result != 0 ||
            (task->status == TASK_RUNNING && task->desired == TASK_RUNNING && health[0] == '\0'))
            continue;
        explain_because(engine, explanation, "the task %s is %s, wanted %s%s", task->task_id,
            task_status_name(task->status), task_status_name(task->desired), health);
    }
    return 0;
}

/* Fargate has room, unless a fault says otherwise. */
static void explain_capacity(struct engine *engine, const struct service_entry *entry,
    const struct task_launch *launch, struct explanation *explanation) {
    const struct cluster *cluster = entry->service.cluster;
    const char *capacity = launch->strategy != NULL && value_count(launch->strategy) != 0
                               ? launch->providers[0].name
                               : task_launch_type_name(launch->kind);
    explanation->waits_for = arena_printf(engine->turn, "capacity of %s", capacity);
    value_for_each(subnet, launch->subnets) {
        const char *zone = task_launch_zone_of_subnet(engine, cluster->scope, engine->turn, subnet->string);
        if (engine_capacity_unavailable(engine, cluster, capacity, zone))
            explain_because(engine, explanation, "%s, %s: %s (a fault: GET /_ecs/faults)", subnet->string,
                zone, capacity_unavailable_text);
    }
}

/* Where a task of the deployment would go. */
static int explain_placement(struct engine *engine, struct service_entry *entry,
    const struct deployment *deployment, struct explanation *explanation) {
    struct service_documents documents = {0};
    struct task_launch launch = {0};
    const char *text = NULL;
    int result = service_read_document(engine, entry, &documents.service);
    if (result == 0)
        result = engine_deployment_document(engine, deployment, engine->turn, &text);
    if (result == 0 && value_parse(engine->turn, text, strlen(text), &documents.revision) != 0)
        result = error_raise(ERR_STORE, "the stored deployment %s cannot be read", deployment->digits);
    if (result == 0)
        result = service_launch_read(engine, entry, deployment, &documents, &launch);
    if (result != 0)
        return result < 0 ? result : 0;
    if (launch.kind == LAUNCH_FARGATE) {
        explain_capacity(engine, entry, &launch, explanation);
        return 0;
    }
    if (launch.kind == LAUNCH_MANAGED_INSTANCES)
        return 0;
    if (launch.strategy != NULL && value_count(launch.strategy) != 0)
        launch.capacity_provider = launch.providers[0].name;
    struct place_request request;
    task_launch_place_request(&launch, &request);
    explain_instances(engine, entry->service.cluster, &request, explanation);
    return 0;
}

static void summarise(
    struct engine *engine, const struct service_entry *entry, struct explanation *explanation) {
    const struct service *service = &entry->service;
    const char *counts = arena_printf(engine->turn, "%u of %d tasks RUNNING, %u pending", service->running,
        service->desired_count, service->pending);
    if (service->status == SERVICE_INACTIVE)
        explanation->summary = "The service is INACTIVE: it was deleted.";
    else if (service->status == SERVICE_DRAINING)
        explanation->summary = arena_printf(
            engine->turn, "The service is DRAINING: it was deleted and its tasks are stopping; %s.", counts);
    else if (!entry->unsettled && !entry->hungry)
        explanation->summary = arena_printf(engine->turn, "The service is steady: %s.", counts);
    else if (entry->hungry)
        explanation->summary = arena_printf(engine->turn, "The service cannot place its tasks: %s.", counts);
    else
        explanation->summary = arena_printf(engine->turn, "The service is rolling: %s.", counts);
}

int engine_explain_service(
    struct engine *engine, struct service *service, struct explanation *ret_explanation) {
    struct service_entry *entry = service_entry_of(service);
    struct explanation *explanation = ret_explanation;
    *explanation = (struct explanation){.next_ms = entry->due_ms, .next = "it is looked at again"};
    summarise(engine, entry, explanation);
    for (const struct deployment *deployment = service->deployments; deployment != NULL;
         deployment = deployment->next)
        explain_deployment(engine, service, deployment, explanation);
    int result = explain_members(engine, entry, explanation);
    if (result == 0 && entry->hungry && service->deployments != NULL) {
        explanation->waits_for = "room on a container instance";
        result = explain_placement(
            engine, entry, service->primary != NULL ? service->primary : service->deployments, explanation);
    }
    if (explanation->next_ms == 0)
        explanation->next = NULL;
    return result;
}
