#include "reply_check.h"

#ifdef ECS_LOCAL_CHECK_REPLIES

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/error.h"

enum {
    TALLY_MAX = 4096, /* pairs remembered, so that each is noted once */
};

static void tally(const char *operation, const char *outcome) {
    static char *seen[TALLY_MAX];
    static size_t seen_count;
    const char *path = getenv("ECS_LOCAL_TALLY");
    if (path == NULL)
        return;
    char line[160];
    int length = snprintf(line, sizeof(line), "%s\t%s\n", operation, outcome);
    for (size_t index = 0; index < seen_count; index++) {
        if (strcmp(seen[index], line) == 0)
            return;
    }
    if (seen_count < TALLY_MAX)
        seen[seen_count++] = xstrdup(line);
    cleanup_close int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 || write(fd, line, (size_t)length) != length)
        error_raise(ERR_IO, "cannot write to the tally %s", path);
}

/* Errors that clients wait for though the model does not declare them. */
static bool answers_all_the_same(const char *operation, const char *code) {
    static const char *const pairs[][2] = {
        {"UpdateCapacityProvider", "UpdateInProgressException"}, /* facts: services 11.2 B */
    };
    for (size_t index = 0; index < array_length(pairs); index++) {
        if (strcmp(pairs[index][0], operation) == 0 && strcmp(pairs[index][1], code) == 0)
            return true;
    }
    return strcmp(code, "SerializationException") == 0;
}

int reply_check(
    const struct model_operation *operation, struct arena *arena, const struct aws_json_reply *reply) {
    const char *name = model_operation_name(operation);
    if (reply->error_code != NULL) {
        tally(name, reply->error_code);
        if (reply->status == 400 && !model_operation_declares(operation, reply->error_code) &&
            !answers_all_the_same(name, reply->error_code))
            return error_raise(ERR_BUG, "%s answers %s, which it does not declare", name, reply->error_code);
        return 0;
    }
    tally(name, "200");
    json_error_t error;
    json_t *json = json_loadb(buf_text(reply->body), reply->body->length, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL)
        return error_raise(ERR_BUG, "%s answers invalid JSON: %s", name, error.text);
    const char *problem = NULL;
    int result = model_check_reply(operation, json, arena, &problem);
    json_decref(json);
    return result != 0 ? error_raise(ERR_BUG, "%s answers what the model does not allow: %s", name, problem)
                       : 0;
}

#endif
