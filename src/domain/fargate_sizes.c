/* Task sizes as text, and the sizes that Fargate has (facts: tasks 4.3, 4.5). */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/task_definition.h"

struct fargate_size {
    int64_t cpu_units;
    int64_t first_mib;
    int64_t last_mib;
    int64_t step_mib;
};

static const struct fargate_size fargate_table[] = {
    {512, 1024, 4096, 1024},
    {1024, 2048, 8192, 1024},
    {2048, 4096, 16384, 1024},
    {4096, 8192, 30720, 1024},
    {8192, 16384, 61440, 4096},
    {16384, 32768, 122880, 8192},
};

bool fargate_size_exists(int64_t cpu_units, int64_t memory_mib, bool windows) {
    if (windows && (cpu_units < 1024 || cpu_units > 4096))
        return false;
    if (cpu_units == 256)
        return memory_mib == 512 || memory_mib == 1024 || memory_mib == 2048;
    for (size_t index = 0; index < array_length(fargate_table); index++) {
        const struct fargate_size *size = &fargate_table[index];
        if (size->cpu_units == cpu_units)
            return memory_mib >= size->first_mib && memory_mib <= size->last_mib &&
                   (memory_mib - size->first_mib) % size->step_mib == 0;
    }
    return false;
}

/* A number with an optional unit behind an optional space: the unit's factor applies. */
static int parse_size(const char *text, const char *unit, double factor, int64_t *ret_value) {
    if (text_is_digits(text))
        return text_parse_int(text, 0, INT32_MAX, ret_value);
    size_t digits = strspn(text, "0123456789.");
    if (digits == 0 || digits > 12)
        return 1;
    char *end = NULL;
    double number = strtod(text, &end);
    while (*end == ' ')
        end++;
    if (strcasecmp(end, unit) != 0)
        return 1;
    *ret_value = (int64_t)llround(number * factor);
    return 0;
}

int task_definition_parse_cpu(const char *text, int64_t *ret_units) {
    return parse_size(text, "vcpu", 1024, ret_units);
}

int task_definition_parse_memory(const char *text, int64_t *ret_mib) {
    return parse_size(text, "gb", 1024, ret_mib);
}
