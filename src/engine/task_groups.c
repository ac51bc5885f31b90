/* Groups of tasks on container instances: what distinctInstance, spread and task:group look at (facts: tasks 8.2,
 * 8.3). An instance has few groups at a time, so its list is searched from one end. */
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "engine_internal.h"

struct task_group {
    unsigned instances; /* that have it in their list */
    UT_hash_handle hh;
    char name[];
};

const struct task_group *task_group_find(struct engine *engine, const char *name) {
    struct task_group *group = NULL;
    HASH_FIND_STR(engine->task_groups, name, group);
    return group;
}

static struct task_group *group_of(struct engine *engine, const char *name) {
    struct task_group *group = NULL;
    HASH_FIND_STR(engine->task_groups, name, group);
    if (group != NULL)
        return group;
    size_t length = strlen(name);
    group = xcalloc(1, sizeof(*group) + length + 1);
    memcpy(group->name, name, length + 1);
    HASH_ADD_KEYPTR(hh, engine->task_groups, group->name, (unsigned)length, group);
    return group;
}

void task_group_join(struct engine *engine, struct instance *instance, const char *name) {
    struct task_group *group = group_of(engine, name);
    for (unsigned index = 0; index < instance->group_count; index++) {
        if (instance->groups[index].group == group) {
            instance->groups[index].tasks++;
            return;
        }
    }
    /* The list is as long as the next power of two. */
    if ((instance->group_count & (instance->group_count - 1)) == 0) {
        size_t capacity = instance->group_count != 0 ? (size_t)instance->group_count * 2 : 1;
        instance->groups = xrealloc(instance->groups, capacity * sizeof(struct instance_group));
    }
    instance->groups[instance->group_count++] = (struct instance_group){.group = group, .tasks = 1};
    group->instances++;
}

static void drop(struct engine *engine, struct instance *instance, unsigned index) {
    struct task_group *group = instance->groups[index].group;
    instance->groups[index] = instance->groups[--instance->group_count];
    if (--group->instances == 0) {
        HASH_DEL(engine->task_groups, group);
        free(group);
    }
}

void task_group_leave(struct engine *engine, struct instance *instance, const char *name) {
    const struct task_group *group = task_group_find(engine, name);
    for (unsigned index = 0; group != NULL && index < instance->group_count; index++) {
        if (instance->groups[index].group != group)
            continue;
        if (--instance->groups[index].tasks == 0)
            drop(engine, instance, index);
        return;
    }
}

unsigned instance_group_tasks(const struct instance *instance, const struct task_group *group_or_null) {
    for (unsigned index = 0; group_or_null != NULL && index < instance->group_count; index++) {
        if (instance->groups[index].group == group_or_null)
            return instance->groups[index].tasks;
    }
    return 0;
}

bool instance_any_group(const struct instance *instance, bool (*test)(void *test_context, const char *group),
    void *test_context) {
    for (unsigned index = 0; index < instance->group_count; index++) {
        if (test(test_context, instance->groups[index].group->name))
            return true;
    }
    return false;
}

void task_groups_free(struct engine *engine) {
    struct task_group *group;
    struct task_group *next;
    HASH_ITER(hh, engine->task_groups, group, next) {
        HASH_DEL(engine->task_groups, group);
        free(group);
    }
}
