/* The characters that stand for themselves in a JSON string: all but controls, the quote and the backslash. Nearly all
 * texts consist of them, so the reader and the writer look at a block of them at a time. */
#ifndef ECS_LOCAL_BASE_PLAIN_TEXT_H
#define ECS_LOCAL_BASE_PLAIN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline bool plain_text_has(unsigned char byte) {
    return byte >= 0x20 && byte != '"' && byte != '\\';
}

#ifdef __SSE2__
enum {
    PLAIN_TEXT_BLOCK = 16,
    PLAIN_TEXT_HALF = PLAIN_TEXT_BLOCK / 2,
};

static inline unsigned plain_text_strangers_(__m128i block, unsigned *high) {
    __m128i control = _mm_cmpeq_epi8(_mm_max_epu8(block, _mm_set1_epi8(0x1f)), _mm_set1_epi8(0x1f));
    __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
    __m128i slash = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
    *high = (unsigned)_mm_movemask_epi8(block);
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, slash)));
}

/* A bit for each byte of the block that is not plain; *high gets one for each that is not ASCII. */
static inline unsigned plain_text_strangers(const char *bytes, unsigned *high) {
    return plain_text_strangers_(_mm_loadu_si128((const __m128i *)(const void *)bytes), high);
}

/* Likewise of a block of two halves, which may overlap. */
static inline unsigned plain_text_strangers_of_halves(const char *first, const char *second, unsigned *high) {
    __m128i first_half = _mm_loadl_epi64((const __m128i *)(const void *)first);
    __m128i second_half = _mm_loadl_epi64((const __m128i *)(const void *)second);
    return plain_text_strangers_(_mm_unpacklo_epi64(first_half, second_half), high);
}
#else
enum {
    PLAIN_TEXT_BLOCK = 8,
    PLAIN_TEXT_HALF = 4,
};

static inline unsigned plain_text_strangers(const char *bytes, unsigned *high) {
    unsigned strangers = 0;
    *high = 0;
    for (unsigned index = 0; index < PLAIN_TEXT_BLOCK; index++) {
        unsigned char byte = (unsigned char)bytes[index];
        strangers |= (unsigned)!plain_text_has(byte) << index;
        *high |= (unsigned)(byte >> 7) << index;
    }
    return strangers;
}

static inline unsigned plain_text_strangers_of_halves(const char *first, const char *second, unsigned *high) {
    char block[PLAIN_TEXT_BLOCK];
    memcpy(block, first, PLAIN_TEXT_HALF);
    memcpy(block + PLAIN_TEXT_HALF, second, PLAIN_TEXT_HALF);
    return plain_text_strangers(block, high);
}
#endif

/* How many bytes at the beginning of the text are plain; *high becomes true when one of them is not ASCII. */
static inline size_t plain_text_length(const char *text, size_t length, bool *high) {
    size_t index = 0;
    if (length >= PLAIN_TEXT_HALF && length < PLAIN_TEXT_BLOCK) {
        unsigned high_bits;
        if (plain_text_strangers_of_halves(text, text + length - PLAIN_TEXT_HALF, &high_bits) == 0) {
            *high |= high_bits != 0;
            return length;
        }
    }
    while (length - index >= PLAIN_TEXT_BLOCK || (index != 0 && index < length)) {
        /* The last block may overlap what has been looked at. */
        size_t at = length - index >= PLAIN_TEXT_BLOCK ? index : length - PLAIN_TEXT_BLOCK;
        unsigned high_bits;
        unsigned strangers = plain_text_strangers(text + at, &high_bits);
        if (strangers != 0) {
            unsigned first = (unsigned)__builtin_ctz(strangers);
            *high |= (high_bits & ((1U << first) - 1)) != 0;
            return at + first;
        }
        *high |= high_bits != 0;
        index = at + PLAIN_TEXT_BLOCK;
    }
    for (; index < length && plain_text_has((unsigned char)text[index]); index++)
        *high |= (unsigned char)text[index] >= 0x80;
    return index;
}

#endif
