/* Service documents: defaults, updates, revisions (facts: services 2.5, 2.8, 3.1, 3.2). */
#include "ecs-local/domain/service_spec.h"

#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/arn.h"

enum {
    BREAKER_PERCENT = 50,
    MAXIMUM_PERCENT = 200,
    MINIMUM_PERCENT = 100,
    PERCENT_WHOLE = 100,
    CANARY_PERCENT = 5,
    CANARY_BAKE_MINUTES = 10,
    LINEAR_PERCENT = 10,
    LINEAR_BAKE_MINUTES = 6,
    HOOK_TIMEOUT_MINUTES = 1440,
};

/* The members that a request and a document have in common and that need no work. */
static const char *const plain_members[] = {"loadBalancers", "serviceRegistries",
    "serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations", "gatewayConnectors",
    "monitoring"};

const char *service_controller(const struct value *spec) {
    const char *type = value_string(value_get(spec, "deploymentController"), "type");
    return type != NULL ? type : "ECS";
}

const char *service_strategy(const struct value *spec) {
    const char *strategy = value_string(value_get(spec, "deploymentConfiguration"), "strategy");
    return strategy != NULL ? strategy : "ROLLING";
}

bool service_is_daemon(const struct value *spec) {
    return text_equal(value_string(spec, "schedulingStrategy"), "DAEMON");
}

static bool is_nothing(const struct value *value) {
    return (value->kind == VALUE_STRING && value->string[0] == '\0') ||
           (value->kind == VALUE_MAP && value->count == 0);
}

static struct value *without_nothing(struct arena *arena, const struct value *value) {
    struct value *copy = value_clone(arena, value);
    if (copy->kind == VALUE_LIST) {
        for (uint32_t index = 0; index < copy->count; index++)
            copy->items[index] = without_nothing(arena, copy->items[index]);
    }
    if (copy->kind != VALUE_MAP)
        return copy;
    uint32_t kept = 0;
    for (uint32_t index = 0; index < copy->count; index++) {
        struct value *inner = without_nothing(arena, copy->entries[index].value);
        if (!is_nothing(inner))
            copy->entries[kept++] = (struct value_entry){copy->entries[index].key, inner};
    }
    copy->count = kept;
    return copy;
}

struct value *service_given(struct arena *arena, const struct value *request) {
    return without_nothing(arena, request);
}

static void set_text(struct arena *arena, struct value *map, const char *key, const char *text) {
    if (text != NULL)
        value_set(arena, map, key, value_new_string(arena, text));
}

static struct value *with_breaker_defaults(struct arena *arena, const struct value *given) {
    struct value *breaker = value_new_map(arena, 4);
    struct value *threshold = value_get(given, "thresholdConfiguration");
    if (threshold == NULL) {
        threshold = value_new_map(arena, 2);
        set_text(arena, threshold, "type", "BOUNDED_PERCENT");
        value_add(arena, threshold, "value", value_new_int(arena, BREAKER_PERCENT));
    }
    value_add(arena, breaker, "enable", value_new_bool(arena, value_bool(given, "enable", false)));
    value_add(arena, breaker, "rollback", value_new_bool(arena, value_bool(given, "rollback", false)));
    value_add(arena, breaker, "resetOnHealthyTask",
        value_new_bool(arena, value_bool(given, "resetOnHealthyTask", true)));
    value_add(arena, breaker, "thresholdConfiguration", threshold);
    return breaker;
}

/* facts: services 8.4 */
static struct value *with_hook_defaults(struct arena *arena, const struct value *hooks) {
    struct value *list = value_new_list(arena, value_count(hooks));
    value_for_each(given, hooks) {
        struct value *hook = value_clone(arena, given);
        const struct value *timeout = value_get(given, "timeoutConfiguration");
        struct value *complete = value_new_map(arena, 2);
        if (!value_has(hook, "targetType"))
            set_text(arena, hook, "targetType", "AWS_LAMBDA");
        value_add(arena, complete, "timeoutInMinutes",
            value_new_int(arena, value_int(timeout, "timeoutInMinutes", HOOK_TIMEOUT_MINUTES)));
        const char *action = value_string(timeout, "action");
        set_text(arena, complete, "action", action != NULL ? action : "ROLLBACK");
        if (timeout != NULL || text_equal(value_string(hook, "targetType"), "PAUSE"))
            value_set(arena, hook, "timeoutConfiguration", complete);
        value_append(arena, list, hook);
    }
    return list;
}

