/* The document that comes back: AWS's defaults and member order (facts: tasks 4.3). */
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/task_definition.h"

/* What becomes of a member of ContainerDefinition. */
enum treatment {
    AS_IT_IS,
    EMPTY_LIST_WHEN_ABSENT,
    ZERO_WHEN_ABSENT,
    TRUE_WHEN_ABSENT,
    PORT_MAPPINGS,
    HEALTH_CHECK
};

/* In the order of AWS's replies. Members of the model that are not named here follow. */
static const struct container_member {
    const char *key;
    enum treatment treatment;
} container_members[] = {
    {"name", AS_IT_IS},
    {"image", AS_IT_IS},
    {"repositoryCredentials", AS_IT_IS},
    {"cpu", ZERO_WHEN_ABSENT},
    {"memory", AS_IT_IS},
    {"memoryReservation", AS_IT_IS},
    {"links", AS_IT_IS},
    {"portMappings", PORT_MAPPINGS},
    {"essential", TRUE_WHEN_ABSENT},
    {"restartPolicy", AS_IT_IS},
    {"entryPoint", AS_IT_IS},
    {"command", AS_IT_IS},
    {"environment", EMPTY_LIST_WHEN_ABSENT},
    {"environmentFiles", AS_IT_IS},
    {"mountPoints", EMPTY_LIST_WHEN_ABSENT},
    {"volumesFrom", EMPTY_LIST_WHEN_ABSENT},
    {"linuxParameters", AS_IT_IS},
    {"secrets", AS_IT_IS},
    {"dependsOn", AS_IT_IS},
    {"startTimeout", AS_IT_IS},
    {"stopTimeout", AS_IT_IS},
    {"versionConsistency", AS_IT_IS},
    {"hostname", AS_IT_IS},
    {"user", AS_IT_IS},
    {"workingDirectory", AS_IT_IS},
    {"disableNetworking", AS_IT_IS},
    {"privileged", AS_IT_IS},
    {"readonlyRootFilesystem", AS_IT_IS},
    {"dnsServers", AS_IT_IS},
    {"dnsSearchDomains", AS_IT_IS},
    {"extraHosts", AS_IT_IS},
    {"dockerSecurityOptions", AS_IT_IS},
    {"interactive", AS_IT_IS},
    {"pseudoTerminal", AS_IT_IS},
    {"dockerLabels", AS_IT_IS},
    {"ulimits", AS_IT_IS},
    {"logConfiguration", AS_IT_IS},
    {"healthCheck", HEALTH_CHECK},
    {"systemControls", EMPTY_LIST_WHEN_ABSENT},
    {"resourceRequirements", AS_IT_IS},
    {"firelensConfiguration", AS_IT_IS},
    {"credentialSpecs", AS_IT_IS},
};

static const char *const definition_order[] = {"networkMode", "volumes", "placementConstraints",
    "runtimePlatform", "requiresCompatibilities", "cpu", "memory", "inferenceAccelerators", "pidMode",
    "ipcMode", "proxyConfiguration", "ephemeralStorage", "enableFaultInjection"};

static struct value *empty_list(struct arena *arena) {
    return value_new_list(arena, 0);
}

static struct value *normalise_mapping(
    struct arena *arena, const struct value *mapping, const char *network_mode) {
    struct value *result = value_new_map(arena, 6);
    struct value *container_port = value_get(mapping, "containerPort");
    bool ranged = value_has(mapping, "containerPortRange");
    bool same_port = text_equal(network_mode, "awsvpc") || text_equal(network_mode, "host");
    if (container_port != NULL)
        value_add(arena, result, "containerPort", container_port);
    /* 0 asks for any port, and where the task has the address to itself that is the container's. */
    if (value_int(mapping, "hostPort", 0) != 0)
        value_add(arena, result, "hostPort", value_get(mapping, "hostPort"));
    else if (!ranged)
        value_add(arena, result, "hostPort",
            same_port && container_port != NULL ? container_port : value_new_int(arena, 0));
    /* Any other text than udp is taken for tcp (facts: tasks 4.3). */
    bool udp = text_equal(value_string(mapping, "protocol"), "udp");
    value_add(arena, result, "protocol", value_new_string(arena, udp ? "udp" : "tcp"));
    for (uint32_t index = 0; index < mapping->count; index++) {
        if (!value_has(result, mapping->entries[index].key))
            value_add(arena, result, mapping->entries[index].key, mapping->entries[index].value);
    }
    return result;
}

