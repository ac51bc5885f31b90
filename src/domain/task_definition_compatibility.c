/* compatibilities: the launch types that a definition is valid for (facts: tasks 4.10). */
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "rule_check.h"

bool task_definition_has_gpu(const struct value *container) {
    value_for_each(requirement, value_get(container, "resourceRequirements")) {
        if (text_equal(value_string(requirement, "type"), "GPU"))
            return true;
    }
    return false;
}

bool task_definition_fargate_capabilities(const struct value *container) {
    value_for_each(
        capability, value_get(value_get(value_get(container, "linuxParameters"), "capabilities"), "add")) {
        if (capability->kind == VALUE_STRING && !text_equal(capability->string, "SYS_PTRACE"))
            return false;
    }
    return true;
}

static bool container_fits_fargate(const struct value *container) {
    static const char *const unsupported_lists[] = {
        "links", "dnsServers", "dnsSearchDomains", "extraHosts", "dockerSecurityOptions"};
    static const char *const unsupported_linux[] = {
        "devices", "tmpfs", "sharedMemorySize", "maxSwap", "swappiness"};
    static const char *const drivers[] = {"awslogs", "splunk", "awsfirelens"};
    for (size_t index = 0; index < array_length(unsupported_lists); index++) {
        if (value_count(value_get(container, unsupported_lists[index])) != 0)
            return false;
    }
    const struct value *linux_parameters = value_get(container, "linuxParameters");
    for (size_t index = 0; index < array_length(unsupported_linux); index++) {
        const struct value *member = value_get(linux_parameters, unsupported_linux[index]);
        if (member != NULL && (member->kind != VALUE_LIST || member->count != 0))
            return false;
    }
    const char *driver = value_string(value_get(container, "logConfiguration"), "logDriver");
    bool driver_fits = driver == NULL;
    for (size_t index = 0; index < array_length(drivers); index++)
        driver_fits = driver_fits || text_equal(driver, drivers[index]);
    return driver_fits && !value_bool(container, "privileged", false) &&
           !value_bool(container, "disableNetworking", false) &&
           value_int(container, "stopTimeout", 0) <= 120 && value_int(container, "startTimeout", 0) <= 120 &&
           !task_definition_has_gpu(container) && task_definition_fargate_capabilities(container);
}

static bool size_fits_fargate(const struct value *definition, bool windows) {
    const char *cpu = value_string(definition, "cpu");
    const char *memory = value_string(definition, "memory");
    int64_t units = 0;
    int64_t mib = 0;
    return cpu != NULL && memory != NULL && task_definition_parse_cpu(cpu, &units) == 0 &&
           task_definition_parse_memory(memory, &mib) == 0 && fargate_size_exists(units, mib, windows);
}

static bool volumes_fit_fargate(const struct value *definition) {
    value_for_each(volume, value_get(definition, "volumes")) {
        if (value_has(volume, "dockerVolumeConfiguration") ||
            value_has(volume, "fsxWindowsFileServerVolumeConfiguration") ||
            value_has(value_get(volume, "host"), "sourcePath"))
            return false;
    }
    return true;
}

static bool fits_fargate(const struct value *definition, bool windows) {
    const char *pid_mode = value_string(definition, "pidMode");
    if (!size_fits_fargate(definition, windows) || value_has(definition, "ipcMode") ||
        (pid_mode != NULL && !text_equal(pid_mode, "task")) ||
        value_count(value_get(definition, "placementConstraints")) != 0 || !volumes_fit_fargate(definition))
        return false;
    value_for_each(container, value_get(definition, "containerDefinitions")) {
        if (!container_fits_fargate(container))
            return false;
    }
    return true;
}

static bool fits_external(const struct value *definition) {
    value_for_each(volume, value_get(definition, "volumes")) {
        if (value_has(volume, "efsVolumeConfiguration") || value_bool(volume, "configuredAtLaunch", false))
            return false;
    }
    value_for_each(container, value_get(definition, "containerDefinitions")) {
        if (task_definition_gpu_sharing(value_get(container, "resourceRequirements")) != NULL)
            return false;
    }
    return !value_has(definition, "proxyConfiguration") &&
           !value_bool(definition, "enableFaultInjection", false);
}

static void add(struct arena *arena, struct value *list, const char *name) {
    value_append(arena, list, value_new_string(arena, name));
}

struct value *task_definition_compatibilities(struct arena *arena, const struct value *definition) {
    const struct value *platform = value_get(definition, "runtimePlatform");
    bool windows = text_starts_with(value_string(platform, "operatingSystemFamily"), "WINDOWS");
    struct value *list = value_new_list(arena, 3);
    if (!text_equal(value_string(definition, "networkMode"), "awsvpc")) {
        if (fits_external(definition))
            add(arena, list, "EXTERNAL");
        add(arena, list, "EC2");
        return list;
    }
    add(arena, list, "EC2");
    /* For Linux with awsvpc: seen in every dump of 2026 (facts: tasks 16, D). */
    if (!windows)
        add(arena, list, "MANAGED_INSTANCES");
    if (fits_fargate(definition, windows))
        add(arena, list, "FARGATE");
    return list;
}
