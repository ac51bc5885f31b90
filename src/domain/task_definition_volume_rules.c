/* Rules of volumes, and of definitions that must run on Fargate (facts: tasks 4.4 #47 to #52, #60 to #64). */
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "rule_check.h"

enum {
    NAME_MAX_LENGTH = 255
};

/* #50 to #52 */
static int check_efs(struct rule_check *check, const struct value *efs) {
    const struct value *authorization = value_get(efs, "authorizationConfig");
    bool encrypted = text_equal(value_string(efs, "transitEncryption"), "ENABLED");
    const char *root = value_string_nonempty(efs, "rootDirectory");
    if (text_equal(value_string(authorization, "iam"), "ENABLED") && !encrypted)
        return rule_refuse(check, "EFS IAM authorization requires TransitEncryption to be enabled");
    if (value_has(efs, "transitEncryptionPort") && !encrypted)
        return rule_refuse(check, "TransitEncryptionPort requires that TransitEncryption is enabled");
    if (value_string_nonempty(authorization, "accessPointId") != NULL && root != NULL &&
        !text_equal(root, "/"))
        return rule_refuse(check,
            "When using an EFS access point, the root directory must either be set to \"/\" or be omitted");
    return 0;
}

/* One of the kinds at most (rule A, text unknown). */
static int check_kinds(struct rule_check *check, const struct value *volume) {
    static const char *const kinds[] = {"host", "dockerVolumeConfiguration", "efsVolumeConfiguration",
        "s3filesVolumeConfiguration", "fsxWindowsFileServerVolumeConfiguration",
        "logDriverVolumeConfiguration"};
    unsigned given = value_bool(volume, "configuredAtLaunch", false);
    for (size_t index = 0; index < array_length(kinds); index++) {
        /* `host: {}` beside another kind says nothing (tools send it). */
        const struct value *kind = value_get(volume, kinds[index]);
        given += kind != NULL && (index != 0 || value_count(kind) != 0);
    }
    return given > 1 ? rule_refuse(check, "Only one volume configuration may be specified for volume '%s'.",
                           value_string(volume, "name"))
                     : 0;
}

static int check_volume(struct rule_check *check, const struct value *volume) {
    const char *name = value_string_nonempty(volume, "name");
    const struct value *host = value_get(volume, "host");
    const struct value *docker = value_get(volume, "dockerVolumeConfiguration");
    if (name == NULL)
        return rule_refuse(check, "Volume.name should not be null or empty.");
    if (!text_is_name(name, NAME_MAX_LENGTH))
        return rule_refuse(check, "Volume.name contains invalid characters.");
    /* #49 */
    if (value_has(host, "sourcePath") && value_string_nonempty(host, "sourcePath") == NULL)
        return rule_refuse(check, "host.sourcePath should not be blank.");
    if (text_equal(value_string(docker, "scope"), "task") && value_bool(docker, "autoprovision", false))
        return rule_refuse(check, "Autoprovision is not supported for task-scoped volume '%s'.", name);
    if (check_kinds(check, volume) != 0)
        return 1;
    return check_efs(check, value_get(volume, "efsVolumeConfiguration"));
}

static bool is_mounted(struct rule_check *check, const char *volume) {
    rule_for_each_container(check, container) {
        value_for_each(mount, value_get(container, "mountPoints")) {
            if (text_equal(value_string(mount, "sourceVolume"), volume))
                return true;
        }
    }
    return false;
}

/* #47 */
static int check_mounts(struct rule_check *check) {
    const struct value *volumes = value_get(check->request, "volumes");
    rule_for_each_container(check, container) {
        value_for_each(mount, value_get(container, "mountPoints")) {
            const char *source = value_string(mount, "sourceVolume");
            if (rule_find_named(volumes, source) == NULL)
                return rule_refuse(check, "Unknown volume '%s'.", source != NULL ? source : "");
        }
    }
    return 0;
}

