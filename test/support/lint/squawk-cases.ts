/**
 * SQL of up sections, and where squawk and these rules are meant to differ: `ours` are found here alone, `theirs` there alone.
 * A rule that has no counterpart on the other side (docs/lint.md) is never compared.
 */
export type SquawkCase = {
  sql: string
  ours?: readonly string[]
  theirs?: readonly string[]
  because?: string
}

const inTransaction = 'dbmate runs a single statement in a transaction, too'

export const squawkCases: readonly SquawkCase[] = [
  { sql: 'CREATE INDEX orders_total_idx ON orders (total);' },
  { sql: 'CREATE UNIQUE INDEX orders_total_idx ON orders (total);' },
  { sql: 'CREATE INDEX orders_total_idx ON orders USING gin (tags) WHERE total > 0;' },
  { sql: 'CREATE TABLE visits (id bigint PRIMARY KEY); CREATE INDEX visits_idx ON visits (id);' },
  {
    sql: 'CREATE INDEX CONCURRENTLY orders_total_idx ON orders (total);',
    ours: ['not-in-transaction'],
    because: inTransaction,
  },
  { sql: 'SELECT 1; CREATE INDEX CONCURRENTLY orders_total_idx ON orders (total);' },
  { sql: 'DROP INDEX orders_total_idx;' },
  { sql: 'DROP INDEX CONCURRENTLY orders_total_idx;', ours: ['not-in-transaction'], because: inTransaction },
  { sql: 'REINDEX TABLE orders;' },
  { sql: 'REINDEX INDEX orders_total_idx;' },
  { sql: 'REINDEX TABLE CONCURRENTLY orders;', ours: ['not-in-transaction'], because: inTransaction },
  { sql: 'ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0);' },
  { sql: 'ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID;' },
  {
    sql: 'ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT positive;',
  },
  { sql: 'ALTER TABLE orders VALIDATE CONSTRAINT positive;' },
  {
    sql: 'ALTER TABLE orders ADD COLUMN total numeric CHECK (total > 0);',
    ours: ['constraint-missing-not-valid'],
    because: 'Postgres reads every row for it',
  },
  { sql: 'ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customers (id);' },
  {
    sql: 'ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID;',
  },
  {
    sql: 'ALTER TABLE orders ADD COLUMN customer_id bigint REFERENCES customers (id);',
    theirs: ['adding-foreign-key-constraint'],
    because: 'a new column holds only NULLs, of which Postgres checks none',
  },
  { sql: 'CREATE TABLE visits (customer_id bigint REFERENCES customers (id));' },
  { sql: 'ALTER TABLE orders ADD CONSTRAINT code_key UNIQUE (code);' },
  { sql: 'ALTER TABLE orders ADD CONSTRAINT code_key UNIQUE USING INDEX orders_code_idx;' },
  { sql: 'ALTER TABLE orders ADD COLUMN code text UNIQUE;' },
  { sql: 'ALTER TABLE orders ADD PRIMARY KEY (id);' },
  { sql: 'ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY USING INDEX orders_id_idx;' },
  {
    sql: 'ALTER TABLE orders ADD COLUMN id bigserial PRIMARY KEY;',
    ours: ['adding-auto-increment-field'],
    because: 'it numbers every row, too',
  },
  { sql: 'ALTER TABLE orders ADD CONSTRAINT apart EXCLUDE USING gist (room WITH =);' },
  { sql: 'ALTER TABLE orders ALTER COLUMN note SET NOT NULL;' },
  { sql: 'ALTER TABLE orders ALTER COLUMN note DROP NOT NULL;' },
  { sql: 'ALTER TABLE orders ADD COLUMN note text NOT NULL;' },
  { sql: "ALTER TABLE orders ADD COLUMN note text NOT NULL DEFAULT '';" },
  { sql: 'ALTER TABLE orders ADD COLUMN at timestamptz DEFAULT now();' },
  { sql: 'ALTER TABLE orders ADD COLUMN key uuid DEFAULT gen_random_uuid();' },
  { sql: 'ALTER TABLE orders ADD COLUMN at timestamptz DEFAULT clock_timestamp();' },
  { sql: 'ALTER TABLE orders ADD COLUMN doubled bigint GENERATED ALWAYS AS (total * 2) STORED;' },
  { sql: 'ALTER TABLE orders ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;' },
  {
    sql: 'ALTER TABLE orders ADD COLUMN number bigserial;',
    ours: ['adding-auto-increment-field'],
    because: 'it numbers every row',
  },
  { sql: 'ALTER TABLE orders ALTER COLUMN total TYPE bigint;' },
  { sql: 'ALTER TABLE orders ALTER COLUMN note TYPE text;' },
  { sql: 'ALTER TABLE orders RENAME COLUMN note TO comment;' },
  { sql: 'ALTER TABLE orders RENAME TO sales;' },
  { sql: 'ALTER TABLE orders DROP COLUMN note;' },
  { sql: 'ALTER TABLE orders DROP COLUMN note, DROP COLUMN total;' },
  { sql: 'DROP TABLE orders;' },
  { sql: 'DROP TABLE IF EXISTS orders;' },
  { sql: 'DROP VIEW purchases;', ours: ['ban-drop-table'], because: 'programs ask for views as well' },
  { sql: 'DROP DATABASE shop;', ours: ['not-in-transaction'], because: inTransaction },
  { sql: 'TRUNCATE orders CASCADE;' },
  { sql: 'TRUNCATE orders;' },
  { sql: 'CREATE TABLE visits (code char(2));' },
  { sql: 'ALTER TABLE orders ADD COLUMN code char(2);' },
  { sql: 'CREATE TABLE visits (code varchar(20), note text);' },
  { sql: 'CREATE TABLE visits (seen timestamp);' },
  { sql: 'ALTER TABLE orders ADD COLUMN seen timestamp without time zone;' },
  { sql: 'CREATE TABLE visits (seen timestamptz);' },
  { sql: 'CREATE TABLE visits (id int PRIMARY KEY);' },
  {
    sql: 'CREATE TABLE visits (id bigint PRIMARY KEY, count int);',
    theirs: ['prefer-bigint-over-int'],
    because: 'a count may well be an int',
  },
  { sql: 'CREATE TABLE visits (id serial PRIMARY KEY);' },
  { sql: 'CREATE TABLE visits (id bigserial PRIMARY KEY);' },
  { sql: 'CREATE TABLE visits (id int GENERATED ALWAYS AS IDENTITY);' },
  { sql: 'CREATE TABLE visits (id smallint PRIMARY KEY);' },
  {
    sql: 'CREATE TABLE visits (id bigint PRIMARY KEY, floor smallint);',
    theirs: ['prefer-bigint-over-smallint'],
    because: 'a smallint that is no key is a choice',
  },
  {
    sql: 'CREATE DOMAIN percentage AS int CHECK (VALUE > 0);',
    theirs: ['ban-create-domain-with-constraint'],
    because: 'making it harms nobody; a column of it on a table with rows does',
  },
  {
    sql: 'CREATE DOMAIN percentage AS int CHECK (VALUE > 0); ALTER TABLE orders ADD COLUMN discount percentage;',
  },
  { sql: 'CREATE DOMAIN percentage AS int;' },
  { sql: 'ALTER DOMAIN percentage ADD CONSTRAINT small CHECK (VALUE < 100);' },
  {
    sql: 'ALTER DOMAIN percentage ADD CONSTRAINT small CHECK (VALUE < 100) NOT VALID;',
    theirs: ['ban-alter-domain-with-add-constraint'],
    because: 'NOT VALID reads nothing',
  },
  { sql: 'ALTER TABLE events DETACH PARTITION events_2019;' },
  {
    sql: 'ALTER TABLE events DETACH PARTITION events_2019 CONCURRENTLY;',
    ours: ['not-in-transaction'],
    because: inTransaction,
  },
  { sql: 'BEGIN; SELECT 1; COMMIT;' },
  { sql: 'BEGIN; SELECT 1;' },
  { sql: 'CREATE TABLE customer_communication_preferences_by_channel_and_purpose_history (id bigint);' },
  { sql: "UPDATE orders SET note = 'a', note = 'b' WHERE id = 1;" },
  { sql: "UPDATE orders SET (note, total) = ('a', 1), note = 'b' WHERE id = 1;" },
  { sql: "UPDATE orders SET tags[1] = 'a', tags[2] = 'b' WHERE id = 1;" },
  { sql: 'INSERT INTO orders (id, id) VALUES (1, 2);' },
  { sql: "INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET note = 'a', note = 'b';" },
  {
    sql: "MERGE INTO orders o USING sales s ON o.id = s.id WHEN MATCHED THEN UPDATE SET note = 'a', note = 'b';",
  },
  { sql: 'CREATE TABLE visits (id bigint, id text);' },
  { sql: 'CREATE VIEW doubled (id, id) AS SELECT 1, 2;' },
  { sql: 'CREATE TABLE doubled (id, id) AS SELECT 1, 2;' },
  {
    sql: 'SET statement_timeout = 0; ALTER TABLE orders ADD COLUMN channel text;',
    ours: ['require-statement-timeout'],
    theirs: ['require-lock-timeout'],
    because: 'the tool sets a lock_timeout, and none is not a limit',
  },
  {
    sql: "SET lock_timeout = 0; SET statement_timeout = '1min'; ALTER TABLE orders ADD COLUMN channel text;",
    ours: ['require-timeout-settings'],
    because: 'none is not a limit',
  },
  {
    sql: 'ALTER TABLE orders ADD COLUMN channel text;',
    theirs: ['require-lock-timeout', 'require-statement-timeout'],
    because: 'the tool sets a lock_timeout',
  },
  {
    sql: "SET lock_timeout = '2s'; SET statement_timeout = '1min'; ALTER TABLE orders ADD COLUMN channel text;",
  },
  {
    sql: 'CREATE TABLE visits (id bigint PRIMARY KEY); ALTER TABLE visits ADD COLUMN seen timestamptz NOT NULL;',
    theirs: ['adding-required-field'],
    because: 'the file makes the table',
  },
  {
    sql: 'CREATE TABLE visits (id bigint PRIMARY KEY); ALTER TABLE visits ADD CHECK (id > 0); DROP TABLE visits;',
    theirs: ['ban-drop-table'],
    because: 'the file makes the table',
  },
  { sql: 'CREATE VIEW v AS SELECT 1; COMMENT ON VIEW v IS $$x$$; GRANT SELECT ON v TO PUBLIC;' },
  { sql: "CREATE TYPE mood AS ENUM ('sad'); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';" },
  { sql: 'INSERT INTO orders (id) VALUES (1); DELETE FROM orders WHERE id = 1;' },
]
