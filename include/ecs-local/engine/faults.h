/* Injected faults: what a test wants to go wrong (POST /_ecs/faults). They are in the store and in memory, few, and
 * looked at in the order in which they were made. A complete reset drops them all, a narrowed one those of its account. */
#ifndef ECS_LOCAL_ENGINE_FAULTS_H
#define ECS_LOCAL_ENGINE_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "ecs-local/base/value.h"

struct engine;
struct scope;

enum fault_kind {
    FAULT_REQUEST,    /* operation, error, message, status, rate, times, latency */
    FAULT_VISIBILITY, /* visibilityDelay: DescribeTasks does not see new tasks for a while */
    FAULT_CAPACITY,   /* capacity, zone: no new task gets any */
    FAULT_INSTANCE,   /* containerInstance, fault: interruptions.h, like the kinds before and after */
    FAULT_TASK,       /* task, fault */
    FAULT_SERVICE,    /* service ("*": any), cluster, fault, message, times: what its scheduler cannot do */
    FAULT_GATEWAY, /* gateway ("*": any), fault, message, times: which change of it or of its routes fails */
    FAULT_KIND_COUNT
};

enum {
    FAULTS_MAX = 1000
};

struct fault {
    int64_t id;
    enum fault_kind kind;
    const struct value *document; /* as given, defaults filled in; durations are texts */
    const char *account;          /* whose requests or tasks; NULL: everybody's */
    const char *region;
    int64_t times; /* how often it strikes; 0: without end */
    int64_t used;
    int64_t created_ms;
};

/* "request", "visibility", "capacity", "containerInstance", "task", "service", "gateway". */
const char *fault_kind_name(enum fault_kind kind);

/* Keeps a fault. The document is a JSON object that has been checked. */
int engine_fault_add(
    struct engine *engine, enum fault_kind kind, const char *document, const struct fault **ret_fault);
/* ENGINE_NOT_FOUND when there is none. */
int engine_fault_delete(struct engine *engine, int64_t id);
int engine_faults_clear(struct engine *engine, const char *account_or_null, const char *region_or_null);
/* The fault with the smallest id above `after`; NULL: there is none. Valid until faults change. */
const struct fault *engine_fault_next(const struct engine *engine, int64_t after);
bool fault_is_for(const struct fault *fault, const char *account, const char *region);
/* Is its member `member` absent, "*", the name or the ARN? */
bool fault_means(const struct fault *fault, const char *member, const char *name, const char *arn);
/* Has it struck as often as it was to? */
bool fault_is_spent(const struct fault *fault);
/* The first of the kind whose `fault` is `name`, that is for the scope and means the thing: its member `member` is the name,
 * the ARN or "*". Not a spent one; NULL: there is none. */
const struct fault *engine_fault_of(const struct engine *engine, enum fault_kind kind, const char *name,
    const struct scope *scope, const char *member, const char *thing_name, const char *thing_arn);
/* It has struck. */
int engine_fault_used(struct engine *engine, const struct fault *fault);

/* What happens to a request instead of, or beside, what it asks for. */
struct request_fault {
    const char *error; /* NULL: it is carried out */
    const char *message;
    unsigned status;
    int64_t latency_ms; /* its reply is to leave that much later, by the machine's clock */
};
int engine_request_fault(struct engine *engine, const char *operation, const char *account,
    const char *region, struct request_fault *ret_fault);
/* For how long DescribeTasks does not see a new task; 0: it does at once. */
int64_t engine_visibility_delay_ms(const struct engine *engine, const struct scope *scope);

#endif
