import { stringify } from 'yaml'
import type { DatabaseChoice, NamedDatabase } from './name-databases.ts'
import { directoryOf, pathFrom } from './paths.ts'

export type EnvironmentText = {
  /** Where Postgres is, in words. */
  about: readonly string[]
  settings: Record<string, unknown>
  /** Another machine's data: nothing is let pass there unasked. */
  elsewhere?: boolean
}

const policyLines = [
  '    # On a laptop branches come and go, and tables are small: these are no reason to stop there. Leave it out elsewhere.',
  '    policy: { out_of_order: allow, missing: allow, warnings: allow }',
]

export type ConfigText = {
  place: string
  project: string
  environment: EnvironmentText
  choice: DatabaseChoice
}

/** A `$` would be a reference. */
const escapeDollars = (value: unknown): unknown => {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$')
  if (Array.isArray(value)) return value.map(escapeDollars)
  if (value && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, escapeDollars(item)]))
  return value
}

const flow = (value: unknown): string =>
  stringify(escapeDollars(value), { collectionStyle: 'flow', lineWidth: 0 }).trim()

const describeDatabase = (place: string, database: NamedDatabase): string => {
  const { name, directory, database: real, table, searchPath } = database
  const settings = {
    directory: pathFrom(place, directory),
    ...(real !== name && { database: real }),
    ...(table && { migrations_table: table }),
    ...(searchPath && { search_path: searchPath }),
  }
  return `  ${name}: ${flow(settings)}`
}

const storeLines = (place: string, store: string): string[] => {
  const path = pathFrom(place, store)
  const about = `# Every directory of ${store} is a database; a new one is made by: po-migrate new NAME initial_schema`
  return path === 'migrations' ? [about] : [about, `migrations: ${flow(path)}`]
}

const databaseLines = (place: string, { store, databases }: DatabaseChoice): string[] =>
  store === undefined
    ? [
        '# Each has a directory of migrations, and may be called otherwise on the server: database: NAME.',
        'databases:',
        ...databases.map((one) => describeDatabase(place, one)),
      ]
    : storeLines(place, store)

const tool = 'node_modules/po-migrate'

/** A short migrate.yaml, with the reason of what is not self-evident. */
export const writeConfig = ({ place, project, environment, choice }: ConfigText): string => {
  const { about, settings, elsewhere = false } = environment
  const at = (path: string): string => pathFrom(place, `${tool}/${path}`)
  const lines = [
    `# yaml-language-server: $schema=${directoryOf(place) === '' ? './' : ''}${at('schemas/migrate.schema.json')}`,
    `# What po-migrate migrates, and where. Every key: ${tool}/docs/reference.md`,
    '',
    `project: ${flow(project)}`,
    '',
    'environments:',
    ...about.map((line) => `  # ${line}`),
    '  dev:',
    ...Object.entries(settings).map(([key, value]) => `    ${key}: ${flow(value)}`),
    ...(elsewhere ? [] : policyLines),
    '',
    ...databaseLines(place, choice),
  ]
  return `${lines.join('\n')}\n`
}
