-- name: journal_insert
INSERT INTO journal (last_seq, first_seq, bytes, entries) VALUES (:last_seq, :first_seq, :bytes, :entries)
-- name: journal_last
SELECT coalesce(max(last_seq), 0) AS last_seq FROM journal
-- name: journal_each
SELECT first_seq, last_seq, bytes, entries FROM journal WHERE last_seq > :after ORDER BY last_seq
-- name: journal_prune
DELETE FROM journal WHERE last_seq <= :last_seq
-- name: journal_clear
DELETE FROM journal
