#include "ecs-local/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ecs-local/base/log.h"

int error_raise_at(const char *file, int line, int code, const char *format, ...) {
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    const char *slash = strrchr(file, '/');
    log_error("%s (%s:%d)", message, slash != NULL ? slash + 1 : file, line);
    return code;
}

_Noreturn void memory_die(void) {
    static const char line[] = "ecs-local: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, line, sizeof(line) - 1);
    (void)ignored;
    _exit(70);
}

void *xmalloc(unsigned long size) {
    void *pointer = malloc(size != 0 ? size : 1);
    if (pointer == NULL)
        memory_die();
    return pointer;
}

void *xcalloc(unsigned long count, unsigned long size) {
    void *pointer = calloc(count != 0 ? count : 1, size != 0 ? size : 1);
    if (pointer == NULL)
        memory_die();
    return pointer;
}

void *xrealloc(void *pointer, unsigned long size) {
    void *grown = realloc(pointer, size != 0 ? size : 1);
    if (grown == NULL)
        memory_die();
    return grown;
}

char *xstrdup(const char *text) {
    char *copy = strdup(text);
    if (copy == NULL)
        memory_die();
    return copy;
}
