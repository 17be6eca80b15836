import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { catalogue } from '../../../src/lint/catalogue.ts'
import { warningRules } from '../../../src/lint/rules/warnings.ts'
import { type Lint, openLint } from '../../support/lint/linted.ts'
import { migration } from '../../support/tool/project.ts'

let lint: Lint
beforeAll(async () => {
  lint = await openLint()
})

/** Rules that also speak of another rule's bad fixture, and are right. */
const alsoFound: Readonly<Record<string, readonly string[]>> = {}

const markedLines = (text: string): number[] =>
  text.split('\n').flatMap((line, index) => (line.includes('-- ✗') ? [index + 1] : []))

/** Ids of everything found. */
const idsIn = (up: string, down = ''): string[] =>
  lint.find(migration(up, down), warningRules).map((found) => found.replace(/:\d+$/, ''))

describe.each(warningRules)('$id', (rule) => {
  it('finds its bad file at the marked lines, and no other rule does', () => {
    const lines = markedLines(rule.bad)
    expect(lines).not.toEqual([])
    const expected = lines.map((line) => `${rule.id}:${line}`)
    const found = lint.find(rule.bad, warningRules)
    expect(found.filter((entry) => !alsoFound[rule.id]?.includes(entry))).toEqual(expected)
    for (const entry of alsoFound[rule.id] ?? []) expect(found).toContain(entry)
  })

  it('is as silent as all others on its good file', () => {
    expect(lint.find(rule.good, warningRules)).toEqual([])
  })

  it('says in one sentence what it found, beginning with the object', () => {
    for (const { message } of rule.find(lint.parse(rule.bad)))
      expect(message).toMatch(/^[^:\n]+: [^\n]+[^.]$/)
  })

  it('tells a person why and what to do', () => {
    expect(rule).toMatchObject({ level: 'warning', id: expect.stringMatching(/^[a-z]+(-[a-z]+)*$/) })
    expect(rule.why).toMatch(/\.$/)
    expect(rule.fix).toMatch(/\.$/)
  })
})

it('gives every rule a name of its own', () => {
  expect(new Set(warningRules.map(({ id }) => id)).size).toBe(warningRules.length)
})

describe('a search_path of the session', () => {
  it.each([
    'SET search_path = app;',
    "SET SCHEMA 'app';",
    "SET search_path = ''; SET LOCAL search_path = app;",
    'SET search_path = app; SET LOCAL search_path = "$user", public;',
    "SELECT * FROM (SELECT set_config('Search_Path', 'app', false)) a;",
    "CREATE TABLE a AS SELECT set_config('search_path', 'b', false);",
    'SET search_path = app; SET search_path = "$USER", public;',
    `SET search_path = app; SET search_path = '"$user", public';`,
    `SET search_path = app; SELECT set_config('search_path', '"$user", "PUBLIC"', false);`,
  ])('is found: %s', (up) => {
    expect(idsIn(up)).toContain('leaked-search-path')
  })

  it.each([
    'SET LOCAL search_path = app;',
    'SET search_path = app; RESET search_path;',
    'SET search_path = app; RESET ALL;',
    'SET search_path = app; SET search_path TO DEFAULT;',
    'SET search_path = app; SET search_path = "$user", public;',
    `SET search_path = app; SET search_path = '$user', PUBLIC;`,
    `SET search_path = app; SELECT set_config('search_path', '"$user", public', false);`,
    `SET search_path = app; SELECT set_config('search_path', '$user,PUBLIC', false);`,
  ])('is put back: %s', (up) => {
    expect(idsIn(up)).toEqual([])
  })
})

