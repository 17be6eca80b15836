import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import {
  connectionString,
  cut,
  type DumpOptions,
  type DumpTarget,
  failedTool,
  meter,
  runTool,
} from './dump-tool.ts'

/**
 * Restores a dump into an empty database, stopping at the first error.
 * @throws AppError (exit 1) with pg_restore's own words, or cut short.
 */
export const restoreDatabase = async (
  target: DumpTarget,
  options: DumpOptions & {
    database: string
    /** Puts tables where they were; a scratch server has no tablespaces. */
    tablespaces: boolean
  },
): Promise<void> => {
  const { database, file, tablespaces, onProgress, signal } = options
  const what = `Restoring ${file} into ${database}`
  if (signal?.aborted) throw cut(what)
  const { size } = await stat(file)
  const count = meter(onProgress, size)
  async function* read(): AsyncGenerator<Buffer> {
    for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 18 })) {
      count(chunk.length)
      yield chunk
    }
  }
  const command = [
    'pg_restore',
    '--no-password',
    `--username=${target.user}`,
    '--exit-on-error',
    ...(tablespaces ? [] : ['--no-tablespaces']),
    `--dbname=${connectionString(database)}`,
  ]
  const result = await runTool(target, { command, input: read(), ...(signal && { signal }) })
  if (signal?.aborted) throw cut(what)
  if (result.exitCode !== 0) throw failedTool(what, result, target)
}
