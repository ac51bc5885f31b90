#include "ecs-local/domain/service.h"

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"

enum {
    /* What a bounded percentage stays within (facts: services 7.8). */
    THRESHOLD_LEAST = 3,
    THRESHOLD_MOST = 200,
};

static const char *const service_statuses[SERVICE_STATUS_COUNT] = {
    [SERVICE_ACTIVE] = "ACTIVE",
    [SERVICE_DRAINING] = "DRAINING",
    [SERVICE_INACTIVE] = "INACTIVE",
};

static const char *const deployment_statuses[DEPLOYMENT_STATUS_COUNT] = {
    [DEPLOYMENT_PRIMARY] = "PRIMARY",
    [DEPLOYMENT_ACTIVE] = "ACTIVE",
    [DEPLOYMENT_DRAINING] = "DRAINING",
    [DEPLOYMENT_INACTIVE] = "INACTIVE",
};

static const char *const rollout_states[ROLLOUT_STATE_COUNT] = {
    [ROLLOUT_IN_PROGRESS] = "IN_PROGRESS",
    [ROLLOUT_COMPLETED] = "COMPLETED",
    [ROLLOUT_FAILED] = "FAILED",
};

static const char *const service_deployment_statuses[SERVICE_DEPLOYMENT_STATUS_COUNT] = {
    [SERVICE_DEPLOYMENT_PENDING] = "PENDING",
    [SERVICE_DEPLOYMENT_IN_PROGRESS] = "IN_PROGRESS",
    [SERVICE_DEPLOYMENT_STOP_REQUESTED] = "STOP_REQUESTED",
    [SERVICE_DEPLOYMENT_ROLLBACK_REQUESTED] = "ROLLBACK_REQUESTED",
    [SERVICE_DEPLOYMENT_ROLLBACK_IN_PROGRESS] = "ROLLBACK_IN_PROGRESS",
    [SERVICE_DEPLOYMENT_SUCCESSFUL] = "SUCCESSFUL",
    [SERVICE_DEPLOYMENT_STOPPED] = "STOPPED",
    [SERVICE_DEPLOYMENT_ROLLBACK_SUCCESSFUL] = "ROLLBACK_SUCCESSFUL",
    [SERVICE_DEPLOYMENT_ROLLBACK_FAILED] = "ROLLBACK_FAILED",
};

#define TO(status) (1U << SERVICE_DEPLOYMENT_##status)

/* facts: services 9.1 */
static const unsigned service_deployment_moves[SERVICE_DEPLOYMENT_STATUS_COUNT] = {
    [SERVICE_DEPLOYMENT_PENDING] = TO(IN_PROGRESS) | TO(ROLLBACK_REQUESTED) | TO(STOP_REQUESTED) |
                                   TO(STOPPED),
    [SERVICE_DEPLOYMENT_IN_PROGRESS] = TO(SUCCESSFUL) | TO(STOP_REQUESTED) | TO(ROLLBACK_REQUESTED) |
                                       TO(ROLLBACK_IN_PROGRESS) | TO(STOPPED),
    [SERVICE_DEPLOYMENT_STOP_REQUESTED] = TO(STOPPED),
    [SERVICE_DEPLOYMENT_ROLLBACK_REQUESTED] = TO(SUCCESSFUL) | TO(ROLLBACK_IN_PROGRESS) | TO(STOPPED),
    [SERVICE_DEPLOYMENT_ROLLBACK_IN_PROGRESS] = TO(ROLLBACK_SUCCESSFUL) | TO(ROLLBACK_FAILED),
};

static int find_name(const char *const *names, unsigned count, const char *name) {
    for (unsigned index = 0; index < count; index++) {
        if (text_equal(name, names[index]))
            return (int)index;
    }
    return -1;
}

const char *service_status_name(enum service_status status) {
    return service_statuses[status];
}

int service_status_parse(const char *name, enum service_status *ret_status) {
    int found = find_name(service_statuses, SERVICE_STATUS_COUNT, name);
    if (found < 0)
        return 1;
    *ret_status = (enum service_status)found;
    return 0;
}

const char *deployment_status_name(enum deployment_status status) {
    return deployment_statuses[status];
}

int deployment_status_parse(const char *name, enum deployment_status *ret_status) {
    int found = find_name(deployment_statuses, DEPLOYMENT_STATUS_COUNT, name);
    if (found < 0)
        return 1;
    *ret_status = (enum deployment_status)found;
    return 0;
}

const char *rollout_state_name(enum rollout_state state) {
    return rollout_states[state];
}

enum rollout_state rollout_state_parse(const char *name_or_null) {
    int found = find_name(rollout_states, ROLLOUT_NONE, name_or_null);
    return found < 0 ? ROLLOUT_NONE : (enum rollout_state)found;
}

const char *service_deployment_status_name(enum service_deployment_status status) {
    return service_deployment_statuses[status];
}

