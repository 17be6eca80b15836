export type ShellOptions = {
  /** The whole environment of the command: nothing is inherited. */
  env: Record<string, string | undefined>
  input?: string
  signal?: AbortSignal
  /** Called with every line of the command's stderr, as it comes. */
  onLine?: (line: string) => void
}

export type ShellResult = { exitCode: number; stdout: string; stderr: string }

/** Runs a command without a shell, in a process group of its own, stdin closed. Never throws for an exit code. */
export type Shell = (file: string, args: readonly string[], options: ShellOptions) => Promise<ShellResult>

const notFound = 127

export const runShell: Shell = async (file, args, { env, input, signal, onLine }) => {
  // Loaded late: execa costs 90 ms, and most runs start no process.
  const { execa } = await import('execa')
  const subprocess = execa(file, args, {
    env,
    extendEnv: false,
    reject: false,
    detached: true,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    ...(signal && { cancelSignal: signal }),
  })
  if (onLine) for await (const line of subprocess.iterable({ from: 'stderr' })) onLine(line)
  const { exitCode, stdout, stderr, shortMessage } = await subprocess
  return { exitCode: exitCode ?? notFound, stdout, stderr: stderr || (exitCode ? '' : (shortMessage ?? '')) }
}
