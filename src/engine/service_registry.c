/* Services in memory: finding, making, changing and writing them. What follows from a change is found out by
 * service_reconcile.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/store/deployment_rows.h"
#include "ecs-local/store/service_rows.h"
#include "service_internal.h"

const char *service_json(struct arena *arena, const struct value *value) {
    struct buf buf = BUF_INIT(DOCUMENT_TEXT_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_value(&writer, value);
    const char *text = arena_strdup(arena, buf_text(&buf));
    buf_done(&buf);
    return text;
}

static int make_key(char key[320], int64_t cluster_row, const char *name) {
    return text_row_key(key, 320, cluster_row, name);
}

static struct service_entry *find_entry(struct engine *engine, int64_t cluster_row, const char *name) {
    char key[320];
    int length = make_key(key, cluster_row, name);
    struct service_entry *entry = NULL;
    if (length > 0)
        HASH_FIND(by_key, engine->services->by_key, key, (unsigned)length, entry);
    return entry;
}

struct service *engine_service_find(struct engine *engine, const struct cluster *cluster, const char *name) {
    struct service_entry *entry = find_entry(engine, cluster->id, name);
    return entry != NULL ? &entry->service : NULL;
}

struct service_entry *service_by_row(struct engine *engine, int64_t id) {
    struct service_entry *entry = NULL;
    HASH_FIND(by_row, engine->services->by_row, &id, sizeof(id), entry);
    return entry;
}

struct service *engine_services_first(const struct cluster *cluster) {
    return cluster->services;
}

static void list_add(struct service_list *list, struct service_entry *entry) {
    if (list->count == list->capacity) {
        list->capacity = list->capacity != 0 ? list->capacity * 2 : 64;
        list->items = xrealloc(list->items, list->capacity * sizeof(struct service_entry *));
    }
    list->items[list->count++] = entry;
}

static void list_drop(struct service_list *list, const struct service_entry *entry) {
    size_t kept = 0;
    for (size_t index = 0; index < list->count; index++) {
        if (list->items[index] != entry)
            list->items[kept++] = list->items[index];
    }
    list->count = kept;
}

void service_mark(struct engine *engine, struct service_entry *entry) {
    if (entry->dirty)
        return;
    entry->dirty = true;
    list_add(&engine->services->dirty, entry);
}

void service_changed(struct engine *engine, struct service_entry *entry) {
    if (entry->changed)
        return;
    entry->changed = true;
    list_add(&engine->services->changed, entry);
}

void engine_service_touch(struct engine *engine, struct service *service) {
    service_mark(engine, service_entry_of(service));
}

void engine_deployment_touch(struct engine *engine, struct service *service, struct deployment *deployment) {
    deployment->dirty = true;
    service_changed(engine, service_entry_of(service));
    service_mark(engine, service_entry_of(service));
}

void service_set_unsettled(struct engine *engine, struct service_entry *entry, bool unsettled) {
    if (entry->unsettled == unsettled)
        return;
    entry->unsettled = unsettled;
    engine->services->unsettled += unsettled ? 1U : -1U;
}

static int by_row(const void *left, const void *right) {
    const struct service_entry *const *one = left;
    const struct service_entry *const *other = right;
    return (*one)->service.id < (*other)->service.id ? -1 : (*one)->service.id > (*other)->service.id;
}

void service_list_sort(struct service_list *list) {
    if (list->count > 1)
        qsort(list->items, list->count, sizeof(struct service_entry *), by_row);
}

const char *service_task_set_arn(
    struct engine *engine, const struct service *service, const struct deployment *task_set) {
    return arn_of_service(
        engine->turn, service->arn, "task-set", arena_printf(engine->turn, "ecs-svc/%s", task_set->digits));
}

static void count_in_cluster(struct service *service, int by) {
    unsigned change = (unsigned)by; /* modulo arithmetic: −1 wraps to the right sum */
    struct cluster *cluster = service->cluster;
    if (service->status == SERVICE_ACTIVE) {
        cluster->services_active += change;
        cluster->active_services[service->counted_as] += change;
    }
    if (service->status == SERVICE_DRAINING) {
        cluster->services_draining += change;
        cluster->draining_services[service->counted_as] += change;
    }
}

