-- What Lambda functions behind lifecycle hooks answer (POST /_ecs/hooks), of all accounts together: a match may name one.
CREATE TABLE hook_answers (
    id INTEGER PRIMARY KEY,
    match TEXT NOT NULL,   -- JSON object of texts
    times INTEGER NOT NULL, -- how often it is given yet; 0: always
    answer TEXT NOT NULL,
    delay_ms INTEGER NOT NULL
) STRICT;
