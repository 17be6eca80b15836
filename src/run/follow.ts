import type { AttemptResult } from './attempt.ts'

export type Ended = { result: AttemptResult } | { error: unknown }

/** A call of dbmate, heard while it runs. */
export type Followed = {
  said: () => string
  ended: () => Ended | undefined
  /** Until it says something more, or ends. */
  next: () => Promise<void>
}

/** Wakes whoever waits whenever dbmate says something, and at its end. */
export const follow = (call: (onOutput: (text: string) => void) => Promise<AttemptResult>): Followed => {
  let said = ''
  let ended: Ended | undefined
  let wake = Promise.withResolvers<void>()
  const turn = (): void => {
    wake.resolve()
    wake = Promise.withResolvers()
  }
  const end = (how: Ended): void => {
    ended = how
    turn()
  }
  call((text) => {
    said += text
    turn()
  }).then(
    (result) => end({ result }),
    (error: unknown) => end({ error }),
  )
  return { said: () => said, ended: () => ended, next: () => wake.promise }
}
