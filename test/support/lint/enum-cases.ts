/** What is there before the value `on` is added to lamp_state. */
export const enumWorld = `
  CREATE TYPE lamp_state AS ENUM ('off');
  CREATE TYPE other_state AS ENUM ('off', 'on');
  CREATE DOMAIN lamp_domain AS lamp_state;
  CREATE DOMAIN note_domain AS text;
  CREATE TABLE lamps (
    id bigint, state lamp_state, states lamp_state[], note text, notes text[], other other_state, data jsonb
  );
  INSERT INTO lamps VALUES (1, 'off', '{off}', 'x', '{x}', 'on', '{}');
  CREATE TABLE logs (note text, lamp bigint);
  INSERT INTO logs VALUES ('x', 1), ('y', 2);
  CREATE TABLE keyed (id bigint PRIMARY KEY, state lamp_state);
  INSERT INTO keyed VALUES (1, 'off');
  CREATE TABLE parts (state lamp_state) PARTITION BY LIST (state);
  CREATE TABLE kinds (kind text) PARTITION BY LIST (kind);
  CREATE FUNCTION set_lamp(lamp_state) RETURNS int LANGUAGE sql AS 'SELECT 1';
`

export const addsValue = "ALTER TYPE lamp_state ADD VALUE 'on';"

/** Statements that use the value: 55P04 in the transaction that adds it. */
export const usingValue: readonly string[] = [
  "SELECT 'on'::lamp_state",
  "SELECT CAST('on' AS public.lamp_state)",
  "SELECT lamp_state 'on'",
  "SELECT 'on'::text::lamp_state",
  "SELECT 'on'::lamp_domain",
  "SELECT '{off,on}'::lamp_state[]",
  `SELECT '{"off", "on"}'::lamp_state[]`,
  "SELECT '{{off},{on}}'::lamp_state[][]",
  "SELECT ARRAY['off', 'on']::lamp_state[]",
  "INSERT INTO lamps (state) VALUES ('on')",
  "INSERT INTO lamps (id, states) VALUES (1, '{on}')",
  "INSERT INTO lamps VALUES (1, 'on')",
  "INSERT INTO lamps (id, state) VALUES (1, 'off'), (2, 'on')",
  "INSERT INTO lamps (state) SELECT 'on'",
  "INSERT INTO lamps (id, state) SELECT id, 'on' FROM lamps",
  "INSERT INTO keyed VALUES (1, 'off') ON CONFLICT (id) DO UPDATE SET state = 'on'",
  "UPDATE lamps SET state = 'on'",
  "UPDATE lamps SET states = '{on}'",
  "UPDATE lamps SET (note, state) = ('off', 'on')",
  "UPDATE lamps SET note = 'x' WHERE state = 'on'",
  "UPDATE lamps SET state = CASE WHEN note = 'x' THEN 'on' ELSE state END",
  "WITH changed AS (UPDATE lamps SET state = 'on' RETURNING id) SELECT * FROM changed",
  "DELETE FROM lamps USING logs WHERE lamps.state = 'on'",
  "MERGE INTO lamps l USING logs g ON l.id = g.lamp WHEN MATCHED THEN UPDATE SET state = 'on'",
  "MERGE INTO lamps l USING logs g ON l.id = g.lamp WHEN NOT MATCHED THEN INSERT (id, state) VALUES (1, 'on')",
  "SELECT 1 FROM lamps WHERE state IN ('off', 'on')",
  "SELECT 1 FROM lamps AS l WHERE l.state <> 'on'",
  "SELECT 1 FROM lamps WHERE 'on' > state",
  "SELECT 1 FROM lamps WHERE state = ANY ('{on}')",
  "SELECT 1 FROM lamps WHERE 'on' = ANY (states)",
  "SELECT 1 FROM lamps WHERE states @> '{on}'",
  "SELECT 1 FROM lamps WHERE states[1] = 'on'",
  "SELECT 1 FROM lamps WHERE state BETWEEN 'off' AND 'on'",
  "SELECT 1 FROM lamps WHERE (state, note) = ('on', 'x')",
  "SELECT 1 FROM lamps WHERE state IS DISTINCT FROM 'on'",
  "SELECT 1 WHERE 'on' IN (SELECT state FROM lamps)",
  "SELECT (SELECT state FROM lamps LIMIT 1) = 'on'",
  "SELECT coalesce(state, 'on') FROM lamps",
  "SELECT nullif(state, 'on') FROM lamps",
  "SELECT greatest(state, 'on') FROM lamps",
  "SELECT CASE state WHEN 'on' THEN 1 END FROM lamps",
  "SELECT array_append(states, 'on') FROM lamps",
  "SELECT states || '{on}' FROM lamps",
  "SELECT state FROM lamps UNION SELECT 'on'",
  "SELECT set_lamp('on')",
  "ALTER TABLE lamps ALTER state SET DEFAULT 'on'",
  "ALTER TABLE lamps ADD COLUMN later lamp_state DEFAULT 'on'",
  "ALTER TABLE lamps ADD COLUMN later lamp_state[] DEFAULT '{on}'",
  "ALTER TABLE lamps ADD CHECK (state <> 'on') NOT VALID",
  "ALTER TABLE lamps ALTER note TYPE lamp_state USING 'on'",
  "CREATE TABLE spare (state lamp_state DEFAULT 'on')",
  "CREATE TABLE spare (state lamp_state CHECK (state <> 'on'))",
  "CREATE TABLE spare (state lamp_state, CHECK (state <> 'on'))",
  "CREATE INDEX ON lamps (id) WHERE state = 'on'",
  "CREATE VIEW lit AS SELECT id FROM lamps WHERE state = 'on'",
  "CREATE TABLE lit AS SELECT id FROM lamps WHERE state = 'on'",
  "CREATE POLICY lit ON lamps USING (state = 'on')",
  "CREATE TABLE lit PARTITION OF parts FOR VALUES IN ('on')",
  "CREATE DOMAIN lit AS lamp_state CHECK (VALUE <> 'on')",
  "ALTER DOMAIN lamp_domain ADD CHECK (VALUE <> 'on')",
  "CREATE FUNCTION lit(state lamp_state DEFAULT 'on') RETURNS int LANGUAGE sql RETURN 1",
  "CREATE FUNCTION lit() RETURNS lamp_state LANGUAGE sql RETURN 'on'::lamp_state",
]

