/* What a task of a service is found by: attachments of its own for Service Connect and for a registry. Which details
 * AWS shows of them is not established: ours say what was set up (facts: services 2.8). */
#include <stdio.h>
#include <string.h>

#include "ecs-local/base/text.h"
#include "engine_internal.h"
#include "task_endpoints.h"

enum {
    PROXY_ID_LENGTH = 5,
};

static void add_detail(struct task *task, struct value *details, const char *name, const char *text) {
    if (text == NULL)
        return;
    struct value *detail = value_new_map(task->arena, 2);
    value_add(task->arena, detail, "name", value_new_string(task->arena, name));
    value_add(task->arena, detail, "value", value_new_string(task->arena, task_text(task, text)));
    value_append(task->arena, details, detail);
}

static struct value *begin(struct engine *engine, struct task *task, const char *type) {
    char uuid[ID_UUID_SIZE];
    ids_uuid(&engine->ids, uuid);
    struct value *details = value_new_list(task->arena, 4);
    task->endpoints[task->endpoint_count++] = (struct task_endpoint){
        .attachment_id = task_text(task, uuid), .type = type, .status = "PRECREATED", .details = details};
    return details;
}

static const char *proxy_name(struct engine *engine, struct task *task) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    char id[PROXY_ID_LENGTH + 1] = {0};
    for (unsigned index = 0; index < PROXY_ID_LENGTH; index++)
        id[index] = letters[ids_below(&engine->ids, sizeof(letters) - 1)];
    return arena_printf(task->arena, "ecs-service-connect-%s", id);
}

/* "name.namespace:port", or the name that the alias has. */
static void add_aliases(struct task *task, struct value *details, const struct value *service,
    const char *name, const char *name_space) {
    value_for_each(alias, value_get(service, "clientAliases")) {
        const char *dns = value_string(alias, "dnsName");
        if (dns == NULL)
            dns = arena_printf(task->arena, "%s.%s", name, name_space);
        add_detail(task, details, "clientAlias",
            arena_printf(task->arena, "%s:%lld", dns, (long long)value_int(alias, "port", 0)));
    }
}

static void build_connect(struct engine *engine, struct task *task, const struct value *connect) {
    const char *name_space = value_string(connect, "namespace");
    struct value *details = begin(engine, task, "Service Connect");
    add_detail(task, details, "ContainerName", proxy_name(engine, task));
    add_detail(task, details, "namespace", name_space);
    value_for_each(service, value_get(connect, "services")) {
        const char *name = value_string(service, "discoveryName");
        if (name == NULL)
            name = value_string(service, "portName");
        add_detail(task, details, "discoveryName", name);
        add_aliases(task, details, service, name, name_space != NULL ? name_space : "");
    }
}

static void build_registry(struct engine *engine, struct task *task, const struct value *registry) {
    static const char *const numbers[] = {"containerPort", "port"};
    struct value *details = begin(engine, task, "Service Discovery");
    add_detail(task, details, "registryArn", value_string(registry, "registryArn"));
    add_detail(task, details, "instanceId", task->task_id);
    add_detail(task, details, "containerName", value_string(registry, "containerName"));
    for (size_t index = 0; index < sizeof(numbers) / sizeof(numbers[0]); index++) {
        if (value_has(registry, numbers[index]))
            add_detail(task, details, numbers[index],
                arena_printf(task->arena, "%lld", (long long)value_int(registry, numbers[index], 0)));
    }
}

void task_endpoints_build(struct engine *engine, struct task *task, const struct task_launch *launch) {
    if (launch->connect != NULL)
        build_connect(engine, task, launch->connect);
    if (launch->registry != NULL)
        build_registry(engine, task, launch->registry);
}
