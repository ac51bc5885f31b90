/* Rules of Service Connect and VPC Lattice (facts: services 2.3 #52 to #57, 2.8). */
#include <string.h>

#include "service_check.h"

enum {
    DNS_NAME_MAX = 127,
    DISCOVERY_NAME_MAX = 64,
    PORT_MAX = 65535,
};

#define LOWER_AND_DIGITS "abcdefghijklmnopqrstuvwxyz0123456789"

static bool has_port_named(const struct service_check *check, const char *name) {
    value_for_each(container, value_get(check->facts->definition_document, "containerDefinitions")) {
        value_for_each(mapping, value_get(container, "portMappings")) {
            if (name != NULL && text_equal(value_string(mapping, "name"), name))
                return true;
        }
    }
    return false;
}

/* #54 */
static int check_port_name(struct service_check *check, const struct value *holder) {
    const char *name = value_string(holder, "portName");
    if (has_port_named(check, name))
        return 0;
    return service_refuse(check,
        "portName(%s) does not refer to any named PortMapping in the container definitions",
        name != NULL ? name : "");
}

/* #57 */
static int check_dns_name(struct service_check *check, const char *name) {
    static const char head[] =
        "The DNS name that you provided is invalid. The name must be a valid DNS name but doesn't need to be "
        "fully-qualified. Up to 127 characters are allowed.";
    if (name == NULL)
        return 0;
    if (strlen(name) > DNS_NAME_MAX)
        return service_refuse(check, "%s", head);
    if (name[0] == '-' || strspn(name, LOWER_AND_DIGITS "_-.") != strlen(name))
        return service_refuse(check,
            "%s The characters can include lowercase letters, numbers, underscores (_), hyphens (-), and "
            "periods (.). A hyphen can't be the first character.",
            head);
    return 0;
}

static int check_discovery_name(struct service_check *check, const char *name) {
    if (name == NULL)
        return 0;
    if (strlen(name) > DISCOVERY_NAME_MAX || name[0] == '-' ||
        strspn(name, LOWER_AND_DIGITS "_-") != strlen(name))
        return service_refuse(check, /* D */
            "The discovery name that you provided is invalid. Up to 64 characters are allowed. The name can "
            "include lowercase letters, numbers, underscores (_), and hyphens (-). The name can't start with a "
            "hyphen.");
    return 0;
}

/* #56 */
static int check_service(struct service_check *check, const struct value *service) {
    const struct value *aliases = value_get(service, "clientAliases");
    int64_t override = value_int(service, "ingressPortOverride", 1);
    if (check_port_name(check, service) != 0 ||
        check_discovery_name(check, value_string(service, "discoveryName")) != 0)
        return 1;
    if (value_count(aliases) > 1)
        return service_refuse(check, "%zu clientAliases exceeds the max limit of 1", value_count(aliases));
    value_for_each(alias, aliases) {
        int64_t port = value_int(alias, "port", 0);
        if (port < 1 || port > PORT_MAX)
            return service_refuse(check, "port must be between 1 and 65535"); /* D */
        if (check_dns_name(check, value_string(alias, "dnsName")) != 0)
            return 1;
    }
    if (override < 1 || override > PORT_MAX)
        return service_refuse(check, "ingressPortOverride must be between 1 and 65535"); /* D */
    return 0;
}

static const char *discovery_name(const struct value *service) {
    const char *name = value_string(service, "discoveryName");
    return name != NULL ? name : value_string(service, "portName");
}

static int check_names_once(struct service_check *check, const struct value *services) {
    for (size_t index = 0; index < value_count(services); index++) {
        for (size_t earlier = 0; earlier < index; earlier++) {
            if (text_equal(
                    discovery_name(value_at(services, index)), discovery_name(value_at(services, earlier))))
                return service_refuse(check, "The discovery name %s is used more than once.", /* D */
                    discovery_name(value_at(services, index)));
        }
    }
    return 0;
}

int service_check_connect(struct service_check *check) {
    const struct value *connect = value_get(check->spec, "serviceConnectConfiguration");
    const struct value *services = value_get(connect, "services");
    if (!value_bool(connect, "enabled", false))
        return 0;
    if (!text_equal(service_controller(check->spec), "ECS"))
        return service_refuse(check, "Service Connect is only supported with the ECS deployment controller.");
    if (value_string(connect, "namespace") == NULL)
        return service_refuse(check, "Namespace is missing"); /* #52 */
    if (check->facts->definition->network_mode == NETWORK_HOST ||
        check->facts->definition->network_mode == NETWORK_NONE)
        return service_refuse(check, "Service Connect is not supported with the network mode of this task "
                                     "definition."); /* D */
    value_for_each(service, services) {
        if (check_service(check, service) != 0)
            return 1;
    }
    if (value_has(connect, "accessLogConfiguration") && !value_has(connect, "logConfiguration"))
        return service_refuse(check, "accessLogConfiguration requires a logConfiguration."); /* D */
    return check_names_once(check, services);
}

int service_check_lattice(struct service_check *check) {
    const struct value *lattices = value_get(check->spec, "vpcLatticeConfigurations");
    if (value_count(lattices) != 0 && !text_equal(service_controller(check->spec), "ECS"))
        return service_refuse(check, "VPC Lattice is only supported with the ECS deployment controller.");
    value_for_each(lattice, lattices) {
        if (check_port_name(check, lattice) != 0)
            return 1;
    }
    return 0;
}

/* D: the text is that of other port names. */
int service_check_gateways(struct service_check *check) {
    value_for_each(connector, value_get(check->spec, "gatewayConnectors")) {
        if (check_port_name(check, connector) != 0)
            return 1;
    }
    return 0;
}
