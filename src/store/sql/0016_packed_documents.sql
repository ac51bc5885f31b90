-- Documents of tasks as packed_document.h packs them: a quarter of their size.
ALTER TABLE tasks ADD COLUMN packed_document BLOB NOT NULL DEFAULT x'';
UPDATE tasks SET packed_document = pack_document(document);
ALTER TABLE tasks DROP COLUMN document;
