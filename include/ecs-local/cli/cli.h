/* The program as a client of a running server: ecs-local status, advance, journal … Knows nothing of the server's
 * rooms: it speaks the admin API over HTTP like anybody else. */
#ifndef ECS_LOCAL_CLI_CLI_H
#define ECS_LOCAL_CLI_CLI_H

#include <stdbool.h>
#include <stdio.h>

/* Exit statuses. */
enum {
    CLI_OK = 0,
    CLI_REFUSED = 1,     /* the server said no */
    CLI_USAGE = 2,       /* a bad command line */
    CLI_UNREACHABLE = 3, /* nothing answers at the endpoint */
};

/* Does the command line name a command of the client? Options that all commands have may stand before it. */
bool cli_knows(int argc, char *const *argv);
/* Carries it out and gives the exit status. `environment` is a NULL-terminated list of NAME=VALUE. */
int cli_main(int argc, char *const *argv, char *const *environment, FILE *out, FILE *err);
/* The commands with a line each, for --help. */
void cli_show_commands(FILE *out);

#endif
