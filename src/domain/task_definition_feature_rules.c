/* Rules of what containers ask for: time-outs, health checks, logs, secrets, dependencies, limits (facts:
 * tasks 4.4 #28 to #46, #53, #63c). */
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "rule_check.h"

enum {
    CONTAINERS_MAX = 10,
    NAME_MAX_LENGTH = 255,
    TIMEOUT_MIN_S = 2,
    FARGATE_TIMEOUT_MAX_S = 120,
    ENVIRONMENT_FILES_MAX = 10,
    RESTART_PERIOD_MIN_S = 60,
    RESTART_PERIOD_MAX_S = 1800,
};

/* #28, #29 */
static int check_timeouts(struct rule_check *check, const struct value *container) {
    const char *name = rule_container_name(container);
    if (value_int(container, "startTimeout", TIMEOUT_MIN_S) < TIMEOUT_MIN_S)
        return rule_refuse(
            check, "Granular start timeout on container '%s' must be at least 2 seconds.", name);
    if (value_int(container, "stopTimeout", TIMEOUT_MIN_S) < TIMEOUT_MIN_S)
        return rule_refuse(
            check, "Granular stop timeout on container '%s' must be at least 2 seconds.", name);
    if (!check->fargate)
        return 0;
    if (value_int(container, "stopTimeout", 0) > FARGATE_TIMEOUT_MAX_S)
        return rule_refuse(check,
            "Tasks using the Fargate launch type must have a container stop timeout of less than 120 seconds.");
    /* Rule A, text by analogy. */
    if (value_int(container, "startTimeout", 0) > FARGATE_TIMEOUT_MAX_S)
        return rule_refuse(check,
            "Tasks using the Fargate launch type must have a container start timeout of less than 120 seconds.");
    return 0;
}

/* #30 */
static int check_health(struct rule_check *check, const struct value *container) {
    static const struct {
        const char *member;
        int64_t minimum;
        int64_t maximum;
    } ranges[] = {{"interval", 5, 300}, {"timeout", 2, 60}, {"retries", 1, 10}, {"startPeriod", 0, 300}};
    const struct value *health = value_get(container, "healthCheck");
    if (health == NULL)
        return 0;
    const char *first = value_string_at(value_get(health, "command"), 0);
    if (!text_equal(first, "CMD") && !text_equal(first, "CMD-SHELL") && !text_equal(first, "NONE"))
        return rule_refuse(check, "Health check command for container '%s' must start with CMD or CMD-SHELL.",
            rule_container_name(container));
    for (size_t index = 0; index < array_length(ranges); index++) {
        int64_t number = value_int(health, ranges[index].member, ranges[index].minimum);
        if (number < ranges[index].minimum || number > ranges[index].maximum)
            return rule_refuse(check, "Health check %s for container '%s' must be between %lld and %lld.",
                ranges[index].member, rule_container_name(container), (long long)ranges[index].minimum,
                (long long)ranges[index].maximum);
    }
    return 0;
}

/* "name" or "name:alias" (the 2016 document; text n/e). */
static int check_links(struct rule_check *check, const struct value *container) {
    value_for_each(link, value_get(container, "links")) {
        size_t length = strcspn(link->string, ":");
        const char *name = arena_strndup(check->arena, link->string, length);
        const char *alias = link->string[length] == ':' ? link->string + length + 1 : name;
        if (!text_is_name(name, NAME_MAX_LENGTH) || !text_is_name(alias, NAME_MAX_LENGTH))
            return rule_refuse(
                check, "Invalid 'links' setting for container '%s'.", rule_container_name(container));
    }
    return 0;
}

static bool any_firelens(struct rule_check *check) {
    rule_for_each_container(check, container) {
        if (value_has(container, "firelensConfiguration"))
            return true;
    }
    return false;
}

