/* What a service tells: its troubles once, and events for EventBridge (facts: services 7.6, 7.9, 15). */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/store/service_rows.h"
#include "service_internal.h"

enum {
    DETAIL_MAX = 64 * 1024,
};

static int add_event(struct engine *engine, struct service *service, int64_t at_ms, const char *message) {
    char uuid[ID_UUID_SIZE];
    ids_uuid(&engine->ids, uuid);
    return service_event_rows_add(engine->store, service->id, uuid, at_ms, message, SERVICE_EVENTS_KEPT);
}

int engine_service_event(struct engine *engine, struct service *service, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const char *message = arena_vprintf(engine->turn, format, arguments);
    va_end(arguments);
    return add_event(engine, service, engine_now_ms(engine), message);
}

/* As it is seen on AWS: a millisecond behind what it follows from. */
int service_event_after(struct engine *engine, struct service *service, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const char *message = arena_vprintf(engine->turn, format, arguments);
    va_end(arguments);
    return add_event(engine, service, engine_now_ms(engine) + 1, message);
}

bool service_troubled(struct engine *engine, struct service_entry *entry, enum service_trouble trouble) {
    int64_t now_ms = engine_now_ms(engine);
    bool known = entry->trouble != NULL && strchr(entry->trouble, (char)trouble) != NULL;
    if (known && now_ms - entry->trouble_ms < SERVICE_STEADY_AGAIN_MS)
        return false;
    if (!known) {
        size_t length = entry->trouble != NULL ? strlen(entry->trouble) : 0;
        entry->trouble = xrealloc(entry->trouble, length + 2);
        entry->trouble[length] = (char)trouble;
        entry->trouble[length + 1] = '\0';
    }
    entry->trouble_ms = now_ms;
    service_changed(engine, entry);
    return true;
}

void service_untroubled(struct engine *engine, struct service_entry *entry, enum service_trouble trouble) {
    char *place = entry->trouble != NULL ? strchr(entry->trouble, (char)trouble) : NULL;
    if (place == NULL)
        return;
    memmove(place, place + 1, strlen(place));
    service_changed(engine, entry);
}

void service_calm(struct engine *engine, struct service_entry *entry) {
    if (entry->trouble == NULL)
        return;
    free(entry->trouble);
    entry->trouble = NULL;
    service_changed(engine, entry);
}

static void write_list(struct writer *writer, const char *key, const char *item_or_null) {
    if (item_or_null == NULL)
        return;
    writer_key_list_begin(writer, key);
    writer_string(writer, item_or_null);
    writer_list_end(writer);
}

void service_action(struct engine *engine, struct service_entry *entry, const char *type, const char *name,
    const struct service_action_detail *detail_or_null) {
    static const struct service_action_detail none = {0};
    const struct service_action_detail *more = detail_or_null != NULL ? detail_or_null : &none;
    const struct service *service = &entry->service;
    const struct scope *scope = service->cluster->scope;
    struct buf buf = BUF_INIT(DETAIL_MAX);
    struct writer writer = WRITER_INIT(&buf);
    char at[TEXT_ISO8601_SIZE];
    text_format_iso8601(engine_now_ms(engine), at);
    writer_object_begin(&writer);
    writer_key_string(&writer, "eventType", type);
    writer_key_string(&writer, "eventName", name);
    writer_key_string(&writer, "clusterArn", service->cluster->arn);
    if (more->capacity_provider != NULL) {
        char arn[512];
        snprintf(arn, sizeof(arn), "arn:%s:ecs:%s:%s:capacity-provider/%s", scope->partition, scope->region,
            scope->account, more->capacity_provider);
        write_list(&writer, "capacityProviderArns", arn);
    }
    write_list(&writer, "containerInstanceArns", more->container_instance);
    write_list(&writer, "taskSetArns", more->task_set);
    writer_key_string_opt(&writer, "reason", more->reason);
    writer_key_string(&writer, "createdAt", at);
    writer_object_end(&writer);
    engine_emit_event(engine, scope, "ECS Service Action", &service->arn, 1, buf_text(&buf));
    buf_done(&buf);
}

void service_deployment_event(struct engine *engine, struct service_entry *entry,
    const struct deployment *deployment, const char *type, const char *name, const char *reason) {
    struct buf buf = BUF_INIT(DETAIL_MAX);
    struct writer writer = WRITER_INIT(&buf);
    char at[TEXT_ISO8601_SIZE];
    text_format_iso8601(engine_now_ms(engine), at);
    writer_object_begin(&writer);
    writer_key_string(&writer, "eventType", type);
    writer_key_string(&writer, "eventName", name);
    writer_key_string(&writer, "deploymentId", arena_printf(engine->turn, "ecs-svc/%s", deployment->digits));
    writer_key_string(&writer, "updatedAt", at);
    writer_key_string(&writer, "reason", reason);
    writer_object_end(&writer);
    engine_emit_event(engine, entry->service.cluster->scope, "ECS Deployment State Change",
        &entry->service.arn, 1, buf_text(&buf));
    buf_done(&buf);
}
