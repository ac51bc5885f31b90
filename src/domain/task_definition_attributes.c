/* requiresAttributes: what an instance must be able to do (facts: tasks 4.9, row by row). */
#include <ctype.h>
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/task_definition.h"

#define COM "com.amazonaws.ecs.capability."
#define ECS "ecs.capability."

struct collector {
    struct arena *arena;
    struct value *list;
    const struct value *definition;
    bool has_execution_role;
};

static void need(struct collector *collector, const char *name) {
    value_for_each(attribute, collector->list) {
        if (text_equal(value_string(attribute, "name"), name))
            return;
    }
    struct value *attribute = value_new_map(collector->arena, 1);
    value_add(collector->arena, attribute, "name", value_new_string(collector->arena, name));
    value_append(collector->arena, collector->list, attribute);
}

static void need_api(struct collector *collector, const char *version) {
    need(collector, arena_printf(collector->arena, COM "docker-remote-api.%s", version));
}

static bool is_ecr_image(const char *image) {
    size_t digits = image != NULL ? strspn(image, "0123456789") : 0;
    return digits == 12 && text_starts_with(image + digits, ".dkr.ecr.") &&
           strstr(image, ".amazonaws.com") != NULL;
}

static void need_image(struct collector *collector, const struct value *container) {
    if (!is_ecr_image(value_string(container, "image")))
        return;
    need(collector, COM "ecr-auth");
    if (collector->has_execution_role)
        need(collector, ECS "execution-role-ecr-pull");
}

static bool is_secrets_manager(const char *value_from) {
    return value_from != NULL && strstr(value_from, ":secretsmanager:") != NULL;
}

static void need_log_options(struct collector *collector, const struct value *options) {
    if (text_equal(value_string(options, "awslogs-create-group"), "true") ||
        value_has(options, "awslogs-datetime-format") || value_has(options, "awslogs-multiline-pattern"))
        need_api(collector, "1.29");
    if (text_equal(value_string(options, "mode"), "non-blocking") || value_has(options, "max-buffer-size"))
        need_api(collector, "1.28");
}

static void need_logging(struct collector *collector, const struct value *container) {
    static const char *const old_drivers[] = {"json-file", "syslog", "gelf", "journald"};
    const struct value *logging = value_get(container, "logConfiguration");
    const char *driver = value_string(logging, "logDriver");
    if (driver == NULL)
        return;
    need(collector, arena_printf(collector->arena, COM "logging-driver.%s", driver));
    if (text_equal(driver, "awslogs") || text_equal(driver, "fluentd"))
        need_api(collector, "1.19");
    for (size_t index = 0; index < array_length(old_drivers); index++) {
        if (text_equal(driver, old_drivers[index]))
            need_api(collector, "1.18");
    }
    if (text_equal(driver, "awslogs") && collector->has_execution_role)
        need(collector, ECS "execution-role-awslogs");
    need_log_options(collector, value_get(logging, "options"));
    value_for_each(secret, value_get(logging, "secretOptions")) need(collector,
        is_secrets_manager(value_string(secret, "valueFrom")) ? ECS "secrets.asm.bootstrap.log-driver"
                                                              : ECS "secrets.ssm.bootstrap.log-driver");
}

static void need_secrets(struct collector *collector, const struct value *container) {
    value_for_each(secret, value_get(container, "secrets")) need(collector,
        is_secrets_manager(value_string(secret, "valueFrom")) ? ECS "secrets.asm.environment-variables"
                                                              : ECS "secrets.ssm.environment-variables");
    if (value_has(container, "repositoryCredentials"))
        need(collector, ECS "private-registry-authentication.secretsmanager");
    if (value_count(value_get(container, "environmentFiles")) != 0)
        need(collector, ECS "env-files.s3");
}

/* Parameters of the Docker API that came with a version; the key's presence counts (facts: tasks 4.9, D). */
static void need_docker_parameters(struct collector *collector, const struct value *container) {
    static const char *const since_117[] = {"hostname", "user", "workingDirectory", "dnsServers",
        "dnsSearchDomains", "extraHosts", "readonlyRootFilesystem", "disableNetworking",
        "dockerSecurityOptions"};
    for (size_t index = 0; index < array_length(since_117); index++) {
        if (value_has(container, since_117[index]))
            need_api(collector, "1.17");
    }
    if (value_count(value_get(container, "dockerLabels")) != 0 ||
        value_count(value_get(container, "ulimits")) != 0)
        need_api(collector, "1.18");
    if (value_has(container, "memoryReservation"))
        need_api(collector, "1.21");
    if (value_bool(container, "privileged", false))
        need(collector, COM "privileged-container");
    const struct value *linux_parameters = value_get(container, "linuxParameters");
    if (value_has(linux_parameters, "sharedMemorySize") || value_has(linux_parameters, "tmpfs"))
        need_api(collector, "1.22");
    if (value_bool(linux_parameters, "initProcessEnabled", false))
        need_api(collector, "1.25");
}

