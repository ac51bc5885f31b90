-- Copying what one account has to another. The steps are made from the schema, so that a table that is added later is
-- copied as well: a column `scope_id` says whose row it is; any other INTEGER column named <singular>_id or
-- <singular>_row holds the row of the table <plural>; `id` is a table's own row. A table without scope_id belongs to
-- whom the row belongs that its first such column names. Names of ARNs in TEXT columns, and in BLOB columns named packed_…, go through fork_text().
-- Tables that belong to no account are named in `global`, columns that are not named by this rule in `named`. Task ids stay,
-- so they do not say which row their copy is (tasks.numbered).
-- name: fork_steps
WITH RECURSIVE
global (name) AS (VALUES ('meta'), ('scopes'), ('journal'), ('outcomes'), ('faults'), ('sinks'), ('hook_answers'),
  ('target_rules'), ('task_log')),
named (col, target) AS (VALUES ('source_revision_id', 'daemon_revisions'),
  ('definition_id', 'task_definitions')),
tables AS (SELECT s.name FROM sqlite_schema s WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite\_%' ESCAPE '\'
  AND s.name NOT IN (SELECT name FROM global)),
cols AS (SELECT t.name AS tbl, c.cid, c.name AS col, c.type, c."notnull" AS needed,
    CASE WHEN c.name LIKE '%\_id' ESCAPE '\' THEN substr(c.name, 1, length(c.name) - 3)
         WHEN c.name LIKE '%\_row' ESCAPE '\' THEN substr(c.name, 1, length(c.name) - 4) END AS stem
  FROM tables t, pragma_table_info(t.name) c),
refs AS (SELECT c.tbl, c.cid, c.col, c.needed, s.name AS target FROM cols c JOIN sqlite_schema s ON s.type = 'table'
    AND c.type = 'INTEGER' AND s.name = coalesce((SELECT target FROM named n WHERE n.col = c.col),
      CASE WHEN c.stem LIKE '%y' AND c.stem NOT LIKE '%ay' AND c.stem NOT LIKE '%ey'
        THEN substr(c.stem, 1, length(c.stem) - 1) || 'ies' ELSE c.stem || 's' END)),
parents AS (SELECT r.tbl, r.col, r.target FROM refs r
  WHERE r.cid = (SELECT o.cid FROM refs o WHERE o.tbl = r.tbl ORDER BY o.col <> 'scope_id', o.cid LIMIT 1)),
depths (tbl, depth) AS (SELECT tbl, 1 FROM parents WHERE target = 'scopes'
  UNION ALL SELECT p.tbl, d.depth + 1 FROM parents p JOIN depths d ON p.target = d.tbl AND p.tbl <> d.tbl),
maps AS (SELECT p.tbl, d.depth, format('INSERT INTO temp.fork_map (tbl, old, new) SELECT %Q, r.id, '
    || '(SELECT coalesce(max(id), 0) FROM main."%w") + row_number() OVER (ORDER BY r.id) FROM main."%w" r '
    || 'JOIN temp.fork_map p ON p.tbl = %Q AND p.old = r."%w"', p.tbl, p.tbl, p.tbl, p.target, p.col) AS step
  FROM parents p JOIN depths d ON d.tbl = p.tbl
  WHERE EXISTS (SELECT 1 FROM cols c WHERE c.tbl = p.tbl AND c.col = 'id' AND c.type = 'INTEGER')),
items AS (SELECT c.tbl, c.cid, format('"%w"', c.col) AS name, CASE
    WHEN c.col = 'id' AND c.type = 'INTEGER'
      THEN format('(SELECT new FROM temp.fork_map WHERE tbl = %Q AND old = r.id)', c.tbl)
    WHEN f.target IS NOT NULL THEN format('coalesce((SELECT new FROM temp.fork_map WHERE tbl = %Q AND old = r."%w"), '
      || CASE WHEN c.needed THEN '-r."%w")' ELSE 'NULL)' END, f.target, c.col, c.col)
    WHEN c.tbl = 'tasks' AND c.col = 'numbered' THEN 'NULL'
    WHEN c.type = 'TEXT' THEN format('fork_text(r."%w")', c.col)
    WHEN c.col LIKE 'packed\_%' ESCAPE '\' THEN format('pack_document(fork_text(unpack_document(r."%w")))', c.col)
    ELSE format('r."%w"', c.col) END AS value
  FROM cols c LEFT JOIN refs f ON f.tbl = c.tbl AND f.col = c.col),
listed AS (SELECT tbl, group_concat(name) AS names, group_concat(value) AS vals
  FROM (SELECT * FROM items ORDER BY tbl, cid) GROUP BY tbl),
inserts AS (SELECT p.tbl, 100 AS depth, format('INSERT INTO main."%w" (%s) SELECT %s FROM main."%w" r '
    || 'JOIN temp.fork_map p ON p.tbl = %Q AND p.old = r."%w"', p.tbl, l.names, l.vals, p.tbl, p.target, p.col) AS step
  FROM parents p JOIN depths d ON d.tbl = p.tbl JOIN listed l ON l.tbl = p.tbl)
SELECT step FROM (
  SELECT 0 AS depth, 1 AS tbl, 'CREATE TEMP TABLE fork_map (tbl TEXT, old INTEGER, new INTEGER, PRIMARY KEY (tbl, old)) '
    || 'STRICT, WITHOUT ROWID' AS step
  UNION ALL SELECT 0, 2, format('INSERT INTO main.scopes (account, region) SELECT %Q, region FROM main.scopes '
    || 'WHERE account = %Q AND (%Q IS NULL OR region = %Q) ORDER BY id', :to, :from, :region, :region)
  UNION ALL SELECT 0, 3, format('INSERT INTO temp.fork_map (tbl, old, new) SELECT ''scopes'', o.id, n.id '
    || 'FROM main.scopes o JOIN main.scopes n ON n.region = o.region AND n.account = %Q '
    || 'WHERE o.account = %Q AND (%Q IS NULL OR o.region = %Q)', :to, :from, :region, :region)
  UNION ALL SELECT depth, tbl, step FROM maps
  UNION ALL SELECT depth, tbl, step FROM inserts
  UNION ALL SELECT 200, 1, 'DROP TABLE temp.fork_map')
ORDER BY depth, tbl
