/* Every instance of a daemon's capacity providers has one task of its wanted revision: looks at what there is, and starts
 * and stops what is missing from that (facts: services 13). Nothing but the marks is kept in memory; after a restart
 * every daemon is looked at once. */
#include <stdlib.h>
#include <string.h>

#include "daemon_internal.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/domain/task_overrides.h"
#include "ecs-local/engine/task_launch.h"
#include "ecs-local/store/daemon_definition_rows.h"

struct daemon_mark {
    int64_t id;
    UT_hash_handle hh; /* in its engine, in the order of the marks */
};

void daemon_mark(struct engine *engine, int64_t daemon_id) {
    struct daemon_mark *mark = NULL;
    HASH_FIND(hh, engine->daemon_marks, &daemon_id, sizeof(daemon_id), mark);
    if (mark != NULL)
        return;
    mark = xcalloc(1, sizeof(*mark));
    mark->id = daemon_id;
    HASH_ADD(hh, engine->daemon_marks, id, sizeof(mark->id), mark);
}

static int mark_one(void *context, int64_t id) {
    daemon_mark(context, id);
    return 0;
}

static int load_due(void *context, int64_t row, int64_t due_ms) {
    struct engine *engine = context;
    timers_add(&engine->timers, due_ms, TIMER_DAEMON, row);
    return 0;
}

static int load_deleting(struct engine *engine) {
    int64_t id = 0;
    int result;
    while ((result = daemon_definition_rows_next_deleting(engine->store, id, &id)) == 0) {
        struct task_definition_row row;
        result = task_definition_rows_get_by_id(engine->store, id, engine->turn, &row);
        if (result < 0)
            return result;
        timers_add(&engine->timers,
            row.delete_requested_ms + engine_delay_ms(engine, RUNTIME_DELAY_DAEMON_DEFINITION),
            TIMER_DAEMON_DEFINITION, id);
    }
    return result < 0 ? result : 0;
}

int daemons_load(struct engine *engine) {
    engine->daemons_hungry = false;
    int result = daemon_rows_each_due(engine->store, engine, load_due);
    if (result == 0)
        result = daemon_rows_each(engine->store, 0, engine, mark_one);
    return result == 0 ? load_deleting(engine) : result;
}

void daemons_free(struct engine *engine) {
    struct daemon_mark *mark = NULL;
    struct daemon_mark *next = NULL;
    HASH_ITER(hh, engine->daemon_marks, mark, next) {
        HASH_DEL(engine->daemon_marks, mark);
        free(mark);
    }
}

bool daemons_waiting(const struct engine *engine) {
    return engine->daemon_marks != NULL;
}

void daemon_task_changed(struct engine *engine, const struct task *task) {
    int64_t daemon_id = 0;
    int64_t revision_id = 0;
    int result = daemon_task_rows_get(engine->store, task->id, &daemon_id, &revision_id);
    if (result == 0)
        daemon_mark(engine, daemon_id);
    else if (result < 0)
        engine_fail_turn(engine);
}

/* Failed tasks make the next ones wait longer, and too many of them end a deployment. */
static int note_failure(struct engine *engine, struct daemon_view *view, int64_t revision_id) {
    int64_t now_ms = engine_now_ms(engine);
    if (now_ms - view->daemon.failed_ms > DAEMON_CALM_MS)
        view->daemon.failures = 0;
    /* Those of one moment count once: they are the same failure on many instances. */
    view->daemon.failures += view->daemon.failures == 0 || now_ms != view->daemon.failed_ms;
    view->daemon.failed_ms = now_ms;
    int result = daemon_rows_update(engine->store, &view->daemon);
    if (result != 0 || revision_id != view->daemon.revision_id || view->deployment.finished_ms != 0)
        return result;
    view->deployment.failures++;
    return daemon_deployment_rows_update(engine->store, &view->deployment);
}

/* Another one like it takes its place at once (D: how long the service takes is not known), so that the tasks which leave
 * have somewhere to go. It ends when they have left: scaling_groups.c. */
