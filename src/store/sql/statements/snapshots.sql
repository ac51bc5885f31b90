-- name: schema_text
SELECT group_concat(type || ' ' || name || ': ' || coalesce(sql, ''), char(10))
  FROM (SELECT type, name, sql FROM sqlite_schema ORDER BY type, name)
