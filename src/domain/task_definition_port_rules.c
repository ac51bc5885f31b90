/* Rules of port mappings and what else of a container depends on the network mode (facts: tasks 4.4 #17 to
 * #27). */
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "rule_check.h"

enum {
    PORT_NAME_MAX = 64,
    RANGES_MAX = 100,
};

struct port_use {
    const struct value *mapping;
    const struct value *container;
    int first;
    int last;
};

static bool same_ports(const struct rule_check *check) {
    return text_equal(check->network_mode, "awsvpc") || text_equal(check->network_mode, "host");
}

static bool is_port_name(const char *name) {
    size_t length = strlen(name);
    return length <= PORT_NAME_MAX && name[0] != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == length;
}

/* The ports of a mapping. 0, or 1 after the refusal. #17, #19, #20 */
static int read_use(struct rule_check *check, const struct value *container, const struct value *mapping,
    struct port_use *ret_use) {
    const char *range = value_string_nonempty(mapping, "containerPortRange");
    const char *name = rule_container_name(container);
    int64_t port = value_int(mapping, "containerPort", 0);
    if (range != NULL && value_has(mapping, "containerPort"))
        return rule_refuse(check, "cannot specify both single port and port range");
    *ret_use = (struct port_use){
        .mapping = mapping, .container = container, .first = (int)port, .last = (int)port};
    /* Ranges need the network mode bridge or awsvpc (the model's documentation). */
    bool no_ranges = text_equal(check->network_mode, "host") || text_equal(check->network_mode, "none");
    if (range != NULL &&
        (no_ranges || task_definition_parse_range(range, &ret_use->first, &ret_use->last) != 0))
        return rule_refuse(check, "Invalid 'containerPortRange' setting for container '%s'.", name);
    if (range == NULL && (port < 1 || port > UINT16_MAX))
        return rule_refuse(check, "Invalid 'containerPort' setting for container '%s'.", name);
    int64_t host_port = value_int(mapping, "hostPort", 0);
    if (host_port < 0 || host_port > UINT16_MAX)
        return rule_refuse(check, "Invalid 'hostPort' setting for container '%s'.", name);
    /* #18 */
    if (same_ports(check) && value_has(mapping, "hostPort") && range == NULL && host_port != port &&
        host_port != 0)
        return rule_refuse(check,
            "When networkMode=%s, the host ports and container ports in port mappings must match.",
            check->network_mode);
    return 0;
}

/* #21: where containers share an address, and within one container always. */
static bool collide(
    const struct rule_check *check, const struct port_use *left, const struct port_use *right) {
    if (left->container != right->container && !same_ports(check))
        return false;
    bool left_udp = text_equal(value_string(left->mapping, "protocol"), "udp");
    bool right_udp = text_equal(value_string(right->mapping, "protocol"), "udp");
    bool overlap = left->first <= right->last && right->first <= left->last;
    bool ranged = left->first != left->last || right->first != right->last;
    /* A container has a port for one protocol only (rule A). */
    if (left_udp != right_udp)
        return overlap && left->container == right->container;
    /* The same single port twice on a bridge is one port on two host ports: allowed there. */
    return overlap && (ranged || same_ports(check));
}

static int check_use(struct rule_check *check, const struct port_use *uses, size_t count) {
    const struct port_use *use = &uses[count];
    const char *name = value_string_nonempty(use->mapping, "name");
    if (name != NULL && !is_port_name(name))
        return rule_refuse(check, "Invalid 'name' setting for port mapping of container '%s'.",
            rule_container_name(use->container));
    for (size_t earlier = 0; earlier < count; earlier++) {
        if (collide(check, use, &uses[earlier]))
            return rule_refuse(check, "container port is used multiple times in task");
        /* #22 */
        if (name != NULL && text_equal(name, value_string(uses[earlier].mapping, "name")))
            return rule_refuse(check, "port mapping name is already used");
    }
    return 0;
}

static size_t count_mappings(struct rule_check *check) {
    size_t count = 0;
    rule_for_each_container(check, container) count += value_count(value_get(container, "portMappings"));
    return count;
}

static int check_mappings(struct rule_check *check) {
    struct port_use *uses = arena_new_array(check->arena, struct port_use, count_mappings(check) + 1);
    size_t count = 0;
    rule_for_each_container(check, container) {
        size_t ranges = 0;
        value_for_each(mapping, value_get(container, "portMappings")) {
            if (read_use(check, container, mapping, &uses[count]) != 0 || check_use(check, uses, count) != 0)
                return 1;
            ranges += value_has(mapping, "containerPortRange");
            count++;
        }
        if (ranges > RANGES_MAX)
            return rule_refuse(check, "containerPortRange can have at most 100 items.");
    }
    return 0;
}

/* #23 to #27 */
static int check_mode(struct rule_check *check, const struct value *container) {
    static const struct {
        const char *member;
        const char *text;
    } not_with_awsvpc[] = {
        {"links", "Links are not supported when networkMode=awsvpc."},
        {"extraHosts", "Extra hosts are not supported on container when networkMode=awsvpc."},
        {"dnsServers", "DNS servers are not supported on container when networkMode=awsvpc."},
        {"dnsSearchDomains", "DNS search domains are not supported on container when networkMode=awsvpc."},
    };
    if (text_equal(check->network_mode, "none") && value_count(value_get(container, "portMappings")) != 0)
        return rule_refuse(check, "Port mappings are not supported when networkMode=none.");
    if (!text_equal(check->network_mode, "awsvpc"))
        return 0;
    if (value_string_nonempty(container, "hostname") != NULL)
        return rule_refuse(check, "hostname is not supported on container when networkMode=awsvpc.");
    for (size_t index = 0; index < array_length(not_with_awsvpc); index++) {
        if (value_count(value_get(container, not_with_awsvpc[index].member)) != 0)
            return rule_refuse(check, "%s", not_with_awsvpc[index].text);
    }
    return 0;
}

int rules_check_ports(struct rule_check *check) {
    if (check_mappings(check) != 0)
        return 1;
    rule_for_each_container(check, container) {
        if (check_mode(check, container) != 0)
            return 1;
    }
    return 0;
}
