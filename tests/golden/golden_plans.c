/* Plans of services: a table of single plans, and whole roll-outs played to their end, checked at every step. */
#include <stdio.h>
#include <string.h>

#include "ecs-local/base/text.h"
#include "ecs-local/domain/service_plan.h"
#include "golden_services.h"

enum {
    TASKS_MAX = 512,
    ROUNDS_MAX = 64,
    OLD = 1,
    NEW = 2,
    TASK_GOES_MS = 1000,
};

struct scene {
    struct service_settings settings;
    struct service_timing timing;
    struct deployment fresh; /* PRIMARY */
    struct deployment old;
    struct service_task tasks[TASKS_MAX];
    unsigned count;
    int desired;
    int64_t now_ms;
    int64_t next_row;
    int64_t places[TASKS_MAX];
    unsigned place_count;
    const char *zones[8];
    unsigned zone_count;
    unsigned open_zone_count;
    bool rebalancing;
    struct service_plan plan;
};

static void scene_begin(struct scene *scene, const struct value *told) {
    memset(scene, 0, sizeof(*scene));
    scene->settings = (struct service_settings){
        .minimum_percent = (int)value_int(told, "minimum", 100),
        .maximum_percent = (int)value_int(told, "maximum", 200),
        .grace_ms = value_int(told, "grace", 0) * 1000,
        .daemon = value_bool(told, "daemon", false),
        .rebalance = value_bool(told, "rebalance", false),
    };
    scene->timing = (struct service_timing){
        .settle_ms = value_int(told, "settle", 0), .start_batch = (unsigned)value_int(told, "batch", 5000)};
    scene->fresh = (struct deployment){.id = NEW,
        .status = DEPLOYMENT_PRIMARY,
        .rollout = value_bool(told, "failed", false) ? ROLLOUT_FAILED : ROLLOUT_IN_PROGRESS,
        .next_start_ms = value_int(told, "nextStart", 0),
        .holds_old = value_bool(told, "holdsOld", false),
        .next = &scene->old};
    scene->old = (struct deployment){
        .id = OLD, .status = DEPLOYMENT_ACTIVE, .rollout = ROLLOUT_COMPLETED, .was_completed = true};
    scene->rebalancing = value_bool(told, "rebalancing", false);
    scene->desired = (int)value_int(told, "desired", 1);
    scene->now_ms = value_int(told, "now", 1000000);
    value_for_each(zone, value_get(told, "zones")) scene->zones[scene->zone_count++] = zone->string;
    /* "full": zones with tasks and no room. */
    scene->open_zone_count = scene->zone_count;
    value_for_each(zone, value_get(told, "full")) scene->zones[scene->zone_count++] = zone->string;
    for (int64_t place = 1; place <= value_int(told, "instances", 0); place++)
        scene->places[scene->place_count++] = place;
}

static struct service_task *add_task(struct scene *scene, int64_t deployment, enum task_status status) {
    struct service_task *task = &scene->tasks[scene->count++];
    *task = (struct service_task){.task_row = ++scene->next_row,
        .deployment_id = deployment,
        .status = status,
        .wanted = true,
        .created_ms = scene->now_ms - TASK_GOES_MS,
        .started_ms = status == TASK_RUNNING ? scene->now_ms - TASK_GOES_MS : 0};
    return task;
}

/* "healthy", "pending", "unsettled", "unhealthy", "stopping", each with what is particular about it. */
static void tell_task(struct scene *scene, const struct value *told) {
    const char *is = value_string(told, "is");
    int64_t deployment = text_equal(value_string(told, "of"), "old") ? OLD : NEW;
    for (int64_t copy = value_int(told, "times", 1); copy > 0 && scene->count < TASKS_MAX; copy--) {
        struct service_task *task = add_task(
            scene, deployment, text_equal(is, "pending") ? TASK_PENDING : TASK_RUNNING);
        if (text_equal(is, "unhealthy"))
            task->health = HEALTH_UNHEALTHY;
        if (text_equal(is, "unsettled"))
            task->health = HEALTH_UNKNOWN;
        if (text_equal(is, "stopping")) {
            task->wanted = false;
            task->status = TASK_STOPPING;
        }
        task->zone = value_string(told, "zone");
        task->instance_id = value_int(told, "instance", 0);
        task->displaced = value_bool(told, "displaced", false);
        task->protected_until_ms = value_int(told, "protectedUntil", 0);
        task->ends_ms = value_int(told, "ends", 0);
    }
}

