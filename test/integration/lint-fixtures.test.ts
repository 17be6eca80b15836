import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { warningRules } from '../../src/lint/rules/warnings.ts'
import type { Migration } from '../../src/model/types.ts'
import { type Lint, openLint } from '../support/lint/linted.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'

/** Whether the examples of the warnings run: a database as they find it, copied for each. */
let postgres: TestPostgres
let lint: Lint
beforeAll(async () => {
  ;[postgres, lint] = await Promise.all([startPostgres(), openLint()])
  await postgres.psql('postgres', 'CREATE DATABASE world')
  await postgres.psql('world', world)
})
afterAll(() => postgres[Symbol.asyncDispose]())

const world = `
  CREATE EXTENSION btree_gist;
  CREATE EXTENSION pg_trgm;
  CREATE TABLE customers (id bigint PRIMARY KEY, email text);
  CREATE UNIQUE INDEX customers_email_idx ON customers (email);
  CREATE TABLE orders (
    id integer CONSTRAINT orders_pkey PRIMARY KEY, customer_id bigint, total numeric, status text,
    note varchar(200) CONSTRAINT orders_note_present CHECK (note IS NOT NULL)
  );
  ALTER TABLE orders ADD CONSTRAINT orders_status_known CHECK (status <> '') NOT VALID;
  CREATE INDEX orders_customer_idx ON orders (customer_id);
  CREATE INDEX orders_idx ON orders (total);
  CREATE VIEW purchases AS SELECT id FROM customers;
  CREATE TABLE sessions (id uuid, expires_at timestamptz);
  CREATE TABLE audit (id bigint NOT NULL);
  CREATE UNIQUE INDEX audit_id_idx ON audit (id);
  CREATE TABLE bookings (room text, during tstzrange);
  CREATE DOMAIN email AS text;
  CREATE TYPE mood AS ENUM ('happy');
  CREATE SCHEMA shop;
  CREATE SCHEMA archive;
  CREATE MATERIALIZED VIEW sales_by_day AS SELECT id FROM customers;
  CREATE UNIQUE INDEX sales_by_day_idx ON sales_by_day (id);
  CREATE TABLE events (at date NOT NULL) PARTITION BY RANGE (at);
  CREATE TABLE events_2019 PARTITION OF events FOR VALUES FROM ('2019-01-01') TO ('2020-01-01');
  CREATE TABLE events_old (at date NOT NULL);
  ALTER TABLE events_old ADD CONSTRAINT events_old_bounds CHECK (at < '2019-01-01') NOT VALID;
  CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER orders_stamp BEFORE UPDATE ON orders EXECUTE FUNCTION stamp();
  CREATE FUNCTION old_net_total(numeric) RETURNS numeric LANGUAGE sql AS 'SELECT $1';
`

const run = async (database: string, { up, down, transaction }: Migration): Promise<void> => {
  for (const section of [up, down])
    await postgres.psql(database, transaction ? `BEGIN; ${section}\n; COMMIT` : section)
}

describe.each(warningRules)('$id', ({ id, bad, good }) => {
  it.each([
    ['bad', bad],
    ['good', good],
  ])('has a %s example that Postgres runs, up and down', async (kind, text) => {
    const database = `${id}-${kind}`
    await postgres.psql('postgres', `DROP DATABASE IF EXISTS "${database}"`)
    await postgres.psql('postgres', `CREATE DATABASE "${database}" TEMPLATE world STRATEGY wal_log`)
    await expect(run(database, lint.parse(text).migration)).resolves.toBeUndefined()
  })
})
