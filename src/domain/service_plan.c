#include "ecs-local/domain/service_plan.h"

#include <math.h>
#include <stdlib.h>

#include "ecs-local/base/text.h"

int service_lower_bound(int desired, int minimum_percent) {
    return (int)(((int64_t)desired * minimum_percent + 99) / 100);
}

int service_upper_bound(int desired, int maximum_percent) {
    return (int)((int64_t)desired * maximum_percent / 100);
}

static int64_t sooner(int64_t left_ms, int64_t right_ms) {
    if (left_ms == 0)
        return right_ms;
    return right_ms == 0 || left_ms < right_ms ? left_ms : right_ms;
}

/* Without checks it takes its time; what is bound to fail before does not count as healthy, whatever its checks say
 * (facts: services 7.5; decisions/0007). */
static int64_t healthy_at(const struct service_task *task, const struct service_timing *timing) {
    bool unchecked = task->health == HEALTH_UNCHECKED;
    int64_t at_ms = unchecked ? task->started_ms + timing->settle_ms : 0;
    bool ends_soon = task->ends_ms != 0 && task->ends_ms <= task->started_ms + SERVICE_HEALTHY_AFTER_MS;
    if (unchecked && ends_soon && at_ms <= task->ends_ms)
        at_ms = task->ends_ms + 1;
    return task->fails_ms != 0 && at_ms <= task->fails_ms ? task->fails_ms + 1 : at_ms;
}

enum task_view service_task_view(const struct service_task *task, const struct service_settings *settings,
    const struct service_timing *timing, int64_t now_ms, int64_t *ret_look_again_ms) {
    *ret_look_again_ms = 0;
    if (!task->wanted || task->status > TASK_RUNNING)
        return VIEW_DOWN;
    if (task->status != TASK_RUNNING)
        return VIEW_PENDING;
    if (task->health == HEALTH_UNHEALTHY || task->target_unhealthy) {
        int64_t grace_ends_ms = task->started_ms + settings->grace_ms;
        if (now_ms >= grace_ends_ms)
            return VIEW_UNHEALTHY;
        *ret_look_again_ms = grace_ends_ms;
        return VIEW_EXCUSED;
    }
    if (task->target_unknown)
        return VIEW_UNSETTLED;
    if (task->health == HEALTH_UNKNOWN)
        return VIEW_UNSETTLED;
    int64_t healthy_ms = healthy_at(task, timing);
    if (now_ms >= healthy_ms)
        return VIEW_HEALTHY;
    *ret_look_again_ms = healthy_ms;
    return VIEW_UNSETTLED;
}

/* While the new one takes over, the one that was COMPLETED last keeps its tasks; those between them do not. */
static bool is_held(const struct service_view *view, const struct deployment *deployment) {
    for (const struct deployment *item = view->deployments; item != NULL; item = item->next) {
        if (item->status != DEPLOYMENT_PRIMARY && item->was_completed && item->rollout != ROLLOUT_FAILED)
            return item == deployment;
    }
    return false;
}

int service_deployment_wants(const struct service_view *view, const struct deployment *deployment) {
    if (view->status != SERVICE_ACTIVE || deployment->status == DEPLOYMENT_DRAINING)
        return 0;
    if (deployment->is_task_set)
        return (int)ceil((double)view->desired * deployment->scale_percent / 100.0 - 1e-9);
    if (deployment->status != DEPLOYMENT_PRIMARY && !is_held(view, deployment))
        return 0;
    return view->settings->daemon ? (int)view->place_count : view->desired;
}

/* Work on one plan. */
struct planner {
    const struct service_view *view;
    struct service_plan *plan;
    enum task_view *views; /* of the tasks */
    bool *stopped;         /* of the tasks: in the plan already */
};

/* The tasks of one target: a deployment with what it replaces, or a task set alone. */
struct group {
    const struct deployment *target;
    bool with_others; /* tasks of other deployments are to go */
    int desired;
    int lower;
    int upper;
    int good;    /* of the target, staying */
    int healthy; /* of all of the group, wanted */
    int running; /* those and the ones that may become so */
    int up;      /* PENDING and RUNNING, wanted or not */
    int extra;   /* wanted, but to be replaced */
    int unhealthy;
    int moving;  /* wanted, and neither healthy nor unhealthy yet */
    int leaving; /* PENDING and RUNNING, not wanted */
};

