import { AppError, exitCodes } from '../../errors.ts'
import { dataOf } from './data-directory.ts'
import type { Docker } from './docker.ts'
import { type Owner, runThrowaway } from './throwaway.ts'

/** In a shell: prints the control data of the directory that follows. */
export const readControl = 'pg_controldata -D'

const nextXid = /NextXID:\s+(\d+):(\d+)/
const epoch = 2n ** 32n

/** The next transaction id that control data tell. */
export const nextTransactionIn = (text: string): bigint | undefined => {
  const [, high, low] = nextXid.exec(text) ?? []
  return high === undefined || low === undefined ? undefined : BigInt(high) * epoch + BigInt(low)
}

type StoppedServer = {
  volume: string
  /** Where in it the data lie, as far as that is known. */
  data: string | undefined
  image: string
  owner: Owner
}

/**
 * The next transaction id of a server that was shut down, from its volume: what nobody can write after any more.
 * @throws AppError (exit 1) when the volume does not tell.
 */
export const readNextTransaction = async (
  docker: Docker,
  { volume, data = '', image, owner }: StoppedServer,
): Promise<bigint> => {
  const mounts = [{ volume, path: '/data', readOnly: true }]
  const script = `${dataOf}\n${readControl} "$(data_of /data "$1")"`
  const { output } = await runThrowaway(docker, { image, owner, script, args: [data], mounts })
  const next = nextTransactionIn(output)
  if (next !== undefined) return next
  throw new AppError(`The volume ${volume} does not tell where its server stopped.`, {
    exitCode: exitCodes.failed,
    details: output.trim().split('\n').slice(-3),
  })
}
