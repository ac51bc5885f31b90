/* Errors of our own.
 *
 * Every fallible function returns int: 0 is success; a value below zero is a failure of ours, raised once at
 * its origin with error_raise() (which logs it with file and line) and passed up unchanged; a value above
 * zero is an outcome that the function's header documents and that its caller handles.
 *
 * Memory: a failed allocation of the process ends it with a clear line (memory_die). Sizes that come from
 * input never reach the allocator unchecked: they go through bounded buffers (buf.h) and through the limits
 * of the HTTP room, so no request can cause that. See src/decisions/0001-errors-and-memory.md. */
#ifndef ECS_LOCAL_BASE_ERROR_H
#define ECS_LOCAL_BASE_ERROR_H

enum error {
    ERR_BUG = -1,    /* an invariant of ours does not hold */
    ERR_IO = -2,     /* the operating system refused */
    ERR_STORE = -3,  /* SQLite refused */
    ERR_LIMIT = -4,  /* a bounded buffer or table is full */
    ERR_SCHEMA = -5, /* the database is of a newer or unknown schema */
    ERR_BUSY = -6,   /* somebody else holds the data directory */
    ERR_CONFIG = -7, /* a file given by the user does not say what it must */
};

/* Logs `format` at level error with its origin and returns `code`. */
int error_raise_at(const char *file, int line, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#define error_raise(code, ...) error_raise_at(__FILE__, __LINE__, (code), __VA_ARGS__)

/* The allocator said no: one line on standard error and exit status 70. Does not return. */
_Noreturn void memory_die(void);

/* malloc/calloc/realloc/strdup that never return NULL. The caller frees the result. */
void *xmalloc(unsigned long size);
void *xcalloc(unsigned long count, unsigned long size);
void *xrealloc(void *pointer, unsigned long size);
char *xstrdup(const char *text);

#endif
