/* status, reset, clock, advance, explain, snapshot, fork, coverage. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli_internal.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/clock.h"
#include "ecs-local/base/text.h"

enum {
    RETRY_MS = 50,
};

static const struct cli_parameter scope_parameters[] = {
    {"account", "account"}, {"region", "region"}, {NULL, NULL}};

/* {"key":"value",…} of the pairs; NULL values are left out. Ends with a NULL key. */
static const char *json_object(struct cli_call *call, const char *const pairs[][2]) {
    struct buf buf = BUF_INIT(CLI_BODY_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_object_begin(&writer);
    for (size_t index = 0; pairs[index][0] != NULL; index++)
        writer_key_string_opt(&writer, pairs[index][0], pairs[index][1]);
    writer_object_end(&writer);
    const char *text = arena_strndup(call->arena, buf_text(&buf), buf.length);
    buf_done(&buf);
    return text;
}

static int post(struct cli_call *call, const char *path, const char *body, struct cli_reply *ret_reply) {
    return cli_ask(call, "POST", path, body, body != NULL ? strlen(body) : 0, ret_reply);
}

/* --- status --------------------------------------------------------------------------------------------------- */

static void print_clock(struct cli_call *call, const struct value *clock) {
    const char *next = value_string(clock, "nextTimerAt");
    fprintf(call->out, "clock %s at %s", value_string(clock, "mode"),
        cli_short_time(call, value_string(clock, "now")));
    if (value_has(clock, "factor"))
        fprintf(call->out, ", factor %s", cli_json_text(call, value_get(clock, "factor")));
    if (next != NULL)
        fprintf(call->out, ", %lld waiting, the next at %s", (long long)value_int(clock, "pendingTimers", 0),
            cli_short_time(call, next));
    fprintf(call->out, "\n");
}

/* Asks until the server answers or the time given with --wait is over. */
static int ask_health(struct cli_call *call, struct cli_reply *ret_reply) {
    const char *wait = cli_option(call, "wait");
    int64_t wait_ms = 0;
    if (wait != NULL && text_parse_duration(wait, &wait_ms) != 0)
        return cli_usage(call, "--wait must be a duration such as 10s");
    int64_t until_ms = machine_monotonic_us() / 1000 + wait_ms;
    while (cli_ask_quietly(call, "GET", "/_ecs/health", NULL, 0, ret_reply) != 0 &&
           machine_monotonic_us() / 1000 < until_ms) {
        struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};
        nanosleep(&pause, NULL);
    }
    return cli_ask(call, "GET", "/_ecs/health", NULL, 0, ret_reply);
}

int cli_status(struct cli_call *call) {
    struct cli_reply health;
    struct cli_reply clock;
    int status = ask_health(call, &health);
    if (status != 0)
        return status;
    if (!text_equal(value_string(health.json, "status"), "ok")) {
        if (!call->quiet)
            fprintf(call->err, "ecs-local status: %s is not an ecs-local that is well\n", call->endpoint);
        return CLI_REFUSED;
    }
    if (call->quiet || cli_print_json(call, &health))
        return 0;
    fprintf(call->out, "ecs-local %s at %s: %s, runtime %s, up %lld s\n",
        value_string(health.json, "version"), call->endpoint, value_string(health.json, "status"),
        value_string(health.json, "runtime"), (long long)value_int(health.json, "uptimeSeconds", 0));
    status = cli_ask(call, "GET", "/_ecs/clock", NULL, 0, &clock);
    if (status == 0)
        print_clock(call, clock.json);
    return status;
}

int cli_reset(struct cli_call *call) {
    struct cli_reply reply;
    return post(call, cli_path(call, "/_ecs/reset", scope_parameters), NULL, &reply);
}

/* --- clock ----------------------------------------------------------------------------------------------------- */