/* It runs, and time will tell how well. */
static bool is_open(enum task_view view) {
    return view == VIEW_EXCUSED || view == VIEW_UNSETTLED;
}

static bool in_group(const struct group *group, const struct service_task *task) {
    return group->with_others || task->deployment_id == group->target->id;
}

/* Does it stay, as far as its place and deployment go? */
static bool belongs(const struct group *group, const struct service_task *task) {
    return task->deployment_id == group->target->id && !task->displaced;
}

static void count_group(const struct planner *planner, struct group *group) {
    for (unsigned index = 0; index < planner->view->task_count; index++) {
        const struct service_task *task = &planner->view->tasks[index];
        enum task_view view = planner->views[index];
        if (!in_group(group, task))
            continue;
        group->up += task->status <= TASK_RUNNING;
        group->leaving += task->status <= TASK_RUNNING && !task->wanted;
        if (view == VIEW_DOWN || planner->stopped[index])
            continue;
        group->healthy += view == VIEW_HEALTHY;
        group->running += view == VIEW_HEALTHY || is_open(view);
        group->moving += view == VIEW_PENDING || is_open(view);
        if (!belongs(group, task))
            group->extra++;
        else if (view == VIEW_UNHEALTHY)
            group->unhealthy++;
        else
            group->good++;
    }
}

static bool is_protected(const struct planner *planner, unsigned index) {
    return planner->view->tasks[index].protected_until_ms > planner->view->now_ms;
}

static void keep(struct planner *planner, int64_t deployment_id, unsigned count) {
    if (planner->plan->kept_by_protection == 0)
        planner->plan->kept_deployment_id = deployment_id;
    planner->plan->kept_by_protection += count;
}

static void stop(struct planner *planner, unsigned index, enum service_stop_why why) {
    struct service_plan *plan = planner->plan;
    planner->stopped[index] = true;
    plan->stops[plan->stop_count++] = (struct service_stop){
        .task = index, .pending = planner->views[index] == VIEW_PENDING, .why = why};
}

static void start(struct planner *planner, const struct service_start *start) {
    planner->plan->starts[planner->plan->start_count++] = *start;
}

/* As many as are missing, as far as the upper bound, the back-off and the batch allow. */
static int plan_starts(struct planner *planner, const struct group *group) {
    const struct service_view *view = planner->view;
    struct service_plan *plan = planner->plan;
    int missing = group->desired - group->good;
    if (missing <= 0 || group->target->rollout == ROLLOUT_FAILED)
        return 0;
    plan->missing = true;
    if (group->target->next_start_ms > view->now_ms) {
        plan->look_again_ms = sooner(plan->look_again_ms, group->target->next_start_ms);
        return 0;
    }
    int count = missing;
    if (count > group->upper - group->up)
        count = group->upper - group->up;
    if (count > (int)view->timing->start_batch)
        count = (int)view->timing->start_batch;
    if (count <= 0)
        return 0;
    start(planner, &(struct service_start){.deployment = group->target,
                       .count = (unsigned)count,
                       .replaces = group->unhealthy != 0 && group->extra == 0});
    return count;
}

/* Tasks that do not run yet, or not well, are of no use to anybody. The grace period excuses the latter as long as
 * there are not more tasks than desired (facts: services 7.5). */
static bool is_useless(enum task_view view, bool too_many) {
    return view == VIEW_PENDING || view == VIEW_UNHEALTHY || (view == VIEW_EXCUSED && too_many);
}

