/* Container instances in memory: what they have, what is taken of it, and their place in their cluster. */
#include <stdlib.h>
#include <string.h>

#include "attribute_sets.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/store/instance_rows.h"
#include "engine_internal.h"

enum {
    STOP_BATCH = 256,
};

static const char *const status_names[INSTANCE_STATUS_COUNT] = {
    [INSTANCE_ACTIVE] = "ACTIVE",
    [INSTANCE_DRAINING] = "DRAINING",
    [INSTANCE_INACTIVE] = "INACTIVE",
};

const char *instance_status_name(enum instance_status status) {
    return status_names[status];
}

static enum instance_status status_of(const char *name) {
    for (unsigned status = 0; status < INSTANCE_STATUS_COUNT; status++) {
        if (text_equal(name, status_names[status]))
            return (enum instance_status)status;
    }
    return INSTANCE_INACTIVE;
}

const char *instance_attribute(const struct instance *instance, const char *name) {
    return attribute_set_value(instance->attributes, name);
}

bool instance_attribute_at(
    const struct instance *instance, unsigned index, const char **ret_name, const char **ret_value) {
    return attribute_set_at(instance->attributes, index, ret_name, ret_value);
}

static const char *attribute_of(const void *context, const char *name) {
    return instance_attribute(context, name);
}

static bool in_group_of(const void *context, const char *group) {
    const struct instance *instance = context;
    return instance_group_tasks(instance, task_group_find(instance->cluster, group)) != 0;
}

static bool any_group_of(
    const void *context, bool (*test)(void *test_context, const char *group), void *test_context) {
    return instance_any_group(context, test, test_context);
}

void instance_query_subject(const struct instance *instance, struct query_subject *ret_subject) {
    *ret_subject = (struct query_subject){
        .context = instance,
        .attribute = attribute_of,
        .in_task_group = in_group_of,
        .any_task_group = any_group_of,
        .attributes_id = instance->attributes_id,
        .agent_connected = instance->agent_connected,
        .agent_version = instance->agent_version,
        .ec2_instance_id = instance->ec2_instance_id,
        .registered_ms = instance->registered_ms,
        .running_tasks = instance->running,
    };
}

struct instance *instance_by_row(struct engine *engine, int64_t id) {
    return id > 0 && id < engine->instances_by_row_size ? engine->instances_by_row[id] : NULL;
}

static void remember_row(struct engine *engine, struct instance *instance) {
    if (instance->id >= engine->instances_by_row_size) {
        int64_t size = instance->id * 2 + 64;
        engine->instances_by_row = xrealloc(
            engine->instances_by_row, (size_t)size * sizeof(struct instance *));
        for (int64_t row = engine->instances_by_row_size; row < size; row++)
            engine->instances_by_row[row] = NULL;
        engine->instances_by_row_size = size;
    }
    engine->instances_by_row[instance->id] = instance;
}

static int instance_key(char key[80], int64_t cluster_row, const char *instance_id) {
    return text_row_key(key, 80, cluster_row, instance_id);
}

struct instance *engine_instance_find(
    struct engine *engine, struct cluster *cluster, const char *instance_id) {
    char key[80];
    int length = instance_key(key, cluster->id, instance_id);
    struct instance_entry *entry = NULL;
    if (length > 0)
        HASH_FIND(hh, engine->instances, key, (unsigned)length, entry);
    return entry != NULL ? &entry->instance : NULL;
}

static void join_cluster(struct cluster *cluster, struct instance *instance) {
    if ((cluster->instance_count & (cluster->instance_count - 1)) == 0) {
        size_t capacity = cluster->instance_count != 0 ? (size_t)cluster->instance_count * 2 : 1;
        cluster->instances = xrealloc(cluster->instances, capacity * sizeof(struct instance *));
    }
    instance->index = cluster->instance_count;
    cluster->instances[cluster->instance_count++] = instance;
    cluster->registered += instance->status != INSTANCE_INACTIVE;
}

static const struct value *find_named(const struct value *list, const char *name) {
    value_for_each(item, list) {
        if (text_equal(value_string(item, "name"), name))
            return item;
    }
    return NULL;
}

