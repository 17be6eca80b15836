import { usageError } from '../errors.ts'
import { nearest } from '../model/nearest.ts'
import type { Fleet } from '../model/types.ts'
import { type JudgedNames, sourceWords } from './judge-names.ts'
import { fewNames } from './tell.ts'

/** All of a fleet, or those of `--db FLEET/NAME`. @throws AppError (exit 2) for a name that the fleet does not have. */
export const chooseMembers = (fleet: Fleet, judged: JudgedNames): JudgedNames => {
  const { name, only, suffix } = fleet
  if (!only) return judged
  const all = [...judged.members, ...judged.refused.map(({ managed }) => managed)]
  const keys = all.flatMap(({ member }) => member?.key ?? [])
  const stranger = only.find((key) => !keys.includes(key))
  if (stranger !== undefined) {
    const bare = stranger.endsWith(suffix) ? stranger.slice(0, stranger.length - suffix.length) : stranger
    const meant = keys.includes(bare) ? bare : nearest(stranger, keys)
    throw usageError(
      `${name} has no database "${stranger}": ${sourceWords(fleet)} does not name it.`,
      meant === undefined ? `--db ${name}, or --db ${name}/NAME` : `--db ${name}/${meant}`,
      [`known: ${fewNames(keys) || 'none'}`],
    )
  }
  const isChosen = (key = ''): boolean => only.includes(key)
  return {
    members: judged.members.filter(({ member }) => isChosen(member?.key)),
    refused: judged.refused.filter(({ managed }) => isChosen(managed.member?.key)),
    notes: [],
  }
}
