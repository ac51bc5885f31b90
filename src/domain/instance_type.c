#include "ecs-local/domain/instance_type.h"

#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"

/* A family: memory per vCPU and what its sizes differ in. */
struct family {
    const char *name;
    int memory_per_vcpu_mib;
    const char *architecture;
};

/* General sizes, as a number of vCPUs. */
struct size {
    const char *name;
    int vcpus;
};

#define GIB 1024

static const struct family families[] = {
    {"c4", 15 * GIB / 8, "x86_64"},
    {"c5", 2 * GIB, "x86_64"},
    {"c5a", 2 * GIB, "x86_64"},
    {"c5d", 2 * GIB, "x86_64"},
    {"c5n", 21 * GIB / 8, "x86_64"},
    {"c6a", 2 * GIB, "x86_64"},
    {"c6g", 2 * GIB, "arm64"},
    {"c6gd", 2 * GIB, "arm64"},
    {"c6gn", 2 * GIB, "arm64"},
    {"c6i", 2 * GIB, "x86_64"},
    {"c6in", 2 * GIB, "x86_64"},
    {"c7a", 2 * GIB, "x86_64"},
    {"c7g", 2 * GIB, "arm64"},
    {"c7i", 2 * GIB, "x86_64"},
    {"c8g", 2 * GIB, "arm64"},
    {"d3", 8 * GIB, "x86_64"},
    {"i3", 61 * GIB / 8, "x86_64"},
    {"i3en", 8 * GIB, "x86_64"},
    {"i4i", 8 * GIB, "x86_64"},
    {"m4", 4 * GIB, "x86_64"},
    {"m5", 4 * GIB, "x86_64"},
    {"m5a", 4 * GIB, "x86_64"},
    {"m5ad", 4 * GIB, "x86_64"},
    {"m5d", 4 * GIB, "x86_64"},
    {"m5n", 4 * GIB, "x86_64"},
    {"m6a", 4 * GIB, "x86_64"},
    {"m6g", 4 * GIB, "arm64"},
    {"m6gd", 4 * GIB, "arm64"},
    {"m6i", 4 * GIB, "x86_64"},
    {"m6id", 4 * GIB, "x86_64"},
    {"m6in", 4 * GIB, "x86_64"},
    {"m7a", 4 * GIB, "x86_64"},
    {"m7g", 4 * GIB, "arm64"},
    {"m7i", 4 * GIB, "x86_64"},
    {"m8g", 4 * GIB, "arm64"},
    {"r4", 61 * GIB / 8, "x86_64"},
    {"r5", 8 * GIB, "x86_64"},
    {"r5a", 8 * GIB, "x86_64"},
    {"r5d", 8 * GIB, "x86_64"},
    {"r5n", 8 * GIB, "x86_64"},
    {"r6a", 8 * GIB, "x86_64"},
    {"r6g", 8 * GIB, "arm64"},
    {"r6i", 8 * GIB, "x86_64"},
    {"r7a", 8 * GIB, "x86_64"},
    {"r7g", 8 * GIB, "arm64"},
    {"r7i", 8 * GIB, "x86_64"},
    {"r8g", 8 * GIB, "arm64"},
    {"z1d", 8 * GIB, "x86_64"},
};

static const struct size sizes[] = {
    {"medium", 1},
    {"large", 2},
    {"xlarge", 4},
    {"2xlarge", 8},
    {"3xlarge", 12},
    {"4xlarge", 16},
    {"6xlarge", 24},
    {"8xlarge", 32},
    {"9xlarge", 36},
    {"10xlarge", 40},
    {"12xlarge", 48},
    {"16xlarge", 64},
    {"18xlarge", 72},
    {"24xlarge", 96},
    {"32xlarge", 128},
    {"48xlarge", 192},
    {"metal", 96},
};

