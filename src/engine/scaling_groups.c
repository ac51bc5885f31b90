/* Managed scaling: simulated Auto Scaling groups grow when tasks wait for capacity and shrink when instances are empty,
 * between their bounds, on the clock (facts: services 11; how long it takes: runtime_delay.h). A group is what
 * POST /_ecs/fleet says about the instances of a capacity provider in a cluster. */
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/managed_scaling.h"
#include "ecs-local/domain/simulated_instance.h"
#include "ecs-local/engine/task_launch.h"
#include "ecs-local/store/capacity_provider_rows.h"
#include "ecs-local/store/scaling_group_rows.h"
#include "engine_internal.h"

enum {
    BINS_MAX = 300, /* as many as tasks may wait */
};

struct scaling_group {
    int64_t id;
    struct cluster *cluster;
    const char *provider;
    int64_t minimum;
    int64_t maximum;
    const char **documents; /* of new instances, one a zone */
    unsigned document_count;
    struct instance_resources resources; /* of such an instance while it is empty */
    bool managed;                        /* managed instances: the documents are made when they are needed */
    int64_t due_ms;                      /* 0: it is as it should be */
    int64_t direction;                   /* of what is due */
    struct scaling_group *next;
};

/* What a group looks like now. */
struct head_count {
    int64_t size;   /* ACTIVE */
    int64_t in_use; /* of those */
};

static bool is_of(const struct scaling_group *group, const struct instance *instance) {
    return instance->simulated && text_equal(instance->capacity_provider, group->provider);
}

static bool is_empty(const struct instance *instance) {
    return instance->running + instance->pending == 0 && instance->group_count == 0;
}

static struct head_count count_heads(const struct scaling_group *group) {
    struct head_count count = {0};
    for (unsigned index = 0; index < group->cluster->instance_count; index++) {
        const struct instance *instance = group->cluster->instances[index];
        if (instance->status != INSTANCE_ACTIVE || !is_of(group, instance))
            continue;
        count.size++;
        count.in_use += !is_empty(instance);
    }
    return count;
}

static bool waits_for(const struct scaling_group *group, const struct task *task) {
    return task->waiting != NULL && task->cluster_id == group->cluster->id &&
           text_equal(task->capacity_provider, group->provider);
}

/* A task that is alone on its instance takes a whole one. */
static bool wants_distinct(const struct task *task) {
    value_for_each(constraint, value_get(task->waiting, "placementConstraints")) {
        if (text_equal(value_string(constraint, "type"), "distinctInstance"))
            return true;
    }
    return false;
}

/* New instances, as the waiting tasks would fill them one after the other. */
struct bins {
    struct instance_resources *taken;
    bool *closed; /* for others */
    unsigned count;
    unsigned maximum;
};

static void put_in_bin(struct bins *bins, const struct scaling_group *group, const struct task *task) {
    bool alone = wants_distinct(task);
    for (unsigned index = 0; index < bins->count && !alone; index++) {
        if (!bins->closed[index] && resources_missing(&bins->taken[index], &task->demand) == NULL) {
            resources_take(&bins->taken[index], &task->demand);
            return;
        }
    }
    if (bins->count == bins->maximum || resources_missing(&group->resources, &task->demand) != NULL)
        return;
    struct instance_resources *fresh = &bins->taken[bins->count];
    resources_copy_empty(&group->resources, fresh);
    resources_take(fresh, &task->demand);
    bins->closed[bins->count++] = alone;
}

static int count_needed(
    struct engine *engine, const struct scaling_group *group, int64_t size, int64_t *ret_needed) {
    int64_t room = group->maximum - size;
    struct bins bins = {.maximum = (unsigned)(room < 0 ? 0 : room > BINS_MAX ? BINS_MAX : room)};
    int result = 0;
    bins.taken = arena_new_array(engine->turn, struct instance_resources, bins.maximum);
    bins.closed = arena_new_array(engine->turn, bool, bins.maximum);
    for (size_t index = 0; result == 0 && index < engine->waiting_count; index++) {
        struct task *task = NULL;
        result = task_by_row(engine, engine->waiting_tasks[index], &task);
        if (result == 0 && waits_for(group, task))
            put_in_bin(&bins, group, task);
        if (result > 0)
            result = 0;
    }
    *ret_needed = bins.count;
    for (unsigned index = 0; index < bins.count; index++)
        resources_done(&bins.taken[index]);
    return result;
}

