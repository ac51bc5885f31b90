#include "ecs-local/engine/faults.h"

#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/store/fault_rows.h"
#include "engine_internal.h"

struct fault_entry {
    struct fault fault;
    struct arena *arena;
    struct fault_entry *next; /* by id */
};

static const char *const kind_names[FAULT_KIND_COUNT] = {
    [FAULT_REQUEST] = "request",
    [FAULT_VISIBILITY] = "visibility",
    [FAULT_CAPACITY] = "capacity",
    [FAULT_INSTANCE] = "containerInstance",
    [FAULT_TASK] = "task",
    [FAULT_SERVICE] = "service",
    [FAULT_GATEWAY] = "gateway",
};

const char *fault_kind_name(enum fault_kind kind) {
    return kind_names[kind];
}

bool fault_is_for(const struct fault *fault, const char *account, const char *region) {
    return (fault->account == NULL || text_equal(fault->account, account)) &&
           (fault->region == NULL || text_equal(fault->region, region));
}

bool fault_is_spent(const struct fault *fault) {
    return fault->times != 0 && fault->used >= fault->times;
}

bool fault_means(const struct fault *fault, const char *member, const char *name, const char *arn) {
    const char *wanted = value_string(fault->document, member);
    return wanted == NULL || text_equal(wanted, "*") || text_equal(wanted, name) || text_equal(wanted, arn);
}

const struct fault *engine_fault_of(const struct engine *engine, enum fault_kind kind, const char *name,
    const struct scope *scope, const char *member, const char *thing_name, const char *thing_arn) {
    const struct fault *fault = engine_fault_next(engine, 0);
    for (; fault != NULL; fault = engine_fault_next(engine, fault->id)) {
        if (fault->kind == kind && text_equal(value_string(fault->document, "fault"), name) &&
            fault_is_for(fault, scope->account, scope->region) &&
            fault_means(fault, member, thing_name, thing_arn) && !fault_is_spent(fault))
            return fault;
    }
    return NULL;
}

static int parse_kind(const char *name, enum fault_kind *ret_kind) {
    for (unsigned kind = 0; kind < FAULT_KIND_COUNT; kind++) {
        if (text_equal(name, kind_names[kind])) {
            *ret_kind = (enum fault_kind)kind;
            return 0;
        }
    }
    return error_raise(ERR_STORE, "a stored fault is of the unknown kind %s", name);
}

static void entry_free(struct fault_entry *entry) {
    arena_free(entry->arena);
    free(entry);
}

static int append(struct engine *engine, const struct fault_row *row) {
    enum fault_kind kind = FAULT_REQUEST;
    struct value *document = NULL;
    int result = parse_kind(row->kind, &kind);
    if (result != 0)
        return result;
    struct fault_entry *entry = xcalloc(1, sizeof(*entry));
    entry->arena = arena_new_sized(1024);
    if (value_parse(entry->arena, row->document, strlen(row->document), &document) != 0) {
        entry_free(entry);
        return error_raise(ERR_STORE, "the stored fault %lld cannot be read", (long long)row->id);
    }
    entry->fault = (struct fault){
        .id = row->id,
        .kind = kind,
        .document = document,
        .account = value_string(document, "account"),
        .region = value_string(document, "region"),
        .times = value_int(document, "times", 0),
        .used = row->used,
        .created_ms = row->created_ms,
    };
    struct fault_entry **end = &engine->faults;
    while (*end != NULL)
        end = &(*end)->next;
    *end = entry;
    engine->last_fault_id = row->id;
    interruption_set(engine, &entry->fault);
    return 0;
}

static int load_row(void *context, const struct fault_row *row) {
    return append(context, row);
}

int faults_load(struct engine *engine) {
    engine->last_fault_id = 0;
    return fault_rows_each(engine->store, engine, load_row);
}

void faults_free(struct engine *engine) {
    while (engine->faults != NULL) {
        struct fault_entry *entry = engine->faults;
        engine->faults = entry->next;
        entry_free(entry);
    }
}

const struct fault *engine_fault_next(const struct engine *engine, int64_t after) {
    const struct fault_entry *entry = engine->faults;
    while (entry != NULL && entry->fault.id <= after)
        entry = entry->next;
    return entry != NULL ? &entry->fault : NULL;
}

