#include "express_reply.h"

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/arn.h"
#include "service_reply.h"

/* Where the resources stand: there is nothing behind them, so they follow the service (D). */
static const char *resource_status(const struct service *service) {
    if (service->status == SERVICE_ACTIVE)
        return "ACTIVE";
    return service->status == SERVICE_DRAINING ? "DEPROVISIONING" : "DELETED";
}

static void write_resource(
    struct api_call *call, const struct service *service, const char *arn, int64_t updated_ms) {
    writer_key_string(&call->writer, "arn", arn);
    writer_key_string(&call->writer, "status", resource_status(service));
    writer_key_timestamp_opt(&call->writer, "updatedAt", updated_ms);
}

static void write_resource_object(struct api_call *call, const struct service *service, const char *key,
    const char *arn, int64_t updated_ms) {
    writer_key_object_begin(&call->writer, key);
    write_resource(call, service, arn, updated_ms);
    writer_object_end(&call->writer);
}

static const char *arn_of(struct api_call *call, const char *product, const char *resource) {
    return arena_printf(call->arena, "arn:%s:%s:%s:%s:%s", scope_partition(call->scope), product,
        scope_region(call->scope), scope_account(call->scope), resource);
}

/* What the names and ids of the resources are made of: the service's own id. */
struct express_names {
    const char *id;
    const char *balancer; /* "app/ecs-express-gateway-alb-<id>/<id>" */
    const char *target;   /* "service/<cluster>/<name>" */
};

static struct express_names names_of(
    struct api_call *call, const struct service *service, const struct value *express) {
    const char *id = value_string(express, "endpoint");
    return (struct express_names){
        .id = id,
        .balancer = arena_printf(call->arena, "app/ecs-express-gateway-alb-%.8s/%.16s", id, id),
        .target = arena_printf(call->arena, "service/%s/%s", service->cluster->name, service->name),
    };
}

static const char *endpoint_host(struct api_call *call, const char *id) {
    return arena_printf(call->arena, "%s.ecs.%s.on.aws", id, scope_region(call->scope));
}

static void write_security_groups(struct api_call *call, const struct service *service, const char *key,
    const struct value *ids, int64_t updated_ms) {
    struct writer *writer = &call->writer;
    writer_key_list_begin(writer, key);
    value_for_each(id, ids) {
        writer_object_begin(writer);
        write_resource(call, service,
            arn_of(call, "ec2", arena_printf(call->arena, "security-group/%s", id->string)), updated_ms);
        writer_object_end(writer);
    }
    writer_list_end(writer);
}

static void write_target_groups(struct api_call *call, const struct service *service,
    const struct value *settings, const struct express_names *names, int64_t updated_ms) {
    struct writer *writer = &call->writer;
    int64_t port = value_int(value_get(settings, "primaryContainer"), "containerPort", 80);
    writer_key_list_begin(writer, "targetGroups");
    for (int number = 1; number <= 2; number++) {
        writer_object_begin(writer);
        write_resource(call, service,
            arn_of(call, "elasticloadbalancing",
                arena_printf(call->arena, "targetgroup/ecs-gateway-tg-%.8s%d/%.16s", names->id, number,
                    names->id + number)),
            updated_ms);
        writer_key_string(writer, "healthCheckPath", value_string(settings, "healthCheckPath"));
        writer_key_int(writer, "healthCheckPort", port);
        writer_key_int(writer, "port", port);
        writer_object_end(writer);
    }
    writer_list_end(writer);
}

