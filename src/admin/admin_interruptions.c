/* Faults of capacity, container instances and Spot tasks (engine/interruptions.h): checked here, let happen by the engine,
 * kept like all faults. */
#include <string.h>

#include "admin_internal.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/engine/interruptions.h"

enum {
    DOCUMENT_MAX = 16 * 1024,
    TEXT_LENGTH_MAX = 2048,
    WARNING_MAX_MS = 24 * 3600 * 1000,
    ARN_REGION = 3, /* parts of arn:aws:ecs:REGION:ACCOUNT:… */
    ARN_ACCOUNT = 4,
};

/* What one kind of fault may say; the first member names what is disturbed. Lists end with NULL. */
struct form {
    enum fault_kind kind;
    const char *const *members;
    const char *const *faults;
    const char *standard; /* "fault" when it is not given; NULL: it must be */
};

static const char *const capacity_members[] = {
    "capacity", "fault", "zone", "cluster", "account", "region", "warning", NULL};
static const char *const capacity_faults[] = {"unavailable", "spotInterruption", NULL};
static const char *const instance_members[] = {"containerInstance", "fault", "warning", NULL};
static const char *const instance_faults[] = {"agentDisconnect", "terminate", "spotInterruption", NULL};
static const char *const task_members[] = {"task", "fault", "warning", NULL};
static const char *const task_faults[] = {"spotInterruption", NULL};

static bool has(const char *const *list, const char *text) {
    for (; *list != NULL; list++) {
        if (text_equal(*list, text))
            return true;
    }
    return false;
}

static const char *joined(struct arena *arena, const char *const *list) {
    const char *text = "";
    for (size_t index = 0; list[index] != NULL; index++)
        text = arena_printf(arena, "%s%s%s", text, index != 0 ? ", " : "", list[index]);
    return text;
}

/* A sentence, or NULL when it is fine. */
static const char *check(struct admin_call *call, const struct form *form, const char *fault) {
    int64_t warning_ms = 0;
    for (uint32_t index = 0; index < value_count(call->input); index++) {
        const char *name = call->input->entries[index].key;
        const struct value *value = call->input->entries[index].value;
        if (!has(form->members, name))
            return arena_printf(call->arena, "a fault of %s has no %s", form->members[0], name);
        if (value->kind != VALUE_STRING || value->string[0] == '\0' ||
            strlen(value->string) > TEXT_LENGTH_MAX)
            return arena_printf(call->arena, "%s must be a text that is not empty", name);
    }
    if (!has(form->faults, fault))
        return arena_printf(call->arena, "fault must be one of %s", joined(call->arena, form->faults));
    const char *warning = value_string(call->input, "warning");
    if (warning != NULL && (text_parse_duration(warning, &warning_ms) != 0 || warning_ms > WARNING_MAX_MS))
        return "warning must be a duration of at most 24h, such as 2m";
    return NULL;
}

/* The part of an ARN between two colons; NULL when it has not so many. */
static const char *part_of_arn(struct arena *arena, const char *arn, unsigned part) {
    for (; part != 0 && arn != NULL; part--) {
        arn = strchr(arn, ':');
        arn = arn != NULL ? arn + 1 : NULL;
    }
    return arn != NULL ? arena_strndup(arena, arn, strcspn(arn, ":")) : NULL;
}

/* Account and region are those of the ARN; for capacity those given, else ?account= and ?region=. */
static const char *scope_member(
    struct admin_call *call, const struct form *form, const char *member, unsigned part) {
    const char *given = value_string(call->input, member);
    if (form->kind != FAULT_CAPACITY)
        return part_of_arn(call->arena, value_string(call->input, form->members[0]), part);
    return given != NULL ? given : admin_query(call, member);
}

static void add_text(struct admin_call *call, struct value *document, const char *name, const char *text) {
    if (text != NULL && text[0] != '\0')
        value_add(call->arena, document, name, value_new_string(call->arena, text));
}

static struct value *document_of(struct admin_call *call, const struct form *form, const char *fault) {
    struct value *document = value_new_map(call->arena, 8);
    for (size_t index = 0; form->members[index] != NULL; index++) {
        const char *name = form->members[index];
        if (!text_equal(name, "account") && !text_equal(name, "region"))
            add_text(
                call, document, name, text_equal(name, "fault") ? fault : value_string(call->input, name));
    }
    add_text(call, document, "account", scope_member(call, form, "account", ARN_ACCOUNT));
    add_text(call, document, "region", scope_member(call, form, "region", ARN_REGION));
    return document;
}

/* It has happened: the fault remembers what it struck, and what it has still to do. */
static int keep(struct admin_call *call, const struct form *form, struct value *document, unsigned struck,
    int64_t due_ms) {
    char due_at[TEXT_ISO8601_SIZE];
    struct buf buf = BUF_INIT(DOCUMENT_MAX);
    struct writer writer = WRITER_INIT(&buf);
    if (form->kind == FAULT_CAPACITY && struck != 0)
        value_add(call->arena, document, "struck", value_new_int(call->arena, struck));
    text_format_iso8601(due_ms, due_at);
    if (due_ms != 0)
        value_add(call->arena, document, "dueAt", value_new_string(call->arena, due_at));
    writer_value(&writer, document);
    int result = admin_fault_keep(call, form->kind, buf_text(&buf));
    buf_done(&buf);
    return result;
}

static int add(struct admin_call *call, const struct form *form) {
    const char *fault = value_has(call->input, "fault") ? value_string(call->input, "fault") : form->standard;
    const char *problem = check(call, form, fault);
    unsigned struck = 0;
    int64_t due_ms = 0;
    if (problem != NULL)
        return admin_fail(call, 400, "InvalidFault", "%s", problem);
    if (admin_faults_full(call))
        return 0;
    struct value *document = document_of(call, form, fault);
    int result = engine_interrupt(call->engine, form->kind, document, &struck, &due_ms);
    if (result == INTERRUPTION_POINTLESS)
        return admin_fail(call, 404, "NotFound", "there is no %s %s that is alive", form->members[0],
            value_string(document, form->members[0]));
    return result == 0 ? keep(call, form, document, struck, due_ms) : result;
}

int admin_fault_of_capacity(struct admin_call *call) {
    return add(call, &(struct form){FAULT_CAPACITY, capacity_members, capacity_faults, "unavailable"});
}

int admin_fault_of_instance(struct admin_call *call) {
    return add(call, &(struct form){FAULT_INSTANCE, instance_members, instance_faults, NULL});
}

int admin_fault_of_task(struct admin_call *call) {
    return add(call, &(struct form){FAULT_TASK, task_members, task_faults, "spotInterruption"});
}
