/* The admin surface: /_ecs/… and the paths that wait and reset scripts of other emulators know.
 * JSON in and out; errors are {"error":{"code":…,"message":…}} with 4xx. */
#ifndef ECS_LOCAL_ADMIN_ADMIN_H
#define ECS_LOCAL_ADMIN_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct admin;
struct engine;
struct outgoing;

struct admin_reply;

struct admin_config {
    struct engine *engine;     /* borrowed, like the texts */
    struct outgoing *outgoing; /* for sinks */
    const char *version;
    const char *runtime;
    const char *default_account;
    const char *default_region;
    const char *const *allowed_hosts; /* further Host names */
    size_t allowed_host_count;
    /* For replies that come later (ADMIN_LATER): gives one to an exchange. */
    void *context;
    void (*deliver)(void *context, void *exchange, const struct admin_reply *reply);
    /* The stream of an exchange has something to say. */
    void (*wake)(void *context, void *exchange);
};

/* What the headers tell about who asks; NULL for each that is absent. */
struct admin_caller {
    const char *host;
    const char *origin;
    const char *fetch_site; /* Sec-Fetch-Site */
    const char *content_type;
};

struct admin_request {
    const char *method;
    const char *path;
    struct admin_caller caller;
    const char *last_event_id; /* the Last-Event-ID header, NULL when absent */
    void *exchange;            /* what config.deliver() and config.wake() are called with */
    const char *body;
    size_t body_length;
    /* A query parameter, NULL when absent. */
    const char *(*query)(const void *context, const char *name);
    const void *query_context;
};

enum admin_how {
    ADMIN_NOW,
    ADMIN_LATER,  /* there is no reply yet: config.deliver() will be called */
    ADMIN_STREAM, /* the reply is `stream` */
};

struct admin_stream {
    void *context;
    /* As struct http_stream. */
    int64_t (*read)(void *context, char *buffer, size_t size);
    void (*done)(void *context);
};

struct admin_reply {
    enum admin_how how;
    struct admin_stream stream;
    unsigned status;
    const char *content_type; /* NULL without a body */
    char *body;               /* from malloc; the caller's */
    size_t body_length;
};

struct admin *admin_open(const struct admin_config *config);
/* Takes NULL. */
void admin_close(struct admin *admin);

/* May the caller use the AWS endpoint? Programs may, web pages only when they came from this server, forms never. 0, or 1
 * and a sentence. */
int admin_guard_aws(const struct admin *admin, const struct admin_caller *caller, const char **ret_problem);
/* Is the path one of this surface? */
bool admin_serves(const char *path);
/* Always gives a reply. 0, or <0 when the turn must be rolled back (the reply is a 500 then). */
int admin_handle(struct admin *admin, const struct admin_request *request, struct admin_reply *ret_reply);

/* Adds the container instances of a file: a body of POST /_ecs/fleet, or a list of them. 0, <0, or 1 and what is wrong
 * (valid until the next call); then the turn must be rolled back. */
int admin_begin_fleet(struct admin *admin, const char *text, size_t length, const char **ret_problem);

/* The turn was committed: those who follow the journal look. */
void admin_turn_done(struct admin *admin);
/* Machine milliseconds until admin_run_due() has something to do; -1 never. */
int64_t admin_wait_ms(struct admin *admin);
void admin_run_due(struct admin *admin);

/* May this request carry a snapshot, which is larger than any other body? */
bool admin_takes_snapshot(const char *method, const char *path);
/* The reply to a request that was refused before it came here. */
void admin_refuse(unsigned status, const char *code, const char *message, struct admin_reply *ret_reply);

#endif