static void write_ingress(struct api_call *call, const struct service *service, const struct value *settings,
    const struct express_names *names, int64_t updated_ms) {
    struct writer *writer = &call->writer;
    const struct value *network = value_get(settings, "networkConfiguration");
    const char *host = endpoint_host(call, names->id);
    const char *listener = arena_printf(call->arena, "listener/%s/%.16s", names->balancer, names->id + 8);
    writer_key_list_begin(writer, "ingressPaths");
    writer_object_begin(writer);
    writer_key_string(writer, "accessType", "PUBLIC");
    writer_key_string(writer, "endpoint", arena_printf(call->arena, "https://%s", host));
    writer_key_object_begin(writer, "loadBalancer");
    write_resource(call, service,
        arn_of(call, "elasticloadbalancing", arena_printf(call->arena, "loadbalancer/%s", names->balancer)),
        updated_ms);
    writer_key_string(writer, "scheme", "internet-facing");
    writer_key_value_opt(writer, "subnetIds", value_get(network, "subnets"));
    writer_key_value_opt(writer, "securityGroupIds", value_get(network, "securityGroups"));
    writer_object_end(writer);
    write_security_groups(
        call, service, "loadBalancerSecurityGroups", value_get(network, "securityGroups"), updated_ms);
    writer_key_object_begin(writer, "certificate");
    write_resource(call, service, arn_of(call, "acm", arena_printf(call->arena, "certificate/%s", names->id)),
        updated_ms);
    writer_key_string(writer, "domainName", host);
    writer_object_end(writer);
    write_resource_object(
        call, service, "listener", arn_of(call, "elasticloadbalancing", listener), updated_ms);
    write_resource_object(call, service, "rule",
        arn_of(call, "elasticloadbalancing",
            arena_printf(call->arena, "listener-rule/%s/%.16s", listener + 9, names->id + 4)),
        updated_ms);
    write_target_groups(call, service, settings, names, updated_ms);
    writer_object_end(writer);
    writer_list_end(writer);
}

static void write_scaling(struct api_call *call, const struct service *service, const struct value *settings,
    const struct express_names *names, int64_t updated_ms) {
    static const struct {
        const char *given;
        const char *metric;
    } metrics[] = {{"AVERAGE_CPU", "ECSServiceAverageCPUUtilization"},
        {"AVERAGE_MEMORY", "ECSServiceAverageMemoryUtilization"},
        {"REQUEST_COUNT_PER_TARGET", "ALBRequestCountPerTarget"}};
    struct writer *writer = &call->writer;
    const struct value *target = value_get(settings, "scalingTarget");
    const char *metric = metrics[0].metric;
    for (size_t index = 0; index < array_length(metrics); index++) {
        if (text_equal(metrics[index].given, value_string(target, "autoScalingMetric")))
            metric = metrics[index].metric;
    }
    writer_key_object_begin(writer, "autoScaling");
    writer_key_object_begin(writer, "scalableTarget");
    write_resource(call, service,
        arn_of(call, "application-autoscaling", arena_printf(call->arena, "scalable-target/%s", names->id)),
        updated_ms);
    writer_key_int(writer, "minCapacity", value_int(target, "minTaskCount", 0));
    writer_key_int(writer, "maxCapacity", value_int(target, "maxTaskCount", 0));
    writer_object_end(writer);
    writer_key_list_begin(writer, "applicationAutoScalingPolicies");
    writer_object_begin(writer);
    write_resource(call, service,
        arn_of(call, "autoscaling",
            arena_printf(call->arena, "scalingPolicy:%s:resource/ecs/%s:policyName/ecs-express-policy",
                names->id, names->target)),
        updated_ms);
    writer_key_string(writer, "policyType", "TargetTrackingScaling");
    writer_key(writer, "targetValue");
    writer_real(writer, (double)value_int(target, "autoScalingTargetValue", 0));
    writer_key_string(writer, "metric", metric);
    writer_object_end(writer);
    writer_list_end(writer);
    writer_object_end(writer);
    writer_key_list_begin(writer, "metricAlarms");
    writer_object_begin(writer);
    write_resource(call, service,
        arn_of(call, "cloudwatch",
            arena_printf(call->arena, "alarm:TargetTracking-%s-AlarmHigh", names->target)),
        updated_ms);
    writer_object_end(writer);
    writer_list_end(writer);
}

static void write_log_groups(
    struct api_call *call, const struct service *service, const struct value *settings, int64_t updated_ms) {
    struct writer *writer = &call->writer;
    const char *group = value_string(
        value_get(value_get(settings, "primaryContainer"), "awsLogsConfiguration"), "logGroup");
    writer_key_list_begin(writer, "logGroups");
    if (group != NULL) {
        writer_object_begin(writer);
        write_resource(call, service, arn_of(call, "logs", arena_printf(call->arena, "log-group:%s", group)),
            updated_ms);
        writer_key_string(writer, "logGroupName", group);
        writer_object_end(writer);
    }
    writer_list_end(writer);
}

void write_express_resources(
    struct api_call *call, const struct service *service, const struct value *express, int64_t created_ms) {
    const struct value *settings = value_get(express, "settings");
    struct express_names names = names_of(call, service, express);
    write_ingress(call, service, settings, &names, created_ms);
    write_scaling(call, service, settings, &names, created_ms);
    write_security_groups(call, service, "serviceSecurityGroups",
        value_get(value_get(settings, "networkConfiguration"), "securityGroups"), created_ms);
    write_log_groups(call, service, settings, created_ms);
}

