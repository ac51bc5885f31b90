-- The journal: what one turn had to tell, one row a turn. `entries` is an LZ4 block; unpacked it has `bytes` bytes, a line
-- of header and a line of JSON for each entry (engine/journal_pages.c). They are numbered from first_seq to last_seq.

CREATE TABLE journal (
    last_seq INTEGER PRIMARY KEY,
    first_seq INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    entries BLOB NOT NULL
) STRICT;
