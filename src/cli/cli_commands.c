/* The commands and options of the client: what --help and the completion know, they know from here. */
#include <string.h>

#include "cli_internal.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"

const char *const cli_common_options = "endpoint json quiet help";

static const struct cli_option options[] = {
    {"endpoint", "URL", "the server; default $ECS_LOCAL_ENDPOINT, else http://127.0.0.1:4566"},
    {"json", NULL, "what the server answers, as JSON"},
    {"help", NULL, "this text"},
    {"quiet", NULL, "says nothing; the exit status tells"},
    {"wait", "DURATION", "tries until the server answers, at most so long"},
    {"account", "ID", "of this account only"},
    {"region", "NAME", "of this region only"},
    {"by", "DURATION", "so far"},
    {"to", "TIME", "to that time, to the next thing that is due, or until all is stable"},
    {"task", "ARN", "this task"},
    {"service", "ARN", "this service"},
    {"limit", "N", "at most so many; with advance stable: a duration, at most so long"},
    {"cluster", "NAME", "the cluster; default: default"},
    {"count", "N", "how many; default 1"},
    {"zones", "A,B", "availability zones, in turn: letters or whole names"},
    {"attribute", "NAME=VALUE", "an attribute of the instances; may be given more than once"},
    {"capacity-provider", "NAME", "the capacity provider of the instances"},
    {"file", "FILE", "JSON as for the admin API; - reads standard input"},
    {"all", NULL, "all of them"},
    {"match", "KEY=VALUE", "which tasks: cluster, family, group, container …; may be given more than once"},
    {"times", "N", "for so many times only"},
    {"after", "CURSOR", "entries behind this one"},
    {"kind", "KIND", "request, transition or event"},
    {"operation", "NAME", "requests of this operation"},
    {"arn", "ARN", "entries about this"},
    {"follow", NULL, "goes on with what comes, until it is interrupted"},
    {"url", "URL", "where a webhook posts to"},
    {"path", "FILE", "a file of the server's, a JSON object a line"},
};

