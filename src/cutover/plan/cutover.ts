import { type CutoverFrame, copyName, type KeptContainer } from '../../model/cutover.ts'
import type { Plan, Step } from '../../model/plan.ts'
import type { CutoverSettings, Stack } from '../../model/types.ts'

export type CutoverWorld = {
  run: string
  host: { name: string; volume: string; stack: Stack; cutover: CutoverSettings }
  /** Every environment on this host: one server holds them all. */
  environments: readonly string[]
  missingNetworks: readonly string[]
  volumeExists: boolean
  /** Containers of the application stacks that run now. */
  containers: readonly KeptContainer[]
  /** Id of the image of the database's container. */
  image: string | undefined
  carried: CutoverFrame['carried']
  dropped?: readonly string[]
  configs?: CutoverFrame['configs']
}

/** What a run acts on, and what it will do. */
export type PlannedCutover = { frame: CutoverFrame; plan: Plan }

/** A host with an abort window is one whose data may go: a laptop's. */
export const isReset = ({ abortWindow }: CutoverSettings): boolean => abortWindow !== undefined

/** Everything slow but the cold copy stands before the first stop. */
const backUp = ({ host, environments: [first = ''] }: CutoverWorld): Step[] =>
  isReset(host.cutover) ? [] : [{ kind: 'back-up', environment: first }]

const checkWrites = ({ host, environments: [first = ''] }: CutoverWorld): Step[] =>
  isReset(host.cutover) ? [] : [{ kind: 'check-writes', environment: first }]

/** Roles before the migrations, which may grant to them; databases after, so that nothing stands in the migrations' way. */
const rebuild = ({ host, environments, carried }: CutoverWorld): Step[] => {
  const [environment = ''] = environments
  const migrate = environments.map((name): Step => ({ kind: 'migrate', environment: name }))
  if (isReset(host.cutover)) return migrate
  return [
    { kind: 'carry-roles', environment },
    ...migrate,
    ...carried.databases.map((database): Step => ({ kind: 'carry-database', database, environment })),
    { kind: 'carry-settings', environment },
  ]
}

const projectsOf = (containers: readonly KeptContainer[]): string[] => [
  ...new Set(containers.map(({ project }) => project)),
]

/** What a cutover will do, from a host as it is. */
export const planCutover = (world: CutoverWorld): PlannedCutover => {
  const { run, host, environments, containers, image, carried } = world
  const { name, volume, stack, cutover } = host
  const copy = copyName(volume, run)
  const steps: Step[] = [
    ...world.missingNetworks.map((network): Step => ({ kind: 'create-network', network })),
    ...backUp(world),
    ...cutover.stacks.map(({ project }): Step => ({ kind: 'stop-stack', project })),
    ...checkWrites(world),
    { kind: 'stop-stack', project: stack.project },
    ...(world.volumeExists ? [{ kind: 'copy-volume', volume, copy } as const] : []),
    { kind: 'wipe-volume', volume },
    { kind: 'start-stack', stack },
    ...rebuild(world),
    ...environments.map((environment): Step => ({ kind: 'verify', environment })),
    ...projectsOf(containers).map((project): Step => ({ kind: 'start-containers', project })),
    { kind: 'discard-copies', volume },
  ]
  return {
    frame: {
      run,
      command: 'cutover',
      host: name,
      volume,
      copy,
      environments,
      containers,
      ...(image && { image }),
      carried,
      dropped: world.dropped ?? [],
      ...(world.configs && { configs: world.configs }),
    },
    plan: { version: 1, command: 'cutover', environment: name, steps },
  }
}
