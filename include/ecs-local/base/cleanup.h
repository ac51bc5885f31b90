/* Scope-bound release. A variable marked with one of these gives its resource back when it goes out of
 * scope; take_ptr() hands the resource to somebody else and leaves NULL behind. */
#ifndef ECS_LOCAL_BASE_CLEANUP_H
#define ECS_LOCAL_BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define cleanup_with(function) __attribute__((__cleanup__(function)))

static inline void cleanup_free_(void *pointer) {
    free(*(void **)pointer);
}

static inline void cleanup_close_(const int *fd) {
    if (*fd >= 0)
        close(*fd);
}

static inline void cleanup_fclose_(FILE **file) {
    if (*file != NULL)
        fclose(*file);
}

#define cleanup_free cleanup_with(cleanup_free_)
#define cleanup_close cleanup_with(cleanup_close_)
#define cleanup_fclose cleanup_with(cleanup_fclose_)

#define take_ptr(pointer)                                                                                    \
    __extension__({                                                                                          \
        __typeof__(pointer) taken_ = (pointer);                                                              \
        (pointer) = NULL;                                                                                    \
        taken_;                                                                                              \
    })

#define array_length(array) (sizeof(array) / sizeof((array)[0]))

#endif