/* Types whose memory does not follow from their vCPUs, or that have GPUs. Memory is EC2's, in MiB. */
static const struct instance_type singles[] = {
    {"t2.nano", 1, 512, 0, "x86_64"},
    {"t2.micro", 1, 1 * GIB, 0, "x86_64"},
    {"t2.small", 1, 2 * GIB, 0, "x86_64"},
    {"t2.medium", 2, 4 * GIB, 0, "x86_64"},
    {"t2.large", 2, 8 * GIB, 0, "x86_64"},
    {"t2.xlarge", 4, 16 * GIB, 0, "x86_64"},
    {"t2.2xlarge", 8, 32 * GIB, 0, "x86_64"},
    {"t3.nano", 2, 512, 0, "x86_64"},
    {"t3.micro", 2, 1 * GIB, 0, "x86_64"},
    {"t3.small", 2, 2 * GIB, 0, "x86_64"},
    {"t3.medium", 2, 4 * GIB, 0, "x86_64"},
    {"t3.large", 2, 8 * GIB, 0, "x86_64"},
    {"t3.xlarge", 4, 16 * GIB, 0, "x86_64"},
    {"t3.2xlarge", 8, 32 * GIB, 0, "x86_64"},
    {"t3a.nano", 2, 512, 0, "x86_64"},
    {"t3a.micro", 2, 1 * GIB, 0, "x86_64"},
    {"t3a.small", 2, 2 * GIB, 0, "x86_64"},
    {"t3a.medium", 2, 4 * GIB, 0, "x86_64"},
    {"t3a.large", 2, 8 * GIB, 0, "x86_64"},
    {"t3a.xlarge", 4, 16 * GIB, 0, "x86_64"},
    {"t3a.2xlarge", 8, 32 * GIB, 0, "x86_64"},
    {"t4g.nano", 2, 512, 0, "arm64"},
    {"t4g.micro", 2, 1 * GIB, 0, "arm64"},
    {"t4g.small", 2, 2 * GIB, 0, "arm64"},
    {"t4g.medium", 2, 4 * GIB, 0, "arm64"},
    {"t4g.large", 2, 8 * GIB, 0, "arm64"},
    {"t4g.xlarge", 4, 16 * GIB, 0, "arm64"},
    {"t4g.2xlarge", 8, 32 * GIB, 0, "arm64"},
    {"c4.8xlarge", 36, 60 * GIB, 0, "x86_64"},
    {"m5.metal", 96, 384 * GIB, 0, "x86_64"},
    {"x1.16xlarge", 64, 976 * GIB, 0, "x86_64"},
    {"x1.32xlarge", 128, 1952 * GIB, 0, "x86_64"},
    {"p2.xlarge", 4, 61 * GIB, 1, "x86_64"},
    {"p2.8xlarge", 32, 488 * GIB, 8, "x86_64"},
    {"p2.16xlarge", 64, 732 * GIB, 16, "x86_64"},
    {"p3.2xlarge", 8, 61 * GIB, 1, "x86_64"},
    {"p3.8xlarge", 32, 244 * GIB, 4, "x86_64"},
    {"p3.16xlarge", 64, 488 * GIB, 8, "x86_64"},
    {"p4d.24xlarge", 96, 1152 * GIB, 8, "x86_64"},
    {"p5.48xlarge", 192, 2048 * GIB, 8, "x86_64"},
    {"g3.4xlarge", 16, 122 * GIB, 1, "x86_64"},
    {"g3.8xlarge", 32, 244 * GIB, 2, "x86_64"},
    {"g3.16xlarge", 64, 488 * GIB, 4, "x86_64"},
    {"g4dn.xlarge", 4, 16 * GIB, 1, "x86_64"},
    {"g4dn.2xlarge", 8, 32 * GIB, 1, "x86_64"},
    {"g4dn.4xlarge", 16, 64 * GIB, 1, "x86_64"},
    {"g4dn.8xlarge", 32, 128 * GIB, 1, "x86_64"},
    {"g4dn.12xlarge", 48, 192 * GIB, 4, "x86_64"},
    {"g4dn.16xlarge", 64, 256 * GIB, 1, "x86_64"},
    {"g5.xlarge", 4, 16 * GIB, 1, "x86_64"},
    {"g5.2xlarge", 8, 32 * GIB, 1, "x86_64"},
    {"g5.4xlarge", 16, 64 * GIB, 1, "x86_64"},
    {"g5.8xlarge", 32, 128 * GIB, 1, "x86_64"},
    {"g5.12xlarge", 48, 192 * GIB, 4, "x86_64"},
    {"g5.48xlarge", 192, 768 * GIB, 8, "x86_64"},
    {"inf1.xlarge", 4, 8 * GIB, 0, "x86_64"},
    {"inf1.2xlarge", 8, 16 * GIB, 0, "x86_64"},
    {"inf1.6xlarge", 24, 48 * GIB, 0, "x86_64"},
    {"inf1.24xlarge", 96, 192 * GIB, 0, "x86_64"},
};

static int64_t registered_memory(int64_t memory_mib) {
    return memory_mib - memory_mib * 3 / 100 - (memory_mib > 512 ? 9 : 27);
}

const struct instance_type *instance_type_find(const char *name) {
    static struct instance_type found;
    for (size_t index = 0; index < array_length(singles); index++) {
        if (text_equal(singles[index].name, name)) {
            found = singles[index];
            found.memory_mib = registered_memory(found.memory_mib);
            return &found;
        }
    }
    const char *dot = strchr(name, '.');
    if (dot == NULL)
        return NULL;
    size_t length = (size_t)(dot - name);
    for (size_t index = 0; index < array_length(families); index++) {
        const struct family *family = &families[index];
        if (strlen(family->name) != length || strncmp(family->name, name, length) != 0)
            continue;
        for (size_t size = 0; size < array_length(sizes); size++) {
            if (!text_equal(sizes[size].name, dot + 1))
                continue;
            found = (struct instance_type){.name = name,
                .vcpus = sizes[size].vcpus,
                .memory_mib = registered_memory((int64_t)sizes[size].vcpus * family->memory_per_vcpu_mib),
                .architecture = family->architecture};
            return &found;
        }
    }
    return NULL;
}