/* The largest of the types that the waiting tasks need. ENGINE_NOT_FOUND: no task waits that some type could take. */
static int choose_type(struct engine *engine, const struct scaling_group *group,
    const struct value *requirements, struct instance_type *ret_type) {
    unsigned best = 0;
    bool found = false;
    int result = 0;
    for (size_t index = 0; result == 0 && index < engine->waiting_count; index++) {
        struct task *task = NULL;
        struct instance_type type;
        unsigned rank = 0;
        result = task_by_row(engine, engine->waiting_tasks[index], &task);
        if (result == 0 && waits_for(group, task) &&
            managed_instance_choose(requirements, &task->demand, text_equal(task->cpu_architecture, "arm64"),
                &type, &rank) == 0 &&
            (!found || rank > best)) {
            best = rank;
            found = true;
            *ret_type = type;
        }
        if (result > 0)
            result = 0;
    }
    return result == 0 && !found ? ENGINE_NOT_FOUND : result;
}

/* One document a subnet of the launch template. */
static void make_documents(struct engine *engine, struct scaling_group *group, const struct value *subnets,
    const struct instance_type *type) {
    unsigned count = value_count(subnets) != 0 ? (unsigned)value_count(subnets) : 1;
    group->documents = arena_new_array(engine->turn, const char *, count);
    group->document_count = count;
    for (unsigned index = 0; index < count; index++) {
        char suffix[18];
        const char *subnet_id = value_string_at(subnets, index);
        ids_hex_bytes(&engine->ids, suffix, 8);
        struct simulated_instance instance = {
            .type = type,
            .zone = task_launch_zone_of_subnet(
                engine, group->cluster->scope, engine->turn, subnet_id != NULL ? subnet_id : "subnet"),
            .subnet_id = subnet_id,
            .capacity_provider = group->provider,
            .trunk_id = instance_type_trunk_enis(type) != 0 ? arena_printf(engine->turn, "eni-0%.16s", suffix)
                                                            : NULL,
        };
        group->documents[index] = simulated_instance_document(engine->turn, &instance);
    }
}

/* Managed instances: what a new one would be, for the tasks that wait now. The documents last as long as the turn. */
static int prepare(struct engine *engine, struct scaling_group *group) {
    struct capacity_provider_row row;
    struct value *document = NULL;
    struct instance_type type;
    resources_done(&group->resources);
    group->document_count = 0;
    int result = capacity_provider_rows_get(
        engine->store, group->cluster->scope->id, group->provider, engine->turn, &row);
    if (result == 0 && value_parse(engine->turn, row.document, strlen(row.document), &document) != 0)
        return error_raise(ERR_STORE, "the stored capacity provider %s cannot be read", row.name);
    const struct value *template = value_get(
        value_get(document, "managedInstancesProvider"), "instanceLaunchTemplate");
    if (result == 0)
        result = choose_type(engine, group, value_get(template, "instanceRequirements"), &type);
    if (result != 0)
        return result < 0 ? result : 0;
    make_documents(engine, group, value_get(value_get(template, "networkConfiguration"), "subnets"), &type);
    return instance_read_template(engine, group->cluster, group->documents[0], &group->resources);
}

/* The size that the group should have next; its own when its provider does not scale. */
static int next_size(struct engine *engine, struct scaling_group *group, int64_t *ret_size,
    struct head_count *ret_count, struct capacity_provider *ret_provider) {
    struct head_count count = count_heads(group);
    int64_t needed = 0;
    *ret_count = count;
    *ret_size = count.size;
    int result = engine_capacity_provider(
        engine, group->cluster->scope, group->provider, engine->turn, ret_provider);
    if (result != 0 || !ret_provider->active || !ret_provider->managed_scaling)
        return result < 0 ? result : 0;
    if (group->managed)
        result = prepare(engine, group);
    if (result == 0)
        result = count_needed(engine, group, count.size, &needed);
    struct managed_scaling scaling = {
        .size = count.size,
        .in_use = count.in_use,
        .needed = needed,
        .target_capacity = ret_provider->target_capacity,
        .minimum_step = ret_provider->minimum_step,
        .maximum_step = ret_provider->maximum_step,
        .minimum = group->minimum,
        .maximum = group->maximum,
    };
    *ret_size = managed_scaling_next_size(&scaling);
    return result;
}

