/* Managed daemons: the rules of their task definitions. Pure. Source: facts services 13. */
#ifndef ECS_LOCAL_DOMAIN_DAEMON_H
#define ECS_LOCAL_DOMAIN_DAEMON_H

#include "ecs-local/base/arena.h"
#include "ecs-local/base/value.h"
#include "ecs-local/domain/violation.h"

/* Checks a RegisterDaemonTaskDefinition request by the rules of task definitions (D: the service's own are not
 * known); the memory of containers may be left open. 0, or 1 and the first rule that it breaks. */
int daemon_definition_check(
    struct arena *arena, const struct value *request, struct violation *ret_violation);
/* The DaemonTaskDefinition as it comes back, without ARN, revision, status and times. task_definition_summarise()
 * reads it. */
struct value *daemon_definition_normalise(
    struct arena *arena, const struct value *request, const char *partition, const char *account);

#endif
