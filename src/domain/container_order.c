/* dependsOn: which container may start, which may be ended (facts: docker 1.11). */
#include "ecs-local/base/text.h"
#include "ecs-local/domain/task_life.h"

static const struct task_definition_container no_rules = {.essential = true};

const struct task_definition_container *container_rules(
    const struct task *task, const struct task_definition *definition, unsigned container) {
    if (definition == NULL || container >= definition->container_count ||
        !text_equal(definition->containers[container].name, task->containers[container].name))
        return &no_rules;
    return &definition->containers[container];
}

static int64_t latest(int64_t one, int64_t other) {
    return one > other ? one : other;
}

static enum container_order hopeless(struct task *task, unsigned container, unsigned other, const char *head,
    const char *tail, const char **ret_reason) {
    *ret_reason = arena_printf(task->arena,
        "CannotStartContainerError: dependency graph: %s [%s] for target [%s] %s", head,
        task->containers[other].name, task->containers[container].name, tail);
    return ORDER_HOPELESS;
}

static enum container_order never_starts(
    struct task *task, unsigned container, unsigned other, const char **ret_reason) {
    return hopeless(task, container, other, "failed to resolve container ordering dependency",
        "because dependency will never start", ret_reason);
}

/* The dependency on a container that runs: how it stands without regard to its startTimeout. */
static enum container_order while_running(
    const struct task_container *other, enum dependency_condition condition, int64_t *ret_ms) {
    if (condition == DEPENDS_ON_START) {
        *ret_ms = other->life.started_ms;
        return ORDER_FREE;
    }
    if (condition == DEPENDS_ON_HEALTHY && text_equal(other->health_status, "HEALTHY")) {
        *ret_ms = other->life.healthy_ms;
        return ORDER_FREE;
    }
    return ORDER_WAITS;
}

/* The dependency on a container that has ended. */
static enum container_order after_end(struct task *task, unsigned container,
    const struct container_dependency *dependency, int64_t *ret_ms, const char **ret_reason) {
    const struct task_container *other = &task->containers[dependency->container];
    bool ran = other->life.started_ms != 0;
    if (!ran || dependency->condition == DEPENDS_ON_HEALTHY)
        return never_starts(task, container, dependency->container, ret_reason);
    if (dependency->condition == DEPENDS_ON_SUCCESS && other->exit_code != 0)
        return hopeless(task, container, dependency->container,
            "failed to resolve container ordering dependency", "as dependency did not exit successfully.",
            ret_reason);
    *ret_ms = dependency->condition == DEPENDS_ON_START ? other->life.started_ms : other->life.ended_ms;
    return ORDER_FREE;
}

/* The startTimeout is the dependency's and runs from its start. */
static enum container_order one_dependency(struct task *task, const struct task_definition *definition,
    unsigned container, const struct container_dependency *dependency, int64_t now_ms, int64_t *ret_ms,
    const char **ret_reason) {
    const struct task_container *other = &task->containers[dependency->container];
    *ret_ms = 0;
    if (text_equal(other->last_status, "STOPPED"))
        return after_end(task, container, dependency, ret_ms, ret_reason);
    if (!text_equal(other->last_status, "RUNNING") ||
        while_running(other, dependency->condition, ret_ms) == ORDER_FREE)
        return *ret_ms != 0 ? ORDER_FREE : ORDER_WAITS;
    int timeout_s = container_rules(task, definition, dependency->container)->start_timeout_s;
    if (timeout_s == 0)
        return ORDER_WAITS;
    *ret_ms = other->life.started_ms + (int64_t)timeout_s * 1000;
    if (now_ms < *ret_ms)
        return ORDER_WAITS;
    return hopeless(task, container, dependency->container, "container ordering dependency", "has timed out.",
        ret_reason);
}

enum container_order container_order(struct task *task, const struct task_definition *definition,
    unsigned container, int64_t now_ms, int64_t *ret_ms, const char **ret_reason) {
    const struct task_definition_container *rules = container_rules(task, definition, container);
    int64_t since_ms = 0;
    int64_t gives_up_ms = 0;
    bool waits = false;
    for (unsigned index = 0; index < rules->dependency_count; index++) {
        int64_t at_ms = 0;
        enum container_order order = one_dependency(
            task, definition, container, &rules->dependencies[index], now_ms, &at_ms, ret_reason);
        if (order == ORDER_HOPELESS)
            return order;
        if (order == ORDER_FREE)
            since_ms = latest(since_ms, at_ms);
        else if (at_ms != 0 && (gives_up_ms == 0 || at_ms < gives_up_ms))
            gives_up_ms = at_ms;
        waits = waits || order == ORDER_WAITS;
    }
    *ret_ms = waits ? gives_up_ms : since_ms;
    return waits ? ORDER_WAITS : ORDER_FREE;
}

int64_t container_released_ms(
    const struct task *task, const struct task_definition *definition, unsigned container) {
    int64_t released_ms = 0;
    for (unsigned index = 0; index < task->container_count; index++) {
        const struct task_definition_container *rules = container_rules(task, definition, index);
        for (unsigned number = 0; number < rules->dependency_count; number++) {
            if (rules->dependencies[number].container != container)
                continue;
            if (text_equal(task->containers[index].last_status, "RUNNING"))
                return -1;
            released_ms = latest(released_ms, task->containers[index].life.ended_ms);
        }
    }
    return released_ms;
}
