/* What the rules of services must know besides the request: the task definition, where tasks go, the platform. */
#ifndef SERVICE_FACTS_H
#define SERVICE_FACTS_H

#include "ecs-local/domain/service_spec.h"
#include "service_lookup.h"

struct service_view_of_world {
    struct service_facts facts;
    int64_t definition_id; /* rows; 0: none */
    int64_t family_id;
    struct violation strategy; /* what facts.strategy_violation points to */
    struct violation platform; /* what facts.platform_violation points to */
};

/* For CreateService, and for a task set (`request` has the same members). 0, API_ERROR or <0. */
int service_facts_new(struct api_call *call, const struct cluster *cluster, const struct value *request,
    struct service_view_of_world *ret_world);
/* For UpdateService: what `document` says holds unless the request says otherwise. */
int service_facts_updated(struct api_call *call, const struct cluster *cluster, const struct value *request,
    const struct value *document, struct service_view_of_world *ret_world);

#endif
