/* The time of the simulated world. Real, held (moves only when told) or scaled. All of ECS behaviour uses
 * this; only log lines and request durations use the machine's own clock. */
#ifndef ECS_LOCAL_BASE_CLOCK_H
#define ECS_LOCAL_BASE_CLOCK_H

#include <stdint.h>

enum clock_mode {
    CLOCK_REAL,
    CLOCK_HELD,
    CLOCK_SCALED,
};

struct clock {
    enum clock_mode mode;
    double factor;         /* world milliseconds per machine millisecond; 1 when real */
    int64_t base_world_ms; /* world time at base_machine_ms */
    int64_t base_machine_ms;
    int64_t machine_ms; /* the machine's monotonic time at the last look */
};

/* "real", "held" or "xN" (N a positive number) → 0; anything else → 1. */
int clock_mode_parse(const char *text, enum clock_mode *ret_mode, double *ret_factor);
/* "real", "held", "scaled". */
const char *clock_mode_name(enum clock_mode mode);

void clock_init(struct clock *clock, enum clock_mode mode, double factor);
/* Looks at the machine's clock. Between two looks the world's time stands still: a request and what follows from it happen
 * in one moment, and asking for the time costs nothing. */
void clock_look(struct clock *clock);
/* Milliseconds since the epoch at the last look. Never goes backwards as long as the mode stays. */
int64_t clock_now_ms(const struct clock *clock);
/* Changes the mode; the time goes on from where it is (real: jumps to the machine's time). */
void clock_set_mode(struct clock *clock, enum clock_mode mode, double factor);
/* Moves a held or scaled clock forward to `world_ms`; an earlier time leaves it alone. */
void clock_advance_to(struct clock *clock, int64_t world_ms);
/* Machine milliseconds until the world reaches `world_ms`: 0 when it has, -1 when it never will by itself. */
int64_t clock_wait_ms(const struct clock *clock, int64_t world_ms);

/* The machine's clocks: since the epoch, and monotonic in microseconds. */
int64_t machine_now_ms(void);
int64_t machine_monotonic_us(void);

#endif
