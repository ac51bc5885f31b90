/* The JSON reader: whatever it accepts, jansson accepts with the same meaning. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>

#include "ecs-local/base/arena.h"
#include "ecs-local/base/json_reader.h"
#include "ecs-local/base/value_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    json_t *ours = json_reader_parse((const char *)data, size);
    if (ours == NULL)
        return 0;
    json_t *theirs = json_loadb((const char *)data, size, JSON_DECODE_ANY, NULL);
    if (theirs == NULL || !json_equal(ours, theirs))
        abort();
    struct arena *arena = arena_new();
    value_from_json(arena, ours);
    arena_free(arena);
    json_decref(theirs);
    json_decref(ours);
    return 0;
}
