#include "ecs-local/store/task_definition_rows.h"

#include <string.h>

#include "ecs-local/base/text.h"
#include "store_internal.h"

static int insert_family(struct store *store, int64_t scope_id, const char *family, int64_t *ret_id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_FAMILY_INSERT);
    bind_int(&statement, "scope_id", scope_id);
    bind_text(&statement, "name", family);
    int result = statement_run(&statement);
    if (result == 0)
        *ret_id = sqlite3_last_insert_rowid(store->db);
    return result;
}

static int last_revision(struct store *store, int64_t scope_id, const char *family, int64_t *ret_family_id,
    int64_t *ret_revision) {
    statement_scope struct statement statement = statement_begin(store, SQL_FAMILY_LAST_REVISION);
    bind_int(&statement, "scope_id", scope_id);
    bind_text(&statement, "name", family);
    int step = statement_step(&statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_family_id = column_int(&statement, "id");
    *ret_revision = column_int(&statement, "last_revision");
    return 0;
}

/* In steps of their own: one statement that does it all and returns what has become needs a table for that. */
int task_definition_rows_next_revision(struct store *store, int64_t scope_id, const char *family,
    int64_t *ret_family_id, int64_t *ret_revision) {
    int result = last_revision(store, scope_id, family, ret_family_id, ret_revision);
    if (result == STORE_NOT_FOUND) {
        *ret_revision = 1;
        return insert_family(store, scope_id, family, ret_family_id);
    }
    if (result != 0)
        return result;
    ++*ret_revision;
    statement_scope struct statement statement = statement_begin_write(store, SQL_FAMILY_NEXT_REVISION);
    bind_int(&statement, "id", *ret_family_id);
    return statement_run(&statement);
}

int task_definition_rows_insert(struct store *store, const struct task_definition_row *row, int64_t *ret_id) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_TASK_DEFINITION_INSERT);
    bind_int(&statement, "scope_id", row->scope_id);
    bind_int(&statement, "family_id", row->family_id);
    bind_text(&statement, "family", row->family);
    bind_int(&statement, "revision", row->revision);
    bind_text(&statement, "status", row->status);
    bind_int(&statement, "registered_ms", row->registered_ms);
    bind_text(&statement, "registered_by", row->registered_by);
    bind_text(&statement, "tags", row->tags);
    bind_text(&statement, "document", row->document);
    int result = statement_run(&statement);
    if (result == 0)
        *ret_id = sqlite3_last_insert_rowid(store->db);
    return result;
}

