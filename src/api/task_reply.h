/* A task in memory as a reply shows it. */
#ifndef TASK_REPLY_H
#define TASK_REPLY_H

#include "ecs-local/base/writer.h"
#include "ecs-local/domain/task.h"

/* With its tags, or with the empty list that stands for "not asked". */
void write_task(struct writer *writer, const struct task *task, bool with_tags);
/* As StopTask shows it: without tags (facts: tasks 5.5). */
void write_stopping_task(struct writer *writer, const struct task *task);

#endif
