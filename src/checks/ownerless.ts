import { type KeptBackup, listOwnerless } from '../backup/directory.ts'
import { takeIn, takeInCommand } from '../backup/owner.ts'
import { otherProjects } from '../io/host/projects.ts'
import { quote } from '../model/quote.ts'
import type { State } from '../model/state.ts'
import type { Check, Warning } from './check.ts'

export type OwnerlessFacts = {
  environment: string
  /** What their directories' names may begin with. */
  labels: readonly string[]
  /** Names on the server. */
  managed: readonly string[]
  requireState: () => State
}

const find = ({ labels, requireState }: OwnerlessFacts): KeptBackup[] =>
  labels.flatMap((label) => listOwnerless(requireState(), label))

/** Why it may be somebody else's; nothing: it can only be this project's. */
const doubt = ({ manifest }: KeptBackup, { managed, requireState }: OwnerlessFacts): string | undefined => {
  const others = otherProjects(requireState())
  if (others.length > 0) return `${others.join(', ')} may have made it`
  if (!manifest) return 'its manifest cannot be read'
  const strange = manifest.databases.map(({ inventory }) => inventory.name)
  const [first] = strange.filter((name) => !managed.includes(name))
  return first === undefined ? undefined : `its database ${first} is none of these environments`
}

const check = (facts: OwnerlessFacts): string | Warning => {
  const found = find(facts)
  if (found.length === 0) return 'none'
  const doubts = found.map((kept) => doubt(kept, facts))
  const sure = found.filter((_, index) => doubts[index] === undefined)
  const { project } = facts.requireState()
  const told = found.map(
    ({ directory }, index) => `${directory}${doubts[index] ? ` (${doubts[index]})` : ''}`,
  )
  return {
    warning: `${told.join(', ')}: of a release that wrote no project; listed, and never pruned`,
    remedy:
      sure.length > 0
        ? `po-migrate doctor ${facts.environment} --fix`
        : found.map(({ directory }) => takeInCommand(quote(directory), project)).join('\n'),
    ...(sure.length > 0 && {
      fix: async () => {
        for (const { directory } of sure) takeIn(directory, facts.requireState())
        const left = found.filter((kept) => !sure.includes(kept)).map(({ directory }) => directory)
        const rest =
          left.length > 0 ? `; left as they are, since they may be another's: ${left.join(', ')}` : ''
        return `${sure.map(({ directory }) => directory).join(', ')}: of ${project} from now on${rest}`
      },
    }),
  }
}

/** Backups of releases that wrote no project: whose they are has to be said once. */
export const ownerlessCheck = (facts: OwnerlessFacts): Check => ({
  title: 'backups of older releases',
  needs: 'state directory',
  run: () => check(facts),
})
