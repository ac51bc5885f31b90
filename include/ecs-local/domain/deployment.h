/* How a deployment counts its failures, waits before the next attempt, and ends. Pure.
 * Sources: facts services 7.1, 7.7, 7.8. */
#ifndef ECS_LOCAL_DOMAIN_DEPLOYMENT_H
#define ECS_LOCAL_DOMAIN_DEPLOYMENT_H

#include "ecs-local/domain/service.h"

/* A task of the deployment has ended, or is wanted stopped for a reason of its own. `was_healthy`: it had come that
 * far once; `ours`: the scheduler or a user stopped it, which is no failure. */
void deployment_task_ended(struct deployment *deployment, const struct service_task *task, bool was_healthy,
    bool ours, const struct service_timing *timing, int64_t now_ms);
/* The scheduler stops a task because of its health. `counts`: see deployment_counts_failures(). */
void deployment_task_unhealthy(struct deployment *deployment, const struct service_task *task, bool counts,
    const struct service_timing *timing, int64_t now_ms);
/* A task found no place. */
void deployment_failed_to_place(
    struct deployment *deployment, const struct service_timing *timing, int64_t now_ms);
/* A task is RUNNING: it could be started. */
void deployment_task_started(struct deployment *deployment);
/* A task has become healthy. */
void deployment_task_healthy(struct deployment *deployment, const struct service_settings *settings);
/* Has it failed often enough? */
bool deployment_breaker_trips(
    const struct deployment *deployment, const struct service_settings *settings, int desired_count);
/* Does another failure count? What fails beside or after the one that trips the breaker does not. */
bool deployment_counts_failures(
    const struct deployment *deployment, const struct service_settings *settings, int desired_count);
/* Where a rollback of `failed` goes: the youngest other one that has been COMPLETED. NULL: nowhere. */
struct deployment *deployment_to_go_back_to(struct deployment *deployments, const struct deployment *failed);

#endif
