import { AppError, exitCodes } from '../../errors.ts'
import type { Docker } from './docker.ts'
import { type Owner, runThrowaway } from './throwaway.ts'

const script = `control=$(find /data -maxdepth 4 -path '*/global/pg_control' | head -n 1)
pg_controldata -D "\${control%/global/pg_control}"`
const nextXid = /NextXID:\s+(\d+):(\d+)/
const epoch = 2n ** 32n

/**
 * The next transaction id of a server that was shut down, from its volume: what nobody can write after any more.
 * @throws AppError (exit 1) when the volume does not tell.
 */
export const readNextTransaction = async (
  docker: Docker,
  { volume, image, owner }: { volume: string; image: string; owner: Owner },
): Promise<bigint> => {
  const mounts = [{ volume, path: '/data', readOnly: true }]
  const { output } = await runThrowaway(docker, { image, owner, script, mounts })
  const [, high, low] = nextXid.exec(output) ?? []
  if (high !== undefined && low !== undefined) return BigInt(high) * epoch + BigInt(low)
  throw new AppError(`The volume ${volume} does not tell where its server stopped.`, {
    exitCode: exitCodes.failed,
    details: output.trim().split('\n').slice(-3),
  })
}
