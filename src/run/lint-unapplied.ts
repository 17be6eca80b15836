import pMap from 'p-map'
import type { Linter } from '../lint/linter.ts'
import { fewSessions } from '../model/few-sessions.ts'
import type { FoundObjects, RelationName } from '../model/found-objects.ts'
import { unappliedFiles } from '../model/history.ts'
import type { DatabaseState, ManagedDatabase, MigrationFile } from '../model/types.ts'

/** Asks a database what it has of what files name. */
export type AskObjects = (managed: ManagedDatabase, names: readonly RelationName[]) => Promise<FoundObjects>

/** Files that would run and that this database has never been given: a text that it has seen was linted then. */
const newFiles = (state: DatabaseState): MigrationFile[] =>
  unappliedFiles(state).filter(
    ({ migration, checksum }) => migration && !(checksum && state.attempted.has(checksum)),
  )

type Asking = { linter: Linter; ask: AskObjects | undefined }

const lintState = async (state: DatabaseState, { linter, ask }: Asking): Promise<DatabaseState> => {
  const fresh = new Set(newFiles(state))
  if (fresh.size === 0) return state
  const { managed, exists, obstacle } = state
  const files = unappliedFiles(state)
  const known =
    ask && exists && !obstacle ? await linter.present(files, (names) => ask(managed, names)) : new Map()
  const judged = linter.lint({ managed, files, known, which: 'up', elsewhere: 'with rows' })
  const found = new Map(judged.map(({ file, ...rest }) => [file, rest]))
  return {
    ...state,
    files: state.files.map((file) => (fresh.has(file) ? { ...file, ...found.get(file) } : file)),
  }
}

/**
 * Adds to every file that is to run what lint finds in its SQL; applied files are left alone, whatever is in them.
 * Rules and parser are loaded, and a database is asked what it has, only where there is something new to parse.
 */
export const lintUnapplied = async (
  states: readonly DatabaseState[],
  load: () => Promise<Linter>,
  ask?: AskObjects,
): Promise<DatabaseState[]> => {
  if (!states.some((state) => newFiles(state).length > 0)) return [...states]
  const linter = await load()
  return pMap(states, (state) => lintState(state, { linter, ask }), { concurrency: fewSessions })
}
