#include "ecs-local/engine/target_rules.h"

#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/store/target_rule_rows.h"
#include "service_internal.h"

enum {
    ARENA_BYTES = 512,
};

struct target_rule {
    struct target_rule *next; /* older */
    struct arena *arena;
    int64_t id;
    const struct value *match;
    enum target_health health;
    const char *reason; /* NULL: none given */
};

static const char *const health_names[TARGET_HEALTH_COUNT] = {
    [TARGET_HEALTHY] = "healthy",
    [TARGET_UNHEALTHY] = "unhealthy",
    [TARGET_UNKNOWN] = "unknown",
};

const char *target_health_name(enum target_health health) {
    return health_names[health];
}

int target_health_parse(const char *name, enum target_health *ret_health) {
    for (int health = 0; health < TARGET_HEALTH_COUNT; health++) {
        if (!text_equal(health_names[health], name))
            continue;
        *ret_health = (enum target_health)health;
        return 0;
    }
    return 1;
}

/* ---- the list ---- */

static void rule_free(struct target_rule *rule) {
    arena_free(rule->arena);
    free(rule);
}

static void rule_push(struct engine *engine, int64_t id, const struct value *match, enum target_health health,
    const char *reason_or_null) {
    struct target_rule *rule = xcalloc(1, sizeof(*rule));
    rule->arena = arena_new_sized(ARENA_BYTES);
    rule->id = id;
    rule->match = value_copy(rule->arena, match);
    rule->health = health;
    rule->reason = reason_or_null != NULL ? arena_strdup(rule->arena, reason_or_null) : NULL;
    rule->next = engine->services->target_rules;
    engine->services->target_rules = rule;
}

void target_rules_free(struct services *services) {
    while (services->target_rules != NULL) {
        struct target_rule *rule = services->target_rules;
        services->target_rules = rule->next;
        rule_free(rule);
    }
}

static int load_rule(void *context, const struct target_rule_row *row) {
    struct engine *engine = context;
    struct value *match = NULL;
    enum target_health health = TARGET_HEALTHY;
    if (value_parse(engine->services->scratch, row->match, strlen(row->match), &match) != 0 ||
        target_health_parse(row->health, &health) != 0)
        return error_raise(ERR_STORE, "the target rule %lld cannot be read", (long long)row->id);
    rule_push(engine, row->id, match, health, row->reason);
    return 0;
}

int target_rules_load(struct engine *engine) {
    return target_rule_rows_each(engine->store, engine, load_rule);
}

/* ---- changing it ---- */

/* Does everything that `narrow` matches also match `wide`? */
static bool covers(const struct value *wide, const struct value *narrow) {
    for (uint32_t index = 0; index < wide->count; index++) {
        const struct value_entry *entry = &wide->entries[index];
        if (!text_equal(entry->value->string, value_string(narrow, entry->key)))
            return false;
    }
    return true;
}

static int forget_covered(struct engine *engine, const struct value *match, unsigned *ret_left) {
    struct target_rule **place = &engine->services->target_rules;
    unsigned left = 0;
    while (*place != NULL) {
        struct target_rule *rule = *place;
        if (!covers(match, rule->match)) {
            left++;
            place = &rule->next;
            continue;
        }
        int result = target_rule_rows_delete(engine->store, rule->id);
        if (result != 0)
            return result;
        *place = rule->next;
        rule_free(rule);
    }
    *ret_left = left;
    return 0;
}

static void look_at_all(struct engine *engine) {
    struct service_entry *entry;
    struct service_entry *next;
    HASH_ITER(by_row, engine->services->by_row, entry, next) {
        bool may_have_targets = entry->service.settings.has_targets ||
                                entry->service.settings.controller != CONTROLLER_ECS;
        if (!may_have_targets || entry->member_count == 0)
            continue;
        for (unsigned index = 0; index < entry->member_count; index++)
            entry->members[index]->stale = true;
        service_mark(engine, entry);
    }
}

int engine_target_rule_add(
    struct engine *engine, const struct value *match, enum target_health health, const char *reason_or_null) {
    unsigned left = 0;
    int64_t id = 0;
    int result = forget_covered(engine, match, &left);
    if (result == 0 && left >= TARGET_RULES_MAX)
        return TARGET_RULES_FULL;
    if (result == 0 && (health != TARGET_HEALTHY || left != 0)) {
        const struct target_rule_row row = {.match = service_json(engine->turn, match),
            .health = target_health_name(health),
            .reason = reason_or_null};
        result = target_rule_rows_insert(engine->store, &row, &id);
        if (result == 0)
            rule_push(engine, id, match, health, reason_or_null);
    }
    look_at_all(engine);
    return result;
}

int engine_target_rules_clear(struct engine *engine) {
    target_rules_free(engine->services);
    look_at_all(engine);
    return target_rule_rows_delete(engine->store, 0);
}

void engine_target_rules_write(struct engine *engine, struct writer *writer) {
    for (const struct target_rule *rule = engine->services->target_rules; rule != NULL; rule = rule->next) {
        writer_object_begin(writer);
        writer_key_value_opt(writer, "match", rule->match);
        writer_key_string(writer, "health", target_health_name(rule->health));
        writer_key_string_opt(writer, "reason", rule->reason);
        writer_object_end(writer);
    }
}

/* ---- asking it ---- */

/* What a task is known by, beside its target group. */
static const char *told(const struct service *service, const struct deployment *deployment,
    const struct task *task, const char *key) {
    const struct scope *scope = service->cluster->scope;
    const char *slash = strrchr(task->task_definition_arn, '/');
    const struct {
        const char *key;
        const char *text;
    } members[] = {
        {"account", scope_account(scope)},
        {"region", scope_region(scope)},
        {"cluster", service->cluster->name},
        {"service", service->name},
        {"task", task->task_id},
        {"taskDefinition", slash != NULL ? slash + 1 : NULL},
        {"taskSet", deployment->is_task_set ? deployment->digits : NULL},
        {"deployment", deployment->is_task_set ? NULL : deployment->digits},
    };
    for (size_t index = 0; index < array_length(members); index++) {
        if (text_equal(members[index].key, key))
            return members[index].text;
    }
    return NULL;
}

static bool matches(const struct service *service, const struct deployment *deployment,
    const struct task *task, const struct service_target *target, const struct value *match) {
    for (uint32_t index = 0; index < match->count; index++) {
        const struct value_entry *member = &match->entries[index];
        bool group = text_equal(member->key, "targetGroup");
        const char *text = group ? target->name : told(service, deployment, task, member->key);
        if (!text_equal(member->value->string, text))
            return false;
    }
    return true;
}

int target_rules_ask(struct engine *engine, const struct service_entry *entry, struct deployment *deployment,
    const struct task *task, struct target_verdict *ret_verdict) {
    const struct deployment_targets *targets = NULL;
    *ret_verdict = (struct target_verdict){.health = TARGET_HEALTHY};
    if (engine->services->target_rules == NULL)
        return 0;
    int result = deployment_targets(engine, deployment, &targets);
    for (unsigned index = 0; result == 0 && index < targets->count; index++) {
        const struct service_target *target = &targets->items[index];
        const struct target_rule *rule = engine->services->target_rules;
        while (rule != NULL && !matches(&entry->service, deployment, task, target, rule->match))
            rule = rule->next;
        if (rule == NULL || rule->health == TARGET_HEALTHY || ret_verdict->health == TARGET_UNHEALTHY ||
            (rule->health == TARGET_UNKNOWN && ret_verdict->health == TARGET_UNKNOWN))
            continue;
        *ret_verdict = (struct target_verdict){rule->health, target, rule->reason};
    }
    return result;
}
