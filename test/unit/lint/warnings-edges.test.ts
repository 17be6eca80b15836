import { beforeAll, describe, expect, it } from 'vitest'
import { warningRules } from '../../../src/lint/rules/warnings.ts'
import { type Lint, openLint } from '../../support/lint/linted.ts'
import { migration } from '../../support/tool/project.ts'

let lint: Lint
beforeAll(async () => {
  lint = await openLint()
})

const idsOf = (text: string): string[] =>
  lint.find(text, warningRules).map((found) => found.replace(/:\d+$/, ''))
const idsIn = (up: string, down = ''): string[] => idsOf(migration(up, down))

/** Each rule beside what is next to it, and dangerous in another way or in none. */
const table = (what: string, rows: readonly (readonly [up: string, ...ids: string[]])[]): void => {
  describe(what, () => {
    it.each(rows.map(([up, ...ids]) => ({ up, ids })))('$up: $ids', ({ up, ids }) => {
      expect(idsIn(up)).toEqual(ids)
    })
  })
}

table('LOCK TABLE', [
  ['LOCK a;', 'explicit-lock'],
  ['LOCK a, b IN SHARE MODE;', 'explicit-lock', 'explicit-lock'],
  ['LOCK a IN SHARE UPDATE EXCLUSIVE MODE;'],
  ['LOCK a IN ROW EXCLUSIVE MODE;'],
  ['CREATE TABLE a (); LOCK a, b;', 'explicit-lock'],
])

table('a limit of 0', [
  ["SET lock_timeout = '0';", 'require-timeout-settings'],
  ["SET lock_timeout = ' +0.0 ms ';", 'require-timeout-settings'],
  ['SET lock_timeout = 5000;'],
  ["SET lock_timeout = '0.5s';"],
  ["SET lock_timeout = '10';"],
  ["SELECT pg_catalog.set_config('lock_timeout', '0', false);", 'require-timeout-settings'],
  ["SELECT set_config('statement_timeout', '0', false);", 'require-statement-timeout'],
  ["SELECT app.set_config('lock_timeout', '0', false);"],
  ["SELECT set_config('lock_timeout', NULL, false);"],
])

table('triggers', [
  ['ALTER TABLE a DISABLE TRIGGER t;', 'ban-disable-trigger'],
  ['ALTER TABLE a DISABLE TRIGGER USER;', 'ban-disable-trigger'],
  ['ALTER TABLE a ENABLE TRIGGER t;'],
  ['SET session_replication_role = replica;', 'ban-disable-trigger'],
  ['SET session_replication_role = origin;'],
  ["SET application_name = 'replica';"],
])

table('constraints', [
  ['ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0) NOT VALID;'],
  ['ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES c NOT VALID;'],
  ['ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES c;', 'adding-foreign-key-constraint'],
  ['ALTER TABLE a ADD EXCLUDE USING gist (b WITH &&);', 'adding-exclusion-constraint'],
  ['ALTER TABLE a ADD CONSTRAINT c UNIQUE USING INDEX i;'],
  ['ALTER TABLE a ADD CONSTRAINT c PRIMARY KEY USING INDEX i;'],
  ['ALTER TABLE a ADD PRIMARY KEY (b);', 'adding-serial-primary-key-field'],
  ['ALTER TABLE a ADD UNIQUE (b);', 'disallowed-unique-constraint'],
  ['ALTER TABLE a ADD COLUMN b bigint PRIMARY KEY;', 'adding-serial-primary-key-field'],
  ['ALTER TABLE b ADD COLUMN c int; ALTER TABLE a VALIDATE CONSTRAINT c;'],
  ['ALTER TABLE a VALIDATE CONSTRAINT c; ALTER TABLE a ADD COLUMN b int;'],
  ['ALTER TABLE a ADD b int, VALIDATE CONSTRAINT c;', 'validating-constraint-in-same-transaction'],
])

