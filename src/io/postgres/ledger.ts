import type { QueryResultRow } from 'pg'
import { type LedgerEntry, type LedgerOutcome, ledgerOutcomes, type Provenance } from '../../model/ledger.ts'
import { quoteIdentifier, quoteLiteral } from '../../model/sql.ts'
import type {
  DatabaseReading,
  Direction,
  ManagedDatabase,
  Migration,
  VersionsTable,
} from '../../model/types.ts'
import { checksum } from '../dbmate/checksum.ts'
import { askAgain } from './ask-again.ts'
import { explainRefusal } from './ledger-refusal.ts'
import type { Query, Server } from './postgres.ts'

const outcomes = ledgerOutcomes.map(quoteLiteral).join(', ')

/** Lives beside dbmate's untouched table; the row of what ran is never deleted. */
const createSql = `
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

type Place = { server: Server; database: string }

/** @throws AppError (exit 4) when Postgres refuses, with what to grant or to change. */
const ask = async <Row extends QueryResultRow>(
  { server, database }: Place,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> => {
  try {
    return await server.query<Row>(database, sql, values)
  } catch (error) {
    throw await explainRefusal(error, { server, database, create: createSql })
  }
}

const exists = async (server: Server, database: string): Promise<boolean> => {
  const sql = `select exists (
    select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'po_migrate' and c.relname = 'ledger'
  ) as there`
  const [row] = await ask<{ there: boolean }>({ server, database }, sql)
  return row?.there ?? false
}

/** Every attempt in this database, oldest first; none where the tool never ran. */
export const readLedger = async (server: Server, database: string): Promise<LedgerEntry[]> => {
  if (!(await exists(server, database))) return []
  return ask<LedgerEntry>({ server, database }, `select ${columns} from po_migrate.ledger order by id`)
}

export type KnownTexts = Pick<DatabaseReading, 'checksums' | 'attempted' | 'open'>

/** The texts that this database has seen, and whether an attempt's end is not written down. The ledger must be there. */
export const readKnownTexts = async (server: Server, database: string): Promise<KnownTexts> => {
  const sql = `select version, sha256, bool_or(outcome not in ('accepted', 'adopted', 'adopted unproven')) as attempted,
      direction, max(id) filter (where outcome in ('done', 'accepted', 'adopted', 'adopted unproven')) as known,
      bool_or(outcome = 'running') as open
    from po_migrate.ledger group by direction, version, sha256 order by known nulls first`
  const all = await ask<{
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

export type Attempt = {
  run: string
  managed: ManagedDatabase
  migration: Migration
  direction: Direction
  provenance: Provenance
}

const insertSql = `insert into po_migrate.ledger
    (run, version, file, sha256, git_commit, git_dirty, actor, job_url, tool, dbmate, image, direction, outcome)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning id::text`

const rowOf = ({ run, migration, direction, provenance }: Attempt, outcome: LedgerOutcome): unknown[] => {
  const { actor, job, commit, dirty, tool, dbmate, image } = provenance
  const { version, file, text } = migration
  const about = [run, version, file, checksum(text), commit, dirty, actor, job ?? null, tool, dbmate, image]
  return [...about, direction, outcome]
}

/** Writes a row; the ledger is made with the first. Answers the row's id. */
const insertRow = async (server: Server, attempt: Attempt, outcome: LedgerOutcome): Promise<string> => {
  const { database } = attempt.managed
  if (!(await exists(server, database))) await ask({ server, database }, createSql)
  const [row] = await ask<{ id: string }>({ server, database }, insertSql, rowOf(attempt, outcome))
  return row?.id ?? ''
}

/** The row that was written when only the answer was lost. */
const findRow = async (
  server: Server,
  { run, managed, migration, direction }: Attempt,
): Promise<string | undefined> => {
  if (!(await exists(server, managed.database))) return undefined
  const sql = `select id::text from po_migrate.ledger
    where run = $1 and version = $2 and direction = $3 and outcome = 'running'`
  const [row] = await ask<{ id: string }>({ server, database: managed.database }, sql, [
    run,
    migration.version,
    direction,
  ])
  return row?.id
}

/**
 * Writes the row of an attempt before it starts: should everything die, it tells what was under way. Answers the row's id.
 * @throws AppError (exit 4) when Postgres refuses it.
 */
export const beginAttempt = (server: Server, attempt: Attempt): Promise<string> => {
  let again = false
  return askAgain(async () => {
    const written = again ? await findRow(server, attempt) : undefined
    again = true
    return written ?? insertRow(server, attempt, 'running')
  })
}

export type Attempts = Omit<Attempt, 'migration'> & { migrations: readonly Migration[] }

/** The rows of files that share a call, in their order; answers their ids, by version. @throws AppError as `beginAttempt`. */
export const beginAttempts = async (
  server: Server,
  { migrations, managed, run, direction, provenance }: Attempts,
): Promise<Map<string, string>> => {
  const place = { server, database: managed.database }
  const sql = `insert into po_migrate.ledger
    (run, version, file, sha256, git_commit, git_dirty, actor, job_url, tool, dbmate, image, direction, outcome)
    select $1, one.version, one.file, one.sha256, $5, $6, $7, $8, $9, $10, $11, $12, 'running'
    from rows from (pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]), pg_catalog.unnest($4::text[]))
      with ordinality as one(version, file, sha256, place)
    where not exists (
      select from po_migrate.ledger l where l.run = $1 and l.version = one.version and l.outcome = 'running'
    )
    order by one.place`
  const written = "select version, id::text from po_migrate.ledger where run = $1 and outcome = 'running'"
  const { actor, job, commit, dirty, tool, dbmate, image } = provenance
  return askAgain(async () => {
    if (!(await exists(server, managed.database))) await ask(place, createSql)
    await ask(place, sql, [
      run,
      migrations.map(({ version }) => version),
      migrations.map(({ file }) => file),
      migrations.map(({ text }) => checksum(text)),
      ...[commit, dirty, actor, job ?? null, tool, dbmate, image, direction],
    ])
    const rows = await ask<{ version: string; id: string }>(place, written, [run])
    return new Map(rows.map(({ version, id }) => [version, id]))
  })
}

/** Writes down that the text of an applied file is known to have changed. */
export const recordAcceptedEdit = async (
  server: Server,
  attempt: Omit<Attempt, 'direction'>,
): Promise<void> => {
  await insertRow(server, { ...attempt, direction: 'up' }, 'accepted')
}

/** Of releases that knew fewer outcomes. */
const widenSql = `
do $$ begin
  if not exists (select from pg_catalog.pg_constraint o where o.conrelid = 'po_migrate.ledger'::pg_catalog.regclass
    and o.conname = 'ledger_outcome_check' and pg_catalog.pg_get_constraintdef(o.oid) like '%''adopted''%') then
    alter table po_migrate.ledger drop constraint if exists ledger_outcome_check;
    alter table po_migrate.ledger add constraint ledger_outcome_check check (outcome in (${outcomes}));
  end if;
