import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { baseEnv } from '../tool/tool.ts'

export type CommandResult = { exit: number; stdout: string; stderr: string }

export type CommandOptions = {
  env?: Record<string, string | undefined>
  cwd?: string
  input?: string | Buffer
}

/** Runs a command with the tests' small environment; the exit code is part of the answer. */
export const run = (
  file: string,
  args: readonly string[],
  { env, cwd, input }: CommandOptions = {},
): Promise<CommandResult> =>
  new Promise((resolve) => {
    const options = { env: { ...baseEnv(), ...env }, maxBuffer: 2 ** 26, ...(cwd && { cwd }) }
    const child = execFile(file, args, options, (error, stdout, stderr) =>
      resolve({ exit: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
    )
    // A command that ends without reading its input is not an error.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input ?? '')
  })

/** The docker CLI's stdout, trimmed. @throws with its stderr when it fails. */
export const docker = async (args: readonly string[], options: CommandOptions = {}): Promise<string> => {
  const { exit, stdout, stderr } = await run('docker', args, options)
  if (exit !== 0) throw new Error(`docker ${args.slice(0, 2).join(' ')}: ${stderr || stdout}`)
  return stdout.trim()
}

/** A name that no other run of the tests has, for networks, volumes, containers and projects. */
export const uniqueName = (what: string): string => `pmt-${what}-${randomBytes(4).toString('hex')}`

/** Asks again until there is an answer. @throws after the given time. */
export const eventually = async <T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  within = 60_000,
): Promise<T> => {
  for (const deadline = Date.now() + within; Date.now() < deadline; ) {
    const answer = await ask()
    if (answer !== undefined && answer !== false && answer !== '') return answer
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`waited in vain for ${what}`)
}
