import { type Book, ownBackups } from './book.ts'
import { backupsIn, databasesOf, type WorldIs } from './look.ts'
import type { SiteName, Stage } from './operation.ts'
import { describeSaid, type Said, say, type Tool } from './said.ts'
import type { Site } from './site.ts'
import { insist, insistSame } from './violation.ts'

type StatusDatabase = {
  database: string
  exists: boolean
  applied: number
  pending: number
  migrations: { version: string; state: string }[]
}

type HistoryOf = {
  entries: { database: string; version: string; direction: string; outcome: string }[]
  runs: { run: string; command: string; outcome: string; directory: string | null }[]
}

/** A verb that reads, and has to answer with one document. */
const read = async <T>(tool: Tool, site: Site, args: string): Promise<T> => {
  const said: Said = await say(tool, site, { args: args.split(' ') })
  insistSame(`exit of ${describeSaid(said)}`, said.exit, 0)
  return JSON.parse(said.stdout) as T
}

type Reading = { site: Site; stage: Stage; is: WorldIs; book: Book }

const judgeStatus = async (tool: Tool, { site, stage, is }: Reading): Promise<void> => {
  const { environments } = await read<{ environments: { databases: StatusDatabase[] }[] }>(
    tool,
    site,
    `status ${site.environment(stage)} --json`,
  )
  for (const { database, exists, applied, pending, migrations } of environments[0]?.databases ?? []) {
    const content = is.sites[site.name].databases[database]
    insistSame(`status: ${database} exists`, exists, content !== undefined)
    const of = (state: string): string[] =>
      migrations.filter((migration) => migration.state === state).map(({ version }) => version)
    const versions = content?.versions ?? []
    insistSame(`status: applied in ${database}`, of('applied'), versions)
    insistSame(`status: number applied in ${database}`, applied, versions.length)
    const files = site.files[database.replace(`_${stage}`, '') as keyof Site['files']]
    insistSame(`status: pending in ${database}`, pending, files.length - versions.length)
  }
}

const judgeHistory = async (tool: Tool, { site, stage, is, book }: Reading): Promise<void> => {
  const { entries, runs } = await read<HistoryOf>(tool, site, `history ${site.environment(stage)} --json`)
  for (const database of databasesOf(stage)) {
    const found = entries.filter((entry) => entry.database === database)
    const rows = found.map(({ version, direction, outcome }) => ({ version, direction, outcome }))
    insistSame(`history of ${database}`, rows, is.sites[site.name].databases[database]?.ledger ?? [])
  }
  const other = (name: SiteName | undefined): boolean => name !== undefined && name !== site.name
  for (const { run } of runs)
    insist(!other(book.runs.get(run)), () => `history of ${site.project} shows ${run} of another project`)
  const shown = runs.flatMap(({ directory }) => directory ?? [])
  const there = new Set(backupsIn(is))
  for (const { directory } of ownBackups(book, { site: site.name, stage }))
    if (there.has(directory))
      insist(
        shown.some((path) => path.endsWith(directory)),
        () => `history of ${site.project} does not show the backup ${directory}`,
      )
}

/** What the verbs that read answer is what is there. */
export const judgeDocuments = async (tool: Tool, reading: Reading): Promise<void> => {
  await Promise.all([judgeStatus(tool, reading), judgeHistory(tool, reading)])
}
