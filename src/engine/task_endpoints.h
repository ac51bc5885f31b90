#ifndef TASK_ENDPOINTS_H
#define TASK_ENDPOINTS_H

#include "ecs-local/domain/task.h"
#include "ecs-local/engine/task_launch.h"

/* The attachments of Service Connect and the registry that the launch names. */
void task_endpoints_build(struct engine *engine, struct task *task, const struct task_launch *launch);

#endif
