#include "sim_timing.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"

static const char *const platform_names[TASK_PLATFORM_COUNT] = {
    [TASK_ON_INSTANCE] = "ec2",
    [TASK_ON_INSTANCE_AWSVPC] = "awsvpc",
    [TASK_ON_FARGATE] = "fargate",
};

/* Seen on AWS, rounded (facts: tasks 5.6): Fargate 33.3 created, 44.9 pull, 51.9 pulled, 53.1 started;
 * stopping to stopped 12 to 23 s; EC2 26.7 created, 28.2 pull, 33.8 pulled, 34.9 started. A container whose end another
 * one waits for takes 3 s (D). */
static const int64_t realistic_ms[TASK_PLATFORM_COUNT][LIFE_STAGE_COUNT] = {
    [TASK_ON_INSTANCE] = {[TASK_PENDING] = 1500,
        [TASK_STOPPING] = 2000,
        [LIFE_PULL] = 5500,
        [LIFE_START] = 1000,
        [LIFE_COMPLETE] = 3000},
    [TASK_ON_INSTANCE_AWSVPC] = {[TASK_PROVISIONING] = 6000,
        [TASK_PENDING] = 1500,
        [TASK_ACTIVATING] = 1000,
        [TASK_DEACTIVATING] = 1000,
        [TASK_STOPPING] = 2000,
        [TASK_DEPROVISIONING] = 6000,
        [LIFE_PULL] = 5500,
        [LIFE_START] = 1000,
        [LIFE_COMPLETE] = 3000},
    [TASK_ON_FARGATE] = {[TASK_PROVISIONING] = 11000,
        [TASK_ACTIVATING] = 1000,
        [TASK_DEACTIVATING] = 1000,
        [TASK_STOPPING] = 5000,
        [TASK_DEPROVISIONING] = 8000,
        [LIFE_PULL] = 7000,
        [LIFE_START] = 1000,
        [LIFE_COMPLETE] = 3000},
};

/* One row for every delay: its name in a timing file, what it is under "realistic", and under "instant". */
static const struct {
    const char *name;
    int64_t realistic_ms;
    int64_t instant_ms;
} delays[RUNTIME_DELAY_COUNT] = {
    [RUNTIME_DELAY_CLUSTER_ATTACHMENTS] = {"clusterAttachments", 10000, 0},
    [RUNTIME_DELAY_PROVIDER_UPDATE] = {"providerUpdate", 5000, 0},
    [RUNTIME_DELAY_SCALE_OUT] = {"scaleOut", 60000, 0},
    [RUNTIME_DELAY_SCALE_IN] = {"scaleIn", 900000, 60000},
    /* facts: services 2.4 (ticks), 7.5 (healthy), 2.6 and 7.6 (steady), 4 (INACTIVE), 7.7 (delays). */
    [RUNTIME_DELAY_SERVICE_TICK] = {"serviceTick", 5000, 0},
    [RUNTIME_DELAY_SERVICE_SETTLE] = {"serviceSettle", 40000, 0},
    [RUNTIME_DELAY_SERVICE_STEADY] = {"serviceSteady", 9000, 0},
    [RUNTIME_DELAY_SERVICE_INACTIVE] = {"serviceInactive", 5000, 0},
    [RUNTIME_DELAY_SERVICE_RETRY] = {"serviceRetry", 30000, 0},
    [RUNTIME_DELAY_SERVICE_CRASH] = {"serviceCrash", 5000, 0},
    [RUNTIME_DELAY_GATEWAY_UPDATE] = {"gatewayUpdate", 10000, 0},
    [RUNTIME_DELAY_GATEWAY_ROUTE] = {"gatewayRoute", 20000, 0},
    [RUNTIME_DELAY_DAEMON_DEPLOYMENT] = {"daemonDeployment", 5000, 0},
    [RUNTIME_DELAY_DAEMON_DEFINITION] = {"daemonDefinition", 5000, 0},
};

static void timing_clear(struct sim_timing *timing) {
    memset(timing, 0, sizeof(*timing));
    for (unsigned platform = 0; platform < TASK_PLATFORM_COUNT; platform++)
        timing->platforms[platform].stages[TASK_RUNNING].duration_ms = LIFE_NEVER_MS;
    for (unsigned delay = 0; delay < RUNTIME_DELAY_COUNT; delay++)
        timing->delays_ms[delay] = delays[delay].instant_ms;
}

int sim_timing_named(const char *name, struct sim_timing *ret_timing) {
    bool realistic = text_equal(name, "realistic");
    if (!realistic && !text_equal(name, "instant"))
        return 1;
    timing_clear(ret_timing);
    for (unsigned platform = 0; realistic && platform < TASK_PLATFORM_COUNT; platform++) {
        struct life_duration *stages = ret_timing->platforms[platform].stages;
        for (unsigned stage = 0; stage < LIFE_STAGE_COUNT; stage++) {
            if (stage != TASK_RUNNING)
                stages[stage].duration_ms = realistic_ms[platform][stage];
        }
        stages[LIFE_HEALTH].duration_ms = LIFE_AS_DEFINED_MS;
    }
    for (unsigned delay = 0; realistic && delay < RUNTIME_DELAY_COUNT; delay++)
        ret_timing->delays_ms[delay] = delays[delay].realistic_ms;
    return 0;
}

