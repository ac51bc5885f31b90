#include "options.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/cli/cli.h"
#include "ecs-local/outgoing/outgoing.h"

enum {
    ENVIRONMENT_NAME_SIZE = 64,
    ALLOW_HOSTS_MAX = 64,
    HELP_COLUMN = 36,
};

/* A setter reads one value: NULL when it is fine, else what is allowed, to complete "allowed: …". */
typedef const char *option_setter(struct options *options, const char *text);

static const char *parse_number(
    const char *text, int64_t minimum, int64_t maximum, const char *allowed, int64_t *ret_number) {
    return text_parse_int(text, minimum, maximum, ret_number) == 0 ? NULL : allowed;
}

static const char *set_host(struct options *options, const char *text) {
    unsigned char address[sizeof(struct in6_addr)];
    if (!text_equal(text, "localhost") && inet_pton(AF_INET, text, address) != 1 &&
        inet_pton(AF_INET6, text, address) != 1)
        return "an IPv4 or IPv6 address, or localhost";
    options->host = text;
    return NULL;
}

static const char *set_port(struct options *options, const char *text) {
    int64_t number;
    const char *wrong = parse_number(text, 0, 65535, "0 to 65535", &number);
    if (wrong == NULL)
        options->port = (uint16_t)number;
    return wrong;
}

static const char *set_allow_host(struct options *options, const char *text) {
    if (options->allow_hosts == NULL)
        options->allow_hosts = arena_new_array(options->arena, const char *, ALLOW_HOSTS_MAX);
    while (true) {
        size_t length = strcspn(text, ",");
        if (length == 0 || length > 253 || options->allow_host_count == ALLOW_HOSTS_MAX)
            return "up to 64 host names with commas between them";
        options->allow_hosts[options->allow_host_count++] = arena_strndup(options->arena, text, length);
        if (text[length] == '\0')
            return NULL;
        text += length + 1;
    }
}

static const char *set_data_dir(struct options *options, const char *text) {
    if (text[0] == '\0')
        return "a directory";
    options->data_dir = text;
    return NULL;
}

static const char *set_snapshot(struct options *options, const char *text) {
    if (text[0] == '\0')
        return "the path of a file";
    options->snapshot = text;
    return NULL;
}

static const char *set_fleet(struct options *options, const char *text) {
    if (text[0] == '\0')
        return "the path of a file";
    options->fleet = text;
    return NULL;
}

static const char *set_durability(struct options *options, const char *text) {
    if (text_equal(text, "normal"))
        options->durability = OPTIONS_DURABILITY_NORMAL;
    else if (text_equal(text, "full"))
        options->durability = OPTIONS_DURABILITY_FULL;
    else
        return "normal, full";
    return NULL;
}

static const char *set_journal_limit(struct options *options, const char *text) {
    return parse_number(text, 0, 100000000, "0 to 100000000", &options->journal_limit);
}

static const char *set_lambda_endpoint(struct options *options, const char *text) {
    if (outgoing_check_url(text) != 0)
        return "the URL of an endpoint, http or https";
    options->lambda_endpoint = text;
    return NULL;
}

static const char *set_runtime(struct options *options, const char *text) {
    if (!text_equal(text, "sim:"))
        return "sim: (other runtimes are not supported yet)";
    options->runtime = text;
    return NULL;
}

static const char *set_timing(struct options *options, const char *text) {
    options->timing_file = NULL;
    if (text_equal(text, "instant")) {
        options->timing = OPTIONS_TIMING_INSTANT;
    } else if (text_equal(text, "realistic")) {
        options->timing = OPTIONS_TIMING_REALISTIC;
    } else if (text[0] != '\0') {
        options->timing = OPTIONS_TIMING_FILE;
        options->timing_file = text;
    } else {
        return "instant, realistic, or the path of a file";
    }
    return NULL;
}

static const char *set_clock(struct options *options, const char *text) {
    if (clock_mode_parse(text, &options->clock_mode, &options->clock_factor) != 0)
        return "real, held, xN with a positive number N";
    return NULL;
}

static const char *set_seed(struct options *options, const char *text) {
    static const char allowed[] = "a whole number from 0 to 18446744073709551615";
    if (!text_is_digits(text))
        return allowed;
    errno = 0;
    unsigned long long seed = strtoull(text, NULL, 10);
    if (errno != 0)
        return allowed;
    options->seeded = true;
    options->seed = seed;
    return NULL;
}

static const char *set_region(struct options *options, const char *text) {
    /* It becomes a part of every ARN. */
    if (!text_is_name(text, 64) || strchr(text, '_') != NULL)
        return "letters, digits and hyphens, at most 64";
    options->region = text;
    return NULL;
}

static const char *set_account(struct options *options, const char *text) {
    if (strlen(text) != 12 || !text_is_digits(text))
        return "12 digits";
    options->account = text;
    return NULL;
}

