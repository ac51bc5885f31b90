/* A task: its state machine, its stamps and its document (the Task of the API).
 *
 * A struct task lives in an arena of its own. All text in it is borrowed from that arena (task_text()).
 * Sources: facts tasks 5.1 (members), 5.2 (containers), 5.6 (life cycle). */
#ifndef ECS_LOCAL_DOMAIN_TASK_H
#define ECS_LOCAL_DOMAIN_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "ecs-local/base/arena.h"
#include "ecs-local/base/value.h"
#include "ecs-local/base/writer.h"
#include "ecs-local/domain/resources.h"

/* In the order of a life; stored and shown by name. */
enum task_status {
    TASK_PROVISIONING,
    TASK_PENDING,
    TASK_ACTIVATING,
    TASK_RUNNING,
    TASK_DEACTIVATING,
    TASK_STOPPING,
    TASK_DEPROVISIONING,
    TASK_STOPPED,
    TASK_STATUS_COUNT
};

/* Where the task runs, which decides the statuses it passes through. */
enum task_platform {
    TASK_ON_INSTANCE, /* EC2 or EXTERNAL; bridge, host or none: PENDING → RUNNING → STOPPING → STOPPED */
    TASK_ON_INSTANCE_AWSVPC, /* EC2 with its own network interface: all statuses */
    TASK_ON_FARGATE,         /* all statuses */
    TASK_PLATFORM_COUNT
};

struct task_binding {
    const char *bind_ip;
    int container_port; /* 0 with a range */
    int host_port;
    const char *protocol;
    const char *container_port_range; /* NULL without a range */
    const char *host_port_range;
};

/* What the life of a container needs beyond what a Task shows (task_life.h). 0: not yet. */
struct container_life {
    int64_t started_ms; /* its last start */
    int64_t ended_ms;
    int64_t healthy_ms; /* HEALTHY since */
    unsigned restarts;
    bool exit_done;   /* its scripted exit is over */
    bool health_done; /* its scripted health shows */
};

/* A stretch of a document that stays the same from the first writing on: it is kept as text. */
struct task_stretch {
    const char *text; /* NULL: not written yet */
    size_t length;
    bool comma; /* what comes next needs one before it */
};

enum task_container_stretch {
    STRETCH_CONTAINER_NAMES, /* from its beginning to its image */
    STRETCH_CONTAINER_RUN,   /* what its start gave it: digest and runtime id */
    STRETCH_CONTAINER_SIZE,  /* cpu, memory and GPUs, to its end */
    TASK_CONTAINER_STRETCHES
};

enum task_stretch_at {
    STRETCH_CLUSTER,        /* from its attributes to its cluster */
    STRETCH_INSTANCE,       /* from its container instance to the beginning of its containers */
    STRETCH_CONTAINERS_END, /* and its cpu */
    STRETCH_LAUNCH_TYPE,    /* from there to its platform */
    STRETCH_DEFINITION,     /* its ARN and that of its definition */
    TASK_STRETCHES
};

struct task_container {
    const char *arn;
    const char *name;
    const char *image;
    const char *image_digest; /* NULL until RUNNING */
    const char *runtime_id;   /* NULL until RUNNING */
    const char *last_status;  /* "PENDING", "RUNNING", "STOPPED" */
    bool exited;              /* exit_code is there */
    int exit_code;
    const char *reason;        /* NULL when none */
    const char *health_status; /* NULL until RUNNING */
    bool has_health_check;
    int64_t health_verdict_ms; /* a check that fails from the start says UNHEALTHY after so long */
    bool essential;
    const char *cpu;                /* text, "0" by default */
    const char *memory;             /* NULL when not defined */
    const char *memory_reservation; /* NULL when not defined */
    struct task_binding *bindings;  /* shown from RUNNING on */
    unsigned binding_count;
    const char **gpu_ids; /* of its container instance */
    unsigned gpu_count;
    const struct value *gpu_sharing; /* how it shares its GPU with others; NULL: it does not */
    const char *agent_status;        /* of the execute command agent; NULL: there is none */
    int64_t agent_started_ms;
    const char *agent_reason; /* NULL when none */
    struct container_life life;
    struct task_stretch stretches[TASK_CONTAINER_STRETCHES];
};

