-- The journal: what one turn had to tell, one row a turn. `entries` holds a line of header and a line of JSON for
-- each entry (engine/journal_pages.c); they are numbered from first_seq to last_seq.

CREATE TABLE journal (
    last_seq INTEGER PRIMARY KEY,
    first_seq INTEGER NOT NULL,
    entries TEXT NOT NULL
) STRICT;
