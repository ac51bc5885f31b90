#include "ecs-local/domain/instance_type.h"

#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"

#define GIB 1024
#define X86 "x86_64"
#define ARM "arm64"

/* The sizes that generations of families come in. A size says its vCPUs: medium 1, large 2, xlarge 4,
 * Nxlarge 4 × N; metal is as large as the family's largest, or as the number behind it says. */
#define SIZES_5 "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge"
#define SIZES_5_METAL SIZES_5 " metal"
#define SIZES_C5 "large xlarge 2xlarge 4xlarge 9xlarge 12xlarge 18xlarge 24xlarge metal"
#define SIZES_GRAVITON "medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"
#define SIZES_GRAVITON_METAL SIZES_GRAVITON " metal"
#define SIZES_6_INTEL "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge metal"
#define SIZES_6_AMD "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge metal"
#define SIZES_7_AMD                                                                                          \
    "medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge metal-48xl"
#define SIZES_7_INTEL                                                                                        \
    "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge metal-24xl metal-48xl"
#define SIZES_8_GRAVITON                                                                                     \
    "medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge metal-24xl metal-48xl"

struct family {
    const char *name;
    int memory_per_vcpu_mib;
    const char *architecture;
    const char *sizes;
};

static const struct family families[] = {
    {"c4", 15 * GIB / 8, X86, "large xlarge 2xlarge 4xlarge"},
    {"c5", 2 * GIB, X86, SIZES_C5},
    {"c5a", 2 * GIB, X86, SIZES_5},
    {"c5ad", 2 * GIB, X86, SIZES_5},
    {"c5d", 2 * GIB, X86, SIZES_C5},
    {"c5n", 21 * GIB / 8, X86, "large xlarge 2xlarge 4xlarge"},
    {"c6a", 2 * GIB, X86, SIZES_6_AMD},
    {"c6g", 2 * GIB, ARM, SIZES_GRAVITON_METAL},
    {"c6gd", 2 * GIB, ARM, SIZES_GRAVITON_METAL},
    {"c6gn", 2 * GIB, ARM, SIZES_GRAVITON},
    {"c6i", 2 * GIB, X86, SIZES_6_INTEL},
    {"c6id", 2 * GIB, X86, SIZES_6_INTEL},
    {"c6in", 2 * GIB, X86, SIZES_6_INTEL},
    {"c7a", 2 * GIB, X86, SIZES_7_AMD},
    {"c7g", 2 * GIB, ARM, SIZES_GRAVITON_METAL},
    {"c7gd", 2 * GIB, ARM, SIZES_GRAVITON_METAL},
    {"c7gn", 2 * GIB, ARM, SIZES_GRAVITON_METAL},
    {"c7i", 2 * GIB, X86, SIZES_7_INTEL},
    {"c7i-flex", 2 * GIB, X86, "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"},
    {"c8g", 2 * GIB, ARM, SIZES_8_GRAVITON},
    {"c8gd", 2 * GIB, ARM, SIZES_8_GRAVITON},
    {"c8gn", 2 * GIB, ARM, SIZES_8_GRAVITON},
    {"d3", 8 * GIB, X86, "xlarge 2xlarge 4xlarge 8xlarge"},
    {"h1", 4 * GIB, X86, "2xlarge 4xlarge 8xlarge 16xlarge"},
    {"i3", 61 * GIB / 8, X86, "large xlarge 2xlarge 4xlarge 8xlarge 16xlarge"},
    {"i3en", 8 * GIB, X86, "large xlarge 2xlarge 3xlarge 6xlarge 12xlarge 24xlarge metal"},
    {"i4g", 8 * GIB, ARM, "large xlarge 2xlarge 4xlarge 8xlarge 16xlarge"},
    {"i4i", 8 * GIB, X86, SIZES_6_INTEL},
    {"i7ie", 8 * GIB, X86, "large xlarge 2xlarge 3xlarge 6xlarge 12xlarge 18xlarge 24xlarge 48xlarge"},
    {"i8g", 8 * GIB, ARM, "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge metal-24xl"},
    {"im4gn", 4 * GIB, ARM, "large xlarge 2xlarge 4xlarge 8xlarge 16xlarge"},
    {"is4gen", 6 * GIB, ARM, "medium large xlarge 2xlarge 4xlarge 8xlarge"},
    {"m4", 4 * GIB, X86, "large xlarge 2xlarge 4xlarge 10xlarge"},
    {"m5", 4 * GIB, X86, SIZES_5_METAL},
    {"m5a", 4 * GIB, X86, SIZES_5},
    {"m5ad", 4 * GIB, X86, SIZES_5},
    {"m5d", 4 * GIB, X86, SIZES_5_METAL},
    {"m5dn", 4 * GIB, X86, SIZES_5_METAL},
    {"m5n", 4 * GIB, X86, SIZES_5_METAL},
    {"m5zn", 4 * GIB, X86, "large xlarge 2xlarge 6xlarge"},
    {"m6a", 4 * GIB, X86, SIZES_6_AMD},
    {"m6g", 4 * GIB, ARM, SIZES_GRAVITON_METAL},
    {"m6gd", 4 * GIB, ARM, SIZES_GRAVITON_METAL},
    {"m6i", 4 * GIB, X86, SIZES_6_INTEL},
    {"m6id", 4 * GIB, X86, SIZES_6_INTEL},
    {"m6idn", 4 * GIB, X86, SIZES_6_INTEL},
    {"m6in", 4 * GIB, X86, SIZES_6_INTEL},
    {"m7a", 4 * GIB, X86, SIZES_7_AMD},
    {"m7g", 4 * GIB, ARM, SIZES_GRAVITON_METAL},
    {"m7gd", 4 * GIB, ARM, SIZES_GRAVITON_METAL},
    {"m7i", 4 * GIB, X86, SIZES_7_INTEL},
    {"m7i-flex", 4 * GIB, X86, "large xlarge 2xlarge 4xlarge 8xlarge"},
    {"m8g", 4 * GIB, ARM, SIZES_8_GRAVITON},
    {"m8gd", 4 * GIB, ARM, SIZES_8_GRAVITON},
    {"r4", 61 * GIB / 8, X86, "large xlarge 2xlarge 4xlarge 8xlarge 16xlarge"},
    {"r5", 8 * GIB, X86, SIZES_5_METAL},
    {"r5a", 8 * GIB, X86, SIZES_5},
    {"r5ad", 8 * GIB, X86, SIZES_5},
    {"r5b", 8 * GIB, X86, SIZES_5_METAL},
    {"r5d", 8 * GIB, X86, SIZES_5_METAL},
    {"r5dn", 8 * GIB, X86, SIZES_5_METAL},
    {"r5n", 8 * GIB, X86, SIZES_5_METAL},
    {"r6a", 8 * GIB, X86, SIZES_6_AMD},
    {"r6g", 8 * GIB, ARM, SIZES_GRAVITON_METAL},
    {"r6gd", 8 * GIB, ARM, SIZES_GRAVITON_METAL},
    {"r6i", 8 * GIB, X86, SIZES_6_INTEL},
    {"r6id", 8 * GIB, X86, SIZES_6_INTEL},
    {"r6idn", 8 * GIB, X86, SIZES_6_INTEL},
    {"r6in", 8 * GIB, X86, SIZES_6_INTEL},
    {"r7a", 8 * GIB, X86, SIZES_7_AMD},
    {"r7g", 8 * GIB, ARM, SIZES_GRAVITON_METAL},
    {"r7gd", 8 * GIB, ARM, SIZES_GRAVITON_METAL},
    {"r7i", 8 * GIB, X86, SIZES_7_INTEL},
    {"r7iz", 8 * GIB, X86,
        "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 32xlarge metal-16xl metal-32xl"},
    {"r8g", 8 * GIB, ARM, SIZES_8_GRAVITON},
    {"r8gd", 8 * GIB, ARM, SIZES_8_GRAVITON},
    {"t2", 4 * GIB, X86, "large xlarge 2xlarge"},
    {"t3", 4 * GIB, X86, "large xlarge 2xlarge"},
    {"t3a", 4 * GIB, X86, "large xlarge 2xlarge"},
    {"t4g", 4 * GIB, ARM, "large xlarge 2xlarge"},
    {"x2gd", 16 * GIB, ARM, SIZES_GRAVITON_METAL},
    {"x2idn", 16 * GIB, X86, "16xlarge 24xlarge 32xlarge metal"},
    {"x2iedn", 32 * GIB, X86, "xlarge 2xlarge 4xlarge 8xlarge 16xlarge 24xlarge 32xlarge metal"},
    {"x8g", 16 * GIB, ARM, SIZES_8_GRAVITON},
    {"z1d", 8 * GIB, X86, "large xlarge 2xlarge 6xlarge"},
};

