#include "ecs-local/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"

enum {
    BUF_FIRST_CAPACITY = 2048,
};

void buf_done(struct buf *buf) {
    free(buf->data);
    buf->data = NULL;
    buf->length = buf->capacity = 0;
    buf->failed = false;
}

void buf_clear(struct buf *buf) {
    buf->length = 0;
    buf->failed = false;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

char *buf_take(struct buf *buf, size_t *ret_length) {
    char *data = buf->data;
    *ret_length = buf->length;
    buf->data = NULL;
    buf->length = buf->capacity = 0;
    return data;
}

bool buf_failed(const struct buf *buf) {
    return buf->failed;
}

const char *buf_text(const struct buf *buf) {
    return buf->data != NULL ? buf->data : "";
}

bool buf_reserve(struct buf *buf, size_t extra) {
    if (buf->failed || extra > buf->maximum - buf->length) {
        buf->failed = true;
        buf->capacity = 0; /* so that buf_has_room() need not ask for more than this */
        return false;
    }
    size_t needed = buf->length + extra + 1;
    if (needed <= buf->capacity)
        return true;
    size_t capacity = buf->capacity != 0 ? buf->capacity : BUF_FIRST_CAPACITY;
    while (capacity < needed)
        capacity *= 2;
    if (capacity > buf->maximum)
        capacity = buf->maximum + 1;
    buf->data = xrealloc(buf->data, capacity);
    buf->capacity = capacity;
    return true;
}

void buf_printf(struct buf *buf, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length >= 0 && buf_reserve(buf, (size_t)length)) {
        vsnprintf(buf->data + buf->length, (size_t)length + 1, format, again);
        buf->length += (size_t)length;
    }
    va_end(again);
}
