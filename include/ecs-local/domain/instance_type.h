/* EC2 instance types that a simulated container instance can be.
 *
 * memory_mib is what the agent would register: the type's memory less about 3% and a little for the kernel
 * and the machine, which lands within a percent of registrations seen on AWS (facts: tasks 7.1: t2.micro 985,
 * c5.large 3705–3955). */
#ifndef ECS_LOCAL_DOMAIN_INSTANCE_TYPE_H
#define ECS_LOCAL_DOMAIN_INSTANCE_TYPE_H

#include <stdbool.h>
#include <stdint.h>

struct instance_type {
    const char *name; /* borrowed */
    int64_t vcpus;
    int64_t memory_mib; /* as registered */
    int gpus;
    int enis;                 /* network interfaces, the primary one included */
    const char *architecture; /* "x86_64", "arm64" */
};

/* False for a type that does not exist or is not known. */
bool instance_type_find(const char *name, struct instance_type *ret_type);

/* MiB of each GPU of the type; 0: it has none that can be shared. */
int64_t instance_type_gpu_memory(const char *name);

/* How many awsvpc tasks fit when awsvpcTrunking is on; 0: the type has no trunks. */
int instance_type_trunk_enis(const struct instance_type *type);

#endif