/* Types whose numbers do not follow from their family and size, or that have GPUs. Memory is EC2's, in MiB. */
static const struct instance_type singles[] = {
    {"a1.medium", 1, 2 * GIB, 0, 2, ARM},
    {"a1.large", 2, 4 * GIB, 0, 3, ARM},
    {"a1.xlarge", 4, 8 * GIB, 0, 4, ARM},
    {"a1.2xlarge", 8, 16 * GIB, 0, 4, ARM},
    {"a1.4xlarge", 16, 32 * GIB, 0, 8, ARM},
    {"c1.medium", 2, 1741, 0, 2, X86},
    {"c1.xlarge", 8, 7 * GIB, 0, 4, X86},
    {"c3.large", 2, 15 * GIB / 4, 0, 3, X86},
    {"c3.xlarge", 4, 30 * GIB / 4, 0, 4, X86},
    {"c3.2xlarge", 8, 60 * GIB / 4, 0, 4, X86},
    {"c3.4xlarge", 16, 120 * GIB / 4, 0, 8, X86},
    {"c3.8xlarge", 32, 240 * GIB / 4, 0, 8, X86},
    {"c4.8xlarge", 36, 60 * GIB, 0, 8, X86},
    {"c5n.9xlarge", 36, 96 * GIB, 0, 8, X86},
    {"c5n.18xlarge", 72, 192 * GIB, 0, 15, X86},
    {"c5n.metal", 72, 192 * GIB, 0, 15, X86},
    {"d2.xlarge", 4, 122 * GIB / 4, 0, 4, X86},
    {"d2.2xlarge", 8, 244 * GIB / 4, 0, 4, X86},
    {"d2.4xlarge", 16, 488 * GIB / 4, 0, 8, X86},
    {"d2.8xlarge", 36, 976 * GIB / 4, 0, 8, X86},
    {"d3en.xlarge", 4, 16 * GIB, 0, 4, X86},
    {"d3en.2xlarge", 8, 32 * GIB, 0, 4, X86},
    {"d3en.4xlarge", 16, 64 * GIB, 0, 8, X86},
    {"d3en.6xlarge", 24, 96 * GIB, 0, 8, X86},
    {"d3en.8xlarge", 32, 128 * GIB, 0, 8, X86},
    {"d3en.12xlarge", 48, 192 * GIB, 0, 15, X86},
    {"dl1.24xlarge", 96, 768 * GIB, 0, 60, X86},
    {"f1.2xlarge", 8, 122 * GIB, 0, 4, X86},
    {"f1.4xlarge", 16, 244 * GIB, 0, 8, X86},
    {"f1.16xlarge", 64, 976 * GIB, 0, 8, X86},
    {"g2.2xlarge", 8, 15 * GIB, 1, 4, X86},
    {"g2.8xlarge", 32, 60 * GIB, 4, 8, X86},
    {"g3.4xlarge", 16, 122 * GIB, 1, 8, X86},
    {"g3.8xlarge", 32, 244 * GIB, 2, 8, X86},
    {"g3.16xlarge", 64, 488 * GIB, 4, 15, X86},
    {"g3s.xlarge", 4, 122 * GIB / 4, 1, 4, X86},
    {"g4ad.xlarge", 4, 16 * GIB, 1, 2, X86},
    {"g4ad.2xlarge", 8, 32 * GIB, 1, 2, X86},
    {"g4ad.4xlarge", 16, 64 * GIB, 1, 3, X86},
    {"g4ad.8xlarge", 32, 128 * GIB, 2, 4, X86},
    {"g4ad.16xlarge", 64, 256 * GIB, 4, 8, X86},
    {"g4dn.xlarge", 4, 16 * GIB, 1, 3, X86},
    {"g4dn.2xlarge", 8, 32 * GIB, 1, 3, X86},
    {"g4dn.4xlarge", 16, 64 * GIB, 1, 3, X86},
    {"g4dn.8xlarge", 32, 128 * GIB, 1, 4, X86},
    {"g4dn.12xlarge", 48, 192 * GIB, 4, 8, X86},
    {"g4dn.16xlarge", 64, 256 * GIB, 1, 4, X86},
    {"g4dn.metal", 96, 384 * GIB, 8, 15, X86},
    {"g5.xlarge", 4, 16 * GIB, 1, 4, X86},
    {"g5.2xlarge", 8, 32 * GIB, 1, 4, X86},
    {"g5.4xlarge", 16, 64 * GIB, 1, 8, X86},
    {"g5.8xlarge", 32, 128 * GIB, 1, 8, X86},
    {"g5.12xlarge", 48, 192 * GIB, 4, 15, X86},
    {"g5.16xlarge", 64, 256 * GIB, 1, 8, X86},
    {"g5.24xlarge", 96, 384 * GIB, 4, 15, X86},
    {"g5.48xlarge", 192, 768 * GIB, 8, 7, X86},
    {"g5g.xlarge", 4, 8 * GIB, 1, 4, ARM},
    {"g5g.2xlarge", 8, 16 * GIB, 1, 4, ARM},
    {"g5g.4xlarge", 16, 32 * GIB, 1, 8, ARM},
    {"g5g.8xlarge", 32, 64 * GIB, 1, 8, ARM},
    {"g5g.16xlarge", 64, 128 * GIB, 2, 15, ARM},
    {"g5g.metal", 64, 128 * GIB, 2, 15, ARM},
    {"g6.xlarge", 4, 16 * GIB, 1, 4, X86},
    {"g6.2xlarge", 8, 32 * GIB, 1, 4, X86},
    {"g6.4xlarge", 16, 64 * GIB, 1, 8, X86},
    {"g6.8xlarge", 32, 128 * GIB, 1, 8, X86},
    {"g6.12xlarge", 48, 192 * GIB, 4, 8, X86},
    {"g6.16xlarge", 64, 256 * GIB, 1, 15, X86},
    {"g6.24xlarge", 96, 384 * GIB, 4, 15, X86},
    {"g6.48xlarge", 192, 768 * GIB, 8, 15, X86},
    {"g6e.xlarge", 4, 32 * GIB, 1, 4, X86},
    {"g6e.2xlarge", 8, 64 * GIB, 1, 4, X86},
    {"g6e.4xlarge", 16, 128 * GIB, 1, 8, X86},
    {"g6e.8xlarge", 32, 256 * GIB, 1, 8, X86},
    {"g6e.12xlarge", 48, 384 * GIB, 4, 10, X86},
    {"g6e.16xlarge", 64, 512 * GIB, 1, 15, X86},
    {"g6e.24xlarge", 96, 768 * GIB, 4, 20, X86},
    {"g6e.48xlarge", 192, 1536 * GIB, 8, 40, X86},
    {"gr6.4xlarge", 16, 128 * GIB, 1, 8, X86},
    {"gr6.8xlarge", 32, 256 * GIB, 1, 8, X86},
    {"i2.xlarge", 4, 122 * GIB / 4, 0, 4, X86},
    {"i2.2xlarge", 8, 244 * GIB / 4, 0, 4, X86},
    {"i2.4xlarge", 16, 488 * GIB / 4, 0, 8, X86},
    {"i2.8xlarge", 32, 976 * GIB / 4, 0, 8, X86},
    {"i3.metal", 72, 512 * GIB, 0, 15, X86},
    {"inf1.xlarge", 4, 8 * GIB, 0, 4, X86},
    {"inf1.2xlarge", 8, 16 * GIB, 0, 4, X86},
    {"inf1.6xlarge", 24, 48 * GIB, 0, 8, X86},
    {"inf1.24xlarge", 96, 192 * GIB, 0, 15, X86},
    {"inf2.xlarge", 4, 16 * GIB, 0, 4, X86},
    {"inf2.8xlarge", 32, 128 * GIB, 0, 8, X86},
    {"inf2.24xlarge", 96, 384 * GIB, 0, 15, X86},
    {"inf2.48xlarge", 192, 768 * GIB, 0, 15, X86},
    {"m1.small", 1, 1741, 0, 2, X86},
    {"m1.medium", 1, 15 * GIB / 4, 0, 2, X86},
    {"m1.large", 2, 30 * GIB / 4, 0, 3, X86},
    {"m1.xlarge", 4, 60 * GIB / 4, 0, 4, X86},
    {"m3.medium", 1, 15 * GIB / 4, 0, 2, X86},
    {"m3.large", 2, 30 * GIB / 4, 0, 3, X86},
    {"m3.xlarge", 4, 60 * GIB / 4, 0, 4, X86},
    {"m3.2xlarge", 8, 120 * GIB / 4, 0, 4, X86},
    {"m4.large", 2, 8 * GIB, 0, 2, X86},
    {"m4.16xlarge", 64, 256 * GIB, 0, 8, X86},
    {"m5zn.3xlarge", 12, 48 * GIB, 0, 8, X86},
    {"m5zn.12xlarge", 48, 192 * GIB, 0, 15, X86},
    {"m5zn.metal", 48, 192 * GIB, 0, 15, X86},
    {"p2.xlarge", 4, 61 * GIB, 1, 4, X86},
    {"p2.8xlarge", 32, 488 * GIB, 8, 8, X86},
    {"p2.16xlarge", 64, 732 * GIB, 16, 8, X86},
    {"p3.2xlarge", 8, 61 * GIB, 1, 4, X86},
    {"p3.8xlarge", 32, 244 * GIB, 4, 8, X86},
    {"p3.16xlarge", 64, 488 * GIB, 8, 8, X86},
    {"p3dn.24xlarge", 96, 768 * GIB, 8, 15, X86},
    {"p4d.24xlarge", 96, 1152 * GIB, 8, 60, X86},
    {"p4de.24xlarge", 96, 1152 * GIB, 8, 60, X86},
    {"p5.4xlarge", 16, 256 * GIB, 1, 4, X86},
    {"p5.48xlarge", 192, 2048 * GIB, 8, 64, X86},
    {"p5e.48xlarge", 192, 2048 * GIB, 8, 64, X86},
    {"p5en.48xlarge", 192, 2048 * GIB, 8, 64, X86},
    {"r3.large", 2, 61 * GIB / 4, 0, 3, X86},
    {"r3.xlarge", 4, 122 * GIB / 4, 0, 4, X86},
    {"r3.2xlarge", 8, 244 * GIB / 4, 0, 4, X86},
    {"r3.4xlarge", 16, 488 * GIB / 4, 0, 8, X86},
    {"r3.8xlarge", 32, 976 * GIB / 4, 0, 8, X86},
    {"t1.micro", 1, 627, 0, 2, X86},
    {"t2.nano", 1, 512, 0, 2, X86},
    {"t2.micro", 1, 1 * GIB, 0, 2, X86},
    {"t2.small", 1, 2 * GIB, 0, 3, X86},
    {"t2.medium", 2, 4 * GIB, 0, 3, X86},
    {"t2.xlarge", 4, 16 * GIB, 0, 3, X86},
    {"t2.2xlarge", 8, 32 * GIB, 0, 3, X86},
    {"t3.nano", 2, 512, 0, 2, X86},
    {"t3.micro", 2, 1 * GIB, 0, 2, X86},
    {"t3.small", 2, 2 * GIB, 0, 3, X86},
    {"t3.medium", 2, 4 * GIB, 0, 3, X86},
    {"t3a.nano", 2, 512, 0, 2, X86},
    {"t3a.micro", 2, 1 * GIB, 0, 2, X86},
    {"t3a.small", 2, 2 * GIB, 0, 2, X86},
    {"t3a.medium", 2, 4 * GIB, 0, 3, X86},
    {"t4g.nano", 2, 512, 0, 2, ARM},
    {"t4g.micro", 2, 1 * GIB, 0, 2, ARM},
    {"t4g.small", 2, 2 * GIB, 0, 3, ARM},
    {"t4g.medium", 2, 4 * GIB, 0, 3, ARM},
    {"trn1.2xlarge", 8, 32 * GIB, 0, 4, X86},
    {"trn1.32xlarge", 128, 512 * GIB, 0, 40, X86},
    {"trn1n.32xlarge", 128, 512 * GIB, 0, 80, X86},
    {"vt1.3xlarge", 12, 24 * GIB, 0, 4, X86},
    {"vt1.6xlarge", 24, 48 * GIB, 0, 8, X86},
    {"vt1.24xlarge", 96, 192 * GIB, 0, 15, X86},
    {"x1.16xlarge", 64, 976 * GIB, 0, 8, X86},
    {"x1.32xlarge", 128, 1952 * GIB, 0, 8, X86},
    {"x1e.xlarge", 4, 488 * GIB / 4, 0, 3, X86},
    {"x1e.2xlarge", 8, 976 * GIB / 4, 0, 4, X86},
    {"x1e.4xlarge", 16, 1952 * GIB / 4, 0, 4, X86},
    {"x1e.8xlarge", 32, 3904 * GIB / 4, 0, 4, X86},
    {"x1e.16xlarge", 64, 7808 * GIB / 4, 0, 8, X86},
    {"x1e.32xlarge", 128, 15616 * GIB / 4, 0, 8, X86},
    {"z1d.3xlarge", 12, 96 * GIB, 0, 8, X86},
    {"z1d.12xlarge", 48, 384 * GIB, 0, 15, X86},
    {"z1d.metal", 48, 384 * GIB, 0, 15, X86},
};

