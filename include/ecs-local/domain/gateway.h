/* Gateways: the configuration with its defaults, what an update changes, and the names of what AWS would make
 * for one. Pure. Source: facts services 14. */
#ifndef ECS_LOCAL_DOMAIN_GATEWAY_H
#define ECS_LOCAL_DOMAIN_GATEWAY_H

#include <stdint.h>

#include "ecs-local/base/arena.h"
#include "ecs-local/base/value.h"
#include "ecs-local/domain/violation.h"

enum {
    GATEWAYS_PER_CLUSTER_MAX = 5,
    /* Routes that a load balancer takes: the quota of rules of an Application Load Balancer (D). */
    GATEWAY_ROUTES_PER_BALANCER = 100,
};

/* The hostSharedAlb of a GatewayConfiguration, defaults filled in. 0, or 1 and *ret_violation. */
int gateway_balancer_new(struct arena *arena, const struct value *configuration, struct value **ret_balancer,
    struct violation *ret_violation);
/* The same after an UpdateGatewayConfiguration (NULL: nothing changes). */
int gateway_balancer_updated(struct arena *arena, const struct value *balancer,
    const struct value *configuration, struct value **ret_balancer, struct violation *ret_violation);
/* "PUBLIC" or "PRIVATE", from the scheme. */
const char *gateway_access_type(const struct value *balancer);

/* What one of a gateway's load balancers is called. */
struct gateway_balancer_names {
    const char *load_balancer_arn;
    const char *listener_arn;
    const char *security_group;
};
struct gateway_balancer_names gateway_balancer_names(struct arena *arena, const char *region,
    const char *account, const char *gateway_id, int64_t number, const struct value *balancer);
/* Where a route's service is reached. */
const char *gateway_route_url(
    struct arena *arena, const char *region, const char *route_id, const struct value *balancer);
const char *gateway_route_rule_arn(
    struct arena *arena, const char *listener_arn, const char *route_id, bool for_test_traffic);

#endif