/* facts: services 8.1 */
static struct value *with_step_defaults(struct arena *arena, const struct value *given,
    const char *percent_key, int percent, const char *bake_key, int bake_minutes) {
    struct value *steps = value_new_map(arena, 2);
    struct value *told = value_get(given, percent_key);
    struct value *bake = value_get(given, bake_key);
    value_add(arena, steps, percent_key, told != NULL ? told : value_new_real(arena, percent));
    value_add(arena, steps, bake_key, bake != NULL ? bake : value_new_int(arena, bake_minutes));
    return steps;
}

static void add_kept(struct arena *arena, struct value *map, const struct value *given, const char *key) {
    struct value *value = value_get(given, key);
    if (value != NULL)
        value_add(arena, map, key, value);
}

static void add_strategy(struct arena *arena, struct value *map, const struct value *given) {
    const char *strategy = value_string(given, "strategy");
    const struct value *hooks = value_get(given, "lifecycleHooks");
    set_text(arena, map, "strategy", strategy != NULL ? strategy : "ROLLING");
    value_add(
        arena, map, "bakeTimeInMinutes", value_new_int(arena, value_int(given, "bakeTimeInMinutes", 0)));
    if (value_count(hooks) != 0)
        value_add(arena, map, "lifecycleHooks", with_hook_defaults(arena, hooks));
    if (text_equal(strategy, "LINEAR"))
        value_add(arena, map, "linearConfiguration",
            with_step_defaults(arena, value_get(given, "linearConfiguration"), "stepPercent", LINEAR_PERCENT,
                "stepBakeTimeInMinutes", LINEAR_BAKE_MINUTES));
    else
        add_kept(arena, map, given, "linearConfiguration");
    if (text_equal(strategy, "CANARY"))
        value_add(arena, map, "canaryConfiguration",
            with_step_defaults(arena, value_get(given, "canaryConfiguration"), "canaryPercent",
                CANARY_PERCENT, "canaryBakeTimeInMinutes", CANARY_BAKE_MINUTES));
    else
        add_kept(arena, map, given, "canaryConfiguration");
    add_kept(arena, map, given, "earlySuccessCriteria");
}

/* Other controllers than ECS have no circuit breaker and no strategy (facts: services 10, 19 D). */
static struct value *deployment_configuration(
    struct arena *arena, const struct value *given, const char *controller, bool daemon) {
    struct value *map = value_new_map(arena, 8);
    bool ecs = text_equal(controller, "ECS");
    if (ecs || value_has(given, "deploymentCircuitBreaker"))
        value_add(arena, map, "deploymentCircuitBreaker",
            with_breaker_defaults(arena, value_get(given, "deploymentCircuitBreaker")));
    value_add(arena, map, "maximumPercent",
        value_new_int(arena, value_int(given, "maximumPercent", daemon ? PERCENT_WHOLE : MAXIMUM_PERCENT)));
    value_add(arena, map, "minimumHealthyPercent",
        value_new_int(arena, value_int(given, "minimumHealthyPercent", daemon ? 0 : MINIMUM_PERCENT)));
    add_kept(arena, map, given, "alarms");
    if (ecs || value_has(given, "strategy"))
        add_strategy(arena, map, given);
    return map;
}

/* What is given replaces, what is not stays (facts: services 3.1). */
static struct value *merged(struct arena *arena, const struct value *before, const struct value *given) {
    struct value *map = before != NULL ? value_clone(arena, before)
                                       : value_new_map(arena, value_count(given));
    for (uint32_t index = 0; index < value_count(given); index++)
        value_set(arena, map, given->entries[index].key, given->entries[index].value);
    return map;
}

