/* Amazon Resource Names and identifiers: building them, and finding out what a caller names with one.
 * Sources: facts tasks 1.4b, 2. */
#ifndef ECS_LOCAL_DOMAIN_ARN_H
#define ECS_LOCAL_DOMAIN_ARN_H

#include <stdint.h>

#include "ecs-local/base/arena.h"
#include "ecs-local/domain/violation.h"

/* "aws", "aws-cn" or "aws-us-gov". */
const char *arn_partition(const char *region);

char *arn_cluster(struct arena *arena, const char *region, const char *account, const char *name);
char *arn_container_instance(
    struct arena *arena, const char *region, const char *account, const char *cluster, const char *id);
char *arn_task(
    struct arena *arena, const char *region, const char *account, const char *cluster, const char *id);
char *arn_container(struct arena *arena, const char *region, const char *account, const char *cluster,
    const char *task_id, const char *uuid);
char *arn_capacity_provider(struct arena *arena, const char *region, const char *account, const char *name);
char *arn_task_definition(
    struct arena *arena, const char *region, const char *account, const char *family, int64_t revision);

/* Any other of ECS: type "gateway", rest "name/id". */
char *arn_resource(
    struct arena *arena, const char *region, const char *account, const char *type, const char *rest);
char *arn_service(
    struct arena *arena, const char *region, const char *account, const char *cluster, const char *name);
/* What belongs to a service has an ARN made of the service's: "service-revision", "service-deployment", "task-set"
 * (facts: services 1.1). */
char *arn_of_service(struct arena *arena, const char *service_arn, const char *type, const char *id);

enum arn_kind {
    ARN_TASK,
    ARN_CONTAINER_INSTANCE,
    ARN_SERVICE,
};

/* All: 0 and the result (in the arena), or 1 and *ret_violation. */

/* A cluster's name from a name or an ARN. */
int arn_resolve_cluster(struct arena *arena, const char *text, const char *region, const char *account,
    const char **ret_name, struct violation *ret_violation);
/* The id of something in `cluster` from an id, a long ARN (of that cluster) or an old short ARN. `noun` names
 * the id in the message about its length ("taskId"). */
int arn_resolve_in_cluster(struct arena *arena, enum arn_kind kind, const char *noun, const char *text,
    const char *cluster, const char *region, const char *account, const char **ret_id,
    struct violation *ret_violation);
/* A capacity provider's name from a name or an ARN. */
int arn_resolve_capacity_provider(struct arena *arena, const char *text, const char *region,
    const char *account, const char **ret_name, struct violation *ret_violation);
/* Takes apart an ARN of this region and account: its type ("task") and what follows the first slash. */
int arn_take_apart(struct arena *arena, const char *text, const char *region, const char *account,
    const char **ret_type, const char **ret_rest, struct violation *ret_violation);
/* Family and revision (0: none given) from family, family:revision, or an ARN with or without revision. */
int arn_resolve_task_definition(struct arena *arena, const char *text, const char *region,
    const char *account, const char **ret_family, int64_t *ret_revision, struct violation *ret_violation);
/* The same of a daemon task definition. */
int arn_resolve_daemon_definition(struct arena *arena, const char *text, const char *region,
    const char *account, const char **ret_family, int64_t *ret_revision, struct violation *ret_violation);

#endif
