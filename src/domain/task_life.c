/* What happens next, and letting it happen. */
#include "ecs-local/domain/task_life.h"

#include <strings.h>

#include "ecs-local/base/text.h"

enum {
    EXIT_KILLED = 137,     /* 128 + SIGKILL */
    EXIT_TERMINATED = 143, /* 128 + SIGTERM: what the agent gives a container that may never start */
};

static const char *const inner_stages[] = {
    [LIFE_PULL - TASK_STATUS_COUNT] = "PULL",
    [LIFE_START - TASK_STATUS_COUNT] = "START",
    [LIFE_HEALTH - TASK_STATUS_COUNT] = "HEALTH",
    [LIFE_COMPLETE - TASK_STATUS_COUNT] = "COMPLETE",
};

const char *life_stage_name(unsigned stage) {
    return stage < TASK_STATUS_COUNT ? task_status_name((enum task_status)stage)
                                     : inner_stages[stage - TASK_STATUS_COUNT];
}

int life_stage_parse(const char *name, unsigned *ret_stage) {
    for (unsigned stage = 0; stage < LIFE_STAGE_COUNT; stage++) {
        if (strcasecmp(name, life_stage_name(stage)) == 0) {
            *ret_stage = stage;
            return 0;
        }
    }
    return 1;
}

/* What one question looks at, and the earliest answer so far. */
struct outlook {
    struct task *task;
    const struct task_definition *definition;
    const struct life_timing *timing;
    struct life_step step;
    unsigned rank;
    bool found;
};

/* Among things of the same moment containers start first, then the task moves, then containers end; a task on its way
 * down moves last. */
static unsigned rank_of(const struct task *task, enum life_step_kind kind) {
    switch (kind) {
    case LIFE_CONTAINER_STARTS:
    case LIFE_CONTAINER_FAILS:
        return 0;
    case LIFE_TASK_MOVES:
        return task->desired == TASK_RUNNING ? 1 : 3;
    case LIFE_CONTAINER_EXITS:
    case LIFE_CONTAINER_HEALTH:
        break;
    }
    return 2;
}

static void consider(struct outlook *outlook, struct life_step step) {
    unsigned rank = rank_of(outlook->task, step.kind);
    if (outlook->found &&
        (step.at_ms > outlook->step.at_ms || (step.at_ms == outlook->step.at_ms && rank >= outlook->rank)))
        return;
    outlook->step = step;
    outlook->rank = rank;
    outlook->found = true;
}

static void consider_move(struct outlook *outlook, enum task_status status, int64_t at_ms) {
    consider(outlook, (struct life_step){.kind = LIFE_TASK_MOVES, .status = status, .at_ms = at_ms});
}

/* The same for the same stage of the same task, however often it is asked. */
static int64_t jitter(const struct task *task, unsigned stage, unsigned container, int64_t jitter_ms) {
    uint64_t mixed = 14695981039346656037U ^ (stage * 31U + container);
    for (const char *cursor = task->task_id; *cursor != '\0'; cursor++)
        mixed = (mixed ^ (unsigned char)*cursor) * 1099511628211U;
    mixed ^= mixed >> 32;
    return (int64_t)(mixed % (uint64_t)(jitter_ms + 1));
}

/* How long a stage takes, for one container (its index) or the task (0). Only of stages that end. */
static int64_t duration_of(const struct outlook *outlook, unsigned stage, unsigned container) {
    const struct task *task = outlook->task;
    const struct life_duration *given = &outlook->timing->stages[stage];
    int64_t duration_ms = given->duration_ms;
    if (duration_ms == LIFE_AS_DEFINED_MS)
        duration_ms = container_rules(task, outlook->definition, container)->health_interval_s * 1000;
    if (given->jitter_ms > 0)
        duration_ms += jitter(task, stage, container, given->jitter_ms);
    for (unsigned index = 0; index < task->life.outcome_count; index++) {
        const struct task_outcome *had = &task->life.outcomes[index];
        bool concerns = stage < TASK_STATUS_COUNT || had->container == OUTCOME_WHOLE_TASK ||
                        had->container == (int)container;
        if (had->outcome.slow_stage == stage && concerns)
            duration_ms += had->outcome.slow_by_ms;
    }
    return duration_ms;
}