/* #31 */
static int check_awslogs(struct rule_check *check, const struct value *options) {
    bool group = value_string_nonempty(options, "awslogs-group") != NULL;
    bool region = value_string_nonempty(options, "awslogs-region") != NULL;
    if (!group && !region)
        return rule_refuse(check, "Log driver awslogs requires options: awslogs-region, awslogs-group");
    if (!group)
        return rule_refuse(check, "Log driver awslogs requires options: awslogs-group");
    if (!region)
        return rule_refuse(check, "Log driver awslogs requires options: awslogs-region");
    if (!check->fargate)
        return 0;
    /* #32, #33 */
    if (!check->has_execution_role)
        return rule_refuse(check,
            "Fargate requires task definition to have execution role ARN to support log driver awslogs.");
    if (value_string_nonempty(options, "awslogs-stream-prefix") == NULL)
        return rule_refuse(check,
            "Fargate requires log configuration options to include awslogs-stream-prefix to support log driver awslogs.");
    return 0;
}

static int check_logging(struct rule_check *check, const struct value *container) {
    const struct value *logging = value_get(container, "logConfiguration");
    const char *driver = value_string(logging, "logDriver");
    if (driver == NULL)
        return 0;
    if (text_equal(driver, "awslogs"))
        return check_awslogs(check, value_get(logging, "options"));
    /* #34 */
    if (check->fargate && !text_equal(driver, "splunk") && !text_equal(driver, "awsfirelens"))
        return rule_refuse(
            check, "%s is not a valid log driver. Must be one of [awslogs, splunk, awsfirelens]", driver);
    /* #35 */
    if (text_equal(driver, "awsfirelens") && !any_firelens(check))
        return rule_refuse(check,
            "When awsfirelens log driver is specified in log configuration, a firelens configuration object must be specified");
    return 0;
}

/* #36 */
static int check_image_role(struct rule_check *check, const struct value *container) {
    const char *image = value_string(container, "image");
    bool ecr = strspn(image, "0123456789") == 12 && strstr(image, ".dkr.ecr.") != NULL;
    if (check->fargate && ecr && !check->has_execution_role)
        return rule_refuse(
            check, "Fargate requires task definition to have execution role ARN to support ECR images.");
    return 0;
}

/* #37b */
static int check_secret_names(struct rule_check *check, const struct value *container) {
    const struct value *secrets = value_get(container, "secrets");
    value_for_each(secret, secrets) {
        const char *name = value_string(secret, "name");
        if (rule_find_named(value_get(container, "environment"), name) != NULL ||
            rule_find_named(secrets, name) != secret)
            return rule_refuse(check,
                "The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '%s'.",
                name != NULL ? name : "");
    }
    return 0;
}

/* #37 to #40. `secrets: []` counts as secrets (facts: tasks 17 #12). */
static int check_secrets(struct rule_check *check, const struct value *container) {
    const struct value *files = value_get(container, "environmentFiles");
    if (value_has(container, "secrets") && !check->has_execution_role)
        return rule_refuse(check,
            "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.");
    if (check_secret_names(check, container) != 0)
        return 1;
    if (value_has(container, "repositoryCredentials") && !check->has_execution_role)
        return rule_refuse(check,
            "Private repository authentication requires that the task definition specify a value for executionRoleArn.");
    if (value_count(files) > ENVIRONMENT_FILES_MAX)
        return rule_refuse(check,
            "The maximum number of environment files was exceeded. Specify ten or less and try again.");
    value_for_each(file, files) {
        if (!text_starts_with(value_string(file, "value"), "arn:"))
            return rule_refuse(check, "Invalid arn syntax.");
    }
    const struct value *options = value_get(value_get(container, "firelensConfiguration"), "options");
    if (text_equal(value_string(options, "config-file-type"), "s3") &&
        !text_starts_with(value_string(options, "config-file-value"), "arn:"))
        return rule_refuse(check, "Invalid arn syntax.");
    return 0;
}

/* #53; -1 is no limit at all, as Docker has it. */
static int check_ulimits(struct rule_check *check, const struct value *container) {
    value_for_each(ulimit, value_get(container, "ulimits")) {
        int64_t soft = value_int(ulimit, "softLimit", 0);
        int64_t hard = value_int(ulimit, "hardLimit", 0);
        if (hard != -1 && (soft > hard || soft == -1))
            return rule_refuse(
                check, "Soft limit exceeds hard limit for ulimit %s", value_string(ulimit, "name"));
    }
    return 0;
}

