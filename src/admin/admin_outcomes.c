/* Scripts for coming tasks: POST, GET, DELETE /_ecs/outcomes[/ID]. */
#include <string.h>

#include "admin_internal.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/outcome.h"
#include "ecs-local/engine/scripted_outcomes.h"

enum {
    TIMES_MAX = 1000000,
};

#define ID_PREFIX "outcome-"

static int fail(struct admin_call *call, const char *problem) {
    return admin_fail(call, 400, "InvalidOutcome", "%s", problem);
}

static int not_found(struct admin_call *call) {
    return admin_fail(call, 404, "NotFound", "there is no outcome %s", call->segment);
}

/* "outcome-7" → 7; 0 for anything else. */
static int64_t id_of(const char *segment) {
    int64_t id = 0;
    if (!text_starts_with(segment, ID_PREFIX) ||
        text_parse_int(segment + strlen(ID_PREFIX), 1, INT64_MAX / 10, &id) != 0)
        return 0;
    return id;
}

static void write_script(struct admin_call *call, const struct scripted_outcome *script) {
    struct writer *writer = &call->writer;
    char created[TEXT_ISO8601_SIZE];
    text_format_iso8601(script->created_ms, created);
    writer_object_begin(writer);
    writer_key_string(writer, "id", arena_printf(call->arena, ID_PREFIX "%lld", (long long)script->id));
    writer_key_value_opt(writer, "match", script->match);
    if (script->times != 0)
        writer_key_int(writer, "times", script->times);
    writer_key_value_opt(writer, "outcome", script->outcome);
    writer_key_int(writer, "used", script->used);
    if (script->times != 0)
        writer_key_int(writer, "remaining", script->times - script->used);
    writer_key_string(writer, "createdAt", created);
    writer_object_end(writer);
}

/* The match as given, narrowed by ?account= and ?region=. */
static const struct value *read_match(struct admin_call *call) {
    static const char *const narrowing[] = {"account", "region"};
    const struct value *given = value_get(call->input, "match");
    struct value *match = given != NULL ? value_clone(call->arena, given) : value_new_map(call->arena, 2);
    for (size_t index = 0; index < array_length(narrowing); index++) {
        const char *text = admin_query(call, narrowing[index]);
        if (text != NULL && match->kind == VALUE_MAP && !value_has(match, narrowing[index]))
            value_set(call->arena, match, narrowing[index], value_new_string(call->arena, text));
    }
    return match;
}

static const char *check(struct admin_call *call, const struct value *match) {
    static const char *const members[] = {"match", "times", "outcome"};
    const char *problem = NULL;
    struct outcome_effects effects;
    for (uint32_t index = 0; index < value_count(call->input); index++) {
        size_t known = 0;
        while (known < array_length(members) && strcmp(members[known], call->input->entries[index].key) != 0)
            known++;
        if (known == array_length(members))
            return arena_printf(call->arena, "there is no member %s; there are match, times, outcome",
                call->input->entries[index].key);
    }
    const struct value *times = value_get(call->input, "times");
    if (times != NULL && (times->kind != VALUE_INT || times->integer < 1 || times->integer > TIMES_MAX))
        return "times must be an integer from 1 to 1000000; without it every task that matches gets the outcome";
    const struct value *outcome = value_get(call->input, "outcome");
    if (outcome_match_check(call->arena, match, &problem) == 0 &&
        outcome_read(call->arena, outcome, &effects, &problem) == 0 && value_count(outcome) != 1)
        problem = "an outcome has one key; a second one is a script of its own, for one container or for all";
    return problem;
}

int admin_outcome_add(struct admin_call *call) {
    const struct scripted_outcome *script = NULL;
    const struct value *match = read_match(call);
    const char *problem = check(call, match);
    if (problem != NULL)
        return fail(call, problem);
    int result = engine_script_add(
        call->engine, match, value_get(call->input, "outcome"), value_int(call->input, "times", 0), &script);
    if (result == SCRIPTS_FULL)
        return admin_fail(call, 409, "TooManyOutcomes",
            "at most %d outcomes of at most %d bytes are kept; DELETE /_ecs/outcomes removes them",
            SCRIPTS_MAX, SCRIPT_BYTES_MAX);
    if (result == 0)
        write_script(call, script);
    return result;
}

static bool is_asked_for(struct admin_call *call, const struct scripted_outcome *script, const char *key) {
    const char *asked = admin_query(call, key);
    const char *has = value_string(script->match, key);
    return asked == NULL || has == NULL || text_equal(asked, has);
}

int admin_outcomes(struct admin_call *call) {
    writer_object_begin(&call->writer);
    writer_key_list_begin(&call->writer, "outcomes");
    for (unsigned index = 0; index < engine_script_count(call->engine); index++) {
        const struct scripted_outcome *script = engine_script_at(call->engine, index);
        if (is_asked_for(call, script, "account") && is_asked_for(call, script, "region"))
            write_script(call, script);
    }
    writer_list_end(&call->writer);
    writer_object_end(&call->writer);
    return 0;
}

int admin_outcome_get(struct admin_call *call) {
    const struct scripted_outcome *script = NULL;
    if (engine_script_find(call->engine, id_of(call->segment), &script) != 0)
        return not_found(call);
    write_script(call, script);
    return 0;
}

int admin_outcome_delete(struct admin_call *call) {
    int result = engine_script_delete(call->engine, id_of(call->segment));
    if (result == ENGINE_NOT_FOUND)
        return not_found(call);
    call->status = 204;
    return result;
}

int admin_outcomes_delete(struct admin_call *call) {
    call->status = 204;
    return engine_scripts_delete(call->engine, admin_query(call, "account"), admin_query(call, "region"));
}
