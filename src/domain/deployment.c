#include "ecs-local/domain/deployment.h"

enum {
    CRASHED_SOON_MS = 60 * 1000, /* after RUNNING: it is started again after a pause (D) */
    DOUBLINGS_MAX = 30,
};

static int64_t doubled(int64_t first_ms, unsigned times, int64_t most_ms) {
    int64_t delay_ms = first_ms;
    for (unsigned index = 1; index < times && index < DOUBLINGS_MAX && delay_ms < most_ms; index++)
        delay_ms *= 2;
    return delay_ms < most_ms ? delay_ms : most_ms;
}

static void count_failure(struct deployment *deployment) {
    deployment->failed_tasks++;
    deployment->failures++;
    deployment->dirty = true;
}

/* Tasks of one batch fail as one attempt. */
static void back_off(struct deployment *deployment, const struct service_timing *timing, int64_t attempted_ms,
    int64_t now_ms) {
    if (deployment->next_start_ms != 0 && attempted_ms < deployment->next_start_ms)
        return;
    deployment->start_failures++;
    deployment->next_start_ms = now_ms +
                                doubled(timing->retry_ms, deployment->start_failures, timing->retry_max_ms);
}

static void pause_after_crash(struct deployment *deployment, const struct service_task *task,
    const struct service_timing *timing, int64_t now_ms) {
    if (now_ms - task->started_ms >= CRASHED_SOON_MS) {
        deployment->crashes = 0;
        return;
    }
    if (deployment->next_start_ms != 0 && task->created_ms < deployment->next_start_ms)
        return;
    deployment->crashes++;
    deployment->next_start_ms = now_ms + doubled(timing->crash_ms, deployment->crashes, timing->crash_max_ms);
}

void deployment_task_ended(struct deployment *deployment, const struct service_task *task, bool was_healthy,
    bool ours, const struct service_timing *timing, int64_t now_ms) {
    if (ours)
        return;
    deployment->dirty = true;
    if (!was_healthy)
        count_failure(deployment);
    if (task->started_ms == 0)
        back_off(deployment, timing, task->created_ms, now_ms);
    else
        pause_after_crash(deployment, task, timing, now_ms);
}

void deployment_task_unhealthy(struct deployment *deployment, const struct service_task *task, bool counts,
    const struct service_timing *timing, int64_t now_ms) {
    if (counts)
        count_failure(deployment);
    deployment->dirty = true;
    /* AWS does not wait here, and need not: there no check fails at once. */
    if (now_ms - task->started_ms < timing->crash_ms)
        pause_after_crash(deployment, task, timing, now_ms);
}

void deployment_failed_to_place(
    struct deployment *deployment, const struct service_timing *timing, int64_t now_ms) {
    count_failure(deployment);
    back_off(deployment, timing, now_ms, now_ms);
}

void deployment_task_started(struct deployment *deployment) {
    if (deployment->start_failures == 0)
        return;
    deployment->start_failures = 0;
    deployment->next_start_ms = 0;
    deployment->dirty = true;
}

void deployment_task_healthy(struct deployment *deployment, const struct service_settings *settings) {
    if (deployment->failed_tasks == 0 && deployment->failures == 0)
        return;
    deployment->failed_tasks = 0;
    if (settings->breaker_resets)
        deployment->failures = 0;
    deployment->dirty = true;
}

bool deployment_breaker_trips(
    const struct deployment *deployment, const struct service_settings *settings, int desired_count) {
    return settings->breaker && settings->controller == CONTROLLER_ECS &&
           deployment->rollout == ROLLOUT_IN_PROGRESS &&
           deployment->failures >= service_breaker_threshold(settings, desired_count);
}

bool deployment_counts_failures(
    const struct deployment *deployment, const struct service_settings *settings, int desired_count) {
    return deployment->rollout != ROLLOUT_FAILED &&
           !deployment_breaker_trips(deployment, settings, desired_count);
}

struct deployment *deployment_to_go_back_to(struct deployment *deployments, const struct deployment *failed) {
    struct deployment *youngest = NULL;
    for (struct deployment *item = deployments; item != NULL; item = item->next) {
        if (item == failed || item->gone || item->is_task_set || !item->was_completed ||
            item->rollout == ROLLOUT_FAILED)
            continue;
        if (youngest == NULL || item->id > youngest->id)
            youngest = item;
    }
    return failed->is_rollback ? NULL : youngest;
}