static const struct cli_command commands[] = {
    {"status", "is the server there, and how does its clock stand", "status [--quiet] [--wait DURATION]",
        NULL, "quiet wait",
        "ecs-local status\n"
        "ecs-local status --quiet                 exit status 0 when it is healthy: for HEALTHCHECK\n"
        "ecs-local status --quiet --wait 10s      as above, but gives it time to start",
        cli_status},
    {"reset", "forgets all state", "reset [--account ID] [--region NAME]", NULL, "account region",
        "ecs-local reset\n"
        "ecs-local reset --account 111111111111",
        cli_reset},
    {"clock", "shows or sets the clock",
        "clock [get]\nclock hold [TIME]\nclock real\nclock scale FACTOR [TIME]\nclock advance …    as ecs-local advance",
        "get hold real scale advance", "by to limit",
        "ecs-local clock\n"
        "ecs-local clock hold\n"
        "ecs-local clock hold 2026-01-01T00:00:00Z\n"
        "ecs-local clock scale 60                 a minute a second",
        cli_clock},
    {"advance", "moves a held clock, and tells what happened on the way",
        "advance DURATION | TIME | next | stable [--limit DURATION]\n"
        "advance --by DURATION | --to TIME | --to next | --to stable [--limit DURATION]",
        "next stable", "by to limit",
        "ecs-local advance 90s\n"
        "ecs-local advance next                   to the next thing that is due\n"
        "ecs-local advance stable --limit 30m     until nothing is on its way any more",
        cli_advance},
    {"fleet", "simulated container instances",
        "fleet [list] [--cluster NAME] [--account ID] [--region NAME]\n"
        "fleet add TYPE [--count N] [--zones A,B] [--cluster NAME] [--attribute NAME=VALUE]… [--capacity-provider NAME]\n"
        "fleet add --file FILE\n"
        "fleet remove ARN… | --all [--cluster NAME]\n"
        "fleet disconnect ARN…\n"
        "fleet connect ARN…",
        "list add remove disconnect connect",
        "cluster account region count zones attribute capacity-provider file all",
        "ecs-local fleet add m5.large --count 6 --zones a,b,c\n"
        "ecs-local fleet add g5.xlarge --cluster ml --attribute stack=blue\n"
        "ecs-local fleet\n"
        "ecs-local fleet disconnect i-0123456789abcdef0\n"
        "ecs-local fleet remove --all",
        cli_fleet},
    {"outcome", "what is to become of coming tasks",
        "outcome [list]\n"
        "outcome add KIND [JSON] [--match KEY=VALUE]… [--times N]\n"
        "outcome add --file FILE\n"
        "outcome remove ID… | --all",
        "list add remove", "match times file all",
        "ecs-local outcome add cannotPull --match family=web --times 2\n"
        "ecs-local outcome add exit '{\"code\":1,\"after\":\"5s\"}' --match container=app\n"
        "ecs-local outcome\n"
        "ecs-local outcome remove --all",
        cli_outcome},
    {"fault", "errors, latency, capacity that is not there, agents that go away",
        "fault [list]\nfault add JSON\nfault add --file FILE\nfault remove ID… | --all", "list add remove",
        "file all",
        "ecs-local fault add '{\"operation\":\"RunTask\",\"error\":\"ThrottlingException\",\"times\":3}'\n"
        "ecs-local fault add '{\"capacity\":\"FARGATE\",\"zone\":\"a\",\"fault\":\"unavailable\"}'\n"
        "ecs-local fault remove --all",
        cli_fault},
    {"journal", "what was asked and what happened, in order",
        "journal [--after CURSOR] [--kind KIND] [--operation NAME] [--arn ARN] [--account ID] [--region NAME]\n"
        "        [--limit N] [--follow]",
        NULL, "after kind operation arn account region limit follow",
        "ecs-local journal --limit 20\n"
        "ecs-local journal --kind request --operation RunTask\n"
        "ecs-local journal --follow --json | jq .event",
        cli_journal},
    {"events", "the events of the journal, in EventBridge's shape",
        "events [--after CURSOR] [--arn ARN] [--account ID] [--region NAME] [--limit N] [--follow]", NULL,
        "after arn account region limit follow",
        "ecs-local events --follow\n"
        "ecs-local events --json",
        cli_events},
    {"sink", "where events are forwarded to",
        "sink [list]\nsink add --url URL | --path FILE | --file FILE | JSON\nsink remove ID… | --all",
        "list add remove", "url path file all",
        "ecs-local sink add --url http://127.0.0.1:9000/events\n"
        "ecs-local sink add --path /tmp/events.jsonl\n"
        "ecs-local sink remove --all",
        cli_sink},
    {"explain", "why a task or service is not where it should be",
        "explain ARN\nexplain --task ARN | --service ARN", NULL, "task service",
        "ecs-local explain arn:aws:ecs:us-east-1:000000000000:task/default/0123456789abcdef0123456789abcdef",
        cli_explain},
    {"snapshot", "sets the whole state apart, and goes back to it",
        "snapshot [list]\nsnapshot save NAME\nsnapshot restore NAME\nsnapshot delete NAME…\n"
        "snapshot download NAME FILE\nsnapshot upload NAME FILE",
        "list save restore delete download upload", "",
        "ecs-local snapshot save ready\n"
        "ecs-local snapshot restore ready\n"
        "ecs-local snapshot download ready ready.db",
        cli_snapshot},
    {"fork", "copies what one account has to another", "fork FROM TO [--region NAME]", NULL, "region",
        "ecs-local fork 111111111111 222222222222", cli_fork},
    {"coverage", "which operations there are", "coverage", NULL, "",
        "ecs-local coverage\n"
        "ecs-local coverage --json",
        cli_coverage},
    {"completion", "completion for a shell", "completion bash | zsh", "bash zsh", "",
        "source <(ecs-local completion bash)\n"
        "ecs-local completion zsh > ~/.zfunc/_ecs-local",
        cli_completion},
};

const struct cli_command *cli_command_at(size_t index) {
    return index < array_length(commands) ? &commands[index] : NULL;
}

const struct cli_command *cli_find_command(const char *name) {
    for (size_t index = 0; index < array_length(commands); index++) {
        if (text_equal(commands[index].name, name))
            return &commands[index];
    }
    return NULL;
}

const struct cli_option *cli_find_option(const char *name, size_t length) {
    for (size_t index = 0; index < array_length(options); index++) {
        if (strlen(options[index].name) == length && strncmp(options[index].name, name, length) == 0)
            return &options[index];
    }
    return NULL;
}

bool cli_is_one_of(const char *word, const char *list) {
    size_t length = word != NULL ? strlen(word) : 0;
    for (const char *at = list; length != 0 && (at = strstr(at, word)) != NULL; at += length) {
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    }
    return false;
}

bool cli_is_common(const char *option) {
    return cli_is_one_of(option, cli_common_options);
}

bool cli_takes(const struct cli_command *command, const char *option) {
    return cli_is_one_of(option, command->options) || cli_is_common(option);
}
