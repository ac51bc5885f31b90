/* Build-time program: turns the .sql files of the store into C tables.
 *
 *   sqlgen OUT_HEADER MIGRATION.sql… -- STATEMENTS.sql…
 *
 * Migrations are named NNNN_title.sql and must be numbered 1, 2, 3 … without a gap. They are carried out here, too, so
 * that a new database can begin with what they come to: each change of a table costs a reading of the whole schema,
 * and a program that starts with an empty database should not pay for its history. A statement file holds
 * statements, each behind a line `-- name: statement_name`. Anything else stops the build with a sentence. */
#include <ctype.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STATEMENTS_MAX = 512,
    NAME_MAX_LENGTH = 64,
};

static char names[STATEMENTS_MAX][NAME_MAX_LENGTH];
static unsigned name_count;

static _Noreturn void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("sqlgen: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static FILE *open_file(const char *path, const char *mode) {
    FILE *file = fopen(path, mode);
    if (file == NULL)
        fail("cannot open %s", path);
    return file;
}

static void emit_line(FILE *out, const char *line) {
    fputs("    \"", out);
    for (; *line != '\0' && *line != '\n'; line++) {
        if (*line == '"' || *line == '\\')
            fputc('\\', out);
        fputc(*line, out);
    }
    fputs("\\n\"\n", out);
}

static void emit_migration(FILE *out, const char *path, unsigned expected) {
    const char *slash = strrchr(path, '/');
    const char *file_name = slash != NULL ? slash + 1 : path;
    if (strtoul(file_name, NULL, 10) != expected)
        fail("migration %s is out of order: number %u expected", file_name, expected);
    FILE *in = open_file(path, "r");
    fprintf(out, "    {%u, \"%s\",\n", expected, file_name);
    char line[4096];
    while (fgets(line, sizeof(line), in) != NULL)
        emit_line(out, line);
    fputs("    },\n", out);
    fclose(in);
}

/* --- what the migrations come to ----------------------------------------------------------------------------- */

static void check(sqlite3 *db, int result, const char *what) {
    if (result != SQLITE_OK && result != SQLITE_ROW && result != SQLITE_DONE)
        fail("%s: %s", what, sqlite3_errmsg(db));
}

static char *read_whole(const char *path) {
    static char text[1024 * 1024];
    FILE *in = open_file(path, "r");
    size_t length = fread(text, 1, sizeof(text) - 1, in);
    if (!feof(in))
        fail("%s is too long", path);
    text[length] = '\0';
    fclose(in);
    return text;
}

/* Migrations may use functions of the store on rows; here there are none. */
static void without_rows(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    (void)values;
    sqlite3_result_error(context, "there are no rows", -1);
}

static sqlite3 *carry_out(char **paths, int count) {
    sqlite3 *db = NULL;
    check(db, sqlite3_open(":memory:", &db), "sqlite");
    check(db, sqlite3_create_function(db, "pack_document", 1, SQLITE_UTF8, NULL, without_rows, NULL, NULL),
        "sqlite");
    check(db, sqlite3_create_function(db, "unpack_document", 1, SQLITE_UTF8, NULL, without_rows, NULL, NULL),
        "sqlite");
    for (int index = 0; index < count; index++)
        check(db, sqlite3_exec(db, read_whole(paths[index]), NULL, NULL, NULL), paths[index]);
    return db;
}

static void refuse_rows(sqlite3 *db, const char *table) {
    sqlite3_stmt *statement = NULL;
    char *sql = sqlite3_mprintf("SELECT 1 FROM \"%w\"", table);
    check(db, sqlite3_prepare_v2(db, sql, -1, &statement, NULL), sql);
    if (sqlite3_step(statement) == SQLITE_ROW)
        fail("a migration puts rows into %s: a new database would not have them", table);
    sqlite3_finalize(statement);
    sqlite3_free(sql);
}

static void emit_text(FILE *out, const char *text) {
    for (const char *line = text; *line != '\0';) {
        const char *end = strchr(line, '\n');
        emit_line(out, line);
        line = end != NULL ? end + 1 : line + strlen(line);
    }
}

/* Tables first. */
static void emit_schema(FILE *out, char **paths, int count) {
    sqlite3 *db = carry_out(paths, count);
    sqlite3_stmt *statement = NULL;
    const char *sql =
        "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type <> 'table', rowid";
    check(db, sqlite3_prepare_v2(db, sql, -1, &statement, NULL), sql);
    fputs("static const char newest_schema[] =\n", out);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        if (strcmp((const char *)sqlite3_column_text(statement, 0), "table") == 0)
            refuse_rows(db, (const char *)sqlite3_column_text(statement, 1));
        char *text = sqlite3_mprintf("%s;", sqlite3_column_text(statement, 2));
        emit_text(out, text);
        sqlite3_free(text);
    }
    fputs("    ;\n\n", out);
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

