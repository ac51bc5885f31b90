/* What overrides may say (facts: tasks 5.3). */
#include <stdarg.h>
#include <string.h>

#include "ecs-local/base/text.h"
#include "ecs-local/domain/task_overrides.h"

enum {
    OVERRIDES_MAX = 8192, /* characters, JSON punctuation included */
    EPHEMERAL_GIB_MIN = 21,
    EPHEMERAL_GIB_MAX = 200,
    CPU_MIN = 128,
    CPU_MAX = 196608,
    MEMORY_MIN_MIB = 4,
    ENVIRONMENT_FILES_MAX = 10,
};

struct override_check {
    struct arena *arena;
    const struct value *overrides;
    const struct task_definition *definition;
    int64_t cpu_units;  /* of the task level, after the overrides; 0: none */
    int64_t memory_mib; /* of the task level, after the overrides; 0: none */
    struct violation *violation;
};

static int invalid(struct override_check *check, const char *message) {
    *check->violation = (struct violation){.code = "InvalidParameterException", .message = message};
    return 1;
}

/* What the registration refuses, too: the code and the text of there (facts: tasks 4.4; that it holds here: D). */
__attribute__((format(printf, 2, 3))) static int refuse(
    struct override_check *check, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const char *message = arena_vprintf(check->arena, format, arguments);
    va_end(arguments);
    *check->violation = (struct violation){.code = "ClientException", .message = message};
    return 1;
}

static const struct task_definition_container *container_of(
    const struct task_definition *definition, const char *name) {
    for (unsigned index = 0; index < definition->container_count; index++) {
        if (text_equal(definition->containers[index].name, name))
            return &definition->containers[index];
    }
    return NULL;
}

static bool too_small(const struct value *entry, const char *key) {
    return value_int(entry, key, MEMORY_MIN_MIB) < MEMORY_MIN_MIB;
}

static int check_sizes(struct override_check *check, const struct value *entry,
    const struct task_definition_container *container) {
    int64_t memory = value_int(entry, "memory", container->memory_mib);
    int64_t reservation = value_int(entry, "memoryReservation", container->memory_reservation_mib);
    if (value_int(entry, "cpu", 0) < 0)
        return refuse(check, "Invalid 'cpu' setting for container '%s'.", container->name);
    if (too_small(entry, "memory") || too_small(entry, "memoryReservation"))
        return refuse(check, "Invalid setting for container '%s'. '%s' must be at least %d MiB.",
            container->name, too_small(entry, "memory") ? "memory" : "memoryReservation", MEMORY_MIN_MIB);
    if (memory != 0 && memory < reservation)
        return refuse(check,
            "Invalid setting for container '%s'. 'memory' must be greater than or equal to 'memoryReservation'.",
            container->name);
    if (check->memory_mib != 0 && memory > check->memory_mib)
        return refuse(
            check, "The 'memory' setting for container '%s' is greater than for the task.", container->name);
    return 0;
}

/* A new variable must not have the name of a secret, either (facts: tasks 4.4 #37b). */
static int check_environment(struct override_check *check, const struct value *entry,
    const struct task_definition_container *container) {
    value_for_each(variable, value_get(entry, "environment")) {
        const char *name = value_string(variable, "name");
        value_for_each(secret, container->secrets) {
            if (text_equal(value_string(secret, "name"), name))
                return refuse(check,
                    "The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '%s'.",
                    name);
        }
    }
    const struct value *files = value_get(entry, "environmentFiles");
    if (value_count(files) > ENVIRONMENT_FILES_MAX)
        return refuse(check,
            "The maximum number of environment files was exceeded. Specify ten or less and try again.");
    value_for_each(file, files) {
        if (!text_starts_with(value_string(file, "value"), "arn:"))
            return refuse(check, "Invalid arn syntax.");
    }
    return 0;
}

static int check_requirements(struct override_check *check, const struct value *entry,
    const struct task_definition_container *container) {
    const char *refusal = task_definition_requirements_refusal(value_get(entry, "resourceRequirements"));
    return refusal != NULL ? refuse(check, "Invalid setting for container '%s'. %s", container->name, refusal)
                           : 0;
}

