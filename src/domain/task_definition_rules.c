/* The rules of RegisterTaskDefinition, in the order of facts tasks 4.4. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/cluster_query.h"
#include "ecs-local/domain/daemon.h"
#include "rule_check.h"

enum {
    NAME_MAX_LENGTH = 255,
    CONTAINERS_MAX = 10,
    CPU_MIN = 128,
    CPU_MAX = 196608,
    STORAGE_MIN_GIB = 21,
    STORAGE_MAX_GIB = 200,
    TAGS_MAX = 50,
    TAG_KEY_MAX = 128,
    TAG_VALUE_MAX = 256,
    CONSTRAINTS_MAX = 10,
};

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

#define SEE_GUIDE " For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."

int rule_refuse(struct rule_check *check, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const char *message = arena_vprintf(check->arena, format, arguments);
    va_end(arguments);
    *check->violation = (struct violation){.code = "ClientException", .message = message};
    return 1;
}

const struct value *rule_find_named(const struct value *list, const char *name) {
    value_for_each(item, list) {
        if (text_equal(value_string(item, "name"), name))
            return item;
    }
    return NULL;
}

/* A size of "" is another refusal than a wrong one (#1; of memory: D). */
static int refuse_blank_size(struct rule_check *check, const char *key) {
    *check->violation = (struct violation){
        .code = "InvalidParameterException",
        .message = arena_printf(check->arena, "Invalid '%s' setting for task.", key),
    };
    return 1;
}

/* #1, #2 */
static int check_task_size(struct rule_check *check) {
    const char *cpu = value_string(check->request, "cpu");
    const char *memory = value_string(check->request, "memory");
    if (text_equal(cpu, ""))
        return refuse_blank_size(check, "cpu");
    if (text_equal(memory, ""))
        return refuse_blank_size(check, "memory");
    if (cpu != NULL && (task_definition_parse_cpu(cpu, &check->cpu_units) != 0 ||
                           check->cpu_units < CPU_MIN || check->cpu_units > CPU_MAX))
        return rule_refuse(check, "Invalid 'cpu' setting for task." SEE_GUIDE);
    if (memory != NULL &&
        (task_definition_parse_memory(memory, &check->memory_mib) != 0 || check->memory_mib < 1))
        return rule_refuse(check, "Invalid 'memory' setting for task." SEE_GUIDE);
    return 0;
}

/* #3 */
static int check_family(struct rule_check *check) {
    const char *family = value_string_nonempty(check->request, "family");
    if (family == NULL)
        return rule_refuse(check, "Family can not be blank.");
    return text_is_name(family, NAME_MAX_LENGTH) ? 0
                                                 : rule_refuse(check, "Family contains invalid characters.");
}

/* #4, #5 */
static int check_container_count(struct rule_check *check) {
    size_t count = value_count(value_get(check->request, "containerDefinitions"));
    if (count == 0)
        return rule_refuse(check, "Container list cannot be empty.");
    return count > CONTAINERS_MAX ? rule_refuse(check, "Too many containers.") : 0;
}

/* #10, and #60 before the sizes of containers: a definition for Fargate leaves those out as a rule. EXTERNAL knows
 * bridge, host and none (facts: tasks 4.5; text D). */
static int check_launch_types(struct rule_check *check) {
    bool awsvpc = text_equal(check->network_mode, "awsvpc");
    if (check->external && awsvpc)
        return rule_refuse(check, "External does not support network mode \u2018awsvpc\u2019.");
    if (!check->fargate)
        return 0;
    if (!awsvpc)
        return rule_refuse(check, "Fargate only supports network mode \u2018awsvpc\u2019.");
    if (check->cpu_units == 0)
        return rule_refuse(check, "Fargate requires that 'cpu' be defined at the task level.");
    if (check->memory_mib == 0)
        return rule_refuse(check, "Fargate requires that 'memory' be defined at the task level.");
    return 0;
}

/* The characters of paths and names of IAM. */
static bool is_role_name(const char *name) {
    size_t length = strlen(name);
    return length != 0 && name[length - 1] != '/' && strspn(name, LETTERS DIGITS "+=,.@_-/") == length;
}

bool task_definition_role_is_valid(const char *role) {
    if (!text_starts_with(role, "arn:"))
        return is_role_name(role);
    const char *partition = role + strlen("arn:");
    const char *account = partition + strcspn(partition, ":");
    if (account == partition || !text_starts_with(account, ":iam::"))
        return false;
    account += strlen(":iam::");
    size_t digits = strspn(account, DIGITS);
    return digits != 0 && text_starts_with(account + digits, ":role/") &&
           is_role_name(account + digits + strlen(":role/"));
}

static int check_role(struct rule_check *check, const char *key) {
    const char *role = value_string_nonempty(check->request, key);
    return role == NULL || task_definition_role_is_valid(role) ? 0 : rule_refuse(check, "Role is not valid");
}

/* #54 */
static int check_roles(struct rule_check *check) {
    int result = check_role(check, "taskRoleArn");
    return result == 0 ? check_role(check, "executionRoleArn") : result;
}

static bool has_property(const struct value *properties, const char *name) {
    return value_string_nonempty(rule_find_named(properties, name), "value") != NULL;
}