table('new columns', [
  ['ALTER TABLE a ADD b int NOT NULL GENERATED ALWAYS AS (c * 2) STORED;', 'adding-stored-generated-field'],
  ['ALTER TABLE a ADD b int NOT NULL DEFAULT 1;'],
  ['ALTER TABLE a ADD b int NOT NULL;', 'adding-required-field'],
  ['ALTER TABLE a ADD b bigserial NOT NULL;', 'adding-auto-increment-field'],
  ['ALTER TABLE a ADD b json;', 'adding-json-field'],
  ['CREATE TABLE a (b json);'],
  ['CREATE TABLE a (b char(2), c timestamp);', 'ban-char-field', 'prefer-timestamptz'],
  ['CREATE TABLE a (b int[] PRIMARY KEY);'],
  ['CREATE TABLE a (b int GENERATED ALWAYS AS IDENTITY);', 'prefer-bigint-over-int'],
  ['CREATE TABLE a (b int, c bigint, PRIMARY KEY (c), UNIQUE (b));'],
])

table('domains', [
  ['ALTER DOMAIN d ADD CHECK (VALUE > 0);', 'ban-alter-domain-with-add-constraint'],
  ['ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 0) NOT VALID;'],
  ['ALTER DOMAIN d SET NOT NULL;', 'ban-alter-domain-with-add-constraint'],
  ['ALTER DOMAIN d VALIDATE CONSTRAINT c;', 'ban-alter-domain-with-add-constraint'],
  ['ALTER DOMAIN d DROP CONSTRAINT c;'],
  ['CREATE DOMAIN d AS text; ALTER DOMAIN d SET NOT NULL;'],
  ['CREATE DOMAIN d AS text CHECK (VALUE > 0); ALTER TABLE a ADD b d;', 'adding-constrained-domain-field'],
  ['CREATE DOMAIN d AS text NOT NULL; ALTER TABLE a ADD b d;', 'adding-constrained-domain-field'],
  ["CREATE DOMAIN d AS text DEFAULT 'x'; ALTER TABLE a ADD b d;"],
  ['CREATE DOMAIN d AS text CHECK (VALUE > 0); ALTER TABLE a ADD b text;'],
])

table('drops and what replaces them', [
  ['CREATE OR REPLACE VIEW a AS SELECT 1; DROP VIEW a;', 'ban-drop-table'],
  ['DROP VIEW a; CREATE VIEW b AS SELECT 1;', 'ban-drop-table'],
  ['DROP FOREIGN TABLE a;', 'ban-drop-table'],
  ['DROP SEQUENCE a; DROP FUNCTION f; DROP INDEX CONCURRENTLY i;'],
])

table('indexes', [
  ['CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON a (b);', 'concurrent-index-if-not-exists'],
  ['CREATE INDEX CONCURRENTLY i ON a (b);'],
  ['CREATE INDEX IF NOT EXISTS i ON a (b);', 'require-concurrent-index-creation'],
  ['REINDEX INDEX i;', 'require-concurrent-reindex'],
])

table('partitions', [
  ['CREATE TABLE b PARTITION OF a DEFAULT;', 'creating-partition'],
  ['CREATE TABLE a (c int) PARTITION BY LIST (c); CREATE TABLE b PARTITION OF a DEFAULT;'],
  ['CREATE TABLE b () INHERITS (a);'],
  ['ALTER TABLE a ATTACH PARTITION b DEFAULT;', 'attaching-partition'],
  ['CREATE TABLE b (c int); ALTER TABLE a ATTACH PARTITION b DEFAULT;'],
  ['ALTER TABLE b VALIDATE CONSTRAINT c; ALTER TABLE a ATTACH PARTITION b DEFAULT;'],
  ['ALTER TABLE a DETACH PARTITION b;', 'require-concurrent-partition-detach'],
  ['ALTER TABLE a DETACH PARTITION b CONCURRENTLY;'],
])

table('what is written anew', [
  ['CLUSTER;', 'prefer-repack'],
  ['CREATE TABLE a (b int); CLUSTER a USING i;'],
  ['VACUUM a;'],
  ['REFRESH MATERIALIZED VIEW a;', 'require-concurrent-refresh'],
  ['REFRESH MATERIALIZED VIEW CONCURRENTLY a;'],
  ['ALTER TABLE a SET UNLOGGED;', 'rewriting-table'],
  ['ALTER TABLE a SET (fillfactor = 70);'],
])

