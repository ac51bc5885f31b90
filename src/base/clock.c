#include "ecs-local/base/clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t machine_ms(clockid_t id) {
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t machine_now_ms(void) {
    return machine_ms(CLOCK_REALTIME);
}

int64_t machine_monotonic_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int clock_mode_parse(const char *text, enum clock_mode *ret_mode, double *ret_factor) {
    enum clock_mode mode = CLOCK_SCALED;
    double factor = 1;
    if (strcmp(text, "real") == 0) {
        mode = CLOCK_REAL;
    } else if (strcmp(text, "held") == 0) {
        mode = CLOCK_HELD;
    } else {
        char *end = NULL;
        if (text[0] != 'x' || text[1] < '0' || text[1] > '9')
            return 1;
        factor = strtod(text + 1, &end);
        if (*end != '\0' || !isfinite(factor) || factor <= 0 || factor > 1e6)
            return 1;
    }
    *ret_mode = mode;
    *ret_factor = factor;
    return 0;
}

const char *clock_mode_name(enum clock_mode mode) {
    switch (mode) {
    case CLOCK_HELD:
        return "held";
    case CLOCK_SCALED:
        return "scaled";
    case CLOCK_REAL:
        break;
    }
    return "real";
}

void clock_init(struct clock *clock, enum clock_mode mode, double factor) {
    clock->mode = mode;
    clock->factor = mode == CLOCK_SCALED ? factor : 1;
    clock->base_world_ms = machine_now_ms();
    clock_look(clock);
    clock->base_machine_ms = clock->machine_ms;
}

void clock_look(struct clock *clock) {
    clock->machine_ms = machine_ms(CLOCK_MONOTONIC);
}

int64_t clock_now_ms(const struct clock *clock) {
    if (clock->mode == CLOCK_HELD)
        return clock->base_world_ms;
    int64_t elapsed_ms = clock->machine_ms - clock->base_machine_ms;
    if (clock->mode == CLOCK_SCALED)
        elapsed_ms = (int64_t)((double)elapsed_ms * clock->factor);
    return clock->base_world_ms + elapsed_ms;
}

void clock_set_mode(struct clock *clock, enum clock_mode mode, double factor) {
    clock_look(clock);
    int64_t now_ms = clock_now_ms(clock);
    clock->mode = mode;
    clock->factor = mode == CLOCK_SCALED ? factor : 1;
    clock->base_world_ms = mode == CLOCK_REAL ? machine_now_ms() : now_ms;
    clock->base_machine_ms = clock->machine_ms;
}

void clock_advance_to(struct clock *clock, int64_t world_ms) {
    int64_t now_ms = clock_now_ms(clock);
    if (world_ms <= now_ms)
        return;
    clock->base_world_ms = world_ms;
    clock->base_machine_ms = clock->machine_ms;
}

int64_t clock_wait_ms(const struct clock *clock, int64_t world_ms) {
    int64_t left_ms = world_ms - clock_now_ms(clock);
    if (left_ms <= 0)
        return 0;
    if (clock->mode == CLOCK_HELD)
        return -1;
    if (clock->mode == CLOCK_SCALED)
        left_ms = (int64_t)ceil((double)left_ms / clock->factor);
    return left_ms > 0 ? left_ms : 1;
}
