import { AppError, exitCodes } from '../errors.ts'
import type { DatabaseState, Environment, Obstacle } from '../model/types.ts'
import { nameOfVersions, settingOfVersions } from '../model/versions-table.ts'

/**
 * A database that has tables and no table of versions was made by something else, or its versions stand where nobody told:
 * applying from the first file would stop half-way at `relation already exists`.
 */
const findUntracked = (
  { managed, tracked, tables, schemas }: DatabaseState,
  { engine, host }: Environment,
): Obstacle | undefined => {
  if (tracked || tables === 0) return undefined
  const {
    database,
    migrationsTable,
    searchPath,
    versions = { schema: 'public', table: migrationsTable },
  } = managed
  const looked = nameOfVersions(versions)
  const told = searchPath !== undefined || migrationsTable.includes('.')
  const elsewhere = `write into the config: ${settingOfVersions(managed, 'SCHEMA.TABLE')}, or its search_path:`
  const details = [
    `It has ${tables} table${tables > 1 ? 's' : ''} in ${schemas.join(', ')}.`,
    told
      ? `Looked for ${looked}, as the config says, and nowhere else.`
      : `Looked for ${looked}, then in every schema for a table ${versions.table} with a text "version".`,
  ]
  const message = `${database}: tables, but no ${versions.table}: not made by migrations, or its versions stand elsewhere.`
  if (engine === 'embedded') return { message, details, hint: elsewhere }
  return {
    message,
    details: [
      ...details,
      `Its versions stand elsewhere: → ${elsewhere}`,
      'Migrations never made it: a cutover starts from an empty volume (and backs up first). Read what it destroys:',
    ],
    hint: `po-migrate cutover ${host.name}`,
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
      `  → ${hint}`,
    ]),
    hint: 'put each right, or name those that are: --db NAME',
  })
}
