/* Managed daemons: making, changing and reading them (facts: services 13). */
#include <string.h>

#include "daemon_internal.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/store/daemon_definition_rows.h"

enum {
    DIGITS = 19,     /* of a revision's id (facts: services 1.1) */
    UID_LENGTH = 16, /* of a deployment's */
};

static const char *new_digits(struct engine *engine) {
    return arena_printf(
        engine->turn, "%019llu", (unsigned long long)ids_below(&engine->ids, 10000000000000000000U));
}

static const char *new_uid(struct engine *engine) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    char *uid = arena_alloc(engine->turn, UID_LENGTH + 1);
    for (unsigned index = 0; index < UID_LENGTH; index++)
        uid[index] = letters[ids_below(&engine->ids, sizeof(letters) - 1)];
    uid[UID_LENGTH] = '\0';
    return uid;
}

const char *daemon_arn_of(struct engine *engine, const struct cluster *cluster, const char *name) {
    return arn_resource(engine->turn, scope_region(cluster->scope), scope_account(cluster->scope), "daemon",
        arena_printf(engine->turn, "%s/%s", cluster->name, name));
}

static void note(struct engine *engine, const struct cluster *cluster, const char *type, const char *arn,
    const char *from, const char *to, const char *reason) {
    engine_journal_transition(engine, cluster->scope, type, arn, from, to, reason);
}

static const char *deployment_arn(
    struct engine *engine, const struct cluster *cluster, const char *name, const char *uid) {
    return arn_resource(engine->turn, scope_region(cluster->scope), scope_account(cluster->scope),
        "daemon-deployment", arena_printf(engine->turn, "%s/%s/%s", cluster->name, name, uid));
}

void daemon_transition(struct engine *engine, const struct daemon_view *view, const char *from) {
    note(engine, view->cluster, "daemon-deployment",
        deployment_arn(engine, view->cluster, view->daemon.name, view->deployment.uid), from,
        view->deployment.status, view->deployment.reason);
}

/* A revision and a deployment to it, which become the daemon's. */
static int deploy(struct engine *engine, const struct cluster *cluster, struct daemon_spec *spec) {
    int64_t now_ms = engine_now_ms(engine);
    spec->revision.daemon_id = spec->daemon.id;
    spec->revision.digits = new_digits(engine);
    spec->revision.created_ms = now_ms;
    spec->deployment.daemon_id = spec->daemon.id;
    spec->deployment.uid = new_uid(engine);
    spec->deployment.status = "PENDING";
    spec->deployment.created_ms = now_ms;
    spec->deployment.triggered = "[]";
    int result = daemon_revision_rows_insert(engine->store, &spec->revision, &spec->revision.id);
    spec->deployment.revision_id = spec->revision.id;
    if (result == 0)
        result = daemon_deployment_rows_insert(engine->store, &spec->deployment, &spec->deployment.id);
    if (result != 0)
        return result;
    spec->daemon.revision_id = spec->revision.id;
    spec->daemon.deployment_id = spec->deployment.id;
    spec->daemon.failures = 0;
    note(engine, cluster, "daemon-deployment",
        deployment_arn(engine, cluster, spec->daemon.name, spec->deployment.uid), "", "PENDING", NULL);
    daemon_mark(engine, spec->daemon.id);
    return daemon_rows_update(engine->store, &spec->daemon);
}

int engine_daemon_create(struct engine *engine, const struct cluster *cluster, struct daemon_spec *spec) {
    spec->daemon.scope_id = scope_id(cluster->scope);
    spec->daemon.cluster_id = cluster->id;
    spec->daemon.status = "ACTIVE";
    spec->daemon.created_ms = engine_now_ms(engine);
    int result = daemon_rows_insert(engine->store, &spec->daemon, &spec->daemon.id);
    if (result != 0)
        return result;
    note(engine, cluster, "daemon", daemon_arn_of(engine, cluster, spec->daemon.name), "", "ACTIVE", NULL);
    return deploy(engine, cluster, spec);
}

static bool is_under_way(const char *status) {
    return text_equal(status, "PENDING") || text_equal(status, "IN_PROGRESS") ||
           text_equal(status, "ROLLBACK_IN_PROGRESS");
}

/* A newer deployment, or the daemon's end, takes the place of the one that is under way. */
static int stop_deployment(struct engine *engine, struct daemon_view *view, const char *reason) {
    const char *from = view->deployment.status;
    if (!is_under_way(from))
        return 0;
    view->deployment.status = "STOPPED";
    view->deployment.reason = reason;
    view->deployment.stopped_ms = engine_now_ms(engine);
    view->deployment.finished_ms = view->deployment.stopped_ms;
    daemon_transition(engine, view, from);
    return daemon_deployment_rows_update(engine->store, &view->deployment);
}

