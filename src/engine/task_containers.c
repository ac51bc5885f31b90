/* Containers of a simulated task: what an agent would report of them, made up, and their steps. */
#include <string.h>

#include "ecs-local/base/log.h"
#include "ecs-local/base/text.h"
#include "engine_internal.h"

enum {
    DIGEST_AT = sizeof("sha256:") - 1
};

/* The same image always has the same digest, as if it had been pulled from a registry (D). One that is named by its
 * digest keeps it. */
static const char *image_digest(struct task *task, const char *image) {
    const char *named = strstr(image, "@sha256:");
    if (named != NULL)
        return named + 1;
    char text[DIGEST_AT + 65] = "sha256:";
    uint64_t state = 14695981039346656037U;
    for (const char *cursor = image; *cursor != '\0'; cursor++)
        state = (state ^ (unsigned char)*cursor) * 1099511628211U;
    for (unsigned part = 0; part < 4; part++) {
        state += 0x9e3779b97f4a7c15U;
        uint64_t mixed = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9U;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
        mixed ^= mixed >> 31;
        for (unsigned digit = 0; digit < 16; digit++, mixed <<= 4)
            text[DIGEST_AT + part * 16 + digit] = "0123456789abcdef"[mixed >> 60];
    }
    text[DIGEST_AT + 64] = '\0';
    return task_text(task, text);
}

/* Docker's id of 64 hexadecimal digits; on Fargate <task id>-<9 or 10 digits> (facts: tasks 5.2). */
static const char *runtime_id(struct engine *engine, struct task *task) {
    if (task->platform == TASK_ON_FARGATE)
        return arena_printf(task->arena, "%s-%llu", task->task_id,
            (unsigned long long)(100000000 + ids_below(&engine->ids, 4000000000U)));
    char id[65];
    ids_hex_bytes(&engine->ids, id, 32);
    return task_text(task, id);
}

static int prepare_start(struct engine *engine, struct task *task, struct task_container *container) {
    int result = bind_ports(engine, task, container);
    if (result == 0) {
        container->image_digest = image_digest(task, container->image);
        container->runtime_id = runtime_id(engine, task);
        task_container_forget_run(container);
    }
    return result;
}

static const char *shown(const struct task_container *container, enum life_step_kind kind) {
    return kind == LIFE_CONTAINER_HEALTH ? container->health_status : container->last_status;
}

int task_container_step(struct engine *engine, struct task *task, const struct task_definition *definition,
    const struct life_step *step, int64_t now_ms) {
    struct task_container *container = &task->containers[step->container];
    const char *from = shown(container, step->kind);
    bool restarted = false;
    if (step->kind == LIFE_CONTAINER_STARTS) {
        int result = prepare_start(engine, task, container);
        if (result != 0)
            return result;
    }
    life_apply(task, definition, step, now_ms, &restarted);
    task_container_told(
        engine, task, container, from, restarted ? "RESTARTED" : shown(container, step->kind));
    const char *stop_code = NULL;
    const char *reason = NULL;
    if (life_must_stop(task, &stop_code, &reason))
        task_unwant(engine, task, stop_code, reason, now_ms);
    return 0;
}

/* An address that no other task of the account and region has, until this one is STOPPED. */
static void give_address(struct task *task, struct scope *scope) {
    uint32_t address = 0;
    char text[ADDRESS_TEXT_SIZE];
    if (address_pool_take(&scope->addresses, &address) != 0)
        log_warn(
            "every address of %s in %s is taken: two tasks have the same", scope->account, scope->region);
    task->demand.address = address;
    address_text(address, '.', text);
    task->interface.private_ipv4 = task_text(task, text);
    address_text(address, '-', text);
    task->interface.private_dns_name = text_equal(scope->region, "us-east-1")
                                           ? arena_printf(task->arena, "ip-%s.ec2.internal", text)
                                           : arena_printf(task->arena, "ip-%s.%s.compute.internal", text,
                                                 scope->region);
}

/* Its network interface and volume are there. */
void task_interface_attached(struct engine *engine, struct task *task) {
    if (task->volume.attachment_id != NULL && task->volume.volume_id == NULL) {
        char volume[18];
        ids_hex_bytes(&engine->ids, volume, 8);
        task->volume.volume_id = arena_printf(task->arena, "vol-0%.16s", volume);
    }
    struct task_interface *interface = &task->interface;
    if (interface->attachment_id == NULL || interface->interface_id != NULL)
        return;
    char hex[18];
    ids_hex_bytes(&engine->ids, hex, 8);
    interface->interface_id = arena_printf(task->arena, "eni-0%.16s", hex);
    ids_hex_bytes(&engine->ids, hex, 5);
    interface->mac_address = arena_printf(
        task->arena, "0a:%.2s:%.2s:%.2s:%.2s:%.2s", hex, hex + 2, hex + 4, hex + 6, hex + 8);
    give_address(task, cluster_by_row(engine, task->cluster_id)->scope);
}

void task_interface_released(struct engine *engine, struct task *task) {
    struct scope *scope = cluster_by_row(engine, task->cluster_id)->scope;
    address_pool_release(&scope->addresses, task->demand.address);
    task->demand.address = 0;
}
