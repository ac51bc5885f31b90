#include "ecs-local/base/json_members.h"

#include <stdbool.h>
#include <string.h>

static const char *skip_space(const char *cursor) {
    return cursor + strspn(cursor, " \t\r\n");
}

/* Behind the closing quote; NULL when there is none. `cursor` is behind the opening one. */
static const char *skip_string(const char *cursor) {
    for (;;) {
        cursor += strcspn(cursor, "\"\\");
        if (*cursor == '"')
            return cursor + 1;
        if (*cursor == '\0' || cursor[1] == '\0')
            return NULL;
        cursor += 2;
    }
}

/* Behind the value that begins here; NULL when the text ends before it. */
static const char *skip_value(const char *cursor) {
    unsigned depth = 0;
    do {
        cursor += depth != 0 ? strcspn(cursor, "\"{}[]") : 0;
        switch (*cursor) {
        case '\0':
            return NULL;
        case '"':
            cursor = skip_string(cursor + 1);
            if (cursor == NULL)
                return NULL;
            break;
        case '{':
        case '[':
            depth++;
            cursor++;
            break;
        case '}':
        case ']':
            if (depth == 0)
                return NULL;
            depth--;
            cursor++;
            break;
        default:
            cursor += strcspn(cursor, ",}] \t\r\n");
        }
    } while (depth != 0);
    return cursor;
}

static void note(const char *name, size_t length, const char *const *names, unsigned count,
    const struct json_member *found, struct json_member *ret_members) {
    for (unsigned index = 0; index < count; index++) {
        if (strlen(names[index]) == length && strncmp(names[index], name, length) == 0)
            ret_members[index] = *found;
    }
}

int json_members(
    const char *text, const char *const *names, unsigned count, struct json_member *ret_members) {
    memset(ret_members, 0, count * sizeof(*ret_members));
    const char *cursor = skip_space(text);
    if (*cursor != '{')
        return 1;
    cursor = skip_space(cursor + 1);
    while (*cursor == '"') {
        const char *name = cursor + 1;
        const char *end = skip_string(name);
        cursor = end != NULL ? skip_space(end) : "";
        if (*cursor != ':')
            return 1;
        const char *value = skip_space(cursor + 1);
        cursor = skip_value(value);
        if (cursor == NULL)
            return 1;
        struct json_member found = {.text = value, .length = (size_t)(cursor - value)};
        note(name, (size_t)(end - 1 - name), names, count, &found, ret_members);
        cursor = skip_space(cursor);
        if (*cursor == ',')
            cursor = skip_space(cursor + 1);
    }
    return *cursor == '}' ? 0 : 1;
}
