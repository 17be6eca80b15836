import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SiteName } from './operation.ts'
import type { Tool } from './said.ts'
import { makeStackSite, type StackSite } from './stack-site.ts'

/** Two projects with a host `dev` each, and the state directory that they share. */
export type CutoverWorld = AsyncDisposable & {
  tool: Tool
  sites: Record<SiteName, StackSite>
  state: string
  reset: () => Promise<void>
}

export const makeCutoverWorld = (tool: Tool): CutoverWorld => {
  const home = mkdtempSync(join(tmpdir(), 'po-migrate-cutovers-'))
  const sites = { first: makeStackSite('first', home), second: makeStackSite('second', home) }
  const state = join(home, 'state')
  return {
    tool: { ...tool, env: { HOME: home, ...tool.env } },
    sites,
    state,
    reset: async () => {
      rmSync(state, { recursive: true, force: true })
      mkdirSync(state, { mode: 0o770 })
      await Promise.all([sites.first.reset(), sites.second.reset()])
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([sites.first[Symbol.asyncDispose](), sites.second[Symbol.asyncDispose]()])
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** Applied versions, and the marks that the test left; undefined: no server answers. */
export type Content = { versions: string; marks: string } | undefined

/** What is: from the server, the engine and the disk. */
export type SiteIs = { content: Content; copies: readonly string[]; files: string }

export const readContent = async (site: StackSite): Promise<Content> => {
  const there = await site.psql(
    'app',
    "select to_regclass('schema_migrations') is not null, to_regclass('marks') is not null",
  )
  if (there === undefined)
    return (await site.psql('postgres', 'select 1')) === undefined ? undefined : { versions: '', marks: '' }
  const [versions, marks] = there.split('|')
  const list = (column: string, table: string) =>
    site.psql('app', `select string_agg(${column}, ' ' order by 1) from ${table}`)
  return {
    versions: (versions === 't' && (await list('version', 'schema_migrations'))) || '',
    marks: (marks === 't' && (await list('text', 'marks'))) || '',
  }
}

/** One checksum over all that stands in a project's state. */
const readFiles = (directory: string): string => {
  const hash = createHash('sha1')
  try {
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true }).sort((a, b) =>
      a.name.localeCompare(b.name),
    ))
      if (entry.isFile()) hash.update(entry.name).update(readFileSync(join(entry.parentPath, entry.name)))
  } catch {
    return 'none'
  }
  return hash.digest('hex')
}

export const lookAt = async (world: CutoverWorld, name: SiteName): Promise<SiteIs> => {
  const site = world.sites[name]
  const [content, copies] = await Promise.all([readContent(site), site.copies()])
  return { content, copies, files: readFiles(join(world.state, site.project)) }
}
