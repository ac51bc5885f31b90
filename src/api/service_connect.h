/* Namespaces and discovery names of Service Connect (facts: services 2.3 #53, #55; 6). */
#ifndef SERVICE_CONNECT_H
#define SERVICE_CONNECT_H

#include "ecs-local/domain/service_spec.h"
#include "service_lookup.h"

/* Is each discovery name of the document free in its namespace? `self`: the service itself, NULL: a new one. */
int service_connect_check_free(
    struct api_call *call, const struct value *document, const struct service *self_or_null);
/* A namespace is known when a service or a cluster's defaults name it: there is no Cloud Map to ask. */
int service_connect_check_namespace(struct api_call *call, const char *name_space);
/* The cluster of the caller with that row; NULL: none. */
const struct cluster *service_connect_cluster(struct api_call *call, int64_t id);

#endif
