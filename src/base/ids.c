#include "ecs-local/base/ids.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <uuid/uuid.h>

#include "ecs-local/base/error.h"

/* splitmix64 spreads a seed over the state of xoshiro256** (Blackman and Vigna, public domain algorithms). */
static uint64_t spread(uint64_t *seed) {
    uint64_t mixed = (*seed += 0x9e3779b97f4a7c15U);
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31);
}

void ids_init_seeded(struct ids *ids, uint64_t seed) {
    ids->seeded = true;
    for (unsigned index = 0; index < 4; index++)
        ids->state[index] = spread(&seed);
}

void ids_init_random(struct ids *ids) {
    ids->seeded = false;
    if (getrandom(ids->state, sizeof(ids->state), 0) != sizeof(ids->state))
        memory_die();
}

void ids_text(const struct ids *ids, char ret_text[IDS_TEXT_SIZE]) {
    const uint64_t *state = ids->state;
    snprintf(ret_text, IDS_TEXT_SIZE, "%016" PRIx64 ".%016" PRIx64 ".%016" PRIx64 ".%016" PRIx64, state[0],
        state[1], state[2], state[3]);
}

void ids_parse(struct ids *ids, const char *text) {
    uint64_t state[4];
    if (sscanf(text, "%16" SCNx64 ".%16" SCNx64 ".%16" SCNx64 ".%16" SCNx64, &state[0], &state[1], &state[2],
            &state[3]) == 4)
        memcpy(ids->state, state, sizeof(state));
}

static uint64_t rotate_left(uint64_t word, unsigned bits) {
    return (word << bits) | (word >> (64 - bits));
}

uint64_t ids_random(struct ids *ids) {
    uint64_t *state = ids->state;
    uint64_t result = rotate_left(state[1] * 5, 7) * 9;
    uint64_t shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate_left(state[3], 45);
    return result;
}

uint64_t ids_below(struct ids *ids, uint64_t bound) {
    /* Values past the last whole multiple of the bound are drawn again, so no choice is favoured. */
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    uint64_t drawn;
    do
        drawn = ids_random(ids);
    while (drawn >= limit);
    return drawn % bound;
}

static void ids_bytes(struct ids *ids, unsigned char bytes[16]) {
    for (unsigned half = 0; half < 2; half++) {
        uint64_t word = ids_random(ids);
        memcpy(bytes + 8 * (size_t)half, &word, 8);
    }
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
}

static void hex_of(const unsigned char *bytes, size_t count, char *ret_text) {
    static const char digits[] = "0123456789abcdef";
    for (size_t index = 0; index < count; index++) {
        ret_text[2 * index] = digits[bytes[index] >> 4];
        ret_text[2 * index + 1] = digits[bytes[index] & 15];
    }
    ret_text[2 * count] = '\0';
}

void ids_uuid(struct ids *ids, char ret_text[ID_UUID_SIZE]) {
    static const unsigned char groups[] = {4, 2, 2, 2, 6}; /* bytes between the hyphens */
    uuid_t uuid;
    ids_bytes(ids, uuid);
    const unsigned char *from = uuid;
    for (unsigned group = 0; group < sizeof(groups); group++) {
        hex_of(from, groups[group], ret_text);
        from += groups[group];
        ret_text += 2 * (size_t)groups[group];
        *ret_text++ = group + 1 < sizeof(groups) ? '-' : '\0';
    }
}

void ids_hex(struct ids *ids, char ret_text[ID_HEX_SIZE]) {
    uuid_t uuid;
    ids_bytes(ids, uuid);
    hex_of(uuid, sizeof(uuid), ret_text);
}

/* --- ids that carry a row ------------------------------------------------------------------------------------- */

enum {
    ROW_DIGITS = 12,
    WORD_DIGITS = 16,
};

/* What the row of an id that begins so is hidden behind. */
static uint64_t veil_of(uint64_t beginning) {
    return spread(&beginning) & IDS_ROW_MAX;
}

void ids_hex_of_row(struct ids *ids, int64_t row, char ret_text[ID_HEX_SIZE]) {
    uuid_t uuid;
    uint64_t beginning = 0;
    ids_bytes(ids, uuid);
    for (unsigned index = 0; index < 8; index++)
        beginning = beginning << 8 | uuid[index];
    uint64_t end = veil_of(beginning) ^ (uint64_t)row;
    for (unsigned index = sizeof(uuid); index > sizeof(uuid) - ROW_DIGITS / 2; end >>= 8)
        uuid[--index] = (unsigned char)end;
    hex_of(uuid, sizeof(uuid), ret_text);
}

/* The number that lower-case hex digits are; some number when they are none. */
static uint64_t read_digits(const char *digits, unsigned count) {
    uint64_t word = 0;
    for (unsigned index = 0; index < count; index++) {
        uint64_t code = (unsigned char)digits[index];
        word = word << 4 | ((code & 15) + 9 * (code >> 6));
    }
    return word;
}

int64_t ids_row(const char *text) {
    if (strlen(text) != ID_HEX_SIZE - 1)
        return 0;
    uint64_t end = read_digits(text + ID_HEX_SIZE - 1 - ROW_DIGITS, ROW_DIGITS);
    return (int64_t)((veil_of(read_digits(text, WORD_DIGITS)) ^ end) & IDS_ROW_MAX);
}

void ids_hex_bytes(struct ids *ids, char *ret_text, unsigned bytes) {
    for (unsigned done = 0; done < bytes; done++) {
        unsigned char byte = (unsigned char)(ids_random(ids) >> 56);
        hex_of(&byte, 1, ret_text + 2 * (size_t)done);
    }
}
