#include "ecs-local/domain/arn.h"

#include <stdbool.h>
#include <string.h>

#include "ecs-local/base/text.h"

enum {
    PARTS = 6, /* arn:partition:service:region:account:resource */
    NAME_MAX_LENGTH = 255,
    LONG_ID_LENGTH = 32,
    SHORT_ID_LENGTH = 36,
};

struct parsed {
    const char *region;
    const char *account;
    const char *type; /* "task" */
    const char *rest; /* "cluster/id" */
};

const char *arn_partition(const char *region) {
    if (text_starts_with(region, "cn-"))
        return "aws-cn";
    return text_starts_with(region, "us-gov-") ? "aws-us-gov" : "aws";
}

/* "arn:aws:ecs:us-east-1:000000000000:<type>/<rest>"; the rest may come in parts. */
#define arn_join(arena, region, account, type, ...)                                                          \
    arena_join((arena), "arn:", arn_partition(region), ":ecs:", (region), ":", (account), ":", (type), "/",  \
        __VA_ARGS__, (char *)NULL)

char *arn_cluster(struct arena *arena, const char *region, const char *account, const char *name) {
    return arn_join(arena, region, account, "cluster", name);
}

char *arn_container_instance(
    struct arena *arena, const char *region, const char *account, const char *cluster, const char *id) {
    return arn_join(arena, region, account, "container-instance", cluster, "/", id);
}

char *arn_task(
    struct arena *arena, const char *region, const char *account, const char *cluster, const char *id) {
    return arn_join(arena, region, account, "task", cluster, "/", id);
}

char *arn_container(struct arena *arena, const char *region, const char *account, const char *cluster,
    const char *task_id, const char *uuid) {
    return arn_join(arena, region, account, "container", cluster, "/", task_id, "/", uuid);
}

char *arn_service(
    struct arena *arena, const char *region, const char *account, const char *cluster, const char *name) {
    return arn_join(arena, region, account, "service", cluster, "/", name);
}

char *arn_of_service(struct arena *arena, const char *service_arn, const char *type, const char *id) {
    const char *rest = strstr(service_arn, ":service/");
    if (rest == NULL)
        return arena_strdup(arena, service_arn);
    return arena_printf(
        arena, "%.*s:%s/%s/%s", (int)(rest - service_arn), service_arn, type, rest + strlen(":service/"), id);
}

char *arn_capacity_provider(struct arena *arena, const char *region, const char *account, const char *name) {
    return arn_join(arena, region, account, "capacity-provider", name);
}

char *arn_task_definition(
    struct arena *arena, const char *region, const char *account, const char *family, int64_t revision) {
    char digits[TEXT_INT_SIZE];
    text_put_int(digits, revision);
    return arn_join(arena, region, account, "task-definition", family, ":", digits);
}

char *arn_resource(
    struct arena *arena, const char *region, const char *account, const char *type, const char *rest) {
    return arn_join(arena, region, account, type, rest);
}

static int refuse(struct violation *ret_violation, const char *code, const char *message) {
    *ret_violation = (struct violation){.code = code, .message = message};
    return 1;
}

static int invalid(struct violation *ret_violation, const char *message) {
    return refuse(ret_violation, "InvalidParameterException", message);
}

/* Takes an ARN apart and checks that it is of this region and account. */
static int parse(struct arena *arena, const char *text, const char *region, const char *account,
    struct parsed *ret_parsed, struct violation *ret_violation) {
    char *parts[PARTS] = {arena_strdup(arena, text)};
    for (unsigned index = 1; index < PARTS; index++) {
        char *colon = strchr(parts[index - 1], ':');
        if (colon == NULL)
            return invalid(ret_violation, "Invalid identifier: Unexpected number of separators");
        *colon = '\0';
        parts[index] = colon + 1;
    }
    char *slash = strchr(parts[5], '/');
    if (slash == NULL || !text_equal(parts[2], "ecs"))
        return invalid(ret_violation, "Invalid identifier: Unexpected number of separators");
    *slash = '\0';
    if (!text_equal(parts[3], region))
        return invalid(ret_violation, "Invalid Region in ARN");
    if (!text_equal(parts[4], account))
        return invalid(ret_violation, "AccountIDs mismatch");
    *ret_parsed = (struct parsed){
        .region = parts[3], .account = parts[4], .type = parts[5], .rest = slash + 1};
    return 0;
}

static bool is_arn(const char *text) {
    return text_starts_with(text, "arn:");
}

static int wrong_type(struct arena *arena, const char *type, struct violation *ret_violation) {
    return invalid(ret_violation, arena_printf(arena, "Unsupported resource type: %s", type));
}

int arn_resolve_cluster(struct arena *arena, const char *text, const char *region, const char *account,
    const char **ret_name, struct violation *ret_violation) {
    const char *name = text;
    if (is_arn(text)) {
        struct parsed parsed;
        if (parse(arena, text, region, account, &parsed, ret_violation) != 0)
            return 1;
        if (!text_equal(parsed.type, "cluster"))
            return wrong_type(arena, parsed.type, ret_violation);
        if (strpbrk(parsed.rest, ":/") != NULL)
            return invalid(ret_violation, "Invalid identifier: Unexpected number of separators");
        name = parsed.rest;
    }
    if (!text_is_name(name, NAME_MAX_LENGTH))
        return invalid(ret_violation,
            arena_printf(arena, "Cluster must match ^[a-zA-Z0-9\\-_]{1,255}$, but was %s", name));
    *ret_name = name;
    return 0;
}