void service_set_status(struct engine *engine, struct service_entry *entry, enum service_status status) {
    count_in_cluster(&entry->service, -1);
    entry->service.status = status;
    count_in_cluster(&entry->service, 1);
    service_changed(engine, entry);
}

static void join_cluster(struct service *service) {
    struct cluster *cluster = service->cluster;
    service->previous_in_cluster = cluster->last_service;
    if (cluster->last_service != NULL)
        cluster->last_service->next_in_cluster = service;
    else
        cluster->services = service;
    cluster->last_service = service;
    count_in_cluster(service, 1);
}

static void leave_cluster(struct service *service) {
    struct cluster *cluster = service->cluster;
    count_in_cluster(service, -1);
    if (service->previous_in_cluster != NULL)
        service->previous_in_cluster->next_in_cluster = service->next_in_cluster;
    else
        cluster->services = service->next_in_cluster;
    if (service->next_in_cluster != NULL)
        service->next_in_cluster->previous_in_cluster = service->previous_in_cluster;
    else
        cluster->last_service = service->previous_in_cluster;
}

static int entry_new(struct engine *engine, struct cluster *cluster, int64_t id, const char *name,
    struct service_entry **ret_entry) {
    char key[320];
    int length = make_key(key, cluster->id, name);
    if (length < 0)
        return error_raise(ERR_BUG, "the name of a service is too long");
    struct service_entry *entry = xcalloc(1, sizeof(*entry) + (size_t)length + 1);
    memcpy(entry->key, key, (size_t)length + 1);
    struct service *service = &entry->service;
    service->id = id;
    service->cluster = cluster;
    service->name = strchr(entry->key, '/') + 1;
    service->arn = arn_service(
        engine->world, cluster->scope->region, cluster->scope->account, cluster->name, name);
    HASH_ADD(by_row, engine->services->by_row, service.id, sizeof(service->id), entry);
    HASH_ADD_KEYPTR(by_key, engine->services->by_key, entry->key, (unsigned)length, entry);
    *ret_entry = entry;
    return 0;
}

static void deployment_free(struct deployment *deployment) {
    free((char *)(uintptr_t)deployment->stage_state);
    deployment_targets_free(deployment->targets);
    service_deployment_free(deployment->record);
    free(deployment);
}

static void entry_free(struct engine *engine, struct service_entry *entry) {
    struct services *services = engine->services;
    service_set_unsettled(engine, entry, false);
    while (entry->member_count != 0)
        service_member_remove(engine, entry->members[entry->member_count - 1]);
    struct deployment *next;
    for (struct deployment *item = entry->service.deployments; item != NULL; item = next) {
        next = item->next;
        deployment_free(item);
    }
    HASH_DELETE(by_row, services->by_row, entry);
    HASH_DELETE(by_key, services->by_key, entry);
    free(entry->members);
    free(entry->trouble);
    free(entry);
}

int service_forget(struct engine *engine, struct service_entry *entry) {
    int result = service_rows_delete(engine->store, entry->service.id);
    if (entry->dirty)
        list_drop(&engine->services->dirty, entry);
    if (entry->changed)
        list_drop(&engine->services->changed, entry);
    service_not_hungry(engine, entry);
    leave_cluster(&entry->service);
    entry_free(engine, entry);
    return result;
}