static bool is_stuck(const struct task *task) {
    for (unsigned index = 0; index < task->life.outcome_count; index++) {
        const struct outcome_effects *outcome = &task->life.outcomes[index].outcome;
        if (outcome->stuck && outcome->stuck_at == task->status)
            return true;
    }
    return false;
}

/* A script for the whole task means its main container: the first that is essential; for health the first of those that
 * has a health check. */
static unsigned main_container(const struct task *task, bool with_health) {
    unsigned found = task->container_count;
    for (unsigned index = 0; index < task->container_count; index++) {
        const struct task_container *container = &task->containers[index];
        if (!container->essential)
            continue;
        if (!with_health || container->has_health_check)
            return index;
        if (found == task->container_count)
            found = index;
    }
    return found != task->container_count ? found : 0;
}

/* What a script says about the container; NULL when it says nothing of the kind. */
static const struct outcome_effects *outcome_of(const struct task *task, unsigned container,
    bool (*says)(const struct outcome_effects *outcome), bool health) {
    for (unsigned index = 0; index < task->life.outcome_count; index++) {
        const struct task_outcome *had = &task->life.outcomes[index];
        unsigned meant = had->container == OUTCOME_WHOLE_TASK ? main_container(task, health)
                                                              : (unsigned)had->container;
        if (meant == container && says(&had->outcome))
            return &had->outcome;
    }
    return NULL;
}

static bool says_start(const struct outcome_effects *outcome) {
    return outcome->start_failure != NULL;
}

static bool says_exit(const struct outcome_effects *outcome) {
    return outcome->exits;
}

static bool says_health(const struct outcome_effects *outcome) {
    return outcome->health != NULL;
}

static bool has_status(const struct task_container *container, const char *status) {
    return text_equal(container->last_status, status);
}

static int64_t latest(int64_t one, int64_t other) {
    return one > other ? one : other;
}

static void consider_failure(
    struct outlook *outlook, unsigned container, int64_t at_ms, const char *reason, bool exited) {
    consider(outlook, (struct life_step){.kind = LIFE_CONTAINER_FAILS,
                          .container = container,
                          .at_ms = at_ms,
                          .reason = reason,
                          .exited = exited,
                          .exit_code = exited ? EXIT_TERMINATED : 0});
}

/* A container that nothing holds back is pulled from `ready_ms` on, then started. */
static void consider_start(struct outlook *outlook, unsigned container, int64_t ready_ms) {
    struct life_step step = {.kind = LIFE_CONTAINER_STARTS, .container = container};
    step.pull_started_ms = ready_ms;
    step.pull_stopped_ms = ready_ms + duration_of(outlook, LIFE_PULL, container);
    step.at_ms = step.pull_stopped_ms + duration_of(outlook, LIFE_START, container);
    const struct outcome_effects *fails = outcome_of(outlook->task, container, says_start, false);
    if (fails != NULL)
        consider_failure(outlook, container, fails->fails_pull ? step.pull_stopped_ms : step.at_ms,
            fails->start_failure, false);
    else
        consider(outlook, step);
}

/* A container that has not started yet. */
static void look_at_waiting(struct outlook *outlook, unsigned container, int64_t now_ms) {
    struct task *task = outlook->task;
    int64_t at_ms = 0;
    const char *reason = NULL;
    switch (container_order(task, outlook->definition, container, now_ms, &at_ms, &reason)) {
    case ORDER_FREE:
        at_ms = latest(at_ms, task->life.since_ms + duration_of(outlook, TASK_PENDING, 0));
        consider_start(outlook, container, at_ms);
        break;
    case ORDER_HOPELESS:
        consider_failure(outlook, container, now_ms, reason, true);
        break;
    case ORDER_WAITS:
        if (at_ms != 0) {
            /* Asked for that moment, it says why it gives up. */
            container_order(task, outlook->definition, container, at_ms, &at_ms, &reason);
            consider_failure(outlook, container, at_ms, reason, true);
        }
        break;
    }
}

static void consider_exit(
    struct outlook *outlook, unsigned container, int64_t at_ms, int exit_code, const char *reason) {
    consider(outlook, (struct life_step){.kind = LIFE_CONTAINER_EXITS,
                          .container = container,
                          .at_ms = at_ms,
                          .exited = true,
                          .exit_code = exit_code,
                          .reason = reason});
}

