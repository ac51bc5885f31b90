/* The private IPv4 addresses of a VPC, 10.0.0.0/8: which are taken. The lowest free one is given, so that what was given
 * back is used again. As in every subnet of AWS the first four addresses and the last one of each /24 are left out. */
#ifndef ECS_LOCAL_DOMAIN_ADDRESS_POOL_H
#define ECS_LOCAL_DOMAIN_ADDRESS_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero is an empty one. The caller frees with address_pool_done(). */
struct address_pool {
    uint64_t *words; /* a bit for each address, set when it is taken */
    size_t word_count;
    size_t first_free; /* no word before has a free address */
};

enum {
    ADDRESS_TEXT_SIZE = 16
};

void address_pool_done(struct address_pool *pool);
/* 0 and the address as a number (never 0), or 1 when all are taken. */
int address_pool_take(struct address_pool *pool, uint32_t *ret_address);
/* Takes this one; no effect on one that is no address of the pool, or taken. */
void address_pool_take_this(struct address_pool *pool, uint32_t address);
void address_pool_release(struct address_pool *pool, uint32_t address);
/* "10.0.0.4"; with another separator for names: "10-0-0-4". */
void address_text(uint32_t address, char separator, char ret_text[ADDRESS_TEXT_SIZE]);

#endif
