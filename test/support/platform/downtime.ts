import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '../engine/docker.ts'

export type Downtime = {
  /** Milliseconds from the last good answer before the first bad one to the first good one after the last bad one. */
  end: () => Promise<number>
}

const addressOf = async (container: string): Promise<string> => {
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
  return (await run('docker', ['inspect', '--format', format, container])).stdout.trim()
}

const answers = async (address: string): Promise<boolean> => {
  if (!address) return false
  try {
    return (await fetch(`http://${address}:8080/healthz`, { signal: AbortSignal.timeout(2000) })).ok
  } catch {
    return false
  }
}

type Seen = { lastGood: number; firstGood: number; bad: number }

/** Bad answers in a row that make a downtime: a busy machine may owe one or two. */
const several = 3

const note = (seen: Seen, good: boolean): void => {
  if (!good) {
    seen.bad++
    if (seen.bad >= several) seen.firstGood = 0
  } else if (seen.bad < several) {
    seen.bad = 0
    seen.lastGood = Date.now()
  } else if (seen.firstGood === 0) seen.firstGood = Date.now()
}

/** Asks a service of the platform again and again, as its users would. */
export const watchService = (container: string): Downtime => {
  const stop = new AbortController()
  const seen: Seen = { lastGood: Date.now(), firstGood: 0, bad: 0 }
  const watch = async (): Promise<void> => {
    for (let address = ''; !stop.signal.aborted; await sleep(100)) {
      address ||= await addressOf(container)
      const good = await answers(address)
      note(seen, good)
      // It may have another one when it is back.
      if (!good) address = ''
    }
  }
  const watching = watch()
  return {
    end: async () => {
      stop.abort()
      await watching
      return seen.firstGood === 0 ? 0 : seen.firstGood - seen.lastGood
    },
  }
}
