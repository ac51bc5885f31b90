/* Golden cases of the domain: for every NAME.input.json of a folder the answer must be NAME.expect.json.
 *
 *   golden FOLDER…         prints a line for each case, exits 1 when one differs
 *   GOLDEN_UPDATE=1        writes the answers instead: read the difference before committing it
 *
 * The folder's name says what is asked: query, placement, task_definition, service_rules, service_plan, traffic_shift,
 * service_targets, life. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/base/writer.h"
#include "ecs-local/domain/capacity_provider.h"
#include "ecs-local/domain/cluster_query.h"
#include "ecs-local/domain/managed_scaling.h"
#include "ecs-local/domain/placement.h"
#include "ecs-local/domain/task.h"
#include "ecs-local/domain/task_definition.h"
#include "ecs-local/domain/task_overrides.h"
#include "golden_life.h"
#include "golden_services.h"

enum {
    FILE_MAX = 4 * 1024 * 1024,
    INSTANCES_MAX = 6000,
};

/* An instance as a case tells it. */
struct stage_instance {
    const char *name;
    const struct value *told;
    struct instance_resources resources;
    unsigned group_tasks;
    uint32_t attributes_id; /* as told: those of one entry have the same; 0 when "ids" is false */
};

struct stage {
    struct stage_instance instances[INSTANCES_MAX];
    unsigned count;
};

static const char *stage_attribute(const void *context, const char *name) {
    const struct stage_instance *instance = context;
    const struct value *value = value_get(value_get(instance->told, "attributes"), name);
    if (value == NULL)
        return NULL;
    return value->kind == VALUE_STRING ? value->string : "";
}

static bool stage_in_group(const void *context, const char *name) {
    const struct stage_instance *instance = context;
    value_for_each(group, value_get(instance->told, "groups")) {
        if (text_equal(group->string, name))
            return true;
    }
    return false;
}

static bool stage_any_group(
    const void *context, bool (*test)(void *test_context, const char *group), void *test_context) {
    const struct stage_instance *instance = context;
    value_for_each(group, value_get(instance->told, "groups")) {
        if (test(test_context, group->string))
            return true;
    }
    return false;
}

static void stage_subject(const struct stage_instance *instance, struct query_subject *ret_subject) {
    const struct value *told = instance->told;
    int64_t registered_ms = 0;
    const char *registered_at = value_string(told, "registeredAt");
    if (registered_at != NULL && text_parse_iso8601(registered_at, &registered_ms) != 0)
        registered_ms = -1;
    *ret_subject = (struct query_subject){
        .context = instance,
        .attribute = stage_attribute,
        .in_task_group = stage_in_group,
        .any_task_group = stage_any_group,
        .attributes_id = instance->attributes_id,
        .agent_connected = value_bool(told, "agentConnected", true),
        .agent_version = value_string(told, "agentVersion"),
        .ec2_instance_id = value_string(told, "ec2InstanceId"),
        .registered_ms = registered_ms,
        .running_tasks = (unsigned)value_int(told, "runningTasksCount", 0),
    };
}

/* "count": that many alike, named NAME-1, NAME-2 … */
static void stage_fill(struct stage *stage, struct arena *arena, const struct value *instances) {
    value_for_each(told, instances) {
        int64_t count = value_int(told, "count", 1);
        for (int64_t number = 1; number <= count && stage->count < INSTANCES_MAX; number++) {
            struct stage_instance *instance = &stage->instances[stage->count++];
            instance->told = told;
            instance->name = value_string(told, "name");
            instance->attributes_id = value_bool(told, "ids", true) ? (uint32_t)told_index + 1 : 0;
            if (value_has(told, "count"))
                instance->name = arena_printf(arena, "%s-%lld", instance->name, (long long)number);
            instance->group_tasks = (unsigned)value_int(told, "groupTasks", 0);
            instance->resources.cpu_units = value_int(told, "cpu", 2048);
            instance->resources.memory_mib = value_int(told, "memory", 4096);
            instance->resources.gpus = value_int(told, "gpus", 0);
            instance->resources.enis = value_int(told, "enis", ENIS_UNKNOWN);
            value_for_each(port, value_get(told, "ports"))
                port_set_add(&instance->resources.reserved[PORT_TCP], (uint16_t)port->integer);
            value_for_each(port, value_get(told, "udpPorts"))
                port_set_add(&instance->resources.reserved[PORT_UDP], (uint16_t)port->integer);
        }
    }
}