static int replace_instance(struct engine *engine, struct instance *instance) {
    char suffix[18];
    struct instance *fresh = NULL;
    const char *document = NULL;
    const char *tags = NULL;
    int result = engine_instance_document(engine, instance, engine->turn, &document, &tags);
    if (result != 0)
        return result;
    ids_hex_bytes(&engine->ids, suffix, 8);
    struct instance_spec spec = {
        .ec2_instance_id = arena_printf(engine->turn, "i-0%.16s", suffix),
        .agent_connected = true,
        .simulated = true,
        .document = document,
        .tags = tags,
    };
    result = engine_instance_update(engine, instance, INSTANCE_DRAINING, instance->agent_connected, NULL);
    return result == 0 ? engine_instance_register(engine, instance->cluster, &spec, &fresh) : result;
}

/* Where a critical daemon has stopped without being told to by ECS, the instance is drained and replaced (facts: services
 * 13). */
static int daemon_stopped(
    struct engine *engine, const struct daemon_view *view, const struct task *task, int64_t revision_id) {
    struct daemon_revision_row revision = view->revision;
    struct instance *instance = instance_by_row(engine, task->container_instance_id);
    if (instance == NULL || !text_equal(view->daemon.status, "ACTIVE") ||
        !daemon_serves_instance(view, instance))
        return 0;
    int result = revision_id != revision.id
                     ? daemon_revision_rows_get_by_id(engine->store, revision_id, engine->turn, &revision)
                     : 0;
    if (result != 0 || !revision.critical)
        return result < 0 ? result : 0;
    return replace_instance(engine, instance);
}

int daemon_task_finished(struct engine *engine, const struct task *task) {
    int64_t daemon_id = 0;
    int64_t revision_id = 0;
    if (engine->daemons_hungry)
        daemons_instances_changed(engine, cluster_by_row(engine, task->cluster_id));
    bool failed = text_equal(task->stop_code, "TaskFailedToStart") ||
                  text_equal(task->stop_code, "EssentialContainerExited");
    bool by_hand = text_equal(task->stop_code, "UserInitiated") &&
                   !text_starts_with(task->stopped_reason, DEREGISTRATION_REASON);
    if (!task_is_of_daemon(task) || (!failed && !by_hand))
        return 0;
    struct daemon_view view;
    int result = daemon_task_rows_get(engine->store, task->id, &daemon_id, &revision_id);
    if (result == 0)
        result = daemon_view_read(engine, daemon_id, &view);
    if (result == 0 && failed)
        result = note_failure(engine, &view, revision_id);
    if (result == 0)
        result = daemon_stopped(engine, &view, task, revision_id);
    return result < 0 ? result : 0;
}

int daemon_task_expired(struct engine *engine, const struct task *task) {
    return task_is_of_daemon(task) ? daemon_task_rows_delete(engine->store, task->id) : 0;
}

void daemons_instances_changed(struct engine *engine, const struct cluster *cluster) {
    if (daemon_rows_each(engine->store, cluster->id, engine, mark_one) != 0)
        engine_fail_turn(engine);
}

bool daemon_timer_waits(struct engine *engine, int64_t row, int64_t due_ms) {
    struct daemon_row daemon;
    int result = daemon_rows_get_by_id(engine->store, row, engine->turn, &daemon);
    return result < 0 || (result == 0 && daemon.due_ms == due_ms);
}

int daemon_timer_fired(struct engine *engine, int64_t row) {
    daemon_mark(engine, row);
    return 0;
}