/* How a running container ends by itself: as scripted; because another waits for it; as the timing says of RUNNING. */
static void look_at_exit(struct outlook *outlook, unsigned index) {
    const struct task *task = outlook->task;
    const struct task_container *container = &task->containers[index];
    const struct life_duration *running = &outlook->timing->stages[TASK_RUNNING];
    const struct outcome_effects *exits = outcome_of(task, index, says_exit, false);
    if (exits != NULL && !container->life.exit_done)
        consider_exit(outlook, index, container->life.started_ms + exits->exit_after_ms, exits->exit_code,
            exits->exit_reason);
    else if (container_rules(task, outlook->definition, index)->awaited)
        consider_exit(outlook, index, container->life.started_ms + duration_of(outlook, LIFE_COMPLETE, index),
            outlook->timing->stages[LIFE_COMPLETE].exit_code, NULL);
    else if (task->status == TASK_RUNNING && running->duration_ms >= 0 && !is_stuck(task))
        consider_exit(outlook, index,
            latest(task->life.since_ms, container->life.started_ms) + duration_of(outlook, TASK_RUNNING, 0),
            running->exit_code, NULL);
}

static void consider_health(struct outlook *outlook, unsigned container, int64_t at_ms, const char *health) {
    consider(outlook,
        (struct life_step){
            .kind = LIFE_CONTAINER_HEALTH, .container = container, .at_ms = at_ms, .health = health});
}

/* A health check finds the container well, until a script says otherwise. */
static void look_at_health(struct outlook *outlook, unsigned index) {
    const struct task_container *container = &outlook->task->containers[index];
    const struct outcome_effects *scripted = outcome_of(outlook->task, index, says_health, true);
    if (container->life.health_done)
        return;
    int64_t verdict_ms = container->life.started_ms + duration_of(outlook, LIFE_HEALTH, index);
    bool natural = container->has_health_check && container->life.healthy_ms == 0;
    if (scripted != NULL) {
        int64_t scripted_ms = container->life.started_ms + scripted->health_after_ms;
        consider_health(outlook, index, scripted_ms, scripted->health);
        natural = natural && verdict_ms < scripted_ms && !text_equal(scripted->health, "HEALTHY");
    }
    if (natural)
        consider_health(outlook, index, verdict_ms, "HEALTHY");
}

static void look_at_running(struct outlook *outlook, unsigned index) {
    look_at_exit(outlook, index);
    if (outlook->task->desired == TASK_RUNNING)
        look_at_health(outlook, index);
}

static int64_t sooner_failure(int64_t known_ms, int64_t at_ms) {
    return known_ms == 0 || at_ms < known_ms ? at_ms : known_ms;
}

int64_t life_fails_soon_ms(const struct task *task, int64_t soon_ms) {
    int64_t fails_ms = 0;
    for (unsigned index = 0; task->life.outcome_count != 0 && index < task->container_count; index++) {
        const struct task_container *container = &task->containers[index];
        const struct outcome_effects *exits = outcome_of(task, index, says_exit, false);
        const struct outcome_effects *ails = outcome_of(task, index, says_health, true);
        int64_t verdict_ms = latest(soon_ms, container->health_verdict_ms);
        if (!container->essential || container->life.started_ms == 0)
            continue;
        if (exits != NULL && !container->life.exit_done && exits->exit_after_ms <= soon_ms)
            fails_ms = sooner_failure(fails_ms, container->life.started_ms + exits->exit_after_ms);
        if (ails != NULL && !container->life.health_done && text_equal(ails->health, "UNHEALTHY") &&
            ails->health_after_ms <= verdict_ms)
            fails_ms = sooner_failure(fails_ms, container->life.started_ms + ails->health_after_ms);
    }
    return fails_ms;
}

static enum task_status after_pending(enum task_platform platform) {
    return platform == TASK_ON_INSTANCE ? TASK_RUNNING : TASK_ACTIVATING;
}

static void look_at_pending(struct outlook *outlook, int64_t now_ms) {
    const struct task *task = outlook->task;
    int64_t ready_ms = task->life.since_ms;
    bool all = true;
    if (is_stuck(task))
        return;
    for (unsigned index = 0; index < task->container_count; index++) {
        const struct task_container *container = &task->containers[index];
        if (has_status(container, "PENDING")) {
            all = false;
            look_at_waiting(outlook, index, now_ms);
        }
        ready_ms = latest(ready_ms, latest(container->life.started_ms, container->life.ended_ms));
    }
    if (all)
        consider_move(outlook, after_pending(task->platform), ready_ms);
}

