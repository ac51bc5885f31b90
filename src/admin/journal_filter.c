#include "journal_filter.h"

#include <string.h>

#include "ecs-local/base/text.h"

static bool text_is(const struct journal_text *text, const char *wanted) {
    return strlen(wanted) == text->length && memcmp(text->text, wanted, text->length) == 0;
}

/* As the end of a text in the entry; a whole ARN must be all of that text. */
static bool names(const struct journal_text *part, const char *arn) {
    size_t length = strlen(arn);
    const char *at = part->text;
    const char *end = part->text + part->length;
    bool whole = text_starts_with(arn, "arn:");
    while ((at = memmem(at, (size_t)(end - at), arn, length)) != NULL) {
        bool ends = at + length < end && at[length] == '"';
        if (ends && (!whole || (at > part->text && at[-1] == '"')))
            return true;
        at++;
    }
    return false;
}

bool journal_filter_takes(const struct journal_filter *filter, const struct journal_entry *entry) {
    if (filter->kind != NULL && !text_equal(filter->kind, journal_kind_name(entry->kind)))
        return false;
    if (filter->operation != NULL &&
        (entry->kind != JOURNAL_REQUEST || !text_is(&entry->subject, filter->operation)))
        return false;
    if (filter->detail_type != NULL &&
        (entry->kind != JOURNAL_EVENT || !text_is(&entry->subject, filter->detail_type)))
        return false;
    if (filter->account != NULL && !text_is(&entry->account, filter->account))
        return false;
    if (filter->region != NULL && !text_is(&entry->region, filter->region))
        return false;
    return filter->arn == NULL || names(&entry->body, filter->arn) || names(&entry->shared, filter->arn);
}

int journal_filter_read(
    struct admin_call *call, struct journal_filter *ret_filter, const char **ret_problem) {
    struct journal_filter filter = {
        .kind = admin_query(call, "kind"),
        .operation = admin_query(call, "operation"),
        .arn = admin_query(call, "arn"),
        .account = admin_query(call, "account"),
        .region = admin_query(call, "region"),
        .detail_type = admin_query(call, "detailType"),
    };
    enum journal_kind kind;
    if (filter.kind != NULL && journal_kind_parse(filter.kind, &kind) != 0) {
        *ret_problem = "kind must be one of request, transition, event";
        return 1;
    }
    *ret_filter = filter;
    return 0;
}

void journal_filter_copy(struct arena *arena, struct journal_filter *filter) {
    filter->kind = arena_strdup(arena, filter->kind);
    filter->operation = arena_strdup(arena, filter->operation);
    filter->arn = arena_strdup(arena, filter->arn);
    filter->account = arena_strdup(arena, filter->account);
    filter->region = arena_strdup(arena, filter->region);
    filter->detail_type = arena_strdup(arena, filter->detail_type);
}

struct journal_position journal_position_after(const struct journal_bounds *bounds, int64_t after) {
    struct journal_position position = {.next = after + 1};
    if (after > bounds->last) {
        position.restarted = true;
        position.next = 1;
    }
    if (position.next < bounds->first) {
        position.lost = bounds->first - position.next;
        position.next = bounds->first;
    }
    return position;
}
