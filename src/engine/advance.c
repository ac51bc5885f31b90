/* Moving a clock that does not move by itself, and knowing when there is nothing left to wait for. */
#include "ecs-local/engine/service_engine.h"
#include "ecs-local/store/daemon_rows.h"
#include "service_internal.h"

enum {
    /* Moments of one call: so that a request cannot keep the loop for ever. Who wants more calls again. */
    MOMENTS_MAX = 100000,
};

/* Tasks that are on their way: neither STOPPED nor RUNNING as they should be. */
static unsigned tasks_in_transition(const struct engine *engine) {
    unsigned count = engine->leaving;
    for (const struct scope *scope = engine->scopes; scope != NULL; scope = scope->hh.next) {
        for (const struct cluster_entry *entry = scope->clusters; entry != NULL; entry = entry->hh.next)
            count += entry->cluster.unfinished - cluster_running_tasks(&entry->cluster);
    }
    return count;
}

void engine_unrest(const struct engine *engine, struct engine_unrest *ret_unrest) {
    unsigned daemons = 0;
    /* What cannot be counted keeps nobody waiting; the next statement will fail as well, and say so. */
    (void)daemon_deployment_rows_open(engine->store, &daemons);
    *ret_unrest = (struct engine_unrest){
        .tasks = tasks_in_transition(engine),
        .services = engine->services->unsettled,
        .daemons = daemons,
    };
}

bool engine_is_stable(struct engine *engine) {
    struct engine_unrest unrest;
    engine_unrest(engine, &unrest);
    return unrest.tasks == 0 && unrest.services == 0 && unrest.daemons == 0;
}

/* Everything that is due at this moment. */
static int run_moment(struct engine *engine) {
    int result = engine_run_due(engine);
    /* What instances have left is announced at its moment, as it would be without a held clock. */
    return result == 0 ? instances_flush(engine) : result;
}

int engine_advance(struct engine *engine, enum advance_goal goal, int64_t world_ms, bool *ret_reached) {
    int64_t due_ms = -1;
    int result = run_moment(engine);
    for (unsigned moments = 0; result == 0 && moments < MOMENTS_MAX; moments++) {
        if (goal == ADVANCE_TO_STABLE && engine_is_stable(engine)) {
            *ret_reached = true;
            return 0;
        }
        due_ms = services_waiting(engine) ? engine_now_ms(engine) : engine_next_due_ms(engine);
        if (due_ms < 0 || due_ms > world_ms)
            break;
        clock_advance_to(&engine->clock, due_ms);
        result = run_moment(engine);
    }
    if (result != 0)
        return result;
    bool interrupted = due_ms >= 0 && due_ms <= world_ms;
    /* Nothing waits any more, so more time would not make it stable either. */
    bool hopeless = goal == ADVANCE_TO_STABLE && due_ms < 0;
    if (!interrupted && !hopeless)
        clock_advance_to(&engine->clock, world_ms);
    *ret_reached = goal == ADVANCE_TO_TIME && !interrupted;
    return 0;
}
