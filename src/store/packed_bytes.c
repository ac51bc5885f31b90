#include "packed_bytes.h"

#include <lz4.h>
#include <stdlib.h>

#include "ecs-local/base/error.h"

enum {
    PACK_HASTE = 4, /* 1 packs best, larger numbers faster */
};

int bytes_pack(
    struct store *store, const char *bytes, size_t length, const void **ret_packed, size_t *ret_length) {
    if (length > LZ4_MAX_INPUT_SIZE)
        return error_raise(ERR_LIMIT, "%zu bytes are too many for one blob", length);
    size_t needed = (size_t)LZ4_compressBound((int)length);
    if (needed > store->packed_capacity) {
        store->packed = xrealloc(store->packed, needed);
        store->packed_capacity = needed;
    }
    int packed = LZ4_compress_fast(bytes, store->packed, (int)length, (int)needed, PACK_HASTE);
    if (packed <= 0)
        return error_raise(ERR_BUG, "%zu bytes cannot be packed", length);
    *ret_packed = store->packed;
    *ret_length = (size_t)packed;
    return 0;
}

int bytes_unpack(struct statement *statement, const char *column, char **ret_text, size_t *ret_length) {
    int64_t bytes = column_int(statement, "bytes");
    const char *packed = column_blob(statement, column);
    size_t length = column_length(statement, column);
    if (packed == NULL || bytes < 0 || bytes > LZ4_MAX_INPUT_SIZE || length > LZ4_MAX_INPUT_SIZE)
        return error_raise(ERR_STORE, "stored %s cannot be unpacked", column);
    char *text = xmalloc((size_t)bytes + 1);
    if (LZ4_decompress_safe(packed, text, (int)length, (int)bytes) != bytes) {
        free(text);
        return error_raise(ERR_STORE, "stored %s cannot be unpacked", column);
    }
    text[bytes] = '\0';
    *ret_text = text;
    *ret_length = (size_t)bytes;
    return 0;
}
