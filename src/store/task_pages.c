#include "task_pages.h"

#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"

enum {
    PAGES = 8,
    LENGTH_MAX = 32 * 1024,
    TEXTS = 4, /* of a request */
};

struct kept_page {
    char *texts; /* NULL: empty; those of the request, and the answer's */
    struct task_filter filter;
    struct task_page_request request;
    struct task_page_answer answer;
};

struct task_pages {
    struct kept_page pages[PAGES];
    unsigned next; /* the one that is kept longest */
    bool any;
};

static bool same_text(const char *left, const char *right) {
    return left == NULL || right == NULL ? left == right : strcmp(left, right) == 0;
}

static bool same_filter(const struct task_filter *left, const struct task_filter *right) {
    return left->cluster_id == right->cluster_id && left->family_id == right->family_id &&
           left->container_instance_id == right->container_instance_id &&
           left->service_id == right->service_id && left->daemon_id == right->daemon_id &&
           same_text(left->desired_status, right->desired_status) &&
           same_text(left->launch_type, right->launch_type) && same_text(left->started_by, right->started_by);
}

static bool same_request(const struct task_page_request *left, const struct task_page_request *right) {
    return left->limit == right->limit && left->begin.id == right->begin.id &&
           strcmp(left->begin.launch_type, right->begin.launch_type) == 0 &&
           same_filter(left->filter, right->filter) && strcmp(left->prefix, right->prefix) == 0;
}

const struct task_page_answer *task_pages_get(
    const struct task_pages *pages_or_null, const struct task_page_request *request) {
    if (pages_or_null == NULL || !pages_or_null->any)
        return NULL;
    for (unsigned index = 0; index < PAGES; index++) {
        const struct kept_page *page = &pages_or_null->pages[index];
        if (page->texts != NULL && same_request(&page->request, request))
            return &page->answer;
    }
    return NULL;
}

static char *copy_text(char *out, const char **text) {
    if (*text == NULL)
        return out;
    size_t size = strlen(*text) + 1;
    *text = memcpy(out, *text, size);
    return out + size;
}

/* The page has its own texts afterwards. */
static void own_texts(struct kept_page *page) {
    const char **texts[TEXTS] = {&page->filter.desired_status, &page->filter.launch_type,
        &page->filter.started_by, &page->request.prefix};
    size_t size = page->answer.length + 1;
    for (unsigned index = 0; index < TEXTS; index++)
        size += *texts[index] != NULL ? strlen(*texts[index]) + 1 : 0;
    page->texts = xmalloc(size);
    char *out = page->texts;
    for (unsigned index = 0; index < TEXTS; index++)
        out = copy_text(out, texts[index]);
    memcpy(out, page->answer.text, page->answer.length);
    out[page->answer.length] = '\0';
    page->answer.text = out;
    page->request.filter = &page->filter;
}

void task_pages_put(struct task_pages **pages, const struct task_page_request *request,
    const struct task_page_answer *answer) {
    if (answer->length > LENGTH_MAX)
        return;
    if (*pages == NULL)
        *pages = xcalloc(1, sizeof(**pages));
    struct kept_page *page = &(*pages)->pages[(*pages)->next];
    (*pages)->next = ((*pages)->next + 1) % PAGES;
    (*pages)->any = true;
    free(page->texts);
    *page = (struct kept_page){.filter = *request->filter, .request = *request, .answer = *answer};
    own_texts(page);
}

void task_pages_clear(struct task_pages *pages_or_null) {
    if (pages_or_null == NULL || !pages_or_null->any)
        return;
    pages_or_null->any = false;
    for (unsigned index = 0; index < PAGES; index++) {
        free(pages_or_null->pages[index].texts);
        pages_or_null->pages[index].texts = NULL;
    }
}

void task_pages_free(struct task_pages *pages_or_null) {
    task_pages_clear(pages_or_null);
    free(pages_or_null);
}