static const char *clock_body(struct cli_call *call, const char *action) {
    const char *first = cli_word(call, 1);
    const char *second = cli_word(call, 2);
    if (cli_is_one_of(action, "hold held"))
        return json_object(call, (const char *const[][2]){{"mode", "held"}, {"now", first}, {NULL, NULL}});
    if (text_equal(action, "real") && first == NULL)
        return json_object(call, (const char *const[][2]){{"mode", "real"}, {NULL, NULL}});
    char *end = NULL;
    bool scales = cli_is_one_of(action, "scale scaled") && first != NULL;
    double factor = scales ? strtod(first + (first[0] == 'x'), &end) : 0;
    if (factor <= 0 || *end != '\0')
        return NULL;
    const char *rest = json_object(call, (const char *const[][2]){{"now", second}, {NULL, NULL}});
    return arena_printf(call->arena, "{\"mode\":\"scaled\",\"factor\":%.17g%s%s", factor,
        second != NULL ? "," : "", rest + 1);
}

static int advance(struct cli_call *call, const char *word);

int cli_clock(struct cli_call *call) {
    const char *action = cli_word(call, 0);
    struct cli_reply reply;
    int status;
    if (text_equal(action, "advance"))
        return call->word_count <= 2 ? advance(call, cli_word(call, 1)) : cli_usage(call, "too many words");
    if (action == NULL || text_equal(action, "get")) {
        status = cli_ask(call, "GET", "/_ecs/clock", NULL, 0, &reply);
    } else {
        const char *body = clock_body(call, action);
        if (body == NULL)
            return cli_usage(call, "say get, hold, real, or scale and a factor");
        status = post(call, "/_ecs/clock", body, &reply);
    }
    if (status == 0 && !cli_print_json(call, &reply))
        print_clock(call, reply.json);
    return status;
}

/* Moves and events by the order in which they happened. */
static void add_moves(struct cli_table *table, const struct value *moves, const struct value *events) {
    size_t next_move = 0;
    size_t next_event = 0;
    while (next_move < value_count(moves) || next_event < value_count(events)) {
        const struct value *move = value_at(moves, next_move);
        const struct value *event = value_at(events, next_event);
        if (event == NULL ||
            (move != NULL && value_int(move, "cursor", 0) <= value_int(event, "cursor", 0))) {
            cli_cell_time(table, value_string(move, "at"));
            cli_cell_arn(table, value_string(move, "arn"));
            cli_cell(
                table, arena_printf(table->call->arena, "%s → %s",
                           value_string_nonempty(move, "from") != NULL ? value_string(move, "from") : "new",
                           value_string(move, "to")));
            next_move++;
        } else {
            const struct value *envelope = value_get(event, "event");
            cli_cell_time(table, value_string(event, "at"));
            cli_cell_arn(table, value_string_at(value_get(envelope, "resources"), 0));
            cli_cell(
                table, arena_printf(table->call->arena, "event: %s", value_string(envelope, "detail-type")));
            next_event++;
        }
    }
}

int cli_print_advance(struct cli_call *call, const struct cli_reply *reply) {
    static const char *const headings[] = {"TIME", "RESOURCE", "WHAT", NULL};
    if (cli_print_json(call, reply))
        return 0;
    struct cli_table table = cli_table_new(call, headings);
    add_moves(&table, value_get(reply->json, "fired"), value_get(reply->json, "events"));
    cli_table_print(&table, "nothing happened");
    print_clock(call, reply->json);
    if (value_has(reply->json, "stable") && !value_bool(reply->json, "stable", false))
        fprintf(call->out, "not stable: %lld tasks on their way, %lld services rolling\n",
            (long long)value_int(reply->json, "tasksInTransition", 0),
            (long long)value_int(reply->json, "servicesRolling", 0));
    return 0;
}

/* How far: a word, --by or --to, and only one of them. */
static int advance(struct cli_call *call, const char *word) {
    const char *by = cli_option(call, "by");
    const char *to = cli_option(call, "to");
    struct cli_reply reply;
    int64_t duration_ms = 0;
    if ((word != NULL) + (by != NULL) + (to != NULL) != 1)
        return cli_usage(call, "say how far: a duration such as 90s, a time, next, or stable");
    if (word != NULL)
        *(text_parse_duration(word, &duration_ms) == 0 ? &by : &to) = word;
    int status = post(call, "/_ecs/clock/advance",
        json_object(call, (const char *const[][2]){{"by", by}, {"to", to},
                              {"limit", cli_option(call, "limit")}, {NULL, NULL}}),
        &reply);
    if (status != 0)
        return status;
    cli_print_advance(call, &reply);
    /* A script wants to know. */
    return value_bool(reply.json, "stable", true) ? CLI_OK : CLI_REFUSED;
}