/* PRIMARY first, then the younger ones first. */
void deployment_order(struct service *service) {
    struct deployment *sorted = NULL;
    struct deployment *next;
    service->primary = NULL;
    for (struct deployment *item = service->deployments; item != NULL; item = next) {
        next = item->next;
        struct deployment **place = &sorted;
        while (*place != NULL && item->status != DEPLOYMENT_PRIMARY &&
               ((*place)->status == DEPLOYMENT_PRIMARY || (*place)->id > item->id))
            place = &(*place)->next;
        item->next = *place;
        *place = item;
        if (item->status == DEPLOYMENT_PRIMARY)
            service->primary = item;
    }
    service->deployments = sorted;
}

void deployment_unlink(struct service *service, struct deployment *deployment) {
    struct deployment **place = &service->deployments;
    while (*place != NULL && *place != deployment)
        place = &(*place)->next;
    if (*place != NULL)
        *place = deployment->next;
    if (service->primary == deployment)
        service->primary = NULL;
    deployment_free(deployment);
}

struct deployment *engine_deployment_find(const struct service *service, const char *digits) {
    for (struct deployment *item = service->deployments; item != NULL; item = item->next) {
        if (text_equal(item->digits, digits))
            return item;
    }
    return NULL;
}

struct deployment *engine_service_deployment_find(const struct service *service, const char *uid) {
    for (struct deployment *item = service->deployments; item != NULL; item = item->next) {
        if (item->record != NULL && text_equal(item->record->uid, uid))
            return item;
    }
    return NULL;
}

struct deployment *service_deployment_by_row(const struct service *service, int64_t id) {
    for (struct deployment *item = service->deployments; item != NULL; item = item->next) {
        if (item->id == id)
            return item;
    }
    return NULL;
}

/* Fargate's providers count as FARGATE (D); those with others have no launch type. */
static const char *listed_launch_type(const struct value *document) {
    const struct value *first = value_at(value_get(document, "capacityProviderStrategy"), 0);
    const char *provider = value_string(first, "capacityProvider");
    const char *slash = provider != NULL ? strrchr(provider, '/') : NULL;
    const char *name = slash != NULL ? slash + 1 : provider;
    if (text_equal(name, "FARGATE") || text_equal(name, "FARGATE_SPOT"))
        return "FARGATE";
    return value_string(document, "launchType");
}

static enum launch_kind counted_as(const struct value *document) {
    const char *launch_type = listed_launch_type(document);
    if (text_equal(launch_type, "FARGATE"))
        return LAUNCH_FARGATE;
    return text_equal(launch_type, "EXTERNAL") ? LAUNCH_EXTERNAL : LAUNCH_EC2;
}

/* What lists filter by, out of the document. */
static void describe(const struct value *document, struct service_row *row) {
    row->launch_type = listed_launch_type(document);
    row->scheduling_strategy = value_string(document, "schedulingStrategy");
    if (row->scheduling_strategy == NULL)
        row->scheduling_strategy = "REPLICA";
    row->resource_management = value_string(document, "resourceManagementType");
    if (row->resource_management == NULL)
        row->resource_management = "CUSTOMER";
    const struct value *connect = value_get(document, "serviceConnectConfiguration");
    row->name_space = value_bool(connect, "enabled", false) ? value_string(connect, "namespace") : NULL;
}

static void fill_row(const struct service_entry *entry, struct service_row *row) {
    const struct service *service = &entry->service;
    row->id = service->id;
    row->cluster_id = service->cluster->id;
    row->name = service->name;
    row->status = service_status_name(service->status);
    row->desired_count = service->desired_count;
    row->created_ms = service->created_ms;
    row->inactive_ms = service->inactive_ms;
    row->next_act_ms = entry->next_act_ms;
    row->steady_ms = entry->steady_ms;
    row->trouble = entry->trouble;
    row->trouble_ms = entry->trouble_ms;
    row->rebalancing = entry->rebalancing;
}

/* 19 digits (facts: services 1.1). */
static void make_digits(struct engine *engine, char digits[DEPLOYMENT_DIGITS_SIZE]) {
    snprintf(digits, DEPLOYMENT_DIGITS_SIZE, "%019llu",
        (unsigned long long)(ids_random(&engine->ids) & INT64_MAX));
}

