/* Documents as blobs. A task's document says little that another's does not; LZ4 with a dictionary of the usual members
 * leaves a quarter of it (decisions/0012). */
#ifndef STORE_PACKED_DOCUMENT_H
#define STORE_PACKED_DOCUMENT_H

#include <sqlite3.h>
#include <stddef.h>

#include "ecs-local/base/buf.h"

/* What packing works with; made by the first use. */
struct document_packer;

/* The blob of a text, borrowed until the next call. *packer is made when it is NULL. */
const void *document_pack(
    struct document_packer **packer, const char *text, size_t length, size_t *ret_length);
/* Appends the text. 0, or 1 when the blob is none of ours. */
int document_unpack(const void *blob, size_t length, struct buf *out);
void document_packer_free(struct document_packer *packer_or_null);

/* Gives the database the functions pack_document(text) and unpack_document(blob); both give NULL for what they cannot
 * read. An SQLite code. */
int document_functions(sqlite3 *db);

#endif
