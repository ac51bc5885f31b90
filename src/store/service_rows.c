#include "ecs-local/store/service_rows.h"

#include "ecs-local/base/text.h"
#include "statement.h"

static int run_for_id(struct store *store, enum statement_id id, const char *name, int64_t value) {
    statement_scope struct statement statement = statement_begin_write(store, id);
    bind_int(&statement, name, value);
    return statement_run(&statement);
}

int service_rows_last_id(struct store *store, int64_t *ret_id) {
    statement_scope struct statement statement = statement_begin(store, SQL_SERVICE_LAST_ID);
    int step = statement_step(&statement);
    if (step < 0)
        return step;
    *ret_id = column_int(&statement, "id");
    return 0;
}

static void bind_state(struct statement *statement, const struct service_row *row) {
    bind_int(statement, "id", row->id);
    bind_text(statement, "status", row->status);
    bind_int(statement, "desired_count", row->desired_count);
    bind_int(statement, "inactive_ms", row->inactive_ms);
    bind_int(statement, "next_act_ms", row->next_act_ms);
    bind_int(statement, "steady_ms", row->steady_ms);
    bind_text(statement, "trouble", row->trouble);
    bind_int(statement, "trouble_ms", row->trouble_ms);
    bind_int(statement, "rebalancing", row->rebalancing);
}

static void bind_document(struct statement *statement, const struct service_row *row) {
    bind_text(statement, "launch_type", row->launch_type);
    bind_text(statement, "scheduling_strategy", row->scheduling_strategy);
    bind_text(statement, "resource_management", row->resource_management);
    bind_text(statement, "namespace", row->name_space);
    bind_text(statement, "document", row->document);
}

int service_rows_insert(struct store *store, const struct service_row *row) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_SERVICE_INSERT);
    bind_state(&statement, row);
    bind_document(&statement, row);
    bind_int(&statement, "cluster_id", row->cluster_id);
    bind_text(&statement, "name", row->name);
    bind_int(&statement, "created_ms", row->created_ms);
    bind_text(&statement, "created_by", row->created_by);
    bind_text(&statement, "tags", row->tags);
    return statement_run(&statement);
}

int service_rows_update(struct store *store, const struct service_row *row) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_SERVICE_UPDATE);
    bind_state(&statement, row);
    return statement_run(&statement);
}

int service_rows_update_document(struct store *store, const struct service_row *row) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_SERVICE_UPDATE_DOCUMENT);
    bind_int(&statement, "id", row->id);
    bind_document(&statement, row);
    return statement_run(&statement);
}

int service_rows_update_tags(struct store *store, int64_t id, const char *tags) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_SERVICE_UPDATE_TAGS);
    bind_int(&statement, "id", id);
    bind_text(&statement, "tags", tags);
    return statement_run(&statement);
}

int service_rows_document(struct store *store, int64_t id, struct arena *arena, const char **ret_document,
    const char **ret_tags, const char **ret_created_by) {
    statement_scope struct statement statement = statement_begin(store, SQL_SERVICE_DOCUMENT);
    bind_int(&statement, "id", id);
    int step = statement_step(&statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_document = arena_strdup(arena, column_text(&statement, "document"));
    *ret_tags = arena_strdup(arena, column_text(&statement, "tags"));
    *ret_created_by = arena_strdup(arena, column_text(&statement, "created_by"));
    return 0;
}

int service_rows_delete(struct store *store, int64_t id) {
    static const enum statement_id parts[] = {SQL_SERVICE_EVENT_DELETE_ALL, SQL_SERVICE_REVISION_DELETE_ALL,
        SQL_SERVICE_DEPLOYMENT_DELETE_ALL, SQL_DEPLOYMENT_DELETE_ALL};
    int result = 0;
    for (size_t index = 0; result == 0 && index < array_length(parts); index++)
        result = run_for_id(store, parts[index], "service_id", id);
    return result == 0 ? run_for_id(store, SQL_SERVICE_DELETE, "id", id) : result;
}

int service_rows_each(
    struct store *store, void *context, int (*each)(void *context, const struct service_row *row)) {
    statement_scope struct statement statement = statement_begin(store, SQL_SERVICE_EACH);
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW) {
        struct service_row row = {
            .id = column_int(&statement, "id"),
            .cluster_id = column_int(&statement, "cluster_id"),
            .name = column_text(&statement, "name"),
            .status = column_text(&statement, "status"),
            .desired_count = column_int(&statement, "desired_count"),
            .created_ms = column_int(&statement, "created_ms"),
            .inactive_ms = column_int(&statement, "inactive_ms"),
            .next_act_ms = column_int(&statement, "next_act_ms"),
            .steady_ms = column_int(&statement, "steady_ms"),
            .trouble = column_text(&statement, "trouble"),
            .trouble_ms = column_int(&statement, "trouble_ms"),
            .rebalancing = column_int(&statement, "rebalancing") != 0,
            .document = column_text(&statement, "document"),
        };
        int result = each(context, &row);
        if (result != 0)
            return result;
    }
    return step;
}

