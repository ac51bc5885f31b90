#include "ecs-local/domain/managed_scaling.h"

static int64_t clamp(int64_t number, int64_t least, int64_t most) {
    if (number < least)
        return least;
    return number > most ? most : number;
}

int64_t managed_scaling_next_size(const struct managed_scaling *scaling) {
    int64_t target = clamp(scaling->target_capacity, 1, 100);
    int64_t busy = scaling->in_use + scaling->needed;
    int64_t wanted = clamp((busy * 100 + target - 1) / target, scaling->minimum, scaling->maximum);
    if (wanted <= scaling->size)
        return wanted;
    int64_t step = clamp(wanted - scaling->size, scaling->minimum_step, scaling->maximum_step);
    return clamp(scaling->size + step, scaling->minimum, scaling->maximum);
}