int service_deployment_status_parse(const char *name, enum service_deployment_status *ret_status) {
    int found = find_name(service_deployment_statuses, SERVICE_DEPLOYMENT_STATUS_COUNT, name);
    if (found < 0)
        return 1;
    *ret_status = (enum service_deployment_status)found;
    return 0;
}

bool service_deployment_is_over(enum service_deployment_status status) {
    return status >= SERVICE_DEPLOYMENT_SUCCESSFUL;
}

bool service_deployment_move_allowed(enum service_deployment_status from, enum service_deployment_status to) {
    return (service_deployment_moves[from] & 1U << to) != 0;
}

static enum service_controller controller_of(const struct value *document) {
    static const char *const names[CONTROLLER_COUNT] = {
        [CONTROLLER_ECS] = "ECS",
        [CONTROLLER_CODE_DEPLOY] = "CODE_DEPLOY",
        [CONTROLLER_EXTERNAL] = "EXTERNAL",
    };
    int found = find_name(
        names, CONTROLLER_COUNT, value_string(value_get(document, "deploymentController"), "type"));
    return found < 0 ? CONTROLLER_ECS : (enum service_controller)found;
}

static enum deployment_strategy strategy_of(const struct value *configuration) {
    static const char *const names[STRATEGY_COUNT] = {
        [STRATEGY_ROLLING] = "ROLLING",
        [STRATEGY_BLUE_GREEN] = "BLUE_GREEN",
        [STRATEGY_LINEAR] = "LINEAR",
        [STRATEGY_CANARY] = "CANARY",
    };
    int found = find_name(names, STRATEGY_COUNT, value_string(configuration, "strategy"));
    return found < 0 ? STRATEGY_ROLLING : (enum deployment_strategy)found;
}

static void read_breaker(const struct value *breaker, struct service_settings *settings) {
    const struct value *threshold = value_get(breaker, "thresholdConfiguration");
    const char *type = value_string(threshold, "type");
    settings->breaker = value_bool(breaker, "enable", false);
    settings->breaker_rollback = value_bool(breaker, "rollback", false);
    settings->breaker_resets = value_bool(breaker, "resetOnHealthyTask", true);
    settings->threshold_kind = THRESHOLD_BOUNDED_PERCENT;
    if (text_equal(type, "COUNT"))
        settings->threshold_kind = THRESHOLD_COUNT_OF_TASKS;
    else if (text_equal(type, "UNBOUNDED_PERCENT"))
        settings->threshold_kind = THRESHOLD_UNBOUNDED_PERCENT;
    settings->threshold_value = value_int(threshold, "value", 50);
}

/* facts: services 7.11 */
static void read_early_success(const struct value *criteria, struct service_settings *settings) {
    settings->early = value_bool(criteria, "enable", false);
    settings->early_percent = (int)value_int(criteria, "healthyPercent", 100);
    settings->early_deferred = text_equal(value_string(criteria, "sourceServiceRevisionCleanup"), "DEFERRED");
}

void service_settings_read(const struct value *document, struct service_settings *ret_settings) {
    const struct value *configuration = value_get(document, "deploymentConfiguration");
    const struct value *alarms = value_get(configuration, "alarms");
    bool daemon = text_equal(value_string(document, "schedulingStrategy"), "DAEMON");
    struct service_settings settings = {
        .daemon = daemon,
        .controller = controller_of(document),
        .strategy = strategy_of(configuration),
        .minimum_percent = (int)value_int(configuration, "minimumHealthyPercent", daemon ? 0 : 100),
        .maximum_percent = (int)value_int(configuration, "maximumPercent", daemon ? 100 : 200),
        .alarms = value_bool(alarms, "enable", false) && value_count(value_get(alarms, "alarmNames")) != 0,
        .alarms_rollback = value_bool(alarms, "rollback", false),
        .bake_ms = value_int(configuration, "bakeTimeInMinutes", 0) * 60000,
        .grace_ms = value_int(document, "healthCheckGracePeriodSeconds", 0) * 1000,
        .rebalance = text_equal(value_string(document, "availabilityZoneRebalancing"), "ENABLED"),
        .has_targets = value_count(value_get(document, "loadBalancers")) != 0 ||
                       value_count(value_get(document, "vpcLatticeConfigurations")) != 0,
    };
    read_breaker(value_get(configuration, "deploymentCircuitBreaker"), &settings);
    read_early_success(value_get(configuration, "earlySuccessCriteria"), &settings);
    *ret_settings = settings;
}

unsigned service_breaker_threshold(const struct service_settings *settings, int desired_count) {
    int64_t value = settings->threshold_value;
    if (settings->threshold_kind == THRESHOLD_COUNT_OF_TASKS)
        return value > 0 ? (unsigned)value : 1;
    int64_t threshold = ((int64_t)desired_count * value + 99) / 100;
    if (settings->threshold_kind == THRESHOLD_UNBOUNDED_PERCENT)
        return threshold > 0 ? (unsigned)threshold : 1;
    if (threshold < THRESHOLD_LEAST)
        return THRESHOLD_LEAST;
    return threshold > THRESHOLD_MOST ? THRESHOLD_MOST : (unsigned)threshold;
}