static void stage_done(struct stage *stage) {
    for (unsigned index = 0; index < stage->count; index++)
        resources_done(&stage->instances[index].resources);
    free(stage);
}

/* query: {"instances": […], "expressions": […]} → {expression: [names] or "the refusal"} */
static struct value *answer_query(struct arena *arena, const struct value *input) {
    struct stage *stage = xcalloc(1, sizeof(*stage));
    stage_fill(stage, arena, value_get(input, "instances"));
    struct value *answer = value_new_map(arena, 16);
    value_for_each(expression, value_get(input, "expressions")) {
        struct cluster_query *query = NULL;
        struct violation violation;
        if (cluster_query_parse(arena, expression->string, &query, &violation) != 0) {
            value_set(arena, answer, expression->string, value_new_string(arena, violation.message));
            continue;
        }
        struct value *names = value_new_list(arena, 4);
        for (unsigned index = 0; index < stage->count; index++) {
            struct query_subject subject;
            stage_subject(&stage->instances[index], &subject);
            if (cluster_query_matches(query, &subject))
                value_append(arena, names, value_new_string(arena, stage->instances[index].name));
        }
        value_set(arena, answer, expression->string, names);
    }
    stage_done(stage);
    return answer;
}

static void stage_candidate(const void *context, unsigned index, struct placement_candidate *ret_candidate) {
    const struct stage *stage = context;
    const struct stage_instance *instance = &stage->instances[index];
    const char *status = value_string(instance->told, "status");
    *ret_candidate = (struct placement_candidate){
        .active = status == NULL || text_equal(status, "ACTIVE"),
        .agent_connected = value_bool(instance->told, "agentConnected", true),
        .group_tasks = instance->group_tasks,
        .attributes_id = instance->attributes_id,
        .resources = &instance->resources,
    };
}

static void stage_traits(const void *context, unsigned index, struct placement_traits *ret_traits) {
    const struct stage *stage = context;
    const struct value *told = stage->instances[index].told;
    *ret_traits = (struct placement_traits){
        .has_attributes = value_bool(told, "hasAttributes", true),
        .in_location = value_bool(told, "inLocation", true),
    };
}

static void stage_subject_at(const void *context, unsigned index, struct query_subject *ret_subject) {
    const struct stage *stage = context;
    stage_subject(&stage->instances[index], ret_subject);
}

static struct placement_view stage_view(const struct stage *stage) {
    return (struct placement_view){.count = stage->count,
        .context = stage,
        .candidate = stage_candidate,
        .traits = stage_traits,
        .subject = stage_subject_at};
}

static void read_demand(struct arena *arena, const struct value *told, struct task_demand *demand) {
    *demand = (struct task_demand){
        .cpu_units = value_int(told, "cpu", 0),
        .memory_mib = value_int(told, "memory", 0),
        .gpus = value_int(told, "gpus", 0),
        .enis = value_int(told, "enis", 0),
    };
    static const char *const keys[PORT_PROTOCOL_COUNT] = {[PORT_TCP] = "ports", [PORT_UDP] = "udpPorts"};
    for (unsigned protocol = 0; protocol < PORT_PROTOCOL_COUNT; protocol++) {
        const struct value *ports = value_get(told, keys[protocol]);
        struct port_list *list = &demand->fixed[protocol];
        list->ports = arena_new_array(arena, uint16_t, value_count(ports));
        value_for_each(port, ports) list->ports[list->count++] = (uint16_t)port->integer;
    }
}

