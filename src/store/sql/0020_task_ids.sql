-- A task id says itself which row it is of (base/ids.h), and needs no entry of its own. Those of older programs do not, nor
-- those of a forked account, whose ids stay what they were: for them there is an index.
DROP INDEX tasks_by_task_id;
ALTER TABLE tasks ADD COLUMN numbered INTEGER; -- 1: task_id carries this row; NULL: it does not
CREATE UNIQUE INDEX tasks_by_foreign_id ON tasks (task_id, cluster_id) WHERE numbered IS NULL;
