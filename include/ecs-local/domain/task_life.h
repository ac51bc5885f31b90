/* What happens to a simulated task next: a state machine of its containers and of itself.
 *
 * It is asked again after every change and has no memory but the task: life_next() finds the earliest thing that will
 * happen by itself, life_apply() lets it happen to a container, task_move() to the task.
 *
 * In PENDING containers are pulled and started, each when what it depends on is so far; when all have started (or have
 * ended and were not essential), the task goes on. In STOPPING they are ended in the reverse order.
 * Sources: facts docker 1.11 (order), 1.12 (essential, restart), 1.10 (health); tasks 5.6 (texts). */
#ifndef ECS_LOCAL_DOMAIN_TASK_LIFE_H
#define ECS_LOCAL_DOMAIN_TASK_LIFE_H

#include "ecs-local/domain/outcome.h"
#include "ecs-local/domain/task.h"
#include "ecs-local/domain/task_definition.h"

/* What takes time: every status of a task, and a few things within them. */
enum life_stage {
    LIFE_PULL =
        TASK_STATUS_COUNT, /* of a container, from the end of PENDING's duration or of what it waits for */
    LIFE_START,            /* of a container, after its pull */
    LIFE_HEALTH,           /* from a container's start to the first verdict of its health check */
    LIFE_COMPLETE, /* from start to end of a container whose end another one waits for (COMPLETE, SUCCESS) */
    LIFE_STAGE_COUNT
};

enum {
    LIFE_NEVER_MS = -1,
    LIFE_AS_DEFINED_MS = -2, /* of LIFE_HEALTH: the interval of the health check */
};

struct life_duration {
    int64_t duration_ms; /* or one of the above */
    int64_t jitter_ms;   /* up to so much more */
    int exit_code;       /* of TASK_RUNNING and LIFE_COMPLETE: how containers end */
};

/* Of one platform. */
struct life_timing {
    struct life_duration stages[LIFE_STAGE_COUNT];
};

const char *life_stage_name(unsigned stage);
/* Upper or lower case. 0, or 1 for a name that is none. */
int life_stage_parse(const char *name, unsigned *ret_stage);

enum life_step_kind {
    LIFE_CONTAINER_STARTS,
    LIFE_CONTAINER_FAILS, /* it will never start: `reason`, and exit_code with `exited` */
    LIFE_CONTAINER_EXITS, /* exit_code, reason */
    LIFE_CONTAINER_HEALTH,
    LIFE_TASK_MOVES,
};

struct life_step {
    enum life_step_kind kind;
    int64_t at_ms; /* may be over already: then it is due now */
    enum task_status status;
    unsigned container;
    bool exited;
    int exit_code;
    const char *reason; /* static, or as long-lived as the task */
    const char *health;
    int64_t pull_started_ms;
    int64_t pull_stopped_ms;
};

enum {
    LIFE_WAITS = 1
};
/* 0 and *ret_step: this happens next. LIFE_WAITS: nothing happens by itself. `definition` is NULL when it is gone: then
 * nothing is ordered and nothing has a health check. */
int life_next(struct task *task, const struct task_definition *definition, const struct life_timing *timing,
    int64_t now_ms, struct life_step *ret_step);

/* Lets a step that concerns a container happen at `now_ms`. *ret_restarted: the container has ended and runs again by its
 * restart policy. */
void life_apply(struct task *task, const struct task_definition *definition, const struct life_step *step,
    int64_t now_ms, bool *ret_restarted);

/* When a script lets an essential container end or turn UNHEALTHY within `soon_ms` of its start, or before a health check
 * that fails from the start would have its verdict: until then the task only seems to be well. 0: it does not. */
int64_t life_fails_soon_ms(const struct task *task, int64_t soon_ms);

/* Must the task stop for what has become of its containers? Its code and reason. */
bool life_must_stop(const struct task *task, const char **ret_stop_code, const char **ret_reason);

/* The life as an object for a column of its own, and back (NULL: there is none). 0 or ERR_BUG. */
void task_life_write(const struct task *task, struct writer *writer);
int task_life_read(struct task *task, const struct value *life_or_null);

/* May `container` start, as far as others are concerned? */
enum container_order {
    ORDER_FREE,    /* *ret_ms: since when; 0: from the beginning */
    ORDER_WAITS,   /* *ret_ms: when it gives up; 0: never */
    ORDER_HOPELESS /* *ret_reason (in the task's arena) */
};
enum container_order container_order(struct task *task, const struct task_definition *definition,
    unsigned container, int64_t now_ms, int64_t *ret_ms, const char **ret_reason);
/* Since when nothing that depends on the container runs any more; -1 while something does. */
int64_t container_released_ms(
    const struct task *task, const struct task_definition *definition, unsigned container);
/* What the definition says about the container; never NULL. */
const struct task_definition_container *container_rules(
    const struct task *task, const struct task_definition *definition, unsigned container);

#endif
