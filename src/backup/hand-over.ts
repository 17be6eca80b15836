import { AppError, exitCodes, interruptionCode } from '../errors.ts'
import type { Shell } from '../io/host/shell.ts'
import { quote, quoteAll } from '../model/quote.ts'

export type HandOver = {
  /** A line for `sh`, or the words of a command; the directory comes behind. */
  command: string | readonly string[]
  directory: string
  /** Where it runs. */
  cwd: string
  env: Record<string, string | undefined>
  onLine: (line: string) => void
  interrupt: AbortSignal
}

const missing = 127

/** @throws AppError (exit 1) with its last words: what was backed up is kept all the same. */
export const handOver = async (
  shell: Shell,
  { command, directory, cwd, env, onLine, interrupt }: HandOver,
): Promise<void> => {
  const words = typeof command === 'string' ? ['sh', '-c', `${command} "$1"`, 'sh'] : command
  // By `cd`, since a command that is not found says so in the same way.
  const line = ['sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', cwd, ...words, directory]
  const [file = 'sh', ...args] = line
  const { exitCode, stdout, stderr } = await shell(file, args, {
    env,
    signal: interrupt,
    isWork: true,
    onLine,
  })
  if (exitCode === 0) return
  const shown = `${typeof command === 'string' ? command : quoteAll(command)} ${quote(directory)}`
  if (interrupt.aborted)
    throw new AppError(`Interrupted by ${interrupt.reason} in after_backup.`, {
      exitCode: interruptionCode(interrupt.reason),
      hint: shown,
    })
  throw new AppError(`after_backup failed (exit code ${exitCode}).`, {
    exitCode: exitCodes.failed,
    details: (stderr.trim() || stdout.trim() || 'It said nothing.').split('\n').slice(-5),
    hint: exitCode === missing ? 'correct after_backup: in the config' : `cd ${quote(cwd)} && ${shown}`,
  })
}
