#include "ecs-local/domain/agent_attributes.h"

#include <string.h>

#include "ecs-local/base/cleanup.h"

#define COM "com.amazonaws.ecs.capability."
#define ECS "ecs.capability."

static const char *const names[] = {
    COM "privileged-container",
    COM "docker-remote-api.1.17",
    COM "docker-remote-api.1.18",
    COM "docker-remote-api.1.19",
    COM "docker-remote-api.1.20",
    COM "docker-remote-api.1.21",
    COM "docker-remote-api.1.22",
    COM "docker-remote-api.1.23",
    COM "docker-remote-api.1.24",
    COM "docker-remote-api.1.25",
    COM "docker-remote-api.1.28",
    COM "docker-remote-api.1.29",
    COM "docker-remote-api.1.30",
    COM "docker-remote-api.1.32",
    COM "logging-driver.json-file",
    COM "logging-driver.syslog",
    COM "logging-driver.journald",
    COM "logging-driver.gelf",
    COM "logging-driver.fluentd",
    COM "logging-driver.splunk",
    COM "logging-driver.awslogs",
    COM "logging-driver.none",
    COM "logging-driver.awsfirelens",
    COM "ecr-auth",
    COM "task-iam-role",
    COM "task-iam-role-network-host",
    COM "selinux",
    COM "apparmor",
    ECS "execution-role-ecr-pull",
    ECS "execution-role-awslogs",
    ECS "container-health-check",
    ECS "private-registry-authentication.secretsmanager",
    ECS "secrets.ssm.environment-variables",
    ECS "secrets.ssm.bootstrap.log-driver",
    ECS "secrets.asm.environment-variables",
    ECS "secrets.asm.bootstrap.log-driver",
    ECS "ecr-endpoint",
    ECS "container-ordering",
    ECS "full-sync",
    ECS "env-files.s3",
    ECS "network.container-port-range",
    ECS "container-restart-policy",
    ECS "task-cpu-mem-limit",
    ECS "increased-task-cpu-limit",
    ECS "task-eni",
    ECS "task-eni.ipv6",
    ECS "task-eni-trunking",
    ECS "docker-plugin.local",
    ECS "pid-ipc-namespace-sharing",
    ECS "aws-appmesh",
    ECS "task-eia",
    ECS "task-eia.optimized-cpu",
    ECS "firelens.fluentd",
    ECS "firelens.fluentbit",
    ECS "firelens.options.config.file",
    ECS "firelens.options.config.s3",
    ECS "firelens.non-root-user",
    ECS "logging-driver.awsfirelens.log-driver-buffer-limit",
    ECS "efs",
    ECS "efsAuth",
    ECS "fsxWindowsFileServer", /* of Windows agents: here every instance can hold every definition (D) */
    ECS "storage.s3-files",
    ECS "execute-command",
    ECS "service-connect-v1",
    ECS "storage.ebs-task-volume-attach",
    ECS "storage.ebsta-non-root-user",
    ECS "fault-injection",
    ECS "extensible-ephemeral-storage",
    ECS "gmsa",
    ECS "gmsa-domainless",
    ECS "ipv6-only",
};

const char *agent_attribute(size_t index) {
    return index < array_length(names) ? names[index] : NULL;
}

const char *simulated_subnet_id(struct arena *arena, const char *zone) {
    size_t length = strlen(zone);
    return arena_printf(arena, "subnet-0ec5100000000000%c", length != 0 ? zone[length - 1] : 'a');
}