static struct value *refusals(struct arena *arena, const struct stage *stage,
    const struct task_demand *demand, const struct placement_rules *rules) {
    struct value *map = value_new_map(arena, 4);
    struct placement_view view = stage_view(stage);
    for (unsigned index = 0; index < stage->count; index++) {
        struct placement_candidate candidate;
        stage_candidate(stage, index, &candidate);
        if (!candidate.active)
            continue;
        const char *reason = placement_refusal(&view, index, demand, rules);
        if (reason != NULL)
            value_set(arena, map, stage->instances[index].name, value_new_string(arena, reason));
    }
    return map;
}

/* placement: {"instances", "demand", "definitionConstraints", "constraints", "strategies", "count", "seed"}
 * → {"placed": [names, in order], "refusals": {name: reason} of a further one} or {"error": …} */
static struct value *answer_placement(struct arena *arena, const struct value *input) {
    struct value *answer = value_new_map(arena, 2);
    struct placement_rules rules;
    struct violation violation;
    if (placement_rules_read(arena, value_get(input, "definitionConstraints"),
            value_get(input, "constraints"), value_get(input, "strategies"), &rules, &violation) != 0) {
        value_set(arena, answer, "error", value_new_string(arena, violation.message));
        return answer;
    }
    struct stage *stage = xcalloc(1, sizeof(*stage));
    stage_fill(stage, arena, value_get(input, "instances"));
    struct task_demand demand;
    read_demand(arena, value_get(input, "demand"), &demand);
    struct placement_view view = stage_view(stage);
    struct value *placed = value_new_list(arena, 4);
    uint64_t random = (uint64_t)value_int(input, "seed", 1) * 0x2545f4914f6cdd1dU;
    for (int64_t task = value_int(input, "count", 1); task > 0; task--) {
        unsigned index = 0;
        if (placement_choose(arena, &view, &demand, &rules, random, &index) != 0)
            break;
        random = random * 6364136223846793005U + 1442695040888963407U;
        resources_take(&stage->instances[index].resources, &demand);
        stage->instances[index].group_tasks++;
        value_append(arena, placed, value_new_string(arena, stage->instances[index].name));
    }
    value_set(arena, answer, "placed", placed);
    value_set(arena, answer, "refusals", refusals(arena, stage, &demand, &rules));
    stage_done(stage);
    return answer;
}

/* task_definition: a list of requests → a list of normalised documents or refusals. */
static struct value *answer_task_definition(struct arena *arena, const struct value *input) {
    struct value *answer = value_new_list(arena, 8);
    value_for_each(request, input) {
        struct violation violation;
        if (task_definition_check(arena, request, &violation) == 0) {
            value_append(arena, answer, task_definition_normalise(arena, request, "aws", "000000000000"));
            continue;
        }
        struct value *refusal = value_new_map(arena, 2);
        value_add(arena, refusal, "code", value_new_string(arena, violation.code));
        value_add(arena, refusal, "message", value_new_string(arena, violation.message));
        value_append(arena, answer, refusal);
    }
    return answer;
}

static struct value *refusal(struct arena *arena, const struct violation *violation) {
    struct value *map = value_new_map(arena, 2);
    value_add(arena, map, "code", value_new_string(arena, violation->code));
    value_add(arena, map, "message", value_new_string(arena, violation->message));
    return map;
}

static size_t json_length(const struct value *value) {
    struct buf buf = BUF_INIT(FILE_MAX);
    struct writer writer = WRITER_INIT(&buf);
    if (value != NULL)
        writer_value(&writer, value);
    size_t length = buf.length;
    buf_done(&buf);
    return length;
}

