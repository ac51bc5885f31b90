/* One request after the other over libcurl, waiting for each. */
#include <curl/curl.h>
#include <string.h>

#include "cli_internal.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"

enum {
    REPLY_MAX = 1024 * 1024 * 1024,
    CONNECT_TIMEOUT_S = 5,
    HEALTH_TIMEOUT_S = 2, /* who asks whether it is well does not wait for long */
};

static CURL *handle;

static size_t take_bytes(char *bytes, size_t size, size_t count, void *context) {
    struct buf *buf = context;
    buf_append(buf, bytes, size * count);
    return buf_failed(buf) ? 0 : size * count;
}

static CURL *ready_handle(void) {
    if (handle == NULL && curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK)
        handle = curl_easy_init();
    if (handle != NULL)
        curl_easy_reset(handle);
    return handle;
}

void cli_http_done(void) {
    curl_easy_cleanup(handle);
    handle = NULL;
    curl_global_cleanup();
}

static void set_request(CURL *curl, const char *method, const char *url, const char *body, size_t length,
    struct curl_slist *headers, struct buf *reply) {
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
    if (strstr(url, "/_ecs/health") != NULL)
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)HEALTH_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    if (body != NULL || !text_equal(method, "GET")) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body != NULL ? body : "");
    }
}

static CURLcode perform(struct cli_call *call, const char *method, const char *path, const char *body,
    size_t length, struct buf *reply, long *ret_status) {
    CURL *curl = ready_handle();
    if (curl == NULL)
        return CURLE_FAILED_INIT;
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    set_request(
        curl, method, arena_printf(call->arena, "%s%s", call->endpoint, path), body, length, headers, reply);
    CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
    curl_slist_free_all(headers);
    return code;
}

static int ask(struct cli_call *call, const char *method, const char *path, const char *body, size_t length,
    struct cli_reply *ret_reply, const char **ret_problem) {
    struct buf reply = BUF_INIT(REPLY_MAX);
    *ret_reply = (struct cli_reply){0};
    CURLcode code = perform(call, method, path, body, length, &reply, &ret_reply->status);
    ret_reply->body = arena_strndup(call->arena, buf_text(&reply), reply.length);
    ret_reply->length = reply.length;
    buf_done(&reply);
    if (code != CURLE_OK) {
        *ret_problem = arena_printf(
            call->arena, "no answer from %s: %s", call->endpoint, curl_easy_strerror(code));
        return CLI_UNREACHABLE;
    }
    struct value *json = NULL;
    if (value_parse(call->arena, ret_reply->body, ret_reply->length, &json) == 0)
        ret_reply->json = json;
    if (ret_reply->status < 300)
        return 0;
    const char *message = value_string(value_get(ret_reply->json, "error"), "message");
    *ret_problem = message != NULL ? message
                                   : arena_printf(call->arena, "%s answered %ld to %s %s: is it ecs-local?",
                                         call->endpoint, ret_reply->status, method, path);
    return CLI_REFUSED;
}

int cli_ask_quietly(struct cli_call *call, const char *method, const char *path, const char *body,
    size_t length, struct cli_reply *ret_reply) {
    const char *problem = NULL;
    return ask(call, method, path, body, length, ret_reply, &problem);
}

int cli_ask(struct cli_call *call, const char *method, const char *path, const char *body, size_t length,
    struct cli_reply *ret_reply) {
    const char *problem = NULL;
    int status = ask(call, method, path, body, length, ret_reply, &problem);
    if (status == CLI_REFUSED && call->json && ret_reply->json != NULL)
        fprintf(call->out, "%s\n", ret_reply->body);
    if (status != 0 && !call->quiet)
        fprintf(call->err, "ecs-local %s: %s\n", call->command->name, problem);
    return status;
}

const char *cli_escape(struct cli_call *call, const char *text) {
    char *escaped = ready_handle() != NULL ? curl_easy_escape(handle, text, 0) : NULL;
    const char *copy = arena_strdup(call->arena, escaped != NULL ? escaped : "");
    curl_free(escaped);
    return copy;
}

const char *cli_path(struct cli_call *call, const char *path, const struct cli_parameter *parameters) {
    const char *separator = strchr(path, '?') != NULL ? "&" : "?";
    for (; parameters->option != NULL; parameters++) {
        const char *value = cli_option(call, parameters->option);
        if (value == NULL)
            continue;
        path = arena_printf(
            call->arena, "%s%s%s=%s", path, separator, parameters->key, cli_escape(call, value));
        separator = "&";
    }
    return path;
}
