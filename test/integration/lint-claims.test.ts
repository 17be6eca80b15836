import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ColumnType, columnType } from '../../src/lint/ast.ts'
import { errorRules } from '../../src/lint/rules/errors.ts'
import { warningRules } from '../../src/lint/rules/warnings.ts'
import { rewritesTable } from '../../src/lint/type-change.ts'
import { steadyFunctions } from '../../src/lint/volatility.ts'
import { type Lint, openLint } from '../support/lint/linted.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { migration } from '../support/tool/project.ts'

/** What the rules say about locks, scans and rewrites, asked of a real Postgres 17. */
let postgres: TestPostgres
let lint: Lint
beforeAll(async () => {
  ;[postgres, lint] = await Promise.all([startPostgres(), openLint()])
  await postgres.psql('postgres', world)
})
afterAll(() => postgres[Symbol.asyncDispose]())

const world = `
  CREATE TABLE customers (id bigint PRIMARY KEY);
  CREATE TABLE orders (
    id bigint NOT NULL, customer_id bigint, total numeric, note text, doubled numeric GENERATED ALWAYS AS (total * 2) STORED
  );
  INSERT INTO customers VALUES (1);
  INSERT INTO orders VALUES (1, 1, 1, 'x');
  CREATE UNIQUE INDEX orders_id_idx ON orders (id);
  CREATE UNIQUE INDEX orders_note_idx ON orders (note);
  ALTER TABLE orders ADD CONSTRAINT checked CHECK (total > 0) NOT VALID;
  ALTER TABLE orders ADD CONSTRAINT linked FOREIGN KEY (customer_id) REFERENCES customers NOT VALID;
  ALTER TABLE orders ADD CONSTRAINT present CHECK (customer_id IS NOT NULL);
  CREATE MATERIALIZED VIEW sales AS SELECT id FROM orders;
  CREATE UNIQUE INDEX sales_idx ON sales (id);
  CREATE TABLE events (year int NOT NULL) PARTITION BY LIST (year);
  CREATE TABLE events_2025 PARTITION OF events FOR VALUES IN (2025);
  CREATE TABLE loose (year int NOT NULL);
  CREATE TABLE proven (year int NOT NULL CHECK (year = 2024));
  CREATE DOMAIN plain AS int;
  CREATE DOMAIN free AS int;
  CREATE DOMAIN positive AS int CHECK (VALUE > 0);
  CREATE TABLE scores (points plain);
  INSERT INTO scores VALUES (1);
  ALTER DOMAIN plain ADD CONSTRAINT small CHECK (VALUE < 100) NOT VALID;
  CREATE TYPE mood AS ENUM ('sad');
  CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
`

type Effect = { lock: string; scanned: boolean; rewritten: boolean }

/** The strongest lock that the statements hold on a table when they are done, and what they did to its rows. */
const effectOf = async (sql: string, table: string): Promise<Effect> => {
  const answer = await postgres.psql(
    'postgres',
    `BEGIN;
    CREATE TEMP TABLE former ON COMMIT DROP AS SELECT pg_relation_filenode('${table}') AS node;
    ${sql};
    SELECT json_build_object(
      'locks', (SELECT coalesce(json_agg(mode), '[]') FROM pg_locks
                WHERE relation = '${table}'::regclass AND pid = pg_backend_pid() AND granted),
      'scanned', (SELECT coalesce(sum(seq_scan), 0) > 0 FROM pg_stat_xact_user_tables
                  WHERE relid = '${table}'::regclass),
      'rewritten', (SELECT node IS DISTINCT FROM pg_relation_filenode('${table}') FROM former));
    ROLLBACK`,
  )
  const { locks, scanned, rewritten } = JSON.parse(answer.split('\n').at(-1) ?? '')
  return { lock: strength.findLast((mode) => locks.includes(`${mode}Lock`)) ?? 'none', scanned, rewritten }
}

const strength = [
  ...['AccessShare', 'RowShare', 'RowExclusive', 'ShareUpdateExclusive', 'Share', 'ShareRowExclusive'],
  ...['Exclusive', 'AccessExclusive'],
]

const idsIn = (up: string): string[] =>
  lint.find(migration(`${up};`), warningRules).map((found) => found.replace(/:\d+$/, ''))