/* #45, #46, #53, #63c */
static int check_limits(struct rule_check *check, const struct value *container) {
    const struct value *restart = value_get(container, "restartPolicy");
    int64_t period_s = value_int(restart, "restartAttemptPeriod", RESTART_PERIOD_MIN_S);
    if (period_s < RESTART_PERIOD_MIN_S || period_s > RESTART_PERIOD_MAX_S)
        return rule_refuse(check,
            "the 'restartAttemptPeriod' setting for container '%s' must be between 60 and 1800",
            rule_container_name(container));
    value_for_each(source, value_get(container, "volumesFrom")) {
        const char *name = value_string(source, "sourceContainer");
        if (rule_find_named(value_get(check->request, "containerDefinitions"), name) == NULL)
            return rule_refuse(
                check, "Invalid 'volumesFrom' setting. Unknown container: '%s'", name != NULL ? name : "");
    }
    if (check_ulimits(check, container) != 0)
        return 1;
    value_for_each(tmpfs, value_get(value_get(container, "linuxParameters"), "tmpfs")) {
        if (value_int(tmpfs, "size", 0) <= 0)
            return rule_refuse(check,
                "The container has an invalid tmpfs size value specified. It must be a non-zero, non-negative integer.");
    }
    return 0;
}

int rules_check_container_features(struct rule_check *check) {
    static container_rule *const rules[] = {check_links, check_timeouts, check_health, check_logging,
        check_image_role, check_secrets, check_limits};
    rule_for_each_container(check, container) {
        for (size_t index = 0; index < array_length(rules); index++) {
            if (rules[index](check, container) != 0)
                return 1;
        }
    }
    return 0;
}

/* #41 to #43 */
static int check_dependency(struct rule_check *check, const struct value *dependency) {
    const char *name = value_string(dependency, "containerName");
    const char *condition = value_string(dependency, "condition");
    const struct value *target = rule_find_named(value_get(check->request, "containerDefinitions"), name);
    if (target == NULL)
        return rule_refuse(
            check, "Cannot depend on container + '%s' because it does not exist", name != NULL ? name : "");
    bool ends = text_equal(condition, "COMPLETE") || text_equal(condition, "SUCCESS");
    if (ends && value_bool(target, "essential", true))
        return rule_refuse(check,
            "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container");
    if (text_equal(condition, "HEALTHY") && !value_has(target, "healthCheck"))
        return rule_refuse(
            check, "A dependency container with HEALTHY condition must have health check configured");
    return 0;
}

static size_t index_of(const struct value *containers, const char *name) {
    value_for_each(container, containers) {
        if (text_equal(value_string(container, "name"), name))
            return container_index;
    }
    return CONTAINERS_MAX;
}

/* #44: closes the relation over at most ten containers; a container that reaches itself is on a cycle. */
static bool has_cycle(const struct value *containers) {
    bool reaches[CONTAINERS_MAX][CONTAINERS_MAX] = {{false}};
    size_t count = value_count(containers);
    value_for_each(container, containers) {
        value_for_each(dependency, value_get(container, "dependsOn")) {
            size_t target = index_of(containers, value_string(dependency, "containerName"));
            if (target < count)
                reaches[container_index][target] = true;
        }
    }
    for (size_t middle = 0; middle < count; middle++) {
        for (size_t from = 0; from < count; from++) {
            for (size_t to = 0; to < count; to++)
                reaches[from][to] |= reaches[from][middle] && reaches[middle][to];
        }
    }
    for (size_t index = 0; index < count; index++) {
        if (reaches[index][index])
            return true;
    }
    return false;
}

int rules_check_dependencies(struct rule_check *check) {
    rule_for_each_container(check, container) {
        value_for_each(dependency, value_get(container, "dependsOn")) {
            if (check_dependency(check, dependency) != 0)
                return 1;
        }
    }
    if (has_cycle(value_get(check->request, "containerDefinitions")))
        return rule_refuse(check, "Container dependsOn contains a cycle");
    return 0;
}
