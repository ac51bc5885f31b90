/* The unfinished tasks of services, as the scheduler sees them: kept up to date from the tasks, counted, given up when
 * they have stopped. */
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/task_life.h"
#include "service_internal.h"

struct interned {
    UT_hash_handle hh;
    char text[];
};

const char *engine_intern(struct engine *engine, const char *text_or_null) {
    if (text_or_null == NULL)
        return NULL;
    struct interned *entry = NULL;
    HASH_FIND_STR(engine->services->texts, text_or_null, entry);
    if (entry == NULL) {
        size_t length = strlen(text_or_null);
        entry = xcalloc(1, sizeof(*entry) + length + 1);
        memcpy(entry->text, text_or_null, length + 1);
        HASH_ADD_KEYPTR(hh, engine->services->texts, entry->text, (unsigned)length, entry);
    }
    return entry->text;
}

void services_texts_free(struct services *services) {
    struct interned *entry;
    struct interned *next;
    HASH_ITER(hh, services->texts, entry, next) {
        HASH_DEL(services->texts, entry);
        free(entry);
    }
}

struct service_member *service_member_find(struct engine *engine, int64_t task_row) {
    struct service_member *member = NULL;
    HASH_FIND(hh, engine->services->members, &task_row, sizeof(task_row), member);
    return member;
}

struct service_member *service_member_add(
    struct engine *engine, struct service_entry *entry, int64_t task_row, int64_t deployment_id) {
    struct service_member *member = xcalloc(1, sizeof(*member));
    member->owner = entry;
    member->task.task_row = task_row;
    member->task.deployment_id = deployment_id;
    member->stale = true;
    HASH_ADD(hh, engine->services->members, task.task_row, sizeof(task_row), member);
    if (entry->member_count == entry->member_capacity) {
        entry->member_capacity = entry->member_capacity != 0 ? entry->member_capacity * 2 : 4;
        entry->members = xrealloc(entry->members, entry->member_capacity * sizeof(struct service_member *));
    }
    /* Rows grow, so the list stays in their order. */
    entry->members[entry->member_count++] = member;
    return member;
}

void service_member_remove(struct engine *engine, struct service_member *member) {
    struct service_entry *entry = member->owner;
    unsigned index = 0;
    while (index < entry->member_count && entry->members[index] != member)
        index++;
    if (index < entry->member_count) {
        entry->member_count--;
        memmove(&entry->members[index], &entry->members[index + 1],
            (entry->member_count - index) * sizeof(struct service_member *));
    }
    HASH_DEL(engine->services->members, member);
    free(member);
}

void service_task_changed(struct engine *engine, const struct task *task) {
    struct service_member *member = service_member_find(engine, task->id);
    if (member == NULL) {
        struct service_entry *entry = task->status != TASK_STOPPED ? service_by_row(engine, task->service_id)
                                                                   : NULL;
        if (entry == NULL)
            return;
        member = service_member_add(engine, entry, task->id, task->deployment_id);
    }
    member->stale = true;
    service_mark(engine, member->owner);
}

static enum task_health health_of(const struct task *task) {
    if (!task_has_health_checks(task))
        return HEALTH_UNCHECKED;
    const char *health = task_checked_health(task);
    if (text_equal(health, "HEALTHY"))
        return HEALTH_HEALTHY;
    return text_equal(health, "UNHEALTHY") ? HEALTH_UNHEALTHY : HEALTH_UNKNOWN;
}

/* Copies what the scheduler needs. */
void service_member_refresh(struct engine *engine, struct service_member *member, const struct task *task) {
    struct service_task *seen = &member->task;
    seen->instance_id = task->container_instance_id;
    seen->zone = engine_intern(engine, task->availability_zone);
    seen->provider = engine_intern(engine, task->capacity_provider);
    seen->status = task->status;
    seen->wanted = task->desired == TASK_RUNNING;
    seen->waiting = task->waiting != NULL;
    seen->health = health_of(task);
    seen->created_ms = task->created_ms;
    seen->started_ms = task->started_ms;
    seen->ends_ms = task->status == TASK_RUNNING && seen->wanted ? task->due_ms : 0;
    seen->fails_ms = task->status == TASK_RUNNING ? life_fails_soon_ms(task, SERVICE_HEALTHY_AFTER_MS) : 0;
    seen->protected_until_ms = task->protected_until_ms;
    member->stale = false;
}

void service_hungry(struct engine *engine, struct service_entry *entry) {
    if (entry->hungry)
        return;
    entry->hungry = true;
    entry->next_hungry = engine->services->hungry;
    engine->services->hungry = entry;
}

void service_not_hungry(struct engine *engine, struct service_entry *entry) {
    if (!entry->hungry)
        return;
    struct service_entry **place = &engine->services->hungry;
    while (*place != NULL && *place != entry)
        place = &(*place)->next_hungry;
    if (*place != NULL)
        *place = entry->next_hungry;
    entry->hungry = false;
}

/* What it waited for may be there: it need not wait for its next attempt. */
static void feed(struct engine *engine, struct service_entry *entry) {
    int64_t latest_ms = engine_now_ms(engine) + engine->services->timing.retry_max_ms;
    for (struct deployment *item = entry->service.deployments; item != NULL; item = item->next) {
        if (item->next_start_ms == 0 || item->next_start_ms > latest_ms)
            continue;
        item->next_start_ms = 0;
        item->dirty = true;
        service_changed(engine, entry);
    }
    service_mark(engine, entry);
}

void services_room_made(struct engine *engine) {
    for (struct service_entry *entry = engine->services->hungry; entry != NULL; entry = entry->next_hungry)
        feed(engine, entry);
}

void services_instances_changed(struct engine *engine, const struct cluster *cluster) {
    for (struct service *service = cluster->services; service != NULL; service = service->next_in_cluster) {
        struct service_entry *entry = service_entry_of(service);
        if (entry->hungry)
            feed(engine, entry);
        else if (service->status != SERVICE_INACTIVE)
            service_mark(engine, entry);
    }
}
