#include "timers.h"

#include <stdlib.h>

#include "ecs-local/base/error.h"

void timers_done(struct timers *timers) {
    free(timers->heap);
    *timers = (struct timers){0};
}

void timers_clear(struct timers *timers) {
    timers->count = 0;
}

static bool before(const struct timer *left, const struct timer *right) {
    if (left->due_ms != right->due_ms)
        return left->due_ms < right->due_ms;
    if (left->kind != right->kind)
        return left->kind < right->kind;
    if (left->row != right->row)
        return left->row < right->row;
    return left->sequence < right->sequence;
}

static void swap(struct timer *left, struct timer *right) {
    struct timer kept = *left;
    *left = *right;
    *right = kept;
}

void timers_add(struct timers *timers, int64_t due_ms, enum timer_kind kind, int64_t row) {
    if (timers->count == timers->capacity) {
        timers->capacity = timers->capacity != 0 ? timers->capacity * 2 : 64;
        timers->heap = xrealloc(timers->heap, timers->capacity * sizeof(*timers->heap));
    }
    size_t child = timers->count++;
    timers->heap[child] = (struct timer){
        .due_ms = due_ms, .sequence = timers->sequence++, .kind = kind, .row = row};
    while (child > 0) {
        size_t parent = (child - 1) / 2;
        if (!before(&timers->heap[child], &timers->heap[parent]))
            break;
        swap(&timers->heap[child], &timers->heap[parent]);
        child = parent;
    }
}

const struct timer *timers_first(const struct timers *timers) {
    return timers->count != 0 ? &timers->heap[0] : NULL;
}

void timers_remove_first(struct timers *timers) {
    timers->heap[0] = timers->heap[--timers->count];
    size_t parent = 0;
    for (;;) {
        size_t smallest = parent;
        for (size_t child = 2 * parent + 1; child <= 2 * parent + 2; child++) {
            if (child < timers->count && before(&timers->heap[child], &timers->heap[smallest]))
                smallest = child;
        }
        if (smallest == parent)
            return;
        swap(&timers->heap[parent], &timers->heap[smallest]);
        parent = smallest;
    }
}
