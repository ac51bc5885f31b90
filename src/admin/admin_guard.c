/* Who may use the server: programs, and pages that came from it; not web pages of others. Two ways of theirs are closed:
 * asking across origins (a form, an image, fetch() without CORS), and a name of their own that leads to this machine
 * (DNS rebinding). Browsers say where a request comes from in Origin and Sec-Fetch-Site; programs say neither. */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "admin_internal.h"
#include "ecs-local/base/cleanup.h"
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

static bool is_browser(const struct admin_caller *caller) {
    return caller->origin != NULL || caller->fetch_site != NULL;
}

/* "none": the user typed the address or chose a bookmark. */
static bool site_allowed(const char *fetch_site) {
    return fetch_site == NULL || text_equal(fetch_site, "same-origin") || text_equal(fetch_site, "none");
}

int admin_guard(
    const struct admin_config *config, const struct admin_caller *caller, const char **ret_problem) {
    if (caller->host != NULL && !host_allowed(config, caller->host)) {
        *ret_problem = "this Host name may not use the admin calls; allow it with --allow-host";
        return 1;
    }
    if ((caller->origin != NULL && !origin_allowed(caller->origin, caller->host)) ||
        !site_allowed(caller->fetch_site)) {
        *ret_problem = "pages of another origin may not use the admin calls";
        return 1;
    }
    return 0;
}

/* The content types that a page may send anywhere without asking first. */
static bool is_form(const char *content_type) {
    static const char *const types[] = {
        "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"};
    for (size_t index = 0; content_type != NULL && index < array_length(types); index++) {
        size_t length = strlen(types[index]);
        if (strncasecmp(content_type, types[index], length) == 0 &&
            strchr("; \t", content_type[length]) != NULL) /* the end is in there, too */
            return true;
    }
    return false;
}

int admin_guard_aws(const struct admin *admin, const struct admin_caller *caller, const char **ret_problem) {
    if (!is_browser(caller))
        return 0;
    if (caller->content_type == NULL || is_form(caller->content_type)) {
        *ret_problem = "The AWS endpoint does not take what browser forms send.";
        return 1;
    }
    const char *problem = NULL;
    if (admin_guard(&admin->config, caller, &problem) == 0)
        return 0;
    *ret_problem = "Web pages of another origin may not use the AWS endpoint.";
    return 1;
}