int engine_daemon_update(struct engine *engine, struct daemon_spec *spec) {
    struct daemon_view view;
    int result = daemon_view_read(engine, spec->daemon.id, &view);
    if (result == 0)
        result = stop_deployment(engine, &view, "The deployment was replaced by a newer one.");
    if (result != 0)
        return result < 0 ? result : ERR_BUG;
    spec->deployment.source_revision_id = view.revision.id;
    spec->daemon.updated_ms = engine_now_ms(engine);
    return deploy(engine, view.cluster, spec);
}

int engine_daemon_delete(struct engine *engine, struct daemon_row *daemon) {
    struct daemon_view view;
    int result = daemon_view_read(engine, daemon->id, &view);
    if (result == 0)
        result = stop_deployment(engine, &view, "The daemon is being deleted.");
    if (result != 0)
        return result < 0 ? result : ERR_BUG;
    note(engine, view.cluster, "daemon", daemon_arn_of(engine, view.cluster, daemon->name), "ACTIVE",
        "DELETE_IN_PROGRESS", NULL);
    daemon->status = "DELETE_IN_PROGRESS";
    daemon->updated_ms = engine_now_ms(engine);
    daemon->due_ms = 0;
    daemon_mark(engine, daemon->id);
    return daemon_rows_update(engine->store, daemon);
}

int daemon_view_read(struct engine *engine, int64_t daemon_id, struct daemon_view *ret_view) {
    struct daemon_view view = {0};
    struct value *providers = NULL;
    int result = daemon_rows_get_by_id(engine->store, daemon_id, engine->turn, &view.daemon);
    if (result == 0)
        result = daemon_revision_rows_get_by_id(
            engine->store, view.daemon.revision_id, engine->turn, &view.revision);
    if (result == 0)
        result = daemon_deployment_rows_get_by_id(
            engine->store, view.daemon.deployment_id, engine->turn, &view.deployment);
    if (result != 0)
        return result;
    if (value_parse(engine->turn, view.revision.providers, strlen(view.revision.providers), &providers) != 0)
        return error_raise(ERR_STORE, "the daemon %s cannot be read", view.daemon.name);
    view.cluster = cluster_by_row(engine, view.daemon.cluster_id);
    view.providers = providers;
    *ret_view = view;
    return 0;
}

static bool is_named(const struct value *names, const char *name_or_null) {
    value_for_each(name, names) {
        if (text_equal(name->string, name_or_null))
            return true;
    }
    return false;
}

static enum daemon_place place_of(const struct instance *instance, const struct value *providers) {
    if (!is_named(providers, instance->capacity_provider))
        return DAEMON_PLACE_FOREIGN;
    if (instance->status == INSTANCE_ACTIVE)
        return DAEMON_PLACE_ACTIVE;
    return instance->status == INSTANCE_DRAINING ? DAEMON_PLACE_DRAINING : DAEMON_PLACE_FOREIGN;
}

bool daemon_serves_instance(const struct daemon_view *view, const struct instance *instance) {
    return instance->simulated && place_of(instance, view->providers) == DAEMON_PLACE_ACTIVE;
}

/* RUNNING, not about to end, and HEALTHY where that is checked. */
static int serves(struct engine *engine, const struct daemon_view *view, const struct daemon_task_row *row,
    bool *ret_serves) {
    struct task *task = NULL;
    *ret_serves = row->running &&
                  (row->due_ms == 0 || row->due_ms - engine_now_ms(engine) > DAEMON_SETTLE_MS);
    if (!*ret_serves || !view->health_checked)
        return 0;
    int result = task_by_row(engine, row->task_id, &task);
    if (result == 0)
        *ret_serves = text_equal(task_checked_health(task), "HEALTHY");
    return result < 0 ? result : 0;
}

static int read_health_checks(struct engine *engine, struct daemon_view *view) {
    const struct task_definition *definition = NULL;
    int result = engine_task_definition(engine, view->revision.task_definition_id, &definition);
    if (result != 0)
        return result < 0 ? result : ERR_BUG;
    view->health_checked = false;
    for (unsigned index = 0; index < definition->container_count; index++)
        view->health_checked = view->health_checked || (definition->containers[index].essential &&
                                                           definition->containers[index].has_health_check);
    return 0;
}

struct counting {
    struct engine *engine;
    struct daemon_view *view;
    unsigned capacity;
};

static int count_task(void *context, const struct daemon_task_row *row) {
    struct counting *counting = context;
    struct daemon_view *view = counting->view;
    if (view->task_count == counting->capacity) {
        unsigned capacity = counting->capacity != 0 ? counting->capacity * 2 : 64;
        struct daemon_task_row *tasks = arena_new_array(
            counting->engine->turn, struct daemon_task_row, capacity);
        if (view->task_count != 0)
            memcpy(tasks, view->tasks, view->task_count * sizeof(*tasks));
        view->tasks = tasks;
        counting->capacity = capacity;
    }
    view->tasks[view->task_count++] = *row;
    const struct instance *instance = instance_by_row(counting->engine, row->container_instance_id);
    if (instance == NULL)
        return 0;
    struct daemon_slot *slot = &view->slots[instance->index];
    bool running = false;
    int result = serves(counting->engine, view, row, &running);
    if (!row->wanted)
        slot->stopping++;
    else if (row->revision_id != view->revision.id)
        slot->others++;
    else if (running)
        slot->running++;
    else
        slot->pending++;
    return result;
}

