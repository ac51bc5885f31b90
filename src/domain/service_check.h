/* How the rules of services are written: a function for each, run in the order of facts services 2.3 until one
 * refuses. Private to the rules' files. */
#ifndef SERVICE_CHECK_H
#define SERVICE_CHECK_H

#include "ecs-local/base/text.h"
#include "ecs-local/domain/service_spec.h"

struct service_check {
    struct arena *arena;
    const struct value *request;
    const struct value *before;        /* UpdateService: the document as it is; NULL: CreateService */
    const struct value *spec;          /* what the request leads to */
    const struct value *configuration; /* deploymentConfiguration of the spec */
    const struct service_facts *facts;
    struct violation *violation;
};

/* A rule answers 0, or 1 after service_refuse(). */
typedef int service_rule(struct service_check *check);

/* InvalidParameterException with the text; answers 1. */
int service_refuse(struct service_check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int service_run_rules(struct service_check *check, service_rule *const *rules, size_t count);

/* The container of that name in the task definition; NULL: there is none. */
const struct value *service_find_container(const struct service_check *check, const char *name);
bool service_is_fargate(const struct service_check *check);
bool service_has_classic_balancer(const struct service_check *check);

/* service_network_rules.c */
int service_check_balancers(struct service_check *check);
int service_check_advanced(struct service_check *check);
int service_check_grace_and_role(struct service_check *check);
int service_check_registries(struct service_check *check);
/* service_connect_rules.c */
int service_check_connect(struct service_check *check);
int service_check_lattice(struct service_check *check);
int service_check_gateways(struct service_check *check);
/* service_deployment_rules.c */
int service_check_percents(struct service_check *check);
int service_check_breaker(struct service_check *check);
int service_check_strategy(struct service_check *check);

#endif