static int set_due(struct engine *engine, struct scaling_group *group, int64_t due_ms, int64_t direction) {
    if (group->due_ms == due_ms && group->direction == direction)
        return 0;
    group->due_ms = due_ms;
    group->direction = direction;
    if (due_ms != 0)
        timers_add(&engine->timers, due_ms, TIMER_SCALING, group->id);
    return scaling_group_rows_set_due(engine->store, group->id, due_ms, direction);
}

/* What is under way goes on as long as its direction holds. */
static int check_group(struct engine *engine, struct scaling_group *group) {
    struct capacity_provider provider;
    struct head_count count;
    int64_t size = 0;
    int result = next_size(engine, group, &size, &count, &provider);
    if (result != 0)
        return result;
    int64_t direction = (size > count.size) - (size < count.size);
    if (direction == 0)
        return set_due(engine, group, 0, 0);
    if (direction == group->direction && group->due_ms != 0)
        return 0;
    enum runtime_delay delay = direction > 0 ? RUNTIME_DELAY_SCALE_OUT : RUNTIME_DELAY_SCALE_IN;
    return set_due(engine, group, engine_now_ms(engine) + engine_delay_ms(engine, delay), direction);
}

static int add_instance(struct engine *engine, struct scaling_group *group, int64_t number) {
    char suffix[18];
    if (group->document_count == 0)
        return 0; /* managed instances, and no task waits any more that needs one */
    ids_hex_bytes(&engine->ids, suffix, 8);
    struct instance_spec spec = {
        .ec2_instance_id = arena_printf(engine->turn, "i-0%.16s", suffix),
        .agent_connected = true,
        .simulated = true,
        .document = group->documents[(uint64_t)number % group->document_count],
        .tags = "[]",
    };
    struct instance *instance = NULL;
    return engine_instance_register(engine, group->cluster, &spec, &instance);
}

/* The youngest go first. Empty ones end at once. One with tasks goes only above the group's maximum, and not when it is
 * protected; with managed draining its tasks may leave first. */
static int shrink(struct engine *engine, struct scaling_group *group, int64_t surplus, bool empty_ones,
    const struct capacity_provider *provider, int64_t *ret_left) {
    int result = 0;
    for (unsigned index = group->cluster->instance_count; result == 0 && surplus > 0 && index > 0; index--) {
        struct instance *instance = group->cluster->instances[index - 1];
        if (instance->status != INSTANCE_ACTIVE || !is_of(group, instance) ||
            is_empty(instance) != empty_ones)
            continue;
        if (!empty_ones && provider->managed_draining)
            result = engine_instance_update(
                engine, instance, INSTANCE_DRAINING, instance->agent_connected, NULL);
        else
            result = engine_instance_terminate(engine, instance);
        surplus--;
    }
    *ret_left = surplus;
    return result;
}

/* A drained instance whose last task has left ends; managed daemons are the last to stop there (facts: services 13). */
static int end_drained(struct engine *engine, const struct scaling_group *group) {
    int result = 0;
    for (unsigned index = 0; result == 0 && index < group->cluster->instance_count; index++) {
        struct instance *instance = group->cluster->instances[index];
        if (instance->status == INSTANCE_DRAINING && is_of(group, instance) &&
            instance->running + instance->pending == instance_daemon_tasks(instance))
            result = engine_instance_terminate(engine, instance);
    }
    return result;
}

static int resize(struct engine *engine, struct scaling_group *group) {
    struct capacity_provider provider;
    struct head_count count;
    int64_t size = 0;
    int64_t left = 0;
    int result = next_size(engine, group, &size, &count, &provider);
    for (int64_t number = count.size; result == 0 && number < size; number++)
        result = add_instance(engine, group, number);
    if (result == 0 && size < count.size)
        result = shrink(engine, group, count.size - size, true, &provider, &left);
    if (result == 0 && left > 0 && count.size - left > 0 && !provider.termination_protection)
        result = shrink(engine, group, left, false, &provider, &left);
    return result;
}

static struct scaling_group *group_by_row(struct engine *engine, int64_t row) {
    struct scaling_group *group = engine->scaling_groups;
    while (group != NULL && group->id != row)
        group = group->next;
    return group;
}

bool scaling_timer_waits(struct engine *engine, int64_t row, int64_t due_ms) {
    const struct scaling_group *group = group_by_row(engine, row);
    return group != NULL && group->due_ms == due_ms;
}

