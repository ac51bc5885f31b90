/* Rules of deploymentConfiguration: percentages, circuit breaker, alarms, strategies, hooks (facts: services
 * 2.3 #21 to #25, 7.11, 8). Texts without a known source are D. */
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "service_check.h"

enum {
    MINUTES_PER_DAY = 1440,
    PAUSE_MINUTES_MAX = 20160,
    HOOKS_MAX = 10, /* of each sort */
    BOUNDED_MAX = 100,
};

/* #21 to #23 */
int service_check_percents(struct service_check *check) {
    int64_t maximum = value_int(check->configuration, "maximumPercent", 0);
    int64_t minimum = value_int(check->configuration, "minimumHealthyPercent", 0);
    if (maximum < 100 && !service_is_daemon(check->spec))
        return service_refuse(check, "maximumPercent must be at least 100");
    if (minimum > 100)
        return service_refuse(check, "minimumHealthyPercent must be at most 100");
    if (minimum < 0)
        return service_refuse(check, "minimumHealthyPercent must be at least 0");
    if (maximum == 100 && minimum == 100 && text_equal(service_controller(check->spec), "ECS") &&
        text_equal(service_strategy(check->spec), "ROLLING"))
        return service_refuse(check,
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.");
    return 0;
}

/* #24 */
static int check_threshold(struct service_check *check, const struct value *threshold) {
    const char *type = value_string(threshold, "type");
    int64_t value = value_int(threshold, "value", 0);
    if (value < 1 || (text_equal(type, "BOUNDED_PERCENT") && value > BOUNDED_MAX))
        return service_refuse(check, "Invalid deployment circuit breaker threshold value.");
    return 0;
}

static int check_alarms(struct service_check *check) {
    const struct value *alarms = value_get(check->configuration, "alarms");
    if (value_bool(alarms, "enable", false) && !text_equal(service_controller(check->spec), "ECS"))
        return service_refuse(
            check, "Deployment alarms are only supported with the ECS deployment controller."); /* D */
    if (value_bool(alarms, "enable", false) && value_count(value_get(alarms, "alarmNames")) == 0)
        return service_refuse(check, "alarmNames must contain at least one alarm when alarms are enabled.");
    return 0;
}

int service_check_breaker(struct service_check *check) {
    const struct value *breaker = value_get(check->configuration, "deploymentCircuitBreaker");
    const struct value *given = value_get(
        value_get(check->request, "deploymentConfiguration"), "deploymentCircuitBreaker");
    if (!text_equal(service_controller(check->spec), "ECS") && value_bool(given, "enable", false))
        return service_refuse(
            check, "The deployment circuit breaker is only supported with the ECS deployment controller.");
    if (breaker != NULL && check_threshold(check, value_get(breaker, "thresholdConfiguration")) != 0)
        return 1;
    return check_alarms(check);
}

static bool is_number_between(const struct value *value, double least, double most) {
    if (value == NULL)
        return true;
    double number = value->kind == VALUE_REAL ? value->real : (double)value->integer;
    return number >= least && number <= most;
}

static int check_steps(struct service_check *check) {
    static const struct {
        const char *strategy;
        const char *member;
        const char *percent;
        const char *minutes;
        double least;
        const char *range;
    } kinds[] = {
        {"LINEAR", "linearConfiguration", "stepPercent", "stepBakeTimeInMinutes", 3.0, "3.0 and 100.0"},
        {"CANARY", "canaryConfiguration", "canaryPercent", "canaryBakeTimeInMinutes", 0.1, "0.1 and 100.0"},
    };
    for (size_t index = 0; index < array_length(kinds); index++) {
        const struct value *steps = value_get(check->configuration, kinds[index].member);
        if (steps == NULL)
            continue;
        if (!text_equal(service_strategy(check->spec), kinds[index].strategy))
            return service_refuse(check, "%s is only valid with the %s deployment strategy.",
                kinds[index].member, kinds[index].strategy);
        if (!is_number_between(value_get(steps, kinds[index].percent), kinds[index].least, 100.0))
            return service_refuse(check, "%s must be between %s", kinds[index].percent, kinds[index].range);
        if (!is_number_between(value_get(steps, kinds[index].minutes), 0, MINUTES_PER_DAY))
            return service_refuse(
                check, "%s must be between 0 and %d", kinds[index].minutes, MINUTES_PER_DAY);
    }
    return 0;
}

/* A pause cannot hold traffic while it moves (facts: services 8.2, 8.4). */
static bool pauses_at(const char *stage) {
    return !text_equal(stage, "TEST_TRAFFIC_SHIFT") && !text_equal(stage, "PRODUCTION_TRAFFIC_SHIFT");
}

static int check_pause_hook(struct service_check *check, const struct value *hook) {
    value_for_each(stage, value_get(hook, "lifecycleStages")) {
        if (!pauses_at(stage->string))
            return service_refuse(check, "Invalid lifecycle stage provided for Pause Hook");
    }
    if (value_has(hook, "hookTargetArn"))
        return service_refuse(check, "hookTargetArn must be empty or null for a Pause Hook");
    return 0;
}

static int check_lambda_hook(struct service_check *check, const struct value *hook) {
    if (!value_has(hook, "hookTargetArn"))
        return service_refuse(check, "hookTargetArn is required for lifecycle hooks of type AWS_LAMBDA");
    if (!value_has(hook, "roleArn"))
        return service_refuse(check, "roleArn is required for lifecycle hooks of type AWS_LAMBDA");
    if (!text_starts_with(value_string(hook, "hookTargetArn"), "arn:"))
        return service_refuse(
            check, "hookTargetArn has an invalid ARN format. Got: %s", value_string(hook, "hookTargetArn"));
    return 0;
}

static int check_hook(struct service_check *check, const struct value *hook) {
    const struct value *timeout = value_get(hook, "timeoutConfiguration");
    if (value_count(value_get(hook, "lifecycleStages")) == 0)
        return service_refuse(check, "lifecycleStages is required for lifecycle hooks");
    if (timeout != NULL && !is_number_between(value_get(timeout, "timeoutInMinutes"), 1, PAUSE_MINUTES_MAX))
        return service_refuse(check, "timeoutInMinutes must be between 1 and %d", PAUSE_MINUTES_MAX);
    return text_equal(value_string(hook, "targetType"), "PAUSE") ? check_pause_hook(check, hook)
                                                                 : check_lambda_hook(check, hook);
}

static int check_hooks(struct service_check *check) {
    unsigned pauses = 0;
    unsigned lambdas = 0;
    value_for_each(hook, value_get(check->configuration, "lifecycleHooks")) {
        if (check_hook(check, hook) != 0)
            return 1;
        if (text_equal(value_string(hook, "targetType"), "PAUSE"))
            pauses++;
        else
            lambdas++;
    }
    if (pauses > HOOKS_MAX || lambdas > HOOKS_MAX)
        return service_refuse(
            check, "lifecycleHooks can have at most %d items of each target type", HOOKS_MAX);
    return 0;
}

/* facts: services 7.11 */
static int check_early_success(struct service_check *check) {
    const struct value *criteria = value_get(check->configuration, "earlySuccessCriteria");
    const struct value *percent = value_get(criteria, "healthyPercent");
    if (criteria == NULL || !value_bool(criteria, "enable", false))
        return 0;
    if (!text_equal(service_strategy(check->spec), "ROLLING"))
        return service_refuse(
            check, "earlySuccessCriteria is only supported with the ROLLING deployment strategy.");
    if (percent == NULL || !value_has(criteria, "sourceServiceRevisionCleanup"))
        return service_refuse(check, "healthyPercent and sourceServiceRevisionCleanup are required when "
                                     "earlySuccessCriteria is enabled.");
    if (!is_number_between(percent, 0, 100))
        return service_refuse(check, "healthyPercent must be between 0 and 100");
    if (percent->integer < value_int(check->configuration, "minimumHealthyPercent", 0))
        return service_refuse(check, "healthyPercent must be at least minimumHealthyPercent");
    return 0;
}

int service_check_strategy(struct service_check *check) {
    if (!is_number_between(value_get(check->configuration, "bakeTimeInMinutes"), 0, MINUTES_PER_DAY))
        return service_refuse(check, "bakeTimeInMinutes must be between 0 and %d", MINUTES_PER_DAY);
    if (service_is_daemon(check->spec) && !text_equal(service_strategy(check->spec), "ROLLING"))
        return service_refuse(check,
            "The daemon scheduling strategy does not support the %s deployment "
            "strategy. Change the deployment strategy and try again",
            service_strategy(check->spec));
    if (check_steps(check) != 0 || check_hooks(check) != 0)
        return 1;
    return check_early_success(check);
}