/* What the tasks of the wanted revision have in common. */
static int prepare_launch(struct engine *engine, const struct daemon_view *view, struct task_launch *launch) {
    const struct scope *scope = view->cluster->scope;
    const char *family = view->revision.family + strlen(DAEMON_FAMILY_PREFIX);
    struct violation violation;
    struct value *tags = NULL;
    *launch = (struct task_launch){
        .definition_id = view->revision.task_definition_id,
        .family_id = view->revision.family_id,
        .definition_arn = arn_resource(engine->turn, scope_region(scope), scope_account(scope),
            "daemon-task-definition",
            arena_printf(engine->turn, "%s:%lld", family, (long long)view->revision.revision)),
        .definition_active = true,
        .kind = LAUNCH_MANAGED_INSTANCES,
        .launch_type = task_launch_type_name(LAUNCH_MANAGED_INSTANCES),
        .group = arena_printf(engine->turn, "daemon:%s", view->daemon.name),
        .started_by = arena_printf(engine->turn, "ecs-daemon/%s", view->deployment.uid),
        .enable_execute_command = view->revision.execute_command,
        .managed_tags = view->revision.managed_tags,
    };
    int result = engine_task_definition(engine, launch->definition_id, &launch->definition);
    if (result != 0)
        return result < 0 ? result : ERR_BUG;
    launch->overrides = task_overrides_normalise(
        engine->turn, NULL, launch->definition, scope_partition(scope), scope_account(scope));
    task_overrides_demand(engine->turn, NULL, launch->definition, &launch->demand);
    if (placement_rules_read(engine->turn, NULL, NULL, NULL, &launch->rules, &violation) != 0)
        return error_raise(ERR_BUG, "no placement rules: %s", violation.message);
    if (text_equal(view->revision.propagate_tags, "DAEMON") &&
        value_parse(engine->turn, view->daemon.tags, strlen(view->daemon.tags), &tags) == 0)
        launch->tags = tags;
    return 0;
}

static int start_on(
    struct engine *engine, const struct daemon_view *view, struct task_launch *launch, unsigned index) {
    struct instance *instance = view->cluster->instances[index];
    struct place_request request;
    struct task *task = NULL;
    launch->capacity_provider = instance->capacity_provider;
    task_launch_place_request(launch, &request);
    if (!instance->agent_connected || engine_refusal(engine, instance, &request) != NULL) {
        engine->daemons_hungry = true;
        return 0;
    }
    int result = engine_task_launch(engine, view->cluster, instance, launch, &task);
    if (result != 0)
        return result;
    return daemon_task_rows_insert(engine->store, task->id, view->daemon.id, view->revision.id);
}

static int stop_task(struct engine *engine, const struct daemon_view *view, int64_t task_id) {
    struct task *task = NULL;
    int result = task_by_row(engine, task_id, &task);
    if (result != 0)
        return result < 0 ? result : 0;
    const char *reason = text_equal(view->daemon.status, "ACTIVE")
                             ? arena_printf(engine->turn, "Scaling activity initiated by (deployment %s)",
                                   view->deployment.uid)
                             : "The daemon is being deleted.";
    return engine_task_stop(engine, task, "ServiceSchedulerInitiated", reason);
}

/* An essential container says that it is not well: the task is replaced, as a service would (D). */
static int stop_unhealthy(struct engine *engine, struct daemon_view *view) {
    for (unsigned index = 0; index < view->task_count && view->health_checked; index++) {
        const struct daemon_task_row *row = &view->tasks[index];
        struct task *task = NULL;
        int result = task_by_row(engine, row->task_id, &task);
        if (result < 0)
            return result;
        if (result != 0 || !row->wanted || !text_equal(task_health_status(task), "UNHEALTHY"))
            continue;
        result = engine_task_stop(
            engine, task, "ServiceSchedulerInitiated", "Task failed container health checks");
        if (result == 0)
            result = note_failure(engine, view, row->revision_id);
        if (result == 0)
            result = daemon_stopped(engine, view, task, row->revision_id);
        if (result != 0)
            return result;
    }
    return 0;
}

static int stop_what_is_to_stop(
    struct engine *engine, const struct daemon_view *view, const enum daemon_act *acts) {
    for (unsigned index = 0; index < view->task_count; index++) {
        const struct daemon_task_row *row = &view->tasks[index];
        const struct instance *instance = instance_by_row(engine, row->container_instance_id);
        enum daemon_act act = instance != NULL ? acts[instance->index] : DAEMON_STOP_ALL;
        bool stops = act == DAEMON_STOP_ALL ||
                     (act == DAEMON_STOP_OTHERS && row->revision_id != view->revision.id);
        int result = stops && row->wanted ? stop_task(engine, view, row->task_id) : 0;
        if (result != 0)
            return result;
    }
    return 0;
}

