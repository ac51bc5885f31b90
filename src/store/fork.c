/* Copying what one account has to another: sql/statements/fork.sql makes the steps from the schema. */
#include <string.h>

#include "ecs-local/base/buf.h"
#include "ecs-local/base/error.h"
#include "late_tasks.h"
#include "store_internal.h"

enum {
    TEXT_MAX = 64 * 1024 * 1024, /* of one column */
    STEPS_MAX = 256,
};

struct renaming {
    const char *from; /* 12 digits */
    const char *to;
};

/* The account in "arn:partition:service:region:ACCOUNT:", when the text begins with that and it is `account`; else NULL. */
static const char *account_in_arn(const char *text, const char *account) {
    for (unsigned colons = 0; colons < 4; colons++) {
        size_t length = strcspn(text, ":\" \\");
        if (text[length] != ':')
            return NULL;
        text += length + 1;
    }
    size_t length = strlen(account);
    return strncmp(text, account, length) == 0 && text[length] == ':' ? text : NULL;
}

static void rename_arns(struct buf *buf, const char *text, const struct renaming *renaming) {
    const char *arn;
    while ((arn = strstr(text, "arn:")) != NULL) {
        const char *account = account_in_arn(arn, renaming->from);
        const char *end = account != NULL ? account : arn + strlen("arn:");
        buf_append(buf, text, (size_t)(end - text));
        if (account != NULL) {
            buf_append(buf, renaming->to, strlen(renaming->to));
            end += strlen(renaming->from);
        }
        text = end;
    }
    buf_append(buf, text, strlen(text));
}

static void fork_text(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    const char *text = (const char *)sqlite3_value_text(values[0]);
    if (text == NULL || strstr(text, "arn:") == NULL) {
        sqlite3_result_value(context, values[0]);
        return;
    }
    struct buf buf = BUF_INIT(TEXT_MAX);
    rename_arns(&buf, text, sqlite3_user_data(context));
    if (buf_failed(&buf))
        sqlite3_result_error_toobig(context);
    else
        sqlite3_result_text64(context, buf_text(&buf), buf.length, SQLITE_TRANSIENT, SQLITE_UTF8);
    buf_done(&buf);
}

/* All steps first: they change the schema that they are read from. */
static int read_steps(struct store *store, struct arena *arena, const struct renaming *renaming,
    const char *region_or_null, const char *ret_steps[STEPS_MAX], unsigned *ret_count) {
    statement_scope struct statement statement = statement_begin_write(store, SQL_FORK_STEPS);
    bind_text(&statement, "from", renaming->from);
    bind_text(&statement, "to", renaming->to);
    bind_text(&statement, "region", region_or_null);
    int step;
    *ret_count = 0;
    while ((step = statement_step(&statement)) == STEP_ROW) {
        if (*ret_count == STEPS_MAX)
            return error_raise(ERR_BUG, "copying an account takes more than %d steps", STEPS_MAX);
        ret_steps[(*ret_count)++] = arena_strdup(arena, column_text(&statement, "step"));
    }
    return step;
}

int store_fork(
    struct store *store, struct arena *arena, const char *from, const char *to, const char *region_or_null) {
    struct renaming renaming = {.from = from, .to = to};
    const char **steps = arena_new_array(arena, const char *, STEPS_MAX);
    unsigned count = 0;
    int result = late_tasks_write(store);
    if (result == 0)
        result = read_steps(store, arena, &renaming, region_or_null, steps, &count);
    if (result == 0)
        result = store_check(store,
            sqlite3_create_function_v2(store->db, "fork_text", 1, SQLITE_UTF8 | SQLITE_DIRECTONLY, &renaming,
                fork_text, NULL, NULL, NULL),
            "fork_text");
    store_forget_definitions(store);
    store_forget_tasks(store);
    for (unsigned index = 0; result == 0 && index < count; index++)
        result = store_run_sql(store, steps[index]);
    sqlite3_create_function_v2(store->db, "fork_text", 1, SQLITE_UTF8, NULL, NULL, NULL, NULL, NULL);
    return result;
}
