#include "task_reply.h"

/* Reopens the object: `tags` is the one member that depends on who asks. */
static void add_tags(struct writer *writer, const char *tags) {
    writer->buf->length--;
    writer->comma = true;
    writer_key_raw(writer, "tags", tags);
    writer_object_end(writer);
}

void write_task(struct writer *writer, const struct task *task, bool with_tags) {
    task_write_document(task, writer);
    add_tags(writer, with_tags && task->tags != NULL ? task->tags : "[]");
}

void write_stopping_task(struct writer *writer, const struct task *task) {
    task_write_stopping_document(task, writer);
    add_tags(writer, "[]");
}
