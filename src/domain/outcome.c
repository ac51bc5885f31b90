/* Scripted outcomes: read, matched, given to a task. The words are AWS's (facts: tasks 5.2, 5.6). */
#include "ecs-local/domain/outcome.h"

#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/task_life.h"

enum {
    MESSAGE_MAX = 1024, /* bytes of a message or reason */
    EXIT_CODE_MAX = 255,
    EXIT_KILLED = 137,
};

#define PULL_ERROR "CannotPullContainerError"
#define START_ERROR "CannotStartContainerError"

/* One reading: where problems go. */
struct reading {
    struct arena *arena;
    const struct value *map; /* the inner object */
    const char *key;
    struct outcome_effects *outcome;
    const char *problem;
};

static int refuse(struct reading *reading, const char *member, const char *wants) {
    reading->problem = arena_printf(reading->arena, "%s.%s must be %s", reading->key, member, wants);
    return 1;
}

/* Only these members. */
static int check_members(struct reading *reading, const char *const *members, size_t count) {
    for (uint32_t index = 0; index < reading->map->count; index++) {
        size_t known = 0;
        while (known < count && strcmp(members[known], reading->map->entries[index].key) != 0)
            known++;
        if (known == count) {
            reading->problem = arena_printf(
                reading->arena, "%s has no member %s", reading->key, reading->map->entries[index].key);
            return 1;
        }
    }
    return 0;
}

static int read_text(struct reading *reading, const char *member, const char **ret_text) {
    const struct value *value = value_get(reading->map, member);
    if (value == NULL)
        return 0;
    if (value->kind != VALUE_STRING || strlen(value->string) > MESSAGE_MAX)
        return refuse(reading, member, "a text of at most 1024 bytes");
    *ret_text = value->string;
    return 0;
}

static int read_duration(struct reading *reading, const char *member, bool required, int64_t *ret_ms) {
    const struct value *value = value_get(reading->map, member);
    if (value == NULL && !required)
        return 0;
    if (value == NULL || value->kind != VALUE_STRING || text_parse_duration(value->string, ret_ms) != 0)
        return refuse(reading, member, "a duration such as \"5s\"");
    return 0;
}

/* "SomethingError: …" stays; other words get the error's name before them. */
static bool names_error(const char *message) {
    const char *colon = strstr(message, "Error: ");
    if (colon == NULL)
        return false;
    for (const char *cursor = message; cursor < colon; cursor++) {
        if (!((*cursor >= 'A' && *cursor <= 'Z') || (*cursor >= 'a' && *cursor <= 'z') ||
                (*cursor >= '0' && *cursor <= '9')))
            return false;
    }
    return true;
}

static int read_start_failure(struct reading *reading, bool pull, const char *name, const char *fallback) {
    static const char *const members[] = {"message"};
    const char *message = fallback;
    if (check_members(reading, members, array_length(members)) != 0 ||
        read_text(reading, "message", &message) != 0)
        return 1;
    reading->outcome->start_failure = names_error(message)
                                          ? message
                                          : arena_printf(reading->arena, "%s: %s", name, message);
    reading->outcome->fails_pull = pull;
    return 0;
}

static int read_cannot_pull(struct reading *reading) {
    return read_start_failure(reading, true, PULL_ERROR, "API error (404): repository not found");
}

static int read_cannot_start(struct reading *reading) {
    return read_start_failure(
        reading, false, START_ERROR, "API error (500): the container cannot be started");
}

static int read_exit(struct reading *reading) {
    static const char *const members[] = {"code", "after", "reason"};
    struct outcome_effects *outcome = reading->outcome;
    const struct value *code = value_get(reading->map, "code");
    if (check_members(reading, members, array_length(members)) != 0)
        return 1;
    if (code != NULL && (code->kind != VALUE_INT || code->integer < 0 || code->integer > EXIT_CODE_MAX))
        return refuse(reading, "code", "an integer from 0 to 255");
    outcome->exits = true;
    outcome->exit_code = (int)value_int(reading->map, "code", 0);
    return read_duration(reading, "after", false, &outcome->exit_after_ms) != 0 ||
           read_text(reading, "reason", &outcome->exit_reason) != 0;
}

