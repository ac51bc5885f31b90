/* Rules of load balancers, grace period, role and registries (facts: services 2.3 #36 to #47, 8.2). Whether a
 * target group exists, has a load balancer or registers by address cannot be known here. */
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "service_check.h"

enum {
    BALANCERS_MAX = 5,
};

bool service_has_classic_balancer(const struct service_check *check) {
    value_for_each(balancer, value_get(check->spec, "loadBalancers")) {
        if (value_has(balancer, "loadBalancerName"))
            return true;
    }
    return false;
}

static bool maps_port(const struct value *container, int64_t port) {
    value_for_each(mapping, value_get(container, "portMappings")) {
        int first = 0;
        int last = 0;
        const char *range = value_string(mapping, "containerPortRange");
        if (range != NULL && task_definition_parse_range(range, &first, &last) == 0 && port >= first &&
            port <= last)
            return true;
        if (range == NULL && value_int(mapping, "containerPort", 0) == port)
            return true;
    }
    return false;
}

/* #37, #38 */
static int check_target(struct service_check *check, const struct value *holder) {
    const char *name = value_string(holder, "containerName");
    int64_t port = value_int(holder, "containerPort", 0);
    const struct value *container = service_find_container(check, name);
    if (container == NULL)
        return service_refuse(
            check, "The container %s does not exist in the task definition.", name != NULL ? name : "");
    if (!maps_port(container, port))
        return service_refuse(
            check, "The container %s did not have a container port %lld defined.", name, (long long)port);
    return 0;
}

static int check_balancer(struct service_check *check, const struct value *balancer) {
    bool classic = value_has(balancer, "loadBalancerName");
    bool group = value_has(balancer, "targetGroupArn");
    if (classic && group)
        return service_refuse(check,
            "loadBalancerName and targetGroupArn cannot both be specified. You must specify either a "
            "loadBalancerName or a targetGroupArn in all loadBalancer entries");
    if (!classic && !group)
        return service_refuse(check, "You must specify either a loadBalancerName or a targetGroupArn in all "
                                     "loadBalancer entries"); /* D, the second half of #36 */
    return check_target(check, balancer);
}

/* #36 to #38, #41 */
int service_check_balancers(struct service_check *check) {
    const struct value *balancers = value_get(check->spec, "loadBalancers");
    if (value_count(balancers) > BALANCERS_MAX)
        return service_refuse(check, "load balancers can have at most %d items", BALANCERS_MAX);
    value_for_each(balancer, balancers) {
        if (check_balancer(check, balancer) != 0)
            return 1;
    }
    if (service_has_classic_balancer(check) && service_is_fargate(check))
        return service_refuse(check, "Classic Load Balancers are not supported with Fargate.");
    return 0;
}

static bool is_rule_arn(const char *arn) {
    return text_starts_with(arn, "arn:") && strstr(arn, ":elasticloadbalancing:") != NULL &&
           (strstr(arn, ":listener-rule/app/") != NULL || strstr(arn, ":listener/net/") != NULL);
}

/* A rule that one entry uses for production and another for tests would shift both at once. */
static int check_rule_use(struct service_check *check, const struct value *balancers) {
    value_for_each(balancer, balancers) {
        const struct value *advanced = value_get(balancer, "advancedConfiguration");
        const char *production = value_string(advanced, "productionListenerRule");
        if (production != NULL && !is_rule_arn(production))
            return service_refuse(check,
                "productionListenerRule has an invalid ARN format. Must be RuleArn for ALB or ListenerArn for "
                "NLB. Got: %s",
                production);
        value_for_each(other, balancers) {
            const char *test = value_string(value_get(other, "advancedConfiguration"), "testListenerRule");
            if (production != NULL && text_equal(production, test))
                return service_refuse(check,
                    "The following rules cannot be used as both production and test listener rules: %s",
                    production);
        }
    }
    return 0;
}

static int check_groups_once(struct service_check *check, const struct value *balancers) {
    size_t count = 0;
    const char **groups = arena_new_array(check->arena, const char *, 2 * value_count(balancers));
    value_for_each(balancer, balancers) {
        const char *named[] = {value_string(balancer, "targetGroupArn"),
            value_string(value_get(balancer, "advancedConfiguration"), "alternateTargetGroupArn")};
        for (size_t which = 0; which < 2; which++) {
            for (size_t index = 0; index < count; index++) {
                if (text_equal(groups[index], named[which]))
                    return service_refuse(check, "Duplicate targetGroupArn found: %s", named[which]);
            }
            if (named[which] != NULL)
                groups[count++] = named[which];
        }
    }
    return 0;
}

