/* What comes in lists, is added and removed: fleet, outcome, fault, sink. */
#include <stdio.h>
#include <string.h>

#include "cli_internal.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"

/* The file of --file, or standard input for "-"; NULL after saying that it cannot be read. */
static const char *read_file(struct cli_call *call, const char *path) {
    struct buf bytes = BUF_INIT(CLI_BODY_MAX);
    char block[4096];
    size_t length;
    cleanup_fclose FILE *opened = text_equal(path, "-") ? NULL : fopen(path, "rbe");
    FILE *file = text_equal(path, "-") ? stdin : opened;
    while (file != NULL && (length = fread(block, 1, sizeof(block), file)) > 0)
        buf_append(&bytes, block, length);
    const char *text = file != NULL && !ferror(file) && !buf_failed(&bytes)
                           ? arena_strndup(call->arena, buf_text(&bytes), bytes.length)
                           : NULL;
    buf_done(&bytes);
    if (text == NULL)
        fprintf(call->err, "ecs-local %s: cannot read %s\n", call->command->name, path);
    return text;
}

static int post(struct cli_call *call, const char *path, const char *body) {
    struct cli_reply reply;
    int status = cli_ask(call, "POST", path, body, strlen(body), &reply);
    if (status != 0 || cli_print_json(call, &reply))
        return status;
    const struct value *id = value_get(reply.json, "id");
    if (id != NULL)
        fprintf(call->out, "%s\n", id->kind == VALUE_STRING ? id->string : cli_json_text(call, id));
    value_for_each(instance, value_get(reply.json, "containerInstances"))
        fprintf(call->out, "%s\n", value_string(instance, "containerInstanceArn"));
    return 0;
}

static int post_file(struct cli_call *call, const char *path) {
    const char *text = read_file(call, cli_option(call, "file"));
    return text != NULL ? post(call, path, text) : CLI_USAGE;
}

/* DELETE of the named ones below the path, or of all. */
static int remove_things(struct cli_call *call, const char *path) {
    struct cli_reply reply;
    int status = 0;
    if (cli_option(call, "all") != NULL && call->word_count == 1)
        return cli_ask(call, "DELETE", path, NULL, 0, &reply);
    if (call->word_count < 2)
        return cli_usage(call, "say which, or --all");
    for (unsigned index = 1; status == 0 && index < call->word_count; index++)
        status = cli_ask(call, "DELETE",
            arena_printf(call->arena, "%s/%s", path, cli_escape(call, call->words[index])), NULL, 0, &reply);
    return status;
}

/* --- fleet ------------------------------------------------------------------------------------------------------ */

static int list_fleet(struct cli_call *call) {
    static const char *const headings[] = {
        "CONTAINER INSTANCE", "EC2 INSTANCE", "TYPE", "ZONE", "STATUS", "AGENT", "RUNNING", "PENDING", NULL};
    static const struct cli_parameter parameters[] = {
        {"cluster", "cluster"}, {"account", "account"}, {"region", "region"}, {NULL, NULL}};
    struct cli_reply reply;
    int status = cli_ask(call, "GET", cli_path(call, "/_ecs/fleet", parameters), NULL, 0, &reply);
    if (status != 0 || cli_print_json(call, &reply))
        return status;
    struct cli_table table = cli_table_new(call, headings);
    value_for_each(instance, value_get(reply.json, "containerInstances")) {
        cli_cell_arn(&table, value_string(instance, "containerInstanceArn"));
        cli_cell(&table, value_string(instance, "ec2InstanceId"));
        cli_cell(&table, value_string(instance, "instanceType"));
        cli_cell(&table, value_string(instance, "availabilityZone"));
        cli_cell(&table, value_string(instance, "status"));
        cli_cell(&table, value_bool(instance, "agentConnected", false) ? "connected" : "gone");
        cli_cell_int(&table, value_int(instance, "runningTasksCount", 0));
        cli_cell_int(&table, value_int(instance, "pendingTasksCount", 0));
    }
    cli_table_print(&table, "no container instances");
    return 0;
}

static void write_zones(struct writer *writer, struct cli_call *call, const char *zones) {
    writer_key_list_begin(writer, "zones");
    while (*zones != '\0') {
        size_t length = strcspn(zones, ",");
        writer_string(writer, arena_strndup(call->arena, zones, length));
        zones += length + (zones[length] == ',');
    }
    writer_list_end(writer);
}

/* The options of that name, each KEY=VALUE, as an object. false: one is not. */
static bool write_pairs(struct writer *writer, struct cli_call *call, const char *option, const char *key) {
    bool fine = true;
    writer_key_object_begin(writer, key);
    for (unsigned index = 0; index < call->option_count; index++) {
        const char *text = call->options[index].value;
        const char *equals = strchr(text, '=');
        if (!text_equal(call->options[index].name, option))
            continue;
        fine = fine && equals != NULL && equals != text;
        if (equals != NULL)
            writer_key_string(writer, arena_strndup(call->arena, text, (size_t)(equals - text)), equals + 1);
    }
    writer_object_end(writer);
    return fine;
}