static int read_row(struct statement *statement, struct arena *arena, struct task_definition_row *ret_row) {
    int step = statement_step(statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_row = (struct task_definition_row){
        .id = column_int(statement, "id"),
        .scope_id = column_int(statement, "scope_id"),
        .family_id = column_int(statement, "family_id"),
        .family = arena_strdup(arena, column_text(statement, "family")),
        .revision = column_int(statement, "revision"),
        .status = arena_strdup(arena, column_text(statement, "status")),
        .registered_ms = column_int(statement, "registered_ms"),
        .deregistered_ms = column_int(statement, "deregistered_ms"),
        .delete_requested_ms = column_int(statement, "delete_requested_ms"),
        .registered_by = arena_strdup(arena, column_text(statement, "registered_by")),
        .tags = arena_strdup(arena, column_text(statement, "tags")),
        .document = arena_strdup(arena, column_text(statement, "document")),
    };
    return 0;
}

void store_forget_definitions(struct store *store) {
    for (unsigned index = 0; index < KNOWN_DEFINITIONS; index++) {
        arena_free(store->known_definitions[index].arena);
        store->known_definitions[index].arena = NULL;
    }
}

/* Where it is, if it is known. */
static unsigned place_of(int64_t scope_id, const char *family, int64_t revision) {
    uint64_t hash = (uint64_t)scope_id + (uint64_t)revision;
    for (const char *cursor = family; *cursor != '\0'; cursor++)
        hash = hash * 31 + (unsigned char)*cursor;
    return (unsigned)(hash % KNOWN_DEFINITIONS);
}

static int read_definition(struct store *store, int64_t scope_id, const char *family, int64_t revision,
    struct arena *arena, struct task_definition_row *ret_row) {
    enum statement_id id = revision != 0 ? SQL_TASK_DEFINITION_GET : SQL_TASK_DEFINITION_GET_LATEST;
    statement_scope struct statement statement = statement_begin(store, id);
    bind_int(&statement, "scope_id", scope_id);
    bind_text(&statement, "family", family);
    if (revision != 0)
        bind_int(&statement, "revision", revision);
    return read_row(&statement, arena, ret_row);
}

/* *ret_row is the store's, until a definition is looked up again or one changes. */
static int look_up(struct store *store, int64_t scope_id, const char *family, int64_t revision,
    const struct task_definition_row **ret_row) {
    struct known_definition *known = &store->known_definitions[place_of(scope_id, family, revision)];
    if (known->arena == NULL || known->row.scope_id != scope_id || known->asked_revision != revision ||
        strcmp(known->row.family, family) != 0) {
        struct known_definition read = {.arena = arena_new(), .asked_revision = revision};
        int result = read_definition(store, scope_id, family, revision, read.arena, &read.row);
        if (result != 0) {
            arena_free(read.arena);
            return result;
        }
        arena_free(known->arena);
        *known = read;
    }
    *ret_row = &known->row;
    return 0;
}

int task_definition_rows_get(struct store *store, int64_t scope_id, const char *family, int64_t revision,
    struct arena *arena, struct task_definition_row *ret_row) {
    const struct task_definition_row *row = NULL;
    int result = look_up(store, scope_id, family, revision, &row);
    if (result != 0)
        return result;
    *ret_row = *row;
    ret_row->family = arena_strdup(arena, row->family);
    ret_row->status = arena_strdup(arena, row->status);
    ret_row->registered_by = arena_strdup(arena, row->registered_by);
    ret_row->tags = arena_strdup(arena, row->tags);
    ret_row->document = arena_strdup(arena, row->document);
    return 0;
}

int task_definition_rows_get_by_id(
    struct store *store, int64_t id, struct arena *arena, struct task_definition_row *ret_row) {
    statement_scope struct statement statement = statement_begin(store, SQL_TASK_DEFINITION_GET_BY_ID);
    bind_int(&statement, "id", id);
    return read_row(&statement, arena, ret_row);
}

int task_definition_rows_find(struct store *store, int64_t scope_id, const char *family, int64_t revision,
    int64_t *ret_id, int64_t *ret_family_id, int64_t *ret_revision, bool *ret_active) {
    const struct task_definition_row *row = NULL;
    int result = look_up(store, scope_id, family, revision, &row);
    if (result != 0)
        return result;
    *ret_id = row->id;
    *ret_family_id = row->family_id;
    *ret_revision = row->revision;
    *ret_active = text_equal(row->status, "ACTIVE");
    return 0;
}

int task_definition_rows_family_id(
    struct store *store, int64_t scope_id, const char *family, int64_t *ret_id) {
    statement_scope struct statement statement = statement_begin(store, SQL_FAMILY_GET);
    bind_int(&statement, "scope_id", scope_id);
    bind_text(&statement, "name", family);
    int step = statement_step(&statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_id = column_int(&statement, "id");
    return 0;
}

static int family_count(struct store *store, int64_t family_id, int active, int inactive) {
    if (active == 0 && inactive == 0)
        return 0;
    statement_scope struct statement statement = statement_begin_write(store, SQL_FAMILY_COUNT);
    bind_int(&statement, "id", family_id);
    bind_int(&statement, "active", active);
    bind_int(&statement, "inactive", inactive);
    return statement_run(&statement);
}

/* +1 for the status, −1 for what it was. DELETE_IN_PROGRESS counts as neither. */
static int status_change(const char *status, const char *old_status, const char *counted) {
    return (int)text_equal(status, counted) - (int)text_equal(old_status, counted);
}

int task_definition_rows_set_status(
    struct store *store, const struct task_definition_row *row, const char *old_status) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_TASK_DEFINITION_SET_STATUS);
    bind_int(&statement, "id", row->id);
    bind_text(&statement, "status", row->status);
    bind_int(&statement, "deregistered_ms", row->deregistered_ms);
    bind_int(&statement, "delete_requested_ms", row->delete_requested_ms);
    int result = statement_run(&statement);
    if (result != 0)
        return result;
    return family_count(store, row->family_id, status_change(row->status, old_status, "ACTIVE"),
        status_change(row->status, old_status, "INACTIVE"));
}

