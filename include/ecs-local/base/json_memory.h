/* Memory for the JSON library: trees live as briefly as the text they come from, so their pieces are cut off
 * one block after the other and given back together, when the last of them has been freed. Parsing a request
 * this way costs about a third less than with malloc (tests/bench). */
#ifndef ECS_LOCAL_BASE_JSON_MEMORY_H
#define ECS_LOCAL_BASE_JSON_MEMORY_H

/* Call once, before the library is used for the first time. The process is single-threaded. */
void json_memory_install(void);

#endif
