import { chance, pick, type Random, seededRandom } from '../support/random.ts'
import { type Fault, type SiteName, sites } from './operation.ts'

/** On the host `dev` of a project: a cutover, a way out of it, or a verb that must not come between. */
export type CutoverOperation =
  | { op: 'cutover' | 'undo' | 'resume'; site: SiteName; kill?: Omit<Fault, 'kind'> }
  | { op: 'up' | 'backup' | 'start'; site: SiteName; add?: boolean }
  | { op: 'clock'; site: SiteName; days: number }

const verbs = [
  'cutover',
  'cutover',
  'undo',
  'undo',
  'resume',
  'resume',
  'up',
  'backup',
  'start',
  'clock',
] as const
const days = [-400, -30, 1, 400]

const next = (random: Random): CutoverOperation => {
  const op = pick(random, verbs)
  const site = pick(random, sites)
  if (op === 'clock') return { op, site, days: pick(random, days) }
  if (op === 'up' || op === 'backup' || op === 'start') return { op, site, add: chance(random, 0.5) }
  return {
    op,
    site,
    ...(chance(random, 0.4) && {
      kill: { at: Math.floor(random() * 14), after: Math.floor(random() * 600) },
    }),
  }
}

/** The sequence of a seed. */
export const generateCutovers = (seed: number): CutoverOperation[] => {
  const random = seededRandom(seed)
  for (let round = 0; round < 5; round++) random()
  const begin: CutoverOperation = { op: 'cutover', site: pick(random, sites) }
  return [begin, ...Array.from({ length: 4 + Math.floor(random() * 3) }, () => next(random))]
}