static int64_t registered_memory(int64_t memory_mib) {
    return memory_mib - memory_mib * 3 / 100 - (memory_mib > 512 ? 9 : 27);
}

/* The number that text begins with; 0 without one. */
static int leading_number(const char *text) {
    int number = 0;
    for (; *text >= '0' && *text <= '9' && number < 1000; text++)
        number = number * 10 + (*text - '0');
    return number;
}

/* The vCPUs of a size, given the word and its length; 0 for metal without a number. */
static int size_vcpus(const char *size, size_t length) {
    if (length == 6 && strncmp(size, "medium", length) == 0)
        return 1;
    if (length == 5 && strncmp(size, "large", length) == 0)
        return 2;
    if (length == 6 && strncmp(size, "xlarge", length) == 0)
        return 4;
    if (length > 6 && strncmp(size, "metal-", 6) == 0)
        return 4 * leading_number(size + 6);
    return 4 * leading_number(size);
}

/* The vCPUs of the named size in a list of sizes; 0 when it is not one of them. */
static int listed_vcpus(const char *sizes, const char *wanted) {
    int largest = 0;
    size_t wanted_length = strlen(wanted);
    while (*sizes != '\0') {
        size_t length = strcspn(sizes, " ");
        int vcpus = size_vcpus(sizes, length);
        if (vcpus > largest)
            largest = vcpus;
        if (length == wanted_length && strncmp(sizes, wanted, length) == 0)
            return vcpus != 0 ? vcpus : largest;
        sizes += length + (sizes[length] == ' ');
    }
    return 0;
}

