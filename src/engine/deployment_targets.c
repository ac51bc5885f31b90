/* Where the tasks of services register: the target groups of each deployment, and what is told of targets that come,
 * go or are not well (facts: services 7.9, 8). */
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/service_targets.h"
#include "service_glance.h"

enum {
    TARGETS_ARENA_BYTES = 512,
};

static const char registered[] = "REGISTERED";
static const char deregistered[] = "DEREGISTERED";

/* ---- the targets of a deployment ---- */

void deployment_targets_free(struct deployment_targets *targets_or_null) {
    if (targets_or_null == NULL)
        return;
    arena_free(targets_or_null->arena);
    free(targets_or_null);
}

static void add_target(struct deployment_targets *targets, enum target_kind kind, const char *name,
    const struct value *balancer) {
    const char *container = value_string(balancer, "containerName");
    if (name == NULL)
        return;
    targets->items[targets->count++] = (struct service_target){
        .kind = kind,
        .name = arena_strdup(targets->arena, name),
        .container = container != NULL ? arena_strdup(targets->arena, container) : NULL,
        .port = (int)value_int(balancer, "containerPort", 0),
    };
}

static struct deployment_targets *read_targets(const struct value *revision) {
    const struct value *balancers = value_get(revision, "loadBalancers");
    const struct value *lattices = value_get(revision, "vpcLatticeConfigurations");
    struct deployment_targets *targets = xcalloc(1, sizeof(*targets));
    targets->arena = arena_new_sized(TARGETS_ARENA_BYTES);
    targets->items = arena_new_array(
        targets->arena, struct service_target, value_count(balancers) + value_count(lattices));
    value_for_each(balancer, balancers) {
        const char *classic = value_string(balancer, "loadBalancerName");
        if (classic != NULL)
            add_target(targets, TARGET_CLASSIC, classic, balancer);
        else
            add_target(targets, TARGET_GROUP, service_targets_group(revision, balancer_index), balancer);
    }
    value_for_each(lattice, lattices)
        add_target(targets, TARGET_OF_LATTICE, value_string(lattice, "targetGroupArn"), lattice);
    return targets;
}

static int read_revision(
    struct engine *engine, const struct deployment *deployment, struct value **ret_revision) {
    const char *text = NULL;
    int result = engine_deployment_document(engine, deployment, engine->turn, &text);
    if (result == 0 && value_parse(engine->turn, text, strlen(text), ret_revision) != 0)
        result = error_raise(ERR_STORE, "the stored deployment %s cannot be read", deployment->digits);
    return result;
}

int deployment_targets(
    struct engine *engine, struct deployment *deployment, const struct deployment_targets **ret_targets) {
    struct value *revision = NULL;
    int result = deployment->targets == NULL ? read_revision(engine, deployment, &revision) : 0;
    if (result != 0)
        return result;
    if (deployment->targets == NULL)
        deployment->targets = read_targets(revision);
    *ret_targets = deployment->targets;
    return 0;
}

/* One that came through serves until the next one has, whatever was given up between them. */
struct deployment *deployment_serving(const struct service *service) {
    for (struct deployment *item = service->deployments; item != NULL; item = item->next) {
        if (!item->is_task_set && item->was_completed && item->rollout != ROLLOUT_FAILED)
            return item;
    }
    return service->primary != NULL && !service->primary->is_task_set ? service->primary : NULL;
}

int deployment_choose_targets(struct engine *engine, const struct service *service,
    const struct value *revision, const struct value **ret_revision) {
    const struct deployment *serving = deployment_serving(service);
    struct value *old = NULL;
    *ret_revision = revision;
    if (!service_targets_have_choice(revision))
        return 0;
    int result = serving != NULL ? read_revision(engine, serving, &old) : 0;
    if (result != 0)
        return result;
    struct value *chosen = value_clone(engine->turn, revision);
    service_targets_resolve(engine->turn, chosen, old, service->settings.strategy != STRATEGY_ROLLING);
    *ret_revision = chosen;
    return 0;
}