/* facts: services 8.2. Without a strategy that shifts traffic one container may serve two ports of one group. */
int service_check_advanced(struct service_check *check) {
    const struct value *balancers = value_get(check->spec, "loadBalancers");
    size_t advanced = 0;
    size_t classic = 0;
    bool shifts = !text_equal(service_strategy(check->spec), "ROLLING");
    value_for_each(balancer, balancers) {
        bool has = value_has(balancer, "advancedConfiguration");
        advanced += has;
        classic += value_has(balancer, "loadBalancerName");
        if (has && value_has(balancer, "loadBalancerName"))
            return service_refuse(
                check, "advancedConfiguration field is not allowed with ELBv1 loadBalancers");
    }
    if (classic != 0 && classic != value_count(balancers))
        return service_refuse(check, "All loadBalancers must be strictly either ELBv1 (defining "
                                     "loadBalancerName) or ELBv2 (defining targetGroupArn)");
    if (shifts && advanced == 0 && value_count(balancers) != 0)
        return service_refuse(check,
            "advancedConfiguration field is required for all loadBalancers when using "
            "a non-ROLLING deployment strategy");
    if (advanced != 0 && advanced != value_count(balancers))
        return service_refuse(check,
            "Either all or none of the provided loadBalancers must have advancedConfiguration defined");
    if (advanced == 0)
        return 0;
    if (check_rule_use(check, balancers) != 0)
        return 1;
    return check_groups_once(check, balancers);
}

static bool has_health_check(const struct service_check *check) {
    value_for_each(container, value_get(check->facts->definition_document, "containerDefinitions")) {
        if (value_has(container, "healthCheck"))
            return true;
    }
    return false;
}

/* #42 to #45 */
int service_check_grace_and_role(struct service_check *check) {
    int64_t grace = value_int(check->request, "healthCheckGracePeriodSeconds", 0);
    bool balanced = value_count(value_get(check->spec, "loadBalancers")) != 0;
    bool registered = value_count(value_get(check->spec, "serviceRegistries")) != 0;
    if (grace > 0 && !balanced && !registered && !has_health_check(check) &&
        value_count(value_get(check->spec, "vpcLatticeConfigurations")) == 0)
        return service_refuse(
            check, "Health check grace period is only valid for services configured to use load balancers");
    if (grace < 0)
        return service_refuse(check, "healthCheckGracePeriodSeconds must be at least 0");
    if (!value_has(check->request, "role"))
        return 0;
    if (!balanced)
        return service_refuse(
            check, "IAM roles are only valid for services configured to use load balancers.");
    if (registered || check->facts->definition->network_mode == NETWORK_AWSVPC)
        return service_refuse(
            check, "You cannot specify an IAM role for services that require a service linked role.");
    return 0;
}

/* #47 depends on the kind of DNS record, which only the registry knows: a pair or a port passes. */
int service_check_registries(struct service_check *check) {
    const struct value *registries = value_get(check->spec, "serviceRegistries");
    bool awsvpc = check->facts->definition->network_mode == NETWORK_AWSVPC;
    if (value_count(registries) > 1)
        return service_refuse(check, "service registries can have at most 1 items");
    value_for_each(registry, registries) {
        const char *arn = value_string(registry, "registryArn");
        bool named = value_has(registry, "containerName");
        bool ported = value_has(registry, "containerPort");
        if (arn == NULL)
            return service_refuse(check, "registryArn can not be blank."); /* D */
        if (!awsvpc && !(named && ported))
            return service_refuse(check, /* D */
                "When specifying a service registry for a task definition that uses bridge or host network "
                "mode, a containerName and containerPort combination is required. Registry: %s",
                arn);
        if (awsvpc && value_has(registry, "port") && (named || ported))
            return service_refuse(check, /* D */
                "Specify either a port or a containerName and containerPort combination, but not both. "
                "Registry: %s",
                arn);
        if (named && ported && check_target(check, registry) != 0)
            return 1;
    }
    return 0;
}
