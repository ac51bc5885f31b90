/* The scheduler of services: looks at each service whose surroundings have changed, lets domain/service_plan.h decide,
 * and does what it says. Level-triggered: it needs to know only that something is different, not what. */
#include "ecs-local/base/error.h"
#include "service_internal.h"

bool services_waiting(const struct engine *engine) {
    return engine->services->dirty.count != 0;
}

bool service_timer_waits(struct engine *engine, int64_t row, int64_t due_ms) {
    const struct service_entry *entry = service_by_row(engine, row);
    return entry != NULL && entry->due_ms == due_ms;
}

int service_timer_fired(struct engine *engine, int64_t row) {
    struct service_entry *entry = service_by_row(engine, row);
    if (entry != NULL) {
        entry->due_ms = 0;
        service_mark(engine, entry);
    }
    return 0;
}

static int refresh_members(struct engine *engine, struct service_entry *entry) {
    unsigned index = 0;
    while (index < entry->member_count) {
        struct service_member *member = entry->members[index];
        struct task *task = NULL;
        int result = member->stale ? task_by_row(engine, member->task.task_row, &task) : 0;
        if (result < 0)
            return result;
        if (result == 0 && task != NULL)
            service_member_refresh(engine, member, task);
        if (result > 0 || (task != NULL && task->status == TASK_STOPPED))
            service_member_remove(engine, member);
        else
            index++;
    }
    return 0;
}

static void count_tasks(struct service_entry *entry) {
    struct service *service = &entry->service;
    service->running = service->pending = 0;
    for (struct deployment *item = service->deployments; item != NULL; item = item->next)
        item->running = item->pending = 0;
    for (unsigned index = 0; index < entry->member_count; index++) {
        const struct service_task *task = &entry->members[index]->task;
        struct deployment *deployment = service_deployment_by_row(service, task->deployment_id);
        unsigned running = task->status == TASK_RUNNING;
        unsigned pending = task->status < TASK_RUNNING;
        service->running += running;
        service->pending += pending;
        if (deployment != NULL) {
            deployment->running += running;
            deployment->pending += pending;
        }
    }
}

static int reconcile(struct engine *engine, struct service_entry *entry) {
    int result = refresh_members(engine, entry);
    if (result == 0)
        count_tasks(entry);
    return result;
}

int services_reconcile(struct engine *engine) {
    struct service_list *list = &engine->services->dirty;
    int result = 0;
    while (result == 0 && list->count != 0) {
        struct service_entry *entry = list->items[--list->count];
        entry->dirty = false;
        result = reconcile(engine, entry);
    }
    return result;
}
