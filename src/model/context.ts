/** A stream to write text to; a terminal knows its width. */
export type Output = { write: (text: string) => unknown; isTTY?: boolean; columns?: number }

/** Everything a command takes from the outside world; only main.ts makes one. */
export type Context = {
  cwd: string
  env: Record<string, string | undefined>
  hostname: string
  /** Login name of the process' owner, or the number of one who has none. */
  user: string
  pid: number
  nodeVersion: string
  /** The directory above dist/; absent when the sources run. */
  root?: string
  /** Relayed: what is typed on the terminal of whoever asked over ssh comes line by line. */
  stdin: NodeJS.ReadableStream & { isTTY?: boolean; isRelayed?: boolean }
  stdout: Output
  stderr: Output
  /** Starts the tool once more, in a session of its own, its stderr going to the log; absent where there is one process only. */
  detach?: (args: readonly string[], log: string) => Detached
  /** Aborted at the first SIGINT or SIGTERM, with its name as the reason: finish the running step, start no other. */
  interrupt: AbortSignal
  /** Aborted at the second: end the running step now, clean up. */
  stop: AbortSignal
  /** Told when a second signal ends the process before what it waits for has ended. */
  lastWords?: LastWords
}

/** Set by whoever knows how things stand. */
export type LastWords = {
  say: (reason: InterruptReason) => void
  /** Milliseconds after the second signal; longer for whoever waits for another process to say the same. */
  patience?: number
}

/** A process of the tool that outlives this one. */
export type Detached = { isAlive: () => boolean; signal: (name: InterruptReason | 'SIGKILL') => void }

export type InterruptReason = 'SIGINT' | 'SIGTERM'