static int parse_duration_member(const struct value *map, const char *key, int64_t *ret_ms) {
    const char *text = value_string(map, key);
    if (text == NULL)
        return value_has(map, key) ? 1 : 0;
    return text_parse_duration(text, ret_ms);
}

/* "5s" or {"duration": "5s", "jitter": "1s", "exitCode": 0}. */
static int parse_stage(const struct value *value, unsigned which, struct life_duration *ret_stage) {
    struct life_duration stage = {0};
    if (which == LIFE_HEALTH && value->kind == VALUE_STRING && text_equal(value->string, "interval")) {
        stage.duration_ms = LIFE_AS_DEFINED_MS;
    } else if (value->kind == VALUE_STRING) {
        if (text_parse_duration(value->string, &stage.duration_ms) != 0)
            return 1;
    } else if (value->kind != VALUE_MAP || !value_has(value, "duration") ||
               parse_duration_member(value, "duration", &stage.duration_ms) != 0 ||
               parse_duration_member(value, "jitter", &stage.jitter_ms) != 0) {
        return 1;
    } else {
        stage.exit_code = (int)value_int(value, "exitCode", 0);
    }
    *ret_stage = stage;
    return 0;
}

/* The members of `map` that name a stage, for the platforms of [first, last]. */
static int parse_stages(struct arena *arena, const struct value *map, unsigned first, unsigned last,
    struct sim_timing *timing, const char **ret_problem) {
    for (uint32_t index = 0; index < map->count; index++) {
        const char *key = map->entries[index].key;
        unsigned stage = 0;
        struct life_duration duration;
        if (life_stage_parse(key, &stage) != 0)
            continue;
        if (parse_stage(map->entries[index].value, stage, &duration) != 0) {
            *ret_problem = arena_printf(arena,
                "\"%s\" must be a duration such as \"5s\", or {\"duration\":\"5s\",\"jitter\":\"1s\",\"exitCode\":0}",
                key);
            return 1;
        }
        for (unsigned platform = first; platform <= last; platform++)
            timing->platforms[platform].stages[stage] = duration;
    }
    return 0;
}

static int find_platform(const char *key, unsigned *ret_platform) {
    for (unsigned platform = 0; platform < TASK_PLATFORM_COUNT; platform++) {
        if (strcasecmp(key, platform_names[platform]) == 0) {
            *ret_platform = platform;
            return 0;
        }
    }
    return 1;
}

static int parse_delays(
    struct arena *arena, const struct value *map, struct sim_timing *timing, const char **ret_problem) {
    for (uint32_t index = 0; index < value_count(map); index++) {
        const char *key = map->entries[index].key;
        unsigned delay = 0;
        while (delay < RUNTIME_DELAY_COUNT && !text_equal(key, delays[delay].name))
            delay++;
        if (delay == RUNTIME_DELAY_COUNT || parse_duration_member(map, key, &timing->delays_ms[delay]) != 0) {
            *ret_problem = arena_printf(
                arena, "\"delays\": \"%s\" is not known, or no duration such as \"5s\"", key);
            return 1;
        }
    }
    return 0;
}

int sim_timing_parse(
    struct arena *arena, const struct value *file, struct sim_timing *ret_timing, const char **ret_problem) {
    if (file->kind != VALUE_MAP) {
        *ret_problem = "the file must hold a JSON object";
        return 1;
    }
    struct sim_timing timing;
    timing_clear(&timing);
    if (parse_stages(arena, file, 0, TASK_PLATFORM_COUNT - 1, &timing, ret_problem) != 0)
        return 1;
    for (uint32_t index = 0; index < file->count; index++) {
        const char *key = file->entries[index].key;
        const struct value *value = file->entries[index].value;
        unsigned platform = 0;
        unsigned stage = 0;
        if (life_stage_parse(key, &stage) == 0)
            continue;
        if (text_equal(key, "delays") && value->kind == VALUE_MAP) {
            if (parse_delays(arena, value, &timing, ret_problem) != 0)
                return 1;
            continue;
        }
        if (find_platform(key, &platform) != 0 || value->kind != VALUE_MAP) {
            *ret_problem = arena_printf(arena,
                "\"%s\" is neither a stage (a task status, PULL, START, HEALTH, COMPLETE) nor one of \"ec2\", \"awsvpc\", \"fargate\" with an object",
                key);
            return 1;
        }
        if (parse_stages(arena, value, platform, platform, &timing, ret_problem) != 0)
            return 1;
    }
    *ret_timing = timing;
    return 0;
}
