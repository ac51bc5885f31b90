/* What the operations on gateways share. */
#ifndef GATEWAY_LOOKUP_H
#define GATEWAY_LOOKUP_H

#include "api_lookup.h"
#include "ecs-local/store/gateway_rows.h"

const char *gateway_arn(struct api_call *call, const char *name, const char *gateway_id);
const char *gateway_route_arn(struct api_call *call, const struct gateway_route_row *route);

/* The gateway that `text` (a name or an ARN) names. 0, API_ERROR (GatewayNotFoundException …), STORE_NOT_FOUND when
 * there is none and `optional`, or <0. */
int lookup_gateway(struct api_call *call, const char *text, bool optional, struct gateway_row *ret_row);
/* The members of a list between commas, for a filter of rows; NULL when there are none. */
const char *filter_words(struct api_call *call, const struct value *list);

/* The row of the cluster that the request's `cluster` names; 0 without one. STORE_NOT_FOUND when there is none of that
 * name. */
int filter_cluster(struct api_call *call, int64_t *ret_cluster_id);

/* A page whose cursor is the number of a row. */
int row_page_begin(struct api_call *call, const char *filters, int64_t *ret_after);

/* gatewayConnections of a service's ecsManagedResources; writes the member when there are any. */
int write_gateway_connections(struct api_call *call, const struct cluster *cluster, const char *service_name);

#endif