describe('what the file made itself', () => {
  it.each([
    ['CREATE TABLE a (id bigint);', 'CREATE INDEX a_idx ON a (id);'],
    ['CREATE TABLE a (id bigint);', 'CREATE INDEX a_idx ON public.a (id);'],
    ['CREATE TABLE public.a (id bigint);', 'ALTER TABLE a ADD UNIQUE (id);'],
    ['CREATE TABLE IF NOT EXISTS shop.a (id bigint);', 'ALTER TABLE shop.a DROP COLUMN id;'],
    ['CREATE TEMP TABLE a (id bigint);', 'UPDATE a SET id = 1;'],
    ['CREATE TABLE a AS SELECT 1 AS id;', 'ALTER TABLE a ALTER COLUMN id SET NOT NULL;'],
    ['SELECT 1 AS id INTO a;', 'ALTER TABLE a ALTER COLUMN id TYPE bigint;'],
    [
      'CREATE TABLE p (id bigint) PARTITION BY LIST (id); CREATE TABLE a PARTITION OF p DEFAULT;',
      'TRUNCATE a;',
    ],
    ['CREATE MATERIALIZED VIEW a AS SELECT 1 AS id;', 'REFRESH MATERIALIZED VIEW a;'],
    ['CREATE FOREIGN TABLE a (id bigint) SERVER elsewhere;', 'DROP FOREIGN TABLE a;'],
    ['CREATE VIEW a AS SELECT 1 AS id;', 'DROP VIEW a;'],
    ['CREATE SCHEMA shop;', 'CREATE TABLE shop.a (id bigint); ALTER TABLE shop.a RENAME TO b;'],
    ['CREATE SCHEMA shop CREATE TABLE a (id bigint);', 'ALTER TABLE shop.a ADD PRIMARY KEY (id);'],
    ['CREATE SCHEMA shop;', 'ALTER SCHEMA shop RENAME TO store;'],
    ["CREATE TYPE mood AS ENUM ('sad');", "ALTER TYPE mood ADD VALUE 'glad'; SELECT 'glad'::mood;"],
    ["CREATE TYPE mood AS ENUM ('sad');", "ALTER TYPE mood RENAME VALUE 'sad' TO 'glad';"],
    ['CREATE DOMAIN email AS text;', "ALTER DOMAIN email ADD CHECK (VALUE <> '');"],
    ['CREATE TABLE a (id bigint); ALTER TABLE a RENAME TO b;', 'CREATE INDEX b_idx ON b (id);'],
    ['CREATE TABLE a (id bigint); ALTER TABLE a SET SCHEMA shop;', 'DROP TABLE shop.a;'],
    ['CREATE TABLE a (id bigint); CREATE INDEX a_idx ON a (id);', 'DROP INDEX a_idx;'],
    ['CREATE SEQUENCE a;', 'ALTER SEQUENCE a RENAME TO b;'],
    ['CREATE SCHEMA shop;', 'DROP SCHEMA shop CASCADE;'],
    ["CREATE TYPE mood AS ENUM ('sad');", 'DROP TYPE mood CASCADE;'],
    ['CREATE DOMAIN email AS text;', 'DROP DOMAIN email CASCADE;'],
    ['CREATE TABLE a (id bigint);', 'ALTER TABLE a DROP COLUMN id CASCADE;'],
  ])('is exempt: %s %s', (made, altered) => {
    expect(idsIn(`${made}\n${altered}`)).toEqual([])
  })

  it.each([
    ['in another schema', 'CREATE TABLE shop.a (id bigint);\nALTER TABLE a DROP COLUMN id;'],
    ['only later', 'ALTER TABLE a DROP COLUMN id;\nCREATE TABLE a (id bigint);'],
    ['only in the down section', 'ALTER TABLE a DROP COLUMN id;'],
  ])('is not exempt when it is made %s', (_, up) => {
    expect(idsIn(up, 'CREATE TABLE a (id bigint);')).toEqual(['ban-drop-column'])
  })

  it('does not stretch to a table that a new partition belongs to', () => {
    const up = `CREATE TABLE events_2027 PARTITION OF events FOR VALUES IN (2027);
      CREATE INDEX events_idx ON events (id);`
    expect(idsIn(up)).toEqual(['creating-partition', 'require-concurrent-index-creation'])
  })
})

