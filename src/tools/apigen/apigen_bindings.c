/* Writes what other rooms see of the model: key names, handler prototypes, the handlers' table, and
 * COVERAGE.md. */
#include "apigen.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static int apigen_text_order(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

void apigen_write_keys(const struct apigen *api, FILE *out) {
    size_t count = 0;
    for (size_t index = 0; index < api->shape_count; index++)
        count += api->shapes[index].member_count;
    const char **names = calloc(count + 1, sizeof(*names));
    if (names == NULL)
        apigen_fail("there is no memory left.");
    count = 0;
    for (size_t index = 0; index < api->shape_count; index++) {
        for (size_t member = 0; member < api->shapes[index].member_count; member++)
            names[count++] = api->shapes[index].members[member].name;
    }
    qsort(names, count, sizeof(*names), apigen_text_order);
    fputs("/* The name of every member of the API. Written by apigen from api-models/. Do not edit. */\n"
          "#ifndef ECS_LOCAL_MODEL_KEYS_H\n#define ECS_LOCAL_MODEL_KEYS_H\n\n",
        out);
    for (size_t index = 0; index < count; index++) {
        if (index == 0 || strcmp(names[index - 1], names[index]) != 0)
            fprintf(out, "#define KEY_%s \"%s\"\n", names[index], names[index]);
    }
    fputs("\n#endif\n", out);
    free(names);
}

/* RunTask → run_task */
static void apigen_write_symbol(FILE *out, const char *name) {
    fputs("api", out);
    for (; *name != '\0'; name++) {
        if (isupper((unsigned char)*name))
            fputc('_', out);
        fputc(tolower((unsigned char)*name), out);
    }
}

void apigen_write_operations_header(const struct apigen *api, FILE *out) {
    fputs(
        "/* The handlers of the operations that are built. Written by apigen from api-models/. Do not edit.\n"
        " * An operation that coverage.json calls implemented or partial and that has no handler does not link. */\n"
        "#ifndef ECS_LOCAL_API_OPERATIONS_H\n#define ECS_LOCAL_API_OPERATIONS_H\n\n#include <stddef.h>\n\n"
        "struct api_call;\n\n"
        "struct api_operation {\n    const char *name;\n"
        "    int (*handler)(struct api_call *call); /* NULL: not built yet */\n};\n\n"
        "/* In the order of model_operation_index(). */\n"
        "extern const struct api_operation api_operations[];\n"
        "extern const size_t api_operations_count;\n\n",
        out);
    for (size_t index = 0; index < api->operation_count; index++) {
        if (api->operations[index].status == NULL)
            continue;
        fputs("int ", out);
        apigen_write_symbol(out, api->operations[index].name);
        fputs("(struct api_call *call);\n", out);
    }
    fputs("\n#endif\n", out);
}

void apigen_write_operations(const struct apigen *api, FILE *out) {
    fputs(
        "/* Written by apigen from api-models/. Do not edit. */\n#include \"ecs-local/api/operations.h\"\n\n"
        "const struct api_operation api_operations[] = {\n",
        out);
    for (size_t index = 0; index < api->operation_count; index++) {
        fprintf(out, "    {\"%s\", ", api->operations[index].name);
        if (api->operations[index].status != NULL)
            apigen_write_symbol(out, api->operations[index].name);
        else
            fputs("NULL", out);
        fputs("},\n", out);
    }
    fprintf(out, "};\nconst size_t api_operations_count = %zu;\n", api->operation_count);
}

void apigen_write_coverage(const struct apigen *api, FILE *out) {
    size_t implemented = 0;
    size_t partial = 0;
    for (size_t index = 0; index < api->operation_count; index++) {
        if (api->operations[index].status == NULL)
            continue;
        if (api->operations[index].missing != NULL)
            partial++;
        else
            implemented++;
    }
    fprintf(out,
        "# Coverage\n\nMade from `api-models/coverage.json` by apigen; do not edit "
        "(`cmake --build build/dev --target coverage-markdown` writes it anew).\n\n"
        "Of the %zu operations of %s, %zu are implemented, %zu partially, %zu not. "
        "An operation that is not implemented answers HTTP 501 `NotImplementedException`.\n\n"
        "| operation | status | missing |\n| --- | --- | --- |\n",
        api->operation_count, apigen_string(api->model, "source"), implemented, partial,
        api->operation_count - implemented - partial);
    for (size_t index = 0; index < api->operation_count; index++) {
        const struct apigen_operation *operation = &api->operations[index];
        fprintf(out, "| %s | %s | %s |\n", operation->name,
            operation->status != NULL ? operation->status : "not implemented",
            operation->missing != NULL ? operation->missing : "");
    }
}