/* Network interfaces of EC2's general families, by size. */
static int usual_enis(int vcpus) {
    if (vcpus <= 1)
        return 2;
    if (vcpus == 2)
        return 3;
    if (vcpus <= 12)
        return 4;
    return vcpus < 64 ? 8 : 15;
}

bool instance_type_find(const char *name, struct instance_type *ret_type) {
    for (size_t index = 0; index < array_length(singles); index++) {
        if (!text_equal(singles[index].name, name))
            continue;
        *ret_type = singles[index];
        ret_type->memory_mib = registered_memory(singles[index].memory_mib);
        return true;
    }
    const char *dot = strchr(name, '.');
    size_t length = dot != NULL ? (size_t)(dot - name) : 0;
    for (size_t index = 0; dot != NULL && index < array_length(families); index++) {
        const struct family *family = &families[index];
        if (strlen(family->name) != length || strncmp(family->name, name, length) != 0)
            continue;
        int vcpus = listed_vcpus(family->sizes, dot + 1);
        if (vcpus == 0)
            return false;
        *ret_type = (struct instance_type){
            .name = name,
            .vcpus = vcpus,
            .memory_mib = registered_memory((int64_t)vcpus * family->memory_per_vcpu_mib),
            .enis = usual_enis(vcpus),
            .architecture = family->architecture,
        };
        return true;
    }
    return false;
}