/** Statements with the same word that is no such value. */
export const notUsingValue: readonly string[] = [
  "SELECT 'on', 'on'::text, 'on'::other_state, '{on}'::other_state[]",
  "VALUES ('on')",
  "INSERT INTO logs (note) VALUES ('on')",
  "INSERT INTO logs SELECT 'on', id FROM lamps",
  "INSERT INTO lamps (state, note) VALUES ('off', 'on')",
  "INSERT INTO lamps VALUES (1, 'off', '{off}', 'on', '{on}', 'on', '\"on\"')",
  "UPDATE lamps SET note = 'on' WHERE state = 'off'",
  "UPDATE lamps SET (note, state) = ('on', 'off')",
  "UPDATE lamps SET other = 'on', notes = '{on}'",
  "ALTER TABLE lamps ADD CHECK (note <> 'on') NOT VALID",
  "ALTER TABLE lamps ALTER note SET DEFAULT 'on'",
  "CREATE TABLE spare (state lamp_state DEFAULT 'off', note text DEFAULT 'on' CHECK (note <> 'on'))",
  "CREATE TABLE lit PARTITION OF kinds FOR VALUES IN ('on')",
  "CREATE INDEX ON lamps (state) WHERE note = 'on'",
  "SELECT 1 FROM lamps WHERE note IN ('off', 'on') AND other = 'on' AND state::text = 'on'",
  "SELECT 1 FROM lamps WHERE notes @> ARRAY['on'] OR 'on' = ANY (notes) OR notes[1] = 'on'",
  "SELECT 1 FROM lamps WHERE lower(note) = 'on' OR note || 'on' = 'on' OR note LIKE 'on'",
  "SELECT data -> 'on', data ? 'on', jsonb_set(data, '{on}', '1') FROM lamps",
  "SELECT coalesce(note, 'on'), CASE note WHEN 'on' THEN 'on' END, array_append(notes, 'on') FROM lamps",
  "SELECT note FROM lamps UNION SELECT 'on'",
  "SET LOCAL app.mode = 'on'",
  "SELECT set_config('app.mode', 'on', true)",
  "COMMENT ON TYPE lamp_state IS 'on'",
  "DO $$ BEGIN RAISE NOTICE 'on'; END $$",
  "ALTER TYPE lamp_state ADD VALUE 'dim' AFTER 'on'",
  "CREATE DOMAIN lit AS text CHECK (VALUE <> 'on')",
  "ALTER DOMAIN note_domain ADD CHECK (VALUE <> 'on')",
  "CREATE FUNCTION lit(note text DEFAULT 'on') RETURNS int LANGUAGE sql RETURN 1",
]