/* --- statements ---------------------------------------------------------------------------------------------- */

static void add_name(const char *line, const char *path) {
    char name[NAME_MAX_LENGTH];
    if (sscanf(line, "-- name: %63[a-z0-9_]", name) != 1)
        fail("%s: a statement needs a name of [a-z0-9_]: %s", path, line);
    for (unsigned index = 0; index < name_count; index++) {
        if (strcmp(names[index], name) == 0)
            fail("%s: the statement %s is there twice", path, name);
    }
    if (name_count == STATEMENTS_MAX)
        fail("more than %d statements", STATEMENTS_MAX);
    snprintf(names[name_count++], NAME_MAX_LENGTH, "%s", name);
}

/* Is the table named behind the word? Every letter of it counts: tasks_by_family is an index. */
static int names_table(const char *line, const char *word, const char *table) {
    for (const char *at = line; (at = strstr(at, word)) != NULL;) {
        at += strlen(word);
        char after = strncmp(at, table, strlen(table)) == 0 ? at[strlen(table)] : '_';
        if (!isalnum((unsigned char)after) && after != '_')
            return 1;
    }
    return 0;
}

/* What a statement has to do with the tables that are not only in the database. */
struct traits {
    int about_tasks;
    int changes_definitions;
};

static void note_traits(struct traits *traits, const char *line) {
    static const char *const any[] = {"FROM ", "JOIN ", "INTO ", "UPDATE "};
    static const char *const changing[] = {"DELETE FROM ", "INTO ", "UPDATE "};
    for (unsigned index = 0; index < sizeof(any) / sizeof(*any); index++)
        traits->about_tasks |= names_table(line, any[index], "tasks");
    /* Rows of tasks bring these with them. */
    traits->about_tasks |= names_table(line, "FROM ", "container_instance_versions") |
                           names_table(line, "JOIN ", "container_instance_versions");
    for (unsigned index = 0; index < sizeof(changing) / sizeof(*changing); index++)
        traits->changes_definitions |= names_table(line, changing[index], "task_definitions");
}

static void end_statement(FILE *out, const struct traits *traits) {
    fprintf(out, "    , %d, %d},\n", traits->about_tasks, traits->changes_definitions);
}

static void emit_statements(FILE *out, const char *path) {
    FILE *in = open_file(path, "r");
    char line[4096];
    int open_statement = 0;
    struct traits traits = {0};
    while (fgets(line, sizeof(line), in) != NULL) {
        if (strncmp(line, "-- name:", 8) == 0) {
            if (open_statement)
                end_statement(out, &traits);
            traits = (struct traits){0};
            add_name(line, path);
            fprintf(out, "    {\"%s\",\n", names[name_count - 1]);
            open_statement = 1;
        } else if (strncmp(line, "--", 2) != 0 && line[strspn(line, " \t\n")] != '\0') {
            if (!open_statement)
                fail("%s: text before the first `-- name:`", path);
            emit_line(out, line);
            note_traits(&traits, line);
        }
    }
    if (open_statement)
        end_statement(out, &traits);
    fclose(in);
}

int main(int argc, char **argv) {
    if (argc < 4)
        fail("usage: sqlgen OUT_HEADER MIGRATION.sql… -- STATEMENTS.sql…");
    FILE *out = open_file(argv[1], "w");
    fputs("/* Made by sqlgen from the .sql files of the store. */\n", out);
    fputs("static const struct migration migrations[] = {\n", out);
    int index = 2;
    for (; index < argc && strcmp(argv[index], "--") != 0; index++)
        emit_migration(out, argv[index], (unsigned)(index - 1));
    fputs("};\n\n", out);
    emit_schema(out, argv + 2, index - 2);
    fputs("static const struct statement_source statement_sources[] = {\n", out);
    for (index++; index < argc; index++)
        emit_statements(out, argv[index]);
    fputs("};\n", out);
    fclose(out);

    /* The names go into a second header beside the first. */
    char path[4096];
    snprintf(path, sizeof(path), "%s.names.h", argv[1]);
    out = open_file(path, "w");
    fputs("/* Made by sqlgen from the .sql files of the store. */\nenum statement_id {\n", out);
    for (unsigned name = 0; name < name_count; name++) {
        fputs("    SQL_", out);
        for (const char *cursor = names[name]; *cursor != '\0'; cursor++)
            fputc(toupper((unsigned char)*cursor), out);
        fputs(",\n", out);
    }
    fputs("    SQL_COUNT\n};\n", out);
    fclose(out);
    return 0;
}
