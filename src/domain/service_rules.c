/* The rules of CreateService and UpdateService, in the order of facts services 2.3 and 3.3. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/domain/placement.h"
#include "ecs-local/domain/volume_rules.h"
#include "service_check.h"

int service_refuse(struct service_check *check, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const char *message = arena_vprintf(check->arena, format, arguments);
    va_end(arguments);
    *check->violation = (struct violation){.code = "InvalidParameterException", .message = message};
    return 1;
}

int service_run_rules(struct service_check *check, service_rule *const *rules, size_t count) {
    for (size_t index = 0; index < count; index++) {
        if (rules[index](check) != 0)
            return 1;
    }
    return 0;
}

const struct value *service_find_container(const struct service_check *check, const char *name) {
    value_for_each(container, value_get(check->facts->definition_document, "containerDefinitions")) {
        if (text_equal(value_string(container, "name"), name))
            return container;
    }
    return NULL;
}

bool service_is_fargate(const struct service_check *check) {
    return text_equal(check->facts->launch_type, "FARGATE");
}

/* #2; characters beyond ASCII are told as ? */
int service_check_name(struct arena *arena, const char *name, struct violation *ret_violation) {
    if (text_is_name(name, SERVICE_NAME_MAX))
        return 0;
    char *shown = arena_strdup(arena, name);
    char *end = shown;
    for (const unsigned char *byte = (const unsigned char *)name; *byte != '\0'; byte++) {
        if (*byte < 0x80)
            *end++ = (char)*byte;
        else if (*byte >= 0xc0)
            *end++ = '?';
    }
    *end = '\0';
    *ret_violation = (struct violation){.code = "InvalidParameterException",
        .message = arena_printf(arena, "ServiceName must match ^[a-zA-Z0-9\\-_]{1,255}$, but was %s", shown)};
    return 1;
}

/* Service Connect that is off, or an empty list. */
static bool says_nothing(const struct value *given) {
    if (given->kind == VALUE_LIST)
        return given->count == 0;
    return given->kind == VALUE_MAP && value_has(given, "enabled") && !value_bool(given, "enabled", true);
}

/* #49, #50; what else an external controller looks after itself (facts: services 10). */
static int check_external(struct service_check *check) {
    static const char *const others[] = {"serviceRegistries", "serviceConnectConfiguration",
        "volumeConfigurations", "vpcLatticeConfigurations", "capacityProviderStrategy", "launchType",
        "platformVersion", "networkConfiguration"};
    if (!text_equal(service_controller(check->spec), "EXTERNAL"))
        return 0;
    if (value_has(check->request, "taskDefinition"))
        return service_refuse(check, "TaskDefinition must be blank.");
    if (value_count(value_get(check->request, "loadBalancers")) != 0)
        return service_refuse(check, "LoadBalancers must be empty or null.");
    for (size_t index = 0; index < array_length(others); index++) {
        const struct value *given = value_get(check->request, others[index]);
        if (given != NULL && !says_nothing(given) && strcmp(others[index], "launchType") != 0)
            return service_refuse(check, "%s must be empty or null.", others[index]); /* D */
    }
    return 0;
}

/* #6, #7; UpdateService has other words (facts: services 3.3). */
static int check_desired_count(struct service_check *check) {
    bool given = value_has(check->request, "desiredCount");
    int64_t count = value_int(check->request, "desiredCount", 0);
    if (check->before == NULL && !given && !service_is_daemon(check->spec))
        return service_refuse(check, "DesiredCount is missing");
    if (count < 0)
        return service_refuse(
            check, "%s can not be lesser than 0", check->before == NULL ? "DesiredCount" : "Task count");
    if (count > SERVICE_TASKS_MAX)
        return service_refuse(check, "%s can not be greater than %d", /* D: the quota has no known text */
            check->before == NULL ? "DesiredCount" : "Task count", SERVICE_TASKS_MAX);
    return 0;
}

/* #8 */
static int check_launch(struct service_check *check) {
    if (value_has(check->request, "launchType") &&
        value_count(value_get(check->request, "capacityProviderStrategy")) != 0)
        return service_refuse(check, "Specifying both a launch type and capacity provider strategy is not "
                                     "supported. Remove one and try again.");
    return 0;
}

/* #9 to #11 */
static int check_network(struct service_check *check) {
    const struct value *network = value_get(check->spec, "networkConfiguration");
    bool awsvpc = check->facts->definition->network_mode == NETWORK_AWSVPC;
    if (awsvpc && network == NULL)
        return service_refuse(
            check, "Network Configuration must be provided when networkMode 'awsvpc' is specified.");
    if (!awsvpc && network != NULL)
        return service_refuse(
            check, "Network Configuration is not valid for the given networkMode of this task definition.");
    if (network != NULL && value_count(value_get(value_get(network, "awsvpcConfiguration"), "subnets")) == 0)
        return service_refuse(check, "subnets can not be empty.");
    return 0;
}