static void need_security_options(struct collector *collector, const struct value *container) {
    value_for_each(option, value_get(container, "dockerSecurityOptions")) {
        if (option->kind != VALUE_STRING)
            continue;
        if (text_starts_with(option->string, "label:"))
            need(collector, COM "selinux");
        if (text_starts_with(option->string, "apparmor:"))
            need(collector, COM "apparmor");
        if (text_starts_with(option->string, "credentialspec:"))
            need(collector, ECS "gmsa");
    }
    value_for_each(spec, value_get(container, "credentialSpecs")) {
        if (spec->kind == VALUE_STRING)
            need(collector, text_starts_with(spec->string, "credentialspecdomainless:") ? ECS
                                "gmsa-domainless"
                                                                                        : ECS "gmsa");
    }
}

static void need_health_and_order(struct collector *collector, const struct value *container) {
    const struct value *check = value_get(container, "healthCheck");
    if (check != NULL) {
        need(collector, ECS "container-health-check");
        need_api(collector, value_has(check, "startPeriod") ? "1.29" : "1.24");
    }
    if (value_count(value_get(container, "dependsOn")) != 0 || value_has(container, "startTimeout") ||
        value_has(container, "stopTimeout"))
        need(collector, ECS "container-ordering");
    if (value_bool(value_get(container, "restartPolicy"), "enabled", false))
        need(collector, ECS "container-restart-policy");
    value_for_each(mapping, value_get(container, "portMappings")) {
        if (value_has(mapping, "containerPortRange"))
            need(collector, ECS "network.container-port-range");
    }
}

static void need_firelens(struct collector *collector, const struct value *container) {
    const struct value *firelens = value_get(container, "firelensConfiguration");
    const char *type = value_string(firelens, "type");
    if (type == NULL)
        return;
    need(collector, arena_printf(collector->arena, ECS "firelens.%s", type));
    const char *config = value_string(value_get(firelens, "options"), "config-file-type");
    if (config != NULL)
        need(collector, arena_printf(collector->arena, ECS "firelens.options.config.%s", config));
}

static void need_volume(struct collector *collector, const struct value *volume) {
    const struct value *docker = value_get(volume, "dockerVolumeConfiguration");
    if (value_has(volume, "efsVolumeConfiguration")) {
        need(collector, ECS "efs");
        need(collector, ECS "efsAuth");
        need_api(collector, "1.25");
    }
    if (docker != NULL) {
        const char *driver = value_string_nonempty(docker, "driver");
        need(collector,
            arena_printf(collector->arena, ECS "docker-plugin.%s", driver != NULL ? driver : "local"));
        need_api(collector, "1.25");
    }
    if (value_has(volume, "fsxWindowsFileServerVolumeConfiguration"))
        need(collector, ECS "fsxWindowsFileServer");
    if (value_has(volume, "s3filesVolumeConfiguration"))
        need(collector, ECS "storage.s3-files");
    if (value_bool(volume, "configuredAtLaunch", false))
        need(collector, ECS "storage.ebs-task-volume-attach");
}

static void need_network_and_roles(struct collector *collector) {
    const char *mode = value_string(collector->definition, "networkMode");
    bool host = text_equal(mode, "host");
    if (host || text_equal(mode, "awsvpc"))
        need_api(collector, "1.18");
    if (text_equal(mode, "awsvpc"))
        need(collector, ECS "task-eni");
    if (value_has(collector->definition, "taskRoleArn"))
        need(collector, host ? COM "task-iam-role-network-host" : COM "task-iam-role");
}

struct value *task_definition_attributes(struct arena *arena, const struct value *definition) {
    struct collector collector = {
        .arena = arena,
        .list = value_new_list(arena, 8),
        .definition = definition,
        .has_execution_role = value_has(definition, "executionRoleArn"),
    };
    need_network_and_roles(&collector);
    value_for_each(container, value_get(definition, "containerDefinitions")) {
        need_image(&collector, container);
        need_logging(&collector, container);
        need_secrets(&collector, container);
        need_docker_parameters(&collector, container);
        need_security_options(&collector, container);
        need_health_and_order(&collector, container);
        need_firelens(&collector, container);
    }
    value_for_each(volume, value_get(definition, "volumes")) need_volume(&collector, volume);
    if (value_has(definition, "proxyConfiguration"))
        need(&collector, ECS "aws-appmesh");
    if (value_has(definition, "pidMode") || value_has(definition, "ipcMode"))
        need(&collector, ECS "pid-ipc-namespace-sharing");
    if (value_has(definition, "ephemeralStorage"))
        need(&collector, ECS "extensible-ephemeral-storage");
    if (value_bool(definition, "enableFaultInjection", false))
        need(&collector, ECS "fault-injection");
    return collector.list;
}
