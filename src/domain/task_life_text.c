/* The life of a task as JSON text for its column:
 *
 *   {"since":MS,"stopAt":MS,"containers":[[started,ended,healthy,restarts,exit done,health done],…],
 *    "outcomes":[{"container":INDEX,"outcome":{…}},…]}
 *
 * Nothing that is zero is written, so the life of a plain task is short. */
#include "ecs-local/base/error.h"
#include "ecs-local/domain/task_life.h"

static void write_container(const struct container_life *life, struct writer *writer) {
    writer_list_begin(writer);
    writer_int(writer, life->started_ms);
    writer_int(writer, life->ended_ms);
    writer_int(writer, life->healthy_ms);
    writer_int(writer, life->restarts);
    writer_int(writer, life->exit_done ? 1 : 0);
    writer_int(writer, life->health_done ? 1 : 0);
    writer_list_end(writer);
}

static bool any_started(const struct task *task) {
    for (unsigned index = 0; index < task->container_count; index++) {
        const struct container_life *life = &task->containers[index].life;
        if (life->started_ms != 0 || life->ended_ms != 0)
            return true;
    }
    return false;
}

void task_life_write(const struct task *task, struct writer *writer) {
    writer_object_begin(writer);
    writer_key_int(writer, "since", task->life.since_ms);
    if (task->life.stop_at_ms != 0)
        writer_key_int(writer, "stopAt", task->life.stop_at_ms);
    if (any_started(task)) {
        writer_key_list_begin(writer, "containers");
        for (unsigned index = 0; index < task->container_count; index++)
            write_container(&task->containers[index].life, writer);
        writer_list_end(writer);
    }
    if (task->life.outcome_count != 0) {
        writer_key_list_begin(writer, "outcomes");
        for (unsigned index = 0; index < task->life.outcome_count; index++) {
            writer_object_begin(writer);
            writer_key_int(writer, "container", task->life.outcomes[index].container);
            writer_key_value_opt(writer, "outcome", task->life.outcomes[index].told);
            writer_object_end(writer);
        }
        writer_list_end(writer);
    }
    writer_object_end(writer);
}

static int64_t number_at(const struct value *list, size_t index) {
    const struct value *item = value_at(list, index);
    return item != NULL && item->kind == VALUE_INT ? item->integer : 0;
}

static int read_outcomes(struct task *task, const struct value *list) {
    task->life.outcomes = arena_new_array(task->arena, struct task_outcome, value_count(list));
    value_for_each(entry, list) {
        struct task_outcome *had = &task->life.outcomes[task->life.outcome_count++];
        const char *problem = NULL;
        had->container = (int)value_int(entry, "container", OUTCOME_WHOLE_TASK);
        had->told = value_get(entry, "outcome");
        if (had->container >= (int)task->container_count ||
            outcome_read(task->arena, had->told, &had->outcome, &problem) != 0)
            return ERR_BUG;
    }
    return 0;
}

int task_life_read(struct task *task, const struct value *life) {
    task->life.since_ms = value_int(
        life, "since", task->started_ms != 0 ? task->started_ms : task->created_ms);
    task->life.stop_at_ms = value_int(life, "stopAt", 0);
    const struct value *containers = value_get(life, "containers");
    for (unsigned index = 0; index < task->container_count; index++) {
        const struct value *list = value_at(containers, index);
        task->containers[index].life = (struct container_life){
            .started_ms = containers != NULL ? number_at(list, 0) : task->started_ms,
            .ended_ms = number_at(list, 1),
            .healthy_ms = number_at(list, 2),
            .restarts = (unsigned)number_at(list, 3),
            .exit_done = number_at(list, 4) != 0,
            .health_done = number_at(list, 5) != 0,
        };
    }
    return read_outcomes(task, value_get(life, "outcomes"));
}
