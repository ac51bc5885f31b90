/* What a container instance has, what tasks hold of it, and whether one more fits.
 * Sources: facts tasks 7.1 (resources, ports), 8.4 (reasons); the 2016 document (ephemeral range, 100 ports).
 */
#ifndef ECS_LOCAL_DOMAIN_RESOURCES_H
#define ECS_LOCAL_DOMAIN_RESOURCES_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PORT_EPHEMERAL_FIRST = 32768,
    PORT_EPHEMERAL_LAST = 60999,
    PORTS_RESERVED_MAX = 100, /* of an instance, default ones included, dynamic ones not */
    GPUS_MAX = 64,            /* of an instance, that are told apart */
    GPUS_ALL = 1000000,       /* of a demand, this or more: all that the instance has */
};

enum port_protocol {
    PORT_TCP,
    PORT_UDP,
    PORT_PROTOCOL_COUNT
};

#define ENIS_UNKNOWN (-1)

/* Ports in ascending order. The memory is malloc's: port_set_done(). */
struct port_set {
    uint16_t *ports;
    uint32_t count;
    uint32_t capacity;
};

void port_set_done(struct port_set *set);
bool port_set_has(const struct port_set *set, uint16_t port);
void port_set_add(struct port_set *set, uint16_t port);
void port_set_remove(struct port_set *set, uint16_t port);

/* Ports of a demand: borrowed from whoever made it (an arena), in any order. */
struct port_list {
    uint16_t *ports;
    uint32_t count;
};

/* What a task takes of its instance. */
struct task_demand {
    int64_t cpu_units;
    int64_t memory_mib;
    int64_t gpus;
    int64_t enis;                                  /* network interfaces of its own */
    uint64_t gpu_set;                              /* which GPUs of the instance; 0 until it is placed */
    int64_t gpu_share_mib;                         /* memory on one GPU that others may use, too; 0: none */
    int64_t gpu_share_containers;                  /* for so many containers */
    uint32_t address;                              /* in the VPC; 0 until its interface is there */
    struct port_list fixed[PORT_PROTOCOL_COUNT];   /* reserved as soon as the task is placed */
    struct port_list dynamic[PORT_PROTOCOL_COUNT]; /* chosen when it starts to run */
};

/* What containers that share a GPU hold of it. */
struct gpu_share {
    int64_t memory_mib;
    int64_t containers;
};

struct instance_resources {
    int64_t cpu_units; /* registered */
    int64_t memory_mib;
    int64_t gpus;
    int64_t cpu_taken;
    int64_t memory_taken;
    int64_t gpus_taken;
    uint64_t gpu_set;             /* those that are taken, by their place in gpu_ids */
    const char **gpu_ids;         /* `gpus` of them; borrowed */
    int64_t gpu_memory_mib;       /* of each; 0: not known, and they cannot be shared */
    uint64_t gpu_shared;          /* those that are shared; they count as taken, too */
    struct gpu_share *gpu_shares; /* GPUS_MAX of them; NULL until one is shared. malloc's */
    int64_t enis;                 /* that tasks may have; ENIS_UNKNOWN: no limit is known */
    int64_t enis_taken;
    struct port_set reserved[PORT_PROTOCOL_COUNT]; /* registered as reserved, then fixed ports of tasks */
    struct port_set dynamic[PORT_PROTOCOL_COUNT];
};

void resources_done(struct instance_resources *resources);
/* The same instance without any task: registered resources and ports. The copy is to be given back, too. */
void resources_copy_empty(const struct instance_resources *from, struct instance_resources *ret_copy);
/* NULL when the demand fits, else the reason: "RESOURCE:CPU", … */
const char *resources_missing(const struct instance_resources *resources, const struct task_demand *demand);
/* The same without the reason, quickly where the demand has no fixed ports. */
bool resources_fit(const struct instance_resources *resources, const struct task_demand *demand);
void resources_take(struct instance_resources *resources, const struct task_demand *demand);
/* Chooses the GPUs of a demand that is about to be taken: the free ones that come first; to share, the fullest one that
 * still has the memory. */
void resources_choose_gpus(const struct instance_resources *resources, struct task_demand *demand);
void resources_release(struct instance_resources *resources, const struct task_demand *demand);
/* A port of the ephemeral range that nobody uses, searched from a random start; taken at once. 0: none is
 * free. */
uint16_t resources_take_dynamic(
    struct instance_resources *resources, enum port_protocol protocol, uint64_t random);
/* A run of `length` free ports of the ephemeral range; the first of it, 0 when there is none. Taken at once.
 */
uint16_t resources_take_dynamic_range(
    struct instance_resources *resources, enum port_protocol protocol, uint64_t random, unsigned length);

#endif