static void read_ports(struct port_set *set, const struct value *resources, const char *name) {
    value_for_each(port, value_get(find_named(resources, name), "stringSetValue")) {
        int64_t number = 0;
        if (port->kind == VALUE_STRING && text_parse_int(port->string, 1, UINT16_MAX, &number) == 0)
            port_set_add(set, (uint16_t)number);
    }
}

static void read_gpus(
    struct engine *engine, struct instance_resources *resources, const struct value *registered) {
    const struct value *ids = value_get(find_named(registered, "GPU"), "stringSetValue");
    resources->gpus = (int64_t)value_count(ids);
    resources->gpu_ids = arena_new_array(engine->world, const char *, value_count(ids));
    value_for_each(id, ids) resources->gpu_ids[id_index] = arena_strdup(engine->world, id->string);
}

static void read_resources(
    struct engine *engine, struct instance_resources *resources, const struct value *registered) {
    resources->cpu_units = value_int(find_named(registered, "CPU"), "integerValue", 0);
    resources->memory_mib = value_int(find_named(registered, "MEMORY"), "integerValue", 0);
    read_gpus(engine, resources, registered);
    read_ports(&resources->reserved[PORT_TCP], registered, "PORTS");
    read_ports(&resources->reserved[PORT_UDP], registered, "PORTS_UDP");
}

/* What placement and queries read of the document, resources apart. */
static void read_description(struct engine *engine, struct instance *instance, const struct value *document) {
    instance->attributes = attribute_sets_intern(engine->attribute_sets, value_get(document, "attributes"));
    instance->attributes_id = attribute_set_id(instance->attributes);
    instance->cpu_architecture = text_equal(instance_attribute(instance, "ecs.cpu-architecture"), "arm64")
                                     ? "arm64"
                                     : "x86_64";
    instance->zone = instance_attribute(instance, "ecs.availability-zone");
    instance->subnet_id = instance_attribute(instance, "ecs.subnet-id");
    instance->resources.enis = instance_eni_limit(instance);
    instance->resources.gpu_memory_mib = instance_gpu_memory(instance);
    const char *version = value_string(value_get(document, "versionInfo"), "agentVersion");
    const char *provider = value_string(document, "capacityProviderName");
    instance->agent_version = version != NULL ? attribute_sets_text(engine->attribute_sets, version) : NULL;
    instance->capacity_provider = provider != NULL ? attribute_sets_text(engine->attribute_sets, provider)
                                                   : NULL;
}

static int read_document(struct engine *engine, struct instance *instance, const char *text) {
    struct value *document = NULL;
    if (value_parse(engine->turn, text, strlen(text), &document) != 0)
        return error_raise(
            ERR_STORE, "the stored container instance %s cannot be read", instance->instance_id);
    read_resources(engine, &instance->resources, value_get(document, "registeredResources"));
    read_description(engine, instance, document);
    return 0;
}

static int subnet_key(char key[160], const struct scope *scope, const char *subnet_id) {
    return text_row_key(key, 160, scope->id, subnet_id);
}

static struct subnet_entry *subnet_find(
    struct engine *engine, const struct scope *scope, const char *subnet_id) {
    char key[160];
    int length = subnet_key(key, scope, subnet_id);
    struct subnet_entry *entry = NULL;
    if (length > 0)
        HASH_FIND(hh, engine->subnets, key, (unsigned)length, entry);
    return entry;
}

const char *engine_subnet_zone(struct engine *engine, const struct scope *scope, const char *subnet_id) {
    const struct subnet_entry *entry = subnet_find(engine, scope, subnet_id);
    return entry != NULL ? entry->zone : NULL;
}

static void note_subnet(struct engine *engine, const struct instance *instance) {
    char key[160];
    const struct scope *scope = instance->cluster->scope;
    if (instance->subnet_id == NULL || instance->zone == NULL ||
        subnet_find(engine, scope, instance->subnet_id) != NULL)
        return;
    int length = subnet_key(key, scope, instance->subnet_id);
    if (length < 0)
        return;
    struct subnet_entry *entry = xcalloc(1, sizeof(*entry) + (size_t)length + 1);
    memcpy(entry->key, key, (size_t)length + 1);
    entry->zone = instance->zone;
    HASH_ADD_KEYPTR(hh, engine->subnets, entry->key, (unsigned)length, entry);
}