int deployment_add(struct engine *engine, struct service_entry *entry, const struct value *document,
    struct deployment *deployment) {
    int64_t now_ms = engine_now_ms(engine);
    deployment->id = ++engine->services->last_deployment;
    deployment->service_id = entry->service.id;
    make_digits(engine, deployment->digits);
    deployment->created_ms = now_ms;
    deployment->updated_ms = now_ms;
    deployment->next = entry->service.deployments;
    entry->service.deployments = deployment;
    deployment_order(&entry->service);
    service_changed(engine, entry);
    service_mark(engine, entry);
    return deployment_rows_insert(engine->store, deployment, service_json(engine->turn, document));
}

static int add_revision(
    struct engine *engine, const struct deployment *deployment, const struct value *revision) {
    return service_revision_rows_insert(engine->store, deployment->service_id, deployment->digits,
        deployment->created_ms, service_json(engine->turn, revision));
}

/* 21 url-safe characters (facts: services 1.1). */
static void make_uid(struct engine *engine, char uid[SERVICE_DEPLOYMENT_ID_SIZE]) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    for (unsigned index = 0; index + 1 < SERVICE_DEPLOYMENT_ID_SIZE; index++)
        uid[index] = letters[ids_below(&engine->ids, sizeof(letters) - 1)];
    uid[SERVICE_DEPLOYMENT_ID_SIZE - 1] = '\0';
}

static void note_source(struct service_deployment *record, const struct deployment *source) {
    struct revision_share *share = &record->sources[record->source_count++];
    *share = (struct revision_share){.requested = source->desired,
        .running = source->running,
        .pending = source->pending,
        .test_weight = -1};
    memcpy(share->digits, source->digits, sizeof(share->digits));
}

/* The one that has the traffic comes first. */
static void note_sources(const struct service *service, const struct deployment *serving_or_null,
    struct service_deployment *record) {
    if (serving_or_null != NULL)
        note_source(record, serving_or_null);
    for (const struct deployment *item = service->deployments; item != NULL; item = item->next) {
        if (item->record != record && item != serving_or_null && item->status != DEPLOYMENT_INACTIVE &&
            record->source_count < SOURCE_REVISIONS_MAX)
            note_source(record, item);
    }
}

/* The story of a deployment begins. */
static int add_record(struct engine *engine, struct service_entry *entry, struct deployment *deployment,
    const struct deployment *serving_or_null, const struct value *document) {
    const struct value *configuration = value_get(document, "deploymentConfiguration");
    const struct service_settings *settings = &entry->service.settings;
    struct service_deployment *record = service_deployment_new();
    record->id = ++engine->services->last_record;
    record->service_id = entry->service.id;
    make_uid(engine, record->uid);
    record->created_ms = deployment->created_ms;
    record->updated_ms = deployment->created_ms;
    record->target.test_weight = -1;
    memcpy(record->target.digits, deployment->digits, sizeof(deployment->digits));
    record->target.requested = entry->service.desired_count;
    record->breaker_status = settings->breaker ? "MONITORING" : "DISABLED";
    record->breaker_threshold = service_breaker_threshold(settings, entry->service.desired_count);
    record->alarms_status = settings->alarms ? "MONITORING" : "DISABLED";
    if (configuration != NULL)
        record->configuration = service_json(record->arena, configuration);
    const struct value *names = value_get(value_get(configuration, "alarms"), "alarmNames");
    if (settings->alarms)
        record->alarm_names = service_json(record->arena, names);
    deployment->record = record;
    note_sources(&entry->service, serving_or_null, record);
    record->is_new = true;
    record->dirty = true;
    return service_deployment_rows_prune(
        engine->store, record->service_id, record->created_ms - SERVICE_DEPLOYMENTS_KEPT_MS);
}

