/* Rules of volumes that are configured at launch (facts: services 2.3 #58 to #60, 2.8). */
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/volume_rules.h"

/* What a type of volume takes. */
struct volume_kind {
    const char *name;
    int64_t size_min_gib;
    int64_t size_max_gib;
    int64_t iops_min; /* 0: takes none */
    int64_t iops_max;
    bool needs_iops;
    bool throughput;
};

static const struct volume_kind kinds[] = {
    {"gp2", 1, 16384, 0, 0, false, false},
    {"gp3", 1, 16384, 3000, 16000, false, true},
    {"io1", 4, 16384, 100, 64000, true, false},
    {"io2", 4, 16384, 100, 256000, true, false},
    {"st1", 125, 16384, 0, 0, false, false},
    {"sc1", 125, 16384, 0, 0, false, false},
    {"standard", 1, 1024, 0, 0, false, false},
};

enum {
    THROUGHPUT_MAX = 1000,
};

struct volume_check {
    struct arena *arena;
    struct violation *violation;
};

static int refuse_with(struct volume_check *check, const char *message) {
    *check->violation = (struct violation){.code = "InvalidParameterException", .message = message};
    return 1;
}

/* #60: only how the text begins is known. */
static int refuse(struct volume_check *check, const char *why) {
    return refuse_with(
        check, arena_printf(check->arena, "ECS managed EBS volume configuration was invalid: %s", why));
}

static const struct volume_kind *find_kind(const char *name) {
    for (size_t index = 0; index < array_length(kinds); index++) {
        if (text_equal(kinds[index].name, name))
            return &kinds[index];
    }
    return NULL;
}

static int check_speed(
    struct volume_check *check, const struct value *volume, const struct volume_kind *kind) {
    bool has_iops = value_has(volume, "iops");
    int64_t iops = value_int(volume, "iops", 0);
    int64_t throughput = value_int(volume, "throughput", 0);
    if (has_iops && kind->iops_max == 0)
        return refuse(check,
            arena_printf(check->arena, "The parameter iops is not supported for %s volumes.", kind->name));
    if (kind->needs_iops && !has_iops)
        return refuse(check,
            arena_printf(check->arena, "The parameter iops must be specified for %s volumes.", kind->name));
    if (has_iops && (iops < kind->iops_min || iops > kind->iops_max))
        return refuse(check, arena_printf(check->arena, "iops must be between %lld and %lld for %s volumes.",
                                 (long long)kind->iops_min, (long long)kind->iops_max, kind->name));
    if (!value_has(volume, "throughput"))
        return 0;
    if (!kind->throughput)
        return refuse(check, arena_printf(check->arena,
                                 "The parameter throughput is not supported for %s volumes.", kind->name));
    return throughput < 1 || throughput > THROUGHPUT_MAX
               ? refuse(check, "throughput must be between 1 and 1000.")
               : 0;
}

static int check_managed(struct volume_check *check, const struct value *volume) {
    const char *type = value_string(volume, "volumeType");
    const struct volume_kind *kind = find_kind(type != NULL ? type : "gp3");
    int64_t size = value_int(volume, "sizeInGiB", 0);
    if (kind == NULL)
        return refuse(check, arena_printf(check->arena, "The volume type %s is not supported.", type));
    if (!value_has(volume, "sizeInGiB") && !value_has(volume, "snapshotId"))
        return refuse(check, "Either a sizeInGiB or a snapshotId must be specified.");
    if (value_has(volume, "sizeInGiB") && (size < kind->size_min_gib || size > kind->size_max_gib))
        return refuse(
            check, arena_printf(check->arena, "sizeInGiB must be between %lld and %lld for %s volumes.",
                       (long long)kind->size_min_gib, (long long)kind->size_max_gib, kind->name));
    if (value_has(volume, "volumeInitializationRate") && !value_has(volume, "snapshotId"))
        return refuse(check, "volumeInitializationRate requires a snapshotId.");
    return check_speed(check, volume, kind);
}

int volume_rules_check(struct arena *arena, const struct value *configurations, const char *configured,
    struct violation *ret_violation) {
    struct volume_check check = {.arena = arena, .violation = ret_violation};
    if (value_count(configurations) == 0) {
        if (configured == NULL)
            return 0;
        return refuse_with(&check,
            arena_printf(arena,
                "The volume %s is configured at launch: a volume configuration for it is required.", /* D */
                configured));
    }
    if (configured == NULL)
        return refuse_with(&check, "Volume configuration provided but no matching configuredAtLaunch volume "
                                   "found in task definition.");
    if (value_count(configurations) > 1)
        return refuse_with(&check, "volumeConfigurations can have at most 1 items.");
    const struct value *volume = value_at(configurations, 0);
    const char *name = value_string(volume, "name");
    if (!text_equal(name, configured))
        return refuse_with(&check,
            arena_printf(arena,
                "The volume name '%s' in your request does not have a matching volume in your Task Definition that "
                "is configurable at launch.",
                name != NULL ? name : ""));
    if (!value_has(volume, "managedEBSVolume"))
        return refuse(&check, "A managedEBSVolume must be specified.");
    return check_managed(&check, value_get(volume, "managedEBSVolume"));
}
