import { closeSession } from '../io/postgres/pg-client.ts'
import type { SharedEngine } from '../io/shared-engine.ts'

/** What the run needs to be seen as alive: others reap what belongs to a run without a session there. */
export const openPresence = async ({ lockSession }: SharedEngine): Promise<AsyncDisposable> => {
  const client = await lockSession()
  return { [Symbol.asyncDispose]: () => closeSession(client) }
}
