/* The cluster query language: any text is refused or can be asked. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/domain/cluster_query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *attribute(const void *context, const char *name) {
    (void)context;
    return strlen(name) % 2 == 0 ? "us-east-1a" : NULL;
}

static bool in_task_group(const void *context, const char *group) {
    (void)context;
    return strcmp(group, "family:web") == 0;
}

static bool any_task_group(
    const void *context, bool (*test)(void *test_context, const char *group), void *test_context) {
    (void)context;
    return test(test_context, "family:web");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena *arena = arena_new();
    char *text = arena_strndup(arena, (const char *)data, size);
    struct cluster_query *query = NULL;
    struct violation violation;
    struct query_subject subject = {
        .attribute = attribute,
        .in_task_group = in_task_group,
        .any_task_group = any_task_group,
        .agent_connected = true,
        .agent_version = "1.98.0",
        .ec2_instance_id = "i-0123456789abcdef0",
        .registered_ms = 1700000000000,
        .running_tasks = 3,
    };
    if (cluster_query_parse(arena, text, &query, &violation) == 0) {
        /* What attributes decide and the rest that they leave are the whole. */
        struct query_rest rest = {0};
        bool matches = cluster_query_split(query, &subject, &rest);
        for (unsigned part = 0; part < rest.count; part++)
            matches = matches && cluster_query_matches(rest.parts[part], &subject);
        if (!rest.incomplete && matches != cluster_query_matches(query, &subject))
            abort();
    }
    arena_free(arena);
    return 0;
}
