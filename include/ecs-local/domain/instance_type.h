/* EC2 instance types that a simulated container instance can be.
 *
 * memory_mib is what the agent would register: the type's memory less about 3% and a little for the kernel
 * and the machine, which lands within a percent of registrations seen on AWS (facts: tasks 7.1: t2.micro 985,
 * c5.large 3705–3955). */
#ifndef ECS_LOCAL_DOMAIN_INSTANCE_TYPE_H
#define ECS_LOCAL_DOMAIN_INSTANCE_TYPE_H

#include <stdint.h>

struct instance_type {
    const char *name;
    int64_t vcpus;
    int64_t memory_mib; /* as registered */
    int gpus;
    const char *architecture; /* "x86_64", "arm64" */
};

/* NULL for a type that is not known; the result is valid until the next call. */
const struct instance_type *instance_type_find(const char *name);

#endif
