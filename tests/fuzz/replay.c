/* Runs a fuzz target without a fuzzer: every file of a corpus, then changes of each that a fixed seed makes. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    INPUT_MAX = 256 * 1024,
    CHANGES = 2000, /* of each file */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t state = 0x5eed;

static uint64_t next(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Flips, cuts out, doubles or swaps in a few bytes. */
static size_t change(uint8_t *data, size_t size) {
    static const char spice[] = "\"\\{}[](),:'!=~<>&|0-.eE\0\xff\xc3 \n";
    for (uint64_t edits = 1 + next() % 4; edits > 0 && size > 1; edits--) {
        size_t at = next() % size;
        size_t length = 1 + next() % 8;
        switch (next() % 4) {
        case 0:
            data[at] ^= (uint8_t)(1U << (next() % 8));
            break;
        case 1:
            length = length < size - at ? length : size - at;
            memmove(data + at, data + at + length, size - at - length);
            size -= length;
            break;
        case 2:
            if (size + length < INPUT_MAX && at + length <= size) {
                memmove(data + at + length, data + at, size - at);
                size += length;
            }
            break;
        default:
            data[at] = (uint8_t)spice[next() % (sizeof(spice) - 1)];
            break;
        }
    }
    return size;
}

/* An input of exactly its size, so that a read past its end is seen. */
static void run(const uint8_t *data, size_t size) {
    uint8_t *exact = malloc(size != 0 ? size : 1);
    if (exact == NULL)
        abort();
    memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static int replay(const char *path) {
    static uint8_t original[INPUT_MAX];
    static uint8_t changed[INPUT_MAX + 16];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return 1;
    size_t size = fread(original, 1, sizeof(original), file);
    fclose(file);
    run(original, size);
    for (unsigned round = 0; round < CHANGES; round++) {
        memcpy(changed, original, size);
        run(changed, change(changed, size));
    }
    return 0;
}

int main(int argc, char **argv) {
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (folder == NULL) {
        fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
        return 2;
    }
    unsigned files = 0;
    unsigned failures = 0;
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        char path[4096];
        struct stat status;
        snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
        if (stat(path, &status) != 0 || !S_ISREG(status.st_mode))
            continue;
        files++;
        failures += (unsigned)replay(path);
    }
    closedir(folder);
    printf("%u passed, %u failed\n", files - failures, failures);
    return failures != 0 || files == 0;
}