struct task_interface {
    const char *attachment_id; /* uuid; NULL: the task has no network interface of its own */
    const char *status;        /* PRECREATED, ATTACHED, DELETED … */
    const char *subnet_id;
    const char *interface_id;
    const char *mac_address;
    const char *private_dns_name;
    const char *private_ipv4;
};

/* An EBS volume that ECS makes for the task. */
struct task_volume {
    const char *attachment_id; /* uuid; NULL: the task has none */
    const char *status;        /* PRECREATED, ATTACHED, DELETED */
    const char *name;
    const char *role_arn;
    const char *volume_id; /* NULL until it is there */
    bool delete_on_termination;
};

/* Where others find the task: through Service Connect, or in a registry. */
struct task_endpoint {
    const char *attachment_id; /* uuid */
    const char *type;          /* of the attachment: a constant */
    const char *status;        /* PRECREATED, ATTACHED, DELETED */
    const struct value *details;
};
enum {
    TASK_ENDPOINTS_MAX = 2, /* one of each sort */
};

struct task_outcome;

/* Likewise for the task. */
struct task_life {
    int64_t since_ms;              /* its status */
    int64_t stop_at_ms;            /* it does not begin its way down before; 0: at once */
    struct task_outcome *outcomes; /* what scripts want to become of it (outcome.h) */
    unsigned outcome_count;
    bool unannounced; /* a container has changed since the task's last event; never across turns */
};

struct task {
    struct arena *arena;
    int64_t id; /* row; creation order */
    int64_t cluster_id;
    int64_t family_id;
    int64_t task_definition_id;
    int64_t container_instance_id; /* 0: none */
    int64_t service_id;            /* 0: of no service */
    int64_t deployment_id;         /* the deployment or task set that started it; 0: none */

    const char *task_id;
    const char *arn;
    const char *cluster_arn;
    const char *task_definition_arn;
    const char *container_instance_arn; /* NULL: none */
    const char *launch_type;            /* "EC2", "FARGATE", "EXTERNAL" */
    enum task_platform platform;
    const char *capacity_provider; /* NULL: none */
    const char *platform_version;  /* Fargate only */
    const char *platform_family;   /* Fargate only */
    const char *availability_zone; /* NULL: unknown */
    const char *cpu_architecture;  /* "x86_64", "arm64" */
    const char *cpu;               /* text; NULL: not shown */
    const char *memory;
    const char *group;
    const char *started_by; /* NULL: not given */
    bool enable_execute_command;
    int ephemeral_gib;          /* 0: not shown */
    int64_t protected_until_ms; /* from scale-in; 0: not protected */
    const struct value *overrides;
    const char *tags; /* JSON list, NULL: none */
    /* What it waits for, until an instance of its capacity provider has room: the members placementConstraints,
     * placementStrategy and subnets of its launch. NULL: it waits for nothing. */
    const struct value *waiting;

    enum task_status status;
    enum task_status desired;  /* TASK_RUNNING or TASK_STOPPED */
    int64_t version;           /* grows with every change that AWS announces as an event */
    int64_t announced_version; /* of its last event */
    int64_t created_ms;
    int64_t connectivity_ms;
    bool disconnected; /* its instance has lost its agent since */
    int64_t pull_started_ms;
    int64_t pull_stopped_ms;
    int64_t started_ms;
    int64_t stopping_ms;
    int64_t execution_stopped_ms;
    int64_t stopped_ms;
    const char *stop_code;      /* NULL until it is being stopped */
    const char *stopped_reason; /* NULL until it is being stopped */
    int stop_timeout_s;         /* the longest of its containers' */

    struct task_interface interface;
    struct task_volume volume;
    struct task_endpoint endpoints[TASK_ENDPOINTS_MAX];
    unsigned endpoint_count;
    struct task_container *containers;
    unsigned container_count;

    struct task_stretch *stretches; /* TASK_STRETCHES */

    struct task_life life;
    struct task_demand demand; /* what it holds of its container instance */
    int64_t due_ms;            /* when its next step is due; 0: nothing is */

    bool is_new;      /* not in the store yet */
    bool gone;        /* its retention is over: it is deleted with this turn */
    bool dirty;       /* differs from the store */
    bool listed;      /* in its engine's list of tasks to be written */
    bool holds;       /* the demand is taken from the instance */
    uint64_t used_at; /* for the cache that holds it */
};

