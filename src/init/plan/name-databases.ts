import type { Answers, Facts, FoundDirectory, Question } from './facts.ts'
import { baseOf, directoryOf } from './paths.ts'

/** A database as the config is to have it; `directory` is the project's. */
export type NamedDatabase = {
  name: string
  directory: string
  database: string
  table?: string | undefined
  searchPath?: string | undefined
}

export type DatabaseChoice = {
  /** A directory of which every directory is a database called as it is. */
  store?: string
  databases: readonly NamedDatabase[]
  questions: readonly Question[]
}

/** Words of a path that name no database. */
const generic = new Set([
  'db',
  'database',
  'databases',
  'migrations',
  'migration',
  'sql',
  'src',
  'dbmate',
  'data',
  'infrastructure',
  'services',
  'apps',
  'packages',
  'schema',
  'postgres',
])
const notInNames = /[^a-z0-9_-]+/g
const edges = /^[^a-z0-9]+|[-_]+$/g
const isName = /^[a-z0-9][a-z0-9_-]*$/i

export const toName = (text: string): string => {
  if (isName.test(text)) return text
  return text.toLowerCase().replaceAll(notInNames, '_').replaceAll(edges, '') || 'main'
}

const nameOfPath = (path: string, project: string): string =>
  toName(path.split('/').findLast((part) => !generic.has(part.toLowerCase())) ?? project)

type Home = { database: string; table: string }

/** Where a directory's versions are applied, and nothing else: small numbers alone would fit anywhere. */
const findHomes = ({ versions }: FoundDirectory, { server }: Facts): Home[] =>
  (server?.versions ?? []).filter(
    ({ versions: applied }) => applied.length > 0 && applied.every((version) => versions.includes(version)),
  )

const usualTable = 'schema_migrations'

/** What has to be written of the table of versions: wherever one of the usual name is, it is found at each run. */
const tableOf = ({ table }: Facts, home: Home | undefined): string | undefined => {
  if (table !== undefined && table !== usualTable) return table
  return home && home.table.split('.').at(-1) !== usualTable ? home.table : undefined
}

const timestampWidth = 14

/** One of several databases is called as its directory is; only timestamps tell that it is called otherwise. */
const nameOne = (facts: Facts, directory: FoundDirectory): NamedDatabase => {
  const name = nameOfPath(directory.path, facts.project)
  const homes = findHomes(directory, facts)
  const own = homes.find(({ database }) => database === name)
  const [other, ...more] = facts.server?.databases.includes(name) ? [] : homes
  const isCertain = more.length === 0 && (directory.versions.at(-1)?.length ?? 0) >= timestampWidth
  const home = own ?? (isCertain ? other : undefined)
  return { name, directory: directory.path, database: home?.database ?? name, table: tableOf(facts, home) }
}

type SingleOptions = { directory: FoundDirectory; image: string | undefined; answers: Answers }

/** The only database of a project: where its URL leads, where its versions are, or as somebody says. */
const nameSingle = (facts: Facts, { directory, image, answers }: SingleOptions): DatabaseChoice => {
  const { url, project, server } = facts
  const homes = findHomes(directory, facts)
  const found = url?.database ?? (homes.length === 1 ? homes[0]?.database : undefined)
  const known = found ?? (image === 'postgres' ? undefined : image)
  const database = answers.database ?? known ?? project
  const home = homes.find((one) => one.database === database)
  const others = (server?.databases ?? []).filter((name) => name !== project)
  const question: Question = {
    id: 'database',
    ask: `Which database are the migrations in ${directory.path} of?`,
    choices: [project, ...others],
    suggestion: project,
  }
  return {
    databases: [
      {
        name: toName(database),
        directory: directory.path,
        database,
        table: tableOf(facts, home),
        searchPath: url?.searchPath,
      },
    ],
    questions: known === undefined && others.length > 0 ? [question] : [],
  }
}

/** Directories side by side whose names are those of their databases, with nothing else among them. */
const findStore = (
  databases: readonly NamedDatabase[],
  directories: readonly FoundDirectory[],
): string | undefined => {
  const [store = '', ...others] = [...new Set(directories.map(({ path }) => directoryOf(path)))]
  const plain = databases.every(
    ({ name, directory, database, table }) =>
      name === baseOf(directory) && database === name && table === undefined,
  )
  return others.length === 0 && store !== '' && plain && !directories.some(({ strangers }) => strangers)
    ? store
    : undefined
}

const isStore = (path: string): boolean => baseOf(directoryOf(path)) === 'migrations'

const distinct = (databases: readonly NamedDatabase[]): NamedDatabase[] =>
  databases.map((one, index) => {
    const isTaken = databases.findIndex(({ name }) => name === one.name) !== index
    const name = isTaken ? toName(one.directory.replaceAll('/', '_')) : one.name
    return { ...one, name, database: one.database === one.name ? name : one.database }
  })

const emptyStore = (place: string): string => {
  const directory = directoryOf(place)
  return directory === '' ? 'migrations' : `${directory}/migrations`
}

/** What the databases are called, and where their files lie. `image`: the database that the server's image makes. */
export const nameDatabases = (facts: Facts, image: string | undefined, answers: Answers): DatabaseChoice => {
  const { directories, place } = facts
  const [only, ...rest] = directories
  if (!only) return { store: emptyStore(place), databases: [], questions: [] }
  if (rest.length === 0 && !isStore(only.path)) return nameSingle(facts, { directory: only, image, answers })
  const databases = distinct(directories.map((one) => nameOne(facts, one)))
  const store = findStore(databases, directories)
  return { ...(store && { store }), databases: store ? [] : databases, questions: [] }
}
