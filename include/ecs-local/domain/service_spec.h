/* What a service wants to be: the document behind a Service, with every default that AWS fills in, the rules
 * that CreateService and UpdateService check, and what of it a deployment holds fast. Pure.
 * Sources: facts services 2, 3.
 *
 * The service document has the members of a CreateService request under the same names, normalised, and
 * serviceName, roleArn, platformFamily. What was not given and has no default is not in it. No reply shows
 * formerLaunchType (what [] for the strategy goes back to), clientToken and createRequest (idempotency). */
#ifndef ECS_LOCAL_DOMAIN_SERVICE_SPEC_H
#define ECS_LOCAL_DOMAIN_SERVICE_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "ecs-local/base/arena.h"
#include "ecs-local/base/value.h"
#include "ecs-local/domain/task_definition.h"
#include "ecs-local/domain/violation.h"

enum {
    SERVICE_TASKS_MAX = 5000, /* of one service (facts: services 2.8, quotas) */
    SERVICE_TARGET_GROUPS_MAX = 5,
    SERVICE_NAME_MAX = 255,
};

/* What the caller has looked up. */
struct service_facts {
    const char *region;
    const char *account;
    const char *definition_arn;              /* NULL: none (controller EXTERNAL) */
    const struct value *definition_document; /* normalised; NULL with definition_arn */
    const struct task_definition *definition;
    const char *launch_type;      /* where its tasks go: "EC2", "FARGATE" … also with a strategy */
    const struct value *strategy; /* the cluster's default one when neither is asked for; NULL: none */
    const char *platform_family;  /* Fargate: "Linux" …; NULL elsewhere */
    const struct violation *strategy_violation; /* what is wrong with the strategy; NULL: nothing */
    const struct violation *platform_violation; /* the same of platformVersion */
    const char *default_namespace;              /* serviceConnectDefaults of the cluster; NULL: none */
};

/* The name of a service (facts: services 1.2). 0, or 1 and the violation. */
int service_check_name(struct arena *arena, const char *name, struct violation *ret_violation);

/* A copy of the request in which "" and empty objects, which clients send for "not given", are absent
 * (facts: services 1.2). Empty lists stay: UpdateService clears with them. */
struct value *service_given(struct arena *arena, const struct value *request);

/* The document of a new service; `request` as service_given() made it. It need not be valid yet. */
struct value *service_spec_new(
    struct arena *arena, const struct value *request, const struct service_facts *facts);
/* The document that an update leads to: absent members stay, [] clears. */
struct value *service_spec_updated(struct arena *arena, const struct value *spec, const struct value *request,
    const struct service_facts *facts);

/* The rules, in the order of facts services 2.3 and 3.3. `spec` is what the request leads to. 0, or 1 and the
 * first rule that is broken. */
int service_check_create(struct arena *arena, const struct value *request, const struct value *spec,
    const struct service_facts *facts, struct violation *ret_violation);
int service_check_update(struct arena *arena, const struct value *request, const struct value *before,
    const struct value *spec, const struct service_facts *facts, struct violation *ret_violation);

/* What a deployment and its revision hold fast, in the order of ServiceRevision. That of a creation has no
 * empty lists, later ones have (facts: services 9.5). */
struct value *service_revision_document(
    struct arena *arena, const struct value *spec, const struct service_facts *facts, bool first);
/* Does the update start a new deployment (facts: services 3.2)? Decided by value, not by presence. */
bool service_redeploys(
    struct arena *arena, const struct value *before, const struct value *after, const struct value *request);

/* "ECS", "CODE_DEPLOY" or "EXTERNAL"; "ROLLING", "BLUE_GREEN" …; of a document. */
const char *service_controller(const struct value *spec);
const char *service_strategy(const struct value *spec);
bool service_is_daemon(const struct value *spec);

#endif
