-- name: hook_answer_insert
INSERT INTO hook_answers (match, times, answer, delay_ms) VALUES (:match, :times, :answer, :delay_ms)
-- name: hook_answer_all
SELECT id, match, times, answer, delay_ms FROM hook_answers ORDER BY id
-- name: hook_answer_count
SELECT count(*) AS answers FROM hook_answers
-- name: hook_answer_set_times
UPDATE hook_answers SET times = :times WHERE id = :id
-- name: hook_answer_delete
DELETE FROM hook_answers WHERE id = :id OR :id = 0
-- name: reset_hook_answers
DELETE FROM hook_answers WHERE :account IS NULL AND :region IS NULL
