#include "golden_services.h"

#include "ecs-local/base/text.h"
#include "ecs-local/domain/service_spec.h"

static struct value *text_value(struct arena *arena, const char *text) {
    return value_new_string(arena, text);
}

static struct value *refusal(struct arena *arena, const struct violation *violation) {
    struct value *map = value_new_map(arena, 2);
    value_add(arena, map, "code", text_value(arena, violation->code));
    value_add(arena, map, "message", text_value(arena, violation->message));
    return map;
}

/* Everything that a case of the file starts from. */
struct service_stage {
    const struct value *definitions; /* name → RegisterTaskDefinition request */
    const struct value *told;
    struct service_facts facts;
};

static int set_definition(struct arena *arena, struct service_stage *stage, const char *name) {
    const struct value *request = name != NULL ? value_get(stage->definitions, name) : NULL;
    if (request == NULL)
        return name != NULL;
    struct task_definition *definition = NULL;
    struct value *document = task_definition_normalise(arena, request, "aws", "000000000000");
    if (task_definition_summarise(arena, document, &definition) != 0)
        return 1;
    stage->facts.definition_arn = arena_printf(
        arena, "arn:aws:ecs:us-east-1:000000000000:task-definition/%s:1", name);
    stage->facts.definition_document = document;
    stage->facts.definition = definition;
    return 0;
}

static void set_launch(struct service_stage *stage, const struct value *request) {
    const char *type = value_string_nonempty(request, "launchType");
    const char *told = value_string(stage->told, "launchType");
    value_for_each(item, value_get(request, "capacityProviderStrategy")) {
        const char *name = value_string(item, "capacityProvider");
        type = name != NULL && text_starts_with(name, "FARGATE") ? "FARGATE" : "EC2";
    }
    stage->facts.launch_type = type != NULL ? type : told != NULL ? told : "EC2";
    stage->facts.platform_family = text_equal(stage->facts.launch_type, "FARGATE") ? "Linux" : NULL;
    stage->facts.default_namespace = value_string(stage->told, "defaultNamespace");
    stage->facts.strategy = value_get(stage->told, "defaultStrategy");
}

static bool shown(const struct service_stage *stage) {
    return value_bool(stage->told, "show", false);
}

static struct value *created(struct arena *arena, struct service_stage *stage, const struct value *raw,
    const struct value **ret_spec) {
    struct violation violation;
    struct value *request = service_given(arena, raw);
    const char *name = value_string(request, "serviceName");
    if (service_check_name(arena, name != NULL ? name : "", &violation) != 0)
        return refusal(arena, &violation);
    if (set_definition(arena, stage, value_string(request, "taskDefinition")) != 0)
        return text_value(arena, "no such definition");
    set_launch(stage, request);
    struct value *spec = service_spec_new(arena, request, &stage->facts);
    *ret_spec = spec;
    if (service_check_create(arena, request, spec, &stage->facts, &violation) != 0)
        return refusal(arena, &violation);
    if (!shown(stage))
        return text_value(arena, "accepted");
    struct value *answer = value_new_map(arena, 2);
    value_add(arena, answer, "service", spec);
    value_add(arena, answer, "revision", service_revision_document(arena, spec, &stage->facts, true));
    return answer;
}

static struct value *updated(
    struct arena *arena, struct service_stage *stage, const struct value *before, const struct value *raw) {
    struct violation violation;
    struct value *request = service_given(arena, raw);
    if (value_has(request, "taskDefinition") &&
        set_definition(arena, stage, value_string(request, "taskDefinition")) != 0)
        return text_value(arena, "no such definition");
    if (value_count(value_get(request, "capacityProviderStrategy")) != 0)
        set_launch(stage, request);
    struct value *spec = service_spec_updated(arena, before, request, &stage->facts);
    if (service_check_update(arena, request, before, spec, &stage->facts, &violation) != 0)
        return refusal(arena, &violation);
    struct value *answer = value_new_map(arena, 2);
    bool redeploys = service_redeploys(arena, before, spec, request);
    value_add(arena, answer, "newDeployment", value_new_bool(arena, redeploys));
    if (shown(stage))
        value_add(arena, answer, "service", spec);
    if (redeploys && shown(stage))
        value_add(arena, answer, "revision", service_revision_document(arena, spec, &stage->facts, false));
    return answer;
}

/* service_rules: {"definitions": {name: request}, "cases": [{"create": request, "update"?: request, "launchType"?,
 * "defaultNamespace"?, "defaultStrategy"?, "without"?, "show"?}]} → for each "accepted", the documents ("show") or
 * the refusal; with "update" those of the update. The members of "base" are added to every "create". */
struct value *answer_service_rules(struct arena *arena, const struct value *input) {
    struct value *answer = value_new_list(arena, 8);
    value_for_each(told, value_get(input, "cases")) {
        struct service_stage stage = {.definitions = value_get(input, "definitions"),
            .told = told,
            .facts = {.region = "us-east-1", .account = "000000000000"}};
        struct value *request = value_has(input, "base") ? value_clone(arena, value_get(input, "base"))
                                                         : value_new_map(arena, 4);
        const struct value *create = value_get(told, "create");
        for (uint32_t index = 0; index < value_count(create); index++)
            value_set(arena, request, create->entries[index].key, create->entries[index].value);
        value_for_each(left_out, value_get(told, "without")) value_remove(request, left_out->string);
        const struct value *spec = NULL;
        struct value *result = created(arena, &stage, request, &spec);
        /* An update is shown instead of the creation it starts from. */
        if (value_has(told, "update") && spec != NULL && !value_has(result, "code"))
            result = updated(arena, &stage, spec, value_get(told, "update"));
        value_append(arena, answer, result);
    }
    return answer;
}