int cli_advance(struct cli_call *call) {
    return call->word_count <= 1 ? advance(call, cli_word(call, 0))
                                 : cli_usage(call, "unexpected \"%s\"", call->words[1]);
}

/* --- snapshots ------------------------------------------------------------------------------------------------- */

static int list_snapshots(struct cli_call *call) {
    static const char *const headings[] = {"NAME", "BYTES", "WORLD TIME", "SCHEMA", NULL};
    struct cli_reply reply;
    int status = cli_ask(call, "GET", "/_ecs/snapshots", NULL, 0, &reply);
    if (status != 0 || cli_print_json(call, &reply))
        return status;
    struct cli_table table = cli_table_new(call, headings);
    value_for_each(snapshot, value_get(reply.json, "snapshots")) {
        cli_cell(&table, value_string(snapshot, "name"));
        cli_cell_int(&table, value_int(snapshot, "sizeBytes", 0));
        cli_cell_time(&table, value_string(snapshot, "takenAt"));
        cli_cell_int(&table, value_int(snapshot, "schema", 0));
    }
    cli_table_print(&table, "no snapshots");
    return 0;
}

static const char *snapshot_path(struct cli_call *call, const char *name, const char *rest) {
    return arena_printf(call->arena, "/_ecs/snapshots/%s%s", cli_escape(call, name), rest);
}

static int download(struct cli_call *call, const char *name, const char *path) {
    struct cli_reply reply;
    int status = cli_ask(call, "GET", snapshot_path(call, name, ""), NULL, 0, &reply);
    if (status != 0)
        return status;
    FILE *file = text_equal(path, "-") ? call->out : fopen(path, "wbe");
    bool fine = file != NULL && fwrite(reply.body, 1, reply.length, file) == reply.length;
    if (file != NULL && file != call->out)
        fine = fclose(file) == 0 && fine;
    if (!fine)
        fprintf(call->err, "ecs-local snapshot: cannot write %s\n", path);
    return fine ? CLI_OK : CLI_REFUSED;
}

static int upload(struct cli_call *call, const char *name, const char *path) {
    struct buf bytes = BUF_INIT(1UL << 32);
    struct cli_reply reply;
    char block[65536];
    size_t length;
    cleanup_fclose FILE *file = fopen(path, "rbe");
    while (file != NULL && (length = fread(block, 1, sizeof(block), file)) > 0)
        buf_append(&bytes, block, length);
    int status = CLI_USAGE;
    if (file == NULL || ferror(file) || buf_failed(&bytes))
        fprintf(call->err, "ecs-local snapshot: cannot read %s\n", path);
    else
        status = cli_ask(call, "PUT", snapshot_path(call, name, ""), buf_text(&bytes), bytes.length, &reply);
    buf_done(&bytes);
    if (status == 0)
        cli_print_json(call, &reply);
    return status;
}

static int change_snapshot(struct cli_call *call, const char *action, const char *name) {
    struct cli_reply reply;
    int status;
    if (cli_is_one_of(action, "save create"))
        status = post(call, "/_ecs/snapshots",
            json_object(call, (const char *const[][2]){{"name", name}, {NULL, NULL}}), &reply);
    else
        status = post(call, snapshot_path(call, name, "/restore"), NULL, &reply);
    if (status != 0 || cli_print_json(call, &reply))
        return status;
    if (cli_is_one_of(action, "save create"))
        fprintf(call->out, "saved %s, %lld bytes\n", name, (long long)value_int(reply.json, "sizeBytes", 0));
    else
        print_clock(call, reply.json);
    return 0;
}

static int delete_snapshots(struct cli_call *call) {
    struct cli_reply reply;
    int status = 0;
    for (unsigned index = 1; status == 0 && index < call->word_count; index++)
        status = cli_ask(call, "DELETE", snapshot_path(call, call->words[index], ""), NULL, 0, &reply);
    return status;
}

