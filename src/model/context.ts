/** A stream to write text to; a terminal knows its width. */
export type Output = { write: (text: string) => unknown; isTTY?: boolean; columns?: number }

/** Everything a command takes from the outside world; only main.ts makes one. */
export type Context = {
  cwd: string
  env: Record<string, string | undefined>
  hostname: string
  /** Login name of the process' owner. */
  user: string
  pid: number
  nodeVersion: string
  /** The directory above dist/; absent when the sources run. */
  root?: string
  /** Relayed: what is typed on the terminal of whoever asked over ssh comes line by line. */
  stdin: NodeJS.ReadableStream & { isTTY?: boolean; isRelayed?: boolean }
  stdout: Output
  stderr: Output
  /** Aborted at the first SIGINT or SIGTERM, with its name as the reason: finish the running step, start no other. */
  interrupt: AbortSignal
  /** Aborted at the second: end the running step now, clean up. */
  stop: AbortSignal
}

export type InterruptReason = 'SIGINT' | 'SIGTERM'