int rules_check_volumes(struct rule_check *check) {
    const struct value *volumes = value_get(check->request, "volumes");
    unsigned at_launch = 0;
    if (check_mounts(check) != 0)
        return 1;
    value_for_each(volume, volumes) {
        if (check_volume(check, volume) != 0)
            return 1;
        const char *name = value_string(volume, "name");
        if (rule_find_named(volumes, name) != volume)
            return rule_refuse(check, "Volume names must be unique within a task definition");
        if (!value_bool(volume, "configuredAtLaunch", false))
            continue;
        /* #48 */
        if (!is_mounted(check, name))
            return rule_refuse(check, "Volumes [%s] are not referenced by any of the containers", name);
        if (++at_launch > 1)
            return rule_refuse(check, "Only one volume may be configured at launch.");
    }
    return 0;
}

/* #62, #63 for a container. What the facts list without a text (tasks 4.5) is told in the same words. */
static int check_fargate_container(struct rule_check *check, const struct value *container) {
    static const struct {
        const char *member;
        const char *text;
    } not_linux[] = {
        {"devices", "Fargate compatible task definitions do not support devices"},
        {"sharedMemorySize", "Fargate compatible task definitions do not support sharedMemorySize"},
        {"maxSwap", "Fargate compatible task definitions do not support maxSwap"},
        {"swappiness", "Fargate compatible task definitions do not support swappiness"},
        {"tmpfs", "Fargate compatible task definitions do not support tmpfs"},
    };
    const struct value *linux_parameters = value_get(container, "linuxParameters");
    if (value_bool(container, "privileged", false))
        return rule_refuse(check, "Fargate requires that the 'privileged' setting be 'false'");
    if (value_bool(container, "disableNetworking", false))
        return rule_refuse(check, "Fargate compatible task definitions do not support disableNetworking");
    if (value_count(value_get(container, "dockerSecurityOptions")) != 0)
        return rule_refuse(check, "Fargate compatible task definitions do not support dockerSecurityOptions");
    if (task_definition_has_gpu(container))
        return rule_refuse(check, "Fargate compatible task definitions do not support gpu");
    if (!task_definition_fargate_capabilities(container))
        return rule_refuse(check,
            "Fargate compatible task definitions do not support capabilities.add other than SYS_PTRACE");
    for (size_t index = 0; index < array_length(not_linux); index++) {
        const struct value *member = value_get(linux_parameters, not_linux[index].member);
        if (member != NULL && (member->kind != VALUE_LIST || member->count != 0))
            return rule_refuse(check, "%s", not_linux[index].text);
    }
    return 0;
}

static int check_fargate_volumes(struct rule_check *check) {
    value_for_each(volume, value_get(check->request, "volumes")) {
        if (value_has(volume, "dockerVolumeConfiguration"))
            return rule_refuse(
                check, "Fargate compatible task definitions do not support dockerVolumeConfiguration");
        if (value_has(volume, "fsxWindowsFileServerVolumeConfiguration"))
            return rule_refuse(check,
                "Fargate compatible task definitions do not support fsxWindowsFileServerVolumeConfiguration");
        if (value_has(value_get(volume, "host"), "sourcePath"))
            return rule_refuse(check, "Fargate compatible task definitions do not support sourcePath");
    }
    return 0;
}

static int check_fargate_modes(struct rule_check *check) {
    const char *pid_mode = value_string_nonempty(check->request, "pidMode");
    if (value_string_nonempty(check->request, "ipcMode") != NULL)
        return rule_refuse(check, "Fargate compatible task definitions do not support ipcMode");
    if (value_count(value_get(check->request, "placementConstraints")) != 0)
        return rule_refuse(check, "Fargate compatible task definitions do not support constraints");
    /* #64 */
    if (pid_mode != NULL && !text_equal(pid_mode, "task"))
        return rule_refuse(check,
            "Tasks using the Fargate launch type do not support pidMode '%s'. The supported value for pidMode is 'task'.",
            pid_mode);
    return 0;
}

int rules_check_fargate(struct rule_check *check) {
    if (!check->fargate)
        return 0;
    /* #61 */
    if (!fargate_size_exists(check->cpu_units, check->memory_mib, check->windows))
        return rule_refuse(check,
            "No Fargate configuration exists for given values: %lld CPU, %lld memory. See the Amazon ECS documentation for the valid values.",
            (long long)check->cpu_units, (long long)check->memory_mib);
    rule_for_each_container(check, container) {
        if (check_fargate_container(check, container) != 0)
            return 1;
    }
    if (check_fargate_volumes(check) != 0)
        return 1;
    return check_fargate_modes(check);
}