/* Of those that are to be replaced, the useless ones go first, and at once. */
static void stop_useless(struct planner *planner, struct group *group, int started) {
    for (unsigned index = 0; index < planner->view->task_count; index++) {
        const struct service_task *task = &planner->view->tasks[index];
        enum task_view view = planner->views[index];
        int all = group->good + group->unhealthy + group->extra + started;
        if (!in_group(group, task) || belongs(group, task) || planner->stopped[index] ||
            !is_useless(view, all > group->desired))
            continue;
        if (is_protected(planner, index) && view != VIEW_UNHEALTHY) {
            keep(planner, task->deployment_id, 1);
            continue;
        }
        stop(planner, index, STOP_SCALED);
        group->extra--;
        group->moving -= view != VIEW_UNHEALTHY;
        group->running -= view == VIEW_EXCUSED;
    }
}

/* Running tasks that are to be replaced, as many as the lower bound allows. One that is not known to be healthy counts
 * against those that run, a healthy one against those that are healthy. */
static int stop_replaced(struct planner *planner, struct group *group, enum task_view view, int most) {
    for (unsigned index = 0; index < planner->view->task_count && most > 0; index++) {
        const struct service_task *task = &planner->view->tasks[index];
        if (!in_group(group, task) || belongs(group, task) || planner->stopped[index] ||
            planner->views[index] != view)
            continue;
        if (is_protected(planner, index)) {
            keep(planner, task->deployment_id, 1);
            continue;
        }
        int left = view == VIEW_HEALTHY ? group->healthy : group->running;
        if (left - 1 < group->lower)
            return most;
        stop(planner, index, STOP_SCALED);
        group->running--;
        group->healthy -= view == VIEW_HEALTHY;
        group->moving -= view != VIEW_HEALTHY;
        group->extra--;
        most--;
    }
    return most;
}

/* Unhealthy ones go when others have taken their part, or when there is no room for those others. */
static void stop_unhealthy(struct planner *planner, struct group *group, bool no_room) {
    bool replaced = group->healthy >= group->desired;
    for (unsigned index = 0; index < planner->view->task_count; index++) {
        const struct service_task *task = &planner->view->tasks[index];
        if (!in_group(group, task) || planner->stopped[index] || planner->views[index] != VIEW_UNHEALTHY)
            continue;
        if (!replaced && !no_room)
            return;
        stop(planner, index, task->health == HEALTH_UNHEALTHY ? STOP_UNHEALTHY : STOP_TARGET_UNHEALTHY);
        group->unhealthy--;
        if (!replaced)
            return; /* one by one */
    }
}

static unsigned tasks_like(
    const struct planner *planner, const struct group *group, unsigned like, bool by_zone) {
    const struct service_task *tasks = planner->view->tasks;
    unsigned count = 0;
    for (unsigned index = 0; index < planner->view->task_count; index++) {
        const struct service_task *task = &tasks[index];
        if (!in_group(group, task) || planner->stopped[index] || planner->views[index] == VIEW_DOWN)
            continue;
        count += by_zone ? text_equal(task->zone, tasks[like].zone)
                         : task->instance_id != 0 && task->instance_id == tasks[like].instance_id;
    }
    return count;
}

/* Which go first when there are too many: what does not run yet, what is unhealthy although excused, what is not known
 * to be healthy (facts: services 7.4, 7.5). */
static int usefulness(enum task_view view) {
    static const int ranks[] = {
        [VIEW_PENDING] = 0, [VIEW_EXCUSED] = 1, [VIEW_UNSETTLED] = 2, [VIEW_HEALTHY] = 3};
    return ranks[view];
}

/* Is `left` the better one to stop? Then it is the one of the fullest zone, of the fullest instance, the youngest
 * (facts: services 7.4). */
static bool better_victim(
    const struct planner *planner, const struct group *group, unsigned left, unsigned right) {
    int left_use = usefulness(planner->views[left]);
    int right_use = usefulness(planner->views[right]);
    if (left_use != right_use)
        return left_use < right_use;
    unsigned left_count = tasks_like(planner, group, left, true);
    unsigned right_count = tasks_like(planner, group, right, true);
    if (left_count == right_count) {
        left_count = tasks_like(planner, group, left, false);
        right_count = tasks_like(planner, group, right, false);
    }
    return left_count != right_count ? left_count > right_count : left > right;
}