enum {
    /* "Stopped tasks stay visible at least 1 hour" (facts: tasks 5.6). */
    TASK_RETENTION_MS = 3600 * 1000,
    /* Between SIGTERM and SIGKILL unless the container says otherwise (facts: tasks 5.5). */
    TASK_STOP_TIMEOUT_S = 30,
};

const char *task_status_name(enum task_status status);
/* 0, or 1 for a name that is none. */
int task_status_parse(const char *name, enum task_status *ret_status);

/* An empty task in an arena of its own. Never NULL; task_free() takes NULL. */
struct task *task_new(void);
void task_free(struct task *task);
char *task_text(struct task *task, const char *text);

/* What the document does not say and the task definition does: essential containers, health checks, the
 * longest stop timeout. */
struct task_definition;
void task_complete(struct task *task, const struct task_definition *definition);

/* May a task go from one status to the other on its platform? */
bool task_move_allowed(enum task_platform platform, enum task_status from, enum task_status to);

/* Moves to `status` at `now_ms`, stamps the times and the containers, and counts the version (facts:
 * tasks 5.1, 5.6). 0, or ERR_BUG for a move that is not allowed. */
int task_move(struct task *task, enum task_status status, int64_t now_ms);

/* Wants the task stopped: desired status, code, reason, stoppingAt. No effect when it is wanted stopped
 * already. */
void task_want_stopped(struct task *task, const char *stop_code, const char *reason, int64_t now_ms);

/* Container `index` has been started, for the first time or again: RUNNING, its health not known yet. */
void task_container_started(struct task *task, unsigned index, int64_t now_ms);
/* Container `index` will never start; with an exit code or without. */
void task_container_failed(
    struct task *task, unsigned index, bool exited, int exit_code, const char *reason, int64_t now_ms);
/* Container `index` has ended. Stamps executionStoppedAt when it is essential. */
void task_container_exited(
    struct task *task, unsigned index, int exit_code, const char *reason, int64_t now_ms);

/* Is the task counted as pending (facts: tasks 3.1: PENDING, and D: PROVISIONING, ACTIVATING) or running? */
bool task_counts_pending(enum task_status status);
bool task_counts_running(enum task_status status);

/* Task.healthStatus from the essential containers; NULL while there is none to show (facts: tasks 5.2). */
const char *task_health_status(const struct task *task);
/* The same from those of them that have a health check, or whose script has spoken: what a scheduler goes by (facts:
 * services 7.5). A sidecar without one shows UNKNOWN for ever and must not hold anybody up. */
const char *task_checked_health(const struct task *task);
/* Has an essential container a health check, or a script that has spoken in its place? */
bool task_has_health_checks(const struct task *task);

/* The Task of the API without `tags`, as one JSON object. While it waits for capacity it shows no containers, no
 * attachments and no overrides (facts: tasks 5.3, a task of 2024). */
void task_write_document(const struct task *task, struct writer *writer);
/* The same with everything, waiting or not. */
void task_write_full_document(const struct task *task, struct writer *writer);
/* As StopTask answers it: until it is STOPPED its containers do not tell their health (facts: tasks 5.5, a sample). */
void task_write_stopping_document(const struct task *task, struct writer *writer);
/* Its place or its GPUs have changed, which a document does not expect: the next one is written anew. */
void task_forget_stretches(struct task *task);
/* Likewise when the container has been started, for the first time or again. */
void task_container_forget_run(struct task_container *container);
/* Reads what task_write_document() wrote. The row's columns (ids, launch type …) are the caller's.
 * 0, or ERR_BUG when it is not such a document. */
int task_read_document(struct task *task, const struct value *document);

/* Gives every container its execute command agent, if the task has that enabled. */
void task_add_managed_agents(struct task *task);
/* NULL without an agent. */
const char *task_managed_agent_status(const struct task *task, const struct task_container *container);

struct task_container *task_container_named(struct task *task, const char *name); /* NULL: none */
/* Notes that `count` dynamic ports from `first` on are taken for the task. */
void task_add_dynamic_ports(struct task *task, enum port_protocol protocol, uint16_t first, unsigned count);

/* The demand as a short text for a column, and back. 0 or ERR_BUG. */
const char *task_reservation_text(struct arena *arena, const struct task_demand *demand);
int task_reservation_parse(struct arena *arena, const char *text, struct task_demand *ret_demand);

#endif