int service_deploy(struct engine *engine, struct service_entry *entry, const struct value *document,
    const struct value *revision, int64_t definition_id, int64_t family_id,
    struct deployment **ret_deployment) {
    struct deployment *deployment = xcalloc(1, sizeof(*deployment));
    deployment->status = DEPLOYMENT_PRIMARY;
    deployment->rollout = ROLLOUT_IN_PROGRESS;
    deployment->definition_id = definition_id;
    deployment->family_id = family_id;
    deployment->may_complete = entry->service.settings.strategy == STRATEGY_ROLLING;
    deployment->holds_old = entry->service.settings.strategy != STRATEGY_ROLLING;
    deployment->is_new = false;
    const struct deployment *serving = deployment_serving(&entry->service);
    const struct value *chosen = NULL;
    int result = deployment_choose_targets(engine, &entry->service, revision, &chosen);
    if (result != 0) {
        free(deployment);
        return result;
    }
    result = deployment_add(engine, entry, chosen, deployment);
    snprintf(deployment->rollout_reason, sizeof(deployment->rollout_reason),
        "ECS deployment ecs-svc/%s in progress.", deployment->digits);
    deployment->dirty = true;
    if (result == 0)
        result = add_revision(engine, deployment, chosen);
    if (result == 0)
        result = add_record(engine, entry, deployment, serving, document);
    *ret_deployment = deployment;
    return result;
}

int engine_service_create(struct engine *engine, struct cluster *cluster, const struct service_spec *spec,
    struct service **ret_service) {
    struct service_entry *entry = find_entry(engine, cluster->id, spec->name);
    int result = entry != NULL ? service_forget(engine, entry) : 0;
    if (result == 0)
        result = entry_new(engine, cluster, ++engine->services->last_row, spec->name, &entry);
    if (result != 0)
        return result;
    struct service *service = &entry->service;
    service_settings_read(spec->document, &service->settings);
    service->counted_as = counted_as(spec->document);
    service->desired_count = service->settings.daemon ? 0 : spec->desired_count;
    service->created_ms = engine_now_ms(engine);
    entry->next_act_ms = service->created_ms + engine->services->timing.tick_ms;
    join_cluster(service);
    struct service_row row = {
        .created_by = spec->created_by,
        .tags = spec->tags,
        .document = service_json(engine->turn, spec->document),
    };
    fill_row(entry, &row);
    describe(spec->document, &row);
    result = service_rows_insert(engine->store, &row);
    service_mark(engine, entry);
    if (result == 0 && spec->revision != NULL) {
        struct deployment *deployment = NULL;
        result = service_deploy(
            engine, entry, spec->document, spec->revision, spec->definition_id, spec->family_id, &deployment);
    }
    *ret_service = service;
    return result;
}

int service_write_document(struct engine *engine, struct service_entry *entry, const struct value *document) {
    struct service_row row = {.document = service_json(engine->turn, document)};
    service_settings_read(document, &entry->service.settings);
    count_in_cluster(&entry->service, -1);
    entry->service.counted_as = counted_as(document);
    count_in_cluster(&entry->service, 1);
    fill_row(entry, &row);
    describe(document, &row);
    return service_rows_update_document(engine->store, &row);
}

int engine_service_update(
    struct engine *engine, struct service *service, const struct value *document, int desired_count) {
    struct service_entry *entry = service_entry_of(service);
    if (desired_count >= 0 && !service->settings.daemon && desired_count != service->desired_count) {
        service->desired_count = desired_count;
        service->steady = false;
        entry->steady_ms = 0;
        entry->next_act_ms = engine_now_ms(engine) + engine->services->timing.tick_ms;
    }
    service_changed(engine, entry);
    service_mark(engine, entry);
    return document != NULL ? service_write_document(engine, entry, document) : 0;
}