/* Starting waits while tasks have been failing; *due_ms is when it goes on. */
static int start_what_is_missing(
    struct engine *engine, const struct daemon_view *view, const enum daemon_act *acts, int64_t *due_ms) {
    struct task_launch launch = {0};
    int64_t from_ms = view->daemon.failed_ms + daemon_backoff_ms(view->daemon.failures);
    for (unsigned index = 0; index < view->slot_count; index++) {
        if (acts[index] != DAEMON_START)
            continue;
        if (view->daemon.failures != 0 && engine_now_ms(engine) < from_ms) {
            *due_ms = *due_ms == 0 || from_ms < *due_ms ? from_ms : *due_ms;
            return 0;
        }
        int result = launch.definition == NULL ? prepare_launch(engine, view, &launch) : 0;
        if (result == 0)
            result = start_on(engine, view, &launch, index);
        if (result != 0)
            return result;
    }
    return 0;
}

static int end_daemon(struct engine *engine, const struct daemon_view *view) {
    if (view->task_count != 0)
        return 0;
    engine_journal_transition(engine, view->cluster->scope, "daemon",
        daemon_arn_of(engine, view->cluster, view->daemon.name), "DELETE_IN_PROGRESS", "", NULL);
    int result = daemon_rows_delete(engine->store, view->daemon.id);
    return result == 0 ? daemon_definitions_sweep(engine) : result;
}

static int set_due(struct engine *engine, struct daemon_view *view, int64_t due_ms) {
    view->daemon.due_ms = due_ms;
    if (due_ms != 0)
        timers_add(&engine->timers, due_ms, TIMER_DAEMON, view->daemon.id);
    return daemon_rows_update(engine->store, &view->daemon);
}

static int carry_out(struct engine *engine, struct daemon_view *view, const enum daemon_act *acts,
    bool ending, int64_t *due_ms) {
    int result = stop_what_is_to_stop(engine, view, acts);
    if (result != 0 || ending)
        return result;
    result = stop_unhealthy(engine, view);
    return result == 0 ? start_what_is_missing(engine, view, acts, due_ms) : result;
}

static int look_at(struct engine *engine, struct daemon_view *view) {
    bool ending = !text_equal(view->daemon.status, "ACTIVE");
    struct daemon_row before = view->daemon;
    struct daemon_counts counts;
    bool act = true;
    int64_t due_ms = 0;
    int result = daemon_view_count(engine, view);
    enum daemon_act *acts = arena_new_array(engine->turn, enum daemon_act, view->cluster->instance_count);
    if (result != 0)
        return result;
    daemon_plan(
        view->slots, view->cluster->instance_count, view->deployment.drain_percent, ending, acts, &counts);
    if (!ending)
        result = daemon_deployment_step(engine, view, &counts, &act, &due_ms);
    if (result == 0 && act)
        result = carry_out(engine, view, acts, ending, &due_ms);
    if (result != 0)
        return result;
    if (ending && view->task_count == 0)
        return end_daemon(engine, view);
    bool same = due_ms == before.due_ms && view->daemon.revision_id == before.revision_id;
    return same ? 0 : set_due(engine, view, due_ms);
}

static int reconcile(struct engine *engine, int64_t daemon_id) {
    struct daemon_view view;
    int result = daemon_view_read(engine, daemon_id, &view);
    if (result != 0)
        return result < 0 ? result : 0;
    return look_at(engine, &view);
}

int daemons_reconcile(struct engine *engine) {
    int result = engine->daemon_marks != NULL ? engine_flush(engine) : 0;
    struct daemon_mark *marks = engine->daemon_marks;
    engine->daemon_marks = NULL;
    struct daemon_mark *mark = NULL;
    struct daemon_mark *next = NULL;
    HASH_ITER(hh, marks, mark, next) {
        if (result == 0)
            result = reconcile(engine, mark->id);
        HASH_DEL(marks, mark);
        free(mark);
    }
    return result;
}