it('looks at the up section alone', () => {
  expect(idsIn('SELECT 1;', 'DROP TABLE orders CASCADE;')).toEqual([])
})

describe('which columns rewrite', () => {
  it.each([
    ['a constant', "status text NOT NULL DEFAULT 'new'", []],
    ['a cast constant', "tags jsonb NOT NULL DEFAULT '[]'::jsonb", []],
    ['the time of the transaction', 'at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP', []],
    ['a steady call in an expression', "at date DEFAULT (now() + interval '1 day')::date", []],
    ['no default, spelt out', 'note text DEFAULT NULL', []],
    ['a sequence', "n bigint DEFAULT nextval('s')", ['adding-field-with-default']],
    ['the clock', 'at timestamptz DEFAULT pg_catalog.clock_timestamp()', ['adding-field-with-default']],
    [
      'randomness inside an expression',
      'n int DEFAULT (1 + random() * 6)::int',
      ['adding-field-with-default'],
    ],
    ['a function nobody here knows', 'slug text DEFAULT app.make_slug()', ['adding-field-with-default']],
    ['a serial', 'n bigserial', ['adding-auto-increment-field']],
    ['a required one, defaulting to NULL', 'n int NOT NULL DEFAULT NULL', ['adding-required-field']],
    [
      'a required identity',
      'n bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY',
      ['adding-auto-increment-field'],
    ],
    ['a reference without a default', 'customer_id bigint REFERENCES customers (id)', []],
    [
      'a reference with one',
      'c bigint DEFAULT 1 REFERENCES customers (id)',
      ['adding-foreign-key-constraint'],
    ],
    ['a check', 'n int CHECK (n > 0)', ['constraint-missing-not-valid']],
    ['a unique one', 'code text UNIQUE', ['disallowed-unique-constraint']],
  ])('%s: %s', (_, column, ids) => {
    expect(idsIn(`ALTER TABLE orders ADD COLUMN ${column};`)).toEqual(ids)
  })

  it('says which function it does not trust', () => {
    const file = lint.parse(migration('ALTER TABLE orders ADD COLUMN slug text DEFAULT app.make_slug();'))
    const [found] = warningRules.flatMap((rule) => rule.find(file))
    expect(found?.message).toContain('orders.slug: its default calls app.make_slug()')
  })
})

describe('the type before, from the down section', () => {
  const change = (up: string, down: string): string[] =>
    idsIn(
      `ALTER TABLE orders ALTER COLUMN note TYPE ${up};`,
      down && `ALTER TABLE orders ALTER note TYPE ${down};`,
    )

  it.each([
    ['varchar(20)', 'varchar(10)'],
    ['varchar', 'varchar(10)'],
    ['text', 'varchar(10)'],
    ['text USING note::text', 'varchar(10)'],
    ['varchar', 'text'],
    ['numeric(12, 2)', 'numeric(10, 2)'],
    ['numeric', 'decimal(10, 2)'],
    ['timestamptz(6)', 'timestamptz(3)'],
    ['timestamptz', 'timestamptz(3)'],
    ['inet', 'cidr'],
    ['interval', 'interval(3)'],
  ])('lets %s follow %s', (to, from) => {
    expect(change(to, from)).toEqual([])
  })

  it.each([
    ['varchar(10)', 'varchar(20)'],
    ['varchar(10)', 'text'],
    ['text', 'char(10)'],
    ['interval day', 'interval'],
    ['text', 'integer'],
    ['text USING upper(note)', 'varchar(10)'],
    ['text COLLATE "C"', 'varchar(10)'],
    ['numeric(12, 3)', 'numeric(10, 2)'],
    ['numeric(12, 2)', 'numeric'],
    ['timestamptz', 'timestamp'],
    ['bigint', 'integer'],
    ['text[]', 'varchar(10)[]'],
    ['text', ''],
  ])('warns when %s follows %s', (to, from) => {
    expect(change(to, from)).toEqual(['changing-column-type'])
  })
})

