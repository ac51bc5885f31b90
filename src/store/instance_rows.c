#include "ecs-local/store/instance_rows.h"

#include "statement.h"

int instance_rows_insert(struct store *store, const struct instance_row *row, int64_t *ret_id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_INSTANCE_INSERT);
    bind_int(&statement, "cluster_id", row->cluster_id);
    bind_text(&statement, "instance_id", row->instance_id);
    bind_text(&statement, "status", row->status);
    bind_int(&statement, "agent_connected", row->agent_connected);
    bind_text(&statement, "ec2_instance_id", row->ec2_instance_id);
    bind_int(&statement, "registered_ms", row->registered_ms);
    bind_int(&statement, "simulated", row->simulated);
    bind_int(&statement, "has_agent", row->has_agent);
    bind_int(&statement, "version", row->version);
    bind_text(&statement, "tags", row->tags);
    bind_text(&statement, "document", row->document);
    int result = statement_run(&statement);
    if (result == 0)
        *ret_id = sqlite3_last_insert_rowid(store->db);
    return result;
}

int instance_rows_update(struct store *store, const struct instance_row *row) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_INSTANCE_UPDATE);
    bind_int(&statement, "id", row->id);
    bind_text(&statement, "status", row->status);
    bind_int(&statement, "agent_connected", row->agent_connected);
    bind_int(&statement, "has_agent", row->has_agent);
    bind_int(&statement, "version", row->version);
    bind_text(&statement, "tags", row->tags);
    bind_text(&statement, "document", row->document);
    return statement_run(&statement);
}

int instance_rows_set_version(struct store *store, int64_t id, int64_t version) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_INSTANCE_SET_VERSION);
    bind_int(&statement, "id", id);
    bind_int(&statement, "version", version);
    return statement_run(&statement);
}

int instance_rows_each(
    struct store *store, void *context, int (*each)(void *context, const struct instance_row *row)) {
    statement_scope struct statement statement = statement_begin(store, SQL_INSTANCE_ALL);
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW) {
        struct instance_row row = {
            .id = column_int(&statement, "id"),
            .cluster_id = column_int(&statement, "cluster_id"),
            .instance_id = column_text(&statement, "instance_id"),
            .status = column_text(&statement, "status"),
            .agent_connected = column_int(&statement, "agent_connected") != 0,
            .ec2_instance_id = column_text(&statement, "ec2_instance_id"),
            .registered_ms = column_int(&statement, "registered_ms"),
            .simulated = column_int(&statement, "simulated") != 0,
            .has_agent = column_int(&statement, "has_agent") != 0,
            .version = column_int(&statement, "version"),
            .tags = column_text(&statement, "tags"),
            .document = column_text(&statement, "document"),
        };
        int result = each(context, &row);
        if (result != 0)
            return result;
    }
    return step;
}

int instance_rows_document(
    struct store *store, int64_t id, struct arena *arena, const char **ret_document, const char **ret_tags) {
    statement_scope struct statement statement = statement_begin(store, SQL_INSTANCE_DOCUMENT);
    bind_int(&statement, "id", id);
    int step = statement_step(&statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_document = arena_strdup(arena, column_text(&statement, "document"));
    *ret_tags = arena_strdup(arena, column_text(&statement, "tags"));
    return 0;
}
