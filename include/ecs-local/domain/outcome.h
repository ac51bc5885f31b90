/* Scripted outcomes: what a test wants to happen to coming tasks (POST /_ecs/outcomes).
 *
 * An outcome is an object of one key (several of different kinds are read, too: older states hold them):
 *
 *   {"cannotPull": {"message": TEXT}}       its image cannot be pulled
 *   {"cannotStart": {"message": TEXT}}      it cannot be started
 *   {"exit": {"code": 1, "after": "5s", "reason": TEXT}}   it ends by itself, so long after its start
 *   {"outOfMemory": {"after": "5s"}}        it is killed for its memory: exit code 137
 *   {"health": {"status": "UNHEALTHY", "after": "30s"}}    what its health check says from then on
 *   {"stuck": {"at": "PENDING"}}            the task does not leave that status by itself
 *   {"slow": {"stage": "PULL", "by": "2m"}} a stage of task_life.h takes so much longer
 *
 * Every member of the inner objects may be left out, but for `status`, `at` and `by`. */
#ifndef ECS_LOCAL_DOMAIN_OUTCOME_H
#define ECS_LOCAL_DOMAIN_OUTCOME_H

#include "ecs-local/domain/task.h"

struct task_definition;

struct outcome_effects {
    const char *start_failure; /* what the container and the task say; NULL: it starts */
    bool fails_pull;           /* before it is pulled; otherwise after */
    bool exits;
    int exit_code;
    int64_t exit_after_ms;
    const char *exit_reason; /* NULL: none */
    const char *health;      /* NULL: as its health check says */
    int64_t health_after_ms;
    bool stuck;
    enum task_status stuck_at;
    unsigned slow_stage; /* enum life_stage */
    int64_t slow_by_ms;  /* 0: not slow */
};

/* An outcome that a task has got. */
struct task_outcome {
    int container;            /* its index; OUTCOME_WHOLE_TASK when the script named none */
    const struct value *told; /* as it was given */
    struct outcome_effects outcome;
};

enum {
    OUTCOME_WHOLE_TASK = -1
};

/* What a script is matched against. */
struct outcome_subject {
    const char *account;
    const char *region;
    const char *cluster; /* its name */
    const char *cluster_arn;
    const char *family;
    int64_t revision;
    const char *group;
    const char *started_by; /* NULL: none */
};

/* Reads `told`. 0, or 1 and a sentence (static or in the arena) that says what is wrong with it. */
int outcome_read(struct arena *arena, const struct value *told, struct outcome_effects *ret_outcome,
    const char **ret_problem);
/* Checks the keys of a match and the kinds of their values. 0, or 1 and a sentence. */
int outcome_match_check(struct arena *arena, const struct value *match, const char **ret_problem);
/* Does `match` (checked; NULL: everything) fit the subject? Its `container` is not looked at. */
bool outcome_matches(const struct value *match, const struct outcome_subject *subject);
/* Gives the task the outcome, for the container of that name (NULL: for the whole task). 0, or 1 when there is no such
 * container, or an earlier script has it already. */
int outcome_bind(struct task *task, const struct value *told, const char *container);

#endif
