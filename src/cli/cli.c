/* Finds the command, shows its help or carries it out. */
#include "ecs-local/cli/cli.h"

#include <string.h>

#include "cli_internal.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"

enum {
    HELP_COLUMN = 28,
};

/* The place of the command in the line; 0: there is none. */
static int command_place(int argc, char *const *argv) {
    for (int at = 1; at < argc; at++) {
        const char *word = argv[at];
        if (!text_starts_with(word, "--"))
            return cli_find_command(word) != NULL ? at : 0;
        size_t length = strcspn(word + 2, "=");
        const struct cli_option *option = cli_find_option(word + 2, length);
        if (option == NULL || !cli_is_common(option->name))
            return 0;
        at += option->metavar != NULL && word[2 + length] == '\0';
    }
    return 0;
}

bool cli_knows(int argc, char *const *argv) {
    return command_place(argc, argv) != 0;
}

void cli_show_commands(FILE *out) {
    const struct cli_command *command;
    for (size_t index = 0; (command = cli_command_at(index)) != NULL; index++)
        fprintf(out, "  %-14s%s\n", command->name, command->summary);
}

/* Each line of the text, with something before it. */
static void show_lines(FILE *out, const char *before, const char *text) {
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        fprintf(out, "%s%.*s\n", before, (int)length, text);
        text += length + (text[length] == '\n');
    }
}

static void show_options(FILE *out, const char *names) {
    while (*names != '\0') {
        size_t length = strcspn(names, " ");
        const struct cli_option *option = cli_find_option(names, length);
        if (option != NULL) {
            int width = fprintf(out, "  --%s%s%s", option->name, option->metavar != NULL ? " " : "",
                option->metavar != NULL ? option->metavar : "");
            fprintf(out, "%*s%s\n", width < HELP_COLUMN ? HELP_COLUMN - width : 1, "", option->help);
        }
        names += length + (names[length] == ' ');
    }
}

static void show_help(FILE *out, const struct cli_command *command) {
    fprintf(out, "ecs-local %s: %s\n\nUsage\n", command->name, command->summary);
    show_lines(out, "  ecs-local ", command->usage);
    fprintf(out, "\nOptions\n");
    show_options(out, command->options);
    show_options(out, cli_common_options);
    fprintf(out, "\nExamples\n");
    show_lines(out, "  ", command->examples);
    fprintf(
        out, "\nExit status: 0 done, 1 refused by the server, 2 a bad command line, 3 no server there.\n");
}

static const char *find_in_environment(char *const *environment, const char *name) {
    size_t length = strlen(name);
    for (; environment != NULL && *environment != NULL; environment++) {
        if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=' &&
            (*environment)[length + 1] != '\0')
            return *environment + length + 1;
    }
    return NULL;
}

/* Without a slash at its end. The port that a server in the same place would take is a good guess, too. */
static const char *find_endpoint(struct cli_call *call, char *const *environment) {
    const char *endpoint = cli_option(call, "endpoint");
    const char *port = find_in_environment(environment, "ECS_LOCAL_PORT");
    if (endpoint == NULL)
        endpoint = find_in_environment(environment, "ECS_LOCAL_ENDPOINT");
    if (endpoint == NULL)
        endpoint = arena_printf(call->arena, "http://127.0.0.1:%s", port != NULL ? port : "4566");
    if (strstr(endpoint, "://") == NULL)
        endpoint = arena_printf(call->arena, "http://%s", endpoint);
    size_t length = strlen(endpoint);
    while (length > 0 && endpoint[length - 1] == '/')
        length--;
    return arena_strndup(call->arena, endpoint, length);
}

int cli_main(int argc, char *const *argv, char *const *environment, FILE *out, FILE *err) {
    struct arena *arena = arena_new();
    struct cli_call *call = arena_alloc(arena, sizeof(*call));
    call->arena = arena;
    int place = command_place(argc, argv);
    call->command = cli_find_command(argv[place]);
    call->out = out;
    call->err = err;
    int status = cli_parse(call, argc, argv, place);
    if (status == 0 && cli_option(call, "help") != NULL) {
        show_help(out, call->command);
    } else if (status == 0) {
        cleanup_fclose FILE *nowhere = call->quiet && !call->json ? fopen("/dev/null", "we") : NULL;
        if (nowhere != NULL)
            call->out = nowhere;
        call->endpoint = find_endpoint(call, environment);
        status = call->command->run(call);
        cli_http_done();
    }
    if (fflush(out) != 0 && status == 0)
        status = CLI_REFUSED;
    arena_free(arena);
    return status;
}
