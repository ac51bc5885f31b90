#include "ecs-local/domain/resources.h"

#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"

void port_set_done(struct port_set *set) {
    free(set->ports);
    *set = (struct port_set){0};
}

/* Where the port is, or where it would stand. */
static uint32_t position(const struct port_set *set, uint16_t port) {
    uint32_t low = 0;
    uint32_t high = set->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (set->ports[middle] < port)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool port_set_has(const struct port_set *set, uint16_t port) {
    uint32_t index = position(set, port);
    return index < set->count && set->ports[index] == port;
}

void port_set_add(struct port_set *set, uint16_t port) {
    uint32_t index = position(set, port);
    if (index < set->count && set->ports[index] == port)
        return;
    if (set->count == set->capacity) {
        set->capacity = set->capacity != 0 ? set->capacity * 2 : 8;
        set->ports = xrealloc(set->ports, set->capacity * sizeof(*set->ports));
    }
    memmove(set->ports + index + 1, set->ports + index, (set->count - index) * sizeof(*set->ports));
    set->ports[index] = port;
    set->count++;
}

void port_set_remove(struct port_set *set, uint16_t port) {
    uint32_t index = position(set, port);
    if (index == set->count || set->ports[index] != port)
        return;
    set->count--;
    memmove(set->ports + index, set->ports + index + 1, (set->count - index) * sizeof(*set->ports));
}

void resources_done(struct instance_resources *resources) {
    for (unsigned protocol = 0; protocol < PORT_PROTOCOL_COUNT; protocol++) {
        port_set_done(&resources->reserved[protocol]);
        port_set_done(&resources->dynamic[protocol]);
    }
    free(resources->gpu_shares);
    resources->gpu_shares = NULL;
}

static bool port_is_free(const struct instance_resources *resources, unsigned protocol, uint16_t port) {
    return !port_set_has(&resources->reserved[protocol], port) &&
           !port_set_has(&resources->dynamic[protocol], port);
}

static bool ports_fit(
    const struct instance_resources *resources, const struct task_demand *demand, unsigned protocol) {
    const struct port_list *wanted = &demand->fixed[protocol];
    for (uint32_t index = 0; index < wanted->count; index++) {
        if (!port_is_free(resources, protocol, wanted->ports[index]))
            return false;
        for (uint32_t earlier = 0; earlier < index; earlier++) {
            if (wanted->ports[earlier] == wanted->ports[index])
                return false; /* two containers of one task cannot bind the same port */
        }
    }
    return true;
}

/* "A container instance may have up to 100 reserved ports at a time": both protocols together. */
static bool within_port_limit(const struct instance_resources *resources, const struct task_demand *demand) {
    uint32_t wanted = demand->fixed[PORT_TCP].count + demand->fixed[PORT_UDP].count;
    return wanted == 0 ||
           resources->reserved[PORT_TCP].count + resources->reserved[PORT_UDP].count + wanted <=
               PORTS_RESERVED_MAX;
}

void resources_copy_empty(const struct instance_resources *from, struct instance_resources *ret_copy) {
    *ret_copy = (struct instance_resources){
        .cpu_units = from->cpu_units,
        .memory_mib = from->memory_mib,
        .gpus = from->gpus,
        .gpu_ids = from->gpu_ids,
        .gpu_memory_mib = from->gpu_memory_mib,
        .enis = from->enis,
    };
    for (unsigned protocol = 0; protocol < PORT_PROTOCOL_COUNT; protocol++) {
        for (uint32_t index = 0; index < from->reserved[protocol].count; index++)
            port_set_add(&ret_copy->reserved[protocol], from->reserved[protocol].ports[index]);
    }
}

static int64_t shared_mib(const struct instance_resources *resources, unsigned gpu) {
    return resources->gpu_shares != NULL ? resources->gpu_shares[gpu].memory_mib : 0;
}

/* The GPU for containers that share it: no container has it for itself, and the memory is there. -1: none is. That the
 * fullest is taken: D. */
static int gpu_to_share(const struct instance_resources *resources, int64_t memory_mib) {
    int best = -1;
    for (unsigned gpu = 0; gpu < GPUS_MAX && gpu < (uint64_t)resources->gpus; gpu++) {
        if ((resources->gpu_set & (uint64_t)1 << gpu) != 0 ||
            resources->gpu_memory_mib - shared_mib(resources, gpu) < memory_mib)
            continue;
        if (best < 0 || shared_mib(resources, gpu) > shared_mib(resources, (unsigned)best))
            best = (int)gpu;
    }
    return best;
}

static bool gpus_missing(const struct instance_resources *resources, const struct task_demand *demand) {
    if (demand->gpu_share_mib != 0 && gpu_to_share(resources, demand->gpu_share_mib) < 0)
        return true;
    if (demand->gpus >= GPUS_ALL)
        return resources->gpus == 0 || resources->gpus_taken != 0;
    return demand->gpus > resources->gpus - resources->gpus_taken;
}

const char *resources_missing(const struct instance_resources *resources, const struct task_demand *demand) {
    if (demand->cpu_units > resources->cpu_units - resources->cpu_taken)
        return "RESOURCE:CPU";
    if (demand->memory_mib > resources->memory_mib - resources->memory_taken)
        return "RESOURCE:MEMORY";
    if (!ports_fit(resources, demand, PORT_TCP) || !within_port_limit(resources, demand))
        return "RESOURCE:PORTS";
    if (!ports_fit(resources, demand, PORT_UDP))
        return "RESOURCE:PORTS_UDP";
    if (gpus_missing(resources, demand))
        return "RESOURCE:GPU";
    if (resources->enis != ENIS_UNKNOWN && demand->enis > resources->enis - resources->enis_taken)
        return "RESOURCE:ENI";
    return NULL;
}

bool resources_fit(const struct instance_resources *resources, const struct task_demand *demand) {
    bool plain = (demand->fixed[PORT_TCP].count | demand->fixed[PORT_UDP].count) == 0 &&
                 (demand->gpus | demand->gpu_share_mib | demand->enis) == 0 &&
                 resources->gpus_taken <= resources->gpus && resources->enis_taken == 0;
    if (!plain)
        return resources_missing(resources, demand) == NULL;
    return demand->cpu_units <= resources->cpu_units - resources->cpu_taken &&
           demand->memory_mib <= resources->memory_mib - resources->memory_taken;
}

void resources_choose_gpus(const struct instance_resources *resources, struct task_demand *demand) {
    if (demand->gpus >= GPUS_ALL)
        demand->gpus = resources->gpus;
    int64_t wanted = demand->gpus;
    demand->gpu_set = 0;
    if (demand->gpu_share_mib != 0) {
        int gpu = gpu_to_share(resources, demand->gpu_share_mib);
        demand->gpu_set = gpu >= 0 ? (uint64_t)1 << gpu : 0;
        return;
    }
    for (unsigned gpu = 0; gpu < GPUS_MAX && gpu < (uint64_t)resources->gpus && wanted > 0; gpu++) {
        uint64_t bit = (uint64_t)1 << gpu;
        if (((resources->gpu_set | resources->gpu_shared) & bit) != 0)
            continue;
        demand->gpu_set |= bit;
        wanted--;
    }
}

/* Adds (by 1) or takes away (by -1) what the demand holds of a GPU that is shared. */
static void share_gpu(struct instance_resources *resources, const struct task_demand *demand, int by) {
    if (resources->gpu_shares == NULL)
        resources->gpu_shares = xcalloc(GPUS_MAX, sizeof(*resources->gpu_shares));
    for (unsigned gpu = 0; gpu < GPUS_MAX; gpu++) {
        uint64_t bit = (uint64_t)1 << gpu;
        if ((demand->gpu_set & bit) == 0)
            continue;
        struct gpu_share *share = &resources->gpu_shares[gpu];
        bool was_shared = share->containers != 0;
        share->memory_mib += by * demand->gpu_share_mib;
        share->containers += by * demand->gpu_share_containers;
        bool is_shared = share->containers != 0;
        resources->gpus_taken += (int64_t)is_shared - (int64_t)was_shared;
        resources->gpu_shared = is_shared ? resources->gpu_shared | bit : resources->gpu_shared & ~bit;
    }
}

void resources_take(struct instance_resources *resources, const struct task_demand *demand) {
    resources->cpu_taken += demand->cpu_units;
    resources->memory_taken += demand->memory_mib;
    resources->gpus_taken += demand->gpus;
    if (demand->gpu_share_mib != 0)
        share_gpu(resources, demand, 1);
    else
        resources->gpu_set |= demand->gpu_set;
    resources->enis_taken += demand->enis;
    for (unsigned protocol = 0; protocol < PORT_PROTOCOL_COUNT; protocol++) {
        for (uint32_t index = 0; index < demand->fixed[protocol].count; index++)
            port_set_add(&resources->reserved[protocol], demand->fixed[protocol].ports[index]);
        for (uint32_t index = 0; index < demand->dynamic[protocol].count; index++)
            port_set_add(&resources->dynamic[protocol], demand->dynamic[protocol].ports[index]);
    }
}

void resources_release(struct instance_resources *resources, const struct task_demand *demand) {
    resources->cpu_taken -= demand->cpu_units;
    resources->memory_taken -= demand->memory_mib;
    resources->gpus_taken -= demand->gpus;
    if (demand->gpu_share_mib != 0)
        share_gpu(resources, demand, -1);
    else
        resources->gpu_set &= ~demand->gpu_set;
    resources->enis_taken -= demand->enis;
    for (unsigned protocol = 0; protocol < PORT_PROTOCOL_COUNT; protocol++) {
        for (uint32_t index = 0; index < demand->fixed[protocol].count; index++)
            port_set_remove(&resources->reserved[protocol], demand->fixed[protocol].ports[index]);
        for (uint32_t index = 0; index < demand->dynamic[protocol].count; index++)
            port_set_remove(&resources->dynamic[protocol], demand->dynamic[protocol].ports[index]);
    }
}

uint16_t resources_take_dynamic_range(
    struct instance_resources *resources, enum port_protocol protocol, uint64_t random, unsigned length) {
    const unsigned range = PORT_EPHEMERAL_LAST - PORT_EPHEMERAL_FIRST + 1;
    unsigned start = (unsigned)(random % range);
    unsigned free_run = 0;
    /* Once around, and as far again as a run over the start may need. A run does not wrap. */
    for (unsigned step = 0; step < range + length; step++) {
        unsigned offset = (start + step) % range;
        if (offset == 0)
            free_run = 0;
        uint16_t port = (uint16_t)(PORT_EPHEMERAL_FIRST + offset);
        free_run = port_is_free(resources, protocol, port) ? free_run + 1 : 0;
        if (free_run == length) {
            uint16_t first = (uint16_t)(port - (length - 1));
            for (unsigned index = 0; index < length; index++)
                port_set_add(&resources->dynamic[protocol], (uint16_t)(first + index));
            return first;
        }
    }
    return 0;
}

uint16_t resources_take_dynamic(
    struct instance_resources *resources, enum port_protocol protocol, uint64_t random) {
    return resources_take_dynamic_range(resources, protocol, random, 1);
}
