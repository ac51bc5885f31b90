/* What one turn writes says much the same again and again: packed with LZ4 it takes a fraction of the space, and of the
 * time to write it. */
#ifndef STORE_PACKED_BYTES_H
#define STORE_PACKED_BYTES_H

#include <stddef.h>

#include "statement.h"

/* *ret_packed is borrowed until the next call. 0, or <0: too much for one blob. */
int bytes_pack(
    struct store *store, const char *bytes, size_t length, const void **ret_packed, size_t *ret_length);
/* The columns `bytes` (the length before packing) and `column` of the current row, as a text that the caller frees.
 * 0, or <0: the blob is none of ours. */
int bytes_unpack(struct statement *statement, const char *column, char **ret_text, size_t *ret_length);

#endif