/* ---- targets that come and go ---- */

/* How many have come to or gone from one target group. */
struct tally {
    const struct service_target *target;
    unsigned count;
};

static void count_target(
    struct tally *tallies, unsigned *count, const struct service_target *target, unsigned by) {
    for (unsigned index = 0; index < *count; index++) {
        if (tallies[index].target->kind != target->kind ||
            !text_equal(tallies[index].target->name, target->name))
            continue;
        tallies[index].count += by;
        return;
    }
    tallies[(*count)++] = (struct tally){target, by};
}

static int tell_tally(struct glance *glance, const char *who, const struct tally *tally, bool come) {
    const struct service *service = glance->service;
    const char *text = arena_printf(glance->engine->turn,
        tally->target->kind == TARGET_CLASSIC ? "(%s) %s %u instances in (elb %s)" /* D */
                                              : "(%s) %s %u targets in (target-group %s)",
        who, come ? "registered" : "deregistered", tally->count, tally->target->name);
    engine_journal_transition(glance->engine, service->cluster->scope, "target", tally->target->name,
        come ? deregistered : registered, come ? registered : deregistered, text);
    return engine_service_event(glance->engine, glance->service, "%s", text);
}

/* Deployments are told of together, a task set by itself. */
struct crowd {
    const struct deployment *task_set; /* NULL: the deployments */
    bool come;
};

static unsigned *crowd_count(
    const struct service *service, const struct crowd *crowd, struct deployment *item) {
    bool in = crowd->task_set != NULL ? item == crowd->task_set : !item->is_task_set;
    unsigned *count = crowd->come ? &item->newly_running : &item->newly_gone;
    /* The service says what its PRIMARY has: nothing need be read. */
    if (in && item == service->primary && !item->is_task_set && !service->settings.has_targets)
        *count = 0;
    return in ? count : NULL;
}

static int tally_crowd(struct glance *glance, const struct crowd *crowd, struct tally **ret_tallies,
    unsigned *ret_count, unsigned *ret_tasks) {
    struct arena *arena = glance->engine->turn;
    unsigned most = 0;
    int result = 0;
    *ret_count = *ret_tasks = 0;
    for (struct deployment *item = glance->service->deployments; result == 0 && item != NULL;
         item = item->next) {
        const struct deployment_targets *targets = NULL;
        unsigned *count = crowd_count(glance->service, crowd, item);
        if (count == NULL || *count == 0)
            continue;
        result = deployment_targets(glance->engine, item, &targets);
        most += result == 0 ? targets->count : 0;
    }
    struct tally *tallies = result == 0 && most != 0 ? arena_new_array(arena, struct tally, most) : NULL;
    for (struct deployment *item = glance->service->deployments; result == 0 && item != NULL;
         item = item->next) {
        unsigned *count = crowd_count(glance->service, crowd, item);
        if (count == NULL || *count == 0)
            continue;
        for (unsigned index = 0; index < item->targets->count; index++)
            count_target(tallies, ret_count, &item->targets->items[index], *count);
        *ret_tasks += item->targets->count != 0 ? *count : 0;
        *count = 0;
    }
    *ret_tallies = tallies;
    return result;
}

static int tell_crowd(struct glance *glance, const struct crowd *crowd) {
    struct tally *tallies = NULL;
    unsigned count = 0;
    unsigned tasks = 0;
    int result = tally_crowd(glance, crowd, &tallies, &count, &tasks);
    const char *who = glance_actor(glance, crowd->task_set);
    for (unsigned index = 0; result == 0 && index < count; index++)
        result = tell_tally(glance, who, &tallies[index], crowd->come);
    if (result == 0 && !crowd->come && tasks != 0)
        result = engine_service_event(
            glance->engine, glance->service, "(%s) has begun draining connections on %u tasks.", who, tasks);
    return result;
}