static int read_out_of_memory(struct reading *reading) {
    static const char *const members[] = {"after"};
    struct outcome_effects *outcome = reading->outcome;
    outcome->exits = true;
    outcome->exit_code = EXIT_KILLED;
    outcome->exit_reason = "OutOfMemoryError: Container killed due to memory usage";
    return check_members(reading, members, array_length(members)) != 0 ||
           read_duration(reading, "after", false, &outcome->exit_after_ms) != 0;
}

static int read_health(struct reading *reading) {
    static const char *const members[] = {"status", "after"};
    static const char *const known[] = {"HEALTHY", "UNHEALTHY", "UNKNOWN"};
    const char *status = value_string(reading->map, "status");
    if (check_members(reading, members, array_length(members)) != 0)
        return 1;
    for (size_t index = 0; index < array_length(known); index++) {
        if (text_equal(status, known[index]))
            reading->outcome->health = known[index];
    }
    if (reading->outcome->health == NULL)
        return refuse(reading, "status", "one of HEALTHY, UNHEALTHY, UNKNOWN");
    return read_duration(reading, "after", false, &reading->outcome->health_after_ms);
}

static int read_stuck(struct reading *reading) {
    static const char *const members[] = {"at"};
    const char *at = value_string(reading->map, "at");
    if (check_members(reading, members, array_length(members)) != 0)
        return 1;
    if (at == NULL || task_status_parse(at, &reading->outcome->stuck_at) != 0 ||
        reading->outcome->stuck_at == TASK_STOPPED)
        return refuse(reading, "at", "a status on a task's way, such as PENDING");
    reading->outcome->stuck = true;
    return 0;
}

static int read_slow(struct reading *reading) {
    static const char *const members[] = {"stage", "by"};
    const char *stage = value_string(reading->map, "stage");
    reading->outcome->slow_stage = TASK_PENDING;
    if (check_members(reading, members, array_length(members)) != 0)
        return 1;
    if ((value_has(reading->map, "stage") && stage == NULL) ||
        (stage != NULL && life_stage_parse(stage, &reading->outcome->slow_stage) != 0))
        return refuse(reading, "stage", "a task's status, or one of PULL, START, HEALTH, COMPLETE");
    return read_duration(reading, "by", true, &reading->outcome->slow_by_ms);
}

/* Of each group an outcome has one at most: they say the same thing. */
enum group {
    GROUP_START,
    GROUP_END,
    GROUP_HEALTH,
    GROUP_STUCK,
    GROUP_SLOW,
    GROUP_COUNT
};

static const struct form {
    const char *key;
    enum group group;
    int (*read)(struct reading *reading);
} forms[] = {
    {"cannotPull", GROUP_START, read_cannot_pull},
    {"cannotStart", GROUP_START, read_cannot_start},
    {"exit", GROUP_END, read_exit},
    {"outOfMemory", GROUP_END, read_out_of_memory},
    {"health", GROUP_HEALTH, read_health},
    {"stuck", GROUP_STUCK, read_stuck},
    {"slow", GROUP_SLOW, read_slow},
};

static const struct form *form_named(const char *key) {
    for (size_t index = 0; index < array_length(forms); index++) {
        if (strcmp(forms[index].key, key) == 0)
            return &forms[index];
    }
    return NULL;
}

int outcome_read(struct arena *arena, const struct value *told, struct outcome_effects *ret_outcome,
    const char **ret_problem) {
    struct outcome_effects outcome = {0};
    bool has[GROUP_COUNT] = {false};
    if (told == NULL || told->kind != VALUE_MAP || told->count == 0) {
        *ret_problem = "outcome must be an object such as {\"exit\":{\"code\":1,\"after\":\"5s\"}}";
        return 1;
    }
    for (uint32_t index = 0; index < told->count; index++) {
        const char *key = told->entries[index].key;
        const struct form *form = form_named(key);
        struct reading reading = {
            .arena = arena, .map = told->entries[index].value, .key = key, .outcome = &outcome};
        if (form == NULL)
            reading.problem = arena_printf(arena,
                "there is no outcome %s; there are cannotPull, cannotStart, exit, outOfMemory, health, stuck, slow",
                key);
        else if (reading.map->kind != VALUE_MAP)
            reading.problem = arena_printf(arena, "%s must be an object", key);
        else if (has[form->group])
            reading.problem = arena_printf(arena, "%s cannot be together with another of its kind", key);
        else
            form->read(&reading);
        if (reading.problem != NULL) {
            *ret_problem = reading.problem;
            return 1;
        }
        has[form->group] = true;
    }
    *ret_outcome = outcome;
    return 0;
}