static int instance_add(struct engine *engine, struct cluster *cluster, const struct instance_row *row,
    struct instance **ret_instance) {
    char key[80];
    int length = instance_key(key, cluster->id, row->instance_id);
    if (length < 0)
        return error_raise(ERR_BUG, "a container instance id is too long");
    struct instance_entry *entry = xcalloc(1, sizeof(*entry));
    struct instance *instance = &entry->instance;
    instance->id = row->id;
    instance->cluster = cluster;
    instance->instance_id = arena_strdup(engine->world, row->instance_id);
    instance->arn = arn_container_instance(
        engine->world, cluster->scope->region, cluster->scope->account, cluster->name, row->instance_id);
    instance->status = status_of(row->status);
    instance->agent_connected = row->agent_connected;
    instance->simulated = row->simulated;
    instance->has_agent = row->has_agent;
    instance->ec2_instance_id = arena_strdup(engine->world, row->ec2_instance_id);
    instance->registered_ms = row->registered_ms;
    instance->version = row->version;
    int result = read_document(engine, instance, row->document);
    if (result != 0) {
        resources_done(&instance->resources);
        free(entry);
        return result;
    }
    HASH_ADD_KEYPTR(
        hh, engine->instances, arena_strndup(engine->world, key, (size_t)length), (unsigned)length, entry);
    remember_row(engine, instance);
    note_subnet(engine, instance);
    engine->capacity_changed = true;
    join_cluster(cluster, instance);
    services_instances_changed(engine, cluster);
    daemons_instances_changed(engine, cluster);
    *ret_instance = instance;
    return 0;
}

static void note_status(
    struct engine *engine, const struct instance *instance, const char *from, const char *to) {
    engine_journal_transition(
        engine, instance->cluster->scope, "containerInstance", instance->arn, from, to, NULL);
}

static void count_version(struct engine *engine, struct instance *instance) {
    instance->version++;
    instance_announce(engine, instance);
}

int engine_instance_register(struct engine *engine, struct cluster *cluster, const struct instance_spec *spec,
    struct instance **ret_instance) {
    char id[ID_HEX_SIZE];
    ids_hex(&engine->ids, id);
    struct instance_row row = {
        .cluster_id = cluster->id,
        .instance_id = id,
        .status = "ACTIVE",
        .agent_connected = spec->agent_connected,
        .ec2_instance_id = spec->ec2_instance_id,
        .registered_ms = engine_now_ms(engine),
        .simulated = spec->simulated,
        .version = 1,
        .tags = spec->tags,
        .document = spec->document,
    };
    int result = instance_add_trunk(engine, cluster->scope, &row.document);
    if (result == 0)
        result = instance_rows_insert(engine->store, &row, &row.id);
    if (result == 0)
        result = instance_add(engine, cluster, &row, ret_instance);
    if (result != 0)
        return result;
    note_status(engine, *ret_instance, "", "ACTIVE");
    instance_announce(engine, *ret_instance);
    return 0;
}

int engine_instance_document(struct engine *engine, const struct instance *instance, struct arena *arena,
    const char **ret_document, const char **ret_tags) {
    int result = instance_rows_document(engine->store, instance->id, arena, ret_document, ret_tags);
    return result > 0 ? error_raise(ERR_BUG, "the container instance %s is not stored", instance->instance_id)
                      : result;
}

static int write_instance_row(
    struct engine *engine, struct instance *instance, const char *document, const char *tags) {
    const char *old_document = NULL;
    const char *old_tags = NULL;
    int result = engine_instance_document(engine, instance, engine->turn, &old_document, &old_tags);
    if (result != 0)
        return result;
    struct instance_row row = {
        .id = instance->id,
        .status = instance_status_name(instance->status),
        .agent_connected = instance->agent_connected,
        .has_agent = instance->has_agent,
        .version = instance->version,
        .tags = tags != NULL ? tags : old_tags,
        .document = document != NULL ? document : old_document,
    };
    return instance_rows_update(engine->store, &row);
}

int engine_instance_update(struct engine *engine, struct instance *instance, enum instance_status status,
    bool agent_connected, const char *tags) {
    engine->capacity_changed = true;
    instance->cluster->registered += (status != INSTANCE_INACTIVE) - (instance->status != INSTANCE_INACTIVE);
    bool changed = status != instance->status || agent_connected != instance->agent_connected;
    if (status != instance->status)
        note_status(engine, instance, instance_status_name(instance->status), instance_status_name(status));
    instance->status = status;
    instance->agent_connected = agent_connected;
    if (changed) {
        count_version(engine, instance);
        services_instances_changed(engine, instance->cluster);
        daemons_instances_changed(engine, instance->cluster);
    }
    return write_instance_row(engine, instance, NULL, tags);
}