int cli_snapshot(struct cli_call *call) {
    const char *action = cli_word(call, 0);
    const char *name = cli_word(call, 1);
    const char *path = cli_word(call, 2);
    if (action == NULL || text_equal(action, "list"))
        return list_snapshots(call);
    if (name == NULL)
        return cli_usage(call, "say list, or what to do and a name");
    if (path == NULL && cli_is_one_of(action, "save create restore"))
        return change_snapshot(call, action, name);
    if (cli_is_one_of(action, "delete remove"))
        return delete_snapshots(call);
    if (path != NULL && call->word_count == 3 && text_equal(action, "download"))
        return download(call, name, path);
    if (path != NULL && call->word_count == 3 && text_equal(action, "upload"))
        return upload(call, name, path);
    return cli_usage(
        call, "say save, restore or delete and a name, or download or upload, a name and a file");
}

int cli_fork(struct cli_call *call) {
    struct cli_reply reply;
    if (call->word_count != 2)
        return cli_usage(call, "say which account to copy, and to which");
    int status = post(call, "/_ecs/fork",
        json_object(call, (const char *const[][2]){{"from", call->words[0]}, {"to", call->words[1]},
                              {"region", cli_option(call, "region")}, {NULL, NULL}}),
        &reply);
    if (status == 0)
        cli_print_json(call, &reply);
    return status;
}

/* --- coverage, explain ------------------------------------------------------------------------------------------ */

int cli_coverage(struct cli_call *call) {
    static const char *const headings[] = {"OPERATION", "STATUS", "MISSING", NULL};
    struct cli_reply reply;
    int status = cli_ask(call, "GET", "/_ecs/coverage", NULL, 0, &reply);
    if (status != 0 || cli_print_json(call, &reply))
        return status;
    struct cli_table table = cli_table_new(call, headings);
    value_for_each(operation, value_get(reply.json, "operations")) {
        cli_cell(&table, value_string(operation, "name"));
        cli_cell(&table, value_string(operation, "status"));
        cli_cell(&table, value_string(operation, "missing"));
    }
    cli_table_print(&table, "no operations");
    return 0;
}

static void print_explanation(struct cli_call *call, const struct value *explanation) {
    static const char *const headings[] = {"CONTAINER INSTANCE", "ZONE", "REFUSED FOR", "BECAUSE", NULL};
    const char *waits_for = value_string(explanation, "waitsFor");
    const char *next = value_string(explanation, "next");
    fprintf(call->out, "%s\n", value_string(explanation, "summary"));
    value_for_each(line, value_get(explanation, "because"))
        fprintf(call->out, "- %s\n", line->kind == VALUE_STRING ? line->string : cli_json_text(call, line));
    if (waits_for != NULL)
        fprintf(call->out, "Waits for: %s\n", waits_for);
    if (next != NULL)
        fprintf(
            call->out, "Next, at %s: %s\n", cli_short_time(call, value_string(explanation, "nextAt")), next);
    const struct value *instances = value_get(explanation, "instances");
    if (instances == NULL)
        return;
    struct cli_table table = cli_table_new(call, headings);
    value_for_each(instance, instances) {
        cli_cell_arn(&table, value_string(instance, "containerInstanceArn"));
        cli_cell(&table, value_string(instance, "availabilityZone"));
        cli_cell(&table, value_bool(instance, "fits", false) ? "(fits)" : value_string(instance, "reason"));
        cli_cell(&table, value_string(instance, "detail"));
    }
    cli_table_print(&table, "no container instances");
}

int cli_explain(struct cli_call *call) {
    const char *task = cli_option(call, "task");
    const char *service = cli_option(call, "service");
    const char *word = cli_word(call, 0);
    struct cli_reply reply;
    if ((word != NULL) + (task != NULL) + (service != NULL) != 1 || call->word_count > 1)
        return cli_usage(call, "say which: the ARN of a task or a service");
    if (word != NULL)
        *(strstr(word, ":service/") != NULL ? &service : &task) = word;
    const char *kind = service != NULL ? "service" : "task";
    const char *arn = service != NULL ? service : task;
    int status = cli_ask(call, "GET",
        arena_printf(call->arena, "/_ecs/explain?%s=%s", kind, cli_escape(call, arn)), NULL, 0, &reply);
    if (status != 0 || cli_print_json(call, &reply))
        return status;
    print_explanation(call, reply.json);
    return 0;
}
