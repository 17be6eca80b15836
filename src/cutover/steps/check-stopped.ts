import { AppError, exitCodes } from '../../errors.ts'
import { readNextTransaction } from '../../io/docker/control-data.ts'
import type { Facts } from '../../model/journal.ts'
import { nextTransaction } from '../../model/snapshot.ts'
import { dumpAgain } from '../dump.ts'
import { stopDatabase } from '../stacks.ts'
import { type CutoverKind, type CutoverTools, ownerOf } from '../tools.ts'

export type CheckStopped = { kind: 'check-stopped'; environment: string }

const attempts = 5

/** Whoever is no application stack of ours may write until the very last moment: only the stopped server tells. */
const isDumped = async (tools: CutoverTools, facts: Facts): Promise<boolean> => {
  const { docker, host, image, frame } = tools
  const of = { volume: host.volume, data: frame.data, image, owner: ownerOf(tools) }
  return (await readNextTransaction(docker.client, of)) === nextTransaction(facts.transaction ?? '')
}

const stillWriting = ({ host }: CutoverTools): AppError =>
  new AppError(
    `Somebody keeps writing to Postgres on ${host.name}: each dump was old before it had stopped.`,
    {
      exitCode: exitCodes.failed,
      details: [
        `It is nothing of hosts.${host.name}.cutover.stacks; pg_stat_activity of a running server shows it. Stop it first.`,
      ],
    },
  )

/**
 * What was written between the last dump and the end of the server is dumped after all, from the server started once more.
 * @throws AppError (exit 1) when that never ends.
 */
export const checkStopped: CutoverKind<CheckStopped> = {
  words: () => ['backup', 'take it again, should anything have been written until it stopped'],
  perform: async ({ environment }, { tools, facts }) => {
    let known: Facts = facts
    for (let tries = 1; tries <= attempts; tries++) {
      // Also the first time: a call that died may have started it.
      known = { ...known, ...(await stopDatabase(tools)) }
      if (await isDumped(tools, known)) return known
      known = { ...known, ...(await dumpAgain(tools, environment, known)) }
    }
    await stopDatabase(tools)
    throw stillWriting(tools)
  },
}