/* Whole GPUs and shared ones do not go together, whoever asked for them. */
static int check_gpus(struct override_check *check) {
    bool whole = false;
    bool shared = false;
    for (unsigned index = 0; index < check->definition->container_count; index++) {
        const struct task_definition_container *container = &check->definition->containers[index];
        whole = whole || task_overrides_gpus(check->overrides, container) != 0;
        shared = shared || task_overrides_gpu_sharing(check->overrides, container) != NULL;
    }
    return whole && shared
               ? refuse(check,
                     "The containers of a task that request GPUs must all use the same option: value or sharingStrategy.")
               : 0;
}

static int check_containers(struct override_check *check) {
    value_for_each(entry, value_get(check->overrides, "containerOverrides")) {
        const char *name = value_string_nonempty(entry, "name");
        /* An empty entry overrides nothing (facts: tasks 5.3: a name is required when it is not empty). */
        if (name == NULL && entry->count == 0)
            continue;
        if (name == NULL)
            return invalid(check, "Container override name can not be blank.");
        const struct task_definition_container *container = container_of(check->definition, name);
        if (container == NULL)
            return invalid(check,
                arena_printf(check->arena,
                    "Override for container named %s is not a container in the TaskDefinition.", name));
        if (check_sizes(check, entry, container) != 0 || check_environment(check, entry, container) != 0 ||
            check_requirements(check, entry, container) != 0)
            return 1;
    }
    return check_gpus(check);
}

static int check_task_size(struct override_check *check) {
    const char *cpu = value_string_nonempty(check->overrides, "cpu");
    const char *memory = value_string_nonempty(check->overrides, "memory");
    if (cpu != NULL && (task_definition_parse_cpu(cpu, &check->cpu_units) != 0 ||
                           check->cpu_units < CPU_MIN || check->cpu_units > CPU_MAX))
        return invalid(check, "Invalid 'cpu' setting for task.");
    if (memory != NULL &&
        (task_definition_parse_memory(memory, &check->memory_mib) != 0 || check->memory_mib < 1))
        return invalid(check, "Invalid 'memory' setting for task.");
    return 0;
}

static int check_storage(struct override_check *check) {
    int64_t storage_gib = value_int(
        value_get(check->overrides, "ephemeralStorage"), "sizeInGiB", EPHEMERAL_GIB_MIN);
    if (storage_gib < EPHEMERAL_GIB_MIN)
        return invalid(check, "EphemeralStorage size should be at least 21");
    return storage_gib > EPHEMERAL_GIB_MAX ? invalid(check, "EphemeralStorage size should be at most 200")
                                           : 0;
}

static int check_role(struct override_check *check, const char *key) {
    const char *role = value_string_nonempty(check->overrides, key);
    return role == NULL || task_definition_role_is_valid(role) ? 0 : refuse(check, "Role is not valid");
}

static struct override_check new_check(struct arena *arena, const struct value *overrides,
    const struct task_definition *definition, struct violation *ret_violation) {
    struct override_check check = {
        .arena = arena, .overrides = overrides, .definition = definition, .violation = ret_violation};
    if (definition->cpu != NULL)
        task_definition_parse_cpu(definition->cpu, &check.cpu_units);
    if (definition->memory != NULL)
        task_definition_parse_memory(definition->memory, &check.memory_mib);
    return check;
}

int task_overrides_check(struct arena *arena, const struct value *overrides, size_t json_length,
    const struct task_definition *definition, struct violation *ret_violation) {
    struct override_check check = new_check(arena, overrides, definition, ret_violation);
    if (json_length > OVERRIDES_MAX)
        return invalid(&check, "Container Overrides length must be at most 8192");
    if (check_task_size(&check) != 0 || check_containers(&check) != 0 || check_storage(&check) != 0)
        return 1;
    return check_role(&check, "taskRoleArn") != 0 ? 1 : check_role(&check, "executionRoleArn");
}

int task_overrides_check_fargate(struct arena *arena, const struct value *overrides,
    const struct task_definition *definition, struct violation *ret_violation) {
    struct override_check check = new_check(arena, overrides, definition, ret_violation);
    if (check_task_size(&check) != 0)
        return 1;
    if (check.cpu_units == 0 || check.memory_mib == 0 ||
        fargate_size_exists(check.cpu_units, check.memory_mib, definition->is_windows))
        return 0;
    return refuse(&check,
        "No Fargate configuration exists for given values: %lld CPU, %lld memory. See the Amazon ECS documentation for the valid values.",
        (long long)check.cpu_units, (long long)check.memory_mib);
}
