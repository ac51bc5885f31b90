/* What the files of this room share. */
#ifndef CLI_INTERNAL_H
#define CLI_INTERNAL_H

#include "ecs-local/base/arena.h"
#include "ecs-local/base/buf.h"
#include "ecs-local/base/value.h"
#include "ecs-local/base/writer.h"
#include "ecs-local/cli/cli.h"

enum {
    WORDS_MAX = 4096,
    OPTIONS_GIVEN_MAX = 256,
    COLUMNS_MAX = 8,
};

struct cli_option_given {
    const char *name;
    const char *value; /* "" for a flag */
};

struct cli_call {
    struct arena *arena;
    const struct cli_command *command;
    const char *endpoint;
    const char *words[WORDS_MAX]; /* what is not an option */
    unsigned word_count;
    struct cli_option_given options[OPTIONS_GIVEN_MAX];
    unsigned option_count;
    bool json;
    bool quiet;
    FILE *out;
    FILE *err;
};

/* Gives an exit status. */
typedef int cli_handler(struct cli_call *call);

struct cli_command {
    const char *name;
    const char *summary;
    const char *usage;    /* lines, each behind "ecs-local " */
    const char *actions;  /* first words that it takes, for completion; NULL: none */
    const char *options;  /* names with spaces between them, beside those that all have */
    const char *examples; /* lines */
    cli_handler *run;
};

struct cli_option {
    const char *name;
    const char *metavar; /* NULL: a flag */
    const char *help;
};

/* cli_commands.c */
const struct cli_command *cli_command_at(size_t index);       /* NULL behind the last */
const struct cli_command *cli_find_command(const char *name); /* NULL: there is none */
const struct cli_option *cli_find_option(const char *name, size_t length);
/* Does the command take the option? */
bool cli_takes(const struct cli_command *command, const char *option);
extern const char *const cli_common_options;
bool cli_is_common(const char *option);

/* cli_arguments.c. All take NULL for "no more". */
/* The words and options around the command at that place. 0, or CLI_USAGE after saying what is wrong. */
int cli_parse(struct cli_call *call, int argc, char *const *argv, int command);
const char *cli_option(
    const struct cli_call *call, const char *name); /* the last one given; NULL: not given */
/* The word at that place; NULL behind the last. */
const char *cli_word(const struct cli_call *call, unsigned index);
/* Is the word one of those in the list, which has spaces between them? */
bool cli_is_one_of(const char *word, const char *list);
/* Says what is wrong and how it goes; CLI_USAGE. */
int cli_usage(struct cli_call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* cli_http.c */
struct cli_reply {
    long status;
    const char *body; /* in the call's arena, terminated */
    size_t length;
    const struct value *json; /* NULL when it is none */
};
/* 0 and a reply below 300; else an exit status, after saying why. body NULL: none. */
int cli_ask(struct cli_call *call, const char *method, const char *path, const char *body, size_t length,
    struct cli_reply *ret_reply);
/* The same, saying nothing when it fails; *ret_reply is what the server answered, whatever it was. */
int cli_ask_quietly(struct cli_call *call, const char *method, const char *path, const char *body,
    size_t length, struct cli_reply *ret_reply);
/* "path?a=1&b=2" of those named options that were given; names[i] is the option, keys[i] the parameter. NULL ends. */
struct cli_parameter {
    const char *option;
    const char *key;
};
const char *cli_path(struct cli_call *call, const char *path, const struct cli_parameter *parameters);
const char *cli_escape(struct cli_call *call, const char *text);
void cli_http_done(void);

/* cli_output.c */
/* With --json: the reply as it came. True when it did that. */
bool cli_print_json(struct cli_call *call, const struct cli_reply *reply);
struct cli_table {
    struct cli_call *call;
    const char *const *headings; /* NULL-terminated */
    const char **cells;
    size_t count;
    size_t capacity;
};
struct cli_table cli_table_new(struct cli_call *call, const char *const *headings);
/* A cell; NULL or "" shows as "-". */
void cli_cell(struct cli_table *table, const char *text);
void cli_cell_int(struct cli_table *table, int64_t integer);
/* An ARN without its beginning. */
void cli_cell_arn(struct cli_table *table, const char *arn);
/* A time without its milliseconds when there are none. */
void cli_cell_time(struct cli_table *table, const char *time);
/* Any value: text as it is, the rest as JSON. */
void cli_cell_value(struct cli_table *table, const struct value *value);
/* Aligned columns; `nothing` when there is no row. */
void cli_table_print(struct cli_table *table, const char *nothing);
const char *cli_short_arn(const char *arn);
const char *cli_short_time(struct cli_call *call, const char *time);
const char *cli_json_text(struct cli_call *call, const struct value *value);

/* The body of a request: JSON into `buf`. */
#define CLI_BODY_MAX (16 * 1024 * 1024)

/* cli_completion.c */
cli_handler cli_completion;
/* Handlers, a file a family. */
cli_handler cli_status;
cli_handler cli_reset;
cli_handler cli_clock;
cli_handler cli_advance;
cli_handler cli_fleet;
cli_handler cli_outcome;
cli_handler cli_fault;
cli_handler cli_sink;
cli_handler cli_journal;
cli_handler cli_events;
cli_handler cli_explain;
cli_handler cli_snapshot;
cli_handler cli_fork;
cli_handler cli_coverage;
/* How advance shows what happened on the way. */
int cli_print_advance(struct cli_call *call, const struct cli_reply *reply);

#endif