int engine_service_deploy(struct engine *engine, struct service *service, const struct value *document,
    const struct value *revision, int64_t definition_id, int64_t family_id,
    struct deployment **ret_deployment) {
    struct service_entry *entry = service_entry_of(service);
    struct value *parsed = NULL;
    int result = document != NULL ? service_write_document(engine, entry, document)
                                  : service_read_document(engine, entry, &parsed);
    if (result != 0)
        return result;
    if (service->primary != NULL) {
        service->primary->status = DEPLOYMENT_ACTIVE;
        service->primary->updated_ms = engine_now_ms(engine);
        service->primary->dirty = true;
    }
    service->steady = false;
    entry->steady_ms = 0;
    entry->next_act_ms = engine_now_ms(engine) + engine->services->timing.tick_ms;
    return service_deploy(engine, entry, document != NULL ? document : parsed, revision, definition_id,
        family_id, ret_deployment);
}

int engine_service_delete(struct engine *engine, struct service *service) {
    struct service_entry *entry = service_entry_of(service);
    if (service->status != SERVICE_ACTIVE)
        return 0;
    service_set_status(engine, entry, SERVICE_DRAINING);
    service->desired_count = 0;
    service->steady = false;
    entry->next_act_ms = engine_now_ms(engine) + engine->services->timing.tick_ms;
    for (struct deployment *item = service->deployments; item != NULL; item = item->next) {
        if (item != service->primary && !item->is_task_set)
            item->status = DEPLOYMENT_DRAINING;
        item->dirty = true;
        record_move(engine, entry, item->record, SERVICE_DEPLOYMENT_STOP_REQUESTED, NULL);
        record_move(engine, entry, item->record, SERVICE_DEPLOYMENT_STOPPED, NULL);
    }
    service_mark(engine, entry);
    return 0;
}

int engine_service_set_tags(struct engine *engine, struct service *service, const char *tags) {
    return service_rows_update_tags(engine->store, service->id, tags);
}

int engine_service_document(struct engine *engine, const struct service *service, struct arena *arena,
    const char **ret_document, const char **ret_tags, const char **ret_created_by) {
    int result = service_rows_document(
        engine->store, service->id, arena, ret_document, ret_tags, ret_created_by);
    return result > 0 ? error_raise(ERR_BUG, "the service %s is not stored", service->name) : result;
}

int service_read_document(struct engine *engine, struct service_entry *entry, struct value **ret_document) {
    const char *document = NULL;
    const char *tags = NULL;
    const char *created_by = NULL;
    int result = engine_service_document(
        engine, &entry->service, engine->turn, &document, &tags, &created_by);
    if (result == 0 && value_parse(engine->turn, document, strlen(document), ret_document) != 0)
        result = error_raise(ERR_STORE, "the stored service %s cannot be read", entry->service.name);
    return result;
}

int engine_deployment_document(struct engine *engine, const struct deployment *deployment,
    struct arena *arena, const char **ret_document) {
    int result = deployment_rows_document(engine->store, deployment->id, arena, ret_document);
    return result > 0 ? error_raise(ERR_BUG, "the deployment %s is not stored", deployment->digits) : result;
}

static int write_record(struct engine *engine, const struct service *service, struct deployment *deployment) {
    struct service_deployment *record = deployment->record;
    if (record == NULL || !record->dirty)
        return 0;
    struct buf buf = BUF_INIT(DOCUMENT_TEXT_MAX);
    struct writer writer = WRITER_INIT(&buf);
    service_deployment_write(record, service->arn, &writer);
    int result = record->is_new ? service_deployment_rows_insert(engine->store, record, buf_text(&buf))
                                : service_deployment_rows_update(engine->store, record, buf_text(&buf));
    buf_done(&buf);
    record->is_new = false;
    record->dirty = false;
    if (service_deployment_is_over(record->status)) {
        service_deployment_free(record);
        deployment->record = NULL;
    }
    return result;
}

