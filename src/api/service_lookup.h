/* Services by name, and what their ARNs are made of (facts: services 1.1, 1.2). */
#ifndef SERVICE_LOOKUP_H
#define SERVICE_LOOKUP_H

#include "api_lookup.h"
#include "ecs-local/engine/service_engine.h"

/* The name that `text` (a name or an ARN) means. 0 or API_ERROR. */
int lookup_service_name(
    struct api_call *call, const struct cluster *cluster, const char *text, const char **ret_name);
/* The service that the request's `service` names, INACTIVE ones too. 0, API_ERROR ServiceNotFoundException or <0. */
int lookup_service(struct api_call *call, const struct cluster *cluster, struct service **ret_service);
/* The same, and it must be ACTIVE. */
int lookup_active_service(struct api_call *call, const struct cluster *cluster, struct service **ret_service);

/* "service-revision", "service-deployment" or "task-set" of a service: its ARN with that type and `id` at the end. */
const char *service_child_arn(
    struct api_call *call, const struct service *service, const char *type, const char *id);
/* "ecs-svc/" and the digits. */
const char *deployment_id_text(struct api_call *call, const char *digits);

/* What an ARN of that type names: cluster, service and the rest. 0, or 1 when it is none of this account and region. */
struct service_child {
    const char *cluster;
    const char *service;
    const char *id;
};
int service_child_take_apart(
    struct api_call *call, const char *arn, const char *type, struct service_child *ret_child);

/* What a service's ARN of this account and region names. *ret_cluster: NULL when there is none. 0 or API_ERROR. */
int service_arn_read(
    struct api_call *call, const char *arn, struct cluster **ret_cluster, const char **ret_name);

/* What the store keeps of a service. */
struct service_contents {
    const struct value *document;
    const char *tags;       /* JSON list */
    const char *created_by; /* NULL: unknown */
};
int service_contents_read(
    struct api_call *call, const struct service *service, struct service_contents *ret_contents);

/* A task set of the service by id ("ecs-svc/…") or ARN; NULL: none. */
struct deployment *task_set_find(const struct service *service, const char *text);

#endif
