/* Identifiers and random choice. Seeded: the same seed gives the same sequence, so a run can be repeated;
 * otherwise the kernel seeds it. libuuid writes the identifiers; its own generator asks the
 * kernel and reseeds libc's for each one, which costs more than the rest of a request. */
#ifndef ECS_LOCAL_BASE_IDS_H
#define ECS_LOCAL_BASE_IDS_H

#include <stdbool.h>
#include <stdint.h>

enum {
    ID_UUID_SIZE = 37, /* 36 characters and NUL */
    ID_HEX_SIZE = 33,  /* 32 lower-case hex digits and NUL */
    IDS_TEXT_SIZE = 4 * 17,
};

#define IDS_ROW_MAX ((INT64_C(1) << 48) - 1)

struct ids {
    bool seeded;
    uint64_t state[4];
};

void ids_init_random(struct ids *ids);
void ids_init_seeded(struct ids *ids, uint64_t seed);

/* Where the sequence stands, as text to keep, and back. What is not such a text changes nothing. */
void ids_text(const struct ids *ids, char ret_text[IDS_TEXT_SIZE]);
void ids_parse(struct ids *ids, const char *text);

/* A version 4 UUID with hyphens, lower case. */
void ids_uuid(struct ids *ids, char ret_text[ID_UUID_SIZE]);
/* A version 4 UUID without hyphens: the long ECS id (facts: tasks 2). */
void ids_hex(struct ids *ids, char ret_text[ID_HEX_SIZE]);
/* The same of something that has a row, from 1 to IDS_ROW_MAX: it looks like any other, and its last 12 digits are the row
 * behind a number that follows from its first 16 (decisions/0013). */
void ids_hex_of_row(struct ids *ids, int64_t row, char ret_text[ID_HEX_SIZE]);
/* The row in such an id; 0 when the text is not as long as one. Any other text has some number there: whoever asks
 * compares it with the id of that row. */
int64_t ids_row(const char *text);
uint64_t ids_random(struct ids *ids);
/* Uniform in [0, bound); bound > 0. */
uint64_t ids_below(struct ids *ids, uint64_t bound);
/* Random bytes as lower-case hex: 2 × bytes digits and NUL. */
void ids_hex_bytes(struct ids *ids, char *ret_text, unsigned bytes);

#endif