static bool can_be_victim(const struct planner *planner, const struct group *group, unsigned index) {
    return belongs(group, &planner->view->tasks[index]) && !planner->stopped[index] &&
           planner->views[index] != VIEW_DOWN && planner->views[index] != VIEW_UNHEALTHY;
}

static unsigned in_zone(const struct planner *planner, const char *zone) {
    unsigned count = 0;
    for (unsigned index = 0; index < planner->view->task_count; index++)
        count += planner->views[index] != VIEW_DOWN && !planner->stopped[index] &&
                 text_equal(planner->view->tasks[index].zone, zone);
    return count;
}

/* The one to stop next; -1: there is none. It is of a zone with at least so many tasks. */
static int find_victim(
    const struct planner *planner, const struct group *group, unsigned least_in_zone, unsigned *ret_kept) {
    int victim = -1;
    *ret_kept = 0;
    for (unsigned index = 0; index < planner->view->task_count; index++) {
        if (!can_be_victim(planner, group, index) ||
            (least_in_zone != 0 && in_zone(planner, planner->view->tasks[index].zone) < least_in_zone))
            continue;
        if (is_protected(planner, index))
            (*ret_kept)++;
        else if (victim < 0 || better_victim(planner, group, index, (unsigned)victim))
            victim = (int)index;
    }
    return victim;
}

/* Down to `goal` tasks of the target. `least_in_zone`: to even out zones, only of those with so many; 0: of any. */
static void stop_surplus(struct planner *planner, struct group *group, int goal, unsigned least_in_zone) {
    for (int surplus = group->good - goal; surplus > 0; surplus--) {
        unsigned kept = 0;
        int victim = find_victim(planner, group, least_in_zone, &kept);
        if (victim < 0) {
            keep(planner, group->target->id, kept < (unsigned)surplus ? kept : (unsigned)surplus);
            return;
        }
        enum task_view view = planner->views[victim];
        if (view == VIEW_HEALTHY && group->healthy - 1 < group->lower)
            return;
        if (view == VIEW_UNSETTLED && group->running - 1 < group->lower)
            return;
        group->running -= view != VIEW_PENDING;
        group->healthy -= view == VIEW_HEALTHY;
        group->moving -= view != VIEW_HEALTHY;
        group->good--;
        stop(planner, (unsigned)victim, least_in_zone != 0 ? STOP_REBALANCED : STOP_SCALED);
    }
}

/* How many are in the zone that has most. */
static unsigned most_in_zone(const struct planner *planner) {
    unsigned most = 1;
    for (unsigned index = 0; index < planner->view->task_count; index++) {
        unsigned count = in_zone(planner, planner->view->tasks[index].zone);
        most = count > most ? count : most;
    }
    return most;
}

/* Too many: but for the one that was started to even out the zones, for which one of the fullest zone goes, when it is
 * healthy (facts: services 7.10). */
static void scale_in(struct planner *planner, struct group *group) {
    if (!planner->view->rebalancing) {
        stop_surplus(planner, group, group->desired, 0);
        return;
    }
    stop_surplus(planner, group, group->desired + 1, 0);
    if (group->moving == 0)
        stop_surplus(planner, group, group->desired, most_in_zone(planner));
}

static bool everything_stopped(const struct planner *planner, const struct group *group) {
    for (unsigned index = 0; index < planner->view->task_count; index++) {
        const struct service_task *task = &planner->view->tasks[index];
        if (in_group(group, task) && task->deployment_id != group->target->id && task->status <= TASK_RUNNING)
            return false;
    }
    return true;
}

static void plan_stops(struct planner *planner, struct group *group, int missing, int started) {
    bool full = group->up >= group->upper;
    stop_unhealthy(planner, group, missing > 0 && started == 0 && full);
    /* What is more than wanted, and what stands in the way of those that are missing. */
    int too_many = group->good + started + group->extra - group->desired;
    int most = too_many > 0 ? too_many : missing - started;
    if (group->target->rollout != ROLLOUT_FAILED) {
        most = stop_replaced(planner, group, VIEW_EXCUSED, most);
        most = stop_replaced(planner, group, VIEW_UNSETTLED, most);
        stop_replaced(planner, group, VIEW_HEALTHY, most);
    }
    scale_in(planner, group);
}