static const char *set_auth(struct options *options, const char *text) {
    (void)options;
    return text_equal(text, "off") ? NULL : "off (sigv4 is not supported yet)";
}

static const char *set_credentials(struct options *options, const char *text) {
    (void)options;
    (void)text;
    return "nothing (verifying signatures is not supported yet)";
}

static const char *set_log_level(struct options *options, const char *text) {
    return log_level_parse(text, &options->log_level) == 0 ? NULL : "error, warn, info, debug";
}

static const char *set_log_format(struct options *options, const char *text) {
    if (!text_equal(text, "text") && !text_equal(text, "json"))
        return "text, json";
    options->log_json = text_equal(text, "json");
    return NULL;
}

static const char *set_max_body_bytes(struct options *options, const char *text) {
    int64_t number;
    const char *wrong = parse_number(text, 1024, 1073741824, "1024 to 1073741824", &number);
    if (wrong == NULL)
        options->max_body_bytes = (size_t)number;
    return wrong;
}

static const char *set_max_snapshot_bytes(struct options *options, const char *text) {
    int64_t number;
    const char *wrong = parse_number(text, 65536, 4294967296, "65536 to 4294967296", &number);
    if (wrong == NULL)
        options->max_snapshot_bytes = (size_t)number;
    return wrong;
}

static const char *set_max_header_bytes(struct options *options, const char *text) {
    int64_t number;
    const char *wrong = parse_number(text, 1024, 1048576, "1024 to 1048576", &number);
    if (wrong == NULL)
        options->max_header_bytes = (size_t)number;
    return wrong;
}

static const char *set_max_connections(struct options *options, const char *text) {
    int64_t number;
    const char *wrong = parse_number(text, 1, 1000000, "1 to 1000000", &number);
    if (wrong == NULL)
        options->max_connections = (unsigned)number;
    return wrong;
}

static const char *parse_timeout(const char *text, int64_t *ret_ms) {
    static const char allowed[] = "a duration from 1s to 24h, such as 30s, 5m, 1h";
    int64_t duration_ms;
    if (text_parse_duration(text, &duration_ms) != 0 || duration_ms < 1000 || duration_ms > 86400000)
        return allowed;
    *ret_ms = duration_ms;
    return NULL;
}

static const char *set_idle_timeout(struct options *options, const char *text) {
    return parse_timeout(text, &options->idle_timeout_ms);
}

static const char *set_request_timeout(struct options *options, const char *text) {
    return parse_timeout(text, &options->request_timeout_ms);
}

struct option_row {
    const char *group; /* a heading: the rest is empty */
    const char *name;
    const char *value;
    const char *initial;
    const char *help;
    option_setter *set;
};