int task_definition_rows_delete(struct store *store, const struct task_definition_row *row) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_TASK_DEFINITION_DELETE);
    bind_int(&statement, "id", row->id);
    int result = statement_run(&statement);
    if (result != 0)
        return result;
    return family_count(store, row->family_id, status_change(NULL, row->status, "ACTIVE"),
        status_change(NULL, row->status, "INACTIVE"));
}

int task_definition_rows_next_deleting(
    struct store *store, int64_t after, int64_t *ret_id, int64_t *ret_requested_ms) {
    statement_scope struct statement statement = statement_begin(store, SQL_TASK_DEFINITION_NEXT_DELETING);
    bind_int(&statement, "after", after);
    int step = statement_step(&statement);
    if (step != STEP_ROW)
        return step < 0 ? step : STORE_NOT_FOUND;
    *ret_id = column_int(&statement, "id");
    *ret_requested_ms = column_int(&statement, "delete_requested_ms");
    return 0;
}

int task_definition_rows_deletable(
    struct store *store, int64_t until_ms, unsigned limit, int64_t *ret_ids, unsigned *ret_count) {
    statement_scope struct statement statement = statement_begin(store, SQL_TASK_DEFINITION_DELETABLE);
    bind_int(&statement, "until_ms", until_ms);
    bind_int(&statement, "limit", limit);
    unsigned count = 0;
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW && count < limit)
        ret_ids[count++] = column_int(&statement, "id");
    *ret_count = count;
    return step < 0 ? step : 0;
}

static enum statement_id list_statement(bool one_family, bool descending) {
    if (one_family)
        return descending ? SQL_TASK_DEFINITION_LIST_FAMILY_DESC : SQL_TASK_DEFINITION_LIST_FAMILY;
    return descending ? SQL_TASK_DEFINITION_LIST_DESC : SQL_TASK_DEFINITION_LIST;
}

int task_definition_rows_list(struct store *store, int64_t scope_id, const char *status, const char *family,
    bool descending, const struct task_definition_key *after, unsigned limit, struct arena *arena,
    struct task_definition_key *ret_keys, unsigned *ret_count) {
    /* From the start means: before everything, or, descending, behind everything ('~' sorts after all names).
     */
    struct task_definition_key start = {
        .family = descending ? "~" : "", .revision = descending ? INT64_MAX : 0};
    if (after->family != NULL)
        start = *after;
    statement_scope struct statement statement = statement_begin(
        store, list_statement(family != NULL, descending));
    bind_int(&statement, "scope_id", scope_id);
    bind_text(&statement, "status", status);
    if (family != NULL)
        bind_text(&statement, "family", family);
    else
        bind_text(&statement, "after_family", start.family);
    bind_int(&statement, "after_revision", start.revision);
    bind_int(&statement, "limit", limit);
    unsigned count = 0;
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW && count < limit) {
        ret_keys[count].family = arena_strdup(arena, column_text(&statement, "family"));
        ret_keys[count].revision = column_int(&statement, "revision");
        count++;
    }
    *ret_count = count;
    return step < 0 ? step : 0;
}

int task_definition_rows_families(struct store *store, int64_t scope_id, enum family_filter filter,
    const char *prefix, const char *after, unsigned limit, struct arena *arena, const char **ret_names,
    unsigned *ret_count) {
    static const enum statement_id ids[] = {
        [FAMILIES_ALL] = SQL_FAMILY_LIST_ALL,
        [FAMILIES_ACTIVE] = SQL_FAMILY_LIST_ACTIVE,
        [FAMILIES_INACTIVE] = SQL_FAMILY_LIST_INACTIVE,
    };
    statement_scope struct statement statement = statement_begin(store, ids[filter]);
    bind_int(&statement, "scope_id", scope_id);
    bind_text(&statement, "after", after);
    bind_text(&statement, "prefix", prefix);
    /* '~' is behind every character of a name, so prefix + '~' ends the range. */
    bind_text(&statement, "end", arena_printf(arena, "%s~", prefix));
    bind_int(&statement, "limit", limit);
    unsigned count = 0;
    int step;
    while ((step = statement_step(&statement)) == STEP_ROW && count < limit)
        ret_names[count++] = arena_strdup(arena, column_text(&statement, "name"));
    *ret_count = count;
    return step < 0 ? step : 0;
}

int task_definition_rows_set_tags(struct store *store, int64_t id, const char *tags) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_TASK_DEFINITION_SET_TAGS);
    bind_int(&statement, "id", id);
    bind_text(&statement, "tags", tags);
    return statement_run(&statement);
}
