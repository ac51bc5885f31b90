/* /_ecs/alarms: CloudWatch alarms, for deployments that watch them. There is no CloudWatch: whoever tests sets them.
 *
 *   POST {"name": "errors", "state": "ALARM"}   or OK, INSUFFICIENT_DATA; in every account and region, unless
 *                                               "account" and "region" (in the body or the query) say which
 *   GET  → {"alarms": [{"account", "region", "name", "state"}]} */
#include "admin_internal.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/engine/service_engine.h"

enum {
    NAME_MAX_LENGTH = 255,
    STATUS_BAD = 400,
};

struct alarm_call {
    struct admin_call *call;
    const char *account; /* NULL: every one */
    const char *region;
    const char *name;
    const char *state;
    int result;
};

static const char *narrowed(struct admin_call *call, const char *key) {
    const char *told = value_string_nonempty(call->input, key);
    return told != NULL ? told : admin_query(call, key);
}

static bool concerns(const struct alarm_call *alarm, const struct scope *scope) {
    return (alarm->account == NULL || text_equal(alarm->account, scope_account(scope))) &&
           (alarm->region == NULL || text_equal(alarm->region, scope_region(scope)));
}

static void set_in(void *context, struct scope *scope) {
    struct alarm_call *alarm = context;
    if (alarm->result == 0 && concerns(alarm, scope))
        alarm->result = engine_alarm_set(alarm->call->engine, scope, alarm->name, alarm->state);
}

int admin_alarm_set(struct admin_call *call) {
    static const char *const states[] = {"OK", "ALARM", "INSUFFICIENT_DATA"};
    struct alarm_call alarm = {
        .call = call,
        .account = narrowed(call, "account"),
        .region = narrowed(call, "region"),
        .name = value_string_nonempty(call->input, "name"),
    };
    for (size_t index = 0; index < array_length(states); index++) {
        if (text_equal(value_string(call->input, "state"), states[index]))
            alarm.state = states[index];
    }
    if (alarm.name == NULL || text_utf8_length(alarm.name) > NAME_MAX_LENGTH || alarm.state == NULL)
        return admin_fail(call, STATUS_BAD, "InvalidAlarm",
            "give {\"name\": \"errors\", \"state\": \"ALARM\"}; state is one of OK, ALARM, INSUFFICIENT_DATA");
    struct scope *scope = NULL;
    const struct admin_config *config = &call->admin->config;
    /* One that is named exists from now on, and without names the usual one does. */
    int result = engine_scope(call->engine, alarm.account != NULL ? alarm.account : config->default_account,
        alarm.region != NULL ? alarm.region : config->default_region, &scope);
    if (result != 0)
        return result;
    engine_scopes_each(call->engine, &alarm, set_in);
    if (alarm.result != 0)
        return alarm.result;
    writer_object_begin(&call->writer);
    writer_key_string(&call->writer, "name", alarm.name);
    writer_key_string(&call->writer, "state", alarm.state);
    writer_object_end(&call->writer);
    return 0;
}

struct alarm_writing {
    struct writer *writer;
    const struct scope *scope;
};

static int write_alarm(void *context, const char *name, const char *state) {
    const struct alarm_writing *writing = context;
    writer_object_begin(writing->writer);
    writer_key_string(writing->writer, "account", scope_account(writing->scope));
    writer_key_string(writing->writer, "region", scope_region(writing->scope));
    writer_key_string(writing->writer, "name", name);
    writer_key_string(writing->writer, "state", state);
    writer_object_end(writing->writer);
    return 0;
}

static void write_of(void *context, struct scope *scope) {
    struct alarm_call *alarm = context;
    struct alarm_writing writing = {&alarm->call->writer, scope};
    if (alarm->result == 0 && concerns(alarm, scope))
        alarm->result = engine_alarms_each(alarm->call->engine, scope, &writing, write_alarm);
}

int admin_alarms(struct admin_call *call) {
    struct alarm_call alarm = {
        .call = call, .account = admin_query(call, "account"), .region = admin_query(call, "region")};
    writer_object_begin(&call->writer);
    writer_key_list_begin(&call->writer, "alarms");
    engine_scopes_each(call->engine, &alarm, write_of);
    writer_list_end(&call->writer);
    writer_object_end(&call->writer);
    return alarm.result;
}
