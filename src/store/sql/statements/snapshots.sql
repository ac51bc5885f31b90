-- name: schema_text
SELECT group_concat(type || ' ' || name || ': ' || coalesce(sql, ''), char(10))
  FROM (SELECT type, name, sql FROM sqlite_schema ORDER BY type, name)
-- A query, made from the schema, that finds rows which no program of ours has written: rows of numbers that nobody
-- counts to (clusters and container instances are found by theirs in arrays), documents that are not JSON objects, tags
-- that are no list, task definitions that cannot be run, tasks that are none. What is NULL may be.
-- name: doubtful_rows
SELECT group_concat(query, ' UNION ALL ') || ' LIMIT 1' FROM (
  SELECT format('SELECT %Q FROM main."%w" WHERE id NOT BETWEEN 1 AND %d', t.name, t.name,
      CASE WHEN t.name IN ('clusters', 'container_instances') THEN 10000000 ELSE 9007199254740992 END) AS query
    FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' AND c.name = 'id' AND c.type = 'INTEGER'
  UNION ALL
  SELECT format('SELECT %Q FROM main."%w" WHERE NOT json_valid(coalesce("%w", ''null'')) OR substr("%w", 1, 1) <> %Q',
      t.name, t.name, c.name, c.name, CASE c.name WHEN 'tags' THEN '[' ELSE '{' END)
    FROM sqlite_schema t, pragma_table_info(t.name) c
    WHERE t.type = 'table' AND c.name IN ('document', 'tags', 'outcome', 'match') AND c.type = 'TEXT'
  UNION ALL
  SELECT 'SELECT ''task_definitions'' FROM main.task_definitions WHERE json_extract(document, ''$.family'') IS NOT family
      OR coalesce(json_array_length(document, ''$.containerDefinitions''), 0) = 0'
  UNION ALL
  SELECT 'SELECT ''tasks'' FROM (SELECT waiting, unpack_document(packed_document) AS document FROM main.tasks)
    WHERE NOT json_valid(coalesce(document, ''none'')) OR substr(document, 1, 1) <> ''{''
      OR waiting IS NULL AND (json_extract(document, ''$.taskArn'') IS NULL
      OR json_extract(document, ''$.group'') IS NULL OR json_extract(document, ''$.launchType'') IS NULL
      OR json_extract(document, ''$.lastStatus'') IS NULL OR json_extract(document, ''$.desiredStatus'') IS NULL)'
  UNION ALL
  SELECT 'SELECT ''tasks'' FROM main.tasks WHERE NOT json_valid(coalesce(waiting, ''null''))
      OR NOT json_valid(coalesce(life, ''null'')) OR numbered IS NOT NULL AND task_row(task_id) <> id'
  UNION ALL
  SELECT 'SELECT ''journal'' FROM main.journal WHERE first_seq < 1 OR last_seq NOT BETWEEN first_seq AND first_seq + 100000000')
