-- The network interface of a task whose container instance has an agent of its own: agents name it by this id when they
-- say that it is attached.
ALTER TABLE tasks ADD COLUMN attachment_id TEXT;
CREATE INDEX tasks_by_attachment ON tasks (attachment_id) WHERE attachment_id IS NOT NULL;
