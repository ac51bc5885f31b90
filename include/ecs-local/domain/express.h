/* Express gateway services: what a request leaves open, its rules, and the task definition that is made of it. Pure.
 * Source: facts services 12.
 *
 * Settings are what an ExpressGatewayServiceConfiguration shows: executionRoleArn, taskRoleArn, taskDefinitionArn, cpu,
 * memory, cpuArchitecture, networkConfiguration, healthCheckPath, primaryContainer, scalingTarget. Without a
 * primaryContainer the task definition is the customer's. */
#ifndef ECS_LOCAL_DOMAIN_EXPRESS_H
#define ECS_LOCAL_DOMAIN_EXPRESS_H

#include <stdbool.h>

#include "ecs-local/base/arena.h"
#include "ecs-local/base/value.h"
#include "ecs-local/domain/violation.h"

#define EXPRESS_CONTAINER "Main"

/* Defaults filled in. `log_group`: where its container logs to unless the request says otherwise. 0, or 1 and the
 * violation. */
int express_settings_new(struct arena *arena, const struct value *request, const char *log_group,
    struct value **ret_settings, struct violation *ret_violation);
/* After an update: what is not given stays. */
int express_settings_updated(struct arena *arena, const struct value *settings, const struct value *request,
    const char *log_group, struct value **ret_settings, struct violation *ret_violation);
/* The RegisterTaskDefinition request of such a service; NULL when the task definition is the customer's. */
struct value *express_task_definition(
    struct arena *arena, const struct value *settings, const char *family, const char *region);
/* Is the normalised definition one that a customer may bring? 0, or 1 and the violation. */
int express_check_definition(const struct value *document, struct violation *ret_violation);
/* Do both lead to the same task definition? */
bool express_same_definition(const struct value *before, const struct value *after);

int express_min_tasks(const struct value *settings);
int express_max_tasks(const struct value *settings);
/* networkConfiguration of the ordinary service. */
struct value *express_network(struct arena *arena, const struct value *settings);

#endif