/* What the overrides make of the definition: what a task shows, and what it takes of an instance. */
static struct value *answer_one_override(
    struct arena *arena, const struct task_definition *definition, const struct value *told) {
    const struct value *overrides = value_get(told, "overrides");
    struct violation violation;
    struct task_demand demand;
    if (task_overrides_check(arena, overrides, json_length(overrides), definition, &violation) != 0)
        return refusal(arena, &violation);
    if (value_bool(told, "fargate", false) &&
        task_overrides_check_fargate(arena, overrides, definition, &violation) != 0)
        return refusal(arena, &violation);
    task_overrides_demand(arena, overrides, definition, &demand);
    resources_choose_gpus(&(struct instance_resources){.gpus = 8}, &demand);
    struct value *answer = value_new_map(arena, 2);
    value_add(arena, answer, "shown",
        task_overrides_normalise(arena, overrides, definition, "aws", "000000000000"));
    value_add(arena, answer, "takes", value_new_string(arena, task_reservation_text(arena, &demand)));
    return answer;
}

/* overrides: {"definition": request, "cases": [{"overrides", "fargate"}]} → a list of {shown, takes} or refusals */
static struct value *answer_overrides(struct arena *arena, const struct value *input) {
    struct value *answer = value_new_list(arena, 8);
    struct violation violation;
    struct task_definition *definition = NULL;
    const struct value *request = value_get(input, "definition");
    if (task_definition_check(arena, request, &violation) != 0) {
        value_append(arena, answer, refusal(arena, &violation));
        return answer;
    }
    if (task_definition_summarise(
            arena, task_definition_normalise(arena, request, "aws", "000000000000"), &definition) != 0)
        return answer;
    value_for_each(told, value_get(input, "cases"))
        value_append(arena, answer, answer_one_override(arena, definition, told));
    return answer;
}

/* strategy: [{"strategy": […], "tasks": n}] → a list of maps from provider to how many it got, and the order */
static struct value *answer_strategy(struct arena *arena, const struct value *input) {
    struct value *answer = value_new_list(arena, 8);
    value_for_each(told, input) {
        const struct value *strategy = value_get(told, "strategy");
        unsigned *assigned = arena_new_array(arena, unsigned, value_count(strategy));
        struct value *order = value_new_list(arena, 8);
        for (int64_t task = value_int(told, "tasks", 1); task > 0; task--) {
            size_t chosen = capacity_strategy_next(strategy, assigned);
            value_append(arena, order, value_get(value_at(strategy, chosen), "capacityProvider"));
        }
        struct value *map = value_new_map(arena, 4);
        value_for_each(item, strategy) value_set(
            arena, map, value_string(item, "capacityProvider"), value_new_int(arena, assigned[item_index]));
        value_set(arena, map, "order", order);
        value_append(arena, answer, map);
    }
    return answer;
}

/* scaling: a list of questions → a list of sizes */
static struct value *answer_scaling(struct arena *arena, const struct value *input) {
    struct value *answer = value_new_list(arena, 8);
    value_for_each(told, input) {
        struct managed_scaling scaling = {
            .size = value_int(told, "size", 0),
            .in_use = value_int(told, "inUse", 0),
            .needed = value_int(told, "needed", 0),
            .target_capacity = value_int(told, "target", 100),
            .minimum_step = value_int(told, "minimumStep", 1),
            .maximum_step = value_int(told, "maximumStep", 10000),
            .minimum = value_int(told, "min", 0),
            .maximum = value_int(told, "max", 10),
        };
        value_append(arena, answer, value_new_int(arena, managed_scaling_next_size(&scaling)));
    }
    return answer;
}

struct kind {
    const char *name;
    struct value *(*answer)(struct arena *arena, const struct value *input);
};

static const struct kind kinds[] = {
    {"query", answer_query},
    {"placement", answer_placement},
    {"task_definition", answer_task_definition},
    {"overrides", answer_overrides},
    {"strategy", answer_strategy},
    {"scaling", answer_scaling},
    {"service_rules", answer_service_rules},
    {"service_plan", answer_service_plan},
    {"traffic_shift", answer_traffic_shift},
    {"service_targets", answer_service_targets},
    {"life", answer_life},
};

