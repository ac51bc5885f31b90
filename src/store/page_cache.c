#include "page_cache.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>

#include "ecs-local/base/error.h"

enum {
    /* Small pieces of memory that a connection keeps ready: a quarter of SQLite's own 120 KiB serves as well here. */
    LOOKASIDE_BYTES = 512,
    LOOKASIDE_COUNT = 64,
};

struct page_cache {
    sqlite3_pcache *own; /* SQLite's */
    unsigned largest;    /* no page has a larger number, but for `borrowed` */
    unsigned borrowed;   /* a number that a page has for a moment; 0: none has */
};

static sqlite3_pcache_methods2 own;

static struct page_cache *of(sqlite3_pcache *cache) {
    return (struct page_cache *)cache;
}

static sqlite3_pcache *create(int page_size, int extra_size, int purgeable) {
    struct page_cache *cache = calloc(1, sizeof(*cache));
    if (cache == NULL)
        return NULL;
    cache->own = own.xCreate(page_size, extra_size, purgeable);
    if (cache->own == NULL) {
        free(cache);
        return NULL;
    }
    return (sqlite3_pcache *)cache;
}

static void destroy(sqlite3_pcache *cache) {
    own.xDestroy(of(cache)->own);
    free(cache);
}

static void set_size(sqlite3_pcache *cache, int pages) {
    own.xCachesize(of(cache)->own, pages);
}

static int page_count(sqlite3_pcache *cache) {
    return own.xPagecount(of(cache)->own);
}

static sqlite3_pcache_page *fetch(sqlite3_pcache *cache, unsigned number, int create_flag) {
    struct page_cache *known = of(cache);
    if (create_flag != 0 && number > known->largest)
        known->largest = number;
    return own.xFetch(known->own, number, create_flag);
}

static void unpin(sqlite3_pcache *cache, sqlite3_pcache_page *page, int discard) {
    own.xUnpin(of(cache)->own, page, discard);
}

static void renumber(
    sqlite3_pcache *cache, sqlite3_pcache_page *page, unsigned old_number, unsigned new_number) {
    struct page_cache *known = of(cache);
    if (old_number == known->borrowed)
        known->borrowed = 0;
    if (new_number > known->largest) {
        if (known->borrowed == 0)
            known->borrowed = new_number;
        else
            known->largest = new_number;
    }
    own.xRekey(known->own, page, old_number, new_number);
}

static void cut_off(sqlite3_pcache *cache, unsigned limit) {
    struct page_cache *known = of(cache);
    if (limit > known->largest && known->borrowed == 0)
        return;
    own.xTruncate(known->own, limit);
    known->largest = limit != 0 ? limit - 1 : 0;
    known->borrowed = 0;
}

static void shrink(sqlite3_pcache *cache) {
    own.xShrink(of(cache)->own);
}

int page_cache_install(void) {
    static bool installed;
    if (installed)
        return 0;
    installed = true;
    int result = sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    if (result == SQLITE_MISUSE)
        return 0; /* somebody has begun to use SQLite: it works without us, too */
    if (result == SQLITE_OK)
        result = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (result == SQLITE_OK)
        result = sqlite3_config(SQLITE_CONFIG_LOOKASIDE, LOOKASIDE_BYTES, LOOKASIDE_COUNT);
    if (result == SQLITE_OK)
        result = sqlite3_config(SQLITE_CONFIG_GETPCACHE2, &own);
    sqlite3_pcache_methods2 layer = own;
    layer.xCreate = create;
    layer.xDestroy = destroy;
    layer.xCachesize = set_size;
    layer.xPagecount = page_count;
    layer.xFetch = fetch;
    layer.xUnpin = unpin;
    layer.xRekey = renumber;
    layer.xTruncate = cut_off;
    layer.xShrink = shrink;
    if (result == SQLITE_OK)
        result = sqlite3_config(SQLITE_CONFIG_PCACHE2, &layer);
    return result == SQLITE_OK ? 0 : error_raise(ERR_STORE, "SQLite cannot be set up");
}
