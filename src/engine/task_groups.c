/* Groups of tasks on container instances: what distinctInstance, spread and task:group look at (facts: tasks 8.2,
 * 8.3). An instance has few groups at a time, so its list is searched from one end. Placement asks for all instances
 * of one group, so the group has a list, too, and the counts are there. */
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "engine_internal.h"

/* An instance in the list of a group. */
struct group_member {
    unsigned index; /* of the instance in its cluster */
    unsigned tasks;
};

struct task_group {
    struct group_member *members;
    unsigned count;
    UT_hash_handle hh; /* in its cluster */
    char name[];
};

const struct task_group *task_group_find(const struct cluster *cluster, const char *name) {
    struct task_group *group = NULL;
    HASH_FIND_STR(cluster->task_groups, name, group);
    return group;
}

static struct task_group *group_of(struct cluster *cluster, const char *name) {
    struct task_group *group = NULL;
    HASH_FIND_STR(cluster->task_groups, name, group);
    if (group != NULL)
        return group;
    size_t length = strlen(name);
    group = xcalloc(1, sizeof(*group) + length + 1);
    memcpy(group->name, name, length + 1);
    HASH_ADD_KEYPTR(hh, cluster->task_groups, group->name, (unsigned)length, group);
    return group;
}

/* Room for one more in a list that is as long as the next power of two. */
static void *make_room(void *list, unsigned count, size_t size) {
    if ((count & (count - 1)) != 0)
        return list;
    return xrealloc(list, (count != 0 ? (size_t)count * 2 : 1) * size);
}

static struct instance_group *find(const struct instance *instance, const struct task_group *group) {
    for (unsigned index = 0; index < instance->group_count; index++) {
        if (instance->groups[index].group == group)
            return &instance->groups[index];
    }
    return NULL;
}

void task_group_join(struct instance *instance, const char *name) {
    struct task_group *group = group_of(instance->cluster, name);
    const struct instance_group *known = find(instance, group);
    if (known != NULL) {
        group->members[known->place].tasks++;
        return;
    }
    instance->groups = make_room(instance->groups, instance->group_count, sizeof(*instance->groups));
    instance->groups[instance->group_count++] = (struct instance_group){
        .group = group, .place = group->count};
    group->members = make_room(group->members, group->count, sizeof(*group->members));
    group->members[group->count++] = (struct group_member){.index = instance->index, .tasks = 1};
}

static void group_free(struct task_group *group) {
    free(group->members);
    free(group);
}

/* The last of either list takes the place that becomes free. */
static void drop(struct instance *instance, struct instance_group *known) {
    struct task_group *group = known->group;
    struct cluster *cluster = instance->cluster;
    unsigned place = known->place;
    *known = instance->groups[--instance->group_count];
    if (--group->count == 0) {
        HASH_DEL(cluster->task_groups, group);
        group_free(group);
        return;
    }
    if (place == group->count)
        return;
    group->members[place] = group->members[group->count];
    find(cluster->instances[group->members[place].index], group)->place = place;
}

void task_group_leave(struct instance *instance, const char *name) {
    const struct task_group *group = task_group_find(instance->cluster, name);
    struct instance_group *known = group != NULL ? find(instance, group) : NULL;
    if (known != NULL && --known->group->members[known->place].tasks == 0)
        drop(instance, known);
}

unsigned instance_group_tasks(const struct instance *instance, const struct task_group *group_or_null) {
    const struct instance_group *known = group_or_null != NULL ? find(instance, group_or_null) : NULL;
    return known != NULL ? group_or_null->members[known->place].tasks : 0;
}

void task_group_count(const struct task_group *group_or_null, unsigned *counts) {
    for (unsigned place = 0; group_or_null != NULL && place < group_or_null->count; place++)
        counts[group_or_null->members[place].index] = group_or_null->members[place].tasks;
}

unsigned instance_daemon_tasks(const struct instance *instance) {
    unsigned tasks = 0;
    for (unsigned index = 0; index < instance->group_count; index++) {
        const struct instance_group *known = &instance->groups[index];
        if (text_starts_with(known->group->name, "daemon:"))
            tasks += known->group->members[known->place].tasks;
    }
    return tasks;
}

bool instance_any_group(const struct instance *instance, bool (*test)(void *test_context, const char *group),
    void *test_context) {
    for (unsigned index = 0; index < instance->group_count; index++) {
        if (test(test_context, instance->groups[index].group->name))
            return true;
    }
    return false;
}

void task_groups_free(struct cluster *cluster) {
    struct task_group *group;
    struct task_group *next;
    HASH_ITER(hh, cluster->task_groups, group, next) {
        HASH_DEL(cluster->task_groups, group);
        group_free(group);
    }
}
