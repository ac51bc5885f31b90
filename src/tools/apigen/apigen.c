/* apigen MODEL OVERLAY COVERAGE OUTDIR                    writes tables, headers and coverage.md below OUTDIR
 * apigen --coverage-markdown MODEL OVERLAY COVERAGE       prints the text of COVERAGE.md
 * apigen --check MODEL OVERLAY COVERAGE                   only looks whether the three files fit together */
#include "apigen.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct apigen the_api;

void apigen_fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("apigen: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static void apigen_make_folder(const char *outdir, const char *folder) {
    char path[4096];
    if (snprintf(path, sizeof(path), "%s%s", outdir, folder) >= (int)sizeof(path))
        apigen_fail("%s is too long a path.", outdir);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        apigen_fail("%s cannot be made: %s.", path, strerror(errno));
}

static void apigen_write_file(
    const char *outdir, const char *name, void (*write)(const struct apigen *api, FILE *out)) {
    char path[4096];
    if (snprintf(path, sizeof(path), "%s/%s", outdir, name) >= (int)sizeof(path))
        apigen_fail("%s is too long a path.", outdir);
    FILE *out = fopen(path, "w");
    if (out == NULL)
        apigen_fail("%s cannot be written: %s.", path, strerror(errno));
    write(&the_api, out);
    if (fclose(out) != 0)
        apigen_fail("%s cannot be written: %s.", path, strerror(errno));
}

int main(int argc, char **argv) {
    bool markdown = argc == 5 && strcmp(argv[1], "--coverage-markdown") == 0;
    bool check = argc == 5 && strcmp(argv[1], "--check") == 0;
    if (argc != 5 || (argv[1][0] == '-' && !markdown && !check)) {
        fputs("usage: apigen [--coverage-markdown|--check] MODEL OVERLAY COVERAGE, "
              "or apigen MODEL OVERLAY COVERAGE OUTDIR\n",
            stderr);
        return 2;
    }
    char **files = argv + (markdown || check ? 2 : 1);
    apigen_load(&the_api, files[0], files[1], files[2]);
    apigen_check_overlay(&the_api);
    if (check)
        return 0;
    if (markdown) {
        apigen_write_coverage(&the_api, stdout);
        return fflush(stdout) == 0 ? 0 : 1;
    }
    const char *outdir = files[3];
    apigen_make_folder(outdir, "");
    apigen_make_folder(outdir, "/ecs-local");
    apigen_make_folder(outdir, "/ecs-local/model");
    apigen_make_folder(outdir, "/ecs-local/api");
    apigen_write_file(outdir, "model_tables.c", apigen_write_tables);
    apigen_write_file(outdir, "ecs-local/model/keys.h", apigen_write_keys);
    apigen_write_file(outdir, "ecs-local/api/operations.h", apigen_write_operations_header);
    apigen_write_file(outdir, "api_operations.c", apigen_write_operations);
    apigen_write_file(outdir, "coverage.md", apigen_write_coverage);
    return 0;
}
