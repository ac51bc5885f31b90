#include "credential_scope.h"

#include <string.h>

#include "ecs-local/base/text.h"

enum {
    ACCOUNT_DIGITS = 12,
    REGION_MAX = 40,
    ACCESS_KEY_MAX = 128,
};

static bool is_region(const char *text, size_t length) {
    if (length == 0 || length > REGION_MAX)
        return false;
    for (size_t index = 0; index < length; index++) {
        char character = text[index];
        bool fine = (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') ||
                    character == '-';
        if (!fine)
            return false;
    }
    return true;
}

/* Credential=KEY/DATE/REGION/SERVICE/aws4_request */
void credential_scope_parse(struct arena *arena, const char *authorization_or_null,
    const char *default_account, const char *default_region, struct credential_scope *ret_scope) {
    *ret_scope = (struct credential_scope){.account = default_account, .region = default_region};
    const char *credential = authorization_or_null != NULL ? strstr(authorization_or_null, "Credential=")
                                                           : NULL;
    if (credential == NULL)
        return;
    credential += strlen("Credential=");
    size_t key_length = strcspn(credential, "/, ");
    if (key_length == 0 || key_length > ACCESS_KEY_MAX)
        return;
    ret_scope->access_key = arena_strndup(arena, credential, key_length);
    if (key_length == ACCOUNT_DIGITS && text_is_digits(ret_scope->access_key))
        ret_scope->account = ret_scope->access_key;
    if (credential[key_length] != '/')
        return;
    const char *date = credential + key_length + 1;
    size_t date_length = strcspn(date, "/, ");
    if (date[date_length] != '/')
        return;
    const char *region = date + date_length + 1;
    size_t region_length = strcspn(region, "/, ");
    /* A key of several regions (SigV4A) names none: KEY/DATE/SERVICE/aws4_request. */
    if (text_starts_with(region + region_length, "/aws4_request"))
        return;
    if (is_region(region, region_length))
        ret_scope->region = arena_strndup(arena, region, region_length);
}
