import { ownBackups } from './book.ts'
import { bare, type Case, contentsOf, told, undisturbed } from './case.ts'
import { backupsIn } from './look.ts'
import { expectPruned } from './model.ts'
import { insist, insistSame } from './violation.ts'

const retain = 2

/** One more where it was kept, and only those gone that newer ones of the same project make needless. */
export const judgeBackup = (one: Case): void => {
  const { operation, said, before, after, book, site } = one
  insistSame(
    `databases: ${told(one)}`,
    contentsOf(after, operation).map(([, is]) => bare(is)),
    contentsOf(before, operation).map(([, is]) => bare(is)),
  )
  const [had, has] = [backupsIn(before), backupsIn(after)]
  const made = has.filter((directory) => !had.includes(directory))
  const existing = contentsOf(before, operation).flatMap(([name, content]) => (content ? [name] : []))
  if (undisturbed(one)) insistSame(`exit: ${told(one)}`, said.exit, existing.length === 0 ? 4 : 0)
  if (said.exit === 0)
    insist(made.length === 1, () => `it said that a backup was kept, and none is there: ${told(one)}`)
  if (said.exit !== 0 && said.exit !== null) insistSame(`made by a run that failed: ${told(one)}`, made, [])
  const kept = said.events.find((event) => event.kind === 'keep-backup' && event.status === 'done')
  if (kept)
    insist(
      made.some((directory) => kept.directory?.endsWith(directory)),
      () => `${kept.directory} was kept, and is not there: ${told(one)}`,
    )
  for (const directory of made)
    insist(
      directory.startsWith(`${site.project}/`),
      () => `${directory} is not the project's own: ${told(one)}`,
    )
  const own = ownBackups(book, operation).map(({ directory, contents }) => ({
    directory,
    databases: Object.keys(contents),
  }))
  const due =
    made.length === 0
      ? []
      : expectPruned([...own, ...made.map((directory) => ({ directory, databases: existing }))], retain)
  const gone = had.filter((directory) => !has.includes(directory))
  insist(
    gone.every((directory) => due.includes(directory)),
    () => `pruned: ${gone}, and right is ${due}: ${told(one)}`,
  )
  if (said.exit === 0) insistSame(`pruned: ${told(one)}`, gone.sort(), due.sort())
}