/* The task is to run. */
static void look_up(struct outlook *outlook, int64_t now_ms) {
    const struct task *task = outlook->task;
    switch (task->status) {
    case TASK_PROVISIONING:
    case TASK_ACTIVATING:
        if (!is_stuck(task))
            consider_move(outlook, (enum task_status)(task->status + 1),
                task->life.since_ms + duration_of(outlook, task->status, 0));
        break;
    case TASK_PENDING:
        look_at_pending(outlook, now_ms);
        break;
    case TASK_RUNNING:
    case TASK_DEACTIVATING:
    case TASK_STOPPING:
    case TASK_DEPROVISIONING:
    case TASK_STOPPED:
    case TASK_STATUS_COUNT:
        break;
    }
}

static bool any_running(const struct task *task) {
    for (unsigned index = 0; index < task->container_count; index++) {
        if (has_status(&task->containers[index], "RUNNING"))
            return true;
    }
    return false;
}

/* Where a task goes that is to stop. */
static enum task_status towards_stop(const struct task *task) {
    bool attached = task->platform != TASK_ON_INSTANCE;
    switch (task->status) {
    case TASK_PENDING:
        if (any_running(task))
            return TASK_STOPPING;
        return attached ? TASK_DEPROVISIONING : TASK_STOPPED;
    case TASK_PROVISIONING:
        return attached ? TASK_DEPROVISIONING : TASK_STOPPED;
    case TASK_ACTIVATING:
    case TASK_RUNNING:
        return attached ? TASK_DEACTIVATING : TASK_STOPPING;
    case TASK_DEACTIVATING:
        return TASK_STOPPING;
    case TASK_STOPPING:
        return attached ? TASK_DEPROVISIONING : TASK_STOPPED;
    case TASK_DEPROVISIONING:
    case TASK_STOPPED:
    case TASK_STATUS_COUNT:
        break;
    }
    return TASK_STOPPED;
}

static int64_t stop_timeout_ms(const struct outlook *outlook, unsigned container) {
    int timeout_s = container_rules(outlook->task, outlook->definition, container)->stop_timeout_s;
    return (int64_t)(timeout_s != 0 ? timeout_s : TASK_STOP_TIMEOUT_S) * 1000;
}

/* SIGTERM goes to containers that nothing needs any more; whoever has not ended within its stopTimeout is killed. */
static void look_at_stopping(struct outlook *outlook) {
    const struct task *task = outlook->task;
    int64_t over_ms = task->life.since_ms;
    int64_t patience_ms = 0;
    bool all = true;
    for (unsigned index = 0; index < task->container_count; index++) {
        const struct task_container *container = &task->containers[index];
        int64_t timeout_ms = stop_timeout_ms(outlook, index);
        patience_ms = latest(patience_ms, timeout_ms);
        over_ms = latest(over_ms, container->life.ended_ms);
        if (!has_status(container, "RUNNING"))
            continue;
        all = false;
        int64_t told_ms = container_released_ms(task, outlook->definition, index);
        int64_t takes_ms = duration_of(outlook, TASK_STOPPING, 0);
        if (told_ms < 0)
            continue;
        bool killed = takes_ms >= timeout_ms;
        consider_exit(outlook, index, latest(told_ms, task->life.since_ms) + (killed ? timeout_ms : takes_ms),
            killed ? EXIT_KILLED : 0, NULL);
    }
    int64_t least_ms = duration_of(outlook, TASK_STOPPING, 0);
    if (least_ms > patience_ms)
        least_ms = patience_ms;
    if (all)
        consider_move(outlook, towards_stop(task), latest(over_ms, task->life.since_ms + least_ms));
}

/* The task is to stop. What has not begun its way down yet begins it at once, or when its warning is over. */
static void look_down(struct outlook *outlook) {
    const struct task *task = outlook->task;
    if (task->status < TASK_DEACTIVATING) {
        consider_move(outlook, towards_stop(task), latest(task->stopping_ms, task->life.stop_at_ms));
    } else if (is_stuck(task)) {
        return;
    } else if (task->status == TASK_STOPPING) {
        look_at_stopping(outlook);
    } else {
        consider_move(
            outlook, towards_stop(task), task->life.since_ms + duration_of(outlook, task->status, 0));
    }
}