static void make_plan(struct arena *arena, struct scene *scene) {
    struct service_view view = {
        .settings = &scene->settings,
        .timing = &scene->timing,
        .desired = scene->desired,
        .deployments = &scene->fresh,
        .tasks = scene->tasks,
        .task_count = scene->count,
        .places = scene->places,
        .place_count = scene->place_count,
        .zones = scene->zones,
        .zone_count = scene->zone_count,
        .open_zone_count = scene->open_zone_count,
        .rebalancing = scene->rebalancing,
        .now_ms = scene->now_ms,
    };
    service_plan_make(arena, &view, &scene->plan);
}

static const char *kind_of(const struct scene *scene, const struct service_task *task) {
    (void)scene;
    return task->deployment_id == OLD ? "old" : "new";
}

/* "start 4; stop old 1, old 2; settled" */
static const char *plan_text(struct arena *arena, const struct scene *scene) {
    static const char *const whys[] = {[STOP_SCALED] = "",
        [STOP_UNHEALTHY] = " unhealthy",
        [STOP_TARGET_UNHEALTHY] = " target",
        [STOP_REBALANCED] = " rebalanced"};
    const struct service_plan *plan = &scene->plan;
    const char *text = "";
    for (unsigned index = 0; index < plan->start_count; index++) {
        const struct service_start *start = &plan->starts[index];
        text = arena_printf(arena, "%s%sstart %u", text, text[0] != '\0' ? "; " : "", start->count);
        if (start->deployment->id == OLD)
            text = arena_printf(arena, "%s old", text);
        if (start->instance_id != 0)
            text = arena_printf(arena, "%s on %lld", text, (long long)start->instance_id);
        if (start->zone != NULL)
            text = arena_printf(arena, "%s in %s", text, start->zone);
        if (start->replaces)
            text = arena_printf(arena, "%s replacing", text);
    }
    for (unsigned index = 0; index < plan->stop_count; index++) {
        const struct service_stop *stop = &plan->stops[index];
        text = arena_printf(arena, "%s%s %s %u%s%s", text,
            index != 0        ? ","
            : text[0] != '\0' ? "; stop"
                              : "stop",
            kind_of(scene, &scene->tasks[stop->task]), stop->task + 1, stop->pending ? " pending" : "",
            whys[stop->why]);
    }
    if (plan->kept_by_protection != 0)
        text = arena_printf(
            arena, "%s%sprotected %u", text, text[0] != '\0' ? "; " : "", plan->kept_by_protection);
    if (plan->blocked)
        text = arena_printf(arena, "%s%sblocked", text, text[0] != '\0' ? "; " : "");
    if (plan->settled)
        text = arena_printf(arena, "%s%ssettled", text, text[0] != '\0' ? "; " : "");
    return text[0] != '\0' ? text : "nothing";
}

static struct value *answer_one(struct arena *arena, struct scene *scene, const struct value *told) {
    scene_begin(scene, told);
    value_for_each(task, value_get(told, "tasks")) tell_task(scene, task);
    make_plan(arena, scene);
    const char *text = plan_text(arena, scene);
    if (scene->plan.look_again_ms != 0)
        text = arena_printf(arena, "%s; again at %lld", text, (long long)scene->plan.look_again_ms);
    return value_new_string(arena, arena_printf(arena, "%s: %s", value_string(told, "case"), text));
}

struct counts {
    int old_healthy;
    int new_healthy;
    int pending;
    int up;
};

static struct counts count(const struct scene *scene) {
    struct counts counts = {0};
    for (unsigned index = 0; index < scene->count; index++) {
        const struct service_task *task = &scene->tasks[index];
        counts.up += task->status <= TASK_RUNNING;
        counts.pending += task->status == TASK_PENDING;
        if (task->status == TASK_RUNNING)
            *(task->deployment_id == OLD ? &counts.old_healthy : &counts.new_healthy) += 1;
    }
    return counts;
}