static struct value *normalise_mappings(
    struct arena *arena, const struct value *mappings, const char *network_mode) {
    struct value *list = value_new_list(arena, value_count(mappings));
    value_for_each(mapping, mappings)
        value_append(arena, list, normalise_mapping(arena, mapping, network_mode));
    return list;
}

static struct value *normalise_health_check(struct arena *arena, const struct value *check) {
    struct value *result = value_new_map(arena, check->count + 3);
    static const struct {
        const char *key;
        int64_t fallback;
    } members[] = {{"command", 0}, {"interval", 30}, {"timeout", 5}, {"retries", 3}, {"startPeriod", 0}};
    for (size_t index = 0; index < array_length(members); index++) {
        struct value *member = value_get(check, members[index].key);
        if (member == NULL && members[index].fallback != 0)
            member = value_new_int(arena, members[index].fallback);
        if (member != NULL)
            value_add(arena, result, members[index].key, member);
    }
    for (uint32_t index = 0; index < check->count; index++) {
        if (!value_has(result, check->entries[index].key))
            value_add(arena, result, check->entries[index].key, check->entries[index].value);
    }
    return result;
}

/* NULL: the member is absent and stays so. */
static struct value *normalise_member(
    struct arena *arena, enum treatment treatment, struct value *member_or_null, const char *network_mode) {
    switch (treatment) {
    case EMPTY_LIST_WHEN_ABSENT:
        return member_or_null != NULL ? member_or_null : empty_list(arena);
    case ZERO_WHEN_ABSENT:
        return member_or_null != NULL ? member_or_null : value_new_int(arena, 0);
    case TRUE_WHEN_ABSENT:
        return member_or_null != NULL ? member_or_null : value_new_bool(arena, true);
    case PORT_MAPPINGS:
        return normalise_mappings(arena, member_or_null, network_mode);
    case HEALTH_CHECK:
        return member_or_null != NULL ? normalise_health_check(arena, member_or_null) : NULL;
    case AS_IT_IS:
        break;
    }
    return member_or_null;
}

static enum treatment treatment_of(const char *key) {
    for (size_t index = 0; index < array_length(container_members); index++) {
        if (text_equal(key, container_members[index].key))
            return container_members[index].treatment;
    }
    return AS_IT_IS;
}

/* The member `key`, which stands at or behind *cursor when the request keeps the model's order, as it does
 * after the walker; then one comparison finds it or its absence. */
static struct value *next_member(const struct value *container, uint32_t *cursor, const char *key) {
    if (*cursor < container->count && text_equal(container->entries[*cursor].key, key))
        return container->entries[(*cursor)++].value;
    return NULL;
}

static struct value *normalise_container(
    struct arena *arena, const struct value *container, const char *network_mode) {
    struct value *result = value_new_map(arena, container->count + 8);
    uint32_t cursor = 0;
    for (size_t index = 0; index < array_length(container_members); index++) {
        const char *key = container_members[index].key;
        struct value *member = normalise_member(
            arena, container_members[index].treatment, next_member(container, &cursor, key), network_mode);
        if (member != NULL)
            value_add(arena, result, key, member);
    }
    /* What is not in that order, or newer than it. */
    for (; cursor < container->count; cursor++) {
        const char *key = container->entries[cursor].key;
        value_set(arena, result, key,
            normalise_member(arena, treatment_of(key), container->entries[cursor].value, network_mode));
    }
    return result;
}

static struct value *normalise_containers(struct arena *arena, const struct value *request) {
    const struct value *containers = value_get(request, "containerDefinitions");
    struct value *list = value_new_list(arena, value_count(containers));
    value_for_each(container, containers) value_append(
        arena, list, normalise_container(arena, container, value_string(request, "networkMode")));
    return list;
}