int daemon_view_count(struct engine *engine, struct daemon_view *view) {
    struct counting counting = {.engine = engine, .view = view};
    const struct cluster *cluster = view->cluster;
    view->slots = arena_new_array(engine->turn, struct daemon_slot, cluster->instance_count);
    view->slot_count = cluster->instance_count;
    view->task_count = 0;
    int result = read_health_checks(engine, view);
    if (result != 0)
        return result;
    for (unsigned index = 0; index < cluster->instance_count; index++)
        view->slots[index] = (struct daemon_slot){
            .place = place_of(cluster->instances[index], view->providers)};
    return daemon_task_rows_unfinished(engine->store, view->daemon.id, &counting, count_task);
}

static void add_to(struct daemon_provider_counts *counts, const struct daemon_slot *slot) {
    if (slot->place != DAEMON_PLACE_ACTIVE)
        return;
    counts->running += slot->running != 0;
    counts->without += slot->running == 0;
    counts->draining += slot->running == 0 && slot->stopping != 0;
}

int engine_daemon_count(struct engine *engine, const struct daemon_row *daemon,
    const struct daemon_revision_row *revision, struct arena *arena,
    struct daemon_provider_counts **ret_counts, unsigned *ret_count) {
    struct daemon_view view = {.daemon = *daemon, .revision = *revision};
    struct value *providers = NULL;
    if (value_parse(engine->turn, revision->providers, strlen(revision->providers), &providers) != 0)
        return error_raise(ERR_STORE, "the daemon %s cannot be read", daemon->name);
    view.providers = providers;
    view.cluster = cluster_by_row(engine, daemon->cluster_id);
    int result = engine_flush(engine);
    if (result == 0)
        result = daemon_view_count(engine, &view);
    if (result != 0)
        return result;
    unsigned count = (unsigned)value_count(providers);
    struct daemon_provider_counts *counts = arena_new_array(arena, struct daemon_provider_counts, count);
    for (unsigned index = 0; index < count; index++) {
        counts[index] = (struct daemon_provider_counts){
            .name = arena_strdup(arena, value_string_at(providers, index))};
        for (unsigned slot = 0; slot < view.cluster->instance_count; slot++) {
            if (text_equal(view.cluster->instances[slot]->capacity_provider, counts[index].name))
                add_to(&counts[index], &view.slots[slot]);
        }
    }
    *ret_counts = counts;
    *ret_count = count;
    return 0;
}

/* When nothing refers to it any more. The timer brings it on its way; a daemon that ends looks again. */
static int definition_gone(struct engine *engine, int64_t id) {
    struct task_definition_row row;
    int result = task_definition_rows_get_by_id(engine->store, id, engine->turn, &row);
    if (result != 0 || !text_equal(row.status, DAEMON_STATUS_PREFIX "DELETE_IN_PROGRESS"))
        return result < 0 ? result : 0;
    result = daemon_rows_uses_definition(engine->store, id);
    if (result != STORE_NOT_FOUND)
        return result;
    return daemon_definition_rows_set_status(
        engine->store, id, "DELETED", row.delete_requested_ms, engine->turn);
}

int daemon_definitions_sweep(struct engine *engine) {
    int64_t after = 0;
    for (;;) {
        int64_t id = 0;
        int result = daemon_definition_rows_next_deleting(engine->store, after, &id);
        if (result != 0)
            return result == STORE_NOT_FOUND ? 0 : result;
        result = definition_gone(engine, id);
        if (result != 0)
            return result;
        after = id;
    }
}

int engine_daemon_definition_delete(struct engine *engine, int64_t id) {
    int64_t due_ms = engine_now_ms(engine) + engine_delay_ms(engine, RUNTIME_DELAY_DAEMON_DEFINITION);
    timers_add(&engine->timers, due_ms, TIMER_DAEMON_DEFINITION, id);
    return daemon_definition_rows_set_status(
        engine->store, id, "DELETE_IN_PROGRESS", engine_now_ms(engine), engine->turn);
}

bool daemon_definition_timer_waits(struct engine *engine, int64_t row, int64_t due_ms) {
    struct task_definition_row definition;
    int result = task_definition_rows_get_by_id(engine->store, row, engine->turn, &definition);
    return result < 0 ||
           (result == 0 && text_equal(definition.status, DAEMON_STATUS_PREFIX "DELETE_IN_PROGRESS") &&
               definition.delete_requested_ms <= due_ms);
}

int daemon_definition_timer_fired(struct engine *engine, int64_t row) {
    return definition_gone(engine, row);
}
