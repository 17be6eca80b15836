import { type Case, told, undisturbed } from './case.ts'
import { backupsIn, type Content, databasesOf } from './look.ts'
import { insist, insistSame } from './violation.ts'

const withoutLedger = (content: Content | undefined): unknown =>
  content && { ...content, ledger: content.ledger.length > 0 }

const isSame = (one: Content | undefined, other: Content | undefined): boolean =>
  JSON.stringify(withoutLedger(one)) === JSON.stringify(withoutLedger(other))

type Databases = Readonly<Record<string, Content>>

/** What was replaced stands beside. */
const judgeReplaced = (one: Case, names: readonly string[]): void => {
  const { operation, before, after } = one
  const [was, is] = [before.sites[operation.site], after.sites[operation.site]]
  const fresh = Object.entries(is.beside).filter(
    ([name]) => name.includes('_before_') && was.beside[name] === undefined,
  )
  for (const name of names.filter((found) => was.databases[found]))
    insist(
      fresh.some(([, content]) => isSame(content, was.databases[name])),
      () => `${name} was replaced, and is kept nowhere: ${told(one)}`,
    )
}

/** All that the backup holds, or all that was there: and the former only where that was confirmed and is no other project's. */
export const judgeRestore = (one: Case): void => {
  const { operation, said, before, after, from } = one
  if (operation.op !== 'restore' || !from) return
  insistSame(`backups: ${told(one)}`, backupsIn(after), backupsIn(before))
  const refused = operation.of === 'foreign' || !operation.confirm
  if (undisturbed(one)) insistSame(`exit: ${told(one)}`, said.exit, refused ? 4 : 0)
  const names = databasesOf(operation.stage).filter((name) => from.contents[name])
  const is = after.sites[operation.site].databases
  const matches = (right: Databases): boolean => names.every((name) => isSame(is[name], right[name]))
  const stayed = matches(before.sites[operation.site].databases)
  const restored = matches(from.contents)
  const swapped = said.events.some((event) => event.kind === 'swap-databases' && event.status === 'done')
  insist(stayed || restored, () => `neither what was there nor what the backup holds: ${told(one)}`)
  if (said.exit === 0 || swapped) insist(restored, () => `it is not what the backup holds: ${told(one)}`)
  if (refused) insist(stayed, () => `restored, and nobody had confirmed: ${told(one)}`)
  if (restored && !stayed) judgeReplaced(one, names)
}