static bool is_done(const struct group *group) {
    return group->extra == 0 && group->unhealthy == 0 && group->moving == 0 &&
           group->good == group->desired && group->healthy == group->good;
}

/* Nothing moves, and the percentages are why (facts: services 7.3). */
static bool is_blocked(const struct planner *planner, const struct group *group, int missing) {
    if (group->target->rollout == ROLLOUT_FAILED || group->moving != 0 || group->leaving != 0 ||
        planner->plan->kept_by_protection != 0 || group->target->next_start_ms > planner->view->now_ms)
        return false;
    if (missing != 0)
        return group->up >= group->upper;
    return group->extra != 0 && group->healthy <= group->lower;
}

/* One group. Is all as wanted? */
static bool plan_group(struct planner *planner, struct group *group) {
    struct service_plan *plan = planner->plan;
    unsigned before = plan->stop_count;
    count_group(planner, group);
    int missing = group->desired > group->good ? group->desired - group->good : 0;
    int started = plan_starts(planner, group);
    if (group->target->rollout != ROLLOUT_FAILED)
        stop_useless(planner, group, started);
    plan_stops(planner, group, missing, started);
    if (started != 0 || plan->stop_count != before)
        return false;
    if (is_done(group))
        return everything_stopped(planner, group);
    plan->blocked |= is_blocked(planner, group, missing);
    return false;
}

static void stop_everything(struct planner *planner) {
    for (unsigned index = 0; index < planner->view->task_count; index++) {
        if (planner->views[index] != VIEW_DOWN)
            stop(planner, index, STOP_SCALED);
    }
}

/* Each deployment or task set for itself: maximumPercent bounds the replacing of its own unhealthy tasks only (D). */
static bool plan_each(struct planner *planner) {
    bool settled = true;
    for (const struct deployment *item = planner->view->deployments; item != NULL; item = item->next) {
        int wants = service_deployment_wants(planner->view, item);
        int upper = service_upper_bound(wants, planner->view->settings->maximum_percent);
        struct group group = {
            .target = item, .desired = wants, .lower = wants, .upper = upper < wants ? wants : upper};
        settled &= plan_group(planner, &group);
    }
    return settled;
}

static bool plan_rolling(struct planner *planner) {
    const struct service_view *view = planner->view;
    const struct service_settings *settings = view->settings;
    int upper = service_upper_bound(view->desired, settings->maximum_percent);
    struct group group = {
        .target = view->deployments,
        .with_others = true,
        .desired = view->desired,
        .lower = service_lower_bound(view->desired, settings->minimum_percent),
        .upper = upper < view->desired ? view->desired : upper,
    };
    return plan_group(planner, &group);
}

/* DAEMON: the wanted task of the target on an instance, and what else of the service is up there. */
static bool served(const struct planner *planner, int64_t instance_id, bool *ret_occupied) {
    const struct deployment *target = planner->view->deployments;
    bool found = false;
    *ret_occupied = false;
    for (unsigned index = 0; index < planner->view->task_count; index++) {
        const struct service_task *task = &planner->view->tasks[index];
        if (task->instance_id != instance_id || task->status > TASK_RUNNING)
            continue;
        *ret_occupied = true;
        found |= task->deployment_id == target->id && planner->views[index] != VIEW_DOWN &&
                 !planner->stopped[index];
    }
    return found;
}

