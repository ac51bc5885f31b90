/* Rules of single containers: names, images, sizes (facts: tasks 4.4 #6 to #16). */
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "rule_check.h"

enum {
    NAME_MAX_LENGTH = 255,
    IMAGE_MAX_LENGTH = 255,
    DIGEST_MAX_LENGTH = 255,
    MEMORY_MIN_MIB = 4, /* the 2016 document; Docker's newer minimum of 6 (#16) has no known text */
};

/* The 2016 document gives images 255 letters, digits and a few marks. A digest is not counted: it came later and makes
 * names longer. */
static int check_image(struct rule_check *check, const char *image) {
    size_t name_length = strcspn(image, "@");
    size_t length = strspn(image, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:./#@");
    if (image[length] != '\0')
        return rule_refuse(check, "Container.image contains invalid characters.");
    return name_length > IMAGE_MAX_LENGTH || length - name_length > DIGEST_MAX_LENGTH
               ? rule_refuse(check, "Container.image is too long.")
               : 0;
}

/* #6, #7 */
static int check_name_and_image(struct rule_check *check, const struct value *container) {
    const char *name = value_string_nonempty(container, "name");
    const char *image = value_string_nonempty(container, "image");
    if (name == NULL)
        return rule_refuse(check, "Container.name should not be null or empty.");
    if (!text_is_name(name, NAME_MAX_LENGTH))
        return rule_refuse(check, "Container.name contains invalid characters.");
    if (image == NULL)
        return rule_refuse(check, "Container.image should not be null or empty.");
    return check_image(check, image);
}

int rules_check_containers_basic(struct rule_check *check) {
    const struct value *containers = value_get(check->request, "containerDefinitions");
    bool essential = false;
    value_for_each(container, containers) {
        if (check_name_and_image(check, container) != 0)
            return 1;
        essential = essential || value_bool(container, "essential", true);
    }
    /* #8, #9 */
    value_for_each(container, containers) {
        if (rule_find_named(containers, value_string(container, "name")) != container)
            return rule_refuse(check, "Container names must be unique within a task definition");
    }
    return essential ? 0 : rule_refuse(check, "Task definition doesn't have any essential container");
}

static bool needs_memory(const struct rule_check *check) {
    return check->memory_mib == 0 && !check->memory_optional;
}

/* #11, #12, #13, #16 */
static int check_memory(struct rule_check *check, const struct value *container) {
    const char *name = rule_container_name(container);
    int64_t memory = value_int(container, "memory", 0);
    int64_t reservation = value_int(container, "memoryReservation", 0);
    bool given = value_has(container, "memory");
    bool reserved = value_has(container, "memoryReservation");
    if (!given && !reserved && needs_memory(check))
        return rule_refuse(check,
            "Invalid setting for container '%s'. At least one of 'memory' or 'memoryReservation' must be specified.",
            name);
    if ((given && memory < MEMORY_MIN_MIB) || (reserved && reservation < MEMORY_MIN_MIB))
        return rule_refuse(check, "Invalid setting for container '%s'. '%s' must be at least %d MiB.", name,
            given && memory < MEMORY_MIN_MIB ? "memory" : "memoryReservation", MEMORY_MIN_MIB);
    if (given && reserved && memory < reservation)
        return rule_refuse(check,
            "Invalid setting for container '%s'. 'memory' must be greater than or equal to 'memoryReservation'.",
            name);
    if (check->memory_mib != 0 && memory > check->memory_mib)
        return rule_refuse(
            check, "The 'memory' setting for container '%s' is greater than for the task.", name);
    return 0;
}

int rules_check_sizes(struct rule_check *check) {
    int64_t cpu = 0;
    int64_t reservation = 0;
    rule_for_each_container(check, container) {
        if (value_int(container, "cpu", 0) < 0)
            return rule_refuse(
                check, "Invalid 'cpu' setting for container '%s'.", rule_container_name(container));
        if (check_memory(check, container) != 0)
            return 1;
        cpu += value_int(container, "cpu", 0);
        reservation += value_int(container, "memoryReservation", 0);
    }
    /* #14, #15 */
    if (check->cpu_units != 0 && cpu > check->cpu_units)
        return rule_refuse(check,
            "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.");
    if (check->memory_mib != 0 && reservation > check->memory_mib)
        return rule_refuse(check,
            "The sum of all container 'memoryReservation' values cannot be greater than the value of the task 'memory'.");
    return 0;
}
