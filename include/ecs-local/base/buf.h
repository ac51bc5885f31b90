/* A growable byte buffer with a mandatory maximum. Overflow is sticky: further appends do nothing and
 * buf_failed() says so, so a writer checks once at its end. The text is always NUL-terminated. */
#ifndef ECS_LOCAL_BASE_BUF_H
#define ECS_LOCAL_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct buf {
    char *data;      /* NULL until the first append */
    size_t length;   /* bytes in use, without the terminating NUL */
    size_t capacity; /* bytes that may be used, with the NUL; 0 once it has failed */
    size_t maximum;  /* length never exceeds this */
    bool failed;
};

#define BUF_INIT(max_bytes)                                                                                  \
    { .data = NULL, .length = 0, .capacity = 0, .maximum = (max_bytes), .failed = false }

/* Frees the memory and leaves an empty buffer with the same maximum. */
void buf_done(struct buf *buf);
/* Empties without freeing. */
void buf_clear(struct buf *buf);
/* Hands the bytes over (the caller frees) and leaves an empty buffer. NULL when nothing was written. */
char *buf_take(struct buf *buf, size_t *ret_length);
bool buf_failed(const struct buf *buf);
/* The text so far, "" when empty. */
const char *buf_text(const struct buf *buf);

/* Makes room for `extra` bytes and the NUL; false when the maximum does not allow it. */
bool buf_reserve(struct buf *buf, size_t extra);

/* The same; nearly always there is room. */
static inline bool buf_has_room(struct buf *buf, size_t extra) {
    return buf->length + extra < buf->capacity || buf_reserve(buf, extra);
}

static inline void buf_append(struct buf *buf, const void *bytes, size_t length) {
    if (!buf_has_room(buf, length))
        return;
    if (length != 0)
        memcpy(buf->data + buf->length, bytes, length);
    buf->length += length;
    buf->data[buf->length] = '\0';
}

static inline void buf_append_text(struct buf *buf, const char *text) {
    buf_append(buf, text, strlen(text));
}

static inline void buf_append_char(struct buf *buf, char character) {
    buf_append(buf, &character, 1);
}

void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
