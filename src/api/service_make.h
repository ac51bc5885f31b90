/* Making and changing services, for whoever has a request in the form of CreateService or UpdateService. */
#ifndef SERVICE_MAKE_H
#define SERVICE_MAKE_H

#include "service_facts.h"

/* The checks of CreateService but for what exists already. The request has no "" in it (service_given()).
 * *ret_document: the service's document, to which members may be added ("resourceManagementType": "ECS"). 0, API_ERROR or
 * <0. */
int service_prepare(struct api_call *call, const struct cluster *cluster, const struct value *request,
    struct service_view_of_world *ret_world, struct value **ret_document);
/* Makes it, with its first deployment; the name must be free. */
int service_make(struct api_call *call, struct cluster *cluster, const struct value *request,
    struct value *document, const struct service_view_of_world *world, struct service **ret_service);
/* UpdateService of an ACTIVE service: checks, and changes it; a difference that counts makes a new deployment. */
int service_change(struct api_call *call, struct service *service, const struct value *request);

#endif