int arn_take_apart(struct arena *arena, const char *text, const char *region, const char *account,
    const char **ret_type, const char **ret_rest, struct violation *ret_violation) {
    struct parsed parsed;
    if (parse(arena, text, region, account, &parsed, ret_violation) != 0)
        return 1;
    *ret_type = parsed.type;
    *ret_rest = parsed.rest;
    return 0;
}

int arn_resolve_capacity_provider(struct arena *arena, const char *text, const char *region,
    const char *account, const char **ret_name, struct violation *ret_violation) {
    *ret_name = text;
    if (!is_arn(text))
        return 0;
    struct parsed parsed;
    if (parse(arena, text, region, account, &parsed, ret_violation) != 0)
        return 1;
    if (!text_equal(parsed.type, "capacity-provider"))
        return wrong_type(arena, parsed.type, ret_violation);
    *ret_name = parsed.rest;
    return 0;
}

static const char *const kind_types[] = {
    [ARN_TASK] = "task",
    [ARN_CONTAINER_INSTANCE] = "container-instance",
    [ARN_SERVICE] = "service",
};

/* "cluster/id" of a long ARN, or "id" of a short one. */
static int resolve_rest(struct arena *arena, const char *rest, const char *cluster, const char **ret_id,
    struct violation *ret_violation) {
    const char *slash = strchr(rest, '/');
    if (strchr(rest, ':') != NULL || (slash != NULL && strchr(slash + 1, '/') != NULL))
        return invalid(ret_violation, "Invalid identifier: Unexpected number of separators");
    if (slash == NULL) {
        *ret_id = rest;
        return 0;
    }
    size_t length = (size_t)(slash - rest);
    if (strlen(cluster) != length || strncmp(rest, cluster, length) != 0)
        return invalid(ret_violation,
            arena_printf(arena, "Invalid identifier: Identifier is for cluster %.*s. Your cluster is %s",
                (int)length, rest, cluster));
    *ret_id = slash + 1;
    return 0;
}

int arn_resolve_in_cluster(struct arena *arena, enum arn_kind kind, const char *noun, const char *text,
    const char *cluster, const char *region, const char *account, const char **ret_id,
    struct violation *ret_violation) {
    const char *id = text;
    if (is_arn(text)) {
        struct parsed parsed;
        if (parse(arena, text, region, account, &parsed, ret_violation) != 0)
            return 1;
        if (!text_equal(parsed.type, kind_types[kind]))
            return wrong_type(arena, parsed.type, ret_violation);
        if (resolve_rest(arena, parsed.rest, cluster, &id, ret_violation) != 0)
            return 1;
    } else if (strpbrk(text, ":/") != NULL) {
        return invalid(ret_violation, "Invalid identifier: Unexpected number of separators");
    }
    size_t length = strlen(id);
    if (kind != ARN_SERVICE && length != LONG_ID_LENGTH && length != SHORT_ID_LENGTH)
        return invalid(ret_violation, arena_printf(arena, "%s length should be one of [32,36]", noun));
    *ret_id = id;
    return 0;
}

static int resolve_definition(struct arena *arena, const char *type, const char *text, const char *region,
    const char *account, const char **ret_family, int64_t *ret_revision, struct violation *ret_violation) {
    const char *name = text;
    if (is_arn(text)) {
        struct parsed parsed;
        if (parse(arena, text, region, account, &parsed, ret_violation) != 0)
            return 1;
        if (!text_equal(parsed.type, type))
            return wrong_type(arena, parsed.type, ret_violation);
        name = parsed.rest;
    }
    const char *colon = strchr(name, ':');
    const char *family = colon != NULL ? arena_strndup(arena, name, (size_t)(colon - name)) : name;
    int64_t revision = 0;
    if (colon != NULL && text_parse_int(colon + 1, 1, INT32_MAX, &revision) != 0)
        return invalid(ret_violation, arena_printf(arena, "Invalid revision number. Number: %s", colon + 1));
    if (!text_is_name(family, NAME_MAX_LENGTH))
        return refuse(ret_violation, "ClientException", "Family contains invalid characters.");
    *ret_family = family;
    *ret_revision = revision;
    return 0;
}

int arn_resolve_task_definition(struct arena *arena, const char *text, const char *region,
    const char *account, const char **ret_family, int64_t *ret_revision, struct violation *ret_violation) {
    return resolve_definition(
        arena, "task-definition", text, region, account, ret_family, ret_revision, ret_violation);
}

int arn_resolve_daemon_definition(struct arena *arena, const char *text, const char *region,
    const char *account, const char **ret_family, int64_t *ret_revision, struct violation *ret_violation) {
    return resolve_definition(
        arena, "daemon-task-definition", text, region, account, ret_family, ret_revision, ret_violation);
}
