/* Task definitions: the rules for registering one, the document that comes back, and the summary that
 * scheduling and the life cycle of tasks need. Pure. Sources: facts tasks 4. */
#ifndef ECS_LOCAL_DOMAIN_TASK_DEFINITION_H
#define ECS_LOCAL_DOMAIN_TASK_DEFINITION_H

#include <stdbool.h>
#include <stdint.h>

#include "ecs-local/base/arena.h"
#include "ecs-local/base/value.h"
#include "ecs-local/domain/resources.h"
#include "ecs-local/domain/violation.h"

/* Checks a RegisterTaskDefinition request (types and enums are checked already; required members may be
 * missing). 0, or 1 and the first rule that it breaks, in the order of facts tasks 4.4. */
int task_definition_check(struct arena *arena, const struct value *request, struct violation *ret_violation);

/* The TaskDefinition as it comes back, in AWS's member order (facts: tasks 4.3), without taskDefinitionArn,
 * revision, status, the times, registeredBy and tags: those are the caller's. `request` has passed
 * task_definition_check(). */
struct value *task_definition_normalise(
    struct arena *arena, const struct value *request, const char *partition, const char *account);

/* requiresAttributes (facts: tasks 4.9) of a normalised definition: a list of {name}; empty when there are
 * none. */
struct value *task_definition_attributes(struct arena *arena, const struct value *definition);
/* compatibilities (facts: tasks 4.10) of a normalised definition. */
struct value *task_definition_compatibilities(struct arena *arena, const struct value *definition);

/* A task-level size as units or MiB: "1024", "1 vCPU", ".5 vcpu"; "512", "1GB", ".5 gb" (facts: tasks 4.3).
 * 0, or 1 for anything else. */
int task_definition_parse_cpu(const char *text, int64_t *ret_units);
int task_definition_parse_memory(const char *text, int64_t *ret_mib);
/* Is there such a Fargate size (facts: tasks 4.5)? */
bool fargate_size_exists(int64_t cpu_units, int64_t memory_mib, bool windows);
/* "80-90" → 80 and 90. 0, or 1 when it is no range of ports. */
int task_definition_parse_range(const char *text, int *ret_first, int *ret_last);
/* A role's name, with or without a path, or its ARN? */
bool task_definition_role_is_valid(const char *role);
/* A role name becomes the role's ARN; an ARN stays. */
const char *task_definition_role_arn(
    struct arena *arena, const char *role, const char *partition, const char *account);

enum network_mode {
    NETWORK_BRIDGE, /* also when none is given */
    NETWORK_HOST,
    NETWORK_AWSVPC,
    NETWORK_NONE,
};

struct task_definition_port {
    int container_port; /* 0 with a range */
    int host_port;      /* 0: chosen when the task starts */
    bool udp;
    int range_first; /* containerPortRange; 0: none */
    int range_last;
};

/* dependsOn: what another container must have come to. */
enum dependency_condition {
    DEPENDS_ON_START,
    DEPENDS_ON_COMPLETE,
    DEPENDS_ON_SUCCESS,
    DEPENDS_ON_HEALTHY,
};

struct container_dependency {
    unsigned container; /* index in the definition */
    enum dependency_condition condition;
};

struct container_restart_policy {
    bool enabled;
    int64_t attempt_period_s; /* it must have run so long */
    const struct value *ignored_exit_codes;
};

struct task_definition_container {
    const char *name;
    const char *image;
    int64_t cpu_units;
    int64_t memory_mib;             /* 0: not given */
    int64_t memory_reservation_mib; /* 0: not given */
    int64_t gpus;
    const struct value *gpu_sharing; /* its sharingStrategy; NULL: none */
    bool essential;
    bool has_health_check;
    int64_t health_interval_s;
    int64_t health_verdict_s; /* one that fails from the start is UNHEALTHY after so long */
    int start_timeout_s;      /* 0: not given */
    int stop_timeout_s;       /* 0: not given */
    struct container_dependency *dependencies;
    unsigned dependency_count;
    bool awaited; /* another container waits for its end */
    struct container_restart_policy restart;
    const struct value *secrets; /* NULL: none */
    struct task_definition_port *ports;
    unsigned port_count;
};

struct task_definition {
    const char *family;
    enum network_mode network_mode;
    const char *cpu;                /* of the task level, NULL: not given */
    const char *memory;             /* of the task level, NULL: not given */
    const char *shown_cpu;          /* Task.cpu (facts: tasks 5.1) */
    const char *shown_memory;       /* Task.memory */
    const char *task_role_arn;      /* NULL: none */
    const char *execution_role_arn; /* NULL: none */
    bool supports_ec2;
    bool supports_fargate;
    bool supports_external;
    bool supports_managed_instances;
    const char *volume_configured_at_launch; /* its name; NULL: none */
    bool arm64;
    bool is_windows;
    const char *os_family;     /* "LINUX" by default */
    int ephemeral_storage_gib; /* 0: not given */
    const char *const *required_attributes;
    unsigned required_attribute_count;
    const struct value *placement_constraints; /* NULL: none */
    struct task_definition_container *containers;
    unsigned container_count;
};

/* What a list of ResourceRequirements says about GPUs. */
int64_t task_definition_gpus(const struct value *requirements);
const struct value *task_definition_gpu_sharing(const struct value *requirements); /* NULL: none */
/* What is wrong with the ResourceRequirements of a container; NULL: nothing. */
const char *task_definition_requirements_refusal(const struct value *requirements);

/* From a normalised document. 0, or 1 when it is not one. Text is borrowed from the document. */
int task_definition_summarise(
    struct arena *arena, const struct value *document, struct task_definition **ret_definition);

#endif
