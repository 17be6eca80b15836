import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { docker, eventually } from '../support/engine/docker.ts'
import { openSession } from '../support/postgres/session.ts'
import { type SiteName, type Stage, stages, stores } from './operation.ts'
import type { Site } from './site.ts'

export type LedgerRow = { version: string; direction: string; outcome: string }

/** What stands in a database, as far as a restore has to bring it back. */
export type Content = {
  versions: readonly string[]
  tables: readonly string[]
  /** Those that are valid. */
  indexes: readonly string[]
  /** Written by the test itself, between the runs. */
  marks: readonly string[]
  ledger: readonly LedgerRow[]
}

export type SiteIs = {
  /** The managed databases that exist. */
  databases: Readonly<Record<string, Content>>
  /** `_before_` and `_restore_` databases. */
  beside: Readonly<Record<string, Content>>
}

/** What is: read from the servers and from the disk, never from the tool. */
export type WorldIs = {
  sites: Readonly<Record<SiteName, SiteIs>>
  /** Path below the state directory, and the checksum of what is in that file; host.lock is left out. */
  files: ReadonlyMap<string, string>
}

export const databasesOf = (stage: Stage): string[] => stores.map((store) => `${store}_${stage}`)

const managed = new Set(stages.flatMap(databasesOf))

const relations = `select c.relname as name, c.relkind = 'i' as index, coalesce(i.indisvalid, true) as valid
  from pg_class c left join pg_index i on i.indexrelid = c.oid
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'i') order by 1`

const readContent = async (site: Site, database: string): Promise<Content> => {
  await using session = await openSession(site.server, database, 'looking')
  const { rows } = await session.query<{ name: string; index: boolean; valid: boolean }>(relations)
  const ours = (pattern: RegExp, index: boolean): string[] =>
    rows
      .filter(({ name, index: is, valid }) => pattern.test(name) && is === index && valid)
      .map(({ name }) => name.slice(2))
  const list = async (table: string, column: string): Promise<string[]> => {
    if (!rows.some(({ name }) => name === table)) return []
    return (await session.query(`select ${column} as it from ${table} order by 1`)).rows.map(({ it }) => it)
  }
  const [found] = (await session.query("select to_regclass('po_migrate.ledger') is not null as there")).rows
  const ledger = 'select version, direction, outcome from po_migrate.ledger order by id'
  return {
    versions: await list('schema_migrations', 'version'),
    tables: ours(/^t_/, false),
    indexes: ours(/^i_/, true),
    marks: await list('marks', 'text'),
    ledger: found.there ? (await session.query<LedgerRow>(ledger)).rows : [],
  }
}

const readSite = async (site: Site): Promise<SiteIs> => {
  const sql = "select datname from pg_database where datname !~ '^(postgres|template.)$' order by 1"
  const names = (await site.psql('postgres', sql)).split('\n').filter(Boolean)
  const contents = await Promise.all(
    names.map(async (name) => [name, await readContent(site, name)] as const),
  )
  const entries = (wanted: boolean) => contents.filter(([name]) => managed.has(name) === wanted)
  return { databases: Object.fromEntries(entries(true)), beside: Object.fromEntries(entries(false)) }
}

const readFiles = (state: string): Map<string, string> => {
  const found = new Map<string, string>()
  for (const entry of readdirSync(state, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.startsWith('host.lock')) continue
    const path = join(entry.parentPath, entry.name)
    found.set(path.slice(state.length + 1), createHash('sha1').update(readFileSync(path)).digest('hex'))
  }
  return found
}

export const lookAt = async (sites: Readonly<Record<SiteName, Site>>, state: string): Promise<WorldIs> => {
  const [first, second] = await Promise.all([readSite(sites.first), readSite(sites.second)])
  return { sites: { first, second }, files: readFiles(state) }
}

/** The backups that stand there: directories below the state that have their manifest and no hidden name. */
export const backupsIn = ({ files }: Pick<WorldIs, 'files'>): string[] =>
  [...files.keys()]
    .filter((path) => path.endsWith('/manifest.json') && !path.includes('/.'))
    .map((path) => path.slice(0, -'/manifest.json'.length))

/** Until nothing works on any more for a run that was killed. */
export const settleDown = async (site: Site, environment: string): Promise<void> => {
  const sessions = "select count(*) from pg_stat_activity where application_name ~ '^[0-9]{8}T'"
  const running = ['ps', '--quiet', '--filter', `label=po-migrate.environment=${environment}`]
  await eventually(
    `what a killed run on ${environment} of ${site.name} left to end`,
    async () =>
      ((await site.psql('postgres', sessions)) === '0' && (await docker(running)) === '') || undefined,
    40_000,
  )
}
