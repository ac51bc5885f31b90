/* Completion for bash and zsh, written from the table of commands. */
#include <stdio.h>
#include <string.h>

#include "cli_internal.h"
#include "ecs-local/base/text.h"

/* "--a --b " of the names. */
static void print_options(FILE *out, const char *names) {
    while (*names != '\0') {
        size_t length = strcspn(names, " ");
        fprintf(out, "--%.*s ", (int)length, names);
        names += length + (names[length] == ' ');
    }
}

static void print_bash(FILE *out) {
    const struct cli_command *command;
    fprintf(out, "# bash completion for ecs-local\n"
                 "_ecs_local() {\n"
                 "  local current=${COMP_WORDS[COMP_CWORD]} words=\"\"\n"
                 "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                 "    words=\"serve");
    for (size_t index = 0; (command = cli_command_at(index)) != NULL; index++)
        fprintf(out, " %s", command->name);
    fprintf(out, " --help --version\"\n  else\n    case ${COMP_WORDS[1]} in\n");
    for (size_t index = 0; (command = cli_command_at(index)) != NULL; index++) {
        fprintf(out, "      %s)\n        words=\"", command->name);
        print_options(out, command->options);
        print_options(out, cli_common_options);
        fprintf(out, "\"\n");
        if (command->actions != NULL)
            fprintf(out, "        [ \"$COMP_CWORD\" -eq 2 ] && words=\"%s $words\"\n", command->actions);
        fprintf(out, "        ;;\n");
    }
    fprintf(out,
        "    esac\n"
        "    case ${COMP_WORDS[COMP_CWORD-1]} in\n"
        "      --file | --path | download | upload) COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
        "      --kind) words=\"request transition event\" ;;\n"
        "    esac\n"
        "  fi\n"
        "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
        "}\n"
        "complete -F _ecs_local ecs-local\n");
}

/* In single quotes, as zsh's _describe wants it: "name:text", further colons with a backslash, no quotes. */
static void print_described(FILE *out, const char *before, const char *name, const char *text) {
    fprintf(out, " '%s%s:", before, name);
    for (; *text != '\0'; text++) {
        if (*text == ':')
            fputc('\\', out);
        if (*text != '\'')
            fputc(*text, out);
    }
    fprintf(out, "'");
}

static void print_zsh_options(FILE *out, const char *names) {
    while (*names != '\0') {
        size_t length = strcspn(names, " ");
        const struct cli_option *option = cli_find_option(names, length);
        if (option != NULL)
            print_described(out, "--", option->name, option->help);
        names += length + (names[length] == ' ');
    }
}

static void print_zsh(FILE *out) {
    const struct cli_command *command;
    fprintf(out, "#compdef ecs-local\n"
                 "_ecs_local() {\n"
                 "  local -a commands actions flags\n"
                 "  commands=('serve:the server itself'");
    for (size_t index = 0; (command = cli_command_at(index)) != NULL; index++)
        print_described(out, "", command->name, command->summary);
    fprintf(out, ")\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n"
                 "  case $words[CURRENT-1] in\n"
                 "    --file|--path|download|upload) _files; return ;;\n"
                 "    --kind) compadd request transition event; return ;;\n"
                 "  esac\n"
                 "  case $words[2] in\n");
    for (size_t index = 0; (command = cli_command_at(index)) != NULL; index++) {
        fprintf(out, "    %s)\n      flags=(", command->name);
        print_zsh_options(out, command->options);
        print_zsh_options(out, cli_common_options);
        fprintf(out, " )\n");
        if (command->actions != NULL)
            fprintf(out, "      (( CURRENT == 3 )) && compadd %s\n", command->actions);
        fprintf(out, "      ;;\n");
    }
    fprintf(out, "  esac\n"
                 "  (( ${#flags} )) && _describe option flags\n"
                 "}\n"
                 "if [ \"$funcstack[1]\" = _ecs-local ]; then\n"
                 "  _ecs_local \"$@\"\n"
                 "else\n"
                 "  compdef _ecs_local ecs-local\n"
                 "fi\n");
}

int cli_completion(struct cli_call *call) {
    const char *shell = cli_word(call, 0);
    if (text_equal(shell, "bash"))
        print_bash(call->out);
    else if (text_equal(shell, "zsh"))
        print_zsh(call->out);
    else
        return cli_usage(call, "say which shell: bash or zsh");
    return 0;
}