describe('a NOT NULL that a CHECK has proven', () => {
  const notNull = 'ALTER TABLE orders ALTER COLUMN note SET NOT NULL'
  const check = 'ALTER TABLE orders ADD CONSTRAINT present CHECK (note IS NOT NULL) NOT VALID;'
  const validate = 'ALTER TABLE orders VALIDATE CONSTRAINT present'
  const drop = 'ALTER TABLE orders DROP CONSTRAINT present'

  it.each([
    ['validated before', `${validate}; ${notNull};`, []],
    ['dropped afterwards', `${notNull}; ${drop};`, []],
    ['dropped in the same statement', `${notNull}, DROP CONSTRAINT present;`, ['adding-not-nullable-field']],
    ['dropped before', `${drop}; ${notNull};`, ['adding-not-nullable-field']],
    ['validated in the same statement', `${validate}, ALTER note SET NOT NULL;`, 2],
    ['of another table', `ALTER TABLE people VALIDATE CONSTRAINT present; ${notNull};`, 1],
    [
      'made in this file, for this column',
      `${check} ${validate}; ${notNull};`,
      ['validating-constraint-in-same-transaction'],
    ],
    [
      'made in this file, for another column',
      `${check.replace('note', 'total')} ${validate}; ${notNull};`,
      2,
    ],
  ])('%s', (_, up, expected) => {
    const ids = idsIn(up)
    if (typeof expected === 'number') {
      expect(ids).toHaveLength(expected)
      expect(ids).toContain('adding-not-nullable-field')
    } else expect(ids).toEqual(expected)
  })
})

describe('validation', () => {
  it('is fine after the validation of another constraint', () => {
    const up = `ALTER TABLE orders VALIDATE CONSTRAINT a;
      ALTER TABLE orders VALIDATE CONSTRAINT b;`
    expect(idsIn(up)).toEqual([])
  })

  it('runs under the lock of anything else that the file did to the table', () => {
    const up = 'ALTER TABLE orders ADD COLUMN note text; ALTER TABLE orders VALIDATE CONSTRAINT b;'
    expect(idsIn(up)).toEqual(['validating-constraint-in-same-transaction'])
  })
})

describe('keys and numbers', () => {
  it.each([
    ['CREATE TABLE a (id int PRIMARY KEY);', true],
    ['CREATE TABLE a (id int, PRIMARY KEY (id));', true],
    ['CREATE TABLE a (id serial);', true],
    ['CREATE TABLE a (id uuid PRIMARY KEY, count int, small smallint);', false],
    ['CREATE TABLE a (id bigint PRIMARY KEY, other int REFERENCES b (id));', false],
  ])('%s', (up, isFound) => {
    expect(idsIn(up)).toEqual(isFound ? ['prefer-bigint-over-int'] : [])
  })
})

describe('indexes', () => {
  it.each([
    ['on a partitioned parent alone', 'CREATE INDEX i ON ONLY events (id);', []],
    ['on a materialized view', 'CREATE INDEX i ON sales (id);', ['require-concurrent-index-creation']],
    ['of a whole schema, anew', 'REINDEX SCHEMA public;', ['require-concurrent-reindex']],
    ['two dropped at once', 'DROP INDEX a, shop.b;', Array(2).fill('require-concurrent-index-deletion')],
    ['renamed', 'ALTER INDEX a RENAME TO b;', []],
  ])('%s', (_, up, ids) => {
    expect(idsIn(up)).toEqual(ids)
  })
})