#define GROUP(title) {.group = (title)},
#define OPTION(id, text, metavar, initially, about)                                                          \
    {.name = (text), .value = (metavar), .initial = (initially), .help = (about), .set = set_##id},
static const struct option_row rows[] = {
#include "options.def"
};
#undef GROUP
#undef OPTION

static void environment_name(const struct option_row *row, char ret_name[ENVIRONMENT_NAME_SIZE]) {
    int length = snprintf(ret_name, ENVIRONMENT_NAME_SIZE, "ECS_LOCAL_%s", row->name);
    for (int at = 0; at < length && at < ENVIRONMENT_NAME_SIZE - 1; at++)
        ret_name[at] = ret_name[at] == '-' ? '_' : (char)toupper((unsigned char)ret_name[at]);
}

static void show_help(FILE *out) {
    fprintf(out, "ecs-local: a local control plane compatible with Amazon ECS\n\n"
                 "Usage: ecs-local [serve] [options]\n"
                 "       ecs-local COMMAND …     a client of a running server\n"
                 "       ecs-local --help | --version\n"
                 "\nCommands (ecs-local COMMAND --help says more)\n");
    cli_show_commands(out);
    for (size_t index = 0; index < array_length(rows); index++) {
        const struct option_row *row = &rows[index];
        if (row->group != NULL) {
            fprintf(out, "\n%s\n", row->group);
            continue;
        }
        char name[ENVIRONMENT_NAME_SIZE];
        environment_name(row, name);
        int width = fprintf(out, "  --%s %s", row->name, row->value);
        if (width >= HELP_COLUMN)
            width = fprintf(out, "\n") - 1;
        fprintf(out, "%*s%s\n", HELP_COLUMN - width, "", row->help);
        fprintf(out, "%*s", HELP_COLUMN, "");
        if (row->initial != NULL)
            fprintf(out, "default %s; ", row->initial);
        fprintf(out, "environment %s\n", name);
    }
    fprintf(out,
        "\nAn argument beats the environment, the environment beats the default.\n"
        "\nExamples\n"
        "  ecs-local                                   in memory, on http://127.0.0.1:4566\n"
        "  ecs-local --port 0 --clock held --seed 1    a free port, for repeatable tests\n"
        "  ecs-local --data-dir ./state                keeps its state across restarts\n"
        "\nExit status: 0 after SIGTERM or SIGINT, 1 when it cannot start or go on, 2 for a bad option.\n");
}

/* `origin`: "--port" or "ECS_LOCAL_PORT". */
static int apply(
    struct options *options, const struct option_row *row, const char *origin, const char *text, FILE *err) {
    const char *allowed = row->set(options, text);
    if (allowed == NULL)
        return 0;
    fprintf(err, "ecs-local: bad value \"%s\" for %s; allowed: %s\n", text, origin, allowed);
    return OPTIONS_BAD;
}

static const char *find_in_environment(char *const *environment, const char *name) {
    size_t length = strlen(name);
    for (; environment != NULL && *environment != NULL; environment++) {
        if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
            return *environment + length + 1;
    }
    return NULL;
}

static int apply_defaults_and_environment(struct options *options, char *const *environment, FILE *err) {
    for (size_t index = 0; index < array_length(rows); index++) {
        const struct option_row *row = &rows[index];
        if (row->group != NULL)
            continue;
        char name[ENVIRONMENT_NAME_SIZE];
        environment_name(row, name);
        int status = row->initial != NULL ? apply(options, row, row->name, row->initial, err) : 0;
        const char *text = find_in_environment(environment, name);
        if (status == 0 && text != NULL && text[0] != '\0')
            status = apply(options, row, name, text, err);
        if (status != 0)
            return status;
    }
    return 0;
}

static const struct option_row *find_row(const char *name, size_t length) {
    for (size_t index = 0; index < array_length(rows); index++) {
        const struct option_row *row = &rows[index];
        if (row->name != NULL && strlen(row->name) == length && memcmp(row->name, name, length) == 0)
            return row;
    }
    return NULL;
}

/* Reads the option at argv[*at] and its value, wherever that is; moves *at to the last word it used. */
static int apply_argument(struct options *options, int argc, char *const *argv, int *at, FILE *err) {
    const char *word = argv[*at];
    if (word[0] != '-' || word[1] != '-') {
        fprintf(err, "ecs-local: unexpected argument \"%s\"; see ecs-local --help\n", word);
        return OPTIONS_BAD;
    }
    size_t length = strcspn(word + 2, "=");
    const struct option_row *row = find_row(word + 2, length);
    if (row == NULL) {
        fprintf(err, "ecs-local: unknown option %.*s; see ecs-local --help\n", (int)length + 2, word);
        return OPTIONS_BAD;
    }
    const char *text;
    if (word[2 + length] == '=') {
        text = word + 2 + length + 1;
    } else if (*at + 1 < argc) {
        text = argv[++*at];
    } else {
        fprintf(err, "ecs-local: option --%s needs a value: %s\n", row->name, row->value);
        return OPTIONS_BAD;
    }
    char origin[ENVIRONMENT_NAME_SIZE];
    snprintf(origin, sizeof(origin), "--%s", row->name);
    return apply(options, row, origin, text, err);
}

static int apply_arguments(struct options *options, int argc, char *const *argv, int first, FILE *err) {
    bool hosts_given = false;
    for (int at = first; at < argc; at++) {
        /* It collects; but what is given here replaces what the environment says. */
        bool hosts = text_starts_with(argv[at], "--allow-host");
        if (hosts && !hosts_given)
            options->allow_host_count = 0;
        hosts_given = hosts_given || hosts;
        int status = apply_argument(options, argc, argv, &at, err);
        if (status != 0)
            return status;
    }
    return 0;
}

int options_parse(int argc, char *const *argv, char *const *environment, FILE *out, FILE *err,
    struct options *ret_options) {
    int first = argc > 1 && text_equal(argv[1], "serve") ? 2 : 1;
    for (int at = first; at < argc; at++) {
        if (text_equal(argv[at], "--help") || text_equal(argv[at], "-h")) {
            show_help(out);
            return OPTIONS_SHOWN;
        }
        if (text_equal(argv[at], "--version") || text_equal(argv[at], "-V")) {
            fprintf(out, "ecs-local %s\n", ECS_LOCAL_VERSION);
            return OPTIONS_SHOWN;
        }
    }
    struct options options = {.arena = arena_new()};
    int status = apply_defaults_and_environment(&options, environment, err);
    if (status == 0)
        status = apply_arguments(&options, argc, argv, first, err);
    if (status != 0) {
        options_done(&options);
        return status;
    }
    *ret_options = options;
    return 0;
}

void options_done(struct options *options) {
    arena_free(options->arena);
    options->arena = NULL;
}