static bool plan_daemon(struct planner *planner) {
    const struct service_view *view = planner->view;
    struct group group = {
        .target = view->deployments,
        .with_others = true,
        .desired = (int)view->place_count,
        .lower = service_lower_bound((int)view->place_count, view->settings->minimum_percent),
        .upper = (int)view->place_count,
    };
    count_group(planner, &group);
    bool acts = false;
    bool rolls = group.target->rollout != ROLLOUT_FAILED;
    stop_unhealthy(planner, &group, true);
    if (rolls) {
        stop_useless(planner, &group, 0);
        stop_replaced(planner, &group, VIEW_EXCUSED, group.extra);
        stop_replaced(planner, &group, VIEW_UNSETTLED, group.extra);
        stop_replaced(planner, &group, VIEW_HEALTHY, group.extra);
    }
    bool backs_off = group.target->next_start_ms > view->now_ms;
    for (unsigned index = 0; rolls && index < view->place_count; index++) {
        bool occupied = false;
        if (served(planner, view->places[index], &occupied))
            continue;
        planner->plan->missing = true;
        if (occupied || backs_off)
            continue;
        acts = true;
        start(planner, &(struct service_start){
                           .deployment = group.target, .count = 1, .instance_id = view->places[index]});
    }
    if (planner->plan->missing && backs_off)
        planner->plan->look_again_ms = sooner(planner->plan->look_again_ms, group.target->next_start_ms);
    return !acts && planner->plan->stop_count == 0 && !planner->plan->missing && group.extra == 0 &&
           group.healthy == group.desired && group.moving == 0 && everything_stopped(planner, &group);
}

/* One task more in the emptiest zone; when it is healthy, one of the fullest zone goes, and so on until the zones are
 * even: what has been seen is one at a time (facts: services 7.9, 7.10). */
static void plan_balance(struct planner *planner) {
    const struct service_view *view = planner->view;
    unsigned least = 0;
    unsigned most = 0;
    for (unsigned index = 1; index < view->zone_count; index++) {
        if (index < view->open_zone_count &&
            in_zone(planner, view->zones[index]) < in_zone(planner, view->zones[least]))
            least = index;
        if (in_zone(planner, view->zones[index]) > in_zone(planner, view->zones[most]))
            most = index;
    }
    if (view->open_zone_count == 0 ||
        in_zone(planner, view->zones[most]) < in_zone(planner, view->zones[least]) + 2)
        return;
    planner->plan->unbalanced = true;
    if (service_upper_bound(view->desired, view->settings->maximum_percent) <= view->desired ||
        view->deployments->next_start_ms > view->now_ms)
        return;
    start(planner,
        &(struct service_start){.deployment = view->deployments, .count = 1, .zone = view->zones[least]});
}

static void look(struct planner *planner) {
    const struct service_view *view = planner->view;
    for (unsigned index = 0; index < view->task_count; index++) {
        int64_t again_ms = 0;
        planner->views[index] = service_task_view(
            &view->tasks[index], view->settings, view->timing, view->now_ms, &again_ms);
        planner->plan->look_again_ms = sooner(planner->plan->look_again_ms, again_ms);
        int64_t protected_ms = view->tasks[index].protected_until_ms;
        if (protected_ms > view->now_ms)
            planner->plan->look_again_ms = sooner(planner->plan->look_again_ms, protected_ms);
    }
}

static bool apart(const struct service_view *view) {
    return view->settings->controller != CONTROLLER_ECS || view->deployments->holds_old;
}

void service_plan_make(struct arena *arena, const struct service_view *view, struct service_plan *ret_plan) {
    unsigned deployments = 0;
    for (const struct deployment *item = view->deployments; item != NULL; item = item->next)
        deployments++;
    *ret_plan = (struct service_plan){
        .starts = arena_new_array(arena, struct service_start, deployments + view->place_count + 1),
        .stops = arena_new_array(arena, struct service_stop, view->task_count),
    };
    struct planner planner = {
        .view = view,
        .plan = ret_plan,
        .views = arena_new_array(arena, enum task_view, view->task_count),
        .stopped = arena_new_array(arena, bool, view->task_count),
    };
    look(&planner);
    if (view->status != SERVICE_ACTIVE || view->deployments == NULL)
        stop_everything(&planner);
    else if (view->settings->daemon)
        ret_plan->settled = plan_daemon(&planner);
    else if (apart(view))
        ret_plan->settled = plan_each(&planner);
    else
        ret_plan->settled = plan_rolling(&planner);
    if (ret_plan->settled && view->settings->rebalance && !view->settings->daemon && !apart(view))
        plan_balance(&planner);
}