end $$`

export type TakenIn = {
  run: string
  database: string
  migrations: readonly Migration[]
  provenance: Provenance
}

/**
 * Writes down the texts of files that were applied before there was a ledger, as they are now: whether they were applied so
 * nobody knows, but edits are found from now on.
 * @throws AppError (exit 4) when Postgres refuses.
 */
export const takeIn = async (
  server: Server,
  { run, database, migrations, provenance }: TakenIn,
): Promise<void> => {
  const place = { server, database }
  await ask(place, (await exists(server, database)) ? widenSql : createSql)
  const { actor, job, commit, dirty, tool, dbmate, image } = provenance
  const sql = `insert into po_migrate.ledger
    (run, version, file, sha256, git_commit, git_dirty, actor, job_url, tool, dbmate, image, direction, outcome)
    select $1, one.version, one.file, one.sha256, $5, $6, $7, $8, $9, $10, $11, 'up', 'adopted unproven'
    from rows from (pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]), pg_catalog.unnest($4::text[]))
      as one(version, file, sha256)`
  await ask(place, sql, [
    run,
    migrations.map(({ version }) => version),
    migrations.map(({ file }) => file),
    migrations.map(({ text }) => checksum(text)),
    commit,
    dirty,
    actor,
    job ?? null,
    tool,
    dbmate,
    image,
  ])
}

/** Takes back the rows of files that were never started: lint reads those again. */
export const removeAttempts = async (
  server: Server,
  database: string,
  ids: readonly string[],
): Promise<void> => {
  const sql = "delete from po_migrate.ledger where id = any($1::bigint[]) and outcome = 'running'"
  if (ids.length > 0) await askAgain(() => ask({ server, database }, sql, [ids]))
}

export type AttemptEnd = {
  id: string
  outcome: 'done' | 'failed'
  error?: string
  duration?: number
}

/** Settles an attempt's row; over a new session when the old one was lost. @throws AppError (exit 4, 6). */
export const endAttempt = async (
  server: Server,
  database: string,
  { id, outcome, error, duration }: AttemptEnd,
): Promise<void> => {
  const sql = `update po_migrate.ledger set outcome = $2, error = $3, duration_ms = coalesce($4, duration_ms) where id = $1`
  await askAgain(() => ask({ server, database }, sql, [id, outcome, error ?? null, duration ?? null]))
}

/** Settles the rows of files that are applied and seen; `duration`: milliseconds. @throws AppError (exit 4, 6). */
export const endAttempts = async (
  server: Server,
  database: string,
  ends: readonly { id: string; duration: number | undefined }[],
): Promise<void> => {
  const sql = `update po_migrate.ledger l set outcome = 'done', duration_ms = one.duration
    from rows from (pg_catalog.unnest($1::bigint[]), pg_catalog.unnest($2::int[])) as one(id, duration) where l.id = one.id`
  const durations = ends.map(({ duration }) => duration ?? null)
  if (ends.length > 0)
    await askAgain(() => ask({ server, database }, sql, [ends.map(({ id }) => id), durations]))
}

export type Adoption = {
  run: string
  managed: ManagedDatabase & { versions: VersionsTable }
  migrations: readonly Migration[]
  provenance: Provenance
}

/** In a transaction: dbmate's table of versions with these, made where it is not there, and a row each in the ledger. */
const writeAdoption = async (query: Query, { managed, migrations, ...about }: Adoption): Promise<void> => {
  const { schema } = managed.versions
  const table = `${quoteIdentifier(schema)}.${quoteIdentifier(managed.versions.table)}`
  await query(`create schema if not exists ${quoteIdentifier(schema)}`)
  // As dbmate makes it (pkg/driver/postgres).
  await query(`create table if not exists ${table} (version varchar primary key)`)
  const versions = migrations.map(({ version }) => version)
  await query(`insert into ${table} (version) select unnest($1::text[])`, [versions])
  await query(createSql)
  await query(widenSql)
  for (const migration of migrations)
    await query(insertSql, rowOf({ ...about, managed, migration, direction: 'up' }, 'adopted'))
}

/**
 * Records as applied what is known to be there, all of it or nothing.
 * @throws AppError (exit 4) when Postgres refuses it.
 */
export const recordAdoption = async (server: Server, adoption: Adoption): Promise<void> => {
  const { database } = adoption.managed
  await using session = await server.session(database)
  try {
    await session.query('begin')
    await writeAdoption(session.query, adoption)
    await session.query('commit')
  } catch (error) {
    throw await explainRefusal(error, { server, database, create: createSql })
  }
}
