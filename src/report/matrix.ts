import { compareVersions } from '../model/history.ts'
import type { StatusDocument } from './documents.ts'

type EnvironmentStatus = StatusDocument['environments'][number]
type DatabaseStatus = EnvironmentStatus['databases'][number]
type MigrationState = DatabaseStatus['migrations'][number]['state']

/** One migration, and its state in each environment: undefined where that one has neither its file nor its version. */
export type MatrixRow = {
  version: string
  file: string | null
  states: readonly (MigrationState | undefined)[]
}

/** A database of the store in all environments. */
export type Matrix<D> = {
  name: string
  /** Undefined where the environment was not read, or does not manage it. */
  databases: readonly (D | undefined)[]
  rows: readonly MatrixRow[]
}

/** A row each version, with its state in each of these. Checkouts may have different files of one version; a version without a file stands in the row of the one that has it. */
export const rowsOf = (databases: readonly (DatabaseStatus | undefined)[]): MatrixRow[] => {
  const all = databases.flatMap((database) => database?.migrations ?? [])
  const files = Map.groupBy(all, ({ version }) => version)
  return [...files]
    .sort(([a], [b]) => compareVersions(a, b))
    .flatMap(([version, migrations]) => {
      const names = [...new Set(migrations.flatMap(({ file }) => file ?? []))].sort()
      const [first = null, ...others] = names
      return [first, ...others].map((file) => ({
        version,
        file,
        states: databases.map(
          (database) =>
            database?.migrations.find((each) => each.version === version && (each.file ?? first) === file)
              ?.state,
        ),
      }))
    })
}

/** Migrations × environments, a matrix for each database of the store, in the order of the environments' configs. */
export const matricesOf = <D extends DatabaseStatus>(
  environments: readonly { databases: readonly D[] }[],
): Matrix<D>[] => {
  const names = new Set(environments.flatMap(({ databases }) => databases.map(({ name }) => name)))
  return [...names].map((name) => {
    const databases = environments.map((each) => each.databases.find((database) => database.name === name))
    return { name, databases, rows: rowsOf(databases) }
  })
}
