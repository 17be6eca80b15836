import type { Kind } from '../../model/kind.ts'
import type { Swap } from '../../model/step.ts'
import type { RestoreTools } from './restore-kinds.ts'

export type SwapDatabases = { kind: 'swap-databases'; swaps: readonly Swap[] }

const namesIn = (swaps: readonly Swap[]): string => swaps.map(({ database }) => database).join(', ')

const keeping = (swaps: readonly Swap[]): string => {
  const kept = swaps.flatMap(({ replaced }) => replaced ?? [])
  return kept.length > 0 ? `, what is there now stays as ${kept.join(', ')}` : ''
}

export const swapDatabases: Kind<SwapDatabases, RestoreTools> = {
  words: ({ swaps }) => [namesIn(swaps), `swap in one transaction${keeping(swaps)}`],
  line: ({ swaps }) => `swap ${namesIn(swaps)}`,
  perform: async ({ swaps }, { restore }) => (await restore()).swap(swaps),
  isAtomic: true,
  left: ({ swaps }, status) => {
    // One that failed says itself how it left them.
    if (status === 'failed') return []
    return [`${namesIn(swaps)} ${status === 'done' ? 'restored' : 'as before'}`]
  },
}
