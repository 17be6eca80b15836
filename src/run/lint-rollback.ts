import type { Judgement, Linter } from '../lint/linter.ts'
import type { Plan } from '../model/plan.ts'
import type { DatabaseState, MigrationFile } from '../model/types.ts'
import type { AskObjects } from './lint-unapplied.ts'
import type { MigrateStep } from './steps/migrate-kinds.ts'

/** What lint finds in the down sections that a plan runs, in their order. */
export const lintRollback = async (
  { steps }: Plan<MigrateStep>,
  [state]: readonly DatabaseState[],
  { load, ask }: { load: () => Promise<Linter>; ask: AskObjects },
): Promise<Judgement[]> => {
  const files = steps.flatMap((step): MigrationFile[] => {
    if (step.kind !== 'rollback-migration') return []
    const { migration } = step
    return [{ version: migration.version, file: migration.file, problems: [], migration }]
  })
  if (!state || files.length === 0) return []
  const { managed } = state
  const linter = await load()
  const known = await linter.present(files, (names) => ask(managed, names))
  return linter.lint({ managed, files, known, which: 'down', elsewhere: 'with rows' })
}
