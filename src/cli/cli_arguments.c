/* Reading the command line of a command. Options may stand anywhere; "--" ends them. */
#include <stdarg.h>
#include <string.h>

#include "cli_internal.h"
#include "ecs-local/base/text.h"

int cli_usage(struct cli_call *call, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(call->err, "ecs-local %s: ", call->command->name);
    vfprintf(call->err, format, arguments);
    fprintf(call->err, "; see ecs-local %s --help\n", call->command->name);
    va_end(arguments);
    return CLI_USAGE;
}

/* The option at argv[*at] and its value, wherever that is; moves *at to the last word it used. */
static int take_option(struct cli_call *call, int argc, char *const *argv, int *at) {
    const char *word = argv[*at];
    size_t length = strcspn(word + 2, "=");
    const struct cli_option *option = cli_find_option(word + 2, length);
    const char *value = word[2 + length] == '=' ? word + 2 + length + 1 : NULL;
    if (option == NULL || !cli_takes(call->command, option->name))
        return cli_usage(call, "there is no option %.*s", (int)length + 2, word);
    if (option->metavar == NULL && value != NULL)
        return cli_usage(call, "--%s takes no value", option->name);
    if (option->metavar != NULL && value == NULL && *at + 1 >= argc)
        return cli_usage(call, "--%s needs a value: %s", option->name, option->metavar);
    if (option->metavar != NULL && value == NULL)
        value = argv[++*at];
    if (call->option_count == OPTIONS_GIVEN_MAX)
        return cli_usage(call, "there are too many options");
    call->options[call->option_count++] = (struct cli_option_given){
        .name = option->name, .value = value != NULL ? value : ""};
    return 0;
}

int cli_parse(struct cli_call *call, int argc, char *const *argv, int command) {
    bool options_over = false;
    for (int at = 1; at < argc; at++) {
        const char *word = argv[at];
        int status = 0;
        if (at == command)
            continue;
        if (!options_over && text_equal(word, "--"))
            options_over = true;
        else if (!options_over && text_equal(word, "-h"))
            call->options[call->option_count++] = (struct cli_option_given){.name = "help", .value = ""};
        else if (!options_over && text_starts_with(word, "--"))
            status = take_option(call, argc, argv, &at);
        else if (call->word_count < WORDS_MAX)
            call->words[call->word_count++] = word;
        else
            status = cli_usage(call, "there are too many words");
        if (status != 0 || call->option_count == OPTIONS_GIVEN_MAX)
            return status != 0 ? status : cli_usage(call, "there are too many options");
    }
    call->json = cli_option(call, "json") != NULL;
    call->quiet = cli_option(call, "quiet") != NULL;
    return 0;
}

const char *cli_option(const struct cli_call *call, const char *name) {
    for (unsigned index = call->option_count; index > 0; index--) {
        if (text_equal(call->options[index - 1].name, name))
            return call->options[index - 1].value;
    }
    return NULL;
}

const char *cli_word(const struct cli_call *call, unsigned index) {
    return index < call->word_count ? call->words[index] : NULL;
}
