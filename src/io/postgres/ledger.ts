import type { QueryResultRow } from 'pg'
import { type LedgerEntry, type LedgerOutcome, ledgerOutcomes, type Provenance } from '../../model/ledger.ts'
import { quoteLiteral } from '../../model/sql.ts'
import type { DatabaseReading, Direction, Migration } from '../../model/types.ts'
import { checksum } from '../dbmate/checksum.ts'
import { explainRefusal } from './ledger-refusal.ts'
import type { Server } from './postgres.ts'

/** As the table's check has them. */
export const outcomes = ledgerOutcomes.map(quoteLiteral).join(', ')

/** Lives beside dbmate's untouched table; the row of what ran is never deleted. */
export const createLedgerSql = `
create schema if not exists po_migrate;
create table if not exists po_migrate.ledger (
  id bigint generated always as identity primary key,
  run text not null,
  version text not null,
  file text not null,
  sha256 text not null,
  git_commit text,
  git_dirty boolean,
  actor text not null,
  job_url text,
  tool text not null,
  dbmate text not null,
  image text not null,
  started_at timestamptz not null default pg_catalog.clock_timestamp(),
  duration_ms integer,
  direction text not null check (direction in ('up', 'down')),
  outcome text not null check (outcome in (${outcomes})),
  error text
);
comment on table po_migrate.ledger is 'What po-migrate ran here: one row for each attempted file, failures too';`

const columns = `id::text, run, version, file, sha256, git_commit as commit, git_dirty as dirty, actor, job_url as job, tool,
  dbmate, image, started_at as "startedAt", duration_ms as duration, direction,
  outcome, error`

export type Place = { server: Server; database: string }

/** @throws AppError (exit 4) when Postgres refuses, with what to grant or to change. */
export const askLedger = async <Row extends QueryResultRow>(
  { server, database }: Place,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> => {
  try {
    return await server.query<Row>(database, sql, values)
  } catch (error) {
    throw await explainRefusal(error, { server, database, create: createLedgerSql })
  }
}

export const hasLedger = async ({ server, database }: Place): Promise<boolean> => {
  const sql = `select exists (
    select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'po_migrate' and c.relname = 'ledger'
  ) as there`
  const [row] = await askLedger<{ there: boolean }>({ server, database }, sql)
  return row?.there ?? false
}

/** Every attempt in this database, oldest first; none where the tool never ran. */
export const readLedger = async (server: Server, database: string): Promise<LedgerEntry[]> => {
  if (!(await hasLedger({ server, database }))) return []
  return askLedger<LedgerEntry>({ server, database }, `select ${columns} from po_migrate.ledger order by id`)
}

export type KnownTexts = Pick<DatabaseReading, 'checksums' | 'attempted' | 'open'>

/** The texts that this database has seen, and whether an attempt's end is not written down. The ledger must be there. */
export const readKnownTexts = async (server: Server, database: string): Promise<KnownTexts> => {
  const sql = `select version, sha256, bool_or(outcome not in ('accepted', 'adopted', 'adopted unproven')) as attempted,
      direction, max(id) filter (where outcome in ('done', 'accepted', 'adopted', 'adopted unproven')) as known,
      bool_or(outcome = 'running') as open
    from po_migrate.ledger group by direction, version, sha256 order by known nulls first`
  const all = await askLedger<{
    version: string
    sha256: string
    direction: Direction
    attempted: boolean
    known: string | null
    open: boolean
  }>({ server, database }, sql)
  const rows = all.filter(({ direction }) => direction === 'up')
  const known = rows.filter((row) => row.known !== null)
  const attempted = rows.filter((row) => row.attempted)
  return {
    checksums: new Map(known.map(({ version, sha256 }) => [version, sha256])),
    attempted: new Set(attempted.map(({ sha256 }) => sha256)),
    open: all.some(({ open }) => open),
  }
}

export type LedgerRows = {
  run: string
  migrations: readonly Migration[]
  direction: Direction
  outcome: LedgerOutcome
  provenance: Provenance
}

/**
 * Parts of a `with` that write a row each, in their order, where `when` is true; `begun` has their ids, by version. Rows that this run
 * has under way are not written twice: the answer may be lost, and the statement asked again. $1 to $13 are the values.
 */
export const withRows = (rows: LedgerRows, when = 'true'): { parts: string; values: unknown[] } => {
  const { run, migrations, direction, outcome, provenance } = rows
  const { actor, job, commit, dirty, tool, dbmate, image } = provenance
  const parts = `open as (
    select l.id, l.version from po_migrate.ledger l
    where l.run = $1 and l.direction = $12 and l.outcome = 'running' and l.version = any($2)
  ), made as (
    insert into po_migrate.ledger
      (run, version, file, sha256, git_commit, git_dirty, actor, job_url, tool, dbmate, image, direction, outcome)
    select $1, one.version, one.file, one.sha256, $5, $6, $7, $8, $9, $10, $11, $12, $13
    from rows from (pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]), pg_catalog.unnest($4::text[]))
      with ordinality as one(version, file, sha256, place)
    where ${when} and one.version not in (select version from open)
    order by one.place
    returning id, version
  ), begun as (select version, id::text from open union all select version, id::text from made)`
  return {
    parts,
    values: [
      run,
      migrations.map(({ version }) => version),
      migrations.map(({ file }) => file),
      migrations.map(({ text }) => checksum(text)),
      ...[commit, dirty, actor, job ?? null, tool, dbmate, image, direction, outcome],
    ],
  }
}

/** The same as a statement of its own. */
export const insertRows = (rows: LedgerRows): [sql: string, values: unknown[]] => {
  const { parts, values } = withRows(rows)
  return [`with ${parts} select version, id from begun`, values]
}

/** Writes a row each; the ledger is made with the first. Answers their ids, by version. @throws AppError (exit 4) when Postgres refuses. */
export const writeRows = async (place: Place, rows: LedgerRows): Promise<Map<string, string>> => {
  if (!(await hasLedger(place))) await askLedger(place, createLedgerSql)
  const written = await askLedger<{ version: string; id: string }>(place, ...insertRows(rows))
  return new Map(written.map(({ version, id }) => [version, id]))
}