static struct value *network_configuration(struct arena *arena, const struct value *given) {
    struct value *outer = value_new_map(arena, 1);
    struct value *inner = value_new_map(arena, 3);
    const struct value *vpc = value_get(given, "awsvpcConfiguration");
    struct value *groups = value_get(vpc, "securityGroups");
    const char *public_ip = value_string(vpc, "assignPublicIp");
    value_add(arena, inner, "subnets",
        value_has(vpc, "subnets") ? value_get(vpc, "subnets") : value_new_list(arena, 0));
    value_add(arena, inner, "securityGroups", groups != NULL ? groups : value_new_list(arena, 0));
    set_text(arena, inner, "assignPublicIp", public_ip != NULL ? public_ip : "DISABLED");
    value_add(arena, outer, "awsvpcConfiguration", inner);
    return outer;
}

static struct value *strategy_items(struct arena *arena, const struct value *given) {
    struct value *list = value_new_list(arena, value_count(given));
    value_for_each(told, given) {
        struct value *item = value_new_map(arena, 3);
        add_kept(arena, item, told, "capacityProvider");
        value_add(arena, item, "weight", value_new_int(arena, value_int(told, "weight", 0)));
        value_add(arena, item, "base", value_new_int(arena, value_int(told, "base", 0)));
        value_append(arena, list, item);
    }
    return list;
}

/* host is another word for instanceId (facts: services 2.8). */
static struct value *placement_strategies(struct arena *arena, const struct value *given) {
    struct value *list = value_new_list(arena, value_count(given));
    value_for_each(told, given) {
        struct value *item = value_clone(arena, told);
        if (text_equal(value_string(item, "field"), "host"))
            set_text(arena, item, "field", "instanceId");
        value_append(arena, list, item);
    }
    return list;
}

static struct value *list_or_empty(struct arena *arena, struct value *list) {
    return list != NULL ? list : value_new_list(arena, 0);
}

static void set_capacity(
    struct arena *arena, struct value *spec, const struct value *request, const struct service_facts *facts) {
    const struct value *strategy = value_get(request, "capacityProviderStrategy");
    if (value_count(strategy) == 0)
        strategy = facts->strategy;
    if (value_count(strategy) != 0)
        value_set(arena, spec, "capacityProviderStrategy", strategy_items(arena, strategy));
    else
        set_text(arena, spec, "launchType", facts->launch_type);
}

static void set_platform(
    struct arena *arena, struct value *spec, const struct value *request, const struct service_facts *facts) {
    const char *version = value_string(request, "platformVersion");
    if (facts->platform_family == NULL)
        return;
    if (version != NULL || !value_has(spec, "platformVersion"))
        set_text(arena, spec, "platformVersion", version != NULL ? version : "LATEST");
    set_text(arena, spec, "platformFamily", facts->platform_family);
}

static bool rebalances(const struct value *spec) {
    const struct value *configuration = value_get(spec, "deploymentConfiguration");
    bool classic = false;
    value_for_each(balancer, value_get(spec, "loadBalancers"))
        classic = classic || value_has(balancer, "loadBalancerName");
    return !service_is_daemon(spec) && !classic && text_equal(service_controller(spec), "ECS") &&
           value_int(configuration, "maximumPercent", MAXIMUM_PERCENT) > PERCENT_WHOLE;
}

/* A service that has to do with networks of its own, load balancers or registries works through the
 * service-linked role, unless a role was named (facts: services 2.5). */
static void set_role(
    struct arena *arena, struct value *spec, const struct value *request, const struct service_facts *facts) {
    const char *role = value_string(request, "role");
    const char *partition = arn_partition(facts->region);
    if (role != NULL)
        set_text(arena, spec, "roleArn", task_definition_role_arn(arena, role, partition, facts->account));
    else if (value_has(spec, "networkConfiguration") || value_count(value_get(spec, "loadBalancers")) != 0 ||
             value_count(value_get(spec, "serviceRegistries")) != 0)
        set_text(arena, spec, "roleArn",
            arena_printf(arena, "arn:%s:iam::%s:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
                partition, facts->account));
}

static void set_text_or(struct arena *arena, struct value *spec, const struct value *request, const char *key,
    const char *fallback) {
    const char *text = value_string(request, key);
    set_text(arena, spec, key, text != NULL ? text : fallback);
}