/* #55 to #57 */
static int check_proxy(struct rule_check *check) {
    static const struct {
        const char *property;
        const char *text;
    } needed[] = {{"ProxyIngressPort", "Ingress port not found"}, {"AppPorts", "App ports not found"},
        {"ProxyEgressPort", "Egress port not found"}};
    const struct value *proxy = value_get(check->request, "proxyConfiguration");
    if (proxy == NULL)
        return 0;
    const char *name = value_string(proxy, "containerName");
    if (!text_equal(check->network_mode, "awsvpc"))
        return rule_refuse(check, "APPMESH proxy configuration is only supported in networkMode=awsvpc");
    if (rule_find_named(value_get(check->request, "containerDefinitions"), name) == NULL)
        return rule_refuse(check, "Proxy container [%s] does not exist", name != NULL ? name : "");
    for (size_t index = 0; index < array_length(needed); index++) {
        if (!has_property(value_get(proxy, "properties"), needed[index].property))
            return rule_refuse(check, "%s", needed[index].text);
    }
    return 0;
}

/* #58, #59 */
static int check_accelerators_and_storage(struct rule_check *check) {
    if (value_count(value_get(check->request, "inferenceAccelerators")) != 0)
        return rule_refuse(check, "Unsupported field 'inferenceAccelerators'");
    const struct value *storage = value_get(check->request, "ephemeralStorage");
    int64_t size_gib = value_int(storage, "sizeInGiB", STORAGE_MIN_GIB);
    if (size_gib < STORAGE_MIN_GIB)
        return rule_refuse(check, "EphemeralStorage size should be at least 21");
    return size_gib > STORAGE_MAX_GIB ? rule_refuse(check, "EphemeralStorage size should be at most 200") : 0;
}

/* #63b */
static int check_constraints(struct rule_check *check) {
    const struct value *constraints = value_get(check->request, "placementConstraints");
    if (value_count(constraints) > CONSTRAINTS_MAX)
        return rule_refuse(check, "placementConstraints can have at most 10 items.");
    value_for_each(constraint, constraints) {
        const char *type = value_string(constraint, "type");
        if (type != NULL && !text_equal(type, "memberOf"))
            return rule_refuse(check, "constraint.type '%s' is not supported.", type);
        struct cluster_query *query = NULL;
        const char *expression = value_string(constraint, "expression");
        if (cluster_query_parse(
                check->arena, expression != NULL ? expression : "", &query, check->violation) != 0)
            return rule_refuse(check, "%s", check->violation->message);
    }
    return 0;
}

static bool is_tag_text(const char *text, size_t minimum, size_t maximum) {
    size_t length = text_utf8_length(text);
    if (length < minimum || length > maximum)
        return false;
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        bool alnum = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                     (byte >= 'a' && byte <= 'z');
        if (!alnum && byte < 0x80 && strchr(" +-=._:/@", byte) == NULL)
            return false;
    }
    return true;
}

/* #65, with the exception of facts tasks 9: ClientException for task definitions. */
static int check_tags(struct rule_check *check) {
    const struct value *tags = value_get(check->request, "tags");
    if (value_count(tags) > TAGS_MAX)
        return rule_refuse(check, "The maximum number of tags per resource is 50.");
    value_for_each(tag, tags) {
        const char *key = value_string(tag, "key");
        const char *value = value_string(tag, "value");
        if (key == NULL)
            return rule_refuse(check, "Tag key can not be null.");
        if (!is_tag_text(key, 1, TAG_KEY_MAX) || strncasecmp(key, "aws:", 4) == 0 ||
            (value != NULL && !is_tag_text(value, 0, TAG_VALUE_MAX)))
            return rule_refuse(check, "Invalid tag key or value.");
        for (size_t earlier = 0; earlier < tag_index; earlier++) {
            if (text_equal(key, value_string(value_at(tags, earlier), "key")))
                return rule_refuse(check, "Duplicate tag keys are not allowed.");
        }
    }
    return 0;
}

static bool list_has(const struct value *list, const char *text) {
    value_for_each(item, list) {
        if (item->kind == VALUE_STRING && text_equal(item->string, text))
            return true;
    }
    return false;
}

static struct rule_check new_check(
    struct arena *arena, const struct value *request, struct violation *ret_violation) {
    const struct value *compatibilities = value_get(request, "requiresCompatibilities");
    return (struct rule_check){
        .arena = arena,
        .request = request,
        .network_mode = value_string_nonempty(request, "networkMode"),
        .fargate = list_has(compatibilities, "FARGATE"),
        .external = list_has(compatibilities, "EXTERNAL"),
        .windows = text_starts_with(
            value_string(value_get(request, "runtimePlatform"), "operatingSystemFamily"), "WINDOWS"),
        .has_execution_role = value_string_nonempty(request, "executionRoleArn") != NULL,
        .violation = ret_violation,
    };
}

static int run_rules(struct rule_check *check, rule *const *rules, size_t count) {
    for (size_t index = 0; index < count; index++) {
        if (rules[index](check) != 0)
            return 1;
    }
    return 0;
}

int task_definition_check(struct arena *arena, const struct value *request, struct violation *ret_violation) {
    static rule *const rules[] = {check_task_size, check_family, check_container_count,
        rules_check_containers_basic, check_launch_types, rules_check_sizes, rules_check_ports,
        rules_check_container_features, rules_check_requirements, rules_check_dependencies,
        rules_check_volumes, check_roles, check_proxy, check_accelerators_and_storage, rules_check_fargate,
        check_constraints, check_tags};
    struct rule_check check = new_check(arena, request, ret_violation);
    return run_rules(&check, rules, array_length(rules));
}

int daemon_definition_check(
    struct arena *arena, const struct value *request, struct violation *ret_violation) {
    static rule *const rules[] = {check_task_size, check_family, check_container_count,
        rules_check_containers_basic, rules_check_sizes, rules_check_container_features,
        rules_check_dependencies, rules_check_volumes, check_roles, check_tags};
    struct rule_check check = new_check(arena, request, ret_violation);
    check.memory_optional = true;
    return run_rules(&check, rules, array_length(rules));
}
