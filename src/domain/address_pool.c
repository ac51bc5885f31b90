#include "ecs-local/domain/address_pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"

enum {
    WORD_BITS = 64,
    BLOCK_FIRST = 4,    /* of the last octet */
    BLOCK_USABLE = 251, /* 4 to 254 */
    BLOCKS = 256 * 256, /* of a /24 each */
    GROWTH_LEAST = 16,
};

#define NETWORK (10U << 24)
#define NUMBERS ((size_t)BLOCKS * BLOCK_USABLE)

static uint32_t address_of(size_t number) {
    return NETWORK + (uint32_t)(number / BLOCK_USABLE * 256 + BLOCK_FIRST + number % BLOCK_USABLE);
}

/* 0, or 1 for what is no address of the pool. */
static int number_of(uint32_t address, size_t *ret_number) {
    uint32_t host = address - NETWORK;
    uint32_t last = host & 255;
    if (host / 256 >= BLOCKS || last < BLOCK_FIRST || last >= BLOCK_FIRST + BLOCK_USABLE)
        return 1;
    *ret_number = (size_t)(host / 256) * BLOCK_USABLE + (last - BLOCK_FIRST);
    return 0;
}

void address_pool_done(struct address_pool *pool) {
    free(pool->words);
    *pool = (struct address_pool){0};
}

static void grow(struct address_pool *pool, size_t word) {
    size_t count = pool->word_count != 0 ? pool->word_count : GROWTH_LEAST;
    while (count <= word)
        count *= 2;
    pool->words = xrealloc(pool->words, count * sizeof(*pool->words));
    memset(pool->words + pool->word_count, 0, (count - pool->word_count) * sizeof(*pool->words));
    pool->word_count = count;
}

static void set(struct address_pool *pool, size_t number) {
    if (number / WORD_BITS >= pool->word_count)
        grow(pool, number / WORD_BITS);
    pool->words[number / WORD_BITS] |= (uint64_t)1 << number % WORD_BITS;
}

int address_pool_take(struct address_pool *pool, uint32_t *ret_address) {
    size_t word = pool->first_free;
    while (word < pool->word_count && pool->words[word] == UINT64_MAX)
        word++;
    pool->first_free = word;
    size_t number = word * WORD_BITS;
    if (word < pool->word_count)
        number += (size_t)__builtin_ctzll(~pool->words[word]);
    if (number >= NUMBERS)
        return 1;
    set(pool, number);
    *ret_address = address_of(number);
    return 0;
}

void address_pool_take_this(struct address_pool *pool, uint32_t address) {
    size_t number = 0;
    if (number_of(address, &number) == 0)
        set(pool, number);
}

void address_pool_release(struct address_pool *pool, uint32_t address) {
    size_t number = 0;
    if (number_of(address, &number) != 0 || number / WORD_BITS >= pool->word_count)
        return;
    pool->words[number / WORD_BITS] &= ~((uint64_t)1 << number % WORD_BITS);
    if (number / WORD_BITS < pool->first_free)
        pool->first_free = number / WORD_BITS;
}

void address_text(uint32_t address, char separator, char ret_text[ADDRESS_TEXT_SIZE]) {
    snprintf(ret_text, ADDRESS_TEXT_SIZE, "%u%c%u%c%u%c%u", (unsigned)(address >> 24), separator,
        (unsigned)(address >> 16 & 255), separator, (unsigned)(address >> 8 & 255), separator,
        (unsigned)(address & 255));
}
