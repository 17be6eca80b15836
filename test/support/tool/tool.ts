import { PassThrough } from 'node:stream'
import { runCli } from '../../../src/cli.ts'
import type { Context } from '../../../src/model/context.ts'

export type ToolResult = { exit: number; stdout: string; stderr: string }

export type ToolOptions = {
  cwd: string
  env?: Record<string, string | undefined>
  hostname?: string
  interrupt?: AbortSignal
  stop?: AbortSignal
  /** What is typed at its question: then it has a terminal. */
  typed?: string
}

const collect = () => {
  let text = ''
  const write = (chunk: string): void => {
    text += chunk
  }
  const output = { write, columns: 80 }
  return { output, text: () => text }
}

/** What a command needs of the machine to reach Docker, and nothing else of the shell that runs the tests. */
export const baseEnv = (): Record<string, string | undefined> => {
  const { PATH, HOME, DOCKER_HOST, DOCKER_CONFIG, DOCKER_CONTEXT } = process.env
  return { PATH, HOME, DOCKER_HOST, DOCKER_CONFIG, DOCKER_CONTEXT, LANG: 'C.UTF-8' }
}

/** Runs one command line in this process, as main.ts would, with streams of its own and no terminal. */
export const runTool = async (args: readonly string[], options: ToolOptions): Promise<ToolResult> => {
  const stdout = collect()
  const stderr = collect()
  const stdin = new PassThrough()
  const terminal = new PassThrough().on('data', (chunk: Buffer) => stderr.output.write(String(chunk)))
  if (options.typed !== undefined) stdin.write(`${options.typed}\n`)
  const isTTY = options.typed !== undefined
  const context: Context = {
    cwd: options.cwd,
    env: { ...baseEnv(), ...options.env },
    hostname: options.hostname ?? 'test-machine',
    user: 'tester',
    pid: process.pid,
    nodeVersion: process.version,
    stdin: Object.assign(stdin, { isTTY }),
    stdout: stdout.output,
    stderr: isTTY ? Object.assign(terminal, { isTTY, columns: 80 }) : stderr.output,
    interrupt: options.interrupt ?? new AbortController().signal,
    stop: options.stop ?? new AbortController().signal,
  }
  const exit = await runCli(args, context)
  return { exit, stdout: stdout.text(), stderr: stderr.text() }
}

/** Runs a command line, as typed after `po-migrate`, in a project's directory. */
export const runIn = (
  { directory }: { directory: string },
  args: string,
  options: Omit<ToolOptions, 'cwd'> = {},
): Promise<ToolResult> => runTool(args.split(' '), { cwd: directory, ...options })