/* The cluster's namespace stands in for one that is not given (facts: services 2.8). */
static void set_namespace(struct arena *arena, struct value *spec, const struct service_facts *facts) {
    struct value *connect = value_get(spec, "serviceConnectConfiguration");
    if (facts->default_namespace == NULL || !value_bool(connect, "enabled", false) ||
        value_has(connect, "namespace"))
        return;
    struct value *complete = value_new_map(arena, connect->count + 1);
    for (uint32_t index = 0; index < connect->count; index++) {
        value_add(arena, complete, connect->entries[index].key, connect->entries[index].value);
        if (text_equal(connect->entries[index].key, "enabled"))
            set_text(arena, complete, "namespace", facts->default_namespace);
    }
    value_set(arena, spec, "serviceConnectConfiguration", complete);
}

struct value *service_spec_new(
    struct arena *arena, const struct value *request, const struct service_facts *facts) {
    struct value *spec = value_new_map(arena, 24);
    set_text(arena, spec, "serviceName", value_string(request, "serviceName"));
    for (size_t index = 0; index < array_length(plain_members); index++) {
        struct value *given = value_get(request, plain_members[index]);
        if (given != NULL && (given->kind != VALUE_LIST || given->count != 0))
            value_add(arena, spec, plain_members[index], given);
    }
    set_text_or(arena, spec, request, "schedulingStrategy", "REPLICA");
    value_add(arena, spec, "deploymentController", value_new_map(arena, 1));
    set_text(arena, value_get(spec, "deploymentController"), "type", service_controller(request));
    set_text(arena, spec, "taskDefinition", facts->definition_arn);
    if (facts->definition_arn != NULL) {
        set_capacity(arena, spec, request, facts);
        set_platform(arena, spec, request, facts);
    }
    if (value_has(request, "networkConfiguration"))
        value_add(arena, spec, "networkConfiguration",
            network_configuration(arena, value_get(request, "networkConfiguration")));
    value_add(arena, spec, "deploymentConfiguration",
        deployment_configuration(arena, value_get(request, "deploymentConfiguration"),
            service_controller(request), service_is_daemon(spec)));
    value_add(arena, spec, "placementConstraints",
        list_or_empty(arena, value_get(request, "placementConstraints")));
    value_add(arena, spec, "placementStrategy",
        placement_strategies(arena, value_get(request, "placementStrategy")));
    value_add(arena, spec, "healthCheckGracePeriodSeconds",
        value_new_int(arena, value_int(request, "healthCheckGracePeriodSeconds", 0)));
    value_add(arena, spec, "enableECSManagedTags",
        value_new_bool(arena, value_bool(request, "enableECSManagedTags", false)));
    set_text_or(arena, spec, request, "propagateTags", "NONE");
    value_add(arena, spec, "enableExecuteCommand",
        value_new_bool(arena, value_bool(request, "enableExecuteCommand", false)));
    set_text_or(
        arena, spec, request, "availabilityZoneRebalancing", rebalances(spec) ? "ENABLED" : "DISABLED");
    set_role(arena, spec, request, facts);
    set_namespace(arena, spec, facts);
    return spec;
}

/* [] returns the service to its launch type (facts: services 3.1). */
static void update_capacity(
    struct arena *arena, struct value *spec, const struct value *request, const struct service_facts *facts) {
    const struct value *strategy = value_get(request, "capacityProviderStrategy");
    if (strategy == NULL)
        return;
    if (strategy->count != 0) {
        set_text(arena, spec, "formerLaunchType", value_string(spec, "launchType"));
        value_remove(spec, "launchType");
        value_set(arena, spec, "capacityProviderStrategy", strategy_items(arena, strategy));
        return;
    }
    value_remove(spec, "capacityProviderStrategy");
    value_remove(spec, "formerLaunchType");
    set_text(arena, spec, "launchType", facts->launch_type);
}

