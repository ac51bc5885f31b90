/* The model's walker: the first byte chooses the operation, the rest is the body. */
#include <jansson.h>
#include <stdint.h>

#include "ecs-local/base/json_reader.h"
#include "ecs-local/model/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    json_t *body = json_reader_parse((const char *)data + 1, size - 1);
    if (body == NULL)
        return 0;
    struct arena *arena = arena_new();
    const struct model_operation *operation = model_operation_at(data[0] % model_operation_count());
    struct value *input = NULL;
    struct model_violation violation;
    model_check_request(operation, body, arena, &input, &violation);
    arena_free(arena);
    json_decref(body);
    return 0;
}