describe('a new column', () => {
  const nothing = { scanned: false, rewritten: false }
  const rewrite = { rewritten: true }

  it.each([
    ['x text', nothing],
    ["x text NOT NULL DEFAULT 'new'", nothing],
    ['x timestamptz NOT NULL DEFAULT now()', nothing],
    ["x date DEFAULT (now() + interval '1 day')::date", nothing],
    ['x bigint REFERENCES customers (id)', nothing],
    ['x free', nothing],
    ['x bigint DEFAULT 1 REFERENCES customers (id)', { scanned: true }],
    ['x int CHECK (x > 0)', { scanned: true }],
    ['x text UNIQUE', { scanned: true }],
    ['x uuid DEFAULT gen_random_uuid()', rewrite],
    ['x float DEFAULT (1 + random())', rewrite],
    ['x timestamptz DEFAULT clock_timestamp()', rewrite],
    ['x bigserial', rewrite],
    ['x bigint GENERATED ALWAYS AS IDENTITY', rewrite],
    ['x numeric GENERATED ALWAYS AS (total * 2) STORED', rewrite],
  ])('%s', async (column, expected) => {
    const sql = `ALTER TABLE orders ADD COLUMN ${column}`
    expect(await effectOf(sql, 'orders')).toMatchObject({ lock: 'AccessExclusive', ...expected })
    expect(idsIn(sql)).toHaveLength(expected === nothing ? 0 : 1)
  })

  it('of a constrained domain rewrites, even without a default', async () => {
    const sql = 'ALTER TABLE orders ADD COLUMN x positive'
    expect(await effectOf(sql, 'orders')).toMatchObject(rewrite)
    expect(idsIn(`CREATE DOMAIN positive AS int CHECK (VALUE > 0); ${sql}`)).toEqual([
      'adding-constrained-domain-field',
    ])
  })

  it('that must have a value fails on a row', async () => {
    await expect(effectOf('ALTER TABLE orders ADD COLUMN x int NOT NULL', 'orders')).rejects.toThrow(
      'null values',
    )
  })

  it('has its default computed once by every function that the rules trust', async () => {
    const names = [...steadyFunctions].map((name) => `'${name}'`).join(', ')
    const known = await postgres.psql(
      'postgres',
      `SELECT json_build_object('known', count(DISTINCT proname), 'volatile', count(*) FILTER (WHERE provolatile = 'v'))
       FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN (${names})`,
    )
    expect(JSON.parse(known)).toEqual({ known: steadyFunctions.size, volatile: 0 })
  })
})

