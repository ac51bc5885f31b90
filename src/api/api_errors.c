#include "api_errors.h"

#include <string.h>

struct api_error_text {
    const char *code;
    const char *text;
    const char *source;
};

#define INVALID "InvalidParameterException"
#define CLIENT "ClientException"

static const struct api_error_text texts[ERROR_COUNT] = {
    [ERROR_CLUSTER_NOT_FOUND] = {"ClusterNotFoundException", "Cluster not found.", "facts: tasks 3.6"},
    [ERROR_CLUSTER_INACTIVE] = {"ClusterNotFoundException", "The referenced cluster was inactive.",
        "tasks 3.6"},
    [ERROR_CLUSTER_HAS_INSTANCES] = {"ClusterContainsContainerInstancesException",
        "The Cluster cannot be deleted while Container Instances are active or draining.", "tasks 3.6"},
    [ERROR_CLUSTER_HAS_TASKS] = {"ClusterContainsTasksException",
        "The Cluster cannot be deleted while Tasks are active.", "tasks 3.6"},
    [ERROR_CLUSTER_SETTING_NAME] = {INVALID, "Setting name should be one of [containerInsights]",
        "tasks 3.2 D"},
    [ERROR_CLUSTER_SETTING_VALUE] = {INVALID, "Invalid cluster setting value: %s", "tasks 3.2 D"},
    [ERROR_LOGGING_NEEDS_TARGET] = {INVALID,
        "A CloudWatch log group name or S3 bucket name must be specified when overriding the default log configuration",
        "tasks 3.2 PF"},
    [ERROR_LOGGING_NEEDS_OVERRIDE] = {INVALID,
        "You must set logging to 'OVERRIDE' when you supply a log configuration.", "tasks 3.2 A"},
    [ERROR_PROVIDER_NOT_FOUND] = {INVALID,
        "The specified capacity provider '%s' was not found. Specify a valid name or ARN and try again.",
        "tasks 3.2"},
    [ERROR_STRATEGY_NOT_ASSOCIATED] = {INVALID,
        "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster and try again.",
        "tasks 3.2"},
    [ERROR_STRATEGY_WEIGHTS] = {INVALID,
        "There are no capacity providers in the capacity provider strategy with a weight value greater than zero. Specify a weight value greater than zero for at least one capacity provider and try again.",
        "services 2.3 #32"},
    [ERROR_STRATEGY_BASES] = {INVALID,
        "There are multiple capacity providers in the specified capacity provider strategy with a base value greater than zero. Only one capacity provider can have a base value greater than zero. Specify a valid capacity provider strategy and try again.",
        "services 2.3 #33"},
    [ERROR_STRATEGY_MIXED] = {INVALID,
        "A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and Fargate providers. Specify one or the other and try again.",
        "services 2.3 #35"},
    [ERROR_LAUNCH_AND_STRATEGY] = {INVALID,
        "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
        "tasks 5.3"},
    [ERROR_TASK_DEFINITION_UNDESCRIBABLE] = {CLIENT, "Unable to describe task definition.", "tasks 4.6 A"},
    [ERROR_TASK_DEFINITION_NOT_FOUND] = {CLIENT, "TaskDefinition not found.", "tasks 5.3 A"},
    [ERROR_TASK_DEFINITION_INACTIVE] = {INVALID, "TaskDefinition is inactive", "tasks 5.3 A"},
    [ERROR_TASK_DEFINITION_TOO_LARGE] = {CLIENT,
        "The task definition is larger than 64 KB, the maximum size of a task definition.",
        "tasks 4.1, text n/e"},
    [ERROR_REVISION_MISSING] = {CLIENT, "Revision is missing.", "tasks 4.7"},
    [ERROR_TASK_NOT_FOUND] = {INVALID, "The referenced task was not found.", "tasks 5.5 A"},
    [ERROR_INSTANCE_NOT_FOUND] = {INVALID, "The referenced container instance was not found.",
        "tasks 7.3, n/e"},
    [ERROR_INSTANCE_HAS_TASKS] = {INVALID, "Found running tasks on the instance.", "tasks 7.3 B"},
    [ERROR_INSTANCE_TYPE_CHANGED] = {CLIENT, "Container instance type changes are not supported.",
        "tasks 7.2 B"},
    [ERROR_INSTANCE_DOCUMENT] = {CLIENT, "Invalid instance identity document.", "tasks 7.2, D"},
    [ERROR_NO_INSTANCES] = {INVALID, "No Container Instances were found in your cluster.", "tasks 5.3 A"},
    [ERROR_LAUNCH_TYPE_UNSUPPORTED] = {INVALID, "Task definition does not support launch_type %s.",
        "tasks 5.3 A"},
    [ERROR_NETWORK_MISSING] = {INVALID,
        "Network Configuration must be provided when networkMode 'awsvpc' is specified.", "tasks 5.3 A"},
    [ERROR_NETWORK_NOT_VALID] = {INVALID,
        "Network Configuration is not valid for the given networkMode of this task definition.",
        "tasks 5.3 A"},
    [ERROR_SUBNETS_EMPTY] = {INVALID, "subnets can not be empty.", "tasks 5.3 A"},
    [ERROR_PUBLIC_IP] = {INVALID, "Assign public IP is not supported for this launch type.", "tasks 5.3 A"},
    [ERROR_PLATFORM_VERSION_EC2] = {INVALID,
        "The platform version must be null when specifying an EC2 launch type.", "tasks 5.3 A"},
    [ERROR_PLATFORM_UNKNOWN] = {"PlatformUnknownException", "The specified platform does not exist.",
        "tasks 5.3 A"},
    [ERROR_PROPAGATE_SERVICE] = {INVALID, "Only task definition tags can be propagated to standalone tasks.",
        "tasks 5.3 C"},
    [ERROR_FARGATE_CONSTRAINTS] = {INVALID,
        "Placement constraints are not supported with FARGATE launch type.", "services 2.3 #26"},
    [ERROR_FARGATE_STRATEGIES] = {INVALID, "Placement strategies are not supported with FARGATE launch type.",
        "services 2.3 #27"},
    [ERROR_EXECUTE_COMMAND_ROLE] = {INVALID,
        "The execute command failed because a valid task role is not being used. Specify a valid task role in your task definition or as a task override and try again.",
        "tasks 5.3 A"},
    [ERROR_STARTED_BY_WITH_OTHERS] = {INVALID, "cannot specify startedBy with other arguments",
        "tasks 5.8 A"},
    [ERROR_SERVICE_WITH_OTHERS] = {INVALID, "cannot specify serviceName with other arguments", "tasks 5.8 A"},
    [ERROR_SERVICE_NOT_FOUND] = {"ServiceNotFoundException", "Service not found.", "tasks 5.8 A"},
    [ERROR_FAMILY_PATTERN] = {INVALID, "family must match ^[a-zA-Z0-9\\-_]+$", "tasks 5.8 A"},
    [ERROR_TOKEN] = {INVALID, "Invalid token", "tasks 1.5 D"},
    [ERROR_NAME_BLANK] = {INVALID, "%s can not be blank.", "tasks 1.4b A"},
    [ERROR_TAG_KEY_NULL] = {INVALID, "Tag key can not be null.", "tasks 9 C"},
    [ERROR_TAG_INVALID] = {INVALID, "Invalid tag key or value.", "tasks 9 C"},
    [ERROR_TAG_DUPLICATE] = {INVALID, "Duplicate tag keys are not allowed.", "tasks 9 C"},
    [ERROR_TAGS_TOO_MANY] = {INVALID, "The maximum number of tags per resource is 50.", "tasks 9 C"},
    [ERROR_NOT_BUILT] = {"UnsupportedFeatureException", "ecs-local does not implement %s yet.", "ours"},
};

int api_fail(struct api_call *call, enum api_error error, const char *argument) {
    const struct api_error_text *text = &texts[error];
    const char *slot = strstr(text->text, "%s");
    call->error.code = text->code;
    call->error.message = text->text;
    if (slot != NULL)
        call->error.message = arena_printf(call->arena, "%.*s%s%s", (int)(slot - text->text), text->text,
            argument != NULL ? argument : "", slot + 2);
    return API_ERROR;
}

int api_fail_with(struct api_call *call, const struct violation *violation) {
    call->error = *violation;
    return API_ERROR;
}