static char *read_file(struct arena *arena, const char *path, size_t *ret_length) {
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    char *text = arena_alloc(arena, FILE_MAX);
    *ret_length = fread(text, 1, FILE_MAX - 1, file);
    fclose(file);
    return text;
}

static int write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return 1;
    fputs(text, file);
    return fclose(file);
}

/* One entry of the outermost map or list a line, so that a difference can be read. */
static const char *render(struct arena *arena, const struct value *answer) {
    struct buf buf = BUF_INIT(FILE_MAX);
    bool map = answer->kind == VALUE_MAP;
    buf_append_text(&buf, map ? "{\n" : "[\n");
    for (size_t index = 0; index < value_count(answer); index++) {
        struct writer writer = WRITER_INIT(&buf);
        if (map) {
            writer_string(&writer, answer->entries[index].key);
            buf_append_text(&buf, ": ");
        }
        struct writer inner = WRITER_INIT(&buf);
        writer_value(&inner, map ? answer->entries[index].value : answer->items[index]);
        buf_append_text(&buf, index + 1 < value_count(answer) ? ",\n" : "\n");
    }
    buf_append_text(&buf, map ? "}\n" : "]\n");
    const char *text = arena_strdup(arena, buf_text(&buf));
    buf_done(&buf);
    return text;
}

/* 0, or 1 when the answer is not the expected one. */
static int run_case(const struct kind *kind, const char *folder, const char *name) {
    struct arena *arena = arena_new();
    const char *input_path = arena_printf(arena, "%s/%s.input.json", folder, name);
    const char *expect_path = arena_printf(arena, "%s/%s.expect.json", folder, name);
    size_t length = 0;
    struct value *input = NULL;
    char *text = read_file(arena, input_path, &length);
    int result = 1;
    if (text == NULL || value_parse(arena, text, length, &input) != 0) {
        printf("FAIL %s/%s: the input cannot be read\n", kind->name, name);
    } else {
        const char *answer = render(arena, kind->answer(arena, input));
        const char *expected = read_file(arena, expect_path, &length);
        if (getenv("GOLDEN_UPDATE") != NULL)
            result = write_file(expect_path, answer);
        else
            result = expected == NULL || strcmp(expected, answer) != 0;
        printf("%s %s/%s\n", result == 0 ? "ok" : "FAIL", kind->name, name);
        if (result != 0)
            printf("--- expected\n%s--- got\n%s", expected != NULL ? expected : "(nothing)\n", answer);
    }
    arena_free(arena);
    return result;
}

static int run_folder(const char *folder, unsigned *cases, unsigned *failures) {
    const char *name = strrchr(folder, '/') != NULL ? strrchr(folder, '/') + 1 : folder;
    const struct kind *kind = NULL;
    for (size_t index = 0; index < sizeof(kinds) / sizeof(kinds[0]); index++) {
        if (text_equal(kinds[index].name, name))
            kind = &kinds[index];
    }
    struct dirent **entries = NULL;
    int count = kind != NULL ? scandir(folder, &entries, NULL, alphasort) : -1;
    if (count < 0) {
        fprintf(stderr, "golden: %s is not a folder of cases\n", folder);
        return 1;
    }
    for (int index = 0; index < count; index++) {
        char *end = strstr(entries[index]->d_name, ".input.json");
        if (end != NULL) {
            *end = '\0';
            *cases += 1;
            *failures += (unsigned)run_case(kind, folder, entries[index]->d_name);
        }
        free(entries[index]);
    }
    free(entries);
    return 0;
}

int main(int argc, char **argv) {
    unsigned cases = 0;
    unsigned failures = 0;
    for (int index = 1; index < argc; index++) {
        if (run_folder(argv[index], &cases, &failures) != 0)
            return 1;
    }
    printf("%u passed, %u failed\n", cases - failures, failures);
    return failures != 0 || cases == 0;
}