static int add_fleet(struct cli_call *call) {
    const char *zones = cli_option(call, "zones");
    const char *count = cli_option(call, "count");
    int64_t number = 1;
    if (cli_option(call, "file") != NULL)
        return post_file(call, "/_ecs/fleet");
    if (call->word_count != 2)
        return cli_usage(call, "say which EC2 type, such as m5.large");
    if (count != NULL && text_parse_int(count, 1, 5000, &number) != 0)
        return cli_usage(call, "--count must be between 1 and 5000");
    struct buf buf = BUF_INIT(CLI_BODY_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_object_begin(&writer);
    writer_key_string_opt(&writer, "cluster", cli_option(call, "cluster"));
    writer_key_string_opt(&writer, "account", cli_option(call, "account"));
    writer_key_string_opt(&writer, "region", cli_option(call, "region"));
    writer_key_list_begin(&writer, "instances");
    writer_object_begin(&writer);
    writer_key_string(&writer, "instanceType", cli_word(call, 1));
    writer_key_int(&writer, "count", number);
    if (zones != NULL)
        write_zones(&writer, call, zones);
    writer_key_string_opt(&writer, "capacityProvider", cli_option(call, "capacity-provider"));
    bool fine = write_pairs(&writer, call, "attribute", "attributes");
    writer_object_end(&writer);
    writer_list_end(&writer);
    writer_object_end(&writer);
    const char *body = arena_strndup(call->arena, buf_text(&buf), buf.length);
    buf_done(&buf);
    return fine ? post(call, "/_ecs/fleet", body) : cli_usage(call, "--attribute must be NAME=VALUE");
}

/* {"containerInstances":[…]} of the words behind the action. */
static const char *named_instances(struct cli_call *call) {
    struct buf buf = BUF_INIT(CLI_BODY_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_object_begin(&writer);
    writer_key_string_opt(&writer, "cluster", cli_option(call, "cluster"));
    writer_key_string_opt(&writer, "account", cli_option(call, "account"));
    writer_key_string_opt(&writer, "region", cli_option(call, "region"));
    writer_key_list_begin(&writer, "containerInstances");
    for (unsigned index = 1; index < call->word_count; index++)
        writer_string(&writer, call->words[index]);
    writer_list_end(&writer);
    writer_object_end(&writer);
    const char *text = arena_strndup(call->arena, buf_text(&buf), buf.length);
    buf_done(&buf);
    return text;
}

static int change_fleet(struct cli_call *call, const char *action) {
    static const struct cli_parameter parameters[] = {
        {"cluster", "cluster"}, {"account", "account"}, {"region", "region"}, {NULL, NULL}};
    struct cli_reply reply;
    bool all = cli_option(call, "all") != NULL;
    bool removing = cli_is_one_of(action, "remove delete");
    if (all == (call->word_count > 1) || (all && !removing))
        return cli_usage(
            call, removing ? "say which container instances, or --all" : "say which container instances");
    if (all)
        return cli_ask(call, "DELETE", cli_path(call, "/_ecs/fleet", parameters), NULL, 0, &reply);
    const char *body = named_instances(call);
    if (removing)
        return cli_ask(call, "DELETE", "/_ecs/fleet", body, strlen(body), &reply);
    return cli_ask(
        call, "POST", arena_printf(call->arena, "/_ecs/fleet/%s", action), body, strlen(body), &reply);
}

int cli_fleet(struct cli_call *call) {
    const char *action = cli_word(call, 0);
    if (action == NULL || text_equal(action, "list"))
        return list_fleet(call);
    if (text_equal(action, "add"))
        return add_fleet(call);
    if (cli_is_one_of(action, "remove delete disconnect connect"))
        return change_fleet(call, action);
    return cli_usage(call, "say list, add, remove, disconnect or connect");
}

/* --- outcomes, faults, sinks ------------------------------------------------------------------------------------- */

struct kind_of_thing {
    const char *path;
    const char *list; /* the member of the reply */
    const char *const *headings;
    const char *const *members; /* a column each; NULL: all the rest as JSON */
    const char *nothing;
};

static int list_things(struct cli_call *call, const struct kind_of_thing *kind) {
    struct cli_reply reply;
    int status = cli_ask(call, "GET", kind->path, NULL, 0, &reply);
    if (status != 0 || cli_print_json(call, &reply))
        return status;
    struct cli_table table = cli_table_new(call, kind->headings);
    value_for_each(thing, value_get(reply.json, kind->list)) {
        for (size_t column = 0; kind->headings[column] != NULL; column++) {
            if (kind->members[column] != NULL) {
                cli_cell_value(&table, value_get(thing, kind->members[column]));
                continue;
            }
            struct value *rest = value_clone(call->arena, thing);
            for (size_t member = 0; kind->headings[member] != NULL; member++) {
                if (kind->members[member] != NULL)
                    value_remove(rest, kind->members[member]);
            }
            cli_cell_value(&table, rest);
        }
    }
    cli_table_print(&table, kind->nothing);
    return 0;
}

/* list, remove, or add with a body that comes as a file or as JSON; *ret_add: what to add is said otherwise. */
static int handle_things(struct cli_call *call, const struct kind_of_thing *kind, bool *ret_add) {
    const char *action = cli_word(call, 0);
    const char *body = cli_word(call, 1);
    *ret_add = false;
    if (action == NULL || text_equal(action, "list"))
        return list_things(call, kind);
    if (cli_is_one_of(action, "remove delete"))
        return remove_things(call, kind->path);
    if (!text_equal(action, "add"))
        return cli_usage(call, "say list, add or remove");
    if (cli_option(call, "file") != NULL)
        return post_file(call, kind->path);
    if (body != NULL && body[0] == '{' && call->word_count == 2)
        return post(call, kind->path, body);
    *ret_add = true;
    return 0;
}

/* {"match":{…},"times":N,"outcome":{KIND:{…}}} */
static int add_outcome(struct cli_call *call) {
    const char *kind = cli_word(call, 1);
    const char *json = cli_word(call, 2);
    const char *times = cli_option(call, "times");
    struct value *details = NULL;
    int64_t number = 0;
    if (kind == NULL || call->word_count > 3)
        return cli_usage(call, "say what is to happen, such as exit '{\"code\":1}'");
    if (json != NULL &&
        (value_parse(call->arena, json, strlen(json), &details) != 0 || details->kind != VALUE_MAP))
        return cli_usage(call, "what belongs to %s must be a JSON object", kind);
    if (times != NULL && text_parse_int(times, 1, INT32_MAX, &number) != 0)
        return cli_usage(call, "--times must be a number");
    struct buf buf = BUF_INIT(CLI_BODY_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_object_begin(&writer);
    bool fine = write_pairs(&writer, call, "match", "match");
    if (times != NULL)
        writer_key_int(&writer, "times", number);
    writer_key_object_begin(&writer, "outcome");
    writer_key_raw(&writer, kind, json != NULL ? json : "{}");
    writer_object_end(&writer);
    writer_object_end(&writer);
    const char *body = arena_strndup(call->arena, buf_text(&buf), buf.length);
    buf_done(&buf);
    return fine ? post(call, "/_ecs/outcomes", body) : cli_usage(call, "--match must be KEY=VALUE");
}

int cli_outcome(struct cli_call *call) {
    static const char *const headings[] = {"ID", "MATCH", "OUTCOME", "TIMES", "USED", NULL};
    static const char *const members[] = {"id", "match", "outcome", "times", "used"};
    static const struct kind_of_thing kind = {"/_ecs/outcomes", "outcomes", headings, members, "no outcomes"};
    bool add = false;
    int status = handle_things(call, &kind, &add);
    return add ? add_outcome(call) : status;
}

int cli_fault(struct cli_call *call) {
    static const char *const headings[] = {"ID", "FAULT", NULL};
    static const char *const members[] = {"id", NULL};
    static const struct kind_of_thing kind = {"/_ecs/faults", "faults", headings, members, "no faults"};
    bool add = false;
    int status = handle_things(call, &kind, &add);
    return add ? cli_usage(call, "say which fault, as JSON or with --file") : status;
}

int cli_sink(struct cli_call *call) {
    static const char *const headings[] = {"ID", "TYPE", "SINK", NULL};
    static const char *const members[] = {"id", "type", NULL};
    static const struct kind_of_thing kind = {"/_ecs/sinks", "sinks", headings, members, "no sinks"};
    const char *url = cli_option(call, "url");
    const char *path = cli_option(call, "path");
    bool add = false;
    int status = handle_things(call, &kind, &add);
    if (!add)
        return status;
    if ((url != NULL) == (path != NULL) || call->word_count != 1)
        return cli_usage(call, "say where to: --url, --path, or JSON");
    struct buf buf = BUF_INIT(CLI_BODY_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_object_begin(&writer);
    writer_key_string(&writer, "type", url != NULL ? "webhook" : "file");
    writer_key_string_opt(&writer, "url", url);
    writer_key_string_opt(&writer, "path", path);
    writer_object_end(&writer);
    status = post(call, kind.path, buf_text(&buf));
    buf_done(&buf);
    return status;
}