static void update_deployment(
    struct arena *arena, struct value *spec, const struct value *request, const struct value *before) {
    const struct value *given = value_get(request, "deploymentConfiguration");
    if (value_has(request, "deploymentController"))
        value_set(arena, spec, "deploymentController", value_get(request, "deploymentController"));
    if (given == NULL && !value_has(request, "deploymentController"))
        return;
    struct value *all = merged(arena, value_get(before, "deploymentConfiguration"), given);
    const char *strategy = value_string(all, "strategy");
    /* The steps of a strategy that is left go with it. */
    if (!text_equal(strategy, "LINEAR") && !value_has(given, "linearConfiguration"))
        value_remove(all, "linearConfiguration");
    if (!text_equal(strategy, "CANARY") && !value_has(given, "canaryConfiguration"))
        value_remove(all, "canaryConfiguration");
    value_set(arena, spec, "deploymentConfiguration",
        deployment_configuration(arena, all, service_controller(spec), service_is_daemon(spec)));
}

static void update_plain(struct arena *arena, struct value *spec, const struct value *request) {
    static const char *const replaced[] = {"healthCheckGracePeriodSeconds", "enableECSManagedTags",
        "propagateTags", "enableExecuteCommand", "availabilityZoneRebalancing", "placementConstraints"};
    for (size_t index = 0; index < array_length(replaced); index++) {
        if (value_has(request, replaced[index]))
            value_set(arena, spec, replaced[index], value_get(request, replaced[index]));
    }
    for (size_t index = 0; index < array_length(plain_members); index++) {
        struct value *given = value_get(request, plain_members[index]);
        if (given == NULL)
            continue;
        if (given->kind == VALUE_LIST && given->count == 0)
            value_remove(spec, plain_members[index]);
        else
            value_set(arena, spec, plain_members[index], given);
    }
}

struct value *service_spec_updated(struct arena *arena, const struct value *before,
    const struct value *request, const struct service_facts *facts) {
    struct value *spec = value_clone(arena, before);
    update_plain(arena, spec, request);
    if (value_has(request, "placementStrategy"))
        value_set(arena, spec, "placementStrategy",
            placement_strategies(arena, value_get(request, "placementStrategy")));
    if (value_has(request, "networkConfiguration"))
        value_set(arena, spec, "networkConfiguration",
            network_configuration(arena, value_get(request, "networkConfiguration")));
    if (value_has(request, "taskDefinition"))
        set_text(arena, spec, "taskDefinition", facts->definition_arn);
    update_capacity(arena, spec, request, facts);
    set_platform(arena, spec, request, facts);
    update_deployment(arena, spec, request, before);
    if (!value_has(spec, "roleArn"))
        set_role(arena, spec, request, facts);
    set_namespace(arena, spec, facts);
    return spec;
}

static struct value *container_images(struct arena *arena, const struct value *definition) {
    struct value *images = value_new_list(arena, 1);
    value_for_each(container, value_get(definition, "containerDefinitions")) {
        struct value *image = value_new_map(arena, 2);
        set_text(arena, image, "containerName", value_string(container, "name"));
        set_text(arena, image, "image", value_string(container, "image"));
        value_append(arena, images, image);
    }
    return images;
}

struct value *service_revision_document(
    struct arena *arena, const struct value *spec, const struct service_facts *facts, bool first) {
    static const char *const members[] = {"taskDefinition", "capacityProviderStrategy", "launchType",
        "platformVersion", "platformFamily", "loadBalancers", "serviceRegistries", "networkConfiguration",
        "serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations",
        "gatewayConnectors", "monitoring"};
    struct value *revision = value_new_map(arena, array_length(members));
    for (size_t index = 0; index < array_length(members); index++) {
        add_kept(arena, revision, spec, members[index]);
        if (!first && value_get(revision, members[index]) == NULL &&
            (text_equal(members[index], "loadBalancers") || text_equal(members[index], "serviceRegistries")))
            value_add(arena, revision, members[index], value_new_list(arena, 0));
    }
    if (facts->definition_document != NULL)
        value_add(arena, revision, "containerImages", container_images(arena, facts->definition_document));
    /* A deployment says which version LATEST was (facts: services 2.5). */
    if (text_equal(value_string(revision, "platformVersion"), "LATEST"))
        set_text(arena, revision, "platformVersion",
            facts->definition != NULL && facts->definition->is_windows ? "1.0.0" : "1.4.0");
    return revision;
}