int glance_tell_targets(struct glance *glance) {
    int result = 0;
    for (struct deployment *item = glance->service->deployments; result == 0 && item != NULL;
         item = item->next) {
        if (!item->is_task_set)
            continue;
        result = tell_crowd(glance, &(struct crowd){.task_set = item, .come = true});
        if (result == 0)
            result = tell_crowd(glance, &(struct crowd){.task_set = item});
    }
    if (result == 0)
        result = tell_crowd(glance, &(struct crowd){.come = true});
    return result == 0 ? tell_crowd(glance, &(struct crowd){0}) : result;
}

void glance_target_gone(struct glance *glance, const struct task *task) {
    struct deployment *deployment = service_deployment_by_row(glance->service, task->deployment_id);
    struct service_member *member = service_member_find(glance->engine, task->id);
    if (deployment == NULL || member == NULL || member->left)
        return;
    member->left = true;
    deployment->newly_gone += member->ran;
}

/* ---- targets that are not well ---- */

static int host_port(const struct task *task, const struct service_target *target) {
    for (unsigned index = 0; index < task->container_count; index++) {
        const struct task_container *container = &task->containers[index];
        if (target->container == NULL || !text_equal(container->name, target->container))
            continue;
        for (unsigned binding = 0; binding < container->binding_count; binding++) {
            if (container->bindings[binding].container_port == target->port)
                return container->bindings[binding].host_port;
        }
    }
    return target->port;
}

/* The task, or the instance and its port where tasks have no address of their own. */
static const char *culprit(
    struct glance *glance, const struct task *task, const struct service_target *target) {
    struct arena *arena = glance->engine->turn;
    const struct instance *instance = instance_by_row(glance->engine, task->container_instance_id);
    const char *name = instance == NULL                    ? ""
                       : instance->ec2_instance_id != NULL ? instance->ec2_instance_id
                                                           : instance->instance_id;
    if (target->kind == TARGET_CLASSIC)
        return arena_printf(arena, "(task %s) (instance %s)", task->task_id, name);
    if (instance != NULL && task->platform == TASK_ON_INSTANCE && target->kind == TARGET_GROUP)
        return arena_printf(arena, "(instance %s) (port %d)", name, host_port(task, target));
    return target->port != 0 ? arena_printf(arena, "(task %s) (port %d)", task->task_id, target->port)
                             : arena_printf(arena, "(task %s)", task->task_id);
}

int glance_ask_target(struct glance *glance, const struct task *task, struct target_verdict *ret_verdict) {
    struct deployment *deployment = service_deployment_by_row(glance->service, task->deployment_id);
    *ret_verdict = (struct target_verdict){0};
    if (deployment == NULL)
        return 0;
    return target_rules_ask(glance->engine, glance->entry, deployment, task, ret_verdict);
}

const char *glance_target_reason(struct glance *glance, const struct target_verdict *verdict) {
    const struct service_target *target = verdict->target;
    return arena_printf(glance->engine->turn, "Task failed ELB health checks in (%s %s)",
        target != NULL && target->kind == TARGET_CLASSIC ? "elb" : "target-group",
        target != NULL ? target->name : "");
}

int glance_tell_unwell(struct glance *glance, const struct deployment *task_set_or_null,
    const struct task *task, const struct target_verdict *verdict) {
    const struct service_target *target = verdict->target;
    const char *who = glance_actor(glance, task_set_or_null);
    if (target == NULL)
        return 0;
    bool classic = target->kind == TARGET_CLASSIC;
    const char *reason = verdict->reason;
    if (reason == NULL)
        reason = classic ? "Instance has failed at least the UnhealthyThreshold number of health checks "
                           "consecutively."
                         : "Health checks failed";
    if (target->kind == TARGET_OF_LATTICE)
        service_action(glance->engine, glance->entry, "WARN", "VPC_LATTICE_TARGET_UNHEALTHY",
            &(struct service_action_detail){.reason = reason});
    return engine_service_event(glance->engine, glance->service,
        "(%s) %s is unhealthy in (%s %s) due to (reason %s)%s", who, culprit(glance, task, target),
        classic ? "elb" : "target-group", target->name, reason, classic ? "" : ".");
}
