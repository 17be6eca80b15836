import type { CutoverOperation } from './cutover-operation.ts'
import { type Content, type CutoverWorld, lookAt, type SiteIs } from './cutover-world.ts'
import { describeSaid, finishedOf, type Said, say } from './said.ts'
import type { StackSite } from './stack-site.ts'
import { insist, insistSame } from './violation.ts'

/** What has to come of a site's next verbs. */
export type Standing = {
  /** A run that was killed, and what it leads to and from; undefined: nothing that could be told. */
  unfinished?: { to: Content; from: Content }
  /** What `--undo` brings back; null: nothing was cut over yet. */
  back: Content | null
}

/** A verb on a site, seen from all sides. */
export type CutoverCase = {
  operation: CutoverOperation
  site: StackSite
  said: Said
  before: SiteIs
  after: SiteIs
  standing: Standing
}

const fresh = (site: StackSite): Content => ({
  versions: Array.from({ length: site.files }, (_, index) => String(index + 1).padStart(5, '0')).join(' '),
  marks: '',
})

type Aim = { to: Content; back: Content }

/** Where the run leads when it goes well; undefined: it has to be refused. */
const aimOf = ({ operation, site, standing, before }: CutoverCase): Aim | undefined => {
  const { unfinished, back } = standing
  switch (operation.op) {
    case 'cutover':
      return unfinished ? undefined : { to: fresh(site), back: before.content }
    case 'resume':
      return unfinished && { to: unfinished.to, back: unfinished.from }
    case 'undo':
      // Who takes that back gets the unfinished one again, as it stood.
      if (unfinished) return { to: unfinished.from, back: undefined }
      return back === null ? undefined : { to: back, back: before.content }
    default:
      return undefined
  }
}

const withoutFiles = ({ content, copies }: SiteIs) => ({ content, copies })

const requireRefused = ({ said, before, after }: CutoverCase, codes: readonly number[]): void => {
  insist(codes.includes(said.exit ?? -1), () => `it had to be refused with ${codes}: ${describeSaid(said)}`)
  insistSame(`refused, and touched: ${describeSaid(said)}`, withoutFiles(after), withoutFiles(before))
}

/** Whether the killed run is still to be finished: the verbs that write refuse then, and say how to go on. */
const isUnfinished = async (world: CutoverWorld, site: StackSite): Promise<boolean> => {
  const said = await say(world.tool, site, { args: ['backup', 'dev', '--json'] })
  return said.exit === 4 && /cutover dev --resume/.test(`${said.stderr}${said.stdout}`)
}

/** What its undoing would bring: of a run that goes on with a killed one, what that one came from. */
const origin = ({ operation, standing, before }: CutoverCase): Content => {
  if (!standing.unfinished) return before.content
  return operation.op === 'resume' ? standing.unfinished.from : undefined
}

const judgeKilled = async (world: CutoverWorld, one: CutoverCase, aim: Aim): Promise<Standing> => {
  const { site, said, before, standing } = one
  if (await isUnfinished(world, site))
    return { back: standing.back, unfinished: { to: aim.to, from: origin(one) } }
  const { content } = await lookAt(world, site.name)
  if (JSON.stringify(content) === JSON.stringify(aim.to)) return { back: aim.back }
  insistSame(`neither finished nor to be finished: ${describeSaid(said)}`, content, before.content)
  // It had stopped nothing: whether its ways out lead anywhere is of no consequence.
  return { back: undefined }
}

/** A cutover, an undoing or a resumption: answers what its site's next verbs have to find. */
export const judgeCutover = async (world: CutoverWorld, one: CutoverCase): Promise<Standing> => {
  const { said, after, standing } = one
  const aim = aimOf(one)
  if (!aim) {
    requireRefused(one, [2, 4])
    return standing
  }
  if (said.exit === null) return judgeKilled(world, one, aim)
  insistSame(`exit: ${describeSaid(said)}`, said.exit, 0)
  insistSame(`run.finished: ${describeSaid(said)}`, finishedOf(said)?.exit, 0)
  insistSame(`what is there after: ${describeSaid(said)}`, after.content, aim.to)
  if (aim.back) insist(after.copies.length > 0, () => `no copy was kept: ${describeSaid(said)}`)
  return { back: aim.back }
}

/** A verb that must not come between: refused while a cutover is unfinished, with both ways out. */
export const judgeBetween = (one: CutoverCase): void => {
  const { operation, site, said, before, after, standing } = one
  if (standing.unfinished) {
    requireRefused(one, [4])
    for (const way of ['resume', 'undo'])
      insist(
        `${said.stderr}${said.stdout}`.includes(`cutover dev --${way}`),
        () => `it does not say --${way}: ${describeSaid(said)}`,
      )
  } else if (before.content) {
    // A server that was only started has no database yet.
    const isNothing = operation.op === 'backup' && before.content.versions === ''
    insistSame(`exit: ${describeSaid(said)}`, said.exit, isNothing ? 4 : 0)
    const { versions } = operation.op === 'up' ? { ...fresh(site) } : before.content
    insistSame(`what is there after: ${describeSaid(said)}`, after.content, { ...before.content, versions })
  }
}
