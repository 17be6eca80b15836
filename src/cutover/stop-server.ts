import { AppError, exitCodes } from '../errors.ts'
import { readNextTransaction } from '../io/docker/control-data.ts'
import type { Facts } from '../model/journal.ts'
import { nextTransaction } from '../model/snapshot.ts'
import { isReset } from './plan/cutover.ts'
import { stopDatabase } from './stacks.ts'
import { checkWrites } from './take-backup.ts'
import type { CutoverTools } from './tools.ts'

const attempts = 5

/** Whoever is no application stack of ours may write until the very last moment: only the stopped server tells. */
const isDumped = async ({ docker, host, image, run }: CutoverTools, facts: Facts): Promise<boolean> => {
  const { volume } = host
  return (
    (await readNextTransaction(docker.docker, { volume, image, run })) ===
    nextTransaction(facts.transaction ?? '')
  )
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
 * Stops the server with everything that is carried over in a dump: what was written between the last dump and the end of
 * the server is dumped after all, from the server started once more.
 * @throws AppError (exit 1) when that never ends.
 */
export const stopServer = async (tools: CutoverTools, facts: Facts): Promise<Facts> => {
  const { frame, host } = tools
  let known = facts
  for (let tries = 1; tries <= attempts; tries++) {
    known = { ...known, ...(await stopDatabase(tools)) }
    if (frame.command === 'undo' || isReset(host.cutover) || (await isDumped(tools, known))) return known
    const [environment = ''] = frame.environments
    known = { ...known, ...(await checkWrites(tools, environment, known)) }
  }
  await stopDatabase(tools)
  throw stillWriting(tools)
}