static int write_deployment(struct engine *engine, struct service *service, struct deployment *deployment) {
    int result = write_record(engine, service, deployment);
    if (result == 0 && deployment->gone) {
        result = deployment_rows_delete(engine->store, deployment->id);
        engine->definitions_to_sweep = true;
    } else if (result == 0 && deployment->dirty)
        result = deployment_rows_update(engine->store, deployment);
    deployment->dirty = false;
    return result;
}

static int write_service(struct engine *engine, struct service_entry *entry) {
    struct service_row row = {0};
    fill_row(entry, &row);
    int result = service_rows_update(engine->store, &row);
    struct deployment *next;
    for (struct deployment *item = entry->service.deployments; result == 0 && item != NULL; item = next) {
        next = item->next;
        result = write_deployment(engine, &entry->service, item);
        if (item->gone)
            deployment_unlink(&entry->service, item);
    }
    entry->changed = false;
    return result;
}

int services_flush(struct engine *engine) {
    struct service_list *list = &engine->services->changed;
    int result = 0;
    for (size_t index = 0; result == 0 && index < list->count; index++)
        result = write_service(engine, list->items[index]);
    if (result == 0)
        list->count = 0;
    return result;
}

static int load_service(void *context, const struct service_row *row) {
    struct engine *engine = context;
    struct cluster *cluster = cluster_by_row(engine, row->cluster_id);
    struct service_entry *entry = NULL;
    struct value *document = NULL;
    if (cluster == NULL)
        return error_raise(ERR_STORE, "the service %s belongs to no cluster", row->name);
    int result = entry_new(engine, cluster, row->id, row->name, &entry);
    if (result != 0)
        return result;
    struct service *service = &entry->service;
    if (service_status_parse(row->status, &service->status) != 0 ||
        value_parse(engine->turn, row->document, strlen(row->document), &document) != 0)
        return error_raise(ERR_STORE, "the stored service %s cannot be read", row->name);
    service_settings_read(document, &service->settings);
    service->counted_as = counted_as(document);
    service->desired_count = (int)row->desired_count;
    service->created_ms = row->created_ms;
    service->inactive_ms = row->inactive_ms;
    service->steady = row->steady_ms != 0;
    entry->next_act_ms = row->next_act_ms;
    entry->steady_ms = row->steady_ms;
    entry->trouble = row->trouble != NULL ? xstrdup(row->trouble) : NULL;
    entry->trouble_ms = row->trouble_ms;
    entry->rebalancing = row->rebalancing;
    join_cluster(service);
    if (entry->trouble != NULL && strchr(entry->trouble, TROUBLE_PLACEMENT) != NULL)
        service_hungry(engine, entry);
    service_mark(engine, entry);
    return 0;
}

static int load_deployment(void *context, const struct deployment *row) {
    struct engine *engine = context;
    struct service_entry *entry = service_by_row(engine, row->service_id);
    if (entry == NULL)
        return error_raise(ERR_STORE, "the deployment %s belongs to no service", row->digits);
    struct deployment *deployment = xcalloc(1, sizeof(*deployment));
    *deployment = *row;
    deployment->stage_state = row->stage_state != NULL ? xstrdup(row->stage_state) : NULL;
    deployment->next = entry->service.deployments;
    entry->service.deployments = deployment;
    deployment_order(&entry->service);
    return 0;
}

static int load_record(void *context, int64_t id, int64_t service_id, const char *document) {
    struct engine *engine = context;
    struct service_entry *entry = service_by_row(engine, service_id);
    struct service_deployment *record = service_deployment_new();
    struct value *value = NULL;
    if (value_parse(engine->turn, document, strlen(document), &value) != 0 ||
        service_deployment_read(record, value) != 0) {
        service_deployment_free(record);
        return error_raise(ERR_STORE, "a stored service deployment cannot be read");
    }
    record->id = id;
    record->service_id = service_id;
    struct deployment *deployment = entry != NULL
                                        ? engine_deployment_find(&entry->service, record->target.digits)
                                        : NULL;
    if (deployment == NULL || deployment->record != NULL)
        service_deployment_free(record);
    else
        deployment->record = record;
    return 0;
}

