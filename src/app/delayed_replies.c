#include "delayed_replies.h"

#include <stdlib.h>

#include "ecs-local/base/clock.h"
#include "ecs-local/base/error.h"

struct delayed {
    struct http_exchange *exchange;
    int64_t due_ms;
    bool of_this_turn;
};

struct delayed_replies {
    struct delayed *items; /* as many as there are connections, at most */
    size_t count;
    size_t capacity;
};

static int64_t monotonic_ms(void) {
    return machine_monotonic_us() / 1000;
}

struct delayed_replies *delayed_replies_new(void) {
    return xcalloc(1, sizeof(struct delayed_replies));
}

void delayed_replies_free(struct delayed_replies *replies) {
    if (replies == NULL)
        return;
    free(replies->items);
    free(replies);
}

void delayed_replies_add(
    struct delayed_replies *replies, struct http_exchange *exchange, int64_t latency_ms) {
    if (replies->count == replies->capacity) {
        replies->capacity = replies->capacity != 0 ? replies->capacity * 2 : 16;
        replies->items = xrealloc(replies->items, replies->capacity * sizeof(*replies->items));
    }
    replies->items[replies->count++] = (struct delayed){
        .exchange = exchange, .due_ms = monotonic_ms() + latency_ms, .of_this_turn = true};
}

int64_t delayed_replies_wait_ms(const struct delayed_replies *replies) {
    int64_t first_ms = -1;
    for (size_t index = 0; index < replies->count; index++) {
        if (first_ms < 0 || replies->items[index].due_ms < first_ms)
            first_ms = replies->items[index].due_ms;
    }
    if (first_ms < 0)
        return -1;
    int64_t left_ms = first_ms - monotonic_ms();
    return left_ms > 0 ? left_ms : 0;
}

void delayed_replies_run(struct delayed_replies *replies) {
    if (replies->count == 0)
        return;
    int64_t now_ms = monotonic_ms();
    size_t kept = 0;
    for (size_t index = 0; index < replies->count; index++) {
        /* What this turn has changed is not stored yet. */
        if (replies->items[index].due_ms > now_ms || replies->items[index].of_this_turn)
            replies->items[kept++] = replies->items[index];
        else
            http_exchange_ready(replies->items[index].exchange);
    }
    replies->count = kept;
}

void delayed_replies_turn_done(struct delayed_replies *replies, bool failed, void *context,
    void (*refuse)(void *context, struct http_exchange *exchange)) {
    for (size_t index = 0; index < replies->count; index++) {
        if (replies->items[index].of_this_turn && failed)
            refuse(context, replies->items[index].exchange);
        replies->items[index].of_this_turn = false;
    }
}
