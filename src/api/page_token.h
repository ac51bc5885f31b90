/* Page tokens: opaque, checked, and good after a restart. A token names the operation and the filters it was
 * made for, so that one of another list is refused. */
#ifndef PAGE_TOKEN_H
#define PAGE_TOKEN_H

#include "ecs-local/api/api.h"

enum {
    PAGE_DEFAULT = 100
};

/* The token for the page behind `cursor` (free text of the list). `filters`: what must be the same next time.
 */
const char *page_token_make(struct api_call *call, const char *filters, const char *cursor);
/* The cursor in the request's nextToken: NULL when there is none. 0, or API_ERROR for one that is not ours.
 */
int page_token_read(struct api_call *call, const char *filters, const char **ret_cursor);
/* maxResults of the request, or the default. */
unsigned page_size(struct api_call *call, unsigned default_size);

#endif