describe('time limits', () => {
  const lock = ['require-timeout-settings']
  const statement = ['require-statement-timeout']
  const change = 'ALTER TABLE orders ADD COLUMN x text;'

  it.each([
    ['SET LOCAL lock_timeout TO 0;', lock],
    ["SET lock_timeout = '0s';", lock],
    ["SELECT set_config('lock_timeout', '0', true);", lock],
    ["SET lock_timeout = '2min';", []],
    ['RESET lock_timeout;', []],
    ["SELECT set_config('lock_timeout', '5s', true);", []],
    ['SET statement_timeout = 0;', statement],
    ["SELECT pg_catalog.set_config('statement_timeout', '0ms', false);", statement],
    ["SET LOCAL statement_timeout = '10min';", []],
  ])('%s', (up, ids) => {
    expect(idsIn(up)).toEqual(ids)
    expect(idsIn(`${up} CREATE TABLE a (id bigint); ${change}`)).toEqual(ids)
  })

  it('do not matter where a file only makes tables, as a dump does', () => {
    const dump = `SET statement_timeout = 0; SET lock_timeout = 0; CREATE TABLE public.a (id bigint);
      ALTER TABLE ONLY public.a ADD CONSTRAINT a_pkey PRIMARY KEY (id); CREATE INDEX a_idx ON public.a USING btree (id);`
    expect(idsIn(dump)).toEqual([])
    expect(idsIn(`${dump} ALTER TABLE ONLY public.a ADD FOREIGN KEY (id) REFERENCES public.b (id);`)).toEqual(
      [...lock, ...statement].sort(),
    )
  })
})

describe('rows', () => {
  it.each([
    ['a few rows after a change', 'ALTER TABLE a ADD b text; INSERT INTO c VALUES (1);', []],
    [
      'a copy after a change',
      'ALTER TABLE a ADD b text; INSERT INTO c SELECT * FROM a;',
      ['backfill-with-ddl'],
    ],
    ['a copy into a new table', 'CREATE TABLE c (id bigint); INSERT INTO c SELECT id FROM a;', []],
    [
      'another table, after a trigger',
      'CREATE TRIGGER t BEFORE INSERT ON a EXECUTE FUNCTION f(); DELETE FROM b WHERE id < 9;',
      ['backfill-with-ddl'],
    ],
    ['before the change', 'UPDATE a SET b = 1 WHERE id < 9; ALTER TABLE a ADD c text;', []],
    ['after an index got another name', 'ALTER INDEX i RENAME TO j; UPDATE a SET b = 1 WHERE id < 9;', []],
    ['after a validation', 'ALTER TABLE a VALIDATE CONSTRAINT b; UPDATE a SET b = 1 WHERE id < 9;', []],
    ['in a rule, which runs later', 'CREATE RULE r AS ON INSERT TO a DO ALSO UPDATE b SET n = 1;', []],
    ['inside an expression', 'WITH gone AS (DELETE FROM a RETURNING *) SELECT 1;', ['unbounded-write']],
  ])('%s', (_, up, ids) => {
    expect(idsIn(up)).toEqual(ids)
  })

  it('does not speak of one transaction where there is none', () => {
    const text = `-- migrate:up transaction:false\nALTER TYPE mood ADD VALUE 'x';\n\n-- migrate:down\n`
    expect(lint.find(text, warningRules)).toEqual([])
  })
})

describe('names', () => {
  const long = 'n'.repeat(64)

  it.each([
    ['63 bytes', `SELECT 1 AS ${'n'.repeat(63)};`, []],
    ['64 bytes', `SELECT 1 AS ${long};`, ['identifier-too-long']],
    ['quoted', `SELECT 1 AS "${long}";`, ['identifier-too-long']],
    ['32 letters of two bytes', `SELECT 1 AS ${'é'.repeat(32)};`, ['identifier-too-long']],
    ['capitals, folded', `SELECT 1 AS ${long.toUpperCase()};`, ['identifier-too-long']],
    ['a text', `SELECT '${long}';`, []],
    ['a comment', `SELECT 1 -- ${long}\n;`, []],
  ])('%s', (_, up, ids) => {
    expect(idsIn(up)).toEqual(ids)
  })
})

