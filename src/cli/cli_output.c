/* Tables for people. */
#include <string.h>

#include "cli_internal.h"
#include "ecs-local/base/text.h"

enum {
    GAP = 2, /* spaces between columns */
    FIRST_CELLS = 64,
};

bool cli_print_json(struct cli_call *call, const struct cli_reply *reply) {
    if (call->json && reply->length != 0)
        fprintf(call->out, "%s\n", reply->body);
    return call->json;
}

struct cli_table cli_table_new(struct cli_call *call, const char *const *headings) {
    struct cli_table table = {.call = call, .headings = headings};
    for (size_t index = 0; headings[index] != NULL; index++)
        cli_cell(&table, headings[index]);
    return table;
}

void cli_cell(struct cli_table *table, const char *text) {
    struct arena *arena = table->call->arena;
    if (table->count == table->capacity) {
        size_t capacity = table->capacity != 0 ? 2 * table->capacity : FIRST_CELLS;
        const char **cells = arena_new_array(arena, const char *, capacity);
        if (table->count != 0)
            memcpy(cells, table->cells, table->count * sizeof(*cells));
        table->cells = cells;
        table->capacity = capacity;
    }
    table->cells[table->count++] = text == NULL || text[0] == '\0' ? "-" : text;
}

void cli_cell_int(struct cli_table *table, int64_t integer) {
    cli_cell(table, arena_printf(table->call->arena, "%lld", (long long)integer));
}

const char *cli_short_arn(const char *arn) {
    const char *at = arn;
    if (arn == NULL || !text_starts_with(arn, "arn:"))
        return arn;
    for (unsigned colons = 0; colons < 5 && at != NULL; colons++)
        at = strchr(at + 1, ':');
    return at != NULL ? at + 1 : arn;
}

void cli_cell_arn(struct cli_table *table, const char *arn) {
    cli_cell(table, cli_short_arn(arn));
}

const char *cli_short_time(struct cli_call *call, const char *time) {
    size_t length = time != NULL ? strlen(time) : 0;
    if (length < 5 || !text_equal(time + length - 5, ".000Z"))
        return time;
    return arena_printf(call->arena, "%.*sZ", (int)length - 5, time);
}

void cli_cell_time(struct cli_table *table, const char *time) {
    cli_cell(table, cli_short_time(table->call, time));
}

const char *cli_json_text(struct cli_call *call, const struct value *value) {
    struct buf buf = BUF_INIT(CLI_BODY_MAX);
    struct writer writer = WRITER_INIT(&buf);
    writer_value(&writer, value);
    const char *text = arena_strndup(call->arena, buf_text(&buf), buf.length);
    buf_done(&buf);
    return text;
}

void cli_cell_value(struct cli_table *table, const struct value *value) {
    if (value == NULL)
        cli_cell(table, NULL);
    else if (value->kind == VALUE_STRING)
        cli_cell(table, value->string);
    else
        cli_cell(table, cli_json_text(table->call, value));
}

/* Characters, not bytes: as far as UTF-8 tells. */
static size_t width_of(const char *text) {
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

void cli_table_print(struct cli_table *table, const char *nothing) {
    size_t widths[COLUMNS_MAX] = {0};
    size_t columns = 0;
    while (columns < COLUMNS_MAX && table->headings[columns] != NULL)
        columns++;
    if (table->count <= columns) {
        fprintf(table->call->out, "%s\n", nothing);
        return;
    }
    for (size_t index = 0; index < table->count; index++) {
        size_t width = width_of(table->cells[index]);
        if (width > widths[index % columns])
            widths[index % columns] = width;
    }
    for (size_t index = 0; index < table->count; index++) {
        const char *cell = table->cells[index];
        bool last = index % columns == columns - 1;
        int padding = last ? 0 : (int)(widths[index % columns] - width_of(cell)) + GAP;
        fprintf(table->call->out, "%s%*s%s", cell, padding, "", last ? "\n" : "");
    }
}
