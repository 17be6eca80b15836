import { type CutoverFrame, copyName, isReset, type KeptContainer } from '../../model/cutover.ts'
import type { Plan } from '../../model/plan.ts'
import type { CutoverSettings, Stack } from '../../model/types.ts'
import type { CutoverStep } from '../steps/cutover-kinds.ts'

export type CutoverWorld = {
  run: string
  host: { name: string; volume: string; stack: Stack; cutover: CutoverSettings }
  /** Every environment on this host: one server holds them all. */
  environments: readonly string[]
  missingNetworks: readonly string[]
  volumeExists: boolean
  /** Where in it the data lie. */
  data?: string | undefined
  /** Containers of the application stacks that run now. */
  containers: readonly KeptContainer[]
  /** Id of the image of the database's container. */
  image: string | undefined
  carried: CutoverFrame['carried']
  dropped?: readonly string[]
  configs?: CutoverFrame['configs']
}

/** What a run acts on, and what it will do. */
export type PlannedCutover = { frame: CutoverFrame; plan: Plan<CutoverStep> }

/** Everything slow but the cold copy stands before the first stop. */
const backUp = ({ host, environments: [first = ''] }: CutoverWorld): CutoverStep[] =>
  isReset(host.cutover) ? [] : [{ kind: 'back-up', environment: first }]

const check = (
  kind: 'check-writes' | 'check-stopped',
  { host, environments: [first = ''] }: CutoverWorld,
): CutoverStep[] => (isReset(host.cutover) ? [] : [{ kind, environment: first }])

/** Roles before the migrations, which may grant to them; databases after, so that nothing stands in the migrations' way. */
const rebuild = ({ host, environments, carried }: CutoverWorld): CutoverStep[] => {
  const [environment = ''] = environments
  const migrate = environments.map((name): CutoverStep => ({ kind: 'migrate', environment: name }))
  if (isReset(host.cutover)) return migrate
  return [
    { kind: 'carry-system', environment },
    { kind: 'carry-roles', environment },
    ...migrate,
    ...carried.databases.map((database): CutoverStep => ({ kind: 'carry-database', database, environment })),
    { kind: 'carry-settings', environment },
  ]
}

/** All start, and then each is waited for: their health checks take their time side by side. */
export const startAgain = (containers: readonly KeptContainer[]): CutoverStep[] => {
  const projects = [...new Set(containers.map(({ project }) => project))]
  return (['start-containers', 'wait-healthy'] as const).flatMap((kind) =>
    projects.map((project) => ({ kind, project })),
  )
}

/** What a cutover will do, from a host as it is. */
export const planCutover = (world: CutoverWorld): PlannedCutover => {
  const { run, host, environments, containers, image, carried } = world
  const { name, volume, stack, cutover } = host
  const copy = copyName(volume, run)
  const steps: CutoverStep[] = [
    ...world.missingNetworks.map((network): CutoverStep => ({ kind: 'create-network', network })),
    ...backUp(world),
    ...cutover.stacks.map(({ project }): CutoverStep => ({ kind: 'stop-stack', project })),
    ...check('check-writes', world),
    { kind: 'stop-stack', project: stack.project },
    ...check('check-stopped', world),
    ...(world.volumeExists ? [{ kind: 'copy-volume', volume, copy } as const] : []),
    { kind: 'wipe-volume', volume },
    { kind: 'start-stack', stack },
    ...rebuild(world),
    ...environments.map((environment): CutoverStep => ({ kind: 'verify', environment })),
    ...startAgain(containers),
    { kind: 'discard-copies', volume },
  ]
  return {
    frame: {
      run,
      command: 'cutover',
      host: name,
      volume,
      copy,
      ...(world.data !== undefined && { data: world.data }),
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
