import { docker } from '../support/engine/docker.ts'
import type { CutoverOperation } from './cutover-operation.ts'
import { type CutoverWorld, lookAt, readContent } from './cutover-world.ts'
import { judgeBetween, judgeCutover, type Standing } from './judge-cutovers.ts'
import type { SiteName } from './operation.ts'
import { describeSaid, say } from './said.ts'
import { insistSame } from './violation.ts'

const other = (name: SiteName): SiteName => (name === 'first' ? 'second' : 'first')

const argumentsOf = ({ op }: CutoverOperation): string[] => {
  if (op === 'cutover') return ['cutover', 'dev', '--json']
  if (op === 'undo' || op === 'resume') return ['cutover', 'dev', `--${op}`, '--json']
  return [op, 'dev', '--json']
}

/** What there was before the first stack is nothing that could come back. */
const isOfNoConsequence = ({ op }: CutoverOperation, { unfinished, back }: Standing): boolean => {
  if (unfinished) return op === 'undo' && unfinished.from === undefined
  return back === undefined && (op === 'undo' || op === 'resume')
}

const step = async (
  world: CutoverWorld,
  operation: CutoverOperation,
  { standings, number }: { standings: Record<SiteName, Standing>; number: number },
): Promise<void> => {
  const site = world.sites[operation.site]
  if (operation.op === 'clock') {
    site.days = operation.days
    return
  }
  const standing = standings[site.name]
  if (isOfNoConsequence(operation, standing)) return
  if ('add' in operation && operation.add) site.add()
  const mark = `create table if not exists marks (text text); insert into marks values ('${site.name}-${number}')`
  const bare = await readContent(site)
  if (bare?.versions) await site.psql('app', mark)
  const [before, others] = [await lookAt(world, site.name), await lookAt(world, other(site.name))]
  const kill = 'kill' in operation ? operation.kill : undefined
  const said = await say(world.tool, site, {
    args: argumentsOf(operation),
    ...(kill && { fault: { kind: 'kill' as const, ...kill } }),
  })
  const after = await lookAt(world, site.name)
  insistSame(`the other project after ${describeSaid(said)}`, await lookAt(world, other(site.name)), others)
  const one = { operation, site, said, before, after, standing }
  if (operation.op === 'cutover' || operation.op === 'undo' || operation.op === 'resume')
    standings[site.name] = await judgeCutover(world, one)
  else judgeBetween(one)
  if (said.exit !== null)
    insistSame(
      'containers left',
      await docker(['ps', '--all', '--quiet', '--filter', `label=po-migrate.volume=${site.volume}`]),
      '',
    )
}

/** Plays a sequence from two empty hosts; what it throws is a violation. */
export const playCutovers = async (
  world: CutoverWorld,
  operations: readonly CutoverOperation[],
): Promise<{ number: number; error: Error } | undefined> => {
  await world.reset()
  const standings: Record<SiteName, Standing> = { first: { back: null }, second: { back: null } }
  for (const [number, operation] of operations.entries())
    try {
      await step(world, operation, { standings, number })
    } catch (error) {
      return { number, error: error as Error }
    }
  return undefined
}