static void carry_out(struct scene *scene) {
    for (unsigned index = 0; index < scene->plan.stop_count; index++)
        scene->tasks[scene->plan.stops[index].task].wanted = false;
    unsigned kept = 0;
    for (unsigned index = 0; index < scene->count; index++) {
        if (scene->tasks[index].wanted)
            scene->tasks[kept++] = scene->tasks[index];
    }
    scene->count = kept;
    for (unsigned index = 0; index < scene->plan.start_count; index++) {
        for (unsigned copy = 0; copy < scene->plan.starts[index].count && scene->count < TASKS_MAX; copy++)
            add_task(scene, scene->plan.starts[index].deployment->id, TASK_PENDING);
    }
}

static void let_run(struct scene *scene) {
    for (unsigned index = 0; index < scene->count; index++) {
        if (scene->tasks[index].status == TASK_PENDING) {
            scene->tasks[index].status = TASK_RUNNING;
            scene->tasks[index].started_ms = scene->now_ms;
        }
    }
}

/* "8+0 → 8+0p4 → 4+4 …": old healthy, new healthy, pending; the bounds are checked after every round. */
static const char *roll(struct arena *arena, struct scene *scene) {
    int lower = service_lower_bound(scene->desired, scene->settings.minimum_percent);
    int upper = service_upper_bound(scene->desired, scene->settings.maximum_percent);
    struct counts counts = count(scene);
    int begun = counts.old_healthy + counts.new_healthy;
    const char *text = arena_printf(arena, "%d+%d", counts.old_healthy, counts.new_healthy);
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        make_plan(arena, scene);
        if (scene->plan.settled)
            return arena_printf(arena, "%s done", text);
        if (scene->plan.blocked)
            return arena_printf(arena, "%s blocked", text);
        carry_out(scene);
        counts = count(scene);
        int healthy = counts.old_healthy + counts.new_healthy;
        text = arena_printf(arena, "%s > %d+%d", text, counts.old_healthy, counts.new_healthy);
        if (counts.pending != 0)
            text = arena_printf(arena, "%sp%d", text, counts.pending);
        if (healthy < lower && healthy < begun)
            return arena_printf(arena, "%s BELOW %d", text, lower);
        if (counts.up > upper && counts.pending != 0 && counts.up > scene->desired)
            return arena_printf(arena, "%s ABOVE %d", text, upper);
        begun = healthy;
        let_run(scene);
    }
    return arena_printf(arena, "%s ENDLESS", text);
}

static void roll_with(struct arena *arena, struct scene *scene, const struct value *told, int64_t desired,
    int64_t minimum, int64_t maximum, struct value *answer) {
    value_for_each(old, value_get(told, "old")) {
        value_for_each(new, value_get(told, "new")) {
            scene_begin(scene, told);
            scene->desired = (int)desired;
            scene->settings.minimum_percent = (int)minimum;
            scene->settings.maximum_percent = (int)maximum;
            for (int64_t copy = old->integer; copy > 0; copy--)
                add_task(scene, OLD, TASK_RUNNING);
            for (int64_t copy = new->integer; copy > 0; copy--)
                add_task(scene, NEW, TASK_RUNNING);
            value_append(arena, answer,
                value_new_string(
                    arena, arena_printf(arena, "desired %lld, %lld-%lld %%: %s", (long long)desired,
                               (long long)minimum, (long long)maximum, roll(arena, scene))));
        }
    }
}

static void roll_all(
    struct arena *arena, struct scene *scene, const struct value *told, struct value *answer) {
    value_for_each(desired, value_get(told, "desired")) {
        value_for_each(minimum, value_get(told, "minimum")) {
            value_for_each(maximum, value_get(told, "maximum"))
                roll_with(arena, scene, told, desired->integer, minimum->integer, maximum->integer, answer);
        }
    }
}

struct value *answer_service_plan(struct arena *arena, const struct value *input) {
    struct value *answer = value_new_list(arena, 64);
    struct scene *scene = arena_alloc(arena, sizeof(*scene));
    value_for_each(told, input) {
        if (value_has(told, "case"))
            value_append(arena, answer, answer_one(arena, scene, told));
        else
            roll_all(arena, scene, told, answer);
    }
    return answer;
}