int life_next(struct task *task, const struct task_definition *definition, const struct life_timing *timing,
    int64_t now_ms, struct life_step *ret_step) {
    struct outlook outlook = {.task = task, .definition = definition, .timing = timing};
    if (task->status == TASK_STOPPED)
        return LIFE_WAITS;
    for (unsigned index = 0; index < task->container_count; index++) {
        if (has_status(&task->containers[index], "RUNNING"))
            look_at_running(&outlook, index);
    }
    if (task->desired == TASK_STOPPED)
        look_down(&outlook);
    else
        look_up(&outlook, now_ms);
    if (!outlook.found)
        return LIFE_WAITS;
    *ret_step = outlook.step;
    return 0;
}

static void apply_start(struct task *task, const struct life_step *step, int64_t now_ms) {
    task_container_started(task, step->container, now_ms);
    if (task->pull_started_ms == 0 || task->pull_stopped_ms == 0)
        task->pull_started_ms = step->pull_started_ms;
    if (step->pull_stopped_ms > task->pull_stopped_ms)
        task->pull_stopped_ms = step->pull_stopped_ms;
}

static bool exit_is_ignored(const struct container_restart_policy *policy, int exit_code) {
    value_for_each(code, policy->ignored_exit_codes) {
        if (code->kind == VALUE_INT && code->integer == exit_code)
            return true;
    }
    return false;
}

static bool restarts(const struct task *task, const struct task_definition *definition,
    const struct life_step *step, int64_t now_ms) {
    const struct container_restart_policy *policy =
        &container_rules(task, definition, step->container)->restart;
    int64_t ran_ms = now_ms - task->containers[step->container].life.started_ms;
    return policy->enabled && task->desired == TASK_RUNNING && !exit_is_ignored(policy, step->exit_code) &&
           ran_ms >= policy->attempt_period_s * 1000;
}

static void apply_exit(struct task *task, const struct task_definition *definition,
    const struct life_step *step, int64_t now_ms, bool *ret_restarted) {
    struct task_container *container = &task->containers[step->container];
    container->life.exit_done = true;
    if (!restarts(task, definition, step, now_ms)) {
        task_container_exited(task, step->container, step->exit_code, step->reason, now_ms);
        return;
    }
    container->life.restarts++;
    task_container_started(task, step->container, now_ms);
    *ret_restarted = true;
}

static void apply_health(struct task *task, const struct life_step *step, int64_t now_ms) {
    struct task_container *container = &task->containers[step->container];
    const struct outcome_effects *scripted = outcome_of(task, step->container, says_health, true);
    if (scripted != NULL && now_ms >= container->life.started_ms + scripted->health_after_ms)
        container->life.health_done = true;
    container->health_status = step->health;
    if (text_equal(step->health, "HEALTHY"))
        container->life.healthy_ms = now_ms;
}

void life_apply(struct task *task, const struct task_definition *definition, const struct life_step *step,
    int64_t now_ms, bool *ret_restarted) {
    *ret_restarted = false;
    switch (step->kind) {
    case LIFE_CONTAINER_STARTS:
        apply_start(task, step, now_ms);
        break;
    case LIFE_CONTAINER_FAILS:
        task_container_failed(task, step->container, step->exited, step->exit_code, step->reason, now_ms);
        break;
    case LIFE_CONTAINER_EXITS:
        apply_exit(task, definition, step, now_ms, ret_restarted);
        break;
    case LIFE_CONTAINER_HEALTH:
        apply_health(task, step, now_ms);
        break;
    case LIFE_TASK_MOVES:
        break;
    }
    task->dirty = true;
}

/* The stop code and reason that follow from an essential container that is no more (facts: tasks 5.6). One that could
 * not start gives its own reason, unless others are to blame. */
bool life_must_stop(const struct task *task, const char **ret_stop_code, const char **ret_reason) {
    if (task->desired == TASK_STOPPED)
        return false;
    for (unsigned index = 0; index < task->container_count; index++) {
        const struct task_container *container = &task->containers[index];
        if (!container->essential || !has_status(container, "STOPPED"))
            continue;
        bool failed = container->life.started_ms == 0 || task->status == TASK_PENDING;
        bool own_fault = container->life.started_ms == 0 && !container->exited && container->reason != NULL;
        *ret_stop_code = failed ? "TaskFailedToStart" : "EssentialContainerExited";
        *ret_reason = own_fault ? container->reason
                      : failed  ? "Task failed to start"
                                : "Essential container in task exited";
        return true;
    }
    return false;
}