static bool supports(const struct task_definition *definition, const char *launch_type) {
    if (text_equal(launch_type, "FARGATE"))
        return definition->supports_fargate;
    if (text_equal(launch_type, "EXTERNAL"))
        return definition->supports_external;
    if (text_equal(launch_type, "MANAGED_INSTANCES"))
        return definition->supports_managed_instances;
    return definition->supports_ec2;
}

/* #12 to #14 */
static int check_platform(struct service_check *check) {
    if (!supports(check->facts->definition, check->facts->launch_type))
        return service_refuse(
            check, "Task definition does not support launch_type %s.", check->facts->launch_type);
    if (value_has(check->request, "platformVersion") && !service_is_fargate(check))
        return service_refuse(check, "The platform version must be null when specifying an EC2 launch type.");
    if (check->facts->platform_violation != NULL) {
        *check->violation = *check->facts->platform_violation;
        return 1;
    }
    return 0;
}

/* #15 to #18 */
static int check_daemon(struct service_check *check) {
    static const char head[] = "The daemon scheduling strategy does not support";
    if (!service_is_daemon(check->spec))
        return 0;
    if (value_has(check->request, "desiredCount"))
        return service_refuse(
            check, "%s a desired count for services. Remove the desired count value and try again", head);
    if (service_is_fargate(check))
        return service_refuse(
            check, "%s the FARGATE launch type. Change the launch type and try again", head);
    if (!text_equal(service_controller(check->spec), "ECS"))
        return service_refuse(check, /* D */
            "%s the %s deployment controller. Change the deployment controller and try again", head,
            service_controller(check->spec));
    if (value_count(value_get(check->spec, "placementStrategy")) != 0)
        return service_refuse(
            check, "%s placement strategies. Remove the placement strategy and try again", head);
    if (value_int(check->configuration, "maximumPercent", 0) > 100)
        return service_refuse(check,
            "%s values above 100 for maximumPercent on a deployment configuration. Change the maximumPercent "
            "value to 100, and try again",
            head);
    return 0;
}

/* #19, #20 */
static int check_rebalancing(struct service_check *check) {
    const char *done = check->before == NULL ? "created" : "updated";
    if (!text_equal(value_string(check->spec, "availabilityZoneRebalancing"), "ENABLED"))
        return 0;
    if (service_is_daemon(check->spec))
        return service_refuse(check,
            "The service couldn't be %s because Availability Zone Rebalancing does not support DAEMON as "
            "scheduling strategy. Update scheduling strategy and try again.",
            done);
    if (value_int(check->configuration, "maximumPercent", 0) <= 100)
        return service_refuse(check,
            "The service couldn't be %s because Availability Zone Rebalancing does not support maximumPercent "
            "<= 100 %% as deployment configuration. Update deployment configuration and try again.",
            done);
    return 0;
}

/* #48; it comes before the circuit breaker. */
static int check_code_deploy(struct service_check *check) {
    if (!text_equal(service_controller(check->spec), "CODE_DEPLOY"))
        return 0;
    if (value_count(value_get(check->spec, "loadBalancers")) == 0 || service_has_classic_balancer(check))
        return service_refuse(check,
            "When specifying the CODE_DEPLOY deployment controller type, the service "
            "requires an Application Load Balancer or Network Load Balancer.");
    if (!text_equal(service_strategy(check->spec), "ROLLING"))
        return service_refuse(check,
            "The deployment strategy %s is only supported with the ECS deployment controller.", /* D */
            service_strategy(check->spec));
    return 0;
}

/* #26 to #31 */
static int check_placement(struct service_check *check) {
    struct placement_rules rules;
    const struct value *constraints = value_get(check->spec, "placementConstraints");
    const struct value *strategies = value_get(check->spec, "placementStrategy");
    bool fargate = service_is_fargate(check);
    if (fargate && value_count(constraints) != 0)
        return service_refuse(check, "Placement constraints are not supported with FARGATE launch type.");
    if (fargate && value_count(strategies) != 0)
        return service_refuse(check, "Placement strategies are not supported with FARGATE launch type.");
    const struct value *fixed = NULL;
    if (!fargate && check->facts->definition != NULL)
        fixed = check->facts->definition->placement_constraints;
    return placement_rules_read(check->arena, fixed, constraints, strategies, &rules, check->violation);
}

/* #32 to #35: found by whoever knows the cluster. */
static int check_strategy(struct service_check *check) {
    if (check->facts->strategy_violation == NULL)
        return 0;
    *check->violation = *check->facts->strategy_violation;
    return 1;
}

/* #51 */
static int check_execute_command(struct service_check *check) {
    if (!value_bool(check->spec, "enableExecuteCommand", false) ||
        check->facts->definition->task_role_arn != NULL)
        return 0;
    return service_refuse(check,
        "The service couldn't be %s because a valid taskRoleArn is not being used. Specify a valid task role in "
        "your task definition and try again.",
        check->before == NULL ? "created" : "updated");
}

