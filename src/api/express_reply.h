/* An Express gateway service as replies show it (facts: services 12). */
#ifndef EXPRESS_REPLY_H
#define EXPRESS_REPLY_H

#include "service_lookup.h"

/* The hidden member of a service's document that makes it an Express service, and of each of its revisions:
 * {infrastructureRoleArn, endpoint, settings}. */
#define EXPRESS_MEMBER "express"

/* The members of ECSManagedResources, into an open object. */
void write_express_resources(
    struct api_call *call, const struct service *service, const struct value *express, int64_t created_ms);
/* ExpressGatewayServiceConfiguration of a deployment. */
int write_express_configuration(
    struct api_call *call, const struct service *service, const struct deployment *deployment);
/* {"service": ECSExpressGatewayService} */
int reply_express(struct api_call *call, const struct service *service, bool with_tags);
/* {"service": UpdatedExpressGatewayService} */
int reply_express_updated(struct api_call *call, const struct service *service);

#endif
