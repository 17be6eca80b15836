import { compareOrder } from '../model/order.ts'
import { foldJournal, type Position } from '../model/position.ts'
import type { State } from '../model/state.ts'
import type { Host } from '../model/types.ts'
import { listJournals, readJournal } from './journal.ts'

/** Journals of releases that knew no projects belong to whoever has their volume. */
const isOurs = ({ frame }: Position, { own }: State, { volume }: Pick<Host, 'volume'>): boolean =>
  frame.project === undefined ? frame.volume === volume : own.includes(frame.project)

/** The project's runs on a host by their journals, newest first, finished or not. */
export const readRuns = (state: State, host: Pick<Host, 'name' | 'volume'>): Position[] =>
  listJournals(state)
    .flatMap((run) => foldJournal(readJournal(state, run)) ?? [])
    .filter((position) => position.frame.host === host.name && isOurs(position, state, host))
    .sort((a, b) => compareOrder(b.frame, a.frame))