describe('the lock and the scan of', () => {
  type Claim = { on?: string; lock: string; scanned?: boolean; rule?: string }

  const access = 'AccessExclusive'
  const gentle = 'ShareUpdateExclusive'
  const rowExclusive = 'ShareRowExclusive'
  const foreignKey = 'ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers'
  const useIndex = 'USING INDEX orders_id_idx'
  const attach = 'ALTER TABLE events ATTACH PARTITION'
  const notNull = 'ALTER TABLE orders ALTER customer_id SET NOT NULL'

  it.each<[string, Claim]>([
    [
      'ALTER TABLE orders ADD CHECK (total >= 0)',
      { lock: access, scanned: true, rule: 'constraint-missing-not-valid' },
    ],
    ['ALTER TABLE orders ADD CHECK (total >= 0) NOT VALID', { lock: access, scanned: false }],
    ['ALTER TABLE orders VALIDATE CONSTRAINT checked', { lock: gentle, scanned: true }],
    [foreignKey, { lock: rowExclusive, scanned: true, rule: 'adding-foreign-key-constraint' }],
    [foreignKey, { on: 'customers', lock: rowExclusive, rule: 'adding-foreign-key-constraint' }],
    [`${foreignKey} NOT VALID`, { lock: rowExclusive, scanned: false }],
    ['ALTER TABLE orders VALIDATE CONSTRAINT linked', { lock: gentle, scanned: true }],
    [
      'CREATE INDEX i ON orders (total)',
      { lock: 'Share', scanned: true, rule: 'require-concurrent-index-creation' },
    ],
    ['CREATE INDEX i ON ONLY events (year)', { on: 'events_2025', lock: 'none' }],
    ['DROP INDEX orders_note_idx', { lock: access, rule: 'require-concurrent-index-deletion' }],
    ['REINDEX TABLE orders', { lock: 'Share', scanned: true, rule: 'require-concurrent-reindex' }],
    [
      'ALTER TABLE orders ADD UNIQUE (id)',
      { lock: access, scanned: true, rule: 'disallowed-unique-constraint' },
    ],
    [`ALTER TABLE orders ADD CONSTRAINT u UNIQUE ${useIndex}`, { lock: access, scanned: false }],
    [
      'ALTER TABLE orders ADD PRIMARY KEY (id)',
      { lock: access, scanned: true, rule: 'adding-serial-primary-key-field' },
    ],
    [`ALTER TABLE orders ADD CONSTRAINT p PRIMARY KEY ${useIndex}`, { lock: access, scanned: false }],
    [
      'ALTER TABLE orders ADD EXCLUDE (note WITH =)',
      { lock: access, scanned: true, rule: 'adding-exclusion-constraint' },
    ],
    [
      'ALTER TABLE orders ALTER note SET NOT NULL',
      { lock: access, scanned: true, rule: 'adding-not-nullable-field' },
    ],
    [`${notNull}; ALTER TABLE orders DROP CONSTRAINT present`, { lock: access, scanned: false }],
    [
      `${notNull}, DROP CONSTRAINT present`,
      { lock: access, scanned: true, rule: 'adding-not-nullable-field' },
    ],
    [
      'CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION noop()',
      { lock: rowExclusive, scanned: false },
    ],
    ['REFRESH MATERIALIZED VIEW sales', { on: 'sales', lock: access, rule: 'require-concurrent-refresh' }],
    ['REFRESH MATERIALIZED VIEW CONCURRENTLY sales', { on: 'sales', lock: 'Exclusive' }],
    [
      'CREATE TABLE e PARTITION OF events FOR VALUES IN (2027)',
      { on: 'events', lock: access, rule: 'creating-partition' },
    ],
    [`CREATE TABLE e (LIKE events); ${attach} e FOR VALUES IN (2027)`, { on: 'events', lock: gentle }],
    [
      `${attach} loose FOR VALUES IN (2024)`,
      { on: 'loose', lock: access, scanned: true, rule: 'attaching-partition' },
    ],
    [
      'ALTER TABLE events DETACH PARTITION events_2025',
      { on: 'events', lock: access, rule: 'require-concurrent-partition-detach' },
    ],
    [
      'ALTER DOMAIN plain ADD CHECK (VALUE > 0)',
      { on: 'scores', lock: 'Share', scanned: true, rule: 'ban-alter-domain-with-add-constraint' },
    ],
    ['ALTER DOMAIN plain ADD CHECK (VALUE > 0) NOT VALID', { on: 'scores', lock: 'none' }],
    [
      'ALTER DOMAIN plain VALIDATE CONSTRAINT small',
      { on: 'scores', lock: 'Share', scanned: true, rule: 'ban-alter-domain-with-add-constraint' },
    ],
  ])('%s: %o', async (sql, { on = 'orders', rule, ...claim }) => {
    expect(await effectOf(sql, on)).toMatchObject(claim)
    expect(idsIn(sql)).toEqual(rule ? [rule] : [])
  })

  it('TRUNCATE … CASCADE empties a table that it does not name', async () => {
    const sql = 'TRUNCATE customers CASCADE'
    expect(await effectOf(sql, 'orders')).toMatchObject({ lock: access, rewritten: true })
    expect(idsIn(sql)).toEqual(['ban-truncate', 'ban-truncate-cascade'])
  })

  it('a partition whose bounds a CHECK proves, attached without a scan', async () => {
    const sql = 'ALTER TABLE events ATTACH PARTITION proven FOR VALUES IN (2024)'
    expect(await effectOf(sql, 'proven')).toMatchObject({ lock: access, scanned: false })
  })

  it.each([
    ['ALTER TABLE orders SET UNLOGGED', 'rewriting-table'],
    ['ALTER TABLE orders ALTER doubled SET EXPRESSION AS (total * 3)', 'rewriting-table'],
    ['CLUSTER orders USING orders_id_idx', 'prefer-repack'],
  ])('all rows, written anew: %s', async (sql, rule) => {
    expect(await effectOf(sql, 'orders')).toMatchObject({ lock: access, rewritten: true })
    expect(idsIn(sql)).toEqual([rule])
  })
})

