/* Who may use the admin surface: programs on this machine, not web pages of others (DNS rebinding, cross-site
 * requests). */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "admin_internal.h"
#include "ecs-local/base/text.h"

enum {
    HOST_MAX = 256
};

/* The name in "name:port", "[address]:port" or "name"; 1 when it is none of these. */
static int host_name(const char *host, char name[HOST_MAX]) {
    size_t length = strlen(host);
    const char *start = host;
    if (host[0] == '[') {
        const char *end = strchr(host, ']');
        if (end == NULL)
            return 1;
        start = host + 1;
        length = (size_t)(end - start);
    } else {
        length = strcspn(host, ":");
    }
    if (length == 0 || length >= HOST_MAX)
        return 1;
    memcpy(name, start, length);
    name[length] = '\0';
    return 0;
}

static bool is_address(const char *name) {
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

static bool host_allowed(const struct admin_config *config, const char *host) {
    char name[HOST_MAX];
    if (host_name(host, name) != 0)
        return false;
    size_t length = strlen(name);
    if (strcasecmp(name, "localhost") == 0 ||
        (length > 10 && strcasecmp(name + length - 10, ".localhost") == 0) || is_address(name))
        return true;
    for (size_t index = 0; index < config->allowed_host_count; index++) {
        if (strcasecmp(name, config->allowed_hosts[index]) == 0)
            return true;
    }
    return false;
}

/* A browser names the page's origin; only a page that came from this very server may ask. */
static bool origin_allowed(const char *origin, const char *host) {
    const char *authority = strstr(origin, "://");
    return authority != NULL && host != NULL && strcasecmp(authority + 3, host) == 0;
}

int admin_guard(
    const struct admin_config *config, const char *host, const char *origin, const char **ret_problem) {
    if (host != NULL && !host_allowed(config, host)) {
        *ret_problem = "this Host name may not use the admin calls; allow it with --allow-host";
        return 1;
    }
    if (origin != NULL && !origin_allowed(origin, host)) {
        *ret_problem = "pages of another origin may not use the admin calls";
        return 1;
    }
    return 0;
}
