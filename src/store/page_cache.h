/* SQLite's page cache with one habit changed.
 *
 * At the end of every transaction the pager cuts off pages behind the end of the database. There are none, but SQLite's own
 * cache looks through all its pages once a page has been renumbered for a moment, which splitting a page of an index does:
 * a commit then costs as much as the state is large. This layer knows the largest number in use and does not ask. */
#ifndef STORE_PAGE_CACHE_H
#define STORE_PAGE_CACHE_H

/* Once, before SQLite is used: one thread, no statistics of memory, the layer above. 0 or <0. */
int page_cache_install(void);

#endif
