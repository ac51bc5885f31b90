/* The journal: GET /_ecs/journal. */
#include "ecs-local/base/text.h"
#include "journal_filter.h"

enum {
    PAGE_DEFAULT = 1000,
    PAGE_MAX = 10000,
    PAGE_BYTES_MAX = 16 * 1024 * 1024, /* a page is cut before it grows beyond it */
};

struct journal_page_request {
    struct journal_filter filter;
    int64_t after;
    int64_t limit;
};

static int read_page_request(
    struct admin_call *call, struct journal_page_request *page, const char **ret_problem) {
    const char *after = admin_query(call, "after");
    const char *limit = admin_query(call, "limit");
    page->limit = PAGE_DEFAULT;
    if (after != NULL && text_parse_int(after, 0, INT64_MAX - 1, &page->after) != 0) {
        *ret_problem = "after must be a cursor from an earlier answer";
        return 1;
    }
    if (limit != NULL && text_parse_int(limit, 1, PAGE_MAX, &page->limit) != 0) {
        *ret_problem = "limit must be a number between 1 and 10000";
        return 1;
    }
    return journal_filter_read(call, &page->filter, ret_problem);
}

/* Entries from position->next on; moves it behind the last one that was looked at. */
static void write_entries(struct admin_call *call, const struct journal_page_request *page, int64_t last,
    struct journal_position *position) {
    struct journal_entry entry;
    int64_t written = 0;
    for (; position->next <= last && written < page->limit && call->buf.length < PAGE_BYTES_MAX;
         position->next++) {
        if (!engine_journal_at(call->engine, position->next, &entry) ||
            !journal_filter_takes(&page->filter, &entry))
            continue;
        struct journal_text json = engine_journal_json(call->engine, position->next);
        writer_raw(&call->writer, json.text, json.length);
        written++;
    }
}

int admin_journal(struct admin_call *call) {
    struct journal_page_request page = {0};
    const char *problem = NULL;
    struct journal_bounds bounds;
    if (read_page_request(call, &page, &problem) != 0)
        return admin_fail(call, 400, "InvalidQuery", "%s", problem);
    int result = engine_journal_bounds(call->engine, &bounds);
    if (result != 0)
        return result;
    struct journal_position position = journal_position_after(&bounds, page.after);
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_list_begin(writer, "entries");
    write_entries(call, &page, bounds.last, &position);
    writer_list_end(writer);
    writer_key_int(writer, "nextCursor", position.next - 1);
    writer_key_bool(writer, "more", position.next <= bounds.last);
    writer_key_int(writer, "lost", position.lost);
    if (position.restarted)
        writer_key_bool(writer, "restarted", true);
    writer_object_end(writer);
    engine_journal_tell(call->engine);
    return 0;
}
