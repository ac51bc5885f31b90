/* One line per event on standard error, as text or as JSON. Not for replies; never secrets. */
#ifndef ECS_LOCAL_BASE_LOG_H
#define ECS_LOCAL_BASE_LOG_H

#include <stdbool.h>

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
};

/* Lines above `level` are dropped. `as_json`: one JSON object per line. Process-wide; call once at start. */
void log_configure(enum log_level level, bool as_json);

/* "error", "warn", "info", "debug" → 0 and *ret_level; anything else → 1. */
int log_level_parse(const char *text, enum log_level *ret_level);

bool log_enabled(enum log_level level);
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
