/* Does an update start a new deployment? Decided by what members mean (facts: services 3.2): what is absent, empty or the
 * default in so many words is the same (D for the defaults of single members). */
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/service_spec.h"

enum {
    METRIC_SECONDS = 60,
};

/* A change of the capacity alone makes none, although the platform may come or go with it. */
static const char *const deployed_members[] = {"taskDefinition", "networkConfiguration", "loadBalancers",
    "serviceRegistries", "serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations",
    "gatewayConnectors", "monitoring"};

static bool is_empty(const struct value *value) {
    return ((value->kind == VALUE_LIST || value->kind == VALUE_MAP) && value->count == 0) ||
           (value->kind == VALUE_STRING && value->string[0] == '\0');
}

/* A copy without empty members, at any depth. */
static struct value *essence(struct arena *arena, const struct value *value) {
    struct value *copy = value_clone(arena, value);
    for (uint32_t index = 0; copy->kind == VALUE_LIST && index < copy->count; index++)
        copy->items[index] = essence(arena, copy->items[index]);
    if (copy->kind != VALUE_MAP)
        return copy;
    uint32_t kept = 0;
    for (uint32_t index = 0; index < copy->count; index++) {
        struct value *inner = essence(arena, copy->entries[index].value);
        if (!is_empty(inner))
            copy->entries[kept++] = (struct value_entry){copy->entries[index].key, inner};
    }
    copy->count = kept;
    return copy;
}

static void drop_text(struct value *map, const char *key, const char *fallback) {
    if (text_equal(value_string(map, key), fallback))
        value_remove(map, key);
}

/* A service is known by the name of its port, an alias by that name in the namespace (facts: services 2.8). */
static void drop_names(struct arena *arena, struct value *service, const char *name_space) {
    const char *name = value_string(service, "discoveryName");
    if (name == NULL)
        name = value_string(service, "portName");
    value_for_each(alias, value_get(service, "clientAliases")) {
        if (name != NULL && name_space != NULL)
            drop_text(alias, "dnsName", arena_printf(arena, "%s.%s", name, name_space));
    }
    drop_text(service, "discoveryName", value_string(service, "portName"));
}

static void drop_connect_defaults(struct arena *arena, struct value *connect) {
    if (!value_bool(connect, "enabled", false)) {
        connect->count = 0;
        return;
    }
    value_for_each(service, value_get(connect, "services"))
        drop_names(arena, service, value_string(connect, "namespace"));
}

static void drop_volume_defaults(struct value *volumes) {
    value_for_each(volume, volumes) {
        struct value *managed = value_get(volume, "managedEBSVolume");
        drop_text(managed, "filesystemType", "xfs");
        if (value_has(managed, "encrypted") && !value_bool(managed, "encrypted", true))
            value_remove(managed, "encrypted");
    }
}

static void drop_monitoring_defaults(struct value *monitoring) {
    value_for_each(metrics, value_get(monitoring, "metricConfigurations")) {
        if (value_int(metrics, "resolutionSeconds", 0) == METRIC_SECONDS)
            value_remove(metrics, "resolutionSeconds");
    }
}

static struct value *meaning(struct arena *arena, const struct value *document, const char *key) {
    const struct value *given = value_get(document, key);
    struct value *value = given != NULL ? essence(arena, given) : NULL;
    if (text_equal(key, "serviceConnectConfiguration") && value != NULL)
        drop_connect_defaults(arena, value);
    if (text_equal(key, "volumeConfigurations"))
        drop_volume_defaults(value);
    if (text_equal(key, "monitoring"))
        drop_monitoring_defaults(value);
    return value != NULL && !is_empty(value) ? value : NULL;
}

bool service_redeploys(
    struct arena *arena, const struct value *before, const struct value *after, const struct value *request) {
    if (value_bool(request, "forceNewDeployment", false))
        return true;
    if (value_has(request, "platformVersion") &&
        !text_equal(value_string(before, "platformVersion"), value_string(after, "platformVersion")))
        return true;
    for (size_t index = 0; index < array_length(deployed_members); index++) {
        const char *key = deployed_members[index];
        if (!value_equal(meaning(arena, before, key), meaning(arena, after, key)))
            return true;
    }
    return false;
}