int engine_instance_set_document(struct engine *engine, struct instance *instance, const char *text) {
    engine->capacity_changed = true;
    struct value *document = NULL;
    if (value_parse(engine->turn, text, strlen(text), &document) != 0)
        return error_raise(ERR_BUG, "the attributes of %s are no document", instance->instance_id);
    read_description(engine, instance, document);
    int result = write_instance_row(engine, instance, text, NULL);
    instance_undescribe(engine, instance);
    count_version(engine, instance);
    services_instances_changed(engine, instance->cluster);
    daemons_instances_changed(engine, instance->cluster);
    return result;
}

int engine_instance_has_agent(struct engine *engine, struct instance *instance) {
    if (instance->has_agent || instance->simulated)
        return 0;
    instance->has_agent = true;
    return write_instance_row(engine, instance, NULL, NULL);
}

int engine_instance_register_again(
    struct engine *engine, struct instance *instance, const struct instance_spec *spec) {
    /* What tasks hold stays taken: only what the instance has is read anew. Their fixed ports are put back.
     */
    struct instance_resources old = instance->resources;
    instance->resources = (struct instance_resources){
        .cpu_taken = old.cpu_taken,
        .memory_taken = old.memory_taken,
        .gpus_taken = old.gpus_taken,
        .gpu_set = old.gpu_set,
        .gpu_shared = old.gpu_shared,
        .gpu_shares = old.gpu_shares,
        .enis_taken = old.enis_taken,
    };
    old.gpu_shares = NULL;
    int result = read_document(engine, instance, spec->document);
    if (result == 0)
        result = instance_retake_ports(engine, instance);
    resources_done(&old);
    if (result != 0)
        return result;
    instance->cluster->registered += instance->status == INSTANCE_INACTIVE;
    if (instance->status != INSTANCE_ACTIVE)
        note_status(engine, instance, instance_status_name(instance->status), "ACTIVE");
    instance->status = INSTANCE_ACTIVE;
    instance->agent_connected = spec->agent_connected;
    instance->version++;
    result = write_instance_row(engine, instance, spec->document, NULL);
    instance_undescribe(engine, instance);
    if (result == 0)
        instance_announce(engine, instance);
    return result;
}

int instance_for_tasks(struct engine *engine, struct instance *instance,
    int (*each)(struct engine *engine, struct instance *instance, struct task *task, const char *context),
    const char *context) {
    int64_t rows[STOP_BATCH];
    int64_t after = 0;
    unsigned count = STOP_BATCH;
    int result = engine_flush(engine);
    while (result == 0 && count == STOP_BATCH) {
        result = task_rows_on_instance(engine->store, instance->id, after, STOP_BATCH, rows, &count);
        for (unsigned index = 0; result == 0 && index < count; index++) {
            struct task *task = NULL;
            after = rows[index];
            result = task_by_row(engine, rows[index], &task);
            if (result == 0)
                result = each(engine, instance, task, context);
            else if (result > 0)
                result = 0;
        }
    }
    return result;
}

static int retake(struct engine *engine, struct instance *instance, struct task *task, const char *context) {
    (void)context;
    (void)engine;
    for (unsigned protocol = 0; protocol < PORT_PROTOCOL_COUNT; protocol++) {
        for (uint32_t index = 0; index < task->demand.fixed[protocol].count; index++)
            port_set_add(&instance->resources.reserved[protocol], task->demand.fixed[protocol].ports[index]);
        for (uint32_t index = 0; index < task->demand.dynamic[protocol].count; index++)
            port_set_add(&instance->resources.dynamic[protocol], task->demand.dynamic[protocol].ports[index]);
    }
    return 0;
}

int instance_retake_ports(struct engine *engine, struct instance *instance) {
    return instance_for_tasks(engine, instance, retake, NULL);
}

static int abandon(struct engine *engine, struct instance *instance, struct task *task, const char *reason) {
    (void)instance;
    return task_abandon(engine, task, "UserInitiated", reason);
}