int service_rows_list(struct store *store, const struct service_filter *filter, int64_t after, unsigned limit,
    struct arena *arena, struct service_name *ret_names, unsigned *ret_count) {
    enum statement_id id = filter->name_space != NULL ? SQL_SERVICE_LIST_NAMESPACE : SQL_SERVICE_LIST;
    statement_scope struct statement statement = statement_begin(store, id);
    bind_int(&statement, "after", after);
    bind_int(&statement, "limit", limit);
    if (filter->name_space != NULL) {
        bind_text(&statement, "namespace", filter->name_space);
        bind_int(&statement, "scope_id", filter->scope_id);
    } else {
        bind_int(&statement, "cluster_id", filter->cluster_id);
        bind_text(&statement, "launch_type", filter->launch_type);
        bind_text(&statement, "scheduling_strategy", filter->scheduling_strategy);
        bind_text(&statement, "resource_management", filter->resource_management);
    }
    unsigned count = 0;
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW && count < limit) {
        ret_names[count++] = (struct service_name){
            .id = column_int(&statement, "id"),
            .cluster_id = column_int(&statement, "cluster_id"),
            .name = arena_strdup(arena, column_text(&statement, "name")),
        };
    }
    *ret_count = count;
    return step < 0 ? step : 0;
}

static int trim_events(struct store *store, int64_t service_id, unsigned kept) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_SERVICE_EVENT_TRIM);
    bind_int(&statement, "service_id", service_id);
    bind_int(&statement, "kept", kept);
    return statement_run(&statement);
}

int service_event_rows_add(struct store *store, int64_t service_id, const char *event_id, int64_t created_ms,
    const char *message, unsigned kept) {
    {
        statement_scope struct statement statement = statement_begin_write(store, SQL_SERVICE_EVENT_INSERT);
        bind_int(&statement, "service_id", service_id);
        bind_text(&statement, "event_id", event_id);
        bind_int(&statement, "created_ms", created_ms);
        bind_text(&statement, "message", message);
        int result = statement_run(&statement);
        if (result != 0)
            return result;
    }
    return trim_events(store, service_id, kept);
}

int service_event_rows_write(struct store *store, int64_t service_id, unsigned limit, struct writer *writer) {
    statement_scope struct statement statement = statement_begin(store, SQL_SERVICE_EVENT_LIST);
    bind_int(&statement, "service_id", service_id);
    bind_int(&statement, "limit", limit);
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW) {
        writer_object_begin(writer);
        writer_key_string(writer, "id", column_text(&statement, "event_id"));
        writer_key_timestamp_opt(writer, "createdAt", column_int(&statement, "created_ms"));
        writer_key_string(writer, "message", column_text(&statement, "message"));
        writer_object_end(writer);
    }
    return step;
}

int alarm_rows_get(
    struct store *store, int64_t scope_id, const char *name, struct arena *arena, const char **ret_state) {
    statement_scope struct statement statement = statement_begin(store, SQL_ALARM_GET);
    bind_int(&statement, "scope_id", scope_id);
    bind_text(&statement, "name", name);
    int step = statement_step(&statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_state = arena_strdup(arena, column_text(&statement, "state"));
    return 0;
}

int alarm_rows_set(struct store *store, int64_t scope_id, const char *name, const char *state) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_ALARM_SET);
    bind_int(&statement, "scope_id", scope_id);
    bind_text(&statement, "name", name);
    bind_text(&statement, "state", state);
    return statement_run(&statement);
}

int alarm_rows_each(struct store *store, int64_t scope_id, void *context,
    int (*each)(void *context, const char *name, const char *state)) {
    statement_scope struct statement statement = statement_begin(store, SQL_ALARM_ALL);
    bind_int(&statement, "scope_id", scope_id);
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW) {
        int result = each(context, column_text(&statement, "name"), column_text(&statement, "state"));
        if (result != 0)
            return result;
    }
    return step;
}
