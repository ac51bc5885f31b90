/* Memory for the JSON library: trees live as briefly as the text they come from, so their pieces are cut off
 * one block after the other and given back together, when the last of them has been freed. Parsing a request
 * this way costs about a third less than with malloc (tests/bench). */
#ifndef ECS_LOCAL_BASE_JSON_MEMORY_H
#define ECS_LOCAL_BASE_JSON_MEMORY_H

#include <stdbool.h>

/* Call once, before the library is used for the first time. The process is single-threaded. */
void json_memory_install(void);

/* Is there no tree at all? False as well when the library has its usual memory. */
bool json_memory_is_free(void);
/* Gives back all there is at once, without a look at each piece. For who knows whose it is: nothing was there when
 * they began (json_memory_is_free()), and nothing made since is needed any more. */
void json_memory_drop(void);

#endif
