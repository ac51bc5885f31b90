#include "task_reply.h"

void write_task(struct writer *writer, const struct task *task, bool with_tags) {
    task_write_document(task, writer);
    /* Reopen the object: `tags` is the one member that depends on who asks. */
    writer->buf->length--;
    writer->comma = true;
    writer_key_raw(writer, "tags", with_tags && task->tags != NULL ? task->tags : "[]");
    writer_object_end(writer);
}
