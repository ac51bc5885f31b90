/* libcurl, loaded when it is needed first. Linked in the ordinary way it brings thirty libraries into every start: some
 * milliseconds and megabytes (decisions/ has the numbers), for what most runs never do. So the program has functions of its
 * names, declared by its own header, which look the real ones up. Who needs another function adds a line here; the linker
 * says so. When the library is not there, curl_global_init() fails, and nothing else is called. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <string.h>

#include "ecs-local/base/log.h"

#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

#define LIBRARY "libcurl.so.4"

/* The single thread of the process calls, so that nothing guards this. */
static void *find(const char *name) {
    static void *library;
    if (library == NULL)
        library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    void *function = library == NULL ? NULL : dlsym(library, name);
    if (function == NULL)
        log_error("%s: %s", name, dlerror());
    return function;
}

#define REAL(type, name, parameters)                                                                         \
    static type(*real) parameters;                                                                           \
    if (real == NULL) {                                                                                      \
        void *found = find(#name);                                                                           \
        memcpy(&real, &found, sizeof(real));                                                                 \
    }

#define FORWARD(type, name, parameters, arguments, otherwise)                                                \
    type name parameters {                                                                                   \
        REAL(type, name, parameters)                                                                         \
        return real == NULL ? (otherwise) : real arguments;                                                  \
    }

#define FORWARD_VOID(name, parameters, arguments)                                                            \
    void name parameters {                                                                                   \
        REAL(void, name, parameters)                                                                         \
        if (real != NULL)                                                                                    \
            real arguments;                                                                                  \
    }

FORWARD(CURLcode, curl_global_init, (long flags), (flags), CURLE_FAILED_INIT)
FORWARD_VOID(curl_global_cleanup, (void), ())
FORWARD(CURL *, curl_easy_init, (void), (), NULL)
FORWARD(CURLcode, curl_easy_perform, (CURL * easy), (easy), CURLE_FAILED_INIT)
FORWARD_VOID(curl_easy_cleanup, (CURL * easy), (easy))
FORWARD_VOID(curl_easy_reset, (CURL * easy), (easy))
FORWARD(const char *, curl_easy_strerror, (CURLcode code), (code), "libcurl is not there")
FORWARD(char *, curl_easy_escape, (CURL * easy, const char *text, int length), (easy, text, length), NULL)
FORWARD_VOID(curl_free, (void *memory), (memory))
FORWARD(
    struct curl_slist *, curl_slist_append, (struct curl_slist * list, const char *text), (list, text), NULL)
FORWARD_VOID(curl_slist_free_all, (struct curl_slist * list), (list))
FORWARD(CURLM *, curl_multi_init, (void), (), NULL)
FORWARD(CURLMcode, curl_multi_cleanup, (CURLM * multi), (multi), CURLM_INTERNAL_ERROR)
FORWARD(CURLMcode, curl_multi_add_handle, (CURLM * multi, CURL *easy), (multi, easy), CURLM_INTERNAL_ERROR)
FORWARD(CURLMcode, curl_multi_remove_handle, (CURLM * multi, CURL *easy), (multi, easy), CURLM_INTERNAL_ERROR)
FORWARD(CURLMsg *, curl_multi_info_read, (CURLM * multi, int *ret_left), (multi, ret_left), NULL)
FORWARD(CURLMcode, curl_multi_socket_action,
    (CURLM * multi, curl_socket_t socket, int events, int *ret_running), (multi, socket, events, ret_running),
    CURLM_INTERNAL_ERROR)

/* The value of an option has the type that its number tells. */
#define FORWARD_OPTION(option, call)                                                                         \
    va_list values;                                                                                          \
    va_start(values, option);                                                                                \
    if ((long)(option) / 10000 == CURLOPTTYPE_LONG / 10000)                                                  \
        result = call(va_arg(values, long));                                                                 \
    else if ((long)(option) / 10000 == CURLOPTTYPE_OFF_T / 10000)                                            \
        result = call(va_arg(values, curl_off_t));                                                           \
    else                                                                                                     \
        result = call(va_arg(values, void *));                                                               \
    va_end(values)

CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...) {
    REAL(CURLcode, curl_easy_setopt, (CURL *, CURLoption, ...))
    CURLcode result = CURLE_FAILED_INIT;
    if (real == NULL)
        return result;
#define CALL(value) real(easy, option, value)
    FORWARD_OPTION(option, CALL);
#undef CALL
    return result;
}

CURLMcode curl_multi_setopt(CURLM *multi, CURLMoption option, ...) {
    REAL(CURLMcode, curl_multi_setopt, (CURLM *, CURLMoption, ...))
    CURLMcode result = CURLM_INTERNAL_ERROR;
    if (real == NULL)
        return result;
#define CALL(value) real(multi, option, value)
    FORWARD_OPTION(option, CALL);
#undef CALL
    return result;
}

CURLcode curl_easy_getinfo(CURL *easy, CURLINFO info, ...) {
    REAL(CURLcode, curl_easy_getinfo, (CURL *, CURLINFO, ...))
    if (real == NULL)
        return CURLE_FAILED_INIT;
    va_list values;
    va_start(values, info);
    CURLcode result = real(easy, info, va_arg(values, void *));
    va_end(values);
    return result;
}