int engine_fault_add(
    struct engine *engine, enum fault_kind kind, const char *document, const struct fault **ret_fault) {
    struct fault_row row = {
        .id = engine->last_fault_id + 1,
        .kind = kind_names[kind],
        .document = document,
        .created_ms = engine_now_ms(engine),
    };
    int result = fault_rows_insert(engine->store, &row);
    if (result == 0)
        result = append(engine, &row);
    if (result == 0)
        *ret_fault = engine_fault_next(engine, row.id - 1);
    return result;
}

static int delete_entry(struct engine *engine, struct fault_entry **link) {
    struct fault_entry *entry = *link;
    int result = interruption_ended(engine, &entry->fault);
    if (result == 0)
        result = fault_rows_delete(engine->store, entry->fault.id);
    *link = entry->next;
    entry_free(entry);
    return result;
}

int engine_fault_delete(struct engine *engine, int64_t id) {
    struct fault_entry **link = &engine->faults;
    while (*link != NULL && (*link)->fault.id != id)
        link = &(*link)->next;
    return *link != NULL ? delete_entry(engine, link) : ENGINE_NOT_FOUND;
}

int engine_faults_clear(struct engine *engine, const char *account_or_null, const char *region_or_null) {
    struct fault_entry **link = &engine->faults;
    while (*link != NULL) {
        const struct fault *fault = &(*link)->fault;
        bool named = (account_or_null == NULL || text_equal(fault->account, account_or_null)) &&
                     (region_or_null == NULL || text_equal(fault->region, region_or_null));
        int result = named ? delete_entry(engine, link) : 0;
        if (result != 0)
            return result;
        if (!named)
            link = &(*link)->next;
    }
    return 0;
}

int engine_fault_used(struct engine *engine, const struct fault *fault) {
    struct fault_entry *entry = engine->faults;
    while (entry != NULL && entry->fault.id != fault->id)
        entry = entry->next;
    if (entry == NULL)
        return 0;
    entry->fault.used++;
    return fault_rows_set_used(engine->store, entry->fault.id, entry->fault.used);
}

static double rate_of(const struct fault *fault) {
    const struct value *rate = value_get(fault->document, "rate");
    if (rate == NULL)
        return 1;
    return rate->kind == VALUE_REAL ? rate->real : (double)value_int(fault->document, "rate", 1);
}

static int64_t duration_of(const struct fault *fault, const char *name) {
    int64_t duration_ms = 0;
    const char *text = value_string(fault->document, name);
    return text != NULL && text_parse_duration(text, &duration_ms) == 0 ? duration_ms : 0;
}

/* One throw of the dice for each request that it could strike; a seed repeats it. */
static bool strikes(struct engine *engine, const struct fault *fault) {
    double rate = rate_of(fault);
    if (rate >= 1)
        return true;
    return (double)ids_below(&engine->ids, 1U << 30) < rate * (double)(1U << 30);
}

int engine_request_fault(struct engine *engine, const char *operation, const char *account,
    const char *region, struct request_fault *ret_fault) {
    *ret_fault = (struct request_fault){0};
    for (const struct fault_entry *entry = engine->faults; entry != NULL; entry = entry->next) {
        const struct fault *fault = &entry->fault;
        const char *wanted = value_string(fault->document, "operation");
        if (fault->kind != FAULT_REQUEST || fault_is_spent(fault) || !fault_is_for(fault, account, region) ||
            (wanted != NULL && !text_equal(wanted, operation)) || !strikes(engine, fault))
            continue;
        ret_fault->latency_ms += duration_of(fault, "latency");
        ret_fault->error = value_string(fault->document, "error");
        ret_fault->message = value_string(fault->document, "message");
        ret_fault->status = (unsigned)value_int(fault->document, "status", 400);
        int result = engine_fault_used(engine, fault);
        if (result != 0 || ret_fault->error != NULL)
            return result;
    }
    return 0;
}

int64_t engine_visibility_delay_ms(const struct engine *engine, const struct scope *scope) {
    int64_t delay_ms = 0;
    for (const struct fault_entry *entry = engine->faults; entry != NULL; entry = entry->next) {
        if (entry->fault.kind != FAULT_VISIBILITY ||
            !fault_is_for(&entry->fault, scope->account, scope->region))
            continue;
        int64_t own_ms = duration_of(&entry->fault, "visibilityDelay");
        delay_ms = own_ms > delay_ms ? own_ms : delay_ms;
    }
    return delay_ms;
}