describe('Postgres refuses', () => {
  it('a new enum value in the transaction that adds it', async () => {
    const sql = "ALTER TYPE mood ADD VALUE 'glad'; SELECT 'glad'::mood"
    await expect(effectOf(sql, 'orders')).rejects.toThrow('unsafe use of new value')
    expect(lint.find(migration(sql), errorRules)).toEqual(['using-new-enum-value:2'])
  })

  it('a NOT VALID foreign key on a partitioned table', async () => {
    const sql = 'ALTER TABLE events ADD FOREIGN KEY (year) REFERENCES customers NOT VALID'
    await expect(effectOf(sql, 'events')).rejects.toThrow('cannot add NOT VALID foreign key')
  })

  it('to build an index of a partitioned table concurrently', async () => {
    const sql = 'CREATE INDEX CONCURRENTLY i ON events (year)'
    await expect(postgres.psql('postgres', sql)).rejects.toThrow('cannot create index on partitioned table')
  })

  it('equality of json', async () => {
    await expect(postgres.psql('postgres', "SELECT DISTINCT '{}'::json")).rejects.toThrow('equality operator')
  })
})

describe('a change of type', () => {
  const types = `
    text; varchar; varchar(10); varchar(20); char(10); name; smallint; integer; bigint; real; date; cidr; inet; json; jsonb;
    numeric; numeric(10, 0); numeric(10, 2); numeric(12, 2); numeric(12, 3); interval; interval(3); interval(5);
    timestamp; timestamp(3); timestamp(6); timestamptz; timestamptz(3); time; time(3); timetz; bit(8); varbit; varbit(8);
    varbit(16); text[]; varchar(10)[]`
    .split(';')
    .map((type) => type.trim())

  /** Tries every type after every other on a table with an index, and takes each change back. */
  const script = `
    SET TimeZone = 'Europe/Berlin';
    CREATE TEMP TABLE changes (old text, new text, rewritten bool);
    DO $do$ DECLARE
      types text[] := ARRAY[${types.map((type) => `'${type}'`).join(', ')}];
      old text; new text; former oid[]; later oid[];
      nodes text := 'SELECT ARRAY[pg_relation_filenode(''t''), pg_relation_filenode(to_regclass(''t_idx''))]';
    BEGIN
      FOREACH old IN ARRAY types LOOP
        EXECUTE format('CREATE TEMP TABLE t (c %s)', old);
        BEGIN CREATE INDEX t_idx ON t (c); EXCEPTION WHEN undefined_object THEN NULL; END;
        EXECUTE nodes INTO former;
        FOREACH new IN ARRAY types LOOP
          later := NULL;
          BEGIN
            EXECUTE format('ALTER TABLE t ALTER c TYPE %s', new);
            EXECUTE nodes INTO later;
            RAISE 'take it back';
          EXCEPTION WHEN datatype_mismatch OR undefined_object OR raise_exception THEN NULL; END;
          IF later IS NOT NULL THEN INSERT INTO changes VALUES (old, new, former <> later); END IF;
        END LOOP;
        DROP TABLE t;
      END LOOP;
    END $do$;
    SELECT json_agg(changes) FROM changes`

  const typeOf = (text: string): ColumnType => {
    const [statement] = lint.parse(migration(`CREATE TABLE t (c ${text});`)).up
    const [column] =
      (statement && 'CreateStmt' in statement.node && statement.node.CreateStmt.tableElts) || []
    return columnType(column && 'ColumnDef' in column ? column.ColumnDef.typeName : undefined)
  }

  it('rewrites the table or its index exactly where the rule says so', async () => {
    const parsed = new Map(types.map((type) => [type, typeOf(type)]))
    const changes: { old: string; new: string; rewritten: boolean }[] = JSON.parse(
      await postgres.psql('postgres', script),
    )
    expect(changes.length).toBeGreaterThan(300)
    const wrong = changes
      .filter(
        (change) => rewritesTable(parsed.get(change.old)!, parsed.get(change.new)!) !== change.rewritten,
      )
      .map((change) => `${change.old} -> ${change.new}: ${change.rewritten ? 'rewritten' : 'kept'}`)
    expect(wrong).toEqual([])
  })
})
