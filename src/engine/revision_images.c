/* A revision shows the digests of its images once a task of it has found them out (facts: services 9.5). */
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/store/deployment_rows.h"
#include "service_internal.h"

static const char *digest_of(const struct task *task, const char *container_name) {
    for (unsigned index = 0; index < task->container_count; index++) {
        if (text_equal(task->containers[index].name, container_name))
            return task->containers[index].image_digest;
    }
    return NULL;
}

/* In the order of ContainerImage. */
static struct value *with_digest(struct arena *arena, const struct value *image, const char *digest) {
    static const char *const members[] = {"containerName", "imageDigest", "image"};
    struct value *complete = value_new_map(arena, 3);
    for (size_t index = 0; index < sizeof(members) / sizeof(members[0]); index++) {
        struct value *member = value_get(image, members[index]);
        if (strcmp(members[index], "imageDigest") == 0)
            member = value_new_string(arena, digest);
        if (member != NULL)
            value_add(arena, complete, members[index], member);
    }
    return complete;
}

static unsigned add_digests(struct arena *arena, struct value *images, const struct task *task) {
    unsigned added = 0;
    for (uint32_t index = 0; index < value_count(images); index++) {
        const char *digest = digest_of(task, value_string(images->items[index], "containerName"));
        if (digest == NULL || text_equal(digest, value_string(images->items[index], "imageDigest")))
            continue;
        images->items[index] = with_digest(arena, images->items[index], digest);
        added++;
    }
    return added;
}

int revision_note_images(struct engine *engine, struct deployment *deployment, const struct task *task) {
    int64_t created_ms = 0;
    const char *text = NULL;
    struct value *document = NULL;
    if (deployment->images_known || task->status != TASK_RUNNING)
        return 0;
    deployment->images_known = true;
    int result = service_revision_rows_get(
        engine->store, deployment->service_id, deployment->digits, engine->turn, &created_ms, &text);
    if (result == STORE_NOT_FOUND) /* a task set has none */
        return 0;
    if (result == 0 && value_parse(engine->turn, text, strlen(text), &document) != 0)
        result = error_raise(ERR_STORE, "the revision %s cannot be read", deployment->digits);
    if (result != 0 || add_digests(engine->turn, value_get(document, "containerImages"), task) == 0)
        return result;
    return service_revision_rows_update(
        engine->store, deployment->service_id, deployment->digits, service_json(engine->turn, document));
}
