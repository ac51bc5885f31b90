/* The life of a task as JSON text for its column:
 *
 *   {"since":MS,"stopAt":MS,"containers":[[started,ended,healthy,restarts,exit done,health done],…],
 *    "outcomes":[{"container":INDEX,"outcome":{…}},…]}
 *
 * What is usual is not written, so the life of a plain task is short: "since" is when it started, and its containers
 * started with it. */
#include "ecs-local/base/error.h"
#include "ecs-local/domain/task_life.h"

enum {
    NUMBERS = 6, /* of a container */
};

/* Zeros at the end are left out. */
static void write_container(const struct container_life *life, struct writer *writer) {
    const int64_t numbers[NUMBERS] = {life->started_ms, life->ended_ms, life->healthy_ms, life->restarts,
        life->exit_done ? 1 : 0, life->health_done ? 1 : 0};
    unsigned count = NUMBERS;
    while (count != 0 && numbers[count - 1] == 0)
        count--;
    writer_list_begin(writer);
    for (unsigned index = 0; index < count; index++)
        writer_int(writer, numbers[index]);
    writer_list_end(writer);
}

/* Where a life begins unless it says otherwise. */
static int64_t usual_since_ms(const struct task *task) {
    return task->started_ms != 0 ? task->started_ms : task->created_ms;
}

/* Did every container start with the task, and has nothing happened to it since? */
static bool are_plain(const struct task *task) {
    for (unsigned index = 0; index < task->container_count; index++) {
        const struct container_life *life = &task->containers[index].life;
        if (life->started_ms != task->started_ms || life->ended_ms != 0 || life->healthy_ms != 0 ||
            life->restarts != 0 || life->exit_done || life->health_done)
            return false;
    }
    return true;
}

void task_life_write(const struct task *task, struct writer *writer) {
    writer_object_begin(writer);
    if (task->life.since_ms != usual_since_ms(task))
        writer_key_int(writer, "since", task->life.since_ms);
    if (task->life.stop_at_ms != 0)
        writer_key_int(writer, "stopAt", task->life.stop_at_ms);
    if (!are_plain(task)) {
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
    task->life.since_ms = value_int(life, "since", usual_since_ms(task));
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