int services_load(struct engine *engine) {
    struct services *services = engine->services;
    int result = service_rows_last_id(engine->store, &services->last_row);
    if (result == 0)
        result = deployment_rows_last_id(engine->store, &services->last_deployment);
    if (result == 0)
        result = service_deployment_rows_last_id(engine->store, &services->last_record);
    if (result == 0)
        result = service_rows_each(engine->store, engine, load_service);
    if (result == 0)
        result = deployment_rows_each(engine->store, engine, load_deployment);
    if (result == 0)
        result = service_deployment_rows_each_open(engine->store, engine, load_record);
    return result == 0 ? target_rules_load(engine) : result;
}

/* Its owner finds out the rest. A failure of one that is not wanted any more has been counted. */
int service_task_loaded(struct engine *engine, const struct task_row *row) {
    struct service_entry *entry = service_by_row(engine, row->service_id);
    if (entry == NULL)
        return error_raise(ERR_STORE, "the task %lld belongs to no service", (long long)row->id);
    struct service_member *member = service_member_add(engine, entry, row->id, row->deployment_id);
    member->task.counted = text_equal(row->desired_status, "STOPPED");
    member->loaded = true;
    return 0;
}

bool services_changed(const struct engine *engine) {
    return engine->services->changed.count != 0 || engine->services->dirty.count != 0;
}

static int64_t at_least(int64_t value_ms, int64_t least_ms) {
    return value_ms > least_ms ? value_ms : least_ms;
}

/* Only repeated failures always take time: a service whose tasks fail at once must not turn for ever within a moment. */
static void read_timing(struct engine *engine) {
    enum {
        LEAST_PAUSE_MS = 100,
        RETRY_MOST_MS = 15 * 60 * 1000,
        CRASH_MOST_MS = 10 * 1000,
        BATCH_MOST = 5000,
        BATCH_IN_TICKS = 50,
    };
    struct service_timing *timing = &engine->services->timing;
    timing->tick_ms = engine_delay_ms(engine, RUNTIME_DELAY_SERVICE_TICK);
    timing->settle_ms = engine_delay_ms(engine, RUNTIME_DELAY_SERVICE_SETTLE);
    timing->steady_ms = engine_delay_ms(engine, RUNTIME_DELAY_SERVICE_STEADY);
    timing->inactive_ms = engine_delay_ms(engine, RUNTIME_DELAY_SERVICE_INACTIVE);
    timing->retry_ms = at_least(engine_delay_ms(engine, RUNTIME_DELAY_SERVICE_RETRY), LEAST_PAUSE_MS);
    timing->retry_max_ms = RETRY_MOST_MS;
    timing->crash_ms = at_least(engine_delay_ms(engine, RUNTIME_DELAY_SERVICE_CRASH), LEAST_PAUSE_MS);
    timing->crash_max_ms = at_least(timing->crash_ms, CRASH_MOST_MS);
    timing->start_batch = timing->tick_ms > 0 ? BATCH_IN_TICKS : BATCH_MOST;
}

int services_open(struct engine *engine) {
    engine->services = xcalloc(1, sizeof(*engine->services));
    engine->services->scratch = arena_new();
    read_timing(engine);
    return 0;
}

void services_close(struct engine *engine) {
    struct services *services = engine->services;
    if (services == NULL)
        return;
    services_texts_free(services);
    arena_free(services->scratch);
    free(services->dirty.items);
    free(services->changed.items);
    free(services);
    engine->services = NULL;
}

void services_free(struct engine *engine) {
    if (engine->services == NULL)
        return;
    struct service_entry *entry;
    struct service_entry *next;
    HASH_ITER(by_row, engine->services->by_row, entry, next) {
        service_not_hungry(engine, entry);
        entry_free(engine, entry);
    }
    engine->services->dirty.count = 0;
    engine->services->changed.count = 0;
    target_rules_free(engine->services);
}