describe('drops', () => {
  it.each([
    ['DROP VIEW a; CREATE VIEW a AS SELECT 1;', []],
    ['DROP MATERIALIZED VIEW a; CREATE MATERIALIZED VIEW a AS SELECT 1;', []],
    ['DROP TABLE a CASCADE;', ['ban-drop-cascade', 'ban-drop-table']],
    ['DROP TABLE a, b;', ['ban-drop-table', 'ban-drop-table']],
    ['DROP TYPE mood CASCADE;', ['ban-drop-cascade']],
    ['DROP FUNCTION f(int); DROP TRIGGER t ON a; DROP TYPE mood;', []],
    ['DROP SCHEMA shop;', ['ban-drop-schema']],
    ['CREATE TABLE shop (); DROP SCHEMA shop CASCADE;', ['ban-drop-cascade', 'ban-drop-schema']],
    ['CREATE TABLE a (); DROP TYPE a CASCADE;', ['ban-drop-cascade']],
    ['CREATE SCHEMA a; DROP DOMAIN a CASCADE;', ['ban-drop-cascade']],
    ['CREATE SCHEMA a; DROP SEQUENCE a CASCADE;', ['ban-drop-cascade']],
    ['DROP EXTENSION pg_trgm;', ['ban-drop-extension']],
    ['ALTER TABLE a DROP CONSTRAINT b CASCADE;', ['ban-drop-cascade']],
  ])('%s', (up, ids) => {
    expect(idsIn(up)).toEqual(ids)
  })
})

describe('options that are switched off', () => {
  it.each([
    ['VACUUM (FULL off, ANALYZE) orders;', []],
    ['VACUUM (FULL 0) orders;', []],
    ['VACUUM (FULL) orders;', ['prefer-repack']],
    ['VACUUM FULL;', ['prefer-repack']],
    ['REINDEX (CONCURRENTLY false) TABLE orders;', ['require-concurrent-reindex']],
    ['REINDEX (CONCURRENTLY) TABLE orders;', []],
  ])('%s', (up, ids) => {
    expect(idsIn(up)).toEqual(ids)
  })
})

describe('names that programs know', () => {
  it.each([
    ['ALTER VIEW a RENAME TO b;', ['renaming-table']],
    ['ALTER VIEW a RENAME COLUMN id TO b;', ['renaming-column']],
    ['ALTER TYPE a RENAME ATTRIBUTE b TO c;', ['renaming-object']],
    ['ALTER FUNCTION a(int) RENAME TO b;', ['renaming-object']],
    ['ALTER TYPE a SET SCHEMA b;', ['renaming-object']],
    ['ALTER TABLE a RENAME CONSTRAINT b TO c;', []],
    ['ALTER TRIGGER a ON b RENAME TO c;', []],
    ['CREATE TYPE a AS (b int); ALTER TYPE a RENAME ATTRIBUTE b TO c;', []],
  ])('%s', (up, ids) => {
    expect(idsIn(up)).toEqual(ids)
  })
})

it('finds nothing in the store of this checkout', () => {
  const store = join(import.meta.dirname, '../../../infrastructure/migrations')
  const files = readdirSync(store, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.sql'),
  )
  expect(files.length).toBeGreaterThan(4)
  for (const file of files)
    expect(lint.find(readFileSync(join(store, file), 'utf8'), warningRules)).toEqual([])
})

