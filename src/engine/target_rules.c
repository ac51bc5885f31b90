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
    bool healthy;
};

/* ---- the list ---- */

static void rule_free(struct target_rule *rule) {
    arena_free(rule->arena);
    free(rule);
}

static void rule_push(struct engine *engine, int64_t id, const struct value *match, bool healthy) {
    struct target_rule *rule = xcalloc(1, sizeof(*rule));
    rule->arena = arena_new_sized(ARENA_BYTES);
    rule->id = id;
    rule->match = value_copy(rule->arena, match);
    rule->healthy = healthy;
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
    if (value_parse(engine->services->scratch, row->match, strlen(row->match), &match) != 0)
        return error_raise(ERR_STORE, "the target rule %lld cannot be read", (long long)row->id);
    rule_push(engine, row->id, match, row->healthy);
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
        if (!entry->service.settings.has_targets || entry->member_count == 0)
            continue;
        for (unsigned index = 0; index < entry->member_count; index++)
            entry->members[index]->stale = true;
        service_mark(engine, entry);
    }
}

int engine_target_rule_add(struct engine *engine, const struct value *match, bool healthy) {
    unsigned left = 0;
    int64_t id = 0;
    int result = forget_covered(engine, match, &left);
    if (result == 0 && left >= TARGET_RULES_MAX)
        return TARGET_RULES_FULL;
    if (result == 0 && (!healthy || left != 0)) {
        const struct target_rule_row row = {.match = service_json(engine->turn, match), .healthy = healthy};
        result = target_rule_rows_insert(engine->store, &row, &id);
        if (result == 0)
            rule_push(engine, id, match, healthy);
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
        writer_key_string(writer, "health", rule->healthy ? "healthy" : "unhealthy");
        writer_object_end(writer);
    }
}

/* ---- asking it ---- */

static bool has_group(const struct value *document, const char *arn) {
    value_for_each(balancer, value_get(document, "loadBalancers")) {
        const char *alternate = value_string(
            value_get(balancer, "advancedConfiguration"), "alternateTargetGroupArn");
        if (text_equal(value_string(balancer, "targetGroupArn"), arn) || text_equal(alternate, arn))
            return true;
    }
    return false;
}

static const char *told(const struct service *service, const struct task *task, const char *key) {
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
    };
    for (size_t index = 0; index < array_length(members); index++) {
        if (text_equal(members[index].key, key))
            return members[index].text;
    }
    return NULL;
}

static int matches(struct engine *engine, struct service_entry *entry, const struct task *task,
    const struct value *match, bool *ret_matches) {
    struct value *document = NULL;
    for (uint32_t index = 0; index < match->count; index++) {
        const struct value_entry *member = &match->entries[index];
        if (text_equal(member->key, "targetGroup")) {
            int result = service_read_document(engine, entry, &document);
            if (result != 0)
                return result;
            if (!has_group(document, member->value->string))
                return 0;
        } else if (!text_equal(member->value->string, told(&entry->service, task, member->key))) {
            return 0;
        }
    }
    *ret_matches = true;
    return 0;
}

int target_rules_ask(
    struct engine *engine, struct service_entry *entry, const struct task *task, bool *ret_healthy) {
    bool found = false;
    bool healthy = true;
    for (const struct target_rule *rule = engine->services->target_rules; rule != NULL && !found;
         rule = rule->next) {
        int result = entry->service.settings.has_targets ? matches(engine, entry, task, rule->match, &found)
                                                         : 0;
        if (result != 0)
            return result;
        if (found)
            healthy = rule->healthy;
    }
    *ret_healthy = healthy;
    return 0;
}
