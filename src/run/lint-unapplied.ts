import type { Linter } from '../lint/linter.ts'
import { unappliedFiles } from '../model/history.ts'
import type { DatabaseState, MigrationFile } from '../model/types.ts'

/** Files that would run and that this database has never been given: a text that it has seen was linted then. */
const newFiles = (state: DatabaseState): MigrationFile[] =>
  unappliedFiles(state).filter(
    ({ migration, checksum }) => migration && !(checksum && state.attempted.has(checksum)),
  )

/**
 * Adds to every file that is to run what lint finds in its SQL; applied files are left alone, whatever is in them.
 * Rules and parser are loaded only when there is something new to parse.
 */
export const lintUnapplied = async (
  states: readonly DatabaseState[],
  load: () => Promise<Linter>,
): Promise<DatabaseState[]> => {
  const fresh = new Set(states.flatMap(newFiles))
  if (fresh.size === 0) return [...states]
  const lint = await load()
  return states.map((state) => ({
    ...state,
    files: state.files.map((entry) =>
      fresh.has(entry) ? { ...entry, problems: lint(entry, state.managed) } : entry,
    ),
  }))
}