static int check_volumes(struct service_check *check) {
    const struct value *volumes = value_get(check->spec, "volumeConfigurations");
    const char *configured = check->facts->definition->volume_configured_at_launch;
    if (value_count(volumes) != 0 && configured != NULL && service_is_daemon(check->spec))
        return service_refuse(check, "The daemon scheduling strategy does not support volume configurations. "
                                     "Remove the volume configurations and try again"); /* D */
    return volume_rules_check(check->arena, volumes, configured, check->violation);
}

/* What needs a task definition is not asked of an EXTERNAL service, which has none. */
static int run_all(struct service_check *check) {
    static service_rule *const with_definition[] = {check_network, check_platform};
    static service_rule *const always[] = {check_daemon, check_rebalancing, service_check_percents,
        check_code_deploy, service_check_breaker, service_check_strategy, check_placement, check_strategy};
    static service_rule *const attached[] = {service_check_balancers, service_check_grace_and_role,
        service_check_registries, check_execute_command, service_check_connect, service_check_lattice,
        service_check_gateways, check_volumes, service_check_advanced};
    bool defined = check->facts->definition != NULL;
    if (defined && service_run_rules(check, with_definition, array_length(with_definition)) != 0)
        return 1;
    if (service_run_rules(check, always, array_length(always)) != 0)
        return 1;
    return defined ? service_run_rules(check, attached, array_length(attached)) : 0;
}

int service_check_create(struct arena *arena, const struct value *request, const struct value *spec,
    const struct service_facts *facts, struct violation *ret_violation) {
    static service_rule *const first[] = {check_external, check_desired_count, check_launch};
    struct service_check check = {.arena = arena,
        .request = request,
        .spec = spec,
        .configuration = value_get(spec, "deploymentConfiguration"),
        .facts = facts,
        .violation = ret_violation};
    if (service_run_rules(&check, first, array_length(first)) != 0)
        return 1;
    return run_all(&check);
}

/* A service whose task sets were somebody's may have no definition of its own (D). */
static int check_new_controller(struct service_check *check) {
    if (text_equal(service_controller(check->spec), "ECS") && !value_has(check->spec, "taskDefinition"))
        return service_refuse(check, "TaskDefinition can not be blank.");
    return 0;
}

/* What only the deployment tool changes (facts: services 3.3). */
static int check_controller(struct service_check *check) {
    if (!text_equal(service_controller(check->before), "CODE_DEPLOY") ||
        !text_equal(service_controller(check->spec), "CODE_DEPLOY"))
        return 0;
    if (value_has(check->request, "taskDefinition"))
        return service_refuse(check,
            "Unable to update task definition on services with a CODE_DEPLOY "
            "deployment controller. Use AWS CodeDeploy to trigger a new deployment.");
    if (value_has(check->request, "networkConfiguration"))
        return service_refuse(check,
            "Unable to update network parameters on services with a CODE_DEPLOY "
            "deployment controller. Use AWS CodeDeploy to trigger a new deployment.");
    if (value_bool(check->request, "forceNewDeployment", false))
        return service_refuse(check,
            "Cannot force a new deployment on services with a CODE_DEPLOY deployment "
            "controller. Use AWS CodeDeploy to trigger a new deployment.");
    return 0;
}

/* What is said again changes nothing. */
static bool is_unchanged(const struct service_check *check, const struct value_entry *entry) {
    const struct value *after = value_get(check->spec, entry->key);
    return says_nothing(entry->value) || (entry->value->kind == VALUE_BOOL && !entry->value->boolean) ||
           (after != NULL && value_equal(value_get(check->before, entry->key), after));
}

/* Only these may change where task sets are the deployments (facts: services 3.3; the text is D). */
static int check_external_update(struct service_check *check) {
    static const char *const allowed[] = {"cluster", "service", "desiredCount", "placementConstraints",
        "placementStrategy", "healthCheckGracePeriodSeconds", "enableECSManagedTags", "propagateTags",
        "deploymentController"};
    if (!text_equal(service_controller(check->spec), "EXTERNAL"))
        return 0;
    for (uint32_t index = 0; index < check->request->count; index++) {
        const struct value_entry *entry = &check->request->entries[index];
        bool may = is_unchanged(check, entry);
        for (size_t known = 0; known < array_length(allowed); known++)
            may = may || strcmp(entry->key, allowed[known]) == 0;
        if (!may)
            return service_refuse(
                check, "Unable to update %s on services with an EXTERNAL deployment controller.", entry->key);
    }
    return 0;
}

int service_check_update(struct arena *arena, const struct value *request, const struct value *before,
    const struct value *spec, const struct service_facts *facts, struct violation *ret_violation) {
    static service_rule *const first[] = {
        check_desired_count, check_new_controller, check_controller, check_external_update};
    struct service_check check = {.arena = arena,
        .request = request,
        .before = before,
        .spec = spec,
        .configuration = value_get(spec, "deploymentConfiguration"),
        .facts = facts,
        .violation = ret_violation};
    if (service_run_rules(&check, first, array_length(first)) != 0)
        return 1;
    return run_all(&check);
}