int outcome_match_check(struct arena *arena, const struct value *match, const char **ret_problem) {
    static const char *const keys[] = {
        "account", "region", "cluster", "family", "group", "startedBy", "container", "revision"};
    if (match != NULL && match->kind != VALUE_MAP) {
        *ret_problem = "match must be an object";
        return 1;
    }
    for (uint32_t index = 0; index < value_count(match); index++) {
        const char *key = match->entries[index].key;
        const struct value *value = match->entries[index].value;
        size_t known = 0;
        while (known < array_length(keys) && strcmp(keys[known], key) != 0)
            known++;
        if (known == array_length(keys)) {
            *ret_problem = arena_printf(arena,
                "match has no key %s; it has account, region, cluster, family, revision, group, startedBy, container",
                key);
            return 1;
        }
        int64_t number = 0;
        bool fine = value->kind == VALUE_STRING && value->string[0] != '\0';
        if (strcmp(key, "revision") == 0)
            fine = (value->kind == VALUE_INT && value->integer > 0) ||
                   (fine && text_parse_int(value->string, 1, INT32_MAX, &number) == 0);
        if (!fine) {
            *ret_problem = arena_printf(arena, "match.%s must be a text%s", key,
                strcmp(key, "revision") == 0 ? " or number of a revision" : "");
            return 1;
        }
    }
    return 0;
}

static bool fits(const struct value *match, const char *key, const char *text) {
    const char *wanted = value_string(match, key);
    return wanted == NULL || text_equal(wanted, text);
}

static bool fits_revision(const struct value *match, int64_t revision) {
    const struct value *wanted = value_get(match, "revision");
    int64_t number = 0;
    if (wanted == NULL)
        return true;
    if (wanted->kind == VALUE_INT)
        return wanted->integer == revision;
    return text_parse_int(wanted->string, 1, INT32_MAX, &number) == 0 && number == revision;
}

bool outcome_matches(const struct value *match, const struct outcome_subject *subject) {
    return fits(match, "family", subject->family) && fits(match, "group", subject->group) &&
           fits(match, "startedBy", subject->started_by) && fits_revision(match, subject->revision) &&
           (fits(match, "cluster", subject->cluster) || fits(match, "cluster", subject->cluster_arn)) &&
           fits(match, "account", subject->account) && fits(match, "region", subject->region);
}

int outcome_bind(struct task *task, const struct value *told, const char *container) {
    int index = OUTCOME_WHOLE_TASK;
    if (container != NULL) {
        const struct task_container *named = task_container_named(task, container);
        if (named == NULL)
            return 1;
        index = (int)(named - task->containers);
    }
    for (unsigned number = 0; number < task->life.outcome_count; number++) {
        if (task->life.outcomes[number].container == index)
            return 1;
    }
    struct task_outcome *outcomes = arena_new_array(
        task->arena, struct task_outcome, task->life.outcome_count + 1);
    if (task->life.outcome_count != 0)
        memcpy(outcomes, task->life.outcomes, task->life.outcome_count * sizeof(*outcomes));
    struct task_outcome *added = &outcomes[task->life.outcome_count];
    const char *problem = NULL;
    added->container = index;
    added->told = value_copy(task->arena, told);
    if (outcome_read(task->arena, added->told, &added->outcome, &problem) != 0)
        return 1;
    task->life.outcomes = outcomes;
    task->life.outcome_count++;
    return 0;
}
