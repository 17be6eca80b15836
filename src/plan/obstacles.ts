import { AppError, exitCodes } from '../errors.ts'
import { quoteIdentifier } from '../model/sql.ts'
import type { DatabaseState, Environment, ManagedDatabase, Obstacle } from '../model/types.ts'
import { nameOfVersions, settingOfVersions } from '../model/versions-table.ts'

type Ways = { why: string[]; commands: string[] }

/** What is left where no migration made a database: a rename keeps all that it holds, and a cutover replaces it. */
const withoutVersions = ({ name, database }: ManagedDatabase, environment: Environment): Ways => {
  const { engine, host } = environment
  if (engine === 'embedded') return { why: [], commands: [] }
  const made = 'Where its migrations made it all the same: adopt proves which, and records them.'
  // Within the 63 bytes that Postgres keeps of a name.
  const before = `${database.slice(0, 50)}_before`
  const rename = `ALTER DATABASE ${quoteIdentifier(database)} RENAME TO ${quoteIdentifier(before)}`
  const why = 'Where no migration made it: renamed, it keeps all that it holds, and up makes a new one.'
  // To adopt needs a scratch server.
  if (engine === 'native') return { why: [why], commands: [rename] }
  const adopt = `po-migrate adopt ${environment.name} --db ${name}`
  if (!host.cutover) return { why: [made, why], commands: [adopt, rename] }
  const first = host.cutover.abortWindow === undefined ? 'backs up first' : 'backs nothing up'
  return {
    why: [made, why, `A cutover wipes the whole volume; it ${first}, and says what it destroys.`],
    commands: [adopt, rename, `po-migrate cutover ${host.name}`],
  }
}

/**
 * A database that has tables and no table of versions was made by something else, or its versions stand where nobody told:
 * applying from the first file would stop half-way at `relation already exists`.
 */
const findUntracked = (
  { managed, tracked, tables, schemas }: DatabaseState,
  environment: Environment,
): Obstacle | undefined => {
  if (tracked || tables === 0) return undefined
  const {
    database,
    migrationsTable,
    searchPath,
    versions = { schema: 'public', table: migrationsTable },
  } = managed
  const looked = nameOfVersions(versions)
  const others = withoutVersions(managed, environment)
  const place = `write into the config: ${settingOfVersions(managed, 'SCHEMA.TABLE')}, or its search_path:`
  const told = searchPath !== undefined || migrationsTable.includes('.')
  return {
    message: `${database}: tables, but no ${versions.table}: not made by migrations, or its versions stand elsewhere.`,
    details: [
      `It has ${tables} table${tables > 1 ? 's' : ''} in ${schemas.join(', ')}.`,
      told
        ? `Looked for ${looked}, as the config says, and nowhere else.`
        : `Looked for ${looked}, then in every schema for a table ${versions.table} with a text "version".`,
      ...others.why,
    ],
    hint: [place, ...others.commands].join('\n'),
  }
}

/** What is in the way of a database, if anything is. */
export const obstacleOf = (state: DatabaseState, environment: Environment): Obstacle | undefined =>
  state.obstacle ?? findUntracked(state, environment)

/**
 * Nothing is executed while something is in the way of one database; a plan shows what the others would get.
 * @throws AppError (exit 4) with everything that is in the way.
 */
export const requireUnobstructed = (obstacles: readonly Obstacle[] = []): void => {
  const [first] = obstacles
  if (!first) return
  if (obstacles.length === 1) throw new AppError(first.message, { ...first, exitCode: exitCodes.refused })
  throw new AppError(`${obstacles.length} databases are in no state to be migrated.`, {
    exitCode: exitCodes.refused,
    details: obstacles.flatMap(({ message, details, hint }) => [
      message,
      ...details.map((line) => `  ${line}`),
      ...hint.split('\n').map((line) => `  → ${line}`),
    ]),
    hint: 'put each right, or name those that are: --db NAME',
  })
}
