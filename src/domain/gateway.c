#include "ecs-local/domain/gateway.h"

#include <string.h>

#include "ecs-local/base/text.h"
#include "ecs-local/domain/arn.h"

#define VARIANT "hostSharedAlb"

static int refuse(struct violation *ret_violation, const char *message) {
    *ret_violation = (struct violation){.code = "InvalidParameterException", .message = message};
    return 1;
}

static void put_text(struct arena *arena, struct value *map, const char *key, const char *fallback) {
    if (value_string_nonempty(map, key) == NULL)
        value_set(arena, map, key, value_new_string(arena, fallback));
}

static void put_int(struct arena *arena, struct value *map, const char *key, int64_t fallback) {
    if (!value_has(map, key))
        value_set(arena, map, key, value_new_int(arena, fallback));
}

/* Members that are given as "" were not given (facts: services 1.2). */
static struct value *without_blanks(struct arena *arena, const struct value *given) {
    struct value *map = value_new_map(arena, value_count(given) + 6);
    for (size_t index = 0; index < value_count(given); index++) {
        const struct value_entry *entry = &given->entries[index];
        if (entry->value->kind != VALUE_STRING || entry->value->string[0] != '\0')
            value_add(arena, map, entry->key, entry->value);
    }
    return map;
}

/* The one variant that there is. The texts are not established (facts: services 18). */
static int take_variant(
    const struct value *configuration, const struct value **ret_variant, struct violation *ret_violation) {
    *ret_variant = value_get(configuration, VARIANT);
    return *ret_variant != NULL ? 0
                                : refuse(ret_violation,
                                      "The gateway configuration must have exactly one member: " VARIANT ".");
}

int gateway_balancer_new(struct arena *arena, const struct value *configuration, struct value **ret_balancer,
    struct violation *ret_violation) {
    const struct value *given = NULL;
    if (take_variant(configuration, &given, ret_violation) != 0)
        return 1;
    struct value *balancer = without_blanks(arena, given);
    struct value *network = without_blanks(arena, value_get(given, "networkConfiguration"));
    put_text(arena, network, "ipAddressType", "dualstack");
    value_set(arena, balancer, "networkConfiguration", network);
    put_text(arena, balancer, "scheme", "internet-facing");
    put_int(arena, balancer, "port", 443);
    put_text(arena, balancer, "protocol", "HTTPS");
    put_int(arena, balancer, "maxAlbCount", 10);
    put_text(arena, balancer, "httpDesync", "defensive");
    *ret_balancer = balancer;
    return 0;
}

int gateway_balancer_updated(struct arena *arena, const struct value *balancer,
    const struct value *configuration, struct value **ret_balancer, struct violation *ret_violation) {
    const struct value *given = NULL;
    struct value *updated = value_clone(arena, balancer);
    *ret_balancer = updated;
    if (configuration == NULL)
        return 0;
    if (take_variant(configuration, &given, ret_violation) != 0)
        return 1;
    const struct value *changes = without_blanks(arena, given);
    for (size_t index = 0; index < value_count(changes); index++) {
        const struct value_entry *entry = &changes->entries[index];
        if (!text_equal(entry->key, "networkConfiguration"))
            value_set(arena, updated, entry->key, entry->value);
    }
    const char *group = value_string_nonempty(
        value_get(given, "networkConfiguration"), "inboundSecurityGroup");
    if (group != NULL) {
        struct value *network = value_clone(arena, value_get(balancer, "networkConfiguration"));
        value_set(arena, network, "inboundSecurityGroup", value_new_string(arena, group));
        value_set(arena, updated, "networkConfiguration", network);
    }
    return 0;
}

const char *gateway_access_type(const struct value *balancer) {
    return text_equal(value_string(balancer, "scheme"), "internal") ? "PRIVATE" : "PUBLIC";
}

static char *balancing_arn(
    struct arena *arena, const char *region, const char *account, const char *resource) {
    return arena_printf(
        arena, "arn:%s:elasticloadbalancing:%s:%s:%s", arn_partition(region), region, account, resource);
}

/* The ids are parts of the gateway's own, so that the same gateway always gets the same ones (D). */
struct gateway_balancer_names gateway_balancer_names(struct arena *arena, const char *region,
    const char *account, const char *gateway_id, int64_t number, const struct value *balancer) {
    const char *path = arena_printf(
        arena, "app/ecs-gateway-%.10s-%lld/%.16s", gateway_id, (long long)number, gateway_id + 16);
    const char *group = value_string_nonempty(
        value_get(balancer, "networkConfiguration"), "inboundSecurityGroup");
    return (struct gateway_balancer_names){
        .load_balancer_arn = balancing_arn(
            arena, region, account, arena_printf(arena, "loadbalancer/%s", path)),
        .listener_arn = balancing_arn(
            arena, region, account, arena_printf(arena, "listener/%s/%.16s", path, gateway_id)),
        .security_group = group != NULL ? group
                                        : arena_printf(arena, "sg-0%.12s%04llx", gateway_id,
                                              (long long)number & 0xffff),
    };
}

const char *gateway_route_url(
    struct arena *arena, const char *region, const char *route_id, const struct value *balancer) {
    bool https = !text_equal(value_string(balancer, "protocol"), "HTTP");
    int64_t port = value_int(balancer, "port", 443);
    const char *url = arena_printf(
        arena, "%s://%s.ecs.%s.on.aws", https ? "https" : "http", route_id, region);
    return port == (https ? 443 : 80) ? url : arena_printf(arena, "%s:%lld", url, (long long)port);
}

const char *gateway_route_rule_arn(
    struct arena *arena, const char *listener_arn, const char *route_id, bool for_test_traffic) {
    const char *listener = strstr(listener_arn, ":listener/") + strlen(":listener/");
    return arena_printf(arena, "%.*s:listener-rule/%s/%.16s",
        (int)(listener - listener_arn - (ptrdiff_t)strlen(":listener/")), listener_arn, listener,
        for_test_traffic ? route_id + 16 : route_id);
}
