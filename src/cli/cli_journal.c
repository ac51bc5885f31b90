/* journal and events: a page after the other, and with --follow what comes then. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli_internal.h"
#include "ecs-local/base/text.h"

enum {
    PAGE = 1000,
    PAUSE_MS = 300, /* between looks, where the server cannot be waited for */
};

static const struct cli_parameter filters[] = {{"kind", "kind"}, {"operation", "operation"}, {"arn", "arn"},
    {"account", "account"}, {"region", "region"}, {NULL, NULL}};

/* "RunTask 400 ClusterNotFoundException" */
static const char *request_text(struct cli_call *call, const struct value *entry) {
    const char *code = value_string(value_get(entry, "error"), "code");
    return arena_printf(call->arena, "%s %lld%s%s", value_string(entry, "operation"),
        (long long)value_int(entry, "status", 0), code != NULL ? " " : "", code != NULL ? code : "");
}

static const char *transition_text(struct cli_call *call, const struct value *entry) {
    const char *from = value_string_nonempty(entry, "from");
    const char *reason = value_string_nonempty(entry, "reason");
    return arena_printf(call->arena, "%s → %s%s%s", from != NULL ? from : "new", value_string(entry, "to"),
        reason != NULL ? ": " : "", reason != NULL ? reason : "");
}

static const char *event_text(struct cli_call *call, const struct value *event) {
    const struct value *detail = value_get(event, "detail");
    const char *what = value_string(detail, "eventName");
    if (what == NULL)
        what = value_string(detail, "lastStatus");
    if (what == NULL)
        what = value_string(detail, "status");
    return arena_printf(call->arena, "%s%s%s", value_string(event, "detail-type"), what != NULL ? ": " : "",
        what != NULL ? what : "");
}

/* No columns here: an entry may come at any time, and is shown when it does. */
static void print_entry(struct cli_call *call, const struct value *entry) {
    const char *kind = value_string(entry, "kind");
    const struct value *event = value_get(entry, "event");
    const char *about = value_string(entry, "arn");
    const char *text;
    if (text_equal(kind, "request")) {
        about = value_string(entry, "account");
        text = request_text(call, entry);
    } else if (text_equal(kind, "transition")) {
        text = transition_text(call, entry);
    } else {
        about = value_string_at(value_get(event, "resources"), 0);
        text = event_text(call, event);
    }
    fprintf(call->out, "%-6lld %s  %-10s  %s  %s\n", (long long)value_int(entry, "cursor", 0),
        cli_short_time(call, value_string(entry, "time")), kind, about != NULL ? cli_short_arn(about) : "-",
        text);
}

struct reading {
    int64_t after;
    int64_t left; /* entries still to be shown */
    bool more;
};

/* Shows a page; with --json an entry a line. */
static int read_page(struct cli_call *call, const char *path, struct reading *reading) {
    struct cli_reply reply;
    int64_t page = reading->left < PAGE ? reading->left : PAGE;
    int status = cli_ask(call, "GET",
        arena_printf(call->arena, "%s%safter=%lld&limit=%lld", path, strchr(path, '?') != NULL ? "&" : "?",
            (long long)reading->after, (long long)page),
        NULL, 0, &reply);
    if (status != 0)
        return status;
    value_for_each(entry, value_get(reply.json, "entries")) {
        if (call->json)
            fprintf(call->out, "%s\n", cli_json_text(call, entry));
        else
            print_entry(call, entry);
        reading->left--;
    }
    int64_t lost = value_int(reply.json, "lost", 0);
    if (lost != 0 && reading->after != 0)
        fprintf(call->err, "ecs-local %s: %lld entries were dropped before they could be read\n",
            call->command->name, (long long)lost);
    reading->after = value_int(reply.json, "nextCursor", reading->after);
    reading->more = value_bool(reply.json, "more", false);
    return fflush(call->out) == 0 ? 0 : CLI_REFUSED;
}

/* Until there is something behind the cursor, or the wait is over. */
static void wait_for_more(struct cli_call *call, int64_t after) {
    struct cli_reply reply;
    const char *body = arena_printf(call->arena, "{\"after\":%lld,\"timeout\":\"30s\"}", (long long)after);
    if (cli_ask_quietly(call, "POST", "/_ecs/journal/wait", body, strlen(body), &reply) == 0)
        return;
    struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    nanosleep(&pause, NULL);
}

static int read_journal(struct cli_call *call, const char *path) {
    bool follow = cli_option(call, "follow") != NULL;
    const char *after = cli_option(call, "after");
    const char *limit = cli_option(call, "limit");
    struct reading reading = {.left = INT64_MAX};
    if (after != NULL && text_parse_int(after, 0, INT64_MAX - 1, &reading.after) != 0)
        return cli_usage(call, "--after must be a cursor");
    if (limit != NULL && text_parse_int(limit, 1, INT64_MAX - 1, &reading.left) != 0)
        return cli_usage(call, "--limit must be a number");
    if (call->word_count != 0)
        return cli_usage(call, "unexpected \"%s\"", call->words[0]);
    struct arena *whole = call->arena;
    int status = 0;
    do {
        /* A page's memory is given back, so that it can be followed for days. */
        call->arena = arena_new();
        status = read_page(call, path, &reading);
        if (status == 0 && follow && !reading.more && reading.left > 0)
            wait_for_more(call, reading.after);
        arena_free(call->arena);
        call->arena = whole;
    } while (status == 0 && reading.left > 0 && (reading.more || follow));
    return status;
}

int cli_journal(struct cli_call *call) {
    return read_journal(call, cli_path(call, "/_ecs/journal", filters));
}

int cli_events(struct cli_call *call) {
    return read_journal(call, cli_path(call, "/_ecs/journal?kind=event", filters));
}