int scaling_timer_fired(struct engine *engine, int64_t row) {
    struct scaling_group *group = group_by_row(engine, row);
    int result = group != NULL ? set_due(engine, group, 0, 0) : 0;
    if (result == 0 && group != NULL)
        result = resize(engine, group);
    engine->scaling_changed = true;
    return result;
}

int scaling_check(struct engine *engine) {
    int result = 0;
    if (!engine->scaling_changed)
        return 0;
    engine->scaling_changed = false;
    for (struct scaling_group *group = engine->scaling_groups; result == 0 && group != NULL;
         group = group->next) {
        result = end_drained(engine, group);
        if (result == 0)
            result = check_group(engine, group);
    }
    return result;
}

static int read_documents(struct engine *engine, struct scaling_group *group, const char *text) {
    struct value *list = NULL;
    if (value_parse(engine->world, text, strlen(text), &list) != 0)
        return error_raise(ERR_STORE, "the instances of the group of %s cannot be read", group->provider);
    group->document_count = (unsigned)value_count(list);
    group->documents = arena_new_array(engine->world, const char *, group->document_count);
    value_for_each(document, list) group->documents[document_index] = document->string;
    resources_done(&group->resources);
    group->managed = group->document_count == 0;
    return group->managed
               ? 0
               : instance_read_template(engine, group->cluster, group->documents[0], &group->resources);
}

static int take_row(struct engine *engine, struct scaling_group *group, const struct scaling_group_row *row) {
    group->minimum = row->minimum;
    group->maximum = row->maximum;
    engine->scaling_changed = true;
    return read_documents(engine, group, row->documents);
}

static struct scaling_group *new_group(struct engine *engine, const struct scaling_group_row *row) {
    struct scaling_group *group = xcalloc(1, sizeof(*group));
    group->id = row->id;
    group->cluster = cluster_by_row(engine, row->cluster_id);
    group->provider = arena_strdup(engine->world, row->capacity_provider);
    /* In the order of their rows. */
    struct scaling_group **end = &engine->scaling_groups;
    while (*end != NULL)
        end = &(*end)->next;
    *end = group;
    return group;
}

int engine_scaling_group_set(
    struct engine *engine, struct cluster *cluster, const struct scaling_bounds *bounds) {
    struct scaling_group_row row = {
        .cluster_id = cluster->id,
        .capacity_provider = bounds->capacity_provider,
        .minimum = bounds->minimum,
        .maximum = bounds->maximum,
        .documents = bounds->documents,
    };
    int result = scaling_group_rows_set(engine->store, &row, &row.id);
    if (result != 0)
        return result;
    struct scaling_group *group = group_by_row(engine, row.id);
    return take_row(engine, group != NULL ? group : new_group(engine, &row), &row);
}

int engine_scaling_group_remove(
    struct engine *engine, struct cluster *cluster, const char *capacity_provider) {
    struct scaling_group **link = &engine->scaling_groups;
    while (
        *link != NULL && ((*link)->cluster != cluster || !text_equal((*link)->provider, capacity_provider)))
        link = &(*link)->next;
    struct scaling_group *group = *link;
    if (group == NULL)
        return 0;
    int result = 0;
    for (unsigned index = 0; result == 0 && index < cluster->instance_count; index++) {
        struct instance *instance = cluster->instances[index];
        if (instance->status != INSTANCE_INACTIVE && is_of(group, instance))
            result = engine_instance_terminate(engine, instance);
    }
    if (result == 0)
        result = scaling_group_rows_delete(engine->store, group->id);
    if (result != 0)
        return result;
    *link = group->next;
    resources_done(&group->resources);
    free(group);
    return 0;
}

static int load_group(void *context, const struct scaling_group_row *row) {
    struct engine *engine = context;
    if (cluster_by_row(engine, row->cluster_id) == NULL)
        return error_raise(ERR_STORE, "the group of %s belongs to no cluster", row->capacity_provider);
    struct scaling_group *group = new_group(engine, row);
    group->due_ms = row->due_ms;
    group->direction = row->direction;
    if (row->due_ms != 0)
        timers_add(&engine->timers, row->due_ms, TIMER_SCALING, row->id);
    return take_row(engine, group, row);
}

int scaling_load(struct engine *engine) {
    return scaling_group_rows_each(engine->store, engine, load_group);
}

void scaling_free(struct engine *engine) {
    while (engine->scaling_groups != NULL) {
        struct scaling_group *group = engine->scaling_groups;
        engine->scaling_groups = group->next;
        resources_done(&group->resources);
        free(group);
    }
}
