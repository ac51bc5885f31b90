/* /_ecs/targets: what target groups say about the tasks of services that have load balancers.
 *
 *   POST   {"targetGroup": ARN, "cluster": …, "service": …, "taskDefinition": "web:2", "task": ID or ARN,
 *           "taskSet": ID or ARN, "deployment": ID, "health": "unhealthy", "reason": …} → 204; what is left out is any
 *   GET    → {"targets": [{"match": {…}, "health": …, "reason": …}]}
 *   DELETE everything is healthy again */
#include <string.h>

#include "admin_internal.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/engine/target_rules.h"

enum {
    STATUS_BAD = 400,
    STATUS_FULL = 409,
    STATUS_DONE = 204,
    TEXT_MAX = 2048,
};

/* Names where an ARN was given: its last part; the digits of "ecs-svc/…". A target group is known by its ARN. */
static const char *name_of(const char *key, const char *text) {
    const char *slash = strrchr(text, '/');
    bool parted = text_starts_with(text, "arn:") || text_starts_with(text, "ecs-svc/");
    return text_equal(key, "targetGroup") || !parted || slash == NULL ? text : slash + 1;
}

static const char *read_match(struct admin_call *call, struct value *match) {
    static const char *const known[] = {"account", "region", "cluster", "service", "taskDefinition", "task",
        "taskSet", "deployment", "targetGroup"};
    for (uint32_t index = 0; index < value_count(call->input); index++) {
        const struct value_entry *entry = &call->input->entries[index];
        bool found = false;
        for (size_t name = 0; name < array_length(known); name++)
            found = found || text_equal(entry->key, known[name]);
        if (text_equal(entry->key, "health") || text_equal(entry->key, "reason"))
            continue;
        if (!found || entry->value->kind != VALUE_STRING || strlen(entry->value->string) > TEXT_MAX)
            return arena_printf(call->arena,
                "%s: a target is told by account, region, cluster, service, taskDefinition, task, taskSet, "
                "deployment and targetGroup, each a text",
                entry->key);
        value_set(call->arena, match, entry->key,
            value_new_string(call->arena, name_of(entry->key, entry->value->string)));
    }
    return NULL;
}

int admin_target_set(struct admin_call *call) {
    struct value *match = value_new_map(call->arena, 4);
    const struct value *reason = value_get(call->input, "reason");
    enum target_health health = TARGET_HEALTHY;
    if (target_health_parse(value_string(call->input, "health"), &health) != 0)
        return admin_fail(call, STATUS_BAD, "InvalidTarget", "health must be healthy, unhealthy or unknown");
    if (reason != NULL && (reason->kind != VALUE_STRING || strlen(reason->string) > TEXT_MAX))
        return admin_fail(call, STATUS_BAD, "InvalidTarget", "reason must be a text");
    const char *problem = read_match(call, match);
    if (problem != NULL)
        return admin_fail(call, STATUS_BAD, "InvalidTarget", "%s", problem);
    int result = engine_target_rule_add(
        call->engine, match, health, value_string_nonempty(call->input, "reason"));
    if (result == TARGET_RULES_FULL)
        return admin_fail(
            call, STATUS_FULL, "TooManyTargets", "there are %d rules already", TARGET_RULES_MAX);
    if (result == 0)
        call->status = STATUS_DONE;
    return result;
}

int admin_targets(struct admin_call *call) {
    writer_object_begin(&call->writer);
    writer_key_list_begin(&call->writer, "targets");
    engine_target_rules_write(call->engine, &call->writer);
    writer_list_end(&call->writer);
    writer_object_end(&call->writer);
    return 0;
}

int admin_targets_clear(struct admin_call *call) {
    call->status = STATUS_DONE;
    return engine_target_rules_clear(call->engine);
}
