import { compareOrder, type Ordered } from '../../model/order.ts'
import { foldJournal, type Position } from '../../model/position.ts'
import type { State } from '../../model/state.ts'
import type { Host } from '../../model/types.ts'
import { listJournals, readEveryJournal, readJournal } from './journal.ts'
import { placeOfOld } from './sequence.ts'

/** Journals of releases that knew no projects belong to whoever has their volume. */
const isOurs = ({ frame }: Position, { own }: State, { volume }: Pick<Host, 'volume'>): boolean =>
  frame.project === undefined ? frame.volume === volume : own.includes(frame.project)

/** A run without a number is an older release's, which may have been used since: it is not old for that. */
const orderedIn = (state: State, { frame: { run, sequence } }: Position): Ordered => ({
  run,
  sequence: sequence ?? placeOfOld(state, run),
})

/** The project's runs on a host by their journals, newest first, finished or not, whatever volume they were about. */
export const readRuns = (state: State, host: Pick<Host, 'name' | 'volume'>): Position[] =>
  listJournals(state)
    .flatMap((run) => foldJournal(readJournal(state, run)) ?? [])
    .filter((position) => position.frame.host === host.name && isOurs(position, state, host))
    .sort((a, b) => compareOrder(orderedIn(state, b), orderedIn(state, a)))

/** Those about the volume that the host has now: what may be gone on with, or taken back. */
export const readVolumeRuns = (state: State, host: Pick<Host, 'name' | 'volume'>): Position[] =>
  readRuns(state, host).filter(({ frame }) => frame.volume === host.volume)

/** The newest run of a host of that name about another volume, or else, by its own date, of another project. */
export const readForeignRun = (state: State, host: Pick<Host, 'name' | 'volume'>): Position | undefined =>
  readRuns(state, host).find(({ frame }) => frame.volume !== host.volume) ??
  readEveryJournal(state)
    .flatMap((lines) => foldJournal(lines) ?? [])
    .filter((one) => one.frame.host === host.name)
    .filter((one) => one.frame.volume !== host.volume || !isOurs(one, state, host))
    .sort((a, b) => compareOrder({ run: a.frame.run }, { run: b.frame.run }))
    .at(-1)