int engine_instance_deregister(struct engine *engine, struct instance *instance) {
    int result = instance_for_tasks(engine, instance, abandon, DEREGISTRATION_REASON);
    return result == 0
               ? engine_instance_update(engine, instance, INSTANCE_INACTIVE, instance->agent_connected, NULL)
               : result;
}

static int lose_task(
    struct engine *engine, struct instance *instance, struct task *task, const char *stop_code) {
    const char *host = instance->ec2_instance_id != NULL ? instance->ec2_instance_id : instance->instance_id;
    return task_abandon(
        engine, task, stop_code, arena_printf(engine->turn, "Host EC2 (instance %s) terminated.", host));
}

int instance_lost(struct engine *engine, struct instance *instance, const char *stop_code) {
    int result = instance_for_tasks(engine, instance, lose_task, stop_code);
    return result == 0 ? engine_instance_update(engine, instance, INSTANCE_INACTIVE, false, NULL) : result;
}

int engine_instance_terminate(struct engine *engine, struct instance *instance) {
    return instance_lost(engine, instance, "TerminationNotice");
}

struct instance *engine_instance_after(struct engine *engine, int64_t row) {
    for (int64_t next = row + 1; next < engine->instances_by_row_size; next++) {
        if (engine->instances_by_row[next] != NULL)
            return engine->instances_by_row[next];
    }
    return NULL;
}

int instance_read_template(struct engine *engine, struct cluster *cluster, const char *document,
    struct instance_resources *ret_resources) {
    struct instance template = {.cluster = cluster, .instance_id = "of a scaling group"};
    int result = read_document(engine, &template, document);
    *ret_resources = template.resources;
    return result;
}

void instance_touch(struct engine *engine, struct instance *instance) {
    count_version(engine, instance);
    if (instance->version_dirty)
        return;
    instance->version_dirty = true;
    if (engine->dirty_instance_count == engine->dirty_instance_capacity) {
        engine->dirty_instance_capacity = engine->dirty_instance_capacity != 0
                                              ? engine->dirty_instance_capacity * 2
                                              : 64;
        engine->dirty_instances = xrealloc(
            engine->dirty_instances, engine->dirty_instance_capacity * sizeof(struct instance *));
    }
    engine->dirty_instances[engine->dirty_instance_count++] = instance;
}

int64_t instance_version_to_keep(struct instance *instance_or_null) {
    if (instance_or_null == NULL || !instance_or_null->version_dirty)
        return 0;
    instance_or_null->version_dirty = false;
    return instance_or_null->version;
}

int instances_flush(struct engine *engine) {
    for (size_t index = 0; index < engine->dirty_instance_count; index++) {
        struct instance *instance = engine->dirty_instances[index];
        int64_t version = instance_version_to_keep(instance);
        int result = version != 0 ? instance_rows_set_version(engine->store, instance->id, version) : 0;
        if (result != 0)
            return result;
    }
    engine->dirty_instance_count = 0;
    return 0;
}

static int load_instance(void *context, const struct instance_row *row) {
    struct engine *engine = context;
    struct cluster *cluster = cluster_by_row(engine, row->cluster_id);
    struct instance *instance = NULL;
    if (cluster == NULL)
        return error_raise(ERR_STORE, "the container instance %s belongs to no cluster", row->instance_id);
    return instance_add(engine, cluster, row, &instance);
}

int instances_load(struct engine *engine) {
    engine->attribute_sets = attribute_sets_new();
    return instance_rows_each(engine->store, engine, load_instance);
}

void instances_free(struct engine *engine) {
    struct instance_entry *entry;
    struct instance_entry *next;
    HASH_ITER(hh, engine->instances, entry, next) {
        HASH_DEL(engine->instances, entry);
        resources_done(&entry->instance.resources);
        free(entry->instance.groups);
        instance_undescribe(engine, &entry->instance);
        free(entry);
    }
    struct subnet_entry *subnet;
    struct subnet_entry *next_subnet;
    HASH_ITER(hh, engine->subnets, subnet, next_subnet) {
        HASH_DEL(engine->subnets, subnet);
        free(subnet);
    }
    descriptions_free(engine);
    free(engine->instances_by_row);
    engine->instances_by_row = NULL;
    engine->instances_by_row_size = 0;
    engine->dirty_instance_count = 0;
    attribute_sets_free(engine->attribute_sets);
    engine->attribute_sets = NULL;
}
