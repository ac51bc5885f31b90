#include "ecs-local/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ecs-local/base/buf.h"
#include "ecs-local/base/clock.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/writer.h"

static enum log_level configured_level = LOG_LEVEL_INFO;
static bool configured_json;

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

void log_configure(enum log_level level, bool as_json) {
    configured_level = level;
    configured_json = as_json;
}

int log_level_parse(const char *text, enum log_level *ret_level) {
    for (unsigned level = 0; level < sizeof(level_names) / sizeof(level_names[0]); level++) {
        if (strcmp(text, level_names[level]) == 0) {
            *ret_level = (enum log_level)level;
            return 0;
        }
    }
    return 1;
}

bool log_enabled(enum log_level level) {
    return level <= configured_level;
}

void log_line(enum log_level level, const char *format, ...) {
    if (!log_enabled(level))
        return;
    char message[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);

    char now[TEXT_ISO8601_SIZE];
    text_format_iso8601(machine_now_ms(), now);
    if (!configured_json) {
        fprintf(stderr, "%s %-5s %s\n", now, level_names[level], message);
        return;
    }
    struct buf line = BUF_INIT(16384);
    struct writer writer = WRITER_INIT(&line);
    writer_object_begin(&writer);
    writer_key_string(&writer, "time", now);
    writer_key_string(&writer, "level", level_names[level]);
    writer_key_string(&writer, "message", message);
    writer_object_end(&writer);
    fprintf(stderr, "%s\n", buf_text(&line));
    buf_done(&line);
}