it('stumbles over no statement, however little of it there is', () => {
  const statements = `
    DO $$ BEGIN NULL; END $$; CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1; CREATE PROCEDURE p() LANGUAGE sql AS '';
    CREATE EXTENSION vector; ALTER EXTENSION vector UPDATE; COMMENT ON TABLE a IS NULL; GRANT SELECT ON a TO PUBLIC;
    CREATE POLICY p ON a; ALTER TABLE a ENABLE ROW LEVEL SECURITY; ALTER TABLE a OWNER TO b; ALTER TABLE a SET (fillfactor = 70);
    ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b; ALTER INDEX i SET TABLESPACE b; ALTER INDEX i ATTACH PARTITION j;
    ALTER TABLE a INHERIT b; ALTER TABLE a OF c; ALTER TABLE a CLUSTER ON i; ALTER TABLE a REPLICA IDENTITY FULL;
    ALTER TABLE a ALTER b SET STATISTICS 9, ALTER c SET STORAGE plain, ALTER d ADD GENERATED ALWAYS AS IDENTITY;
    CLUSTER; REINDEX DATABASE; VACUUM; ANALYZE; CHECKPOINT; DISCARD ALL; RESET ALL; SHOW ALL; LISTEN a; NOTIFY a;
    SET search_path = a; SET TIME ZONE LOCAL; SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET lock_timeout TO DEFAULT;
    SELECT; SELECT set_config('a', NULL, true); VALUES (1); TABLE a; INSERT INTO a DEFAULT VALUES; CALL p(); EXPLAIN SELECT 1;
    DROP OPERATOR + (int, int); DROP CAST (int AS text); DROP AGGREGATE a(*); DROP RULE r ON a; DROP TRANSFORM FOR int LANGUAGE c;
    CREATE TABLE a (); CREATE TABLE a (LIKE b); CREATE TABLE a OF b; CREATE INDEX ON a ((b + 1)); CREATE STATISTICS ON b, c FROM a;
    CREATE AGGREGATE g(int) (SFUNC = f, STYPE = int); CREATE CAST (a AS b) WITHOUT FUNCTION; CREATE COLLATION c FROM "C";
    CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION f(); CREATE PUBLICATION p; SECURITY LABEL ON TABLE a IS NULL;
    ALTER DOMAIN d DROP NOT NULL; ALTER DOMAIN d SET DEFAULT 1; ALTER TYPE t ADD ATTRIBUTE b int; ALTER SEQUENCE s RESTART;
    ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO a; IMPORT FOREIGN SCHEMA a FROM SERVER b INTO c; COPY a TO STDOUT;
    MERGE INTO a USING b ON true WHEN MATCHED THEN DO NOTHING; DECLARE c CURSOR FOR SELECT 1; PREPARE p AS SELECT 1; EXECUTE p;
    REASSIGN OWNED BY a TO b; DROP OWNED BY a; LOCK a; TRUNCATE ONLY a; CREATE SCHEMA AUTHORIZATION a; REFRESH MATERIALIZED VIEW a`
  for (const statement of statements.split(/;(?! END)/)) {
    const file = lint.parse(migration(`${statement};`))
    const messages = warningRules.flatMap((rule) => rule.find(file).map(({ message }) => message))
    for (const message of messages) expect(message).not.toMatch(/undefined|^:/)
  }
})

describe('the documentation', () => {
  const docs = join(import.meta.dirname, '../../../docs')

  it('lists every rule; `npx vitest run --project unit -u` writes it', async () => {
    const rows = warningRules.map(({ id, why, fix }) => `| \`${id}\` | ${why} | ${fix} |`)
    const table = ['| rule | why | what to write instead |', '|---|---|---|', ...rows].join('\n')
    const head =
      '# The warnings of lint\n\nWritten by the tests from `src/lint/rules`; [lint.md](lint.md) says what they take for granted.'
    await expect(`${head}\n\n${table}\n`).toMatchFileSnapshot(join(docs, 'lint-rules.md'))
  })

  it('refers to rules that there are', () => {
    const text = readFileSync(join(docs, 'lint.md'), 'utf8')
    const answers = [...text.matchAll(/^\| [^|]+ \| ([^|]+) \|$/gm)].flatMap(([, answer = '']) => [
      ...answer.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g),
    ])
    const ids = [...catalogue.keys()]
    expect(answers.length).toBeGreaterThan(40)
    for (const [, id] of answers) expect(ids).toContain(id)
  })
})
