-- What task_log.h writes: the rows of tasks that a turn has put and that are not in their table yet. Packed.
CREATE TABLE task_log (
    id INTEGER PRIMARY KEY, -- one a turn
    bytes INTEGER NOT NULL, -- before packing
    entries BLOB NOT NULL
) STRICT;
