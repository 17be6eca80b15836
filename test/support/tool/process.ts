import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../engine/docker.ts'
import { baseEnv, type ToolResult } from './tool.ts'

export type ToolProcess = {
  child: ChildProcess
  /** What it wrote so far. */
  stderr: () => string
  /** `exit` is -1 when a signal ended it. */
  ended: Promise<ToolResult>
}

export type ProcessOptions = {
  cwd: string
  env?: Record<string, string | undefined>
  /** What Node runs; the sources where nothing else is said. */
  entry?: string
}

const source = join(import.meta.dirname, '../../../src/main.ts')

/** The tool as a process of its own, which can be sent signals. */
export const startTool = (
  args: readonly string[],
  { cwd, env, entry = source }: ProcessOptions,
): ToolProcess => {
  const child = spawn(process.execPath, [entry, ...args], {
    cwd,
    env: { ...baseEnv(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk
    })
  const ended = new Promise<ToolResult>((resolve) => {
    child.once('close', (code) => resolve({ exit: code ?? -1, ...text }))
  })
  return { child, stderr: () => text.stderr, ended }
}

/** The second signal comes more than a second after the first was heard; answers when, by `performance.now()`. */
export const signalTwice = async (
  { child, stderr }: ToolProcess,
  signal: NodeJS.Signals,
): Promise<number> => {
  child.kill(signal)
  await eventually(
    'the first signal to be heard',
    () => stderr().includes('again to end it now') || undefined,
  )
  await sleep(1200)
  const asked = performance.now()
  child.kill(signal)
  return asked
}