int64_t instance_type_gpu_memory(const char *name) {
    /* What the NVIDIA driver reports; other makers' GPUs cannot be shared. */
    static const struct {
        const char *family;
        int64_t memory_mib;
    } gpus[] = {{"g3", 7680}, {"g3s", 7680}, {"g4dn", 15360}, {"g5", 23028}, {"g5g", 15360}, {"g6", 23034},
        {"g6e", 46068}, {"gr6", 23034}, {"p2", 11441}, {"p3", 16160}, {"p3dn", 32510}, {"p4d", 40960},
        {"p4de", 81920}, {"p5", 81559}, {"p5e", 143771}, {"p5en", 143771}};
    size_t length = strcspn(name, ".");
    for (size_t index = 0; index < array_length(gpus); index++) {
        if (strlen(gpus[index].family) == length && strncmp(gpus[index].family, name, length) == 0)
            return gpus[index].memory_mib;
    }
    return 0;
}

int instance_type_trunk_enis(const struct instance_type *type) {
    /* Branch interfaces by size (EC2's table of trunking limits); burstable and older types have none. */
    if (type->name[0] == 't' || type->vcpus < 1 || strncmp(type->name, "m4.", 3) == 0 ||
        strncmp(type->name, "c4.", 3) == 0 || strncmp(type->name, "r4.", 3) == 0)
        return 0;
    if (type->vcpus <= 2)
        return type->vcpus == 1 ? 4 : 10;
    if (type->vcpus <= 4)
        return 20;
    if (type->vcpus <= 8)
        return 40;
    return type->vcpus < 64 ? 60 : 120;
}