table('names that programs know', [
  ['ALTER SCHEMA a RENAME TO b;', 'renaming-object'],
  ['CREATE SCHEMA a; ALTER SEQUENCE a RENAME TO b;', 'renaming-object'],
  ["CREATE TYPE a AS ENUM ('x'); ALTER TYPE a RENAME TO b;"],
  ["CREATE TYPE a AS ENUM ('x'); ALTER SEQUENCE a RENAME TO b;", 'renaming-object'],
  ['CREATE DOMAIN a AS text; ALTER DOMAIN a SET SCHEMA s;'],
  ['ALTER EXTENSION a SET SCHEMA s;', 'renaming-object'],
  ['ALTER TABLE a SET SCHEMA s;', 'renaming-object'],
  ['CREATE TABLE a (); ALTER TABLE a SET SCHEMA s;'],
  ["ALTER TYPE a ADD VALUE 'x';"],
])

table('rows', [
  ['TRUNCATE a, b;', 'ban-truncate', 'ban-truncate'],
  ['TRUNCATE a CASCADE;', 'ban-truncate', 'ban-truncate-cascade'],
  ['UPDATE a SET b = 1;', 'unbounded-write'],
  ['UPDATE a SET b = 1 WHERE c;'],
  ['CREATE TABLE a (b int); UPDATE a SET b = 1;'],
  ['INSERT INTO a SELECT * FROM b; INSERT INTO a VALUES (1); INSERT INTO a DEFAULT VALUES;'],
])

describe('outside a transaction', () => {
  it('no statement runs under the lock of another', () => {
    const text = (up: string): string => `-- migrate:up transaction:false\n${up}\n-- migrate:down\n`
    expect(idsOf(text('ALTER TABLE a ADD b int, VALIDATE CONSTRAINT c;'))).toEqual([])
    expect(idsOf(text('ALTER TABLE a ADD b int; INSERT INTO c SELECT 1;'))).toEqual([])
  })
})

describe('the type before', () => {
  const change = 'ALTER TABLE orders ALTER note TYPE text;'
  const isFound = (down: string, up = change): boolean => idsIn(up, down).includes('changing-column-type')

  it('is that of the same column of the same table', () => {
    const back = 'ALTER note TYPE varchar(10)'
    expect(isFound(`ALTER TABLE orders ALTER total TYPE int, ${back};`)).toBe(false)
    expect(isFound(`ALTER TABLE orders ALTER note SET DEFAULT '', ${back};`)).toBe(false)
    expect(isFound(`ALTER TABLE people ${back};`)).toBe(true)
    expect(isFound('ALTER TABLE orders ALTER total TYPE varchar(10);')).toBe(true)
  })

  it('says nothing of a USING that makes another value', () => {
    const down = 'ALTER TABLE orders ALTER note TYPE varchar(10);'
    const using = (value: string): boolean => isFound(down, change.replace(';', ` USING ${value};`))
    expect([using('note'), using('note::text')]).toEqual([false, false])
    expect([using('total'), using('total::text'), using("'x'")]).toEqual([true, true, true])
  })
})

describe('a proof that the file adds itself', () => {
  const add = 'ALTER TABLE b ADD CONSTRAINT c CHECK (d IS NOT NULL) NOT VALID'
  const validate = 'ALTER TABLE b VALIDATE CONSTRAINT c'

  it('counts for a partition, whatever it checks', () => {
    const ids = idsIn(`${add}; ${validate}; ALTER TABLE a ATTACH PARTITION b DEFAULT;`)
    expect(ids).not.toContain('attaching-partition')
  })

  it('counts for NOT NULL only where it checks that column, and nothing else', () => {
    const isProven = (check: string): boolean =>
      !idsIn(`${check}; ${validate}; ALTER TABLE b ALTER d SET NOT NULL;`).includes(
        'adding-not-nullable-field',
      )
    expect(isProven(add)).toBe(true)
    expect(isProven(add.replace('d IS', 'b.d IS'))).toBe(true)
    expect(isProven(add.replace('d IS', 'e IS'))).toBe(false)
    expect(isProven(add.replace('IS NOT NULL', 'IS NULL'))).toBe(false)
    expect(isProven(add.replace('d IS NOT NULL', 'd > 0'))).toBe(false)
    expect(isProven(add.replace('CHECK (d IS NOT NULL)', 'FOREIGN KEY (d) REFERENCES e'))).toBe(false)
  })
})