/* The root is shown when it was not given, in its place behind the file system (facts: tasks 4.3). */
static struct value *normalise_efs(struct arena *arena, const struct value *efs) {
    struct value *result = value_new_map(arena, efs->count + 1);
    for (uint32_t index = 0; index < efs->count; index++) {
        const char *key = efs->entries[index].key;
        if (text_equal(key, "rootDirectory") && value_string_nonempty(efs, key) == NULL)
            continue;
        value_add(arena, result, key, efs->entries[index].value);
        if (text_equal(key, "fileSystemId") && value_string_nonempty(efs, "rootDirectory") == NULL)
            value_add(arena, result, "rootDirectory", value_new_string(arena, "/"));
    }
    return result;
}

/* A bind volume without a host comes back with an empty one; an EFS volume shows its root (facts: tasks 4.3).
 */
static struct value *normalise_volume(struct arena *arena, const struct value *volume) {
    static const char *const others[] = {"host", "dockerVolumeConfiguration", "efsVolumeConfiguration",
        "s3filesVolumeConfiguration", "fsxWindowsFileServerVolumeConfiguration", "configuredAtLaunch",
        "logDriverVolumeConfiguration"};
    struct value *result = value_clone(arena, volume);
    bool is_bind = true;
    for (size_t index = 0; index < array_length(others); index++)
        is_bind = is_bind && !value_has(volume, others[index]);
    if (is_bind)
        value_add(arena, result, "host", value_new_map(arena, 0));
    struct value *efs = value_get(result, "efsVolumeConfiguration");
    if (efs != NULL)
        value_set(arena, result, "efsVolumeConfiguration", normalise_efs(arena, efs));
    return result;
}

static struct value *normalise_volumes(struct arena *arena, const struct value *volumes) {
    struct value *list = value_new_list(arena, value_count(volumes));
    value_for_each(volume, volumes) value_append(arena, list, normalise_volume(arena, volume));
    return list;
}

static struct value *number_text(struct arena *arena, int64_t number) {
    return value_new_string(arena, arena_printf(arena, "%lld", (long long)number));
}

static struct value *normalise_definition_member(struct arena *arena, const char *key, struct value *member) {
    int64_t number = 0;
    if (text_equal(key, "volumes"))
        return normalise_volumes(arena, member);
    if (member == NULL)
        return text_equal(key, "placementConstraints") ? empty_list(arena) : NULL;
    if (member->kind == VALUE_STRING && member->string[0] == '\0')
        return NULL; /* "" means "not given" (facts: services 1.2) */
    if (text_equal(key, "requiresCompatibilities") && member->count == 0)
        return NULL; /* facts: tasks 6.3 */
    if (text_equal(key, "cpu") && task_definition_parse_cpu(member->string, &number) == 0)
        return number_text(arena, number);
    if (text_equal(key, "memory") && task_definition_parse_memory(member->string, &number) == 0)
        return number_text(arena, number);
    return member;
}

const char *task_definition_role_arn(
    struct arena *arena, const char *role, const char *partition, const char *account) {
    if (text_starts_with(role, "arn:"))
        return role;
    return arena_printf(arena, "arn:%s:iam::%s:role/%s", partition, account, role);
}

static void add_role(struct arena *arena, struct value *document, const struct value *request,
    const char *key, const char *partition, const char *account) {
    const char *role = value_string_nonempty(request, key);
    if (role != NULL)
        value_add(arena, document, key,
            value_new_string(arena, task_definition_role_arn(arena, role, partition, account)));
}

struct value *task_definition_normalise(
    struct arena *arena, const struct value *request, const char *partition, const char *account) {
    struct value *document = value_new_map(arena, 24);
    value_add(arena, document, "containerDefinitions", normalise_containers(arena, request));
    value_add(arena, document, "family", value_get(request, "family"));
    add_role(arena, document, request, "taskRoleArn", partition, account);
    add_role(arena, document, request, "executionRoleArn", partition, account);
    for (size_t index = 0; index < array_length(definition_order); index++) {
        const char *key = definition_order[index];
        struct value *member = normalise_definition_member(arena, key, value_get(request, key));
        if (member != NULL)
            value_add(arena, document, key, member);
    }
    struct value *attributes = task_definition_attributes(arena, document);
    if (value_count(attributes) != 0)
        value_add(arena, document, "requiresAttributes", attributes);
    value_add(arena, document, "compatibilities", task_definition_compatibilities(arena, document));
    return document;
}
