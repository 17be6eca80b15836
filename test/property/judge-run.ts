import { bare, type Case, contentsOf, told, undisturbed } from './case.ts'
import { backupsIn, databasesOf } from './look.ts'
import { finishedOf } from './said.ts'
import { insist, insistSame } from './violation.ts'

/** The environment's neighbours on the same server, and what restores of them replaced. */
const judgeNeighbours = (one: Case): void => {
  const { operation, before, after, book } = one
  const [was, is] = [before.sites[operation.site], after.sites[operation.site]]
  const own = databasesOf(operation.stage)
  for (const [database, content] of Object.entries(was.databases))
    if (!own.includes(database))
      insistSame(`${database}, after ${told(one)}`, is.databases[database], content)
  for (const [database, content] of Object.entries(was.beside)) {
    const of = book.replaced.get(database)?.database
    if (of && (operation.op !== 'restore' || !own.includes(of)))
      insistSame(`${database}, which was ${of}, after ${told(one)}`, is.beside[database], content)
  }
}

/** What is not this run's stays as it is: the other project, the other environment, and every old backup. */
export const judgeOthers = (one: Case): void => {
  const { operation, before, after, site } = one
  const other = operation.site === 'first' ? 'second' : 'first'
  insistSame(`databases of the ${other} project, after ${told(one)}`, after.sites[other], before.sites[other])
  judgeNeighbours(one)
  const foreign = (path: string): boolean => !path.startsWith(`${site.project}/`)
  for (const [path, sum] of before.files)
    if (foreign(path)) insistSame(`${path}, after ${told(one)}`, after.files.get(path), sum)
  for (const path of after.files.keys())
    if (foreign(path)) insist(before.files.has(path), () => `${path} is new, after ${told(one)}`)
}

/** Exit codes that promise that nothing was touched, and the words that do. */
export const judgePromise = (one: Case): void => {
  const { operation, said, before, after } = one
  const promised =
    [2, 4, 5, 6].includes(said.exit ?? -1) || /nothing was touched/i.test(`${said.stderr}${said.stdout}`)
  if (!promised) return
  for (const [database, content] of contentsOf(before, operation))
    insistSame(
      `${database}, of which nothing was touched: ${told(one)}`,
      bare(after.sites[operation.site].databases[database]),
      bare(content),
    )
  insistSame(`backups, of which nothing was touched: ${told(one)}`, backupsIn(after), backupsIn(before))
}

/** The frame of a run that ended: events that say how, with the code that the process answered. */
export const judgeFrame = (one: Case): void => {
  const { operation, said } = one
  if (said.exit === null) return
  insist(finishedOf(said) !== undefined, () => `no run.finished: ${told(one)}`)
  insistSame(`exit of run.finished: ${told(one)}`, finishedOf(said)?.exit, said.exit)
  insist(!/Unexpected|undefined|\[object/.test(said.stderr), () => `a sentence is missing: ${told(one)}`)
  if (undisturbed(one)) return
  // Fewer files than are to go is a usage error of a rollback alone, and found in the databases.
  const codes = [0, 1, 4, 5, 6, ...(operation.op === 'rollback' ? [2] : [])]
  insist(codes.includes(said.exit), () => `an odd code: ${told(one)}`)
}
