/* The `overrides` of RunTask and StartTask (facts: tasks 5.1, 5.3). Pure. */
#ifndef ECS_LOCAL_DOMAIN_TASK_OVERRIDES_H
#define ECS_LOCAL_DOMAIN_TASK_OVERRIDES_H

#include <stddef.h>

#include "ecs-local/domain/task_definition.h"

/* `overrides` NULL: none. `json_length`: characters of the override structure as JSON. 0, or 1 and
 * *ret_violation. */
int task_overrides_check(struct arena *arena, const struct value *overrides, size_t json_length,
    const struct task_definition *definition, struct violation *ret_violation);

/* On Fargate the overridden sizes must exist, too. 0, or 1 and *ret_violation. */
int task_overrides_check_fargate(struct arena *arena, const struct value *overrides,
    const struct task_definition *definition, struct violation *ret_violation);

/* Task.overrides: one entry for every container, with what was given for it. */
struct value *task_overrides_normalise(struct arena *arena, const struct value *overrides,
    const struct task_definition *definition, const char *partition, const char *account);

/* What a task of the definition with these overrides takes of its instance. */
void task_overrides_demand(struct arena *arena, const struct value *overrides,
    const struct task_definition *definition, struct task_demand *ret_demand);

/* The GPUs of one container, with the overrides of the call or of the task. */
int64_t task_overrides_gpus(const struct value *overrides, const struct task_definition_container *container);
/* Its sharingStrategy; NULL: it shares none. */
const struct value *task_overrides_gpu_sharing(
    const struct value *overrides, const struct task_definition_container *container);

#endif
