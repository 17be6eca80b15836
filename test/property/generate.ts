import { chance, pick, type Random, seededRandom } from '../support/random.ts'
import {
  type Fault,
  type FileKind,
  type Operation,
  type SiteName,
  type Stage,
  sites,
  stages,
  stores,
} from './operation.ts'

const kinds: readonly FileKind[] = ['table', 'table', 'table', 'slow', 'index', 'failing']
const days = [-3650, -400, -30, -1, 1, 30, 400, 3650]

/** Lines of events that a run of the verb may have: a fault strikes after one of them. */
const lines = { up: 6, rollback: 5, backup: 9, restore: 7 } as const

const fault = (random: Random, verb: keyof typeof lines): { fault: Fault } | Record<string, never> => {
  if (!chance(random, 0.3)) return {}
  const kind = chance(random, 0.7) ? 'kill' : 'end-sessions'
  const at = Math.floor(random() * lines[verb])
  return { fault: { kind, at, after: Math.floor(random() * (at === 0 ? 1000 : 500)) } }
}

type Name = Operation['op']

/** What a sequence is mostly about: a few rare things that never meet show nothing. */
const flavours: readonly Record<Name, number>[] = [
  { up: 6, rollback: 4, backup: 2, restore: 1, clock: 1, 'old-backup': 0 },
  { up: 1, rollback: 1, backup: 8, restore: 1, clock: 3, 'old-backup': 1 },
  { up: 2, rollback: 1, backup: 4, restore: 6, clock: 1, 'old-backup': 1 },
]

const weighted = (random: Random, weights: Record<Name, number>): Name =>
  pick(
    random,
    (Object.keys(weights) as Name[]).flatMap((name) => Array.from({ length: weights[name] }, () => name)),
  )

const addition = (random: Random) =>
  Array.from({ length: Math.floor(random() * 3) }, () => ({
    store: pick(random, stores),
    kind: pick(random, kinds),
  }))

type Home = { site: SiteName; stage: Stage; weights: Record<Name, number> }

const next = (random: Random, home: Home): Operation => {
  const site = chance(random, 0.7) ? home.site : pick(random, sites)
  const at = { site, stage: chance(random, 0.7) ? home.stage : pick(random, stages) }
  const op = weighted(random, home.weights)
  switch (op) {
    case 'up':
      return { op, ...at, add: addition(random), mend: chance(random, 0.7), ...fault(random, op) }
    case 'rollback': {
      const steps = 1 + Math.floor(random() * 2)
      return { op, ...at, store: pick(random, stores), steps, ...fault(random, op) }
    }
    case 'backup':
      return { op, ...at, ...fault(random, op) }
    case 'restore': {
      const of = pick(random, ['own', 'own', 'own', 'foreign', 'old'] as const)
      const which = Math.floor(random() * 4)
      return { op, ...at, of, which, confirm: chance(random, 0.8), ...fault(random, op) }
    }
    case 'clock':
      return { op, site, days: pick(random, days) }
    case 'old-backup':
      return { op, ...at }
  }
}

/** The sequence of a seed: both projects begin with something applied. */
export const generate = (seed: number): Operation[] => {
  const random = seededRandom(seed)
  // The first numbers of small seeds are much alike.
  for (let round = 0; round < 5; round++) random()
  const home = { site: pick(random, sites), stage: pick(random, stages), weights: pick(random, flavours) }
  const first = stores.map((store) => ({ store, kind: 'table' as const }))
  const begin = sites.map(
    (site): Operation => ({ op: 'up', site, stage: home.stage, add: first, mend: false }),
  )
  return [...begin, ...Array.from({ length: 4 + Math.floor(random() * 5) }, () => next(random, home))]
}
