#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/daemon.h"
#include "ecs-local/domain/task_definition.h"

/* What a task definition has and a daemon's has not. */
static const char *const not_of_daemons[] = {"placementConstraints", "requiresAttributes", "compatibilities"};
static const char *const not_of_containers[] = {"portMappings", "volumesFrom"};

static void remove_all(struct value *map, const char *const *keys, size_t count) {
    for (size_t index = 0; index < count; index++)
        value_remove(map, keys[index]);
}

static void put_mode(
    struct arena *arena, struct value *document, const struct value *request, const char *key) {
    const char *mode = value_string_nonempty(request, key);
    value_set(arena, document, key, value_new_string(arena, mode != NULL ? mode : "none"));
}

struct value *daemon_definition_normalise(
    struct arena *arena, const struct value *request, const char *partition, const char *account) {
    struct value *document = task_definition_normalise(arena, request, partition, account);
    remove_all(document, not_of_daemons, array_length(not_of_daemons));
    value_for_each(container, value_get(document, "containerDefinitions"))
        remove_all(container, not_of_containers, array_length(not_of_containers));
    put_mode(arena, document, request, "pidMode");
    put_mode(arena, document, request, "ipcMode");
    return document;
}
