/* Rules of resourceRequirements, in definitions and in overrides (facts: tasks 15, the members' descriptions). The texts
 * are not known (facts: tasks 4.4): D. */
#include <string.h>

#include "ecs-local/base/text.h"
#include "rule_check.h"

enum {
    GPUS_OF_CONTAINER_MAX = 1024,
};

static const char *sharing_refusal(const struct value *sharing) {
    const struct value *mps = value_get(sharing, "nvidiaMps");
    int64_t percent = value_int(mps, "maxComputePercent", 100);
    if (mps == NULL)
        return "A sharingStrategy needs the member nvidiaMps.";
    if (value_int(mps, "memory", 0) < 1)
        return "The memory of nvidiaMps must be at least 1 MiB.";
    return percent < 1 || percent > 100 ? "The maxComputePercent of nvidiaMps must be between 1 and 100."
                                        : NULL;
}

static const char *requirement_refusal(const struct value *requirement) {
    const char *amount = value_string_nonempty(requirement, "value");
    bool gpu = text_equal(value_string(requirement, "type"), "GPU");
    bool shares = value_has(requirement, "sharingStrategy");
    int64_t gpus = 0;
    if (shares && !gpu)
        return "Only resource requirements of the type GPU can have a sharingStrategy.";
    if (shares && amount != NULL)
        return "A GPU resource requirement can have a value or a sharingStrategy, not both.";
    if (shares)
        return sharing_refusal(value_get(requirement, "sharingStrategy"));
    if (amount == NULL)
        return gpu ? "A GPU resource requirement needs a value or a sharingStrategy."
                   : "A resource requirement needs a value.";
    if (gpu && !text_equal(amount, "ALL") && text_parse_int(amount, 1, GPUS_OF_CONTAINER_MAX, &gpus) != 0)
        return "The value of a GPU resource requirement must be a number of GPUs.";
    return NULL;
}

const char *task_definition_requirements_refusal(const struct value *requirements) {
    value_for_each(requirement, requirements) {
        const char *refusal = requirement_refusal(requirement);
        if (refusal != NULL)
            return refusal;
    }
    return NULL;
}

int rules_check_requirements(struct rule_check *check) {
    bool whole = false;
    bool shared = false;
    rule_for_each_container(check, container) {
        const struct value *requirements = value_get(container, "resourceRequirements");
        const char *refusal = task_definition_requirements_refusal(requirements);
        if (refusal != NULL)
            return rule_refuse(
                check, "Invalid setting for container '%s'. %s", rule_container_name(container), refusal);
        value_for_each(requirement, requirements) {
            bool gpu = text_equal(value_string(requirement, "type"), "GPU");
            bool shares = value_has(requirement, "sharingStrategy");
            shared = shared || shares;
            whole = whole || (gpu && !shares);
        }
    }
    if (shared && whole)
        return rule_refuse(check,
            "The containers of a task that request GPUs must all use the same option: value or sharingStrategy.");
    return shared && check->external
               ? rule_refuse(check, "Task definitions that require EXTERNAL do not support GPU sharing.")
               : 0;
}