int write_express_configuration(
    struct api_call *call, const struct service *service, const struct deployment *deployment) {
    static const char *const shown[] = {"executionRoleArn", "taskRoleArn", "taskDefinitionArn", "cpu",
        "memory", "cpuArchitecture", "networkConfiguration", "healthCheckPath", "primaryContainer",
        "scalingTarget"};
    struct writer *writer = &call->writer;
    const struct value *document = NULL;
    int result = deployment_document(call, deployment, &document);
    if (result != 0)
        return result;
    const struct value *express = value_get(document, EXPRESS_MEMBER);
    const struct value *settings = value_get(express, "settings");
    writer_object_begin(writer);
    writer_key_string(writer, "serviceRevisionArn",
        service_child_arn(call, service, "service-revision", deployment->digits));
    for (size_t index = 0; index < array_length(shown); index++)
        writer_key_value_opt(writer, shown[index], value_get(settings, shown[index]));
    writer_key_list_begin(writer, "ingressPaths");
    if (value_string(express, "endpoint") != NULL) {
        writer_object_begin(writer);
        writer_key_string(writer, "accessType", "PUBLIC");
        writer_key_string(writer, "endpoint",
            arena_printf(call->arena, "https://%s", endpoint_host(call, value_string(express, "endpoint"))));
        writer_object_end(writer);
    }
    writer_list_end(writer);
    writer_key_timestamp_opt(writer, "createdAt", deployment->created_ms);
    writer_object_end(writer);
    return 0;
}

static int write_configurations(struct api_call *call, const struct service *service) {
    int result = 0;
    writer_key_list_begin(&call->writer, "activeConfigurations");
    for (const struct deployment *deployment = service->deployments; result == 0 && deployment != NULL;
         deployment = deployment->next) {
        if (!deployment->is_task_set && deployment->status != DEPLOYMENT_INACTIVE &&
            service->status != SERVICE_INACTIVE)
            result = write_express_configuration(call, service, deployment);
    }
    writer_list_end(&call->writer);
    return result;
}

static void write_status(struct api_call *call, const struct service *service) {
    writer_key_object_begin(&call->writer, "status");
    writer_key_string(&call->writer, "statusCode", service_status_name(service->status));
    writer_object_end(&call->writer);
}

static int64_t updated_ms(const struct service *service) {
    return service->primary != NULL ? service->primary->created_ms : service->created_ms;
}

int reply_express(struct api_call *call, const struct service *service, bool with_tags) {
    struct writer *writer = &call->writer;
    struct service_contents contents;
    const char *deployment = NULL;
    int result = engine_flush(call->engine);
    if (result == 0)
        result = service_contents_read(call, service, &contents);
    if (result == 0)
        result = service_current_deployment(call, service, false, &deployment);
    if (result != 0)
        return result;
    const struct value *express = value_get(contents.document, EXPRESS_MEMBER);
    writer_object_begin(writer);
    writer_key_object_begin(writer, "service");
    writer_key_string(writer, "cluster", service->cluster->name);
    writer_key_string(writer, "serviceName", service->name);
    writer_key_string(writer, "serviceArn", service->arn);
    writer_key_value_opt(writer, "infrastructureRoleArn", value_get(express, "infrastructureRoleArn"));
    write_status(call, service);
    writer_key_string_opt(writer, "currentDeployment", deployment);
    result = write_configurations(call, service);
    if (with_tags)
        writer_key_raw(writer, "tags", contents.tags);
    writer_key_timestamp_opt(writer, "createdAt", service->created_ms);
    writer_key_timestamp_opt(writer, "updatedAt", updated_ms(service));
    writer_object_end(writer);
    writer_object_end(writer);
    return result;
}

int reply_express_updated(struct api_call *call, const struct service *service) {
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_object_begin(writer, "service");
    writer_key_string(writer, "serviceArn", service->arn);
    writer_key_string(writer, "cluster", service->cluster->name);
    writer_key_string(writer, "serviceName", service->name);
    write_status(call, service);
    writer_key(writer, "targetConfiguration");
    int result = write_express_configuration(call, service, service->primary);
    writer_key_timestamp_opt(writer, "createdAt", service->created_ms);
    writer_key_timestamp_opt(writer, "updatedAt", updated_ms(service));
    writer_object_end(writer);
    writer_object_end(writer);
    return result;
}
