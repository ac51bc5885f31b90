/* Who asks, according to the credential scope of a SigV4 Authorization header. */
#ifndef CREDENTIAL_SCOPE_H
#define CREDENTIAL_SCOPE_H

#include "ecs-local/base/arena.h"

struct credential_scope {
    const char *access_key; /* NULL when there is none */
    const char *account;
    const char *region;
};

/* A 12-digit access key is the account; anything else leaves the default. Never fails: what cannot be read
 * counts as not said. */
void credential_scope_parse(struct arena *arena, const char *authorization_or_null,
    const char *default_account, const char *default_region, struct credential_scope *ret_scope);

#endif
