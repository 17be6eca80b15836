import type { Provenance } from '../../model/ledger.ts'
import { quoteIdentifier } from '../../model/sql.ts'
import type { ManagedDatabase, Migration, VersionsTable } from '../../model/types.ts'
import { askLedger, createLedgerSql, hasLedger, insertRows, outcomes, writeRows } from './ledger.ts'
import { explainRefusal } from './ledger-refusal.ts'
import type { Query, Server } from './postgres.ts'

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
export const takeIn = async (server: Server, { database, ...files }: TakenIn): Promise<void> => {
  const place = { server, database }
  if (await hasLedger(place)) await askLedger(place, widenSql)
  await writeRows(place, { ...files, direction: 'up', outcome: 'adopted unproven' })
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
  await query(createLedgerSql)
  await query(widenSql)
  await query(...insertRows({ ...about, migrations, direction: 'up', outcome: 'adopted' }))
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
    throw await explainRefusal(error, { server, database, create: createLedgerSql })
  }
}
