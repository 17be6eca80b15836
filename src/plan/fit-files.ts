import { usageError } from '../errors.ts'
import { storeName } from '../fleet/tell.ts'
import { unappliedFiles } from '../model/history.ts'
import type { DatabaseState, Environment, Problem } from '../model/types.ts'

/** Two files of one version are refused even when that version is applied: the second would count as run. */
const faults = (state: DatabaseState): Problem[] => {
  const versions = state.files.map(({ version }) => version)
  const repeated = state.files.filter(({ version }, index) => versions.indexOf(version) !== index)
  const stopping = new Set([...unappliedFiles(state), ...repeated])
  return [...state.strays, ...[...stopping].flatMap(({ problems }) => problems)].filter(
    ({ level }) => level === 'error',
  )
}

/** Faults in all databases at once, before any is touched. @throws AppError (exit 2). */
export const refuseFaults = (databases: readonly DatabaseState[]): void => {
  const found = databases.flatMap((state) =>
    faults(state).map(({ file, line = '', message }) => ({
      path: `${storeName(state.managed)}/${file}`,
      line: line && `:${line}`,
      message,
    })),
  )
  if (found.length === 0) return
  const details = [...new Set(found.map(({ path, line, message }) => `${path}${line}: ${message}`))]
  const { size } = new Set(found.map(({ path }) => path))
  const count = size === 1 ? 'A migration file is' : `${size} migration files are`
  throw usageError(`${count} not fit to run:`, 'correct the files, then run it again', details)
}

/** Together in the memory of dbmate's container, beside what dbmate itself needs for one of them. */
const mostInOneRun = 256 * 2 ** 20

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MB`

/** @throws AppError (exit 2) for files to run that cannot be brought into dbmate's container at once. */
export const refuseSizes = ({ name }: Environment, databases: readonly DatabaseState[]): void => {
  // Databases of a fleet have their files in common.
  const texts = new Map(
    databases.flatMap((state) => {
      const database = storeName(state.managed)
      return unappliedFiles(state).flatMap(({ file, migration }) =>
        migration ? [[`${database}/${file}`, { database, text: migration.text }] as const] : [],
      )
    }),
  )
  const sizes = new Map<string, number>()
  for (const { database, text } of texts.values())
    sizes.set(database, (sizes.get(database) ?? 0) + Buffer.byteLength(text))
  const sum = [...sizes.values()].reduce((total, size) => total + size, 0)
  if (sum <= mostInOneRun) return
  throw usageError(
    `The files to run have ${megabytes(sum)} together; dbmate's container takes ${megabytes(mostInOneRun)}.`,
    `po-migrate up ${name} --db NAME, one after the other; one that is too large alone, in parts: keep its newest files aside`,
    [...sizes].map(([database, size]) => `${database}: ${megabytes(size)}`),
  )
}
