#include "page_token.h"

#include <stdio.h>
#include <string.h>

#include "api_errors.h"

/* FNV-1a: tells a token of ours from anything else; it is no secret, and nothing rests on it but a clear
 * error. */
static uint64_t hash(uint64_t state, const char *text) {
    for (; *text != '\0'; text++)
        state = (state ^ (unsigned char)*text) * 0x100000001b3U;
    return (state ^ 0xff) * 0x100000001b3U;
}

static uint64_t seal(struct api_call *call, const char *filters, const char *cursor) {
    uint64_t state = hash(0xcbf29ce484222325U, call->operation);
    state = hash(state, scope_account(call->scope));
    state = hash(state, scope_region(call->scope));
    state = hash(state, filters);
    return hash(state, cursor);
}

/* Each byte becomes two letters a–p: nothing of it looks like something to build by hand, and it needs no
 * escape. */
const char *page_token_make(struct api_call *call, const char *filters, const char *cursor) {
    const char *plain = arena_printf(
        call->arena, "%016llx%s", (unsigned long long)seal(call, filters, cursor), cursor);
    size_t length = strlen(plain);
    char *token = arena_alloc(call->arena, 2 * length + 1);
    for (size_t index = 0; index < length; index++) {
        unsigned char byte = (unsigned char)((unsigned char)plain[index] ^ 0x5a);
        token[2 * index] = (char)('a' + (byte >> 4));
        token[2 * index + 1] = (char)('a' + (byte & 15));
    }
    return token;
}

static int decode(struct api_call *call, const char *token, char **ret_plain) {
    size_t length = strlen(token);
    if (length < 32 || length % 2 != 0 || length > 4096)
        return 1;
    char *plain = arena_alloc(call->arena, length / 2 + 1);
    for (size_t index = 0; index < length / 2; index++) {
        unsigned high = (unsigned)(token[2 * index] - 'a');
        unsigned low = (unsigned)(token[2 * index + 1] - 'a');
        if (high > 15 || low > 15)
            return 1;
        plain[index] = (char)((high << 4 | low) ^ 0x5a);
    }
    *ret_plain = plain;
    return 0;
}

int page_token_read(struct api_call *call, const char *filters, const char **ret_cursor) {
    const char *token = value_string_nonempty(call->input, "nextToken");
    if (token == NULL) {
        *ret_cursor = NULL;
        return 0;
    }
    char *plain = NULL;
    if (decode(call, token, &plain) != 0)
        return api_fail(call, ERROR_TOKEN, NULL);
    char expected[17];
    snprintf(expected, sizeof(expected), "%016llx", (unsigned long long)seal(call, filters, plain + 16));
    if (strncmp(plain, expected, 16) != 0)
        return api_fail(call, ERROR_TOKEN, NULL);
    *ret_cursor = plain + 16;
    return 0;
}

unsigned page_size(struct api_call *call, unsigned default_size) {
    return (unsigned)value_int(call->input, "maxResults", default_size);
}
