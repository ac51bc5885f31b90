/* The command line and the environment. An argument beats the environment, the environment beats the default;
 * an empty environment variable counts as not set. The table is options.def. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ecs-local/base/arena.h"
#include "ecs-local/base/clock.h"
#include "ecs-local/base/log.h"

enum options_durability {
    OPTIONS_DURABILITY_NORMAL,
    OPTIONS_DURABILITY_FULL,
};

enum options_timing {
    OPTIONS_TIMING_INSTANT,
    OPTIONS_TIMING_REALISTIC,
    OPTIONS_TIMING_FILE,
};

/* Text is borrowed from the arguments, the environment or the arena. */
struct options {
    struct arena *arena;

    const char *host;
    uint16_t port;
    const char **allow_hosts;
    size_t allow_host_count;

    const char *data_dir; /* NULL: in memory */
    const char *snapshot; /* NULL: begin with nothing */
    const char *fleet;    /* a file of container instances to begin with; NULL: none */
    enum options_durability durability;
    const char *lambda_endpoint; /* NULL: none */
    int64_t journal_limit;       /* entries */

    const char *runtime;
    enum options_timing timing;
    const char *timing_file; /* NULL unless OPTIONS_TIMING_FILE */
    enum clock_mode clock_mode;
    double clock_factor;
    bool seeded;
    uint64_t seed;
    const char *region;
    const char *account;

    enum log_level log_level;
    bool log_json;

    size_t max_body_bytes;
    size_t max_snapshot_bytes;
    size_t max_header_bytes;
    unsigned max_connections;
    int64_t idle_timeout_ms;
    int64_t request_timeout_ms;
};

/* Outcomes of options_parse(). */
enum {
    OPTIONS_SHOWN = 1, /* --help or --version was written to `out`: exit 0 */
    OPTIONS_BAD = 2,   /* one line that says what is wrong was written to `err`: exit 2 */
};

/* `environment` is a NULL-terminated list of NAME=VALUE. 0 and *ret_options (give it back with
 * options_done()), or an outcome above; then *ret_options is untouched. */
int options_parse(
    int argc, char *const *argv, char *const *environment, FILE *out, FILE *err, struct options *ret_options);
void options_done(struct options *options);

#endif
